"""The pump to a broker in virtual time, against a broker port that does as it is told."""

from collections.abc import Iterable

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from sync.broker_ports import (
    Acknowledged,
    BrokerNews,
    Connected,
    ConnectionDenied,
    ConnectionLost,
    Heard,
    Listening,
    Objection,
)
from sync.limits import NoticeLimits
from sync.memory import MemoryCard
from sync.mqtt_pump import MqttPump, StateTopic
from sync.ports import NoticeSkipped, PositionMoved, SinkRefused, SinkState
from sync.wire import Record
from tests.sync.world import GATEWAY, Inbox


class TestPort:
    """Remembers what was published and says what it is told to."""

    __test__ = False

    def __init__(self) -> None:
        self.connects = 0
        self.accepts = True
        self.online = False
        self.news: list[BrokerNews] = []
        self.sent: list[tuple[int, str, bytes, bool]] = []
        self.open: dict[int, bytes] = {}
        self.received: list[bytes] = []
        self.window_seen = 0
        self._tickets = 0
        self.window_max: int | None = None

    def connect(self) -> None:
        self.connects += 1
        self.online = self.accepts
        self.news.append(Connected(self.window_max) if self.accepts else ConnectionLost("connection refused"))

    def publish(self, topic: str, payload: bytes, retain: bool) -> int | None:
        if not self.online:
            return None
        self._tickets = self._tickets % 65_535 + 1
        self.sent.append((self._tickets, topic, payload, retain))
        self.open[self._tickets] = payload
        self.received.append(payload)
        self.window_seen = max(self.window_seen, len(self.open))
        return self._tickets

    def take(self) -> list[BrokerNews]:
        news, self.news = self.news, []
        return news

    def drop(self) -> None:
        self.online = False
        self.open.clear()
        self.news.clear()

    def acknowledge(self, tickets: Iterable[int] | None = None, reason: int = 0) -> None:
        for ticket in list(self.open if tickets is None else tickets):
            if self.open.pop(ticket, None) is not None:
                self.news.append(Acknowledged(ticket, reason))

    def lose(self, detail: str = "reset") -> None:
        self.online = False
        self.open.clear()
        self.news.append(ConnectionLost(detail))


def payload_of(record: Record) -> bytes:
    return record.content.encode()


class Line:
    """One pump in virtual time. `auto`: the broker acknowledges at once."""

    def __init__(
        self, count: int = 0, limits: NoticeLimits | None = None, position: int = 0, state: StateTopic | None = None
    ) -> None:
        self.now = 1_000.0
        self.card = MemoryCard(GATEWAY)
        self.append(count)
        self.port = TestPort()
        self.inbox = Inbox()
        self.heard: list[tuple[str, bytes]] = []
        self.listened: list[float] = []
        self.auto = True
        self.pump = MqttPump(
            self.card,
            self.port,
            self.inbox,
            lambda record: "" if record.content == "quiet" else "event",
            payload_of,
            lambda: 0.5,
            position=position,
            state=state,
            heard=lambda heard: self.heard.append((heard.topic, heard.payload)),
            listening=lambda: self.listened.append(self.now),
            limits=limits or NoticeLimits(),
        )

    def append(self, count: int) -> None:
        for _ in range(count):
            self.card.append(str(self.card.newest() + 1))

    def run(self, seconds: float) -> None:
        end = self.now + seconds
        for _ in range(100_000):
            wake = self.pump.step(self.now)
            if self.auto:
                self.port.acknowledge()
            if self.port.news:
                continue
            if wake is None or wake > end:
                self.now = end
                return
            self.now = max(self.now, wake)
        raise AssertionError("the pump never rests")

    @property
    def position(self) -> int:
        moved = self.inbox.of(PositionMoved)
        return int(moved[-1].position) if moved else 0


def test_a_backlog_drains_within_the_window_and_the_position_is_told_seldom() -> None:
    line = Line(5_000)
    line.run(1.0)
    assert line.position == 5_000
    assert line.port.window_seen == 20
    assert len(line.inbox.of(PositionMoved)) <= 5_000 / 500 + 3
    assert [int(payload) for payload in line.port.received] == list(range(1, 5_001))


def test_the_window_is_full_until_something_is_acknowledged() -> None:
    line = Line(100)
    line.auto = False
    line.run(1.0)
    assert line.pump.unacknowledged == 20 and line.position == 0
    line.port.acknowledge([2, 3])
    line.run(0.5)
    assert line.position == 0, "the first one is missing: only a contiguous prefix counts"
    line.port.acknowledge([1])
    line.run(0.5)
    assert line.position == 3


