"""Everything that goes wrong in a simulated day, one function each. A day draws how often each kind comes (swarm)."""

import random
import shutil
from collections.abc import Callable
from pathlib import Path

from gateway.journal import FILE_NAME
from simulation.virtual_card import Card
from simulation.world import Machine, World, on_card

MACHINES_MAX = 4
"""Clones and reappearing cards beside the plant's two gateways."""


def _one(world: World) -> Machine | None:
    running = world.running()
    return world.chance.choice(running) if running else None


def _soon(world: World, what: str, act: Callable[[], None], seconds: tuple[float, float] = (2, 300)) -> None:
    world.timeline.after(world.chance.uniform(*seconds), what, act)


def cut(world: World, machine: Machine) -> None:
    """The power goes between two writes."""
    world.cut(machine)


def cut_within(world: World, machine: Machine) -> None:
    """The power goes while a commit writes: any part of its sectors may be on the card."""
    machine.card.cut_at_commit = "within"


def cut_after(world: World, machine: Machine) -> None:
    """The power goes when a commit has returned, before the station can beep."""
    machine.card.cut_at_commit = "after"


def cut_checkpoint(world: World, machine: Machine) -> None:
    """The power goes while the write-ahead log is copied into the database."""
    machine.card.cut_at_checkpoint = True
    if machine.pi.process is not None:
        machine.pi.process.journal.logged_bytes = 1 << 30


def kill(world: World, machine: Machine) -> None:
    """SIGKILL, and systemd starts it again."""
    machine.pi.kill()
    machine.forget_answers()
    _soon(world, "the gateway starts again", lambda: world.restart(machine), (0.5, 20))


def reboot(world: World, machine: Machine) -> None:
    """An orderly end, a new boot."""
    process = machine.pi.process
    assert process is not None
    process.end()
    machine.pi.kill()
    machine.pi.clock = None
    machine.forget_answers()
    _soon(world, "booted", lambda: world.boot(machine), (5, 40))


def lines(world: World, machine: Machine) -> None:
    """The line to the office is cut, or bad for some time: requests and replies lost, late, or cut short."""
    line = machine.line
    if world.chance.random() < 0.4:
        line.cut = True
    line.lose_request, line.lose_reply = world.chance.uniform(0, 0.5), world.chance.uniform(0, 0.5)
    line.cut_reply, line.deliver_again = world.chance.uniform(0, 0.3), world.chance.uniform(0, 0.3)

    def mend() -> None:
        line.cut = False
        line.lose_request = line.lose_reply = line.cut_reply = line.deliver_again = 0.0

    _soon(world, "the line is good again", mend, (5, 600))


def broker_line(world: World, machine: Machine) -> None:
    """The line to the broker is bad: PUBACKs are lost."""
    machine.port.lose = world.chance.uniform(0.01, 0.2)
    machine.port.cut = world.chance.random() < 0.3

    def mend() -> None:
        machine.port.lose, machine.port.cut = 0.0, False

    _soon(world, "the broker's line is good again", mend)


def broker_restarted(world: World, machine: Machine) -> None:
    """The broker is killed and comes back without anything it had kept."""
    world.broker.up = False
    world.broker.restart()

    def start() -> None:
        world.broker.up = True

    _soon(world, "the broker starts", start, (1, 200))


def office_killed(world: World, machine: Machine) -> None:
    """The server is killed; what it committed stays."""
    world.office.stop()
    office = world.office

    def start() -> None:
        if office is world.office:
            office.start()

    _soon(world, "the server starts", start, (1, 300))


def office_restored(world: World, machine: Machine) -> None:
    """The server is restored from its newest backup."""
    if world.office.copies:
        world.office.restore(world.office.copies[-1])


def office_restored_older(world: World, machine: Machine) -> None:
    """The server is restored from some older backup: what is in newer ones only must at least be named."""
    if world.office.copies:
        world.office.restore(world.chance.choice(world.office.copies))


def office_swapped(world: World, machine: Machine) -> None:
    """Another database takes the server's place, and knows nothing; gateways have credentials there."""
    if len(world.offices) < 2:
        world.office.stop()
        world.office = world.new_office()
        world.office.start()


def card_restored(world: World, machine: Machine) -> None:
    """An image of the card is written back later: it forgets what came between."""
    _image_and_return(world, machine, (30, 900), "the card is put back to an image")


def card_lies(world: World, machine: Machine) -> None:
    """The card says that it flushed and did not: with the next power cut the newest records are gone."""
    _image_and_return(world, machine, (1, 20), "the card had lied about its flushes")


def _image_and_return(world: World, machine: Machine, seconds: tuple[float, float], what: str) -> None:
    image, book = _image(world, machine), machine.card.book.copy()

    def put_back() -> None:
        if machine.retired or world.healed:
            shutil.rmtree(image)
            return
        world.tell(f"{machine.card.serial}: {what}")
        machine.pi.kill()
        machine.forget_answers()
        world.ledger.destroy(on_card(machine.card), book)
        machine.card.put_back(image)
        machine.card.book = book
        machine.pi.clock = None
        _soon(world, "power is back", lambda: world.boot(machine), (1, 60))

    _soon(world, what, put_back, seconds)


def card_damaged(world: World, machine: Machine) -> None:
    """The power goes, and bits of the journal's files have turned when it is back."""
    world.cut(machine)
    card = machine.card
    card.damaged = True
    card.clear_away()
    for name in (FILE_NAME, f"{FILE_NAME}-wal"):
        path = card.folder / name
        if path.exists() and path.stat().st_size and world.chance.random() < 0.7:
            raw = bytearray(path.read_bytes())
            for _ in range(world.chance.choice((1, 1, 3, 30))):
                raw[world.chance.randrange(len(raw))] ^= 1 << world.chance.randrange(8)
            path.write_bytes(raw)


