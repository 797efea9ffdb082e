"""The interface of gateways and readers, through the whole application: credentials, bounds, bodies, errors."""

import gzip
import json
import time
import zlib

import pytest
from flask import Flask
from flask.testing import FlaskClient

from central.context import Plant
from central.enrolment import invite_gateway, revoke
from central.limits import CODE_ATTEMPTS_MAX, ENROL_ATTEMPTS_PER_MINUTE_MAX
from central.snapshots import publish
from floor.events import ReportFinished
from floor.master import MasterData
from floor.rows import Person
from sync.wire import BATCH_BYTES_MAX, Receipt, content_digest_of
from tests.central.card import Card
from tests.central.conftest import enrol_gateway
from tests.central.page_client import submit


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def plant(app: Flask) -> Plant:
    found = app.extensions["lineside"]
    assert isinstance(found, Plant)
    return found


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def card_of(count: int, name: str = "one") -> Card:
    card = Card(name)
    for _ in range(count):
        card.keep(ReportFinished(person="P1", operation="OP1", good=1))
    return card


def test_a_batch_comes_in_plain_and_compressed(app: Flask, client: FlaskClient) -> None:
    token = enrol_gateway(plant(app).database, "one")
    card = card_of(3)
    body = card.batch().model_dump_json().encode()
    answer = client.post("/api/v1/sync", data=body, headers=bearer(token))
    assert answer.status_code == 200
    receipt = Receipt.model_validate_json(answer.data)
    assert receipt.streams[0].mark == 3 and abs(receipt.server_time - time.time()) < 60 and len(receipt.server) == 32
    packed = client.post("/api/v1/sync", data=gzip.compress(body), headers=bearer(token) | {"Content-Encoding": "gzip"})
    assert Receipt.model_validate_json(packed.data).streams == receipt.streams


def test_a_body_cannot_claim_another_name(app: Flask, client: FlaskClient) -> None:
    token = enrol_gateway(plant(app).database, "one")
    enrol_gateway(plant(app).database, "two")
    answer = client.post("/api/v1/sync", data=card_of(1, "two").batch().model_dump_json(), headers=bearer(token))
    assert answer.status_code == 403 and set(answer.get_json()) == {"error", "hint"}
    assert client.get("/api/v1/records").get_json() == {"records": []}


def test_a_revoked_or_replaced_credential_is_refused(app: Flask, client: FlaskClient) -> None:
    database = plant(app).database
    first = enrol_gateway(database, "one")
    second = enrol_gateway(database, "one")
    assert client.get("/api/v1/facts", headers=bearer(first)).status_code == 401
    assert client.get("/api/v1/facts", headers=bearer(second)).get_json() == {"facts": [], "last": 0}
    with database.write() as session:
        revoke(session, "plant", "one", time.time())
    for path in ("/api/v1/facts", "/api/v1/snapshot"):
        assert client.get(path, headers=bearer(second)).status_code == 401
    assert client.post("/api/v1/sync", data=b"{}", headers=bearer(second)).status_code == 401
    assert client.post("/api/v1/sync", data=b"{}").status_code == 401


def test_a_small_body_cannot_unpack_to_a_large_one(app: Flask, client: FlaskClient) -> None:
    token = enrol_gateway(plant(app).database, "one")
    packed = zlib.compressobj(9, wbits=31)
    bomb = packed.compress(b" " * (BATCH_BYTES_MAX + 1)) + packed.flush()
    assert len(bomb) < 20_000
    headers = bearer(token) | {"Content-Encoding": "gzip"}
    assert client.post("/api/v1/sync", data=bomb, headers=headers).status_code == 413
    assert client.post("/api/v1/sync", data=b" " * (BATCH_BYTES_MAX + 1), headers=bearer(token)).status_code == 413
    assert client.post("/api/v1/sync", data=bomb[:100], headers=headers).status_code == 400
    assert client.post("/api/v1/sync", data=bomb + b"more", headers=headers).status_code == 413
    assert client.post("/api/v1/sync", data=b"x", headers=bearer(token) | {"Content-Encoding": "br"}).status_code == 400


