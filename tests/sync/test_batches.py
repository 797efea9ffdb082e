"""What a batch holds, and the small values it is made of."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.batches import is_closed, wanted
from sync.errors import PortMisused, SinkRefused, SyncError
from sync.limits import PENDING_REPORTS_MAX
from sync.outbox import Outbox
from sync.ports import EpochEntry, NoticeSkipped, PositionMoved, SinkState
from sync.ranges import Ranges, added, holds, without
from tests.sync.world import Inbox

CLOSED = EpochEntry("0" * 32, None, 0, last=5, floor=5, mark=5, safe=5, missing=())


@pytest.mark.parametrize(
    "entry",
    [CLOSED._replace(floor=4), CLOSED._replace(mark=4), CLOSED._replace(safe=4), CLOSED._replace(missing=((2, 2),))],
)
def test_only_what_is_held_safe_pruned_and_not_asked_for_is_closed(entry: EpochEntry) -> None:
    assert is_closed(CLOSED) and is_closed(CLOSED._replace(mark=9, safe=9))
    assert not is_closed(entry)


def test_wanted_is_what_the_card_has_and_the_office_lacks() -> None:
    entry = EpochEntry("0" * 32, None, 0, last=20, floor=3, mark=10, safe=0, missing=((1, 5), (8, 8)))
    assert list(wanted(entry)) == [(4, 5), (8, 8), (11, 20)]
    assert list(wanted(entry._replace(mark=0, missing=()))) == [(4, 20)]
    assert list(wanted(entry._replace(mark=25, missing=((22, 24),)))) == []
    assert list(wanted(CLOSED)) == []


def test_an_outbox_keeps_the_order_and_only_the_newest_state_and_position() -> None:
    inbox = Inbox()
    inbox.room = 0
    outbox = Outbox(inbox)
    outbox.tell(NoticeSkipped("mqtt", 1, 2))
    for number in range(5):
        outbox.tell(PositionMoved("mqtt", number))
        outbox.tell(SinkState("mqtt", True, str(number), 0.0))
    outbox.tell(NoticeSkipped("mqtt", 3, 4))
    assert not outbox.flush()
    inbox.room = None
    assert outbox.flush()
    assert inbox.reports == [
        NoticeSkipped("mqtt", 1, 2),
        PositionMoved("mqtt", 4),
        SinkState("mqtt", True, "4", 0.0),
        NoticeSkipped("mqtt", 3, 4),
    ]


def test_an_outbox_has_a_bound() -> None:
    inbox = Inbox()
    inbox.room = 0
    outbox = Outbox(inbox)
    for number in range(PENDING_REPORTS_MAX):
        outbox.tell(NoticeSkipped("mqtt", number, number))
    with pytest.raises(PortMisused):
        outbox.tell(NoticeSkipped("mqtt", 0, 0))


def test_errors_say_something_and_who_helps() -> None:
    assert str(SinkRefused()) == "The other end said no."
    assert SinkRefused("no", hint="ask").hint == "ask"
    assert all(kind.hint for kind in SyncError.__subclasses__())


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 30), st.integers(0, 30)), max_size=20))
def test_ranges_are_sets(steps: list[tuple[bool, int, int]]) -> None:
    ranges: Ranges = ()
    model: set[int] = set()
    for adds, first, last in steps:
        ranges = (added if adds else without)(ranges, first, last)
        model = model | set(range(first, last + 1)) if adds else model - set(range(first, last + 1))
        assert {seq for low, high in ranges for seq in range(low, high + 1)} == model
        assert all(ranges[place][1] + 1 < ranges[place + 1][0] for place in range(len(ranges) - 1))
        assert all(holds(ranges, seq) == (seq in model) for seq in range(32))
