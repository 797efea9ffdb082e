"""A code answers again to the key that used it: the answer was lost, or the power cut behind the commit."""

import threading
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from central.asked_keys import proven_key
from central.database import Database
from central.enrolment import GATEWAY, enrol, invite_gateway, make_code, revoke
from central.errors import CertificateRequestRefused, TooManyAttempts
from central.limits import CODE_AGAIN_SECONDS, CODE_ATTEMPTS_MAX, CODES_MAX
from central.models import OneTimeCode
from central.sessions import token_hash
from gateway.client_keys import ClientKeys
from tests.central.test_certificates import plant_of

NOW = 1_750_000_000.0
MINE, OTHER = "a" * 64, "b" * 64


def invited(database: Database, now: float = NOW) -> str:
    with database.write() as session:
        return invite_gateway(session, database.plant, "one", "test", now)[0]


def asked(database: Database, code: str, now: float, key: str) -> str | None:
    with database.write() as session:
        return enrol(session, database.plant, "one", code, now, key)


def test_the_same_key_is_answered_again_for_an_hour_and_no_other(database: Database) -> None:
    code = invited(database)
    late = NOW + 599
    first = asked(database, code, late, MINE)
    assert first
    for key in (OTHER, ""):
        assert asked(database, code, late + 1, key) is None, "used"
    again = asked(database, code, late + CODE_AGAIN_SECONDS - 1, MINE)
    assert again and again != first, "the one told before is void"
    assert asked(database, code, late + CODE_AGAIN_SECONDS + 1, MINE) is None


def test_without_a_key_a_code_works_once(database: Database) -> None:
    code = invited(database)
    assert asked(database, code, NOW, "")
    for key in ("", MINE):
        assert asked(database, code, NOW, key) is None


def test_a_newer_code_a_revocation_and_wrong_tries_end_it(database: Database) -> None:
    code = invited(database)
    assert asked(database, code, NOW, MINE)
    newer = invited(database)
    assert asked(database, code, NOW, MINE) is None
    assert asked(database, newer, NOW, MINE)
    for _ in range(CODE_ATTEMPTS_MAX):
        assert asked(database, "WRONG-WRONG", NOW, MINE) is None
    assert asked(database, newer, NOW, MINE) is None
    last = invited(database)
    assert asked(database, last, NOW, MINE)
    with database.write() as session:
        revoke(session, database.plant, "one", NOW)
    assert asked(database, last, NOW, MINE) is None


def test_a_used_code_is_none_that_waits(database: Database) -> None:
    with database.write() as session:
        for number in range(CODES_MAX - 1):
            make_code(session, database.plant, GATEWAY, f"g{number}", "test", NOW)
    code = invited(database)
    with pytest.raises(TooManyAttempts), database.write() as session:
        make_code(session, database.plant, GATEWAY, "another", "test", NOW)
    assert asked(database, code, NOW, MINE)
    with database.write() as session:
        make_code(session, database.plant, GATEWAY, "another", "test", NOW)
        row = session.get_one(OneTimeCode, (database.plant, GATEWAY, "one"))
        assert (row.used_at, row.used_key) == (NOW, MINE)


def test_of_two_keys_at_once_one_is_answered(database: Database) -> None:
    code = invited(database)
    found: list[str | None] = []
    begin = threading.Barrier(2)

    def ask(key: str) -> None:
        begin.wait(30)
        found.append(asked(database, code, NOW, key))

    threads = [threading.Thread(target=ask, args=(key,)) for key in (MINE, OTHER)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(60)
    assert len(found) == 2 and len([each for each in found if each]) == 1


def test_the_server_knows_the_key_by_its_request(app: Flask, tmp_path: Path) -> None:
    client, here = app.test_client(), plant_of(app)
    code = invited(here.database, here.now())
    keys = ClientKeys(tmp_path, "one")
    first, second = (
        client.post("/api/v1/enrol", json={"gateway": "one", "code": code, "certificate_request": keys.request_again()})
        for _ in range(2)
    )
    assert (first.status_code, second.status_code) == (200, 200), second.text
    keys.keep(second.json["certificate"])
    with here.database.read() as session:
        held = session.scalars(select(OneTimeCode.used_key)).one()
    assert held and held != token_hash(code)
    answers = [
        client.get("/api/v1/facts", headers={"Authorization": f"Bearer {told.json['token']}"}).status_code
        for told in (first, second)
    ]
    assert answers == [401, 200]
    other = {"gateway": "one", "code": code, "certificate_request": keys.request()}
    assert client.post("/api/v1/enrol", json=other).status_code == 403
    assert client.post("/api/v1/enrol", json={"gateway": "one", "code": code}).status_code == 403


def test_a_key_that_is_not_proven_is_none(app: Flask, tmp_path: Path) -> None:
    pem = ClientKeys(tmp_path, "one").request()
    lines = pem.splitlines()
    lines[-2] = lines[-2].swapcase()
    for spoilt in ("\n".join(lines), "no request at all"):
        with pytest.raises(CertificateRequestRefused):
            proven_key(spoilt)
    client, here = app.test_client(), plant_of(app)
    code = invited(here.database, here.now())
    wrong = {"gateway": "one", "code": code, "certificate_request": "\n".join(lines)}
    assert client.post("/api/v1/enrol", json=wrong).status_code == 400
    assert client.post("/api/v1/enrol", json=wrong | {"certificate_request": pem}).status_code == 200, "it was not used"
