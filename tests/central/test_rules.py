"""The ingest rules without a database: in whatever order records are offered, all up to the mark is accounted for."""

from hypothesis import given, settings
from hypothesis import strategies as some

from central.ingest_rules import ChainEnd, Held, Judgement, chain_alarms, fork_alarm, is_closed, judge, wrong_digests
from central.limits import RANGES_PER_STREAM_MAX
from central.ranges import Ranges
from sync.wire import NO_DIGEST, Stream, WireRecord, digest_of

EPOCH = "a" * 32
OTHER = "b" * 32
LAST = 24


def chain(last: int = LAST, salt: str = "") -> list[WireRecord]:
    found, previous = [], NO_DIGEST
    for seq in range(1, last + 1):
        content = f'{{"type":"x","n":{seq}{salt}}}'
        digest = digest_of("one", EPOCH, seq, previous, content)
        found.append(WireRecord(seq, previous, digest, content))
        previous = digest
    return found


def lost(seq: int) -> WireRecord:
    content = f'{{"type":"record.lost","data":{{"seq":{seq}}}}}'
    return WireRecord(seq, NO_DIGEST, digest_of("one", EPOCH, seq, NO_DIGEST, content), content)


CHAIN = chain()
OTHERS = chain(salt=',"o":1')


class Office:
    """What a server holds of one epoch, in memory."""

    def __init__(self) -> None:
        self.held: dict[int, WireRecord] = {}
        self.replaced: list[WireRecord] = []
        self.mark = self.claimed = 0
        self.asked: tuple[tuple[int, int], ...] = ()
        self.unasked: tuple[tuple[int, int], ...] = ()
        self.kinds: list[str] = []

    def offer(self, stream: Stream) -> Judgement:
        digests = {seq: record.digest for seq, record in self.held.items()}
        lost_ones = {seq for seq, record in self.held.items() if "record.lost" in record.content}
        held = Held(self.mark, self.claimed, Ranges(self.asked), Ranges(self.unasked), digests, lost_ones)
        fold = judge(EPOCH, stream, held, wrong_digests("one", stream))
        for seq in fold.replaced:
            self.replaced.append(self.held.pop(seq))
        for record in fold.taken:
            assert record.seq not in self.held, "taken twice"
            self.held[record.seq] = record
        self.mark, self.claimed = fold.mark, fold.claimed
        self.asked, self.unasked = held.asked.all(), held.unasked.all()
        self.kinds += [each.kind for each in fold.alarms]
        self.check()
        return fold

    def check(self) -> None:
        """Held and missing together are 1 … mark, and never both (the specification's I3)."""
        ranges = [*self.asked, *self.unasked]
        missing = [seq for first, last in ranges for seq in range(first, last + 1)]
        assert sorted([*self.held, *missing]) == list(range(1, self.mark + 1))


records = some.one_of(
    some.sampled_from(CHAIN), some.sampled_from(OTHERS), some.integers(1, LAST).map(lost), some.just(None)
)
offers = some.builds(
    lambda found, pruned, last: Stream.model_construct(
        epoch=EPOCH,
        last=last,
        floor=pruned,
        previous_epoch=None,
        previous_last=0,
        records=tuple(each or WireRecord(3, NO_DIGEST, "f" * 64, "broken") for each in found),
    ),
    some.lists(records, max_size=8),
    some.integers(0, LAST),
    some.integers(0, LAST),
)


@settings(max_examples=300, deadline=None)
@given(some.lists(offers, max_size=12))
def test_whatever_is_offered_the_marks_tell_the_truth(found: list[Stream]) -> None:
    office = Office()
    for stream in found:
        before = office.mark
        office.offer(stream)
        assert office.mark >= before
        again = office.mark, dict(office.held)
        fold = office.offer(stream)
        if not fold.stopped:
            assert (office.mark, office.held) == again, "the same offer again changed something"


