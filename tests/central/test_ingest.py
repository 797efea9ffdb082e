"""Ingest on both databases: applied once, marks that move with records, gaps, forks, conflicts (S1 to S4, S7, I4)."""

import random
import secrets
import threading
from collections.abc import Callable

import pytest
from sqlalchemy import select, text

from central.alarms import sign_off
from central.database import Database
from central.errors import CredentialRefused, RequestRefused
from central.ingest import ingest
from central.models import Alarm, Conflict, Gap, Gateway, LogHead, Record, Stream
from floor.events import ReportFinished
from sync.wire import CONTENT_CHARACTERS_MAX, NO_DIGEST, Batch, Receipt, WireRecord, digest_of
from sync.wire import Stream as WireStream
from tests.central.card import Card

NOW = 1_800_000_000.0


def report(number: int = 1) -> ReportFinished:
    return ReportFinished(person="P1", operation="OP1", good=number)


def office(database: Database, name: str = "one", now: float = NOW) -> Callable[[Batch], Receipt]:
    return lambda batch: ingest(database, name, batch, now)


def filled(count: int, name: str = "one") -> Card:
    card = Card(name)
    for number in range(count):
        card.keep(report(number))
    return card


def contents(database: Database, place: int = 0) -> list[tuple[str, str, int, str]]:
    with database.read() as session:
        rows = session.execute(
            select(Stream.gateway, Stream.epoch, Record.seq, Record.content)
            .join(Stream, Stream.id == Record.stream_id)
            .where(Record.place == place)
            .order_by(Record.position)
        )
        return [tuple(row) for row in rows]


def alarms(database: Database) -> set[str]:
    with database.read() as session:
        return set(session.scalars(select(Alarm.kind)))


def positions(database: Database) -> list[int]:
    with database.read() as session:
        head = session.scalar(select(LogHead.position))
        found = list(session.scalars(select(Record.position).order_by(Record.position)))
    assert found == list(range(1, len(found) + 1)) and head == len(found)
    return found


def mark_of(receipt: Receipt, epoch: str) -> int:
    return next(each.mark for each in receipt.streams if each.epoch == epoch)


def test_a_card_drains_and_every_record_is_held_once(enrolled: Database) -> None:
    card = filled(120)
    card.drain(office(enrolled))
    assert [row[3] for row in contents(enrolled)] == [card.records[each].content for each in card.records]
    assert len(positions(enrolled)) == 120
    assert not alarms(enrolled)


def test_a_batch_applied_twice_changes_nothing(enrolled: Database) -> None:
    card = filled(30)
    batch = card.batch()
    first = ingest(enrolled, "one", batch, NOW)
    again = ingest(enrolled, "one", batch, NOW + 1)
    assert first.streams == again.streams and len(positions(enrolled)) == 30
    assert not alarms(enrolled)


def test_old_batches_in_any_order_change_nothing(enrolled: Database) -> None:
    card = filled(60)
    sent = []

    def exchange(batch: Batch) -> Receipt:
        sent.append(batch)
        return ingest(enrolled, "one", batch, NOW)

    card.drain(exchange, 10)
    held = contents(enrolled)
    for batch in random.Random(7).sample(sent, len(sent)):
        receipt = ingest(enrolled, "one", batch, NOW)
        assert mark_of(receipt, card.epochs[0].epoch) == 60
    assert contents(enrolled) == held and not alarms(enrolled)


def test_a_later_batch_first_is_left_until_the_hole_is_filled(enrolled: Database) -> None:
    card = filled(20)
    stream = card.batch().streams[0]
    late = Batch(gateway="one", streams=(stream.model_copy(update={"records": stream.records[10:]}),))
    receipt = ingest(enrolled, "one", late, NOW)
    assert mark_of(receipt, stream.epoch) == 0 and not contents(enrolled)
    card.drain(office(enrolled))
    assert len(positions(enrolled)) == 20


def test_pruned_records_become_one_gap_and_an_alarm_and_are_asked_for(enrolled: Database) -> None:
    card = filled(20)
    card.epochs[0].floor = 9
    lost = {seq: card.records.pop((card.epochs[0].epoch, seq)) for seq in range(1, 10)}
    card.drain(office(enrolled))
    assert card.epochs[0].missing == ((1, 9),) and alarms(enrolled) == {"floor_above_mark"}
    card.epochs[0].floor = 0
    card.records |= {(card.epochs[0].epoch, seq): record for seq, record in lost.items() if seq != 5}
    card.drain(office(enrolled))
    assert card.epochs[0].missing == ((5, 5),)
    card.records[card.epochs[0].epoch, 5] = lost[5]
    card.drain(office(enrolled))
    assert card.epochs[0].missing == () and len(positions(enrolled)) == 20
    with enrolled.read() as session:
        assert session.scalar(select(Gap.first)) is None