HOSTILE = (
    b"",
    b"null",
    b"[]",
    b"{",
    b"\xff\xfe",
    b"[" * 100_000,
    b'{"gateway":"one","streams":[{"epoch":"x","last":1}]}',
    b'{"gateway":"../../etc/passwd"}',
    b'{"gateway":"one","streams":{"a":1}}',
    b'{"gateway":"one","streams":[{"epoch":"' + b"a" * 32 + b'","last":-1}]}',
    b'{"gateway":"one","streams":[{"epoch":"' + b"a" * 32 + b'","last":1,"records":[[1,2]]}]}',
    b'{"gateway":"one","streams":[{"epoch":"' + b"a" * 32 + b'","last":1,"records":[[1,"a","b","\\ud800"]]}]}',
    b'{"gateway":"one","streams":[{"epoch":"' + b"a" * 32 + b'","last":1e400}]}',
    b'{"gateway":"one","protocol":2}',
)


@pytest.mark.parametrize("body", HOSTILE)
def test_hostile_bodies_are_refused_and_take_nothing(app: Flask, client: FlaskClient, body: bytes) -> None:
    token = enrol_gateway(plant(app).database, "one")
    answer = client.post("/api/v1/sync", data=body, headers=bearer(token))
    assert answer.status_code in (400, 403) and set(answer.get_json()) == {"error", "hint"}
    assert len(answer.data) < 3_000


def test_records_with_numbers_out_of_range_stop_their_stream(app: Flask, client: FlaskClient) -> None:
    token = enrol_gateway(plant(app).database, "one")
    for seq in (0, -5, 2**70):
        record = [seq, "0" * 64, "0" * 64, "{}"]
        body = {"gateway": "one", "streams": [{"epoch": "a" * 32, "last": 5, "records": [record]}]}
        answer = client.post("/api/v1/sync", data=json.dumps(body), headers=bearer(token))
        assert answer.status_code == 200 and answer.get_json()["streams"][0]["mark"] == 0


def test_a_newer_protocol_is_told_so(app: Flask, client: FlaskClient) -> None:
    token = enrol_gateway(plant(app).database, "one")
    headers = bearer(token) | {"Lineside-Protocol": "2"}
    answer = client.post("/api/v1/sync", data=card_of(1).batch().model_dump_json(), headers=headers)
    assert answer.status_code == 400 and "protocol" in answer.get_json()["error"]


