"""Backups and restores (S5, S6) on both databases: what is safe, what a restore asks for, marks that go back."""

import json
import os
import random
from pathlib import Path

import pytest
from sqlalchemy import select

from central.backup import make_backup
from central.config import CentralConfig
from central.credentials import pending_replacement
from central.database import Database
from central.enrolment import replace_gateway
from central.errors import BackupCorrupt, BackupFailed, RestoreRefused
from central.ingest import ingest
from central.manifests import SUFFIX, read_manifest
from central.models import Alarm, Record, Stream
from central.opening import MARKER, open_database
from central.restore import restore_backup
from floor.events import ReportFinished
from tests.central.card import Card
from tests.central.conftest import enrol_gateway

NOW = 1_800_000_000.0


def keep(card: Card, count: int) -> None:
    for number in range(count):
        card.keep(ReportFinished(person="P1", operation="OP1", good=number))


def drain(database: Database, *cards: Card) -> None:
    for card in cards:
        card.drain(lambda batch, name=card.name: ingest(database, name, batch, NOW))


def held(database: Database) -> list[str]:
    with database.read() as session:
        return sorted(session.scalars(select(Record.content)))


def alarms(database: Database) -> set[str]:
    with database.read() as session:
        return set(session.scalars(select(Alarm.kind)))


def opened(config: CentralConfig, *names: str) -> Database:
    database = open_database(config)
    for name in names:
        enrol_gateway(database, name)
    return database


def test_safe_moves_only_with_a_confirmed_copy(config: CentralConfig) -> None:
    database = opened(config, "one")
    card = Card("one")
    keep(card, 10)
    drain(database, card)
    assert card.epochs[0].safe == 0
    made = make_backup(database, config, NOW)
    keep(card, 5)
    drain(database, card)
    assert (card.epochs[0].mark, card.epochs[0].safe, made.position) == (15, 10, 10)
    manifest = read_manifest(made.file.with_name(made.file.name + SUFFIX))
    assert [(each.gateway, each.mark) for each in manifest.streams] == [("one", 10)]
    assert oct(made.file.stat().st_mode & 0o777) == "0o600"
    database.close()


def test_a_copy_that_cannot_be_made_makes_nothing_safe(config: CentralConfig) -> None:
    database = opened(config, "one")
    card = Card("one")
    keep(card, 3)
    drain(database, card)
    blocked = config.folder / "file"
    blocked.write_text("")
    broken = config.model_copy(update={"backup": config.backup.model_copy(update={"folder": blocked / "x"})})
    with pytest.raises(BackupFailed):
        make_backup(database, broken, NOW)
    drain(database, card)
    assert card.epochs[0].safe == 0
    database.close()


def test_the_newest_copies_stay(config: CentralConfig) -> None:
    few = config.model_copy(update={"backup": config.backup.model_copy(update={"keep": 2})})
    database = opened(few)
    made = [make_backup(database, few, NOW + number).file for number in range(4)]
    assert [each.exists() for each in made] == [False, False, True, True]
    assert len(list(few.backup_folder.iterdir())) == 4
    database.close()


def test_the_newest_copy_stays_whatever_the_clock_said(config: CentralConfig) -> None:
    """Gateways delete what a confirmed copy holds: it must not go because others were made in a year to come."""
    few = config.model_copy(update={"backup": config.backup.model_copy(update={"keep": 2})})
    database = opened(few, "one")
    ahead = [make_backup(database, few, NOW + 1e9 + number).file for number in range(3)]
    made = [make_backup(database, few, NOW + number).file for number in range(3)]
    assert [each.exists() for each in (*ahead, *made)] == [False, False, False, False, True, True]
    behind = make_backup(database, few, NOW - 1e9).file
    assert behind.exists(), "also with a clock that went back"
    database.close()


def test_marks_go_back_with_an_older_copy_and_everything_comes_again(config: CentralConfig) -> None:
    database = opened(config, "one", "two")
    one, two = Card("one"), Card("two")
    keep(one, 8)
    drain(database, one)
    first = make_backup(database, config, NOW)
    keep(one, 4)
    one.start()
    keep(one, 3)
    keep(two, 6)
    drain(database, one, two)
    wanted = held(database)
    database.close()
    said = restore_backup(config, first.file, NOW + 5)
    assert first.file.name in said
    database = open_database(config)
    assert len(held(database)) == 8
    drain(database, one, two)
    assert held(database) == wanted and alarms(database) == {"restored"}
    database.close()


def test_what_only_the_newer_copy_held_is_asked_for_and_declared(config: CentralConfig) -> None:
    database = opened(config, "one")
    card = Card("one")
    keep(card, 5)
    drain(database, card)
    first = make_backup(database, config, NOW)
    keep(card, 5)
    drain(database, card)
    make_backup(database, config, NOW + 1)
    drain(database, card)
    image = card.copy()
    card.prune()
    assert card.epochs[0].floor == 10
    database.close()
    restore_backup(config, first.file, NOW + 5)
    database = open_database(config)
    drain(database, card)
    assert card.epochs[0].missing == ((6, 10),) and len(held(database)) == 5 and "restored" in alarms(database)
    card.epochs[0].floor, card.records = 0, image.records
    drain(database, card)
    assert card.epochs[0].missing == () and len(held(database)) == 10
    database.close()


