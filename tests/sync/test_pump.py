"""The pump to the office in virtual time."""

from sync.errors import SinkRefused, SinkUnreachable
from sync.limits import PumpLimits
from sync.memory import MemoryOffice
from sync.ports import ReceiptCame
from sync.wire import CONTENT_CHARACTERS_MAX, Receipt, StreamReceipt
from tests.sync.world import GATEWAY, World


def test_a_backlog_drains_without_a_pause_between_batches() -> None:
    world = World()
    world.append(2_300)
    assert world.run(0.0) == 3
    assert not world.missing_at_office()
    assert [sum(len(stream.records) for stream in batch.streams) for batch in world.exchange.batches] == [
        1_000,
        1_000,
        300,
    ]


def test_an_idle_gateway_offers_at_start_and_then_every_minute() -> None:
    world = World()
    assert world.run(0.0) == 1
    assert world.run(59.9) == 0
    assert world.run(0.2) == 1
    assert world.run(600.0) == 10


def test_new_records_are_offered_at_once_and_a_burst_is_gathered() -> None:
    world = World()
    world.run(10.0)
    world.append()
    assert world.run(0.0) == 1
    for _ in range(20):
        world.append()
        world.run(0.05)
    assert not world.missing_at_office() or world.run(0.2) == 1
    assert len(world.exchange.batches) <= 9


def test_it_goes_on_from_the_last_receipt_before_the_main_loop_has_stored_it() -> None:
    world = World()
    world.stores = False
    world.append(1_200)
    world.run(0.0)
    assert not world.missing_at_office()
    seqs = [record.seq for batch in world.exchange.batches for stream in batch.streams for record in stream.records]
    assert seqs == list(range(1, 1_201))


def test_every_open_epoch_is_offered_in_order_and_the_oldest_is_drained_first() -> None:
    world = World(PumpLimits(records_max=4))
    for _ in range(3):
        world.card.start_epoch()
        world.append(3)
    world.run(0.0)
    first = world.exchange.batches[0]
    assert [len(stream.records) for stream in first.streams] == [3, 1, 0]
    assert [stream.previous_last for stream in first.streams] == [0, 3, 3]
    assert not world.missing_at_office()


def test_closed_epochs_are_covered_by_their_digest() -> None:
    world = World()
    for _ in range(3):
        world.card.start_epoch()
        world.append(3)
    world.run(0.0)
    world.office.backup()
    world.run(61.0)
    world.card.prune()
    world.append()
    world.run(61.0)
    last = world.exchange.batches[-1]
    assert (last.closed_count, len(last.streams), last.whole) == (2, 1, False) or last.closed_count == 3
    assert not any(world.refusals())


def test_another_server_asks_for_all_and_gets_what_is_still_on_the_card() -> None:
    world = World()
    for _ in range(3):
        world.card.start_epoch()
        world.append(3)
    world.run(0.0)
    world.office.backup()
    world.run(61.0)
    world.card.prune()
    world.card.start_epoch()
    world.append(2)
    world.run(61.0)
    world.exchange.office = world.office = MemoryOffice("office-2")
    world.run(61.0)
    assert any(batch.whole for batch in world.exchange.batches)
    streams = world.office.streams[GATEWAY]
    assert [each.mark for each in streams.values()] == [3, 3, 3, 2]
    assert [each.missing for each in streams.values()] == [((1, 3),)] * 3 + [()]
    assert not world.refusals()


def test_a_mark_that_goes_back_is_believed() -> None:
    world = World()
    world.append(10)
    world.run(0.0)
    copied = world.office.backup()
    world.append(10)
    world.run(1.0)
    world.office.restore(copied)
    world.office.streams[GATEWAY] = copied[GATEWAY]
    world.run(61.0)
    assert not world.missing_at_office()
    assert len(world.office.held(GATEWAY)) == 20


def test_missing_ranges_are_sent_again() -> None:
    world = World()
    world.append(10)
    world.run(0.0)
    copied = world.office.backup()
    world.append(10)
    world.run(1.0)
    world.office.backup()
    world.office.restore(copied)
    assert world.missing_at_office()
    world.run(61.0)
    assert not world.missing_at_office()
    assert not world.office.conflicts


