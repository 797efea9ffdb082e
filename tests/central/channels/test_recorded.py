"""What programs of others sent (`record_others.py` wrote it down): the fakes take it, and we sign as they do.

So a fake that is wrong about its provider cannot be right for our adapter alone.
"""

import base64
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import ec

from central.channels import dingtalk, feishu, webhook
from tests.central.channels.fakes import DingtalkFake, FeishuFake, NtfyFake, PushFake, WecomFake
from tests.central.channels.record_others import (
    AT,
    AUTH,
    BROWSER,
    FILE,
    PUSH_NAME,
    RECORDED,
    SECRET,
    TEXT,
    TITLE,
    TOKEN,
)

OTHERS: dict[str, dict[str, Any]] = json.loads(FILE.read_text("utf-8"))


def fake_for(kind: str) -> Any:
    """The provider, with the address, secret and time for which the request was made."""

    def clock() -> float:
        return AT

    match kind:
        case "dingtalk":
            fake: Any = DingtalkFake(secret=SECRET, clock=clock)
        case "feishu":
            fake = FeishuFake(secret=SECRET, clock=clock)
        case "wecom":
            fake = WecomFake(clock=clock)
        case "ntfy":
            return NtfyFake(token=f"tk_{TOKEN[:20]}", clock=clock)
        case _:
            fake = PushFake(clock=clock)
            fake.browser = ec.derive_private_key(BROWSER, ec.SECP256R1())
            fake.auth, fake.name, fake.origin = AUTH, PUSH_NAME, "https://push.example"
            return fake
    fake.token = TOKEN
    return fake


def sent(fake: Any, given: dict[str, Any], body: bytes | None = None) -> bool:
    """Whether the provider took it."""
    before = len(fake.received)
    content = base64.b64decode(given["body"]) if body is None else body
    url = f"http://127.0.0.1:{fake.port}{given['path']}"
    requests.post(url, data=content, headers=given["headers"], timeout=10)
    return len(fake.received) == before + 1


@pytest.mark.parametrize("kind", ["dingtalk", "feishu", "wecom", "ntfy", "web_push"])
def test_the_provider_takes_what_another_program_sends(kind: str) -> None:
    with fake_for(kind) as fake:
        assert sent(fake, OTHERS[kind])
        read = fake.received[0]
        assert TEXT in read.text
        assert read.title == (TITLE if kind != "wecom" else TEXT), "apprise's robot of 企业微信 has no title"


@pytest.mark.parametrize("kind", ["dingtalk", "feishu"])
def test_and_not_when_it_was_signed_for_another_secret_or_hour(kind: str) -> None:
    with fake_for(kind) as fake:
        fake.secret = SECRET + "0"
        assert not sent(fake, OTHERS[kind])
        fake.secret, fake.clock = SECRET, lambda: AT + 3_601
        assert not sent(fake, OTHERS[kind])


def test_a_push_of_another_program_for_another_service_or_browser_is_refused() -> None:
    given = OTHERS["web_push"]
    with fake_for("web_push") as fake:
        fake.origin = "https://other.example"
        assert not sent(fake, given)
    with fake_for("web_push") as fake:
        cut = given["headers"]["authorization"].replace("vapid t=eyJ0", "vapid t=eyJ1")
        assert not sent(fake, given | {"headers": given["headers"] | {"authorization": cut}})
        fake.broken.clear()


def test_we_sign_as_the_other_programs_do() -> None:
    query = parse_qs(urlsplit(OTHERS["dingtalk"]["path"]).query)
    assert query["sign"] == [dingtalk.signature(SECRET, int(query["timestamp"][0]))]
    body = json.loads(base64.b64decode(OTHERS["feishu"]["body"]))
    assert body["sign"] == feishu.signature(SECRET, int(body["timestamp"]))
    hook = OTHERS["webhook"]
    key = "whsec_" + base64.b64encode(b"k" * 32).decode()
    assert hook["signature"] == webhook.signature(key, hook["id"], int(AT), hook["body"].encode())


def test_every_recording_says_who_made_it() -> None:
    assert OTHERS.keys() == RECORDED.keys()
    for kind, (library, _) in RECORDED.items():
        assert OTHERS[kind]["by"].startswith(f"{library} ")