def test_a_lost_connection_goes_on_from_the_position_and_never_exceeds_the_window() -> None:
    line = Line(100)
    line.auto = False
    line.run(1.0)
    line.port.acknowledge([1, 2, 3, 5])
    line.port.lose()
    line.auto = True
    line.run(10.0)
    assert line.position == 100
    assert line.port.window_seen == 20
    assert set(map(int, line.port.received)) == set(range(1, 101))
    assert [state.online for state in line.inbox.of(SinkState)] == [True, False, True]
    assert line.port.received[20] == b"4", "acknowledged before the cut: the prefix up to 3"


def test_a_missing_acknowledgement_means_reconnect() -> None:
    line = Line(3)
    line.auto = False
    line.run(9.9)
    assert line.port.connects == 1
    line.run(0.2)
    line.auto = True
    line.run(5.0)
    assert line.port.connects == 2
    assert line.position == 3


def test_an_absent_broker_is_retried_with_jitter_and_is_only_a_state() -> None:
    line = Line(3)
    line.port.accepts = False
    line.run(300.0)
    # Full jitter below ten seconds: about one try in five seconds.
    assert 50 <= line.port.connects <= 90
    assert len(line.inbox.of(SinkState)) == 1
    line.port.accepts = True
    line.run(11.0)
    assert line.position == 3


def test_a_broker_that_never_answers_connect_is_left() -> None:
    line = Line(3)
    line.port.connect = lambda: setattr(line.port, "connects", line.port.connects + 1)  # type: ignore[method-assign]
    line.run(100.0)
    assert 3 <= line.port.connects <= 10


def test_a_denied_connection_is_told_once_and_retried_slowly() -> None:
    line = Line(3)
    line.port.accepts = False
    line.port.connect = lambda: line.port.news.append(  # type: ignore[method-assign]
        ConnectionDenied("not authorised", "enrol")
    )
    line.run(299.0)
    refused = line.inbox.of(SinkRefused)
    assert len(refused) == 1 and refused[0].hint == "enrol"


def test_a_credential_that_is_new_to_the_broker_is_tried_again_soon() -> None:
    line = Line(3)
    accepting = line.port.connect
    line.port.connect = lambda: line.port.news.append(  # type: ignore[method-assign]
        ConnectionDenied("not authorised", "enrol")
    )
    line.run(2.5)
    line.port.connect = accepting  # type: ignore[method-assign]
    line.run(4.0)
    assert line.position == 3
    assert line.inbox.of(SinkRefused) == [], "nobody is bothered"


def test_a_negative_acknowledgement_is_not_believed() -> None:
    line = Line(3)
    line.auto = False
    line.run(1.0)
    line.port.acknowledge([1], reason=0x87)
    line.run(1.0)
    assert line.position == 0 and line.pump.unacknowledged == 0
    assert len(line.inbox.of(SinkRefused)) == 1
    line.auto = True
    line.run(61.0)
    assert line.position == 3


def test_a_message_that_no_broker_takes_is_skipped_and_told() -> None:
    line = Line(3)
    line.auto = False
    line.run(1.0)
    line.port.acknowledge([2], reason=0x99)
    line.port.acknowledge([1, 3])
    line.run(1.0)
    assert line.position == 3
    assert line.inbox.of(NoticeSkipped) == [NoticeSkipped("mqtt", 2, 2)]


def test_a_backlog_beyond_its_bound_is_skipped_in_few_steps_also_while_away() -> None:
    line = Line(0, NoticeLimits(backlog_records_max=1_000))
    line.port.accepts = False
    for _ in range(300):
        line.append(10)
        line.run(1.0)
    skips = line.inbox.of(NoticeSkipped)
    assert 10 <= len(skips) <= 25
    assert [skip.first for skip in skips[1:]] == [skip.last + 1 for skip in skips[:-1]]
    assert line.position == skips[-1].last
    line.port.accepts = True
    line.run(40.0)
    assert line.position == 3_000
    assert int(line.port.received[0]) == skips[-1].last + 1


def test_records_without_a_topic_are_passed_over() -> None:
    line = Line(2)
    line.card.append("quiet")
    line.append(1)
    line.card.append("quiet")
    line.run(1.0)
    assert line.position == 5
    assert [int(payload) for payload in line.port.received] == [1, 2, 4]


