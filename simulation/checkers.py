"""What must hold at the end of a simulated day, looked at from outside: raw SQLite files against the ledger.

Each check raises Violation with the number of the invariant that was broken. Nothing of the product is asked for its
opinion, but for the two checks that compare it with itself: the fold after a restart (I7) and the board.
"""

import json
import sqlite3
from collections import Counter, defaultdict
from contextlib import closing
from itertools import pairwise

from gateway.floor_state import Floor
from simulation.ledger import LOST_BEGINNING, Identity, Violation, name_of
from simulation.virtual_office import VirtualOffice, held
from simulation.virtual_time import EPOCH_SECONDS
from simulation.world import Machine, World, on_card

TOLERANCE_SECONDS = 0.05
"""Rounding of clocks and of what is stored."""


def check_all(world: World) -> None:
    """Every check. Raises Violation."""
    everywhere(world)
    once(world)
    beeps(world)
    for machine in world.machines:
        if not machine.retired:
            gapless(machine)
            pruned_is_safe(world, machine)
            positions(world, machine)
    alarms(world)
    times(world)
    board(world)


def everywhere(world: World) -> None:
    """P1 and I5: what a commit confirmed is at the office, unless only a card had it that is no more (P3), or the
    office was put back behind its own backups and says so, or it lies in the database that was replaced."""
    rows = held(world.office.file)
    there = {identity for identity, _, _, content in rows if not content.startswith(LOST_BEGINNING)}
    named = {identity for identity, _, _, content in rows if content.startswith(LOST_BEGINNING)}
    damaged = {identity for each in world.machines if each.card.damaged for identity in each.card.book.order}
    declared = _gaps(world)
    put_back = len(world.offices) > 1 or world.office.put_back_behind
    cards = set().union(*(on_card(each.card) for each in world.machines if not each.retired))
    replaced = set().union(*(_ever_held(each) for each in world.offices if each is not world.office)) - cards
    for identity in world.ledger.entries:
        if identity in there or identity in world.ledger.forgiven or identity in replaced:
            continue
        if identity in damaged and (identity in named or identity in declared):
            continue
        if identity in cards:
            raise Violation(f"liveness: {name_of(identity)} is on a card and never asked for")
        if put_back and identity in world.ledger.safe and identity in declared:
            continue
        raise Violation(f"P1: {name_of(identity)} was confirmed by its card and is nowhere")


def once(world: World) -> None:
    """I4: the office's set is the union of the journals, once each, with the digests that the cards gave."""
    counted: Counter[Identity] = Counter()
    for identity, _, digest, content in held(world.office.file):
        if content.startswith(LOST_BEGINNING):
            continue
        counted[identity] += 1
        known = world.ledger.entries.get(identity)
        if known is None:
            raise Violation(f"I4: the office holds {name_of(identity)}, which no card ever confirmed")
        if known.digest != digest or known.content != content:
            raise Violation(f"I3: the office holds {name_of(identity)} with another content")
    for identity, count in counted.items():
        if count > 1:
            raise Violation(f"I4: {name_of(identity)} is counted {count} times")
    with closing(_opened(world)) as database:
        conflicts = database.execute("SELECT count(*) FROM conflict").fetchone()[0]
    if conflicts:
        raise Violation(f"I3: {conflicts} records came under an identity in use")


def beeps(world: World) -> None:
    """P1, by what workers heard: each label that got its beep was started exactly once at the office."""
    started: Counter[str] = Counter()
    damaged = {identity for each in world.machines if each.card.damaged for identity in each.card.book.order}
    for _, place, _, content in held(world.office.file):
        if place == 0 and content.startswith('{"type":"work.started"'):
            started[str(json.loads(content)["data"]["operation"])] += 1
    for label, scans in world.scans.items():
        # The same label again within three seconds, heard by the same process, is one scan.
        again = sum(a == b and 0 <= y - x < 3.0 for (a, x), (b, y) in pairwise(scans))
        if started[label] > len(scans) - again:
            raise Violation(f"P2: {label} was scanned {len(scans) - again} times and counts {started[label]} times")
    for label, identity in world.ledger.beeped.items():
        excused = identity in world.ledger.forgiven or identity in world.ledger.safe or identity in damaged
        if started[label] == 0 and not excused:
            raise Violation(f"P1: the station beeped for {label}, and the office has no record of it")


def gapless(machine: Machine) -> None:
    """I2: in each epoch of a card seq runs without a gap, and each record names the one before it (I3)."""
    connection = machine.card.plain()
    try:
        epochs = connection.execute("SELECT number, epoch, base, floor FROM epoch ORDER BY number").fetchall()
        for number, epoch, base, pruned in epochs:
            rows = connection.execute(
                "SELECT position - ?, previous_digest, digest, content FROM record WHERE epoch_number = ?"
                " ORDER BY position",
                (base, number),
            ).fetchall()
            seqs = [row[0] for row in rows]
            if seqs != list(range(pruned + 1, pruned + 1 + len(seqs))):
                raise Violation(f"I2: {machine.card.serial}, epoch {epoch[:8]}: {seqs[:5]} ... after floor {pruned}")
            for before, after in pairwise(rows):
                if after[1] != before[2] and not before[3].startswith(LOST_BEGINNING):
                    raise Violation(
                        f"I3: {machine.card.serial}, {epoch[:8]}/{after[0]} does not follow its predecessor"
                    )
    finally:
        connection.close()