@settings(max_examples=100, deadline=None)
@given(some.data())
def test_a_whole_card_always_ends_held_however_it_is_cut_up(data: some.DataObject) -> None:
    office = Office()
    for _ in range(data.draw(some.integers(0, 6))):
        start = data.draw(some.integers(0, LAST - 1))
        part = CHAIN[start : start + data.draw(some.integers(1, 9))]
        office.offer(Stream(epoch=EPOCH, last=LAST, records=tuple(part)))
    while office.mark < LAST:
        office.offer(Stream(epoch=EPOCH, last=LAST, records=tuple(CHAIN[office.mark : office.mark + 5])))
    assert [office.held[seq] for seq in range(1, LAST + 1)] == CHAIN and not office.kinds


def test_a_hole_that_was_not_declared_waits_and_a_declared_one_is_asked_for() -> None:
    office = Office()
    office.offer(Stream(epoch=EPOCH, last=9, records=tuple(CHAIN[4:6])))
    assert office.mark == 0
    office.offer(Stream(epoch=EPOCH, last=9, floor=4, records=tuple(CHAIN[4:6])))
    assert (office.mark, office.asked, office.kinds) == (6, ((1, 4),), ["floor_above_mark"])
    office.offer(Stream(epoch=EPOCH, last=9, records=tuple(CHAIN[1:3])))
    assert office.asked == ((1, 1), (4, 4))


def test_a_refused_content_leaves_a_place_that_is_not_asked_for() -> None:
    office, content = Office(), "x" * 9000
    big = WireRecord(1, NO_DIGEST, digest_of("one", EPOCH, 1, NO_DIGEST, content), content)
    for _ in range(2):
        office.offer(Stream(epoch=EPOCH, last=1, records=(big,)))
    assert (office.mark, office.asked, office.unasked, office.kinds) == (1, (), ((1, 1),), ["record_refused"])


def test_what_a_chain_says_of_the_epoch_before() -> None:
    stream = Stream(epoch=EPOCH, previous_epoch=OTHER, previous_last=5, last=1)
    kinds = [
        [each.kind for each in chain_alarms(stream, before, complete=True)]
        for before in (
            None,
            ChainEnd(mark=5, claimed=5, offered_last=None),
            ChainEnd(mark=3, claimed=5, offered_last=5),
            ChainEnd(mark=3, claimed=5, offered_last=4),
            ChainEnd(mark=3, claimed=5, offered_last=None),
            ChainEnd(mark=4, claimed=7, offered_last=7),
            ChainEnd(mark=7, claimed=7, offered_last=7),
        )
    ]
    assert kinds == [
        ["missing_epoch"],
        [],
        [],
        ["missing_tail"],
        ["missing_tail"],
        ["card_forgot"],
        ["card_forgot", "card_rolled_back"],
    ]
    assert chain_alarms(stream, None, complete=False) == []
    assert chain_alarms(Stream(epoch=EPOCH, last=1), None, complete=True) == []


def test_forks_and_second_cards() -> None:
    assert fork_alarm(OTHER, ["x"]) is None
    fork, second = fork_alarm(OTHER, ["x", "y"]), fork_alarm(None, ["x", "y"])
    assert fork is not None and (fork.kind, fork.subject) == ("fork", OTHER)
    assert second is not None and second.kind == "second_card"


def test_closed_means_held_safe_and_pruned() -> None:
    stream = Stream(epoch=EPOCH, last=5, floor=5)
    assert is_closed(stream, 5, 5) and not is_closed(stream, 5, 4) and not is_closed(stream, 4, 5)
    assert not is_closed(Stream(epoch=EPOCH, last=5, floor=4), 5, 5)


def test_holes_without_end_are_bounded() -> None:
    office = Office()
    found = chain(2 * RANGES_PER_STREAM_MAX + 50)
    office.offer(Stream.model_construct(epoch=EPOCH, last=len(found), floor=len(found), records=tuple(found[1::2])))
    assert len(office.asked) == RANGES_PER_STREAM_MAX and "gaps_full" in office.kinds
    office.offer(Stream.model_construct(epoch=EPOCH, last=len(found), floor=0, records=tuple(found[::2])))
    assert office.asked == () and office.mark == 2 * RANGES_PER_STREAM_MAX + 1