def test_a_replacement_whose_code_the_restore_voided_is_taken_back(config: CentralConfig) -> None:
    database = opened(config, "one")
    with database.write() as session:
        replace_gateway(session, database.plant, "one", "test", NOW)
    copy = make_backup(database, config, NOW).file
    database.close()
    restore_backup(config, copy, NOW + 5)
    database = open_database(config)
    with database.read() as session:
        assert pending_replacement(session, database.plant, "one") is None
    database.close()


def test_a_copy_made_while_records_were_missing_is_no_reason_to_delete_them(config: CentralConfig) -> None:
    """The gap is filled after the copy was made; restored from it, the server must find the records on the card."""
    database = opened(config, "one")
    card = Card("one")
    keep(card, 4)
    drain(database, card)
    older = make_backup(database, config, NOW).file
    keep(card, 6)
    drain(database, card)
    database.close()
    restore_backup(config, older, NOW + 1)
    database = open_database(config)
    newest = make_backup(database, config, NOW + 2).file
    drain(database, card)
    card.prune()
    assert len(held(database)) == 10 and card.epochs[0].floor == 4
    database.close()
    restore_backup(config, newest, NOW + 3)
    database = open_database(config)
    drain(database, card)
    assert len(held(database)) == 10
    database.close()


def test_a_fork_that_came_after_the_copy_is_told_again(config: CentralConfig) -> None:
    """The cards may be silent by then: the restored server knows both branches from its manifests alone."""
    database = opened(config, "one")
    card = Card("one")
    keep(card, 3)
    drain(database, card)
    older = make_backup(database, config, NOW).file
    twin = card.copy()
    card.start()
    for each in (card, twin):
        keep(each, 1)
    drain(database, card, twin)
    make_backup(database, config, NOW + 1)
    database.close()
    restore_backup(config, older, NOW + 2)
    database = open_database(config)
    assert "fork" in alarms(database)
    database.close()


def test_a_damaged_copy_or_manifest_is_refused(config: CentralConfig) -> None:
    database = opened(config, "one")
    card = Card("one")
    keep(card, 5)
    drain(database, card)
    made = make_backup(database, config, NOW)
    database.close()
    manifest = made.file.with_name(made.file.name + SUFFIX)
    good, text = made.file.read_bytes(), manifest.read_text()
    flipped = bytearray(good)
    flipped[len(good) // 2] ^= 1
    made.file.write_bytes(flipped)
    with pytest.raises(BackupCorrupt):
        restore_backup(config, made.file, NOW)
    made.file.write_bytes(good)
    manifest.write_text(text.replace('\\"mark\\":5', '\\"mark\\":9'))
    assert manifest.read_text() != text
    with pytest.raises(BackupCorrupt):
        restore_backup(config, made.file, NOW)
    manifest.write_text(json.dumps([]))
    with pytest.raises(BackupCorrupt):
        restore_backup(config, made.file, NOW)


def test_a_running_server_is_not_restored_over(config: CentralConfig) -> None:
    database = opened(config)
    made = make_backup(database, config, NOW)
    with pytest.raises(RestoreRefused):
        restore_backup(config, made.file, NOW)
    database.close()
    restore_backup(config, made.file, NOW)


def test_a_restore_that_was_cut_keeps_the_server_from_starting(config: CentralConfig) -> None:
    database = opened(config)
    made = make_backup(database, config, NOW)
    database.close()
    (config.folder / MARKER).write_text("")
    with pytest.raises(RestoreRefused):
        open_database(config)
    restore_backup(config, made.file, NOW)
    open_database(config).close()


def test_copies_and_restores_at_random_lose_and_double_nothing_that_a_card_holds(config: CentralConfig) -> None:
    chance = random.Random(int(os.environ.get("LINESIDE_SEED", "11")))
    database = opened(config, "one")
    card, said, copies = Card("one"), set(), list[Path]()
    for step in range(25):
        act = chance.choice(("keep", "keep", "drain", "copy", "restart", "restore", "prune"))
        if act == "keep":
            for number in range(chance.randint(1, 4)):
                identity = card.keep(ReportFinished(person="P1", operation="OP1", good=number))
                said.add(identity)
        elif act == "drain":
            drain(database, card)
        elif act == "copy":
            copies.append(make_backup(database, config, NOW + step).file)
        elif act == "restart":
            card.start()
        elif act == "prune":
            card.prune()
        elif copies:
            database.close()
            # The newest, so that nothing that was declared safe can be missing.
            restore_backup(config, copies[-1], NOW + step)
            database = open_database(config)
    drain(database, card)
    with database.read() as session:
        rows = session.execute(select(Stream.epoch, Record.seq).join(Record, Record.stream_id == Stream.id)).all()
    found = [f"{row.epoch}/{row.seq}" for row in rows]
    assert sorted(found) == sorted(said)
    database.close()