def test_a_missing_record_that_is_gone_from_the_card_is_told_once_and_asked_slowly() -> None:
    world = World()
    world.append(10)
    world.run(0.0)
    copied = world.office.backup()
    world.append(10)
    world.run(1.0)
    world.office.backup()
    world.card.lose(world.card.epochs()[0].epoch, 15)
    world.office.restore(copied)
    exchanges = world.run(600.0)
    assert exchanges <= 14
    assert world.missing_at_office() == {(world.card.epochs()[0].epoch, 15)}
    assert len(world.refusals()) == 1 and "15" in world.refusals()[0]


def test_a_stream_that_is_held_back_is_told_and_the_others_go_on() -> None:
    world = World(PumpLimits(records_max=10))
    first = world.card.start_epoch()
    world.append(20)
    broken = world.card.read(first, 4, 1)[0]
    world.card.replace(broken._replace(content="changed"))
    world.card.start_epoch()
    world.append(40)
    exchanges = world.run(59.0)
    assert exchanges < 15
    assert {seq for epoch, seq in world.missing_at_office() if epoch == first} == set(range(5, 21))
    assert {epoch for epoch, _ in world.missing_at_office()} == {first}
    assert len(world.refusals()) == 1 and "record 5 " in world.refusals()[0]
    world.card.replace(broken)
    world.run(61.0)
    assert not world.missing_at_office()


def test_an_unreachable_office_is_a_state_and_retried_with_jitter() -> None:
    world = World()
    world.append(3)
    world.fate = "lose_request"
    exchanges = world.run(300.0)
    assert 50 <= exchanges <= 90
    assert world.states() == [False]
    world.fate = "pass"
    world.run(11.0)
    assert not world.missing_at_office()
    assert world.states() == [False, True]
    world.fate = "lose_reply"
    world.append()
    world.run(5.0)
    assert not world.missing_at_office(), "the request came through, only its reply was lost"
    world.fate = "pass"
    world.run(60.0)
    assert len(world.office.held(GATEWAY)) == 4


def test_a_refusal_is_told_once_and_retried_slowly() -> None:
    world = World()
    world.append()
    world.exchange.error = SinkRefused("401: unknown token", hint="Enrol again.")
    assert world.run(299.0) == 5
    assert world.refusals() == ["401: unknown token"]
    world.exchange.error = None
    world.run(61.0)
    assert not world.missing_at_office()
    world.exchange.error = SinkRefused("401: unknown token")
    world.run(61.0)
    assert len(world.refusals()) == 2


def test_a_server_of_a_newer_protocol_is_refused() -> None:
    world = World()
    world.append()
    world.exchange.change = lambda receipt: receipt.model_copy(update={"protocol": 2})
    assert world.run(119.0) == 2
    assert "protocol 2" in world.refusals()[0]
    assert not world.inbox.of(ReceiptCame)


def test_a_server_that_always_asks_for_all_is_refused() -> None:
    world = World()
    world.append(600)
    world.exchange.change = lambda receipt: receipt.model_copy(update={"offer_all": True})
    assert world.run(120.0) <= 5
    assert len(world.refusals()) == 1
    assert not world.missing_at_office()


def test_a_full_inbox_stops_the_pump_and_loses_no_receipt() -> None:
    world = World()
    world.append(5_000)
    world.inbox.room = 3
    world.run(5.0)
    assert len(world.exchange.batches) < 5
    world.inbox.room = None
    world.run(5.0)
    assert not world.missing_at_office()
    assert len(world.inbox.of(ReceiptCame)) == len(world.exchange.batches)


def test_batches_stay_below_the_bound_in_bytes() -> None:
    world = World(PumpLimits(batch_bytes_max=200_000))
    world.append(40, "\x01" * CONTENT_CHARACTERS_MAX)
    world.append(2_000, "合格" * 100)
    world.run(0.0)
    assert not world.missing_at_office()
    assert all(len(batch.model_dump_json().encode()) <= 200_000 for batch in world.exchange.batches)


def test_more_epochs_than_an_offer_holds_are_told_and_still_drained() -> None:
    world = World(PumpLimits(streams_max=5))
    for _ in range(20):
        world.card.start_epoch()
        world.append()
    world.run(61.0)
    assert not world.missing_at_office()
    assert len(world.refusals()) >= 1
    assert all(len(batch.streams) <= 5 for batch in world.exchange.batches)


def test_another_server_gets_every_epoch_though_an_offer_holds_few() -> None:
    world = World(PumpLimits(records_max=1, streams_max=2))
    for _ in range(9):
        world.card.start_epoch()
        world.append()
    world.run(10.0)
    assert not world.missing_at_office()
    world.exchange.office = world.office = MemoryOffice("another")
    assert len(world.missing_at_office()) == 9
    world.run(61.0)
    assert not world.missing_at_office()


