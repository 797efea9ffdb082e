"""A dead Pi is replaced: the identity moves, the old card is recognised, nothing it had is lost or doubled."""

import json
import shutil
import sqlite3
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from central.backup import make_backup
from central.card_import import Imported, import_card
from central.change import note_change
from central.commands import central_group
from central.config import CentralConfig
from central.context import Plant
from central.credentials import cards_of, former_of, pending_replacement
from central.database import Database
from central.enrolment import awaits_card, enrol, invite_gateway, replace_gateway, retire, revoke
from central.errors import CardOfAnotherServer, CardUnreadable, CredentialRefused, NameRefused, NameTaken
from central.files import FileStore
from central.ingest import ingest
from central.models import Alarm, Gateway, Record, Stream
from central.opening import open_database
from central.projector import catch_up_all
from central.restore import restore_backup
from central.rights_tables import AuditRow
from sync.wire import Batch
from tests.central.card_folder import CardFolder, NearOffice
from tests.central.conftest import enrol_gateway
from tests.central.servers import write_config

NOW = 1_780_000_000.0


def held(database: Database) -> Counter[tuple[str, int, str]]:
    """(epoch, seq, digest) of every record of the log, with how often it stands there."""
    with database.read() as session:
        rows = session.execute(
            select(Stream.epoch, Record.seq, Record.digest).join(Stream, Stream.id == Record.stream_id)
        )
        return Counter((row.epoch, row.seq, row.digest) for row in rows)


def alarms(database: Database) -> set[str]:
    with database.read() as session:
        return set(session.scalars(select(Alarm.kind)))


def replaced(database: Database, name: str = "one") -> str:
    """Another card takes the place; its token."""
    with database.write() as session:
        code, _ = replace_gateway(session, database.plant, name, "test", NOW)
    with database.write() as session:
        token = enrol(session, database.plant, name, code, NOW)
    assert token
    return token


def imported(database: Database, place: Path, folder: Path) -> Imported:
    return import_card(database, FileStore(folder, 10**9), place, folder, lambda: NOW)


ACTS = st.one_of(
    st.tuples(st.just("keep_old"), st.integers(1, 6)),
    st.tuples(st.just("send_old"), st.integers(1, 4)),
    st.tuples(st.just("keep_new"), st.integers(1, 6)),
    st.tuples(st.just("send_new"), st.integers(1, 4)),
    st.tuples(st.just("import_old"), st.just(0)),
)


