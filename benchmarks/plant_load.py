"""The office under the load of a whole plant: are its pages usable, and is every record there once?

One run has three parts with the same readers: nobody records (idle); the plant records at its usual pace while a
gateway that was long away drains its backlog (load); the plant records at its top pace while another one does (burst).
The server is the product's own, `lineside central serve` beside `lineside central work`; the gateways are in processes
of their own (`fleet`), with a credential each, and speak the real protocol.
"""

import hashlib
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select

from benchmarks.figures import Figure, at_least, below
from benchmarks.fleet import Fleet, fleet
from benchmarks.ingests import postgres
from benchmarks.loaded_office import LoadedOffice, loaded_office
from benchmarks.office_pages import GATEWAY
from benchmarks.page_readers import Readers, reading
from benchmarks.readings import NothingCame, cpu_seconds, percentile, wait_until
from benchmarks.scales import Scale
from central import order_fold, projector
from central.database import Database
from central.models import LogHead, Record, Stream
from central.positions import position_of

PAGES = {
    "board": "/board",
    "calls": "/calls",
    "flow": "/flow",
    "orders": "/orders",
    "order": "/orders/WO00007",
    "tasks": "/tasks",
    "trace": "/trace?q=A7",
}
EVENTS_PER_SECOND = {"idle": 0.0, "load": 70.0, "burst": 200.0}

PAGE_MILLISECONDS_MAX = 1_000.0
"""The p95 of each page: after a second people lose the thread. Its ratio to the idle p95 is shown beside it."""

ACCEPTED_MIN = 0.95
"""Of what was recorded in a part, confirmed by its end: what was recorded in its last half second is on its way."""

DRAIN_SECONDS_MAX = 120.0
LAG_SECONDS_MAX = 60.0
SETTLE_SECONDS_MAX = 600.0


@dataclass(frozen=True, slots=True)
class Part:
    """What the gateways without a backlog made and the office confirmed in one part, and how much of a core each
    process used."""

    name: str
    seconds: float
    made: int
    confirmed: int
    cores: dict[str, float]


@dataclass(frozen=True, slots=True)
class Run:
    """One run. `drain_seconds`: of each backlog; `lag_records`, `lag_seconds`: at the end of the burst, of the tables
    that pages show."""

    parts: dict[str, Part]
    readers: Readers
    drain_seconds: list[float]
    lag_records: int
    lag_seconds: float
    held: int
    sent: int


def total(crowd: Fleet, name: str) -> int:
    """A count of `State` over all processes."""
    return sum(getattr(each, name) for each in crowd.states())


def part(office: LoadedOffice, crowd: Fleet, readers: Readers, name: str, seconds: float) -> Part:
    """Readers and gateways for so long."""
    pids = {**office.pids, **{f"gateways {number}": pid for number, pid in enumerate(crowd.pids(), 1)}}
    readers.phase = name
    began, made, confirmed = time.monotonic(), total(crowd, "made"), total(crowd, "confirmed")
    before = {each: cpu_seconds(pid) for each, pid in pids.items()}
    crowd.pace(EVENTS_PER_SECOND[name])
    time.sleep(seconds)
    wait_until("each page to be read", lambda: all(readers.milliseconds[name][page] for page in PAGES))
    spent = time.monotonic() - began
    cores = {each: (cpu_seconds(pid) - before[each]) / spent for each, pid in pids.items()}
    return Part(name, spent, total(crowd, "made") - made, total(crowd, "confirmed") - confirmed, cores)


def behind(database: Database) -> int:
    """Records that are not in the tables of the board or of the orders yet."""
    with database.read() as session:
        head = session.scalar(select(LogHead.position).where(LogHead.plant == database.plant)) or 0
        return head - min(position_of(session, database.plant, each) for each in (projector.NAME, order_fold.LOG))


def run(scale: Scale, folder: Path, database_url: str) -> Run:
    """All of it."""
    seconds = {"idle": scale.load_idle_seconds, "load": scale.load_seconds, "burst": scale.load_burst_seconds}
    with loaded_office(folder, database_url, scale) as office, fleet(office.url, office.crews) as crowd:
        begun: list[float] = []
        with reading(office.url, office.sessions, PAGES) as readers:
            parts = {"idle": part(office, crowd, readers, "idle", seconds["idle"])}
            for number, name in enumerate(("load", "burst")):
                begun.append(time.monotonic())
                crowd.drain(number)
                parts[name] = part(office, crowd, readers, name, seconds[name])
            lag_records, ended = behind(office.database), time.monotonic()
            crowd.pace(0.0)
            readers.phase = "afterwards"
            wait_until("the last receipts", lambda: _is_drained(crowd), SETTLE_SECONDS_MAX, 0.1)
            wait_until("the tables", lambda: not behind(office.database), SETTLE_SECONDS_MAX, 0.05)
            lag_seconds = time.monotonic() - ended
        drains = [each.drained_at - at for each, at in zip(crowd.states(), begun, strict=True)]
        held, sent = compared(office.database, crowd.digests())
    return Run(parts, readers, drains, lag_records, lag_seconds, held, sent)