def test_the_snapshot_is_whole_hashed_and_fetched_once(app: Flask, client: FlaskClient) -> None:
    database = plant(app).database
    token = enrol_gateway(database, "one")
    assert client.get("/api/v1/snapshot", headers=bearer(token)).status_code == 404
    with database.write() as session:
        publish(session, MasterData(people=(Person(id="P1", name="王芳", badge="B1"),)), "x", time.time())
    answer = client.get("/api/v1/snapshot", headers=bearer(token))
    told = answer.get_json()
    assert content_digest_of(told["body"]) == told["digest"] and told["version"] == 1
    assert MasterData.model_validate_json(told["body"]).version == 1
    again = client.get("/api/v1/snapshot", headers=bearer(token) | {"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304 and not again.data
    receipt = client.post("/api/v1/sync", data=card_of(0).batch().model_dump_json(), headers=bearer(token)).get_json()
    assert (receipt["snapshot_version"], receipt["snapshot_digest"]) == (1, told["digest"])


def test_enrolment_gives_a_credential_once(app: Flask, client: FlaskClient) -> None:
    here = plant(app)
    with here.database.write() as session:
        code, _ = invite_gateway(session, "plant", "one", "test", time.time())
    asked = {"gateway": "one", "code": code.lower()}
    answer = client.post("/api/v1/enrol", json=asked)
    told = answer.get_json()
    assert answer.status_code == 200 and told["gateway"] == "one" and told["mqtt_port"] == 1883
    assert answer.headers["Cache-Control"] == "no-store" and len(told["token"]) >= 43
    assert client.get("/api/v1/facts", headers=bearer(told["token"])).status_code == 200
    assert client.post("/api/v1/enrol", json=asked).status_code == 403


def test_a_code_is_for_one_name_and_few_tries(app: Flask, client: FlaskClient) -> None:
    here = plant(app)
    with here.database.write() as session:
        code, _ = invite_gateway(session, "plant", "one", "test", time.time())
        invite_gateway(session, "plant", "two", "test", time.time())
    assert client.post("/api/v1/enrol", json={"gateway": "two", "code": code}).status_code == 403
    for _ in range(CODE_ATTEMPTS_MAX):
        assert client.post("/api/v1/enrol", json={"gateway": "one", "code": "WRONGCODE234"}).status_code == 403
    assert client.post("/api/v1/enrol", json={"gateway": "one", "code": code}).status_code == 403


def test_a_code_is_over_after_ten_minutes(app: Flask, client: FlaskClient) -> None:
    here = plant(app)
    with here.database.write() as session:
        code, _ = invite_gateway(session, "plant", "one", "test", time.time() - 601)
    assert client.post("/api/v1/enrol", json={"gateway": "one", "code": code}).status_code == 403


def test_attempts_of_one_address_are_bounded(client: FlaskClient) -> None:
    codes = [
        client.post("/api/v1/enrol", json={"gateway": "one", "code": "WRONGCODE234"}).status_code
        for _ in range(2 * ENROL_ATTEMPTS_PER_MINUTE_MAX + 2)
    ]
    assert 429 in codes and set(codes) <= {403, 429}


def test_subscribers_replay_what_they_missed(app: Flask, client: FlaskClient) -> None:
    token = enrol_gateway(plant(app).database, "one")
    card = card_of(5)
    client.post("/api/v1/sync", data=card.batch().model_dump_json(), headers=bearer(token))
    epoch = card.epochs[0].epoch
    told = client.get(f"/api/v1/records?gateway=one&epoch={epoch}&after=3").get_json()["records"]
    assert [each["seq"] for each in told] == [4, 5]
    event = json.loads(told[0]["event"])
    assert (event["id"], event["source"], event["specversion"]) == (f"{epoch}/4", "/lineside/one", "1.0")
    assert event["data"]["operation"] == "OP1"
    log = client.get("/api/v1/records?after=2&limit=2").get_json()["records"]
    assert [each["position"] for each in log] == [3, 4]
    for wrong in ("gateway=one", "after=x", "limit=0", "limit=100000", "after=-1"):
        assert client.get(f"/api/v1/records?{wrong}").status_code == 400


def test_strangers_read_nothing(app: Flask, client: FlaskClient) -> None:
    token = enrol_gateway(plant(app).database, "one")
    away = {"REMOTE_ADDR": "10.1.2.3"}
    for path in ("/api/v1/board", "/api/v1/records", "/metrics"):
        assert client.get(path, environ_base=away).status_code == 403
        assert client.get(path, headers={"X-Forwarded-For": "1.2.3.4"}).status_code == 403
        assert client.get(path, headers={"Host": "evil.example"}).status_code == 403
        assert client.get(path).status_code == 200
    assert client.get("/api/v1/board", environ_base=away, headers=bearer(token)).status_code == 200
    assert client.get("/metrics", environ_base=away, headers=bearer(token)).status_code == 403
    assert client.get("/api/v1/board", environ_base=away, headers=bearer("x" * 43)).status_code == 401
    assert client.get("/api/v1/health", environ_base=away).status_code == 200


def test_metrics_tell_figures_of_the_plant(app: Flask, client: FlaskClient) -> None:
    token = enrol_gateway(plant(app).database, "one")
    client.post("/api/v1/sync", data=card_of(4).batch().model_dump_json(), headers=bearer(token))
    text = client.get("/metrics").text
    assert "lineside_log_records 4.0" in text and 'lineside_gateway_waiting_records{gateway="one"} 0.0' in text
    assert "lineside_backup_age_seconds -1.0" in text


def test_faults_of_the_framework_come_in_the_same_form(client: FlaskClient) -> None:
    for answer in (client.get("/api/v1/nothing"), client.get("/api/v1/sync")):
        assert answer.status_code in (404, 405) and set(answer.get_json()) == {"error", "hint"}


def test_the_openapi_document_names_every_route(app: Flask, client: FlaskClient) -> None:
    document = client.get("/api/v1/openapi.json").get_json()
    known = (str(rule).replace("<", "{").replace(">", "}") for rule in app.url_map.iter_rules())
    rules = {rule for rule in known if rule.startswith("/api/v1/")}
    untold = {"/api/v1/openapi.json", "/api/v1/health"}
    assert set(document["paths"]) == rules - untold
    assert "Batch" in document["components"]["schemas"]


NUL_PATHS = ("/api/v1/records?gateway=%00&epoch=" + "a" * 32, "/records?operation=a%00b", "/records.csv?type=%00")


@pytest.mark.parametrize("path", NUL_PATHS)
def test_a_nul_in_what_is_looked_up_is_refused(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 400


def test_a_nul_in_a_form_is_refused(client: FlaskClient) -> None:
    told = {"name": "ad\x00min", "password": "x" * 12, "repeat": "x" * 12, "code": "ABCD\x00"}
    for page in ("/sign-in", "/sign-in/first"):
        assert submit(client, page, page, **told).status_code == 400