def test_the_retained_state_is_told_at_each_connection_and_every_minute() -> None:
    said = iter(range(1_000))
    line = Line(1, state=StateTopic("state", lambda: str(next(said)).encode()))
    line.run(61.0)
    states = [(payload, retain) for _, topic, payload, retain in line.port.sent if topic == "state"]
    assert states == [(b"0", True), (b"1", True)]
    line.port.lose()
    line.run(5.0)
    assert [payload for _, topic, payload, _ in line.port.sent if topic == "state"][-1] == b"2"
    assert line.position == 1


def test_a_new_version_of_the_state_is_told_at_once_and_only_once() -> None:
    versions = [1]
    line = Line(0, state=StateTopic("state", lambda: str(versions[0]).encode(), lambda: versions[0]))
    line.run(1.0)
    for version in (2, 3):
        versions[0] = version
        line.run(1.0)
    assert [payload for _, topic, payload, _ in line.port.sent if topic == "state"] == [b"1", b"2", b"3"]
    line.port.lose()
    versions[0] = 4
    line.run(5.0)
    assert [payload for _, topic, payload, _ in line.port.sent if topic == "state"][3:] == [b"4"]


def test_a_full_inbox_loses_no_position() -> None:
    line = Line(5_000)
    line.inbox.room = 0
    line.run(5.0)
    assert len(line.port.received) == 5_000
    line.inbox.room = None
    line.run(5.0)
    assert line.position == 5_000
    assert line.inbox.of(SinkState)


def test_the_brokers_own_window_is_kept_when_it_is_smaller() -> None:
    line = Line(100)
    line.port.window_max = 3
    line.run(1.0)
    assert line.port.window_seen == 3 and line.position == 100


def test_a_record_at_which_the_broker_always_hangs_up_is_told_once() -> None:
    line = Line(3, state=StateTopic("state", lambda: b"online"))
    line.auto = False
    for _ in range(20):
        line.run(11.0)
        if line.port.open:
            line.port.acknowledge([min(line.port.open)])
            line.port.lose("packet too large")
    assert line.port.connects <= 35, "the retained state that came through does not make the retries quick again"
    assert len(line.inbox.of(SinkRefused)) == 1
    line.auto = True
    line.run(61.0)
    assert line.position == 3


def test_what_is_heard_and_what_is_objected_to_is_told() -> None:
    line = Line()
    line.run(1.0)
    line.port.news += [Listening(), Heard("neighbour", b"1"), Objection("too large", "look")]
    line.run(1.0)
    assert line.heard == [("neighbour", b"1")] and len(line.listened) == 1
    assert [refused.reason for refused in line.inbox.of(SinkRefused)] == ["too large"]


class Broker(RuleBasedStateMachine):
    """Whatever the broker does: no gap before the position, and never more than the window."""

    @initialize(backlog=st.sampled_from([50, 10_000]), window=st.integers(1, 20))
    def begin(self, backlog: int, window: int) -> None:
        self.line = Line(30, NoticeLimits(window=window, backlog_records_max=backlog, read_records_max=7))
        self.line.auto = False
        self.window = window
        self.acknowledged: set[int] = set()

    @rule(count=st.integers(1, 30))
    def scan(self, count: int) -> None:
        self.line.append(count)

    @rule(seconds=st.sampled_from([0.0, 0.3, 5.0, 40.0]))
    def run(self, seconds: float) -> None:
        self.line.run(seconds)

    @rule(data=st.data())
    def acknowledge(self, data: st.DataObject) -> None:
        if self.line.port.open:
            ticket = data.draw(st.sampled_from(sorted(self.line.port.open)))
            self.acknowledged.add(int(self.line.port.open[ticket]))
            self.line.port.acknowledge([ticket])

    @rule()
    def lose(self) -> None:
        if self.line.port.online:
            self.line.port.lose()

    @rule(accepts=st.booleans())
    def away(self, accepts: bool) -> None:
        self.line.port.accepts = accepts

    @rule(room=st.sampled_from([None, 0]))
    def inbox(self, room: int | None) -> None:
        self.line.inbox.room = room

    @invariant()
    def promise(self) -> None:
        if not hasattr(self, "line"):
            return
        skipped = {
            position for skip in self.line.inbox.of(NoticeSkipped) for position in range(skip.first, skip.last + 1)
        }
        assert set(range(1, self.line.position + 1)) <= self.acknowledged | skipped
        assert self.line.port.window_seen <= self.window

    def teardown(self) -> None:
        if not hasattr(self, "line"):
            return
        self.line.port.accepts, self.line.inbox.room, self.line.auto = True, None, True
        self.line.run(100.0)
        assert self.line.position == self.line.card.newest()


TestBroker = Broker.TestCase
TestBroker.settings = settings(
    max_examples=60, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
