"""Simulated days: one after the other, each from its seed, with what it found."""

import shutil
import tempfile
import traceback
from dataclasses import dataclass
from pathlib import Path

from simulation import checkers
from simulation.crew import plant_of
from simulation.ledger import Violation
from simulation.mishaps import drawn_weights, happen
from simulation.planted import Honest
from simulation.virtual_office import Seed, make_seed
from simulation.world import PLACES, STORY_LINES_MAX, Machine, World

ACKNOWLEDGED_MIN = 200
FAULTS_MIN = 20
INPUTS_MAX = 4_000
"""A day that cannot get there ends all the same."""

VERIFY_SECONDS = 400.0
"""As long as the idle moments of a gateway need to read a day's journal through."""

FAULT_CHANCE = 0.085
"""Of a mishap at each input: a few more than FAULTS_MIN by the time that ACKNOWLEDGED_MIN beeps are heard."""


@dataclass(frozen=True, slots=True)
class Day:
    """What became of a seed. `violation` is empty for a day on which every promise held."""

    seed: int
    inputs: int
    acknowledged: int
    faults: int
    boots: int
    records: int
    forgiven: int
    virtual_seconds: float
    violation: str = ""
    story: tuple[str, ...] = ()


class Days:
    """A place for days: a folder on a RAM disk and a fresh server to copy from."""

    def __init__(self) -> None:
        ram = Path("/dev/shm")
        self._folder = Path(tempfile.mkdtemp(prefix="lineside-simulation-", dir=ram if ram.is_dir() else None))
        self._seed: Seed = make_seed(self._folder / "seed", tuple(PLACES), plant_of(PLACES))
        for name, token in self._seed.tokens.items():
            (self._seed.folder / f"{name}.token").write_text(token)

    def __enter__(self) -> "Days":
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def run(self, seed: int, planted: type[Honest] = Honest) -> Day:
        """One day. Never raises Violation: it is in the day."""
        folder = self._folder / f"day-{seed}"
        folder.mkdir()
        world = World(seed, folder, self._seed, planted)
        violation = ""
        try:
            with world.honesty.at_the_office():
                _live(world)
        except Violation as broken:
            violation = str(broken)
        except Exception as crash:  # A part that falls over has broken its promise too.
            violation = "crash: " + "".join(traceback.format_exception(crash))[-2_000:]
        finally:
            world.close()
        return Day(
            seed=seed,
            inputs=world.inputs,
            acknowledged=world.acknowledged,
            faults=world.faults,
            boots=world.boots,
            records=len(world.ledger.entries),
            forgiven=len(world.ledger.forgiven),
            virtual_seconds=world.timeline.now,
            violation=violation,
            story=tuple(world.story[-STORY_LINES_MAX:]),
        )


def _live(world: World) -> None:
    weights = drawn_weights(world.chance, world.honesty.faults)
    kinds, chances = list(weights), list(weights.values())
    world.begin()
    _back_up_now_and_then(world)
    _answer_calls_now_and_then(world)
    while (world.acknowledged < ACKNOWLEDGED_MIN or world.faults < FAULTS_MIN) and world.inputs < INPUTS_MAX:
        running = world.running()
        if running:
            _input(world, world.chance.choice(running))
        else:
            world.run_until(world.timeline.now + 10)
        if world.chance.random() < FAULT_CHANCE:
            happen(world, world.chance.choices(kinds, chances)[0])
    world.heal()
    world.converge()
    _settle(world)
    if any(each.card.damaged for each in world.machines):
        # Idle moments read the whole journal: what turned deep in it is found, salvaged, and told.
        world.run_until(world.timeline.now + VERIFY_SECONDS)
        world.converge()
        _settle(world)
    checkers.check_all(world)
    checkers.folds_again(world)
    if world.office.copies and (world.chance.random() < 0.3 or "quiet_end" in world.honesty.faults):
        _restored_in_quiet(world)


def _settle(world: World) -> None:
    """Heartbeats, facts and anchors of the end; then the board is brought up."""
    world.run_until(world.timeline.now + 150)
    world.office.fold()


def _restored_in_quiet(world: World) -> None:
    """Nothing is scanned any more, and the server goes back to its newest backup: all comes again by itself."""
    world.tell("the server is restored from its newest backup while nothing is scanned")
    world.office.restore(world.office.copies[-1])
    world.converge()
    _settle(world)
    checkers.check_all(world)


def _input(world: World, machine: Machine) -> None:
    """Somebody does something at one of the stations, after a pause of this moment's length."""
    station = world.chance.choice(machine.stations)
    said = machine.crews[station].next()
    pace = world.chance.random()
    if said.soon:
        pause = world.chance.uniform(0.1, 2.5)
    elif pace < 0.6:
        pause = world.chance.uniform(0.0, 0.4)
    elif pace < 0.98:
        pause = world.chance.expovariate(1 / 4)
    else:
        pause = world.chance.uniform(60, 400)
    world.run_until(world.timeline.now + pause)
    world.inputs += 1
    machine.say(station, said)


def _back_up_now_and_then(world: World) -> None:
    def again() -> None:
        if not world.healed:
            world.office.back_up()
            world.timeline.after(world.chance.uniform(100, 600), "a backup", again)

    world.timeline.after(world.chance.uniform(50, 300), "a backup", again)


def _answer_calls_now_and_then(world: World) -> None:
    causes = {each.id: each.causes[0] for each in world.office.master.call_types}

    def again() -> None:
        if not world.healed:
            world.office.answer_calls(lambda kind: causes.get(kind, "dimension"))
            world.timeline.after(world.chance.uniform(60, 400), "a leader looks at the phone", again)

    world.timeline.after(world.chance.uniform(60, 400), "a leader looks at the phone", again)
