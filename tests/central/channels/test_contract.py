"""One suite for every channel: what its provider says becomes exactly one outcome, and no secret comes out."""

import json
import logging
import socket
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from central.channels import port
from central.channels.port import TEXT_CHARACTERS_MAX, TOLD_CHARACTERS_MAX, Address, Message, Outcome
from central.channels.posting import Reply
from tests.central.channels.kits import HTTP_KINDS, KINDS, MESSAGE, ROBOTS, Kit, kit

# fault, state, code, seconds to wait
COMMON = [
    ("lost", "unknown", port.NO_ANSWER, 0),
    ("late", "unknown", port.NO_ANSWER, 0),
    ("drip", "unknown", port.NO_ANSWER, 0),
    ("endless", "unknown", port.STRANGE_ANSWER, 0),
    ("redirect", "refused", "302", 0),
    ("status:500", "unknown", "500", 0),
    ("status:502", "unknown", "502", 0),
    ("status:504", "unknown", "504", 0),
    ("status:408", "unknown", "408", 0),
    ("status:403", "refused", "403", 0),
    ("status:413", "refused", "413", 0),
    ("status:429", "limited", "429", 60),
    ("status:429:7", "limited", "429", 7),
    ("status:503:120", "limited", "503", 120),
    ("status:503:99999999", "limited", "503", 86_400),
]
OWN = [
    *[("dingtalk", f"code:{code}", "refused", code, 0) for code in ("310000", "300001", "400101", "430102", "7")],
    ("dingtalk", "code:130101", "limited", "130101", 600),
    ("dingtalk", "code:410100", "limited", "410100", 60),
    ("dingtalk", "code:-1", "limited", "-1", 10),
    *[("feishu", f"code:{code}", "refused", code, 0) for code in ("19001", "19021", "19022", "19024", "9499")],
    ("feishu", "code:11232", "limited", "11232", 60),
    *[("wecom", f"code:{code}", "refused", code, 0) for code in ("93000", "40008", "40058", "44004")],
    ("wecom", "code:45009", "limited", "45009", 60),
    ("wecom", "code:-1", "limited", "-1", 10),
    ("webhook", "code:401", "refused", "401", 0),
    ("webhook", "status:410", "refused", "410", 0),
    ("ntfy", "code:40301", "refused", "40301", 0),
    ("ntfy", "code:42901", "limited", "42901", 60),
    ("ntfy", "code:42908", "limited", "42908", 60),
    ("web_push", "status:404", "refused", port.GONE, 0),
    ("web_push", "status:410", "refused", port.GONE, 0),
    ("web_push", "code:401", "refused", "401", 0),
    ("web_push", "status:200", "unknown", port.STRANGE_ANSWER, 0),
    *[(kind, "html", "unknown", port.STRANGE_ANSWER, 0) for kind in (*ROBOTS, "ntfy", "web_push")],
    *[(kind, "cut", "unknown", port.NO_ANSWER, 0) for kind in (*ROBOTS, "ntfy")],
    ("email", "rcpt:550 5.1.1 no such user", "refused", "550", 0),
    ("email", "mail:553 5.7.1 not yours", "refused", "553", 0),
    ("email", "data:552 5.3.4 too large", "refused", "552", 0),
    ("email", "rcpt:451 4.7.1 greylisted", "limited", "451", 300),
    ("email", "rcpt:421 4.7.0 too many", "limited", "421", 60),
    ("email", "data:499 strange", "limited", "499", 300),
    ("email", "lost", "unknown", port.NO_ANSWER, 0),
    ("email", "late", "unknown", port.NO_ANSWER, 0),
    ("email", "hung_up", "unreachable", port.NO_CONNECTION, 0),
]
FAULTS = [(kind, *row) for kind in HTTP_KINDS for row in COMMON] + OWN
NEVER_ASKED_AGAIN = 1
NAMES = ["errcode", "errmsg", "code", "msg", "StatusCode", "punish", "wait", "event", "id", "error"]