def test_a_hostile_floor_costs_one_row(enrolled: Database) -> None:
    stream = WireStream(epoch="a" * 32, last=10**12, floor=10**12)
    receipt = ingest(enrolled, "one", Batch(gateway="one", streams=(stream,)), NOW)
    assert receipt.streams[0].missing == ((1, 10**12),) and alarms(enrolled) == {"floor_above_mark"}
    with enrolled.read() as session:
        assert len(session.scalars(select(Gap)).all()) == 1


def test_a_damaged_record_stops_its_stream_alone(enrolled: Database) -> None:
    card = filled(10)
    card.start()
    card.keep(report(99))
    batch = card.batch()
    first, second = batch.streams
    broken = first.records[4]._replace(content="{}")
    records = (*first.records[:4], broken, *first.records[5:])
    receipt = ingest(
        enrolled,
        "one",
        batch.model_copy(update={"streams": (first.model_copy(update={"records": records}), second)}),
        NOW,
    )
    assert [each.mark for each in receipt.streams] == [4, 1] and alarms(enrolled) == {"wrong_digest"}
    card.drain(office(enrolled))
    assert len(positions(enrolled)) == 11


def test_the_same_identity_with_another_content_is_a_conflict_and_kept_aside_once(enrolled: Database) -> None:
    card = filled(5)
    card.drain(office(enrolled))
    epoch, previous = card.epochs[0].epoch, card.records[card.epochs[0].epoch, 2].digest
    content = '{"type":"report.finished","other":1}'
    other = WireRecord(3, previous, digest_of("one", epoch, 3, previous, content), content)
    batch = Batch(gateway="one", streams=(WireStream(epoch=epoch, last=5, records=(other,)),))
    for _ in range(3):
        receipt = ingest(enrolled, "one", batch, NOW)
    assert receipt.streams[0].mark == 5 and alarms(enrolled) == {"conflict"}
    with enrolled.read() as session:
        assert [row.content for row in session.scalars(select(Conflict))] == [content]
    assert len(positions(enrolled)) == 5


@pytest.mark.parametrize("content", ["x" * (CONTENT_CHARACTERS_MAX + 1), '{"type":"a\x00b"}'])
def test_what_cannot_be_stored_is_refused_aloud_and_wedges_nothing(enrolled: Database, content: str) -> None:
    card = filled(3)
    card.keep_text(content)
    card.keep(report(5))
    card.drain(office(enrolled))
    assert card.epochs[0].mark == 5 and card.epochs[0].missing == ()
    assert alarms(enrolled) == {"record_refused"} and len(positions(enrolled)) == 4
    ingest(enrolled, "one", card.batch(), NOW)
    with enrolled.read() as session:
        assert len(session.scalars(select(Conflict)).all()) == 1


def test_a_cloned_card_is_a_fork_and_both_branches_are_kept(enrolled: Database) -> None:
    card = filled(4)
    card.drain(office(enrolled))
    clone = card.copy()
    card.start()
    card.keep(report(10))
    clone.keep(report(20))
    card.drain(office(enrolled))
    clone.drain(office(enrolled))
    assert len(positions(enrolled)) == 6 and alarms(enrolled) == {"fork"}
    with enrolled.read() as session:
        assert len(session.scalars(select(Stream).where(Stream.forked == 1)).all()) == 2


def test_a_card_rolled_back_is_noticed(enrolled: Database) -> None:
    card = filled(4)
    image = card.copy()
    card.keep(report(5))
    card.drain(office(enrolled))
    image.keep(report(6))
    image.drain(office(enrolled))
    assert "card_rolled_back" in alarms(enrolled) and len(positions(enrolled)) == 6


def test_a_card_that_forgot_what_it_announced_is_noticed(enrolled: Database) -> None:
    card = filled(2)
    image = card.copy()
    card.keep(report(3))
    batch = card.batch()
    announced = batch.streams[0].model_copy(update={"records": batch.streams[0].records[:2]})
    ingest(enrolled, "one", batch.model_copy(update={"streams": (announced,)}), NOW)
    image.keep(report(4))
    image.drain(office(enrolled))
    assert "card_forgot" in alarms(enrolled)


def test_a_second_card_under_one_name_is_told_but_is_no_fork(enrolled: Database) -> None:
    filled(2).drain(office(enrolled))
    filled(3).drain(office(enrolled))
    assert alarms(enrolled) == {"second_card"} and len(positions(enrolled)) == 5


def test_a_broken_link_is_noted_and_never_a_stop(enrolled: Database) -> None:
    card = filled(3)
    card.newest_digest = "e" * 64
    card.keep(report(4))
    card.keep(report(5))
    card.drain(office(enrolled))
    assert card.epochs[0].mark == 5 and alarms(enrolled) == {"broken_link"}


