"""The elected worker: one at a time, backups in time, overdue announcements told."""

from sqlalchemy import select

from central.config import CentralConfig
from central.database import Database
from central.ingest import ingest
from central.limits import ANNOUNCED_SECONDS_MAX, LEASE_SECONDS, SILENT_SECONDS_MAX
from central.models import Alarm, BackupRow
from central.projector import is_behind
from central.work import BackupPump, FoldPump, OverduePump, SilentPump, Worker, pumps_of
from floor.events import AndonEscalated, AndonRaised, AndonResolved, ReportFinished
from tests.central.card import Card

NOW = 1_800_000_000.0


def kept(database: Database, count: int = 3) -> Card:
    card = Card("one")
    for _ in range(count):
        card.keep(ReportFinished(person="P1", operation="OP1", good=1))
    card.drain(lambda batch: ingest(database, "one", batch, NOW))
    return card


def test_one_worker_is_elected_and_another_takes_over(enrolled: Database, config: CentralConfig) -> None:
    first = Worker(enrolled, pumps_of(enrolled, config), "first")
    second = Worker(enrolled, pumps_of(enrolled, config), "second")
    first.step(NOW)
    assert second.step(NOW) > NOW and (first.elected, second.elected) == (True, False)
    first.step(NOW + LEASE_SECONDS / 2)
    second.step(NOW + LEASE_SECONDS)
    assert not second.elected
    second.step(NOW + 2 * LEASE_SECONDS)
    first.step(NOW + 2 * LEASE_SECONDS)
    assert (first.elected, second.elected) == (False, True)
    second.close()
    first.step(NOW + 2 * LEASE_SECONDS + 20)
    assert first.elected


def test_a_lease_from_a_wrong_clock_does_not_hold_for_ever(enrolled: Database, config: CentralConfig) -> None:
    first, second = (Worker(enrolled, pumps_of(enrolled, config), name) for name in ("first", "second"))
    first.step(NOW + 10 * 365 * 86_400)
    second.step(NOW)
    assert second.elected


def test_the_log_is_folded_and_copied_by_the_worker(enrolled: Database, config: CentralConfig) -> None:
    kept(enrolled)
    worker = Worker(enrolled, pumps_of(enrolled, config), "first")
    worker.step(NOW)
    with enrolled.read() as session:
        assert not is_behind(session, "plant")
        assert [row.position for row in session.scalars(select(BackupRow))] == [3]


def test_nothing_to_do_is_a_pause(enrolled: Database, config: CentralConfig) -> None:
    """A pump that is due again at once would keep a processor busy for ever."""
    for pump in pumps_of(enrolled, config):
        for _ in range(2):
            pump.step(NOW)
        assert pump.step(NOW) > NOW, type(pump).__name__


def test_a_backup_is_made_in_time_and_not_for_nothing(enrolled: Database, config: CentralConfig) -> None:
    pump = BackupPump(enrolled, config)
    kept(enrolled)
    assert pump.step(NOW) == NOW + 3_600
    assert pump.step(NOW + 10) <= NOW + 3_610
    pump.step(NOW + 4_000)
    with enrolled.read() as session:
        assert len(session.scalars(select(BackupRow)).all()) == 1
    kept(enrolled)
    pump.step(NOW + 4_100)
    with enrolled.read() as session:
        assert len(session.scalars(select(BackupRow)).all()) == 2


def test_a_backup_of_a_year_to_come_holds_up_no_other(enrolled: Database, config: CentralConfig) -> None:
    pump = BackupPump(enrolled, config)
    kept(enrolled)
    pump.step(NOW + 1e9)
    kept(enrolled)
    pump.step(NOW)
    pump.step(NOW + 10)
    with enrolled.read() as session:
        assert len(session.scalars(select(BackupRow)).all()) == 2


def test_a_backup_that_fails_is_an_alarm(enrolled: Database, config: CentralConfig) -> None:
    blocked = config.folder / "file"
    blocked.write_text("")
    broken = config.model_copy(update={"backup": config.backup.model_copy(update={"folder": blocked / "x"})})
    pump = BackupPump(enrolled, broken)
    assert NOW < pump.step(NOW) <= NOW + 300
    with enrolled.read() as session:
        assert set(session.scalars(select(Alarm.kind))) == {"backup_failed"}


def test_what_was_announced_and_does_not_come_is_an_alarm_after_a_day(enrolled: Database) -> None:
    card = Card("one")
    for _ in range(5):
        card.keep(ReportFinished(person="P1", operation="OP1", good=1))
    ingest(enrolled, "one", card.batch(2), NOW)
    pump = OverduePump(enrolled)
    pump.step(NOW + ANNOUNCED_SECONDS_MAX - 1)
    with enrolled.read() as session:
        assert session.scalars(select(Alarm)).all() == []
    pump.step(NOW + ANNOUNCED_SECONDS_MAX + 1)
    with enrolled.read() as session:
        [alarm] = session.scalars(select(Alarm)).all()
        assert (alarm.kind, alarm.gateway) == ("announced_not_sent", "one")


def test_a_gateway_that_falls_silent_with_an_open_call_is_an_alarm_and_no_tier(enrolled: Database) -> None:
    card = Card("one")
    call = card.keep(AndonRaised(call_type="quality"))
    closed = card.keep(AndonRaised(call_type="material"))
    card.keep(AndonEscalated(call=call, call_type="quality", tier=1, owner="班组长", elapsed_seconds=300))
    card.keep(AndonResolved(call=closed, call_type="material", cause="shortage"))
    ingest(enrolled, "one", card.batch(), NOW)
    FoldPump(enrolled).step(NOW)
    pump = SilentPump(enrolled)
    assert pump.step(NOW + SILENT_SECONDS_MAX - 1) > NOW
    with enrolled.read() as session:
        assert session.scalars(select(Alarm)).all() == []
    for later in (1, 31):
        pump.step(NOW + SILENT_SECONDS_MAX + later)
    with enrolled.read() as session:
        [alarm] = session.scalars(select(Alarm)).all()
        assert (alarm.kind, alarm.gateway, alarm.subject) == ("gateway_silent", "one", call)
        assert "quality" in alarm.detail and "班组长" in alarm.detail