def pruned_is_safe(world: World, machine: Machine) -> None:
    """I5, I11: what a card deleted was in a confirmed backup before."""
    if machine.card.damaged:
        return  # What a damaged card cannot tell any more is looked for at the office, by `everywhere`.
    for identity in set(machine.card.book.order) - on_card(machine.card):
        if identity not in world.ledger.safe:
            raise Violation(f"I5: {machine.card.serial} deleted {name_of(identity)}, which was in no confirmed backup")


def positions(world: World, machine: Machine) -> None:
    """I5: a notice sink's position covers only what a broker acknowledged."""
    if machine.card.damaged:
        return  # No digest covers a position; notices are hearsay, and their readers see gaps by seq.
    connection = machine.card.plain()
    try:
        row = connection.execute("SELECT position FROM sink WHERE name = 'mqtt'").fetchone()
        rows = connection.execute(
            "SELECT epoch.epoch, record.position - epoch.base FROM record JOIN epoch ON"
            " epoch.number = record.epoch_number WHERE record.position <= ?",
            (row[0] if row else 0,),
        ).fetchall()
    finally:
        connection.close()
    for epoch, seq in rows:
        if (machine.card.name, epoch, seq) not in world.ledger.announced:
            raise Violation(f"I5: {machine.card.serial} passed {epoch[:8]}/{seq} over, which no broker acknowledged")


def alarms(world: World) -> None:
    """I4, N10: two epochs with one predecessor are told to a person."""
    with closing(_opened(world)) as database:
        rows = database.execute("SELECT gateway, epoch, previous_epoch FROM stream").fetchall()
        raised = set(database.execute("SELECT gateway, kind, subject FROM alarm").fetchall())
    after: dict[tuple[str, str], set[str]] = defaultdict(set)
    for name, epoch, previous in rows:
        after[name, previous or ""].add(epoch)
    for (name, previous), epochs in after.items():
        wanted = (name, "fork", previous) if previous else (name, "second_card", "")
        if len(epochs) > 1 and wanted not in raised:
            raise Violation(
                f"I4: {len(epochs)} epochs of {name} follow {previous[:8] or 'nothing'}, and nobody is told"
            )


def times(world: World) -> None:
    """I9: a time with an error bound is right within it; the ledger knows the true one."""
    with closing(_opened(world)) as database:
        rows = database.execute(
            "SELECT stream.gateway, stream.epoch, record.seq, happening.wall, happening.error_seconds, happening.clock"
            " FROM happening JOIN record ON record.plant = happening.plant AND record.position = happening.position"
            " JOIN stream ON stream.id = record.stream_id WHERE record.place = 0"
        ).fetchall()
    for name, epoch, seq, wall, error, clock in rows:
        entry = world.ledger.entries.get((name, epoch, seq))
        if entry is None or entry.made_at is None or error is None:
            continue
        off = abs(wall - EPOCH_SECONDS - entry.made_at)
        if off > error + TOLERANCE_SECONDS:
            raise Violation(f"I9: {name_of(entry.identity)} ({clock}) is off by {off:.3f} s, said to be {error:.3f} s")


def board(world: World) -> None:
    """S08: the board's totals are the sum of what the office holds, counted anew here."""
    good: Counter[str] = Counter()
    reports: dict[tuple[str, str], tuple[str, int]] = {}
    corrected: set[tuple[str, str]] = set()
    for (name, epoch, seq), place, _, content in held(world.office.file):
        event = json.loads(content)
        if place == 0 and event["type"] == "report.finished":
            reports[name, f"{epoch}/{seq}"] = (event["data"]["operation"], event["data"]["good"])
        elif place == 0 and event["type"] == "report.corrected":
            corrected.add((name, event["data"]["corrects"]))
    for key, (operation, pieces) in reports.items():
        if key not in corrected:
            good[operation] += pieces
    with closing(_opened(world)) as database:
        shown = dict(database.execute("SELECT id, good FROM operation").fetchall())
    for operation, pieces in good.items():
        if shown.get(operation, 0) != pieces:
            raise Violation(f"S08: the board shows {shown.get(operation)} of {operation}, the records say {pieces}")


def folds_again(world: World) -> None:
    """I7: after a restart every gateway has the state it had."""
    for machine in world.running():
        process = machine.pi.process
        assert process is not None
        if process.storage.reason or process.keeping.stale:
            continue
        before = process.keeping.floor.to_json()
        machine.pi.kill()
        machine.pi.start()
        assert machine.pi.process is not None
        after = machine.pi.process.keeping.floor.to_json()
        if Floor.from_json(before).to_json() != after:
            raise Violation(f"I7: {machine.card.serial} has another state after a restart")


def _ever_held(office: VirtualOffice) -> set[Identity]:
    """What a server's database holds, and the backups made of it."""
    return {identity for identity, *_ in held(office.file)}.union(*(copy.holds for copy in office.copies))


def _gaps(world: World) -> set[Identity]:
    with closing(_opened(world)) as database:
        rows = database.execute(
            "SELECT stream.gateway, stream.epoch, gap.first, gap.last FROM gap JOIN stream ON stream.id = gap.stream_id"
        ).fetchall()
    return {
        (name, epoch, seq) for name, epoch, first, last in rows for seq in range(first, min(last, first + 10**6) + 1)
    }


def _opened(world: World) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{world.office.file}?mode=ro", uri=True)