def test_a_lost_record_takes_its_place_and_its_original_replaces_it(enrolled: Database) -> None:
    card = filled(5)
    epoch = card.epochs[0].epoch
    original = card.records[epoch, 3]
    card.lose(epoch, 3)
    card.drain(office(enrolled))
    assert card.epochs[0].mark == 5 and not alarms(enrolled)
    back = Batch(gateway="one", streams=(WireStream(epoch=epoch, last=5, records=(original,)),))
    for _ in range(2):
        ingest(enrolled, "one", back, NOW)
    assert alarms(enrolled) == {"lost_returned"} and len(positions(enrolled)) == 6
    assert original.content in [row[3] for row in contents(enrolled)]
    assert len(contents(enrolled, place=1)) == 1
    card.believe(ingest(enrolled, "one", card.batch(), NOW))
    assert alarms(enrolled) == {"lost_returned"}


def test_a_lost_record_is_ignored_where_the_original_is_held(enrolled: Database) -> None:
    card = filled(5)
    card.drain(office(enrolled))
    epoch = card.epochs[0].epoch
    card.lose(epoch, 3)
    lost = card.records[epoch, 3]
    ingest(enrolled, "one", Batch(gateway="one", streams=(WireStream(epoch=epoch, last=5, records=(lost,)),)), NOW)
    assert not alarms(enrolled) and len(positions(enrolled)) == 5


def test_unknown_types_and_nonsense_are_stored(enrolled: Database) -> None:
    card = filled(1)
    card.keep_text('{"type":"of.tomorrow","data":{"a":1}}')
    card.keep_text("no json at all")
    card.drain(office(enrolled))
    assert len(positions(enrolled)) == 3 and not alarms(enrolled)


def test_closed_epochs_are_covered_by_a_digest(enrolled: Database) -> None:
    card = filled(5)
    card.drain(office(enrolled))
    card.start()
    card.keep(report(1))
    card.drain(office(enrolled))
    with enrolled.write() as session:
        session.execute(text("UPDATE stream SET safe = mark"))
    card.drain(office(enrolled))
    card.prune()
    assert card.epochs[0].closed() and ingest(enrolled, "one", card.batch(), NOW).offer_all
    card.drain(office(enrolled))
    assert not ingest(enrolled, "one", card.batch(), NOW).offer_all
    with enrolled.write() as session:
        session.execute(text("UPDATE gateway SET closed_digest = :none"), {"none": NO_DIGEST})
    assert ingest(enrolled, "one", card.batch(), NOW).offer_all


def test_strangers_the_revoked_and_doubled_epochs_are_refused(enrolled: Database) -> None:
    card = filled(1, "three")
    with pytest.raises(CredentialRefused):
        ingest(enrolled, "three", card.batch(), NOW)
    stream = WireStream(epoch="a" * 32, last=0)
    with pytest.raises(RequestRefused):
        ingest(enrolled, "one", Batch(gateway="one", streams=(stream, stream)), NOW)


def test_two_writers_at_once_lose_and_double_nothing(enrolled: Database) -> None:
    cards = [filled(150, "one"), filled(150, "two")]
    twin = cards[0].copy()
    failures: list[BaseException] = []

    def drain(card: Card) -> None:
        try:
            card.drain(office(enrolled, card.name), 7)
        except BaseException as fault:
            failures.append(fault)

    threads = [threading.Thread(target=drain, args=(card,)) for card in (*cards, twin)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert not failures and len(positions(enrolled)) == 300 and not alarms(enrolled)


def test_an_alarm_signed_off_stays_so_and_is_one_row(enrolled: Database) -> None:
    card = filled(3)
    card.newest_digest = "e" * 64
    card.keep(report(4))
    card.drain(office(enrolled))
    with enrolled.write() as session:
        row = session.scalars(select(Alarm)).one()
        assert sign_off(session, "plant", "one", row.kind, row.subject, "boss", NOW)
        assert not sign_off(session, "plant", "one", row.kind, row.subject, "boss", NOW)


def test_waiting_and_data_as_of_tell_how_old_the_board_is(enrolled: Database) -> None:
    card = filled(60)
    ingest(enrolled, "one", card.batch(10), NOW)
    with enrolled.read() as session:
        row = session.get(Gateway, ("plant", "one"))
        assert row is not None and row.waiting == 50 and row.data_as_of == 1_700_000_010.0
    card.drain(office(enrolled))
    with enrolled.read() as session:
        row = session.get(Gateway, ("plant", "one"))
        assert row is not None and row.waiting == 0 and row.data_as_of == NOW and row.clock_good == 1


def test_many_epochs_in_one_offer(enrolled: Database) -> None:
    card = Card("one")
    for number in range(1200):
        card.start()
        card.keep(report(number % 5))
    card.drain(office(enrolled), 500)
    assert len(positions(enrolled)) == 1200 and not alarms(enrolled)
    assert secrets.token_hex(16) not in {each.epoch for each in card.epochs}
