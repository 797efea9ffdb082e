"""A plant with two lines, departments, a bill and an instruction, and what its stations recorded."""

from central.database import Database
from central.ingest import ingest
from central.snapshots import publish
from floor.duty import Department
from floor.events import (
    AndonRaised,
    PhotoKept,
    ReportCorrected,
    ReportFinished,
    WorkPaused,
    WorkResumed,
    WorkStarted,
)
from floor.master import MasterData
from floor.rows import CallType, Component, Instruction, Operation, Person, Station, WorkOrder
from floor.work_events import (
    ComponentUsed,
    NoteKept,
    ProductIdentified,
    ReworkReported,
    SetupFinished,
    SetupStarted,
)
from tests.central.card import Card

NOW = 1_800_000_000.0
PHOTO = "ab" * 32


def master() -> MasterData:
    return MasterData(
        departments=(
            Department(id="D1", name="机加工", name_en="Machining"),
            Department(id="D2", name="装配", name_en="Assembly"),
        ),
        people=(
            Person(id="P1", name="王芳", badge="B1", department="D1"),
            Person(id="P2", name="李强", badge="B2", department="D2"),
        ),
        stations=(
            Station(id="S1", name="车床", line="turning", gateway="one", department="D1"),
            Station(id="S2", name="装配台", line="assembly", gateway="two", department="D2"),
        ),
        work_orders=(
            WorkOrder(id="WO1", item="pump", name="水泵", quantity=10, due="2026-12-01"),
            WorkOrder(id="WO2", item="shaft", name="轴", quantity=5, due="2099-01-01"),
            WorkOrder(id="WO3", item="pump", name="水泵", quantity=3, state="held"),
        ),
        operations=(
            Operation(id="OP1", work_order="WO1", number=10, name="车削", planned=10, ticket="T1", stations=("S1",)),
            Operation(
                id="OP2",
                work_order="WO1",
                number=20,
                name="装配",
                planned=10,
                ticket="T2",
                stations=("S2",),
                capture="serial",
            ),
            Operation(id="OP3", work_order="WO1", number=30, name="检验", planned=10, ticket="T3"),
            Operation(id="OP4", work_order="WO2", number=10, name="磨削", planned=5, ticket="T4", stations=("S1",)),
            Operation(id="OP5", work_order="WO3", number=10, name="装配", planned=3, ticket="T5", stations=("S2",)),
        ),
        components=(
            Component(product="pump", item="screw", quantity=4, lot_tracked=True, revision="B", operation=20),
            Component(product="pump", item="motor", quantity=1, operation=20),
        ),
        instructions=(Instruction(id="I1", item="pump", revision="R7", title="水泵装配"),),
        call_types=(CallType(id="quality", name="质量", name_en="Quality", impact="stop"),),
    )


def machining() -> Card:
    """Gateway one: eight good in two reports, one taken back, a set-up, a pause, a note and an open call."""
    card = Card("one")
    card.keep(WorkStarted(person="P1", operation="OP1", work_order="WO1"), "S1")
    card.keep(SetupStarted(person="P1", operation="OP1"), "S1")
    card.boottime += 60
    card.wall += 60
    card.keep(SetupFinished(person="P1", operation="OP1", seconds=61), "S1")
    wrong = card.keep(ReportFinished(person="P1", operation="OP1", work_order="WO1", good=9, flags=("early",)), "S1")
    card.keep(ReportCorrected(person="P1", corrects=wrong, operation="OP1", good=-9), "S1")
    card.keep(WorkPaused(person="P1", operation="OP1"), "S1")
    card.boottime += 300
    card.wall += 300
    card.keep(WorkResumed(person="P1", operation="OP1"), "S1")
    card.keep(ReportFinished(person="P1", operation="OP1", work_order="WO1", good=5, scrap=1), "S1")
    card.keep(WorkStarted(person="P1", operation="OP1", work_order="WO1", flags=("continued",)), "S1")
    card.keep(ReportFinished(person="P1", operation="OP1", work_order="WO1", good=3), "S1")
    card.keep(NoteKept(person="P1", operation="OP1", text="换了刀片 <b>"), "S1")
    card.keep(WorkStarted(person="P1", operation="OP4", work_order="WO2"), "S1")
    call = card.keep(AndonRaised(call_type="quality", person="P1", operation="OP4"), "S1")
    card.keep(PhotoKept(sha256=PHOTO, bytes=10, media_type="image/jpeg", person="P1", call=call), "S1")
    return card


def assembly() -> Card:
    """Gateway two: three pumps with serials, screws of two lots, a motor with a serial in each of the first two."""
    card = Card("two")

    def use(item: str, lot: str = "", serial: str = "", revision: str = "") -> None:
        card.keep(
            ComponentUsed(
                person="P2", operation="OP2", work_order="WO1", item=item, lot=lot, serial=serial, revision=revision
            ),
            "S2",
        )

    def finish(serial: str) -> None:
        card.keep(ProductIdentified(person="P2", operation="OP2", work_order="WO1", serial=serial), "S2")
        card.keep(ReportFinished(person="P2", operation="OP2", work_order="WO1", good=1), "S2")
        card.keep(WorkStarted(person="P2", operation="OP2", work_order="WO1", flags=("continued",)), "S2")

    card.keep(WorkStarted(person="P2", operation="OP2", work_order="WO1"), "S2")
    use("screw", lot="L1", revision="B")
    use("motor", serial="M1")
    finish("A1")
    use("motor", serial="M2")
    finish("A2")
    use("screw", lot="L2", revision="B")
    finish("A3")
    card.keep(ReworkReported(person="P2", operation="OP2", work_order="WO1", pieces=1), "S2")
    return card


def publish_plant(database: Database, now: float = NOW) -> None:
    with database.write() as session:
        publish(session, master(), "planner", now)


def fill(database: Database, *cards: Card, now: float = NOW) -> None:
    """Everything that the cards hold, taken in by the server."""
    for card in cards:
        card.drain(lambda batch, name=card.name: ingest(database, name, batch, now))
