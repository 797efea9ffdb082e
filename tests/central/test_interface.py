"""The interface against its own document: generated requests meet no fault, and only answers that it tells of."""

import itertools
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode, checks
from schemathesis.schemas import APIOperation

from central.application import close_app, create_app
from central.config import CentralConfig
from central.enrolment import invite_gateway
from central.opening import open_database
from central.snapshots import publish
from floor.events import EVENTS, Happening, Instant, ScanRejected, encode
from floor.master import MasterData
from floor.rows import Person
from sync.wire import digest_of
from tests.central.card import Card
from tests.central.conftest import enrol_gateway
from tests.central.postgres import Postgres
from tests.corpus.hostile import CORPUS

EXAMPLES = 40
EXAMPLES_NIGHTLY = 1_500
DOCUMENT = Path(__file__).parents[2] / "docs" / "openapi.json"


def plain_json(_: Any, response: Any, __: Any) -> None:
    """No NaN and no Infinity: other readers of JSON than Python's stop there."""
    if response.content:
        json.loads(response.content, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))


ALL_CHECKS = [
    plain_json,
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
AWAY = {"REMOTE_ADDR": "10.1.2.3"}
TEXTS = st.sampled_from([each for group in CORPUS.values() for each in group if isinstance(each, str)])


WILD = st.sampled_from(
    ["", "x", "nan", "inf", "-1e308", "1e999", "0", None, True, [], {}, -1, 2**63, 2**70, "\U0001f680", "\u202e"]
)


def wild_contents() -> st.SearchStrategy[str]:
    """Texts of records as a broken or hostile gateway could write them: known types, wild members."""
    event = st.sampled_from([*EVENTS, "lineside.newer", ""])
    names = ["subject", "time", "clockstate", "bootid", "boottime", "walltime", "masterversion", "signalled"]
    head = st.fixed_dictionaries({}, optional={name: WILD for name in names})
    members = sorted({name for each in EVENTS.values() for name in each.model_fields})
    inner = st.dictionaries(st.sampled_from(members), st.one_of(WILD, TEXTS), max_size=12)
    told = st.builds(lambda kind, more, inside: {"type": kind, **more, "data": inside}, event, head, inner)
    return st.one_of(told.map(lambda content: json.dumps(content, ensure_ascii=False)), TEXTS)


class Server:
    """A plant's server with records, master data and a gateway `one`; `token` is that gateway's."""

    def __init__(self, config: CentralConfig) -> None:
        # Each look at the clock is a minute later: what is bounded by the minute must not hide everything behind it.
        minutes = itertools.count()
        started = time.time()
        self.app: Flask = create_app(config, open_database(config), lambda: started + 60 * next(minutes))
        here = self.app.extensions["lineside"]
        self.database = here.database
        self.token = enrol_gateway(self.database, "one")
        with self.database.write() as session:
            publish(session, MasterData(people=(Person(id="P1", name="王芳", badge="B1"),)), "x", started)
            invite_gateway(session, self.database.plant, "two", "test", started)
        card = Card("one")
        for text in CORPUS["html"] + CORPUS["unicode"] + CORPUS["csv"]:
            event = ScanRejected(reason="unknown_label", shown=str(text)[:128], size=1)
            card.keep_text(encode(Happening(event, "S1", Instant("b", 1.0, 1.0, True), 1), "2026-01-01T00:00:00Z"))
        answer = self.app.test_client().post("/api/v1/sync", data=card.batch().model_dump_json(), headers=self.bearer())
        assert answer.status_code == 200

    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def operation(self, path: str, method: str = "get") -> APIOperation:
        """What the document that the server itself gives says of a way to ask a path."""
        schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", self.app)
        told = (each.ok() for each in schema.get_all_operations())
        (found,) = (each for each in told if (each.path, each.method.lower()) == (path, method))
        return found


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    url = ""
    if request.param == "postgres":
        programs: Postgres = request.getfixturevalue("postgres_server")
        url = programs.fresh_url()
    folder = tmp_path_factory.mktemp("central")
    made = Server(CentralConfig.model_validate({"folder": folder, "database": url, "port": 0, "threads": 24}))
    yield made
    close_app(made.app)


def ways() -> list[tuple[str, str]]:
    """(path, method) of everything that can be asked."""
    told = json.loads(DOCUMENT.read_text())["paths"]
    return sorted((path, method) for path, methods in told.items() for method in methods)


def whole(body: dict[str, Any], contents: list[str]) -> dict[str, Any]:
    """A batch of gateway `one` whose records say their right digests, so that they are looked at and stored."""
    streams = []
    for stream in body.get("streams", ()):
        records, previous = [], "0" * 64
        for place, content in enumerate(contents, start=1):
            digest = digest_of("one", stream["epoch"], place, previous, content)
            records.append([place, previous, digest, content])
            previous = digest
        streams.append({**stream, "records": records})
    return {**body, "gateway": "one", "protocol": 1, "streams": streams}


def requests_of(operation: APIOperation) -> st.SearchStrategy[Any]:
    """Requests that the document allows, requests that it does not, and allowed ones that go deeper."""
    right = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
    wrong = operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)
    return st.one_of(right, wrong, right.flatmap(_deeper))


def _deeper(case: Any) -> st.SearchStrategy[Any]:
    if operation_is(case, "/api/v1/sync"):
        return st.lists(wild_contents(), max_size=12).map(lambda contents: _with_records(case, contents))
    if operation_is(case, "/api/v1/enrol"):
        return TEXTS.map(lambda text: _with_code(case, text))
    return st.dictionaries(st.sampled_from(["gateway", "epoch", "after", "limit"]), TEXTS).map(
        lambda asked: _with_query(case, asked)
    )


def operation_is(case: Any, path: str) -> bool:
    return bool(case.operation.path == path)


def _with_records(case: Any, contents: list[str]) -> Any:
    case.body = whole(case.body, contents)
    return case


def _with_code(case: Any, code: str) -> Any:
    case.body = {"gateway": "two", "code": code}
    return case


def _with_query(case: Any, asked: dict[str, str]) -> Any:
    case.query = asked
    return case


def conforms(server: Server, path: str, method: str, examples: int) -> None:
    operation = server.operation(path, method)

    @settings(
        deadline=None,
        max_examples=examples,
        # The first failure prints the whole request; making it smaller would take minutes.
        phases=(Phase.explicit, Phase.reuse, Phase.generate),
        suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(requests_of(operation), st.sampled_from(["known", "none", "wrong"]), st.booleans())
    def ask(case: Any, credential: str, away: bool) -> None:
        headers = {"known": server.bearer(), "none": {}, "wrong": {"Authorization": "Bearer \u00e9"}}[credential]
        case.call_and_validate(headers=headers, checks=ALL_CHECKS, environ_base=AWAY if away else {})

    ask()
    # Whatever came in can be read again.
    for readable in ("/api/v1/board", "/api/v1/records"):
        server.operation(readable).Case().call_and_validate(checks=ALL_CHECKS)


@pytest.mark.parametrize(("path", "method"), ways())
def test_generated_requests_get_what_the_document_says(server: Server, path: str, method: str) -> None:
    conforms(server, path, method, EXAMPLES)


@pytest.mark.nightly
@pytest.mark.timeout(1_200)
@pytest.mark.parametrize(("path", "method"), ways())
def test_many_generated_requests_get_what_the_document_says(server: Server, path: str, method: str) -> None:
    conforms(server, path, method, EXAMPLES_NIGHTLY)
