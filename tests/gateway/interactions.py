"""Each task of a worker, done on a real gateway through its real scanner and its real page, its interactions counted.

An interaction is a scan or a tap; a digit on the keypad is a tap. Seconds are the product's own, from the first
interaction until the page shows what came of the last: what a person takes to find a card is not in them.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from floor.example import example_plant
from floor.label_texts import compose_badge, compose_command, compose_ticket
from floor.master import MasterData
from tests.gateway.browser import Watched
from tests.gateway.set_up_bench import SetUpGateway, until

ANN, BEN, LEADER = compose_badge("P02"), compose_badge("P03"), compose_badge("P01")
FIRST, SECOND, THIRD, NOTIFIED = (
    compose_ticket(each) for each in ("WO-1001-10", "WO-1002-10", "WO-1004-10", "WO-1003-10")
)


def plant() -> MasterData:
    """The example's plant with a card to hand over and a change that is to be read before an operation starts."""
    whole = example_plant().model_dump()
    card = {
        "label": compose_command("handover"),
        "command": "handover",
        "value": "",
        "name": "交班",
        "name_en": "Hand over",
    }
    change = {
        "id": "N1",
        "title": "数量改为 200 件",
        "title_en": "Now 200 pieces",
        "work_order": "WO-1003",
        "facts": ["quantity"],
    }
    return MasterData.model_validate({**whole, "command_cards": [*whole["command_cards"], card], "notices": [change]})


@dataclass
class Counted:
    """What a task took."""

    scans: int = 0
    taps: int = 0
    seconds: float = 0.0


class Hands:
    """A worker's hands at station S1: whatever they do is counted."""

    def __init__(self, gate: SetUpGateway, seen: Watched) -> None:
        self.gate = gate
        self.seen = seen
        self.count = Counted()

    def scan(self, label: str, kept: str = "") -> None:
        """Scan, until a record of the type `kept` more is on the card and the page shows the result."""
        before, news = self._records(kept), self._news()
        self.count.scans += 1
        self.gate.scan(label)
        self._settle(kept, before, news)

    def tap(self, selector: str, kept: str = "") -> None:
        """Tap; with `kept`, until that record is on the card and shown."""
        before, news = self._records(kept), self._news()
        self.count.taps += 1
        self.seen.tab.click(selector)
        if kept:
            self._settle(kept, before, news)

    def answer(self, selector: str) -> None:
        """Tap, until the page shows what the station says to it."""
        news = self._news()
        self.tap(selector)
        self._settle("", 0, news)

    def digits(self, panel: str, digits: str) -> None:
        for digit in digits:
            self.tap(f'{panel} [data-do="digit"][data-value="{digit}"]')

    def _records(self, kept: str) -> int:
        return len(self.gate.kept(kept)) if kept else 0

    def _news(self) -> int:
        return int(self.seen.tab.evaluate("Number(document.documentElement.dataset.version)"))

    def _settle(self, kept: str, before: int, news: int) -> None:
        if kept:
            until(lambda: len(self.gate.kept(kept)) > before)
        self.seen.wait(f"Number(document.documentElement.dataset.version) > {news}")


def sign_in(hands: Hands) -> None:
    hands.scan(ANN, "session.opened")


def start(hands: Hands) -> None:
    hands.scan(FIRST, "work.started")


def finish(hands: Hands) -> None:
    hands.scan(FIRST, "report.finished")


def all_good(hands: Hands) -> None:
    hands.scan(SECOND, "work.started")
    hands.scan(SECOND, "report.finished")


def with_scrap(hands: Hands) -> None:
    hands.scan(compose_command("scrap", "SURFACE"))
    hands.scan(compose_command("digit", "2"))
    hands.scan(THIRD, "report.finished")


def in_part(hands: Hands) -> None:
    hands.tap("#do-report")
    hands.digits("#quantity", "12")
    hands.tap("#quantity-partial", "report.finished")


def pause_and_resume(hands: Hands) -> None:
    hands.tap("#do-pause", "work.paused")
    hands.tap("#do-resume", "work.resumed")


def call_for_help(hands: Hands) -> None:
    hands.tap('[data-do="call-raise"][data-value="equipment"]', "andon.raised")


def take_a_call(hands: Hands) -> None:
    hands.tap('[data-do="call-open"]')
    hands.scan(LEADER, "andon.acknowledged")


def resolve(hands: Hands) -> None:
    hands.tap('[data-do="call-open"]')
    hands.tap('[data-do="resolve"]', "andon.resolved")


def undo(hands: Hands) -> None:
    hands.tap("#do-undo")
    hands.tap("#do-undo", "report.corrected")


def two_people(hands: Hands) -> None:
    hands.scan(ANN, "session.opened")
    hands.scan(THIRD, "work.started")


def hand_over(hands: Hands) -> None:
    hands.tap("#do-hand-over")
    hands.scan(ANN, "handover.offered")


def take_over(hands: Hands) -> None:
    """One operation open, no call, 138 of its 150 pieces left."""
    hands.tap("#do-hand-over")
    for answer in ("1", "0", "138"):
        hands.digits("#reading", answer)
        hands.answer("#reading-confirm")
    hands.scan(BEN, "handover.accepted")


def read_back(hands: Hands) -> None:
    hands.scan(NOTIFIED)
    hands.digits("#reading", "200")
    hands.tap("#reading-confirm", "work.started")


@dataclass(frozen=True)
class Task:
    """`name`: as in docs/interactions.md. `before` brings the station there and is not counted."""

    name: str
    do: Callable[[Hands], None]
    before: Callable[[Hands], None] = lambda hands: None


def third_started(hands: Hands) -> None:
    hands.scan(THIRD, "work.started")


def the_next_person(hands: Hands) -> None:
    hands.scan(BEN, "session.opened")


def panel_closed(hands: Hands) -> None:
    hands.tap('[data-do="call-close"]')


# In this order at one station: each begins where the one before it ended.
TASKS = (
    Task("sign in", sign_in),
    Task("start an operation", start),
    Task("report it, all good", finish),
    Task("a whole operation, all good: start and report", all_good),
    Task("report with 2 pieces of scrap and its reason", with_scrap, third_started),
    Task("undo the last report", undo),
    Task("report 12 pieces in part and go on", in_part),
    Task("pause and resume", pause_and_resume),
    Task("call for help", call_for_help),
    Task("take a call", take_a_call),
    Task("resolve a call with its cause", resolve, panel_closed),
    Task("hand the station over", hand_over),
    Task("take the station over: three answers and a signature", take_over, the_next_person),
    Task("read a changed quantity back and start", read_back),
    Task("a second person joins the running operation", two_people),
)


def counted(hands: Hands) -> dict[str, Counted]:
    """Every task done once."""
    done: dict[str, Counted] = {}
    for task in TASKS:
        hands.count = Counted()
        task.before(hands)
        hands.count = done[task.name] = Counted()
        began = time.monotonic()
        task.do(hands)
        hands.count.seconds = time.monotonic() - began
    return done