def _is_drained(crowd: Fleet) -> bool:
    return all((each.made, each.backlog) == (each.confirmed, each.drained) for each in crowd.states())


def compared(database: Database, sent: dict[str, tuple[int, str]]) -> tuple[int, int]:
    """(records that the office holds of these gateways, records that were sent). Raises NothingCame where the office
    holds other ones, one twice, or the same ones in another order."""
    with database.read() as session:
        of_gateways = select(func.count()).select_from(Record).join(Stream, Stream.id == Record.stream_id)
        held = session.scalar(of_gateways.where(Stream.gateway != GATEWAY))
        for name, (count, digest) in sent.items():
            wanted = select(Record.digest).join(Stream, Stream.id == Record.stream_id)
            rows = session.scalars(wanted.where(Stream.gateway == name).order_by(Stream.id, Record.seq)).all()
            found = hashlib.sha256("\n".join(rows).encode()).hexdigest()
            if (len(rows), found) != (count, digest):
                raise NothingCame(f"the office holds {len(rows)} records of {name}, which sent {count}")
    counted = sum(count for count, _ in sent.values())
    if held != counted:
        raise NothingCame(f"the office holds {held} records where {counted} were sent")
    return held, counted


def told(found: Run) -> str:
    """The times of each page and who used the processor, for a person who looks for a cause."""
    lines = [f"{'page':10}" + "".join(f"{each + ' p50':>12}{each + ' p95':>12}{'n':>6}" for each in EVENTS_PER_SECOND)]
    for page in PAGES:
        series = [found.readers.milliseconds[each][page] for each in EVENTS_PER_SECOND]
        cells = [f"{percentile(each, 0.5):12.1f}{percentile(each, 0.95):12.1f}{len(each):6}" for each in series]
        lines.append(f"{page:10}" + "".join(cells))
    for each in found.parts.values():
        cores = ", ".join(f"{name} {used:.2f}" for name, used in each.cores.items())
        lines.append(
            f"{each.name}: {each.made} made, {each.confirmed} confirmed in {each.seconds:.0f} s; cores: {cores}"
        )
    lines.append(f"drains: {found.drain_seconds}; at the end {found.lag_records} records were not in the tables")
    return "\n".join(lines)


def judged(found: Run, prefix: str) -> list[Figure]:
    """The figures, with the idle readings of the same run as their baseline."""
    figures = []
    for name in ("load", "burst"):
        here = found.parts[name]
        for page in PAGES:
            idle, value = (percentile(found.readers.milliseconds[each][page], 0.95) for each in ("idle", name))
            figures.append(below(f"{prefix}{name}_{page}_p95", value, "ms", PAGE_MILLISECONDS_MAX, idle))
        rates = [each / here.seconds for each in (here.confirmed, here.made)]
        figures.append(at_least(f"{prefix}{name}_accepted", rates[0], "records/s", rates[1], ACCEPTED_MIN))
    return [
        *figures,
        below(f"{prefix}drain_away", max(found.drain_seconds), "s", DRAIN_SECONDS_MAX),
        below(f"{prefix}lag", found.lag_seconds, "s", LAG_SECONDS_MAX),
        at_least(f"{prefix}held_once", found.held, "records", found.sent, 1.0),
    ]


def _measured(scale: Scale, folder: Path, database_url: str, prefix: str) -> list[Figure]:
    found = run(scale, folder, database_url)
    sys.stderr.write(told(found) + "\n")
    return judged(found, prefix)


def measure_sqlite(scale: Scale, folder: Path) -> list[Figure]:
    """SQLite."""
    return _measured(scale, folder / "office", "", "plant_")


def measure_postgres(scale: Scale, folder: Path) -> list[Figure]:
    """PostgreSQL."""
    with postgres(folder) as server:
        return _measured(scale, folder / "office", server.fresh_url(), "plant_postgres_")
