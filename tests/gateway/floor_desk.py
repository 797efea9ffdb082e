"""A station to test with: its master data, its folded state and its desk, and one line for each input."""

from dataclasses import dataclass, field

from floor.events import Event, FactReceived, Happening, Instant
from floor.master import MasterData
from floor.rows import CallType, CommandCard, Operation, Person, Reason, Station, WorkOrder
from gateway.floor_state import Floor
from gateway.hearsay import Hearsay
from gateway.station import decide, step
from gateway.station_desk import Decision, Desk, Input, Pressed, Scanned, StationRules
from gateway.station_texts import render

EPOCH = "ab" * 16
CARDS = {
    "good": "",
    "scrap": "flaw",
    "confirm": "",
    "cancel": "",
    "undo": "",
    "pause": "",
    "resume": "",
    "sign_out": "",
    "same": "",
    "another": "",
    "cause": "flaw",
    "call": "quality",
    "handover": "",
    "partial": "",
    "rework": "flaw",
    "setup": "",
    "assign": "设备科",
    "stop": "",
}


def small_plant() -> MasterData:
    """Ann and Bob operate, Lee leads; orders W1 (two operations), W2 (a minimum time), W3, held and closed ones."""
    digits = [
        CommandCard(label=f"C-D{digit}{copy}", command="digit", value=digit) for digit in "0123456789" for copy in "AB"
    ]
    cards = [
        CommandCard.model_validate({"label": f"C-{name.upper()}", "command": name, "value": value})
        for name, value in CARDS.items()
    ]
    return MasterData(
        version=3,
        people=(
            Person(id="ann", name="安", badge="B-ANN"),
            Person(id="bob", name="伯", badge="B-BOB"),
            Person(id="lee", name="李", badge="B-LEE", roles=("leader", "operator")),
            Person(id="old", name="旧", badge="B-OLD", active=False),
        ),
        stations=(Station(id="S1", name="工位 1"), Station(id="S2")),
        work_orders=(
            WorkOrder(id="W1", item="AX", quantity=100),
            WorkOrder(id="W2", quantity=50),
            WorkOrder(id="W3", quantity=100),
            WorkOrder(id="WH", quantity=10, state="held"),
            WorkOrder(id="WC", quantity=10, state="closed"),
        ),
        operations=(
            Operation(id="W1-10", work_order="W1", number=10, name="车削", planned=100, ticket="T-W1-10"),
            Operation(id="W1-20", work_order="W1", number=20, name="检验", planned=100, ticket="T-W1-20"),
            Operation(id="W2-10", work_order="W2", planned=50, minimum_seconds=60, ticket="T-W2-10"),
            Operation(id="W3-10", work_order="W3", name="检验", planned=100, ticket="T-W3-10"),
            Operation(id="WH-10", work_order="WH", planned=10, ticket="T-WH-10"),
            Operation(id="WC-10", work_order="WC", planned=10, ticket="T-WC-10", stations=("S2",)),
        ),
        command_cards=(
            *digits,
            *cards,
            CommandCard(label="C-CAUSE-2", command="cause", value="shortage"),
            CommandCard(label="C-SCRAP-0", command="scrap"),
            CommandCard(label="C-PAUSE-2", command="pause", value="shortage"),
        ),
        call_types=(
            CallType(id="quality", name="质量", name_en="Quality", impact="stop", causes=("flaw",)),
            CallType(id="material", name="物料", name_en="Material"),
        ),
        reasons=(
            Reason(id="flaw", name="缺陷", name_en="Flaw"),
            Reason(id="shortage", name="缺料", name_en="Shortage"),
        ),
    )


@dataclass
class Bench:
    """One station, driven by hand: `scan`, `press`, `put` at a time; what is decided is kept at once."""

    master: MasterData = field(default_factory=small_plant)
    state: Floor = field(default_factory=Floor)
    station: str = "S1"
    boot: str = "boot-1"
    now: float = 1000.0
    wall: float = 1.8e9
    synchronised: bool = True
    upstream_known: bool = True
    hearsay: Hearsay = field(default_factory=Hearsay)
    rules: StationRules = field(default_factory=StationRules)
    desks: dict[str, Desk] = field(default_factory=dict)
    kept: list[tuple[str, Happening]] = field(default_factory=list)

    @property
    def desk(self) -> Desk:
        return self.desks.setdefault(self.station, Desk(self.station))

    @desk.setter
    def desk(self, desk: Desk) -> None:
        self.desks[self.station] = desk

    @property
    def instant(self) -> Instant:
        return Instant(self.boot, self.now, self.wall + self.now, self.synchronised)

    def keep(self, *events: Event) -> str:
        """Commit and fold; the identity of the last one."""
        identity = ""
        for event in events:
            identity = f"{EPOCH}/{len(self.kept) + 1}"
            happening = Happening(event, self.station, self.instant, self.master.version)
            self.kept.append((identity, happening))
            self.state.apply(identity, happening)
        return identity

    def take(self, decision: Decision) -> Decision:
        identity = self.keep(*decision.events)
        self.desk = decision.desk.with_identity(identity) if identity else decision.desk
        return decision

    def put(self, what: Input, after: float = 10.0) -> Decision:
        """`after` seconds later, this input."""
        self.now += after
        before = self.state.to_json()
        said = self.hearsay.at(self.now)
        decision = decide(self.state, self.desk, what, self.master, self.instant, self.rules, self.upstream_known, said)
        assert decision is not None
        assert self.state.to_json() == before, "a decision changed the state"
        for language in ("zh", "en"):
            text = render(decision.message, language)
            assert text != decision.message.key
            assert "{" not in text
        return self.take(decision)

    def scan(self, text: str, after: float = 10.0) -> Decision:
        return self.put(Scanned(text.encode(), "scanner"), after)

    def scans(self, *texts: str) -> Decision:
        """Each ten seconds after the one before; the last decision."""
        decisions = [self.scan(text) for text in texts]
        return decisions[-1]

    def press(self, call_type: str, long: bool = False, after: float = 10.0) -> Decision:
        return self.put(Pressed(call_type, long, "button"), after)

    def fact(self, kind: str, **content: object) -> None:
        self.keep(FactReceived(fact=len(self.kept) + 1, kind=kind, content=content))

    def step(self, after: float = 0.0) -> Decision | None:
        self.now += after
        decision = step(self.state, self.desk, self.instant, self.rules, self.master)
        return None if decision is None else self.take(decision)


def types(decision: Decision) -> tuple[str, ...]:
    """The types of a decision's events."""
    return tuple(event.type_name for event in decision.events)