@settings(max_examples=8, deadline=None)
@given(before=st.lists(ACTS, min_size=1, max_size=5), after=st.lists(ACTS, max_size=6))
def test_the_office_ends_with_both_cards_once_each(before: list[tuple[str, int]], after: list[tuple[str, int]]) -> None:
    """Whatever the old card had sent, and in whatever order the two come in."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        database = open_database(CentralConfig(folder=folder / "central"))
        enrol_gateway(database, "one")
        office = NearOffice(database, "one", lambda: NOW)
        old, new = CardFolder(folder / "old", "one"), CardFolder(folder / "new", "one")
        old.keep(2)
        for act, count in before:
            run(act, count, old, old, office, database, folder)
        replaced(database)
        new.keep(1)
        new.send(office, 1)
        for act, count in after:
            run(act, count, old, new, office, database, folder)
        new.send(office, 30)
        assert imported(database, old.folder, folder / "central").faults_count == 0
        again = imported(database, old.folder, folder / "central")
        assert again.taken == 0 and again.records == len(old.identities())
        found = held(database)
        assert set(found) == old.identities() | new.identities()
        assert set(found.values()) == {1}
        assert not alarms(database) & {"second_card", "fork", "conflict", "wrong_digest", "broken_link"}
        catch_up_all(database)
        database.close()


def run(
    act: str, count: int, old: CardFolder, new: CardFolder, office: NearOffice, database: Database, folder: Path
) -> None:
    """A replaced card sends nothing any more: its credential is void."""
    if act == "keep_old":
        old.keep(count)
    elif act == "keep_new":
        new.keep(count)
    elif act == "import_old":
        imported(database, old.folder, folder / "central")
    else:
        new.send(office, count)


@pytest.fixture
def plant(tmp_path: Path) -> Database:
    return open_database(CentralConfig(folder=tmp_path / "central"))


def test_a_second_card_that_nobody_chose_is_still_told(plant: Database, tmp_path: Path) -> None:
    enrol_gateway(plant, "one")
    office = NearOffice(plant, "one", lambda: NOW)
    for name in ("first", "second"):
        card = CardFolder(tmp_path / name, "one")
        card.keep(1)
        if name == "second":
            enrol_gateway(plant, "one")
        card.send(office, 2)
    assert "second_card" in alarms(plant)
    third = CardFolder(tmp_path / "third", "one")
    third.keep(1)
    plant.close()


def test_a_clone_of_the_new_card_is_a_fork_as_ever(plant: Database, tmp_path: Path) -> None:
    enrol_gateway(plant, "one")
    office = NearOffice(plant, "one", lambda: NOW)
    CardFolder(tmp_path / "old", "one").keep(3)
    replaced(plant)
    new = CardFolder(tmp_path / "new", "one")
    new.keep(2)
    shutil.copytree(new.folder, tmp_path / "clone")
    clone = CardFolder(tmp_path / "clone", "one")
    for card in (new, clone):
        card.keep(1)
        card.send(office, 5)
    assert "fork" in alarms(plant)
    assert set(held(plant)) == new.identities() | clone.identities()
    plant.close()


def test_newer_records_of_the_new_card_stay_newer(plant: Database, tmp_path: Path) -> None:
    """An epoch of the old card that turns up late comes before those of the new one (I9)."""
    enrol_gateway(plant, "one")
    office = NearOffice(plant, "one", lambda: NOW)
    old, new = CardFolder(tmp_path / "old", "one"), CardFolder(tmp_path / "new", "one")
    old.keep(1)
    old.send(office, 3)
    replaced(plant)
    new.keep(1)
    new.send(office, 3)
    for _ in range(3):
        old.keep(1)
    imported(plant, old.folder / "journal.sqlite", tmp_path / "central")
    with plant.read() as session:
        rows = {row.epoch: row.ordinal for row in session.execute(select(Stream.epoch, Stream.ordinal))}
    of_new = {epoch for epoch, _, _ in new.identities()}
    assert max(rows[epoch] for epoch in rows if epoch not in of_new) < min(rows[epoch] for epoch in of_new)
    plant.close()


def test_an_old_card_of_which_nothing_had_come_stays_before_the_new_one(plant: Database, tmp_path: Path) -> None:
    token = enrol_gateway(plant, "one")
    office = NearOffice(plant, "one", lambda: NOW + 5)
    old, older_token = CardFolder(tmp_path / "old", "one"), replaced(plant)
    (old.folder / "token").write_text(token + "\n")
    old.keep(1)
    old.keep(1)
    middle, new = CardFolder(tmp_path / "middle", "one"), CardFolder(tmp_path / "new", "one")
    (middle.folder / "token").write_text(older_token + "\n")
    middle.keep(2)
    replaced(plant)
    new.keep(1)
    new.send(office, 3)
    for card in (old, middle, old):
        imported(plant, card.folder, tmp_path / "central")
    with plant.read() as session:
        rows = {row.epoch: row.ordinal for row in session.execute(select(Stream.epoch, Stream.ordinal))}
    of_new = {epoch for epoch, _, _ in new.identities()}
    assert len(rows) == 4
    assert max(rows[epoch] for epoch in rows if epoch not in of_new) < min(rows[epoch] for epoch in of_new)
    assert min(rows.values()) >= 0, "what nothing is known of stands at -1"
    plant.close()


def test_a_card_whose_credential_is_good_stands_behind_what_came_before(plant: Database, tmp_path: Path) -> None:
    """Its predecessor has sent; nothing of the new one has come but by hand."""
    enrol_gateway(plant, "one")
    office = NearOffice(plant, "one", lambda: NOW)
    old, new = CardFolder(tmp_path / "old", "one"), CardFolder(tmp_path / "new", "one")
    old.keep(1)
    old.send(office, 3)
    (new.folder / "token").write_text(replaced(plant))
    new.keep(1)
    imported(plant, new.folder, tmp_path / "central")
    with plant.read() as session:
        rows = {row.epoch: row.ordinal for row in session.execute(select(Stream.epoch, Stream.ordinal))}
    of_new = {epoch for epoch, _, _ in new.identities()}
    assert {rows[epoch] for epoch in of_new} == {max(rows.values())} and len(rows) == 2
    plant.close()


def test_a_card_that_another_server_had_is_refused_unless_somebody_means_it(plant: Database, tmp_path: Path) -> None:
    elsewhere = open_database(CentralConfig(folder=tmp_path / "elsewhere"))
    for database in (plant, elsewhere):
        enrol_gateway(database, "one")
    card = CardFolder(tmp_path / "card", "one")
    card.keep(3)
    card.send(NearOffice(elsewhere, "one", lambda: NOW), 3)
    with pytest.raises(CardOfAnotherServer) as refused:
        imported(plant, card.folder, tmp_path / "central")
    assert "--other-server" in refused.value.hint and not held(plant)
    files = FileStore(tmp_path / "central", 10**9)
    done = import_card(plant, files, card.folder, tmp_path / "central", lambda: NOW, other_server=True)
    assert done.taken == 3 and done.server
    card.keep(1)
    assert imported(plant, card.folder, tmp_path / "central").taken == 1, "an epoch that is known shows whose it is"
    elsewhere.close()
    plant.close()


def test_a_card_of_a_database_that_was_restored_is_ours(tmp_path: Path) -> None:
    config = CentralConfig(folder=tmp_path / "central")
    database = open_database(config)
    enrol_gateway(database, "one")
    copy = make_backup(database, config, NOW).file
    card = CardFolder(tmp_path / "card", "one")
    card.keep(3)
    card.send(NearOffice(database, "one", lambda: NOW), 3)
    database.close()
    restore_backup(config, copy, NOW + 1)
    database = open_database(config)
    assert imported(database, card.folder, tmp_path / "central").taken == 3
    database.close()


def test_an_import_that_breaks_off_stands_in_the_audit_log_with_what_it_took(tmp_path: Path) -> None:
    config = write_config(tmp_path)
    folder = tmp_path / "central"
    database = open_database(CentralConfig(folder=folder))
    enrol_gateway(database, "one")
    card = CardFolder(tmp_path / "old", "one")
    card.keep(3)
    card.keep(1)
    with sqlite3.connect(card.folder / "journal.sqlite") as connection:
        # No text of UTF-8: what is behind the first epoch cannot be read.
        connection.execute("UPDATE record SET content = CAST(x'ff' AS TEXT) WHERE position = 4")
    connection.close()
    done = CliRunner().invoke(central_group, ["import-card", "--config", str(config), str(card.folder)])
    assert done.exit_code == 1 and "damaged" in done.output
    assert len(held(database)) == 3
    with database.read() as session:
        row = session.scalars(select(AuditRow).where(AuditRow.action == "gateway.card_imported")).one()
    assert json.loads(row.detail) == {"records": 3, "taken": 3, "faults": 0, "broke_off": True}
    database.close()


def test_a_damaged_card_gives_what_is_sound_and_says_what_is_not(plant: Database, tmp_path: Path) -> None:
    enrol_gateway(plant, "one")
    card = CardFolder(tmp_path / "old", "one")
    card.keep(9)
    whole = card.identities()
    with sqlite3.connect(card.folder / "journal.sqlite") as connection:
        connection.execute("UPDATE record SET content = replace(content, 'OP1', 'OP2') WHERE position = 4")
        connection.execute("DELETE FROM record WHERE position = 7")
    connection.close()
    done = imported(plant, card.folder, tmp_path / "central")
    assert (done.records, done.taken) == (7, 7)
    assert any("/4 does not fit" in each for each in done.faults) and done.faults_count >= 2
    assert {seq for _, seq, _ in held(plant)} == {1, 2, 3, 5, 6, 8, 9}
    assert set(held(plant)) < whole
    assert "floor_above_mark" in alarms(plant), "the holes are declared and told"
    plant.close()


def test_the_card_itself_is_only_read(plant: Database, tmp_path: Path) -> None:
    enrol_gateway(plant, "one")
    card = CardFolder(tmp_path / "old", "one")
    card.keep(5)

    def files() -> dict[str, tuple[bytes, int]]:
        found = [path for path in card.folder.iterdir() if path.is_file()]
        return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in found}

    before = files()
    imported(plant, card.folder, tmp_path / "central")
    assert files() == before
    assert not list((tmp_path / "central").glob("card-*")), "the copy is gone"
    plant.close()


def test_what_is_no_card_of_ours_is_refused(plant: Database, tmp_path: Path) -> None:
    (tmp_path / "journal.sqlite").write_bytes(b"no database at all" * 100)
    with pytest.raises(CardUnreadable, match="not a database"):
        imported(plant, tmp_path, tmp_path / "central")
    with pytest.raises(CardUnreadable, match="no journal"):
        imported(plant, tmp_path / "nowhere", tmp_path / "central")
    stranger = CardFolder(tmp_path / "stranger", "elsewhere")
    stranger.keep(1)
    with pytest.raises(CardUnreadable, match="does not know"):
        imported(plant, stranger.folder, tmp_path / "central")
    plant.close()


def test_a_retired_gateway_is_closed_and_its_card_still_counts(plant: Database, tmp_path: Path) -> None:
    enrol_gateway(plant, "one")
    card = CardFolder(tmp_path / "old", "one")
    card.keep(4)
    with plant.write() as session:
        retire(session, plant.plant, "one", "test", NOW)
    with pytest.raises(CredentialRefused):
        ingest(plant, "one", Batch(gateway="one"), NOW)
    with plant.write() as session:
        for invite in (invite_gateway, replace_gateway):
            with pytest.raises(NameRefused, match="retired"):
                invite(session, plant.plant, "one", "test", NOW)
    assert imported(plant, card.folder, tmp_path / "central").taken == 4
    with plant.read() as session:
        row = session.get(Gateway, (plant.plant, "one"))
        assert row is not None and row.last_seen is None, "a card in somebody's hand is no gateway that was seen"
    plant.close()


def test_a_name_that_was_taken_meanwhile_leaves_the_code_as_it_was(plant: Database) -> None:
    with plant.write() as session:
        code, _ = invite_gateway(session, plant.plant, "one", "test", NOW, days=7)
        retire(session, plant.plant, "one", "test", NOW)
        code, _ = "AAAA-AAAA-AAAA", code
    with plant.write() as session:
        assert enrol(session, plant.plant, "one", code, NOW) is None
    plant.close()


def test_a_code_for_a_card_works_for_days_and_one_for_now_for_minutes(plant: Database) -> None:
    with plant.write() as session:
        code, until = invite_gateway(session, plant.plant, "one", "test", NOW, days=7)
        assert until == NOW + 7 * 86_400
    with plant.write() as session:
        assert enrol(session, plant.plant, "one", code, NOW + 6 * 86_400)
    with plant.write() as session:
        code, _ = invite_gateway(session, plant.plant, "one", "test", NOW)
    with plant.write() as session:
        assert enrol(session, plant.plant, "one", code, NOW + 700) is None
    plant.close()


def test_the_commands_replace_import_and_retire(tmp_path: Path) -> None:
    config = write_config(tmp_path)
    folder = tmp_path / "central"
    database = open_database(CentralConfig(folder=folder))
    enrol_gateway(database, "one")
    database.close()
    card = CardFolder(tmp_path / "old", "one")
    card.keep(3)

    def told(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(central_group, [words[0], "--config", str(config), *words[1:]])
        return done.exit_code, done.output

    assert told("replace", "two")[0] == 1, "it was never enrolled"
    status, output = told("replace", "one", "--days", "7")
    assert status == 0 and "code: " in output
    status, output = told("import-card", str(card.folder))
    assert (status, output) == (0, "one: 3 records in 1 epochs, 3 were new, 0 photos were new, 0 faults\n")
    assert "0 were new" in told("import-card", "--other-server", str(card.folder))[1]
    assert told("retire", "one")[0] == 0
    status, output = told("retire", "one")
    assert status == 1 and "retired before" in output


# The old card reappears


def test_an_old_card_is_told_what_it_is_and_so_is_a_person(app: Flask) -> None:
    here: Plant = app.extensions["lineside"]
    old = enrol_gateway(here.database, "one")
    here.clock = lambda: NOW
    client = app.test_client()

    def offered(token: str) -> tuple[int, str]:
        batch = Batch(gateway="one").model_dump_json()
        answer = client.post("/api/v1/sync", data=batch, headers={"Authorization": f"Bearer {token}"})
        return answer.status_code, answer.text

    with here.database.write() as session:
        replace_gateway(session, here.database.plant, "one", "test", NOW)
    assert offered(old)[0] == 200, "until the other card is enrolled nothing stops"
    new = replaced(here.database)
    assert offered(new)[0] == 200
    status, told = offered(old)
    assert status == 401 and "was replaced" in told and "import-card" in told
    with here.database.read() as session:
        row = session.scalars(select(Alarm).where(Alarm.kind == "old_card")).one()
        assert (row.gateway, row.count) == ("one", 1)
    offered(old)
    here.clock = lambda: NOW + 61
    offered(old)
    with here.database.read() as session:
        assert session.scalars(select(Alarm).where(Alarm.kind == "old_card")).one().count == 2, "once a minute at most"


def test_the_same_card_enrolled_again_is_no_old_card(app: Flask) -> None:
    here: Plant = app.extensions["lineside"]
    old = enrol_gateway(here.database, "one")
    enrol_gateway(here.database, "one")
    answer = app.test_client().get("/api/v1/facts", headers={"Authorization": f"Bearer {old}"})
    assert answer.status_code == 401 and "enrolled again" in answer.text
    assert "old_card" not in alarms(here.database)
    replaced(here.database)
    app.test_client().get("/api/v1/facts", headers={"Authorization": f"Bearer {old}"})
    assert "old_card" in alarms(here.database), "now it is one"


def given_back(database: Database, way: str) -> None:
    """A chosen replacement comes to nothing, and long after it a card is enrolled by an ordinary code."""
    later = NOW + 400 * 86_400
    with database.write() as session:
        replace_gateway(session, database.plant, "one", "test", NOW)
    if way == "revoked":
        with database.write() as session:
            revoke(session, database.plant, "one", NOW)
    with database.write() as session:
        code, _ = invite_gateway(session, database.plant, "one", "test", later)
    with database.write() as session:
        assert enrol(session, database.plant, "one", code, later)


@pytest.mark.parametrize("way", ["ran out", "revoked"])
def test_a_replacement_that_was_not_carried_out_ends_with_its_code(plant: Database, tmp_path: Path, way: str) -> None:
    old = enrol_gateway(plant, "one")
    office = NearOffice(plant, "one", lambda: NOW)
    first, second = CardFolder(tmp_path / "first", "one"), CardFolder(tmp_path / "second", "one")
    first.keep(1)
    first.send(office, 2)
    given_back(plant, way)
    with plant.read() as session:
        assert pending_replacement(session, plant.plant, "one") is None
        assert cards_of(session, plant.plant, "one") == 1
        former = former_of(session, plant.plant, old)
        assert former is not None and former.ended_for == ("revoked" if way == "revoked" else "enrolled_again")
    second.keep(1)
    second.send(office, 2)
    assert "second_card" in alarms(plant), "nobody chose it"
    plant.close()


def test_revoking_takes_a_replacement_back_at_once(plant: Database) -> None:
    enrol_gateway(plant, "one")
    with plant.write() as session:
        replace_gateway(session, plant.plant, "one", "test", NOW)
        assert awaits_card(session, plant.plant, "one", NOW)
        assert not awaits_card(session, plant.plant, "one", NOW + 601), "its code ran out, so nothing is waited for"
        revoke(session, plant.plant, "one", NOW)
        assert pending_replacement(session, plant.plant, "one") is None
    plant.close()


def test_a_name_that_became_a_station_of_another_gateway(plant: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with plant.write() as session:
        code, _ = invite_gateway(session, plant.plant, "one", "test", NOW)
    monkeypatch.setattr("central.enrolment._taken", lambda session, plant, name: "taken")
    with pytest.raises(NameTaken), plant.write() as session:
        enrol(session, plant.plant, "one", code, NOW)
    monkeypatch.undo()
    with plant.write() as session:
        note_change(session, plant.plant)
        assert enrol(session, plant.plant, "one", code, NOW), "the code works once the name is free"
    plant.close()
