"""A damaged journal becomes a good one (G7): everything readable under its own identity, `lost` records in the holes.

Crash-safe in three steps, each of which the next start goes on from: the new journal is built aside and flushed, the
damaged files are moved into a folder of their own, the new one takes their place. The damaged one is never written to.
"""

import hashlib
import json
import os
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from floor.events import Happening, Instant, RecordLost, decode, encode
from gateway import limits
from gateway.clock import rfc3339
from gateway.durable import flush
from gateway.errors import JournalCorrupt
from gateway.journal_pages import Row, Value, rows
from gateway.journal_schema import connected, migrate
from gateway.witness import FILE_NAME as WITNESS_NAME
from gateway.witness import Testimony
from sync.wire import NO_DIGEST, digest_of

JOURNAL_NAME = "journal.sqlite"
BUILDING_NAME = "journal.salvaging"
READY_NAME = "journal.salvaged"
SUSPECT_NAME = "journal.suspect"
LOG_NAME = f"{JOURNAL_NAME}-wal"
KEPT_LOG_NAME = "journal.log-kept"
"""A second name of the write-ahead log while the journal is opened: SQLite uses a damaged one as far as it goes, and
then deletes it."""

DAMAGED_PREFIX = "damaged-"
SAMPLE_RECORDS = 100
"""Records by which the versions of an epoch's row are judged."""

COMPLETE_NAME = "complete"
"""Stands in a folder into which everything was moved."""

SETTING = "salvage"
"""What came of a salvage, until a record tells it."""

DOUBT = "doubt"
"""The same with the boot and boottime at which it was told, for the screens."""

KNOWN_SETTINGS = frozenset({"gateway", "server", "master_digest", "facts_last"})

_EPOCH = re.compile(r"[0-9a-f]{32}")
_DIGEST = re.compile(r"[0-9a-f]{64}")


Candidate = tuple[int, int, bytes, bytes, str]
"""A row that may be a record: position, number of its epoch, previous digest, digest, content."""


@dataclass(slots=True)
class FoundEpoch:
    """An epoch row as far as it is known. `pruned`: its floor. `last`: its newest seq, None where nothing tells."""

    number: int
    epoch: str
    previous_epoch: str | None = None
    previous_last: int = 0
    previous_digest: str = NO_DIGEST
    base: int = 0
    pruned: int = 0
    floor_digest: str = NO_DIGEST
    mark: int = 0
    safe: int = 0
    missing: str = "[]"
    last: int | None = None


