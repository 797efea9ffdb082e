"""What a shift comes to, worked out from its script alone: a second opinion that shares no line with the product.

It reads the plant and the script and follows docs/station-rules.md as a person with paper would. It imports nothing
of ours, so that a mistake of ours cannot hide in it.
"""

import csv
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

FOLDER = Path(__file__).parent
Outcome = tuple[str, ...]
"""What a row leads to: the type of a record, and its words as text."""


@dataclass
class Row:
    number: int
    second: int
    station: str
    what: str
    value: str


@dataclass
class Share:
    """A person's open share. Times are names of rows: the test knows when each row was scanned."""

    person: str
    operation: str
    station: str
    stretches: list[tuple[int, int]] = field(default_factory=list)
    since: int | None = None

    def stop(self, row: int) -> None:
        if self.since is not None:
            self.stretches.append((self.since, row))
            self.since = None


@dataclass
class Call:
    kind: str
    station: str
    row: int
    taken: bool = False


@dataclass
class Station:
    people: list[str] = field(default_factory=list)
    asked: str = ""
    good: str | None = None
    scrap: str | None = None
    reason: str = ""
    entering: str = "good"
    operation: str = ""
    facts: list[tuple[str, str]] = field(default_factory=list)
    digits: str = ""
    about: str = ""
    offer: list[tuple[str, str]] | None = None
    calls_offered: int = 0

    def forget(self) -> None:
        self.asked = self.operation = self.digits = self.about = self.reason = ""
        self.good = self.scrap = None
        self.entering, self.facts = "good", []


