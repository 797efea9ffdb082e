"""Whatever is posted to the station page: an answer that says what happened, never a fault, and no memory."""

import json
import resource
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from floor.limits import LABEL_BYTES_MAX
from gateway.screen.bodies import BODIES
from gateway.screen.limits import BODY_BYTES_MAX
from tests.corpus.hostile import CORPUS
from tests.gateway import screen_samples as samples
from tests.gateway.screen_fixture import Client, Page, served

EXAMPLES = 300
EXAMPLES_NIGHTLY = 20_000
RSS_GROWTH_KILOBYTES_MAX = 40_000
"""Every post is forgotten; what grows beyond this is kept somewhere."""

TEXTS = st.one_of(
    st.sampled_from([each for row in CORPUS.values() for each in row if isinstance(each, str)]), st.text()
)
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXTS, st.text(max_size=2000))
VALUES = st.recursive(
    SCALARS, lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)), max_leaves=8
)
KINDS = st.one_of(st.sampled_from([*BODIES, "events", "nothing"]), st.text("abc%/.é", min_size=1, max_size=9))
NAMES = sorted({name for each in BODIES.values() for name in each.model_fields})


@st.composite
def nearly_right(draw: st.DrawFn) -> bytes:
    """An object with the members of our own bodies, and any value in each."""
    told = draw(st.dictionaries(st.sampled_from([*NAMES, "more"]), VALUES, max_size=len(NAMES)))
    return json.dumps(told, ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass")


CONTENTS = st.one_of(
    st.binary(max_size=300),
    nearly_right(),
    VALUES.map(lambda value: json.dumps(value).encode()),
    st.sampled_from([b"[" * 4000, b'{"a":' * 800, b'{"text":"' + b"\xed\xa0\x80" + b'"}', b'{"text":"\\ud800"}']),
    st.integers(BODY_BYTES_MAX - 20, BODY_BYTES_MAX + 20).map(lambda size: b'{"text":"' + b"A" * (size - 11) + b'"}'),
)
# A header's value travels as Latin-1, and a client of ours refuses to send a line's end in one.
WORDS = st.text(st.characters(max_codepoint=255, exclude_categories=["Cc", "Z"]), max_size=40)
HEADERS = st.dictionaries(st.sampled_from(["Origin", "X_Lineside_Token", "Content_Type", "Cookie"]), WORDS, max_size=2)


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with served(samples.running()) as running:
        yield running


def post_any(page: Page, client: Client, examples: int) -> None:
    client.enter()

    @settings(
        deadline=None,
        max_examples=examples,
        phases=(Phase.explicit, Phase.reuse, Phase.generate),
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(KINDS, CONTENTS, st.one_of(st.just({}), HEADERS), st.sampled_from(["A1", "B9", "..%2F..", "%00"]))
    def post(kind: str, content: bytes, headers: dict[str, Any], station: str) -> None:
        page.inbox.inputs.clear()
        answer = client.post(
            kind, station=station, content=content, **{k: v.encode("latin-1") for k, v in headers.items()}
        )
        assert answer.status_code in (202, 400, 403, 404, 405, 413, 415), answer.text
        if answer.status_code == 202:
            (taken,) = page.inbox.inputs
            text = getattr(taken, "text", getattr(taken, "badge", b""))
            assert len(text) <= LABEL_BYTES_MAX
        else:
            assert page.inbox.inputs == []
            assert "<" not in answer.text and len(answer.content) < 1_000

    post()


def test_any_post_is_answered_and_the_page_goes_on(page: Page) -> None:
    with page.session() as client:
        post_any(page, client, EXAMPLES)
        page.inbox.inputs.clear()
        assert client.post("typed", {"text": "OP-1"}).status_code == 202
        assert len(page.inbox.inputs) == 1


def test_many_posts_leave_no_memory(page: Page) -> None:
    """The largest body, a refused larger one, and nonsense, over and over on one connection."""
    bodies = [b'{"text":"' + b"A" * 512 + b'"}', b"A" * (BODY_BYTES_MAX + 1), b"[" * 4000, b"\xff" * 4000]
    with page.session() as client:
        client.enter()
        for body in bodies * 20:
            client.post("typed", content=body)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for body in bodies * 150:
            page.inbox.inputs.clear()
            assert client.post("typed", content=body).status_code < 500
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < RSS_GROWTH_KILOBYTES_MAX


@pytest.mark.nightly
@pytest.mark.timeout(1_200)
def test_very_many_posts_are_answered(page: Page) -> None:
    with page.session() as client:
        post_any(page, client, EXAMPLES_NIGHTLY)
