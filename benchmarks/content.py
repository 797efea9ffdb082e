"""What is kept and scanned here: one work report as a record, and a plant with 1,000 tickets."""

from floor.events import Happening, Instant, ReportFinished, encode
from floor.label_texts import compose_badge, compose_ticket
from floor.master import MasterData
from floor.rows import Operation, Person, RulePolicy, Station, WorkOrder
from gateway.clock import rfc3339

GATEWAY_NAME = "gw1"
STATIONS = tuple(f"S{number}" for number in range(1, 9))
OPERATIONS = 1_000
OPEN_MANY = 40
"""More shares than scans ever wait for one commit, where the same label twice would be one scan."""
OPEN_FEW = 2
"""What one person has begun at a time in a shop."""
BADGE = compose_badge("P1")


def happening(number: int) -> Happening:
    """Work report `number`: 400 operations by 50 people at 8 stations."""
    event = ReportFinished(
        person=f"P{number % 50}",
        operation=f"WO-{number % 400}-10",
        work_order=f"WO-{number % 400}",
        good=number % 50,
        scrap=number % 3,
        seconds=float(number % 900),
    )
    instant = Instant("0f3b1c0e-8a54-4c5e-9a7e-2f1d0c9b8a76", 1000.0 + number, 1_790_000_000.0 + number, True)
    return Happening(event, STATIONS[number % len(STATIONS)], instant, 1, number)


def content(number: int) -> str:
    """The text of work report `number`, as the station writes it."""
    found = happening(number)
    return encode(found, rfc3339(found.instant.wall))


def plant() -> MasterData:
    """Master data: 8 stations of this gateway, 50 people, 1,000 operations."""
    numbers = range(1, OPERATIONS + 1)
    return MasterData(
        version=1,
        people=tuple(Person(id=f"P{each}", name=f"员工 {each}", badge=compose_badge(f"P{each}")) for each in range(50)),
        stations=tuple(
            Station(id=each, name=f"工位 {each}", site="plant", area="machining", line="L1", gateway=GATEWAY_NAME)
            for each in STATIONS
        ),
        work_orders=tuple(WorkOrder(id=f"WO-{each}", item="A", name="A", quantity=100_000) for each in numbers),
        operations=tuple(
            Operation(
                id=f"WO-{each}-10", work_order=f"WO-{each}", planned=100_000, ticket=compose_ticket(f"WO-{each}-10")
            )
            for each in numbers
        ),
        # Tickets come round again when all is reported, and each scan has to make a record, not a refusal.
        error_proofing=(RulePolicy(rule="nothing_left", start="flag"),),
    )


def label(number: int, open_shares: int = OPEN_MANY) -> bytes:
    """Scan `number` of a run: each makes one record. The badge; then so many tickets to start, the same ones to
    finish, and so on."""
    if number == 0:
        return BADGE.encode()
    block, at = divmod(number - 1, 2 * open_shares)
    return compose_ticket(f"WO-{(block * open_shares + at % open_shares) % OPERATIONS + 1}-10").encode()