def card_cloned(world: World, machine: Machine) -> None:
    """An image of the card runs in a second Pi, beside the first."""
    if len(world.machines) >= MACHINES_MAX:
        return
    book = machine.card.book.copy()
    card = world.new_card(machine.card.name, book, _image(world, machine))
    twin = Machine(world, card, machine.stations)
    world.machines.append(twin)
    _soon(world, "the clone is switched on", lambda: world.boot(twin))


def pi_replaced(world: World, machine: Machine) -> None:
    """A new Pi with an empty card takes over the name; the old one is thrown away, or turns up again."""
    if len(world.machines) >= MACHINES_MAX:
        return
    machine.pi.kill()
    machine.forget_answers()
    machine.pi.clock = None
    card = world.new_card(machine.card.name)
    shutil.copy2(machine.card.folder / "token", card.folder / "token")
    fresh = Machine(world, card, machine.stations)
    world.machines.append(fresh)
    world.boot(fresh)
    if world.chance.random() < 0.5:
        machine.retired = True
        world.ledger.destroy(on_card(machine.card))
    else:
        _soon(world, "the old Pi turns up again", lambda: world.boot(machine), (60, 900))


def _image(world: World, machine: Machine) -> Path:
    """A copy of the card as it is; the power of the Pi stays on."""
    image = world.folder / f"{machine.card.serial}.image{world.faults}"
    machine.card.image(image)
    return image


def disk_full(world: World, machine: Machine) -> None:
    """No room for a while."""
    card = machine.card
    card.full = True
    _soon(world, "there is room again", lambda: _free(card))


def read_only(world: World, machine: Machine) -> None:
    """The file system takes no writes for a while."""
    card = machine.card
    card.read_only = True
    _soon(world, "the card takes writes again", lambda: _free(card))


def _free(card: Card) -> None:
    card.full = card.read_only = False


def clock_jumps(world: World, machine: Machine) -> None:
    """The wall clock jumps, either way, and is not known to be wrong until it is set."""
    clock = machine.pi.clock
    if clock is None:
        return
    clock.synchronised = False
    clock.wall_offset = world.chance.choice((-4e8, -7_200.0, -1.0, 3.0, 3_600.0, 3e8))

    def put_right() -> None:
        clock.synchronised, clock.wall_offset = True, 0.0

    _soon(world, "the clock is set", put_right)


def unplugged(world: World, machine: Machine) -> None:
    """A scanner is pulled out in the middle of a label."""
    station = world.chance.choice(machine.stations)
    machine.unplug(station)
    _soon(world, "plugged in again", lambda: machine.plug(station), (1, 60))


def new_master(world: World, machine: Machine) -> None:
    """A planner releases other master data."""
    master = world.office.master
    order = world.chance.choice(master.work_orders)
    changed = order.model_copy(update={"quantity": order.quantity + world.chance.randint(1, 50)})
    orders = tuple(changed if each.id == order.id else each for each in master.work_orders)
    world.office.publish(master.model_copy(update={"work_orders": orders}))


def newer_release(world: World, machine: Machine) -> None:
    """The office speaks as a newer release would for a while: it says more than this gateway knows."""
    machine.line.stranger = world.chance.uniform(0.3, 1.0)

    def again() -> None:
        machine.line.stranger = 0.0

    _soon(world, "the office speaks plainly again", again)


Mishap = Callable[[World, Machine], None]
MISHAPS: dict[str, tuple[Mishap, float]] = {
    "cut": (cut, 3),
    "cut_within": (cut_within, 4),
    "cut_after": (cut_after, 2),
    "cut_checkpoint": (cut_checkpoint, 1),
    "kill": (kill, 2),
    "reboots": (reboot, 2),
    "lines": (lines, 5),
    "broker_line": (broker_line, 1),
    "broker_restarted": (broker_restarted, 1),
    "office_killed": (office_killed, 1),
    "office_restored": (office_restored, 1),
    "office_restored_older": (office_restored_older, 1),
    "office_swapped": (office_swapped, 0.3),
    "card_restored": (card_restored, 0.7),
    "card_lies": (card_lies, 0.7),
    "card_damaged": (card_damaged, 0.0),
    "card_cloned": (card_cloned, 0.4),
    "pi_replaced": (pi_replaced, 0.3),
    "disk_full": (disk_full, 1),
    "read_only": (read_only, 1),
    "clock_jumps": (clock_jumps, 1),
    "unplugged": (unplugged, 1),
    "new_master": (new_master, 0.5),
    "newer_release": (newer_release, 0.5),
}
"""Kind -> what it does, and how often it comes beside the others before a day's own draw. Damaged files come only when
they are wished for: a few of those days still end with a record that salvage cannot place (see docs/simulation.md)."""


def drawn_weights(chance: random.Random, wanted: tuple[str, ...]) -> dict[str, float]:
    """This day's weather: some kinds not at all, some often. `wanted` kinds are there in any case, and often."""
    weights = {kind: weight * chance.choice((0.0, 0.3, 1.0, 1.0, 4.0)) for kind, (_, weight) in MISHAPS.items()}
    weights |= {kind: 6.0 for kind in wanted if kind in MISHAPS}
    return weights if any(weights.values()) else {"lines": 1.0}


def happen(world: World, kind: str) -> None:
    """One mishap."""
    machine = _one(world)
    if machine is None:
        return
    world.faults += 1
    world.tell(f"{machine.card.serial}: {kind.replace('_', ' ')}")
    world.guarded(machine, lambda: MISHAPS[kind][0](world, machine))
