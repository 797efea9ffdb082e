"""The way down in virtual time."""

from sync.downlink import Downlink
from sync.errors import SinkRefused as Refusal
from sync.errors import SinkUnreachable
from sync.memory import Fate, MemoryExchange, MemoryOffice
from sync.ports import FactsCame, SinkRefused, SnapshotCame
from sync.wire import FACTS_PER_FETCH_MAX, Fact, Facts, Receipt, SnapshotEnvelope
from tests.sync.world import GATEWAY, Inbox


class Station:
    def __init__(self, facts_after: int = 0) -> None:
        self.now = 100.0
        self.office = MemoryOffice()
        self.fate: Fate = "pass"
        self.exchange = MemoryExchange(self.office, GATEWAY, lambda: self.fate)
        self.inbox = Inbox()
        self.downlink = Downlink(self.exchange, self.inbox, lambda: 0.5, facts_after=facts_after)

    def receipt(self) -> Receipt:
        envelope = self.office.envelope
        return Receipt(
            server="office-1",
            snapshot_version=envelope.version if envelope else 0,
            snapshot_digest=envelope.digest if envelope else "",
            facts_last=len(self.office.facts.get(GATEWAY, ())),
        )

    def run(self, seconds: float = 1.0) -> None:
        end = self.now + seconds
        for _ in range(1_000):
            wake = self.downlink.step(self.now)
            if wake is None or wake > end:
                self.now = end
                return
            self.now = max(self.now, wake)
        raise AssertionError("the downlink never rests")

    def hear(self, seconds: float = 1.0) -> None:
        self.downlink.note(self.receipt())
        self.run(seconds)

    def facts(self) -> list[int]:
        return [fact.number for came in self.inbox.of(FactsCame) for fact in came.facts]


def test_nothing_is_fetched_before_a_receipt_names_it() -> None:
    station = Station()
    station.office.publish("{}")
    station.run()
    assert not station.inbox.reports
    assert station.downlink.step(station.now) is None


def test_without_room_for_a_snapshot_facts_come_and_it_is_fetched_later() -> None:
    station, room = Station(), [False]
    station.downlink = Downlink(station.exchange, station.inbox, lambda: 0.5, has_room=lambda: room[0])
    station.office.publish('{"a":1}')
    station.office.tell(GATEWAY, "x", {})
    station.hear()
    assert not station.inbox.of(SnapshotCame) and station.facts() == [1]
    room[0] = True
    station.hear()
    assert len(station.inbox.of(SnapshotCame)) == 1


def test_a_new_snapshot_comes_once_and_whole() -> None:
    station = Station()
    first = station.office.publish('{"a":1}')
    station.hear()
    station.hear()
    assert station.inbox.of(SnapshotCame) == [SnapshotCame(first)]
    second = station.office.publish('{"a":2}')
    station.hear()
    assert [came.envelope for came in station.inbox.of(SnapshotCame)] == [first, second]


def test_a_snapshot_that_does_not_fit_its_digest_is_refused_and_asked_slowly() -> None:
    station = Station()
    good = station.office.publish("{}")
    station.office.envelope = good.model_copy(update={"body": "{ }"})
    station.hear(300.0)
    assert not station.inbox.of(SnapshotCame)
    assert len(station.inbox.of(SinkRefused)) == 1
    station.office.envelope = good
    station.run(61.0)
    assert len(station.inbox.of(SnapshotCame)) == 1


def test_a_broken_line_is_retried_and_changes_nothing_meanwhile() -> None:
    station = Station()
    station.office.publish("{}")
    station.fate = "lose_reply"
    station.hear(120.0)
    assert not station.inbox.reports
    station.fate = "pass"
    station.run(31.0)
    assert len(station.inbox.of(SnapshotCame)) == 1


def test_an_older_snapshot_of_a_restored_office_is_fetched_too() -> None:
    station = Station()
    first = station.office.publish("1")
    station.hear()
    station.office.publish("2")
    station.hear()
    station.office.envelope = first
    station.hear()
    assert [came.envelope.body for came in station.inbox.of(SnapshotCame)] == ["1", "2", "1"]


def test_facts_come_in_order_over_several_fetches() -> None:
    station = Station(facts_after=2)
    for number in range(FACTS_PER_FETCH_MAX * 2 + 30):
        station.office.tell(GATEWAY, "notice", {"n": number})
    station.hear()
    assert station.facts() == list(range(3, FACTS_PER_FETCH_MAX * 2 + 31))
    station.hear()
    station.office.tell(GATEWAY, "notice", {})
    station.hear()
    assert station.facts()[-1] == FACTS_PER_FETCH_MAX * 2 + 31
    assert len(station.facts()) == len(set(station.facts()))


def test_a_full_inbox_waits() -> None:
    station = Station()
    station.inbox.room = 0
    station.office.publish("1")
    station.office.tell(GATEWAY, "notice", {})
    station.hear(2.0)
    station.inbox.room = None
    station.run(2.0)
    assert [type(report) for report in station.inbox.reports] == [SnapshotCame, FactsCame]


def test_a_shorter_list_of_a_restored_office_is_believed() -> None:
    station = Station()
    for _ in range(5):
        station.office.tell(GATEWAY, "notice", {})
    station.hear()
    station.office.facts[GATEWAY] = station.office.facts[GATEWAY][:3]
    station.hear()
    station.office.tell(GATEWAY, "notice", {"new": True})
    station.hear()
    assert station.facts() == [1, 2, 3, 4, 5, 4]


def test_a_late_receipt_brings_no_fact_twice() -> None:
    station = Station()
    station.office.tell(GATEWAY, "notice", {})
    old = station.receipt()
    station.office.tell(GATEWAY, "notice", {})
    station.hear()
    station.downlink.note(old)
    station.run()
    station.hear()
    assert station.facts() == [1, 2]


class OddExchange(MemoryExchange):
    """Answers facts out of order, or not at all."""

    answer: Facts | Exception = Facts()

    def facts(self, after: int) -> Facts:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def test_facts_out_of_order_are_refused() -> None:
    station = Station()
    odd = OddExchange(station.office, GATEWAY)
    odd.answer = Facts(facts=(Fact(number=2, kind="notice", content={}),), last=2)
    station.downlink = Downlink(odd, station.inbox, lambda: 0.5)
    station.downlink.note(Receipt(server="x", facts_last=2))
    station.run(200.0)
    assert not station.facts()
    assert len(station.inbox.of(SinkRefused)) == 1
    odd.answer = SinkUnreachable()
    station.run(200.0)
    odd.answer = Refusal("403")
    station.run(200.0)
    assert len(station.inbox.of(SinkRefused)) == 2


def test_the_digest_is_of_the_text_byte_by_byte() -> None:
    station = Station()
    envelope = station.office.publish("合格")
    assert SnapshotEnvelope.model_validate_json(envelope.model_dump_json()) == envelope
    station.hear()
    assert len(station.inbox.of(SnapshotCame)) == 1