def test_each_open_epoch_is_shown_in_its_turn() -> None:
    """One that has nothing to offer may have gone back at the office all the same (I5)."""
    world = World(PumpLimits(streams_max=2))
    for _ in range(5):
        world.card.start_epoch()
        world.append()
    world.run(10.0)
    before = len(world.exchange.batches)
    world.run(3 * world.limits.heartbeat_seconds)
    shown = {each.epoch for batch in world.exchange.batches[before:] for each in batch.streams}
    assert shown == {each.epoch for each in world.card.epochs()}


def test_a_receipt_without_the_stream_moves_nothing() -> None:
    world = World()
    world.append(3)
    world.exchange.change = lambda receipt: receipt.model_copy(update={"streams": ()})
    assert world.run(59.0) == 1
    assert len(world.refusals()) == 1
    world.exchange.change = lambda receipt: receipt
    world.run(61.0)
    assert world.card.epochs()[0].mark == 3


def test_a_mark_above_the_card_is_kept_as_told() -> None:
    world = World()
    world.append(3)
    epoch = world.card.epochs()[0].epoch
    ahead = StreamReceipt(epoch=epoch, mark=9, safe=0)
    world.exchange.change = lambda receipt: Receipt(server="office-1", streams=(ahead,))
    assert world.run(59.0) == 1
    assert world.card.epochs()[0].mark == 9


def test_a_nudge_offers_soon() -> None:
    world = World()
    world.run(10.0)
    world.pump.nudge()
    assert world.run(0.0) == 1


def test_a_flood_of_nudges_offers_no_more_often_than_its_bound() -> None:
    world = World()
    world.run(10.0)
    first = [world.pump.nudge() for _ in range(3)]
    assert first == [True, False, False], "who nudges wakes the pump once for an offer"
    before = len(world.exchange.batches)
    for _ in range(1_000):
        world.pump.nudge()
        world.run(0.01)
    assert 4 <= len(world.exchange.batches) - before <= 10.0 / world.limits.nudge_interval_seconds + 1


def test_a_nudge_does_not_hurry_a_pump_whose_office_is_away() -> None:
    world = World()
    world.exchange.error = SinkUnreachable("no route")
    world.run(200.0)
    quiet = world.run(60.0)
    nudged = 0
    for _ in range(60):
        world.pump.nudge()
        nudged += world.run(1.0)
    assert nudged <= quiet + 2


def test_a_nudge_that_is_lost_costs_the_heartbeat_and_nothing_else() -> None:
    world = World()
    world.append()
    world.run(5.0)
    assert world.run(world.limits.heartbeat_seconds) == 1


def test_unreachable_after_success_begins_again_with_the_shortest_delay() -> None:
    world = World()
    world.exchange.error = SinkUnreachable("no route")
    world.run(200.0)
    world.exchange.error = None
    world.run(60.0)
    world.exchange.error = SinkUnreachable("no route")
    world.append()
    assert world.run(0.8) >= 2


def test_a_server_whose_marks_swing_does_not_make_a_hot_loop() -> None:
    world = World()
    world.append(10)
    swing = iter(range(10**6))

    def swung(receipt: Receipt) -> Receipt:
        streams = tuple(each.model_copy(update={"mark": 5 + next(swing) % 2}) for each in receipt.streams)
        return receipt.model_copy(update={"streams": streams})

    world.exchange.change = swung
    assert world.run(10.0) <= 2 * 10.0 / world.limits.offer_interval_seconds + 3


def test_a_hole_in_a_missing_range_sends_no_record_twice() -> None:
    world = World()
    world.append(20)
    world.run(0.0)
    epoch = world.card.epochs()[0].epoch
    world.card.lose(epoch, 3)
    world.office.streams[GATEWAY][epoch].missing = ((1, 5), (7, 8))
    for seq in (1, 2, 3, 4, 5, 7, 8):
        del world.office.streams[GATEWAY][epoch].records[seq]
    world.run(61.0)
    offered = [
        [record.seq for record in stream.records] for batch in world.exchange.batches for stream in batch.streams
    ]
    assert [1, 2, 4, 5, 7, 8] in offered
    assert all(seqs == sorted(set(seqs)) for seqs in offered)
    assert world.missing_at_office() == {(epoch, 3)}