def is_silent(one: Kit, outcome: Outcome, log: str) -> None:
    """No secret of the channel in anything that people or files may see."""
    shown = f"{outcome!r} {one.channel!r} {log}"
    for secret in one.secrets:
        assert secret not in shown and quote(secret) not in shown
    assert len(outcome.told) <= TOLD_CHARACTERS_MAX and outcome.told.isprintable()


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_taken_is_accepted(kind: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with kit(kind, tmp_path) as one:
        outcome = one.channel.send(MESSAGE, one.address)
        assert outcome.state == "accepted", outcome
        (seen,) = one.fake.received
        assert MESSAGE.title in seen.title
        assert all(line in seen.text for line in MESSAGE.text.splitlines())
        assert seen.link == MESSAGE.link
        assert seen.urgent or kind == "dingtalk"
        assert one.channel.kind == kind
        is_silent(one, outcome, caplog.text)


@pytest.mark.parametrize(("kind", "fault", "state", "code", "wait"), FAULTS)
def test_each_fault_becomes_its_outcome(
    kind: str, fault: str, state: str, code: str, wait: float, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    slow = fault in ("late", "drip")
    with kit(kind, tmp_path, answer_seconds_max=0.4 if slow else 5.0) as one:
        one.fake.fail_next(fault)
        outcome = one.channel.send(MESSAGE, one.address)
        assert (outcome.state, outcome.code, outcome.retry_after_seconds) == (state, code, wait), outcome
        assert getattr(one.fake, "asked", 1) == NEVER_ASKED_AGAIN, "a channel sends once"
        arrived = fault in ("lost", "late", "drip", "endless", "cut")
        assert len(one.fake.received) == int(arrived)
        is_silent(one, outcome, caplog.text)


@pytest.mark.parametrize("kind", KINDS)
def test_a_closed_port_is_unreachable(kind: str, tmp_path: Path) -> None:
    with kit(kind, tmp_path) as one:
        sender, address = one.channel, one.address
    assert sender.send(MESSAGE, address).state == "unreachable"


@pytest.mark.parametrize("kind", KINDS)
def test_a_listener_that_says_nothing_is_no_reason_to_wait_for_ever(kind: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, kit(kind, tmp_path) as one:
        place = f"127.0.0.1:{silent.getsockname()[1]}"
        own = f"127.0.0.1:{one.fake.port}"
        # The same channel, but its provider accepts connections and never speaks.
        if kind == "email":
            sender = one.again(port=silent.getsockname()[1], answer_seconds_max=0.2)
            wanted = "unreachable"
        elif kind == "web_push":
            sender, wanted = one.again(answer_seconds_max=0.2), "unknown"
        else:
            sender, wanted = one.again(url=one.fake.url.replace(own, place), answer_seconds_max=0.2), "unknown"
        outcome = sender.send(MESSAGE, Address(one.address.to.replace(own, place)))
        assert outcome.state == wanted, outcome
        assert one.fake.received == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_repeated_key_is_shown_twice_unless_the_receiver_drops_it(kind: str, tmp_path: Path) -> None:
    with kit(kind, tmp_path) as one:
        for _ in range(2):
            assert one.channel.send(MESSAGE, one.address).state == "accepted"
        assert not one.channel.repeats_safely
        assert len(one.fake.received) == (1 if kind == "webhook" else 2)


def test_a_webhook_repeats_safely_where_the_configuration_says_so(tmp_path: Path) -> None:
    with kit("webhook", tmp_path, repeats_safely=True) as one:
        assert one.channel.repeats_safely


HOSTILE = (
    "[click](https://evil.example) ![x](https://evil.example/x.png) <at id=all></at> <@all> **b** `c` # d\n"
    "# e\r\nBcc: all@evil.example\r\n\r\n<script>alert(1)</script> http://evil.example \x00\x1b[31m\u202e"
)


@pytest.mark.parametrize("kind", KINDS)
def test_hostile_words_stay_words(kind: str, tmp_path: Path) -> None:
    message = Message("k\r\nX-Evil: 1", HOSTILE, HOSTILE, MESSAGE.link + "\r\n) [x](https://evil.example", HOSTILE)
    with kit(kind, tmp_path) as one:
        outcome = one.channel.send(message, Address(one.address.to, "all> <@all>\r\nX: 1"))
        assert outcome.state == "accepted", outcome
        (seen,) = one.fake.received
        assert "\x00" not in seen.text + seen.title and "\u202e" not in seen.text + seen.title
        assert seen.link.startswith(MESSAGE.link + "%0D%0A")
        assert "\n" not in seen.title
        assert seen.mention == "" or kind == "webhook"
        if kind == "email":
            (mail,) = one.fake.mails
            assert "Bcc" not in mail and "X-Evil" not in mail and mail["To"] == one.address.to


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_text_at_all_is_no_fault_of_the_message(kind: str, tmp_path: Path) -> None:
    half = "\ud800"
    with kit(kind, tmp_path) as one:
        outcome = one.channel.send(Message(half, half, half, "https://x.example/" + half, half), one.address)
        assert outcome.state == "accepted", outcome
        assert one.fake.received[0].title == "线边 Lineside"
        assert one.channel.send(Message("k", "t", "x"), Address(half, half)).state in ("accepted", "refused")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sign", ["质", '"', "\n", "😀", "<"])
def test_a_long_text_is_cut_and_its_link_is_whole(kind: str, sign: str, tmp_path: Path) -> None:
    message = Message("k", "长" * 500, sign * 5_000, MESSAGE.link, "查看" * 100, urgent=True)
    with kit(kind, tmp_path) as one:
        mention = "13800138000" if kind in ROBOTS else ""
        for address in (one.address, Address(one.address.to, mention)):
            outcome = one.channel.send(message, address)
            assert outcome.state == "accepted", outcome
        for seen in one.fake.received:
            assert seen.link == MESSAGE.link
            assert seen.text.count(sign) <= TEXT_CHARACTERS_MAX + 20 or sign == "\n"


@pytest.mark.parametrize("kind", KINDS)
def test_bad_addresses_are_refused_before_anything_is_sent(kind: str, tmp_path: Path) -> None:
    wrong = {
        "email": ["", "a@b@c", "zhang san@plant.example", "a@plant.example\r\nBcc: x@evil.example", "张@plant.example"],
        "ntfy": ["", "two words", "a/b", "a" * 65, "../x"],
        "web_push": ["", "{}", "[]", '{"endpoint": "https://x", "keys": {"p256dh": "AA", "auth": "AA"}}', "[" * 5_000],
    }
    with kit(kind, tmp_path) as one:
        for to in wrong.get(kind, []):
            outcome = one.channel.send(MESSAGE, Address(to))
            assert (outcome.state, outcome.code) == ("refused", port.BAD_ADDRESS), to
        assert one.fake.received == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_private_address_needs_the_configuration(kind: str, tmp_path: Path) -> None:
    with kit(kind, tmp_path) as one:
        if kind == "email":
            outcome = one.again(private=False, security="starttls").send(MESSAGE, one.address)
        elif kind == "web_push":
            sender = one.again(private=False)
            outcome = sender.send(MESSAGE, Address(one.address.to.replace("http://", "https://")))
        else:
            sender = one.again(private=False, url=one.fake.url.replace("http://", "https://"))
            outcome = sender.send(MESSAGE, one.address)
        assert (outcome.state, outcome.code) == ("refused", port.BAD_ADDRESS)
        assert "private" in outcome.told
        assert one.fake.received == []


ANSWERS = some.one_of(
    some.binary(max_size=200),
    some.recursive(
        some.none() | some.booleans() | some.integers() | some.floats() | some.text(max_size=20),
        lambda inner: some.lists(inner) | some.dictionaries(some.sampled_from(NAMES) | some.text(max_size=5), inner),
    ).map(lambda answer: json.dumps(answer).encode()),
)


@pytest.mark.parametrize("kind", [*ROBOTS, "ntfy"])
def test_only_the_providers_own_yes_is_accepted(kind: str, tmp_path: Path) -> None:
    """Whatever else comes back is one of the other outcomes, and never an exception."""
    with kit(kind, tmp_path) as one:
        judged: Any = one.channel

        @given(ANSWERS, some.integers(200, 599), some.text(max_size=20))
        @settings(deadline=None, max_examples=300)
        def judge(body: bytes, status: int, after: str) -> None:
            reply = Reply(status, {"Retry-After": after, "Content-Type": "text/plain"}, body)
            args = (reply, ()) if kind == "ntfy" else (reply,)
            outcome = judged._judged(*args)
            assert isinstance(outcome, Outcome) and len(outcome.told) <= TOLD_CHARACTERS_MAX
            assert 0 <= outcome.retry_after_seconds <= 86_400
            if outcome.state == "accepted":
                answer = reply.json()
                assert status < 300
                yes = answer.get("event") == "message" if kind == "ntfy" else 0 in answer.values()
                assert yes

        judge()
