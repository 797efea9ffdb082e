"""The fakes refuse what the providers refuse: each is asked with requests that are wrong in one way."""

import json
from pathlib import Path
from typing import Any

import pytest
import requests

from central.channels import dingtalk, feishu
from central.channels.port import Address, Message
from tests.central.channels.fakes import DingtalkFake, FeishuFake, NtfyFake, PushFake, WebhookFake, WecomFake
from tests.central.channels.kits import MESSAGE, ROBOT_SECRET, TOKEN, Time, address_for, channel, kit

HOUR = 3_600.0


def posted(url: str, body: Any, **headers: str) -> dict[str, Any]:
    sent = json.dumps(body).encode()
    answer = requests.post(url, data=sent, headers={"Content-Type": "application/json", **headers}, timeout=10)
    found = answer.json() if answer.content else {}
    return {"status": answer.status_code, **found}


def markdown(text: str = "缺料", **more: Any) -> dict[str, Any]:
    return {"msgtype": "markdown", "markdown": {"title": "安灯", "text": text}, "at": {"isAtAll": False}, **more}


def signed(fake: DingtalkFake, at: float, secret: str = ROBOT_SECRET) -> str:
    stamp = int(at * 1000)
    made = requests.Request(params={"timestamp": stamp, "sign": dingtalk.signature(secret, stamp)}, url=fake.url)
    url = made.prepare().url
    assert url is not None
    return url


def test_dingtalk_refuses_what_it_refuses() -> None:
    time = Time()
    with DingtalkFake(secret=ROBOT_SECRET, keyword="安灯", clock=time) as fake:
        good = signed(fake, time.now)
        rows = [
            (fake.url, markdown(), 310000, "invalid timestamp"),
            (signed(fake, time.now - HOUR - 1), markdown(), 310000, "invalid timestamp"),
            (signed(fake, time.now + HOUR + 1), markdown(), 310000, "invalid timestamp"),
            (signed(fake, time.now, "SECwrong"), markdown(), 310000, "sign not match"),
            (good.replace(fake.token, "0" * 64), markdown(), 300001, "token is not exist"),
            (good, markdown("x" * 20_000), 460101, "message too long, exceed 20000 bytes"),
            (good, markdown(isAtAll=True), 40035, "不合法的参数 isAtAll"),
            (
                good,
                {"msgtype": "markdown", "markdown": {"title": "x", "text": "y"}, "at": {}},
                310000,
                "keywords not in content",
            ),
        ]
        for url, body, code, words in rows:
            assert posted(url, body) == {"status": 200, "errcode": code, "errmsg": words}
        assert posted(good, markdown(), **{"Content-Type": "text/plain"})["errcode"] == 43004
        assert fake.received == []
        assert posted(good, markdown())["errcode"] == 0


def card(stamp: int, secret: str = ROBOT_SECRET, content: str = "缺料", **more: Any) -> dict[str, Any]:
    text = {"tag": "div", "text": {"tag": "plain_text", "content": content}}
    header = {"title": {"tag": "plain_text", "content": "安灯"}, "template": "red"}
    made = {"msg_type": "interactive", "card": {"header": header, "elements": [text]}}
    return made | {"timestamp": str(stamp), "sign": feishu.signature(secret, stamp)} | more


def test_feishu_refuses_what_it_refuses() -> None:
    time = Time()
    now = int(time.now)
    with FeishuFake(secret=ROBOT_SECRET, keyword="缺料", clock=time) as fake:
        rows = [
            (fake.url, card(now - 3_601), 200, 19021),
            (fake.url, card(now, "wrong"), 200, 19021),
            (fake.url, card(now, timestamp=now), 200, 19021),
            (fake.url + "0", card(now), 200, 19001),
            (fake.url, card(now, content="x" * 20_481), 400, 9499),
            (fake.url, card(now, unknown=1), 400, 9499),
            (fake.url, card(now, content="别的"), 200, 19024),
        ]
        for url, body, status, code in rows:
            time.now += 1
            answer = posted(url, body)
            assert (answer["status"], answer["code"]) == (status, code)
        assert fake.received == []
        assert [posted(fake.url, card(now))["code"] for _ in range(6)] == [0] * 4 + [11232] * 2


def test_wecom_refuses_what_it_refuses() -> None:
    with WecomFake() as fake:
        rows: list[tuple[str, Any, int]] = [
            (fake.url + "0", {"msgtype": "markdown", "markdown": {"content": "x"}}, 93000),
            (fake.url, {"msgtype": "card", "card": {}}, 40008),
            (fake.url, {"msgtype": "markdown", "markdown": {"content": ""}}, 44004),
            (fake.url, {"msgtype": "markdown", "markdown": {"content": "质" * 1_366}}, 40058),
            (fake.url, {"msgtype": "text", "text": {"content": "x" * 2_049}}, 40058),
            (fake.url, {"msgtype": "markdown", "markdown": {"content": "x"}, "at": []}, 40058),
        ]
        assert [posted(url, body)["errcode"] for url, body, _ in rows] == [code for *_, code in rows]
        assert fake.received == []