@dataclass(slots=True)
class Findings:
    """What the damaged files still tell. Records by the number of their epoch and their position: a commit that was cut
    may have left one at a place that a later epoch took."""

    versions: dict[int, list[FoundEpoch]] = field(default_factory=dict)
    """Every row that may be an epoch's: no digest covers these, so the records decide which is right."""
    epochs: dict[int, FoundEpoch] = field(default_factory=dict)
    records: dict[tuple[int, int], tuple[bytes, bytes, str]] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)
    sinks: dict[str, int] = field(default_factory=dict)
    checkpoints: dict[int, tuple[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Doubt:
    """What a salvage came to, for people. `ranges`: epoch/first-last, the first of them."""

    folder: str
    reason: str
    salvaged: int
    lost: int
    ranges: tuple[str, ...]
    since: float | None = None
    until: float | None = None
    """Wall seconds of the records beside the loss; None where there is none."""

    def to_json(self) -> str:
        """As a setting of the new journal."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> "Doubt":
        """What `to_json` wrote."""
        told = json.loads(text)
        return cls(**{**told, "ranges": tuple(told["ranges"])})


def salvage(folder: Path, gateway_name: str, reason: str, witness: Testimony | None) -> Doubt:
    """Do it. Raises JournalCorrupt where too many damaged journals lie here already, OSError and sqlite3.Error else."""
    target = _next_folder(folder)
    found = read(folder, gateway_name, witness)
    doubt = build(folder / BUILDING_NAME, gateway_name, found, f"{target.name}", reason)
    flush(folder / BUILDING_NAME)
    (folder / BUILDING_NAME).rename(folder / READY_NAME)
    flush(folder)
    finish(folder, target)
    return doubt


def finish(folder: Path, target: Path | None = None) -> None:
    """The last two steps, also of a salvage that was cut. Nothing where none had got so far."""
    ready = folder / READY_NAME
    if not ready.exists():
        return
    names = (JOURNAL_NAME, LOG_NAME, f"{JOURNAL_NAME}-shm", KEPT_LOG_NAME, WITNESS_NAME, SUSPECT_NAME)
    left = [name for name in names if (folder / name).exists()]
    if left:
        target = target or _next_folder(folder)
        target.mkdir(exist_ok=True)
        for name in left:
            (folder / name).rename(target / name)
        (target / COMPLETE_NAME).touch()
        flush(target)
        flush(folder)
    ready.rename(folder / JOURNAL_NAME)
    flush(folder)


def suspect(folder: Path, reason: str) -> None:
    """Somebody found damage: the next open salvages. Kept in a file, so that it outlives the process."""
    with suppress(OSError):
        (folder / SUSPECT_NAME).write_text(reason)


def is_damage(error: Exception) -> bool:
    """Whether SQLite says that the file is not what it was, and not only that it could not be read or written now."""
    if isinstance(error, UnicodeDecodeError) or "decode to UTF-8" in str(error):
        return True  # Python's own words: a text that is none came out of the file.
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def hold_log(folder: Path) -> None:
    """Give the write-ahead log its second name, before SQLite looks at it."""
    let_log_go(folder)
    if not (folder / LOG_NAME).exists():
        return
    try:
        os.link(folder / LOG_NAME, folder / KEPT_LOG_NAME)
    except OSError:
        # A file system without second names. The log is short (WAL_BYTES_MAX).
        shutil.copyfile(folder / LOG_NAME, folder / KEPT_LOG_NAME)


def let_log_go(folder: Path) -> None:
    """The journal is good: the log needs no second name."""
    (folder / KEPT_LOG_NAME).unlink(missing_ok=True)


def damaged_folders(folder: Path) -> list[Path]:
    """Damaged journals that are kept, oldest first."""
    return sorted((each for each in folder.glob(f"{DAMAGED_PREFIX}[0-9]*") if each.is_dir()), key=_number_of)


def _number_of(damaged: Path) -> int:
    return int(re.sub(r"[^0-9]", "", damaged.name))


def _next_folder(folder: Path) -> Path:
    """A move that was cut goes on in the folder it began with."""
    kept = damaged_folders(folder)
    if kept and not (kept[-1] / COMPLETE_NAME).exists():
        return kept[-1]
    if len(kept) >= limits.DAMAGED_JOURNALS_MAX:
        raise JournalCorrupt(
            f"{len(kept)} damaged journals are kept in {folder}, and another one is damaged",
            "The maintainer replaces the card; what is kept can be read with `lineside journal` elsewhere.",
        )
    number = _number_of(kept[-1]) + 1 if kept else 1
    return folder / f"{DAMAGED_PREFIX}{number}"


# -- what can still be read ------------------------------------------------------------------------------------------


def read(folder: Path, gateway_name: str, witness: Testimony | None) -> Findings:
    """Every row that proves itself: records by their digests, the folded state by its own, epochs by their shape."""
    database = _bytes_of(folder / JOURNAL_NAME)
    log = _bytes_of(folder / KEPT_LOG_NAME) or _bytes_of(folder / LOG_NAME)
    found = Findings()
    candidates: list[Candidate] = []
    for row in rows(database, log):
        _sort(row, found, candidates)
    _guess_epochs(found, witness)
    for number, versions in sorted(found.versions.items()):
        found.epochs[number] = _chosen(versions, [each for each in candidates if each[1] == number], gateway_name)
    _link_epochs(found)
    for candidate in candidates:
        epoch = found.epochs.get(candidate[1])
        key = (candidate[1], candidate[0])
        if epoch is not None and key not in found.records and _proves(epoch, candidate, gateway_name):
            found.records[key] = candidate[2:]
    _find_ends(found, witness)
    return found


def _bytes_of(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""


def _sort(row: Row, found: Findings, candidates: list[Candidate]) -> None:
    """By its shape: a position and an alias of the row's own number are kept as NULL in a row."""
    match row.values:
        case (None, int(number), bytes(previous), bytes(digest), str(content)) if len(previous) == len(digest) == 32:
            candidates.append((row.rowid, number, previous, digest, content))
        case (None, str(epoch), *rest) if len(rest) == 9 and _EPOCH.fullmatch(epoch):
            _take_epoch(row.rowid, epoch, rest, found)
        case (None, str(digest), str(state)) if hashlib.sha256(state.encode()).hexdigest() == digest:
            found.checkpoints[row.rowid] = (digest, state)
        case (str(name), str(value)) if name in KNOWN_SETTINGS:
            found.settings[name] = value
        case (str(name), int(position)) if name in ("mqtt", "export"):
            found.sinks[name] = position


def _take_epoch(number: int, epoch: str, rest: list[Value], found: Findings) -> None:
    previous, previous_last, previous_digest, base, pruned, floor_digest, mark, safe, missing = rest
    numbers = (previous_last, base, pruned, mark, safe)
    texts = (previous_digest, floor_digest)
    if not all(isinstance(each, int) and each >= 0 for each in numbers):
        return
    if not all(isinstance(each, str) and _DIGEST.fullmatch(each) for each in texts):
        return
    values: dict[str, Any] = {
        "previous_epoch": previous if isinstance(previous, str) and _EPOCH.fullmatch(previous) else None,
        "previous_last": previous_last,
        "previous_digest": previous_digest,
        "base": base,
        "pruned": pruned,
        "floor_digest": floor_digest,
        "mark": mark,
        "safe": safe,
        "missing": missing if isinstance(missing, str) and missing.startswith("[") else "[]",
    }
    found.versions.setdefault(number, []).append(FoundEpoch(number, epoch, **values))


def _guess_epochs(found: Findings, witness: Testimony | None) -> None:
    """What others say of an epoch: the one after it names it, and the witness names the newest."""
    for after in [each for versions in found.versions.values() for each in versions]:
        if after.previous_epoch and after.number > 1:
            guess = FoundEpoch(after.number - 1, after.previous_epoch, base=after.base - after.previous_last)
            found.versions.setdefault(after.number - 1, []).append(guess)
    if witness is None or any(each.epoch == witness.epoch for row in found.versions.values() for each in row):
        return
    newest, base = max(found.versions, default=0), witness.position - witness.seq
    same = any(each.base == base for each in found.versions.get(newest, ()))
    number = newest if same else newest + 1
    found.versions.setdefault(number, []).append(FoundEpoch(number, witness.epoch, base=base))


def _chosen(versions: list[FoundEpoch], candidates: list[Candidate], gateway_name: str) -> FoundEpoch:
    """The version under which most records prove themselves; then the name that most agree on; then the one that knows
    most to be pruned, for what is pruned stays pruned."""
    step = max(1, len(candidates) // SAMPLE_RECORDS)

    def worth(version: FoundEpoch) -> tuple[int, int, int]:
        proven = sum(_proves(version, each, gateway_name) for each in candidates[::step])
        return proven, sum(each.epoch == version.epoch for each in versions), version.pruned

    return max(versions, key=worth) if len(versions) > 1 else versions[0]


def _proves(epoch: FoundEpoch, candidate: Candidate, gateway_name: str) -> bool:
    position, _, previous, digest, content = candidate
    seq = position - epoch.base
    if seq <= epoch.pruned:
        return False
    return digest_of(gateway_name, epoch.epoch, seq, previous.hex(), content) == digest.hex()


def _link_epochs(found: Findings) -> None:
    """Each names the one before it on this card, and where that one ended."""
    for number, epoch in found.epochs.items():
        before = found.epochs.get(number - 1)
        if before is not None:
            epoch.previous_epoch, epoch.previous_last = before.epoch, epoch.base - before.base


def _find_ends(found: Findings, witness: Testimony | None) -> None:
    """Where each epoch ended: by its successor, by the witness, by its newest record. What was never confirmed behind
    that end is dropped: nobody has heard a beep for it."""
    for number, epoch in sorted(found.epochs.items()):
        held = sorted(at for each, at in found.records if each == number)
        after = found.epochs.get(number + 1)
        if after is not None:
            epoch.last = max(0, after.base - epoch.base)
        else:
            told = witness.seq if witness is not None and witness.epoch == epoch.epoch else 0
            epoch.last = max([told, epoch.pruned, *(at - epoch.base for at in held[-1:])])
        for at in held:
            if at > epoch.base + epoch.last:
                del found.records[number, at]
        if number > 1 and number - 1 not in found.epochs and epoch.pruned == 0 and epoch.previous_epoch is None:
            # A row that was guessed does not tell its floor: what is not there below the first record was pruned.
            epoch.pruned = (held[0] if held else epoch.base + epoch.last + 1) - epoch.base - 1


# -- the new journal -------------------------------------------------------------------------------------------------


def build(path: Path, gateway_name: str, found: Findings, folder_name: str, reason: str) -> Doubt:
    """Write the new journal; what it says of the damage is also a setting in it, for the first record after it."""
    for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
        path.with_name(name).unlink(missing_ok=True)
    with closing(connected(path)) as connection:
        migrate(connection, path)
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("BEGIN IMMEDIATE")
        lost: list[tuple[str, int]] = []
        kept = 0
        insert = connection.execute
        for epoch in (found.epochs[number] for number in sorted(found.epochs)):
            insert("INSERT INTO epoch VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", _epoch_values(epoch))
            for values, was_lost in _records_of(gateway_name, epoch, found, reason):
                insert("INSERT INTO record VALUES (?, ?, ?, ?, ?)", values)
                if was_lost:
                    lost.append((epoch.epoch, values[0] - epoch.base))
                else:
                    kept += 1
        doubt = Doubt(folder_name, reason[:500], kept, len(lost), _ranges(lost), *_bounds(found, lost))
        settings = {**found.settings, "gateway": gateway_name, SETTING: doubt.to_json()}
        connection.executemany("INSERT INTO setting VALUES (?, ?)", list(settings.items()))
        newest = max((at for _, at in found.records), default=0)
        connection.executemany(
            "INSERT INTO sink VALUES (?, ?)", [(name, at) for name, at in found.sinks.items() if at <= newest]
        )
        connection.executemany(
            "INSERT INTO checkpoint VALUES (?, ?, ?)",
            [(at, *row) for at, row in sorted(found.checkpoints.items())[-2:]],
        )
        connection.execute("COMMIT")
        connection.execute("PRAGMA journal_mode=DELETE").fetchall()
    return doubt


def _epoch_values(epoch: FoundEpoch) -> tuple[Value, ...]:
    return (
        epoch.number,
        epoch.epoch,
        epoch.previous_epoch,
        epoch.previous_last,
        epoch.previous_digest,
        epoch.base,
        epoch.pruned,
        epoch.floor_digest,
        min(epoch.mark, epoch.last or 0),
        min(epoch.safe, epoch.last or 0),
        epoch.missing,
    )


def _records_of(
    gateway_name: str, epoch: FoundEpoch, found: Findings, reason: str
) -> Iterator[tuple[tuple[int, int, bytes, bytes, str], bool]]:
    """(row, whether it stands for a lost one) from the floor to the end, without a hole (I2)."""
    previous = bytes.fromhex(epoch.floor_digest if epoch.pruned else epoch.previous_digest)
    for seq in range(epoch.pruned + 1, (epoch.last or 0) + 1):
        position = epoch.base + seq
        known = found.records.get((epoch.number, position))
        if known is not None:
            previous = known[1]
            yield (position, epoch.number, *known), False
            continue
        content = _lost_text(epoch.epoch, seq, reason)
        digest = bytes.fromhex(digest_of(gateway_name, epoch.epoch, seq, previous.hex(), content))
        yield (position, epoch.number, previous, digest, content), True
        previous = digest


def _lost_text(epoch: str, seq: int, reason: str) -> str:
    """The same text whenever it is made, so that a salvage that is done twice gives the same records."""
    event = RecordLost(epoch=epoch, seq=seq, reason=reason[:200])
    return encode(Happening(event, "", Instant("", 0.0, 0.0, False), 0), rfc3339(0.0))


def _ranges(lost: list[tuple[str, int]]) -> tuple[str, ...]:
    found: list[list[Any]] = []
    for epoch, seq in lost:
        if found and found[-1][0] == epoch and found[-1][2] == seq - 1:
            found[-1][2] = seq
        else:
            found.append([epoch, seq, seq])
    return tuple(f"{epoch}/{first}-{last}" for epoch, first, last in found[: limits.DOUBT_RANGES_MAX])


def _bounds(found: Findings, lost: list[tuple[str, int]]) -> tuple[float | None, float | None]:
    """The times of the readable records before the first and behind the last lost one."""
    if not lost:
        return None, None
    base = {each.epoch: each.base for each in found.epochs.values()}
    places = [base[epoch] + seq for epoch, seq in lost]
    at_place = {at: row for (_, at), row in found.records.items()}
    before = max((at for at in at_place if at < places[0]), default=None)
    after = min((at for at in at_place if at > places[-1]), default=None)
    return _time_of(at_place.get(before or 0)), _time_of(at_place.get(after or 0))


def _time_of(record: tuple[bytes, bytes, str] | None) -> float | None:
    if record is None:
        return None
    try:
        return decode(record[2]).instant.wall
    except ValueError:
        return None