def read_script() -> list[Row]:
    with (FOLDER / "shift.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    return [Row(int(row["row"]), int(row["second"]), row["station"], row["what"], row["value"]) for row in rows]


class Shift:
    """The shift as it goes: `outcomes` by row, `seconds` of each report as stretches between rows."""

    def __init__(self) -> None:
        plant = tomllib.loads((FOLDER / "plant.toml").read_text())
        self.badges = {row["badge"]: row["id"] for row in plant["people"]}
        self.leaders = {row["id"] for row in plant["people"] if "leader" in row.get("roles", [])}
        self.tickets = {row["ticket"]: row for row in plant["operations"]}
        self.operations = {row["id"]: row for row in plant["operations"]}
        self.orders = {row["id"]: row for row in plant["work_orders"]}
        self.cards = {row["label"]: (row["command"], row.get("value", "")) for row in plant["command_cards"]}
        self.causes = {row["id"]: row["causes"] for row in plant["call_types"]}
        self.notices = plant["notices"]
        self.stations = {row["id"]: Station() for row in plant["stations"]}
        self.shares: dict[tuple[str, str], Share] = {}
        self.good = dict.fromkeys(self.operations, 0)
        self.scrap = dict.fromkeys(self.operations, 0)
        self.reports: dict[tuple[str, str], list[tuple[str, int, int, list[tuple[int, int]]]]] = {}
        self.calls: list[Call] = []
        self.read: set[tuple[str, str]] = set()
        self.outcomes: dict[int, list[Outcome]] = {}
        self.seconds: dict[int, list[tuple[int, int]]] = {}
        self.waited: dict[int, tuple[int, int]] = {}

    def run(self) -> "Shift":
        for row in read_script():
            self.row = row.number
            if row.what in ("scan", "twice"):
                self.scan(self.stations[row.station], row.station, row.value)
            elif row.what == "press":
                self.call(row.station, row.value)
        return self

    def tell(self, *outcome: object) -> None:
        self.outcomes.setdefault(self.row, []).append(tuple(str(each) for each in outcome))

    # -- labels -----------------------------------------------------------------------------------------------------

    def scan(self, at: Station, name: str, label: str) -> None:
        if label in self.badges:
            self.badge(at, name, self.badges[label])
        elif label in self.tickets:
            self.ticket(at, name, self.tickets[label])
        elif label in self.cards:
            self.card(at, name, *self.cards[label])
        elif label.startswith("B-"):
            self.tell("scan.rejected", "unknown_badge")
        elif label.startswith("C-"):
            self.tell("scan.rejected", "unknown_command")
        else:
            self.tell("scan.rejected", "product_label" if label.isdigit() else "unknown_label")

    def badge(self, at: Station, name: str, person: str) -> None:
        waiting = [each for each in self.calls if each.station == name and not each.taken]
        if person in self.leaders and waiting:
            waiting[0].taken = True
            self.tell("andon.acknowledged", waiting[0].kind, person)
            return
        own = bool(at.people) and at.people[-1] == person
        if own and at.asked == "handover":
            self.sign_handover(at, name, person)
        elif own and at.asked == "facts" and not at.facts and at.about == "handover":
            self.accept(at, name, person)
        elif own:
            at.forget()
            at.people.remove(person)
            self.tell("session.closed", person)
        else:
            at.forget()
            if person in at.people:
                at.people.remove(person)
            at.people.append(person)
            self.tell("session.opened", person)

    def ticket(self, at: Station, name: str, operation: dict[str, object]) -> None:
        if not at.people:
            self.tell("scan.rejected", "scan_badge_first")
            return
        key, person = str(operation["id"]), at.people[-1]
        share = self.shares.get((person, key))
        if at.asked == "quantity":
            self.finish(at, name, person, key)
        elif share is None:
            at.forget()
            self.start(at, name, person, key)
        elif share.since is None:
            at.forget()
            share.since = self.row
            self.tell("work.resumed", person, key)
        else:
            self.finish(at, name, person, key)

    def card(self, at: Station, name: str, command: str, value: str) -> None:
        if command == "call":
            self.call(name, value)
            return
        if command == "cause":
            self.resolve(at, name, value)
            return
        if command == "cancel" and at.asked:
            at.forget()
            return
        if command == "cancel":
            self.cancel(name)
            return
        if not at.people:
            self.tell("scan.rejected", "scan_badge_first")
            return
        person = at.people[-1]
        if at.asked == "facts" and command in ("digit", "confirm"):
            self.fact(at, name, person, command, value)
        elif command in ("good", "scrap", "digit"):
            self.quantity(at, command, value)
        else:
            at.forget()
            self.other_card(at, name, person, command)

    def other_card(self, at: Station, name: str, person: str, command: str) -> None:
        if command == "sign_out":
            at.people.pop()
            self.tell("session.closed", person)
        elif command == "undo":
            self.undo(name, person)
        elif command == "handover" and at.offer is not None:
            at.asked, at.about, at.facts = "facts", "handover", list(at.offer)
        elif command == "handover":
            at.asked = "handover"
        elif command in ("pause", "resume"):
            self.pause(person, command)
        else:
            self.tell("scan.rejected", "nothing_to_confirm")

    # -- work -------------------------------------------------------------------------------------------------------

    def start(self, at: Station, name: str, person: str, key: str) -> None:
        operation = self.operations[key]
        order = self.orders[operation["work_order"]]
        done = self.good[key] + self.scrap[key]
        before = [
            each
            for each in self.operations.values()
            if each["work_order"] == operation["work_order"] and each.get("number", 10) < operation.get("number", 10)
        ]
        upstream = max(before, key=lambda each: int(each["number"]), default=None)
        rule = ""
        if order.get("state") == "held":
            rule = "order_held"
        elif operation.get("stations") and name not in operation["stations"]:
            rule = "wrong_station"
        elif upstream is not None and self.good[upstream["id"]] < max(done, 1):
            rule = "earlier_short"
        elif done >= operation["planned"]:
            rule = "nothing_left"
        if rule:
            self.tell("scan.refused", rule, person, key)
            return
        at.operation = key
        if at.offer is not None:
            at.asked, at.about, at.facts = "facts", "handover", list(at.offer)
            return
        self.read_notices(at, name, person)

    def read_notices(self, at: Station, name: str, person: str) -> None:
        key = at.operation
        operation = self.operations[key]
        for notice in self.notices:
            if notice["work_order"] == operation["work_order"] and (person, notice["id"]) not in self.read:
                due = str(self.orders[operation["work_order"]].get("due", ""))
                values = {"quantity": str(operation["planned"]), "due": due[5:7] + due[8:10]}
                at.asked, at.about = "facts", notice["id"]
                at.facts = [(each, values[each]) for each in notice["facts"]]
                return
        at.forget()
        self.shares[person, key] = Share(person, key, name, since=self.row)
        self.tell("work.started", person, key)

    def quantity(self, at: Station, command: str, value: str) -> None:
        if at.asked != "quantity" and command == "digit":
            self.tell("scan.rejected", "digit_first")
            return
        if at.asked != "quantity":
            at.forget()
            at.asked = "quantity"
        if command == "digit" and at.entering == "scrap":
            at.scrap = (at.scrap or "") + value
        elif command == "digit":
            at.good = (at.good or "") + value
        elif command == "good":
            at.good, at.entering = "", "good"
        else:
            at.scrap, at.entering, at.reason = "", "scrap", value

    def finish(self, at: Station, name: str, person: str, key: str) -> None:
        scrap = int(at.scrap or 0)
        left = max(0, int(self.operations[key]["planned"]) - self.good[key] - self.scrap[key] - scrap)
        good = int(at.good) if at.good else left
        reason = at.reason
        at.forget()
        self.report(name, person, key, good, scrap, reason)

    def report(self, name: str, person: str, key: str, good: int, scrap: int, reason: str) -> None:
        share = self.shares.pop((person, key))
        share.stop(self.row)
        self.good[key] += good
        self.scrap[key] += scrap
        self.seconds[self.row] = share.stretches
        self.reports.setdefault((name, person), []).append((key, good, scrap, share.stretches))
        self.tell("report.finished", person, key, good, scrap, reason)

    def undo(self, name: str, person: str) -> None:
        key, good, scrap, stretches = self.reports[name, person].pop()
        self.good[key] -= good
        self.scrap[key] -= scrap
        if (person, key) not in self.shares:
            self.shares[person, key] = Share(person, key, name, list(stretches), self.row)
        self.tell("report.corrected", person, key, -good, -scrap)

    def pause(self, person: str, command: str) -> None:
        rests = command == "resume"
        wanted = [each for each in self.shares.values() if each.person == person and (each.since is None) == rests]
        assert len(wanted) == 1, "the script pauses what is unmistakable"
        share = wanted[0]
        if command == "pause":
            share.stop(self.row)
        else:
            share.since = self.row
        self.tell("work.paused" if command == "pause" else "work.resumed", person, share.operation)

    # -- calls ------------------------------------------------------------------------------------------------------

    def call(self, name: str, kind: str) -> None:
        assert not [each for each in self.calls if (each.kind, each.station) == (kind, name)], "one open call of a type"
        self.calls.append(Call(kind, name, self.row))
        self.tell("andon.raised", kind)

    def resolve(self, at: Station, name: str, cause: str) -> None:
        here = [each for each in self.calls if each.station == name and each.taken]
        call = next(each for each in here if cause in self.causes[each.kind])
        self.calls.remove(call)
        self.waited[self.row] = (call.row, self.row)
        self.tell("andon.resolved", call.kind, cause)

    def cancel(self, name: str) -> None:
        call = [each for each in self.calls if each.station == name and not each.taken][-1]
        self.calls.remove(call)
        self.tell("andon.cancelled", call.kind)

    # -- what is said back ------------------------------------------------------------------------------------------

    def fact(self, at: Station, name: str, person: str, command: str, value: str) -> None:
        if command == "digit":
            at.digits += value
            return
        asked, wanted = at.facts[0]
        given, at.digits = at.digits, ""
        right = int(given) == int(wanted) if asked == "quantity" else given == wanted
        if not right and at.about == "handover":
            self.tell("handover.misread", person, asked, given)
        elif not right:
            self.tell("notice.misread", person, asked, given)
        else:
            at.facts.pop(0)
            if not at.facts and at.about != "handover":
                self.read.add((person, at.about))
                self.tell("notice.read", person, f"notice/{at.about}")
                self.read_notices(at, name, person)

    def sign_handover(self, at: Station, name: str, person: str) -> None:
        at.forget()
        here = [each for each in self.shares.values() if each.station == name]
        keys = list(dict.fromkeys(each.operation for each in here))
        calls = sum(each.station == name for each in self.calls)
        facts = [("operations", str(len(keys))), ("calls", str(calls))]
        if keys:
            first = keys[0]
            left = int(self.operations[first]["planned"]) - self.good[first] - self.scrap[first]
            facts.append(("left", str(max(0, left))))
        for share in here:
            if share.person == person:
                self.report(name, person, share.operation, 0, 0, "")
        at.offer = facts
        self.tell("handover.offered", person, *(f"{key}={value}" for key, value in facts))
        at.people.remove(person)
        self.tell("session.closed", person)

    def accept(self, at: Station, name: str, person: str) -> None:
        key = at.operation
        at.forget()
        at.offer, at.operation = None, key
        self.tell("handover.accepted", person)
        if key:
            self.read_notices(at, name, person)