def test_ntfy_refuses_what_it_refuses() -> None:
    with NtfyFake(token=TOKEN) as fake:
        bearer = {"Authorization": f"Bearer {TOKEN}"}
        body = {"topic": "t", "title": "a", "message": "b", "priority": 3}
        assert posted(fake.url, body)["code"] == 40301
        assert posted(fake.url, body | {"unknown": 1}, **bearer)["code"] == 40024
        assert posted(fake.url, body | {"priority": 6}, **bearer)["code"] == 40024
        assert posted(fake.url, body | {"message": "x" * 4_097}, **bearer)["code"] == 41301
        assert posted(fake.url, body, **bearer)["event"] == "message"


@pytest.mark.parametrize("behind_seconds", [-301, 301])
def test_a_receiver_of_webhooks_refuses_another_clock(behind_seconds: float, tmp_path: Path) -> None:
    with kit("webhook", tmp_path) as one:
        ours = Time(one.time.now - behind_seconds)
        outcome = channel(one.fake, tmp_path, ours).send(MESSAGE, one.address)
        assert (outcome.state, outcome.code) == ("refused", "401")
        assert "timestamp" in outcome.told and one.fake.received == []


def test_a_receiver_of_webhooks_refuses_another_secret_and_missing_headers(tmp_path: Path) -> None:
    with kit("webhook", tmp_path) as one:
        other = WebhookFake(key=b"o" * 32)
        other.close()
        assert one.again(secret=other.secret).send(MESSAGE, one.address).code == "401"
        assert posted(one.fake.url, {})["status"] == 400
        assert one.fake.received == []


def test_a_push_service_refuses_what_it_refuses(tmp_path: Path) -> None:
    time = Time()
    with PushFake(clock=time) as fake:
        late = Time(time.now - 13 * HOUR)
        assert channel(fake, tmp_path, late).send(MESSAGE, address_for(fake)).code == "403"
        assert posted(fake.url, {})["status"] == 400
        assert posted(fake.url + "x", {})["status"] == 404
        fake.gone = True
        assert channel(fake, tmp_path, time).send(MESSAGE, address_for(fake)).code == "gone"
        assert fake.received == []


@pytest.mark.parametrize("kind", ["dingtalk", "feishu"])
def test_a_wrong_clock_secret_or_keyword_is_told_in_the_providers_words(kind: str, tmp_path: Path) -> None:
    wanted = {"dingtalk": "310000", "feishu": "19021"}[kind]
    with kit(kind, tmp_path) as one:
        stale = channel(one.fake, tmp_path, Time(one.time.now - HOUR - 2))
        assert stale.send(MESSAGE, one.address).code == wanted
        wrong = one.again(secret="SECother").send(MESSAGE, one.address)
        assert (wrong.state, wrong.code) == ("refused", wanted) and "sign" in wrong.told
        one.fake.keyword = "线边"
        missing = one.again(keyword="").send(MESSAGE, one.address)
        assert missing.code == {"dingtalk": "310000", "feishu": "19024"}[kind] and "words" in missing.told.lower()
        assert one.again().send(MESSAGE, one.address).state == "accepted"
        assert one.fake.received[0].title.startswith("线边 ")


@pytest.mark.parametrize("kind", ["dingtalk", "feishu", "wecom"])
@pytest.mark.parametrize("mention", ["13800138000", "+8613800138000", "zhangsan_01"])
def test_the_one_to_act_is_mentioned(kind: str, mention: str, tmp_path: Path) -> None:
    with kit(kind, tmp_path) as one:
        assert one.channel.send(MESSAGE, Address(mention=mention)).state == "accepted"
        (seen,) = one.fake.received
        phone = mention[-1].isdigit() and not mention.startswith("z")
        if kind == "feishu" and phone:
            assert seen.mention == "" and f"@{mention}" in seen.text
        else:
            assert seen.mention == mention
        assert seen.link == MESSAGE.link


@pytest.mark.parametrize("mention", ["all", "@all", "@所有人", "a b", "<@all>", "x" * 65])
@pytest.mark.parametrize("kind", ["feishu", "wecom"])
def test_nobody_mentions_everybody(kind: str, mention: str, tmp_path: Path) -> None:
    with kit(kind, tmp_path) as one:
        assert one.channel.send(Message("k", "t", "x"), Address(mention=mention)).state == "accepted"
        assert one.fake.received[0].mention == ""
