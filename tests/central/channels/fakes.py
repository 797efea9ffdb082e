"""Providers on loopback, each after its public specification; stricter than the real ones, never laxer.

`with DingtalkFake() as fake:` gives `fake.url` (what a channel is configured with), `fake.received` (what readers see,
with the link), `fake.fail_next(...)`.
"""

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any

from tests.central.channels.fake_http import LINK, Answer, HttpFake, Quota, Received, Request, said
from tests.central.channels.fake_mail import MailFake
from tests.central.channels.fake_push import PushFake

__all__ = ["DingtalkFake", "FeishuFake", "MailFake", "NtfyFake", "PushFake", "Received", "WebhookFake", "WecomFake"]

STALE_SECONDS = 3_600.0


def _unknown(body: Mapping[str, Any], allowed: Mapping[str, Any], where: str = "") -> str:
    """The first field that the specification has not; nested tables are looked into."""
    for name, value in body.items():
        if name not in allowed:
            return where + name
        inner = allowed[name]
        if isinstance(inner, dict) and isinstance(value, dict) and (found := _unknown(value, inner, f"{where}{name}.")):
            return found
    return ""


class RobotFake(HttpFake):
    """A group's robot: a secret address, and maybe a signature and a keyword."""

    def __init__(
        self, *, secret: str = "", keyword: str = "", clock: Callable[[], float] = time.time, **given: Any
    ) -> None:
        self.secret = secret
        self.keyword = keyword
        self.token = secrets.token_hex(32)
        super().__init__(clock=clock, **given)


class DingtalkFake(RobotFake):
    """`oapi.dingtalk.com/robot/send`."""

    path = "/robot/send"
    FIELDS: Mapping[str, Any] = {
        "msgtype": None,
        "markdown": {"title": None, "text": None},
        "at": {"atMobiles": None, "atUserIds": None, "isAtAll": None},
    }

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self._quota = Quota(20, 60.0)
        self._banned_until = 0.0

    @property
    def url(self) -> str:
        return f"{super().url}?access_token={self.token}"

    def coded(self, code: str) -> Answer:
        return said({"errcode": int(code), "errmsg": f"robot {self.token} says {code}"})

    def answer(self, request: Request) -> Answer:
        now = self.clock()
        if now < self._banned_until:
            return said({"status": 1111, "wait": 5, "source": "x5", "punish": "deny", "uuid": secrets.token_hex(16)})
        code, words = self._fault(request, now)
        if code == 0:
            self.received.append(self._parsed(request.json()))
        return said({"errcode": code, "errmsg": words})

    def _fault(self, request: Request, now: float) -> tuple[int, str]:
        if not request.headers.get("content-type", "").startswith("application/json"):
            return 43004, "无效的HTTP HEADER Content-Type"
        if request.path != self.path or request.query.get("access_token") != self.token:
            return 300001, "token is not exist"
        if self.secret and (words := self._unsigned(request.query, now)):
            return 310000, words
        if not self._quota.takes(now):
            self._banned_until = now + 600.0
            return 130101, "send too fast, exceed 20 times per minute"
        if len(request.body) > 20_000:
            return 460101, "message too long, exceed 20000 bytes"
        body = request.json()
        if unknown := _unknown(body, self.FIELDS):
            return 40035, f"不合法的参数 {unknown}"
        if body.get("msgtype") != "markdown" or not body["markdown"].get("title") or not body["markdown"].get("text"):
            return 400105, "不支持的消息类型"
        if self.keyword not in body["markdown"]["title"] + body["markdown"]["text"]:
            return 310000, "keywords not in content"
        return 0, "ok"

    def _unsigned(self, query: Mapping[str, str], now: float) -> str:
        stamp = query.get("timestamp", "")
        if not stamp.isdigit() or abs(int(stamp) / 1000 - now) > STALE_SECONDS:
            return "invalid timestamp"
        text = stamp + "\n" + self.secret
        wanted = base64.b64encode(hmac.digest(self.secret.encode(), text.encode(), "sha256")).decode()
        return "" if query.get("sign") == wanted else "sign not match"

    def _parsed(self, body: dict[str, Any]) -> Received:
        text, at = body["markdown"]["text"], body["at"]
        links = LINK.findall(text)
        assert len(links) <= 1 and "![" not in text, "a link or picture that is not ours"
        mentioned = [*at.get("atMobiles", ()), *at.get("atUserIds", ())]
        # It is shown only when the text names them, too.
        mention = next((each for each in mentioned if f"@{each}" in text), "")
        words, link = links[0] if links else ("", "")
        return Received(body["markdown"]["title"], text, link, words, mention, raw=body)


class FeishuFake(RobotFake):
    """`open.feishu.cn/open-apis/bot/v2/hook/…`."""

    FIELDS: Mapping[str, Any] = {
        "timestamp": None,
        "sign": None,
        "msg_type": None,
        "card": {
            "config": {"wide_screen_mode": None},
            "header": {"title": {"tag": None, "content": None}, "template": None},
            "elements": None,
        },
    }

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self._quotas = (Quota(5, 1.0), Quota(100, 60.0))

    @property
    def url(self) -> str:
        return f"{super().url}open-apis/bot/v2/hook/{self.token}"

    def coded(self, code: str) -> Answer:
        return said({"code": int(code), "msg": f"hook {self.token} says {code}", "data": {}})

    def answer(self, request: Request) -> Answer:
        code, words = self._fault(request, self.clock())
        if code == 0:
            self.received.append(self._parsed(request.json()))
            return said({"code": 0, "msg": "success", "data": {}, "StatusCode": 0, "StatusMessage": "success"})
        return said({"code": code, "msg": words, "data": {}}, 400 if code == 9499 else 200)

    def _fault(self, request: Request, now: float) -> tuple[int, str]:
        if request.path != f"/open-apis/bot/v2/hook/{self.token}":
            return 19001, "param invalid: incoming webhook access token invalid"
        if not all([quota.takes(now) for quota in self._quotas]):
            return 11232, "frequency limited psm[lark.oapi.app_platform_runtime]appID[1500]"
        if len(request.body) > 20 * 1024:
            return 9499, "Bad Request"
        body = request.json()
        if self.secret and not self._signed(body, now):
            return 19021, "sign match fail or timestamp is not within one hour from current time"
        if _unknown(body, self.FIELDS) or body.get("msg_type") != "interactive" or not body["card"]["elements"]:
            return 9499, "Bad Request"
        if self.keyword not in str(body["card"]):
            return 19024, "Key Words Not Found"
        return 0, ""

    def _signed(self, body: Mapping[str, Any], now: float) -> bool:
        stamp = body.get("timestamp", "")
        if not isinstance(stamp, str) or not stamp.isdigit() or abs(int(stamp) - now) > STALE_SECONDS:
            return False
        wanted = base64.b64encode(hmac.new((stamp + "\n" + self.secret).encode(), digestmod=hashlib.sha256).digest())
        return bool(body.get("sign") == wanted.decode())

    def _parsed(self, body: dict[str, Any]) -> Received:
        text = link = words = mention = ""
        for element in body["card"]["elements"]:
            if element["tag"] == "action":
                (button,) = element["actions"]
                link, words = button["url"], button["text"]["content"]
            elif element["text"]["tag"] == "plain_text":
                text += element["text"]["content"]
            else:
                assert element["text"]["content"].startswith("<at id=")
                mention = element["text"]["content"].removeprefix("<at id=").removesuffix("></at>")
        header = body["card"]["header"]
        urgent = header["template"] == "red"
        return Received(header["title"]["content"], text, link, words, mention, urgent=urgent, raw=body)


class WecomFake(RobotFake):
    """`qyapi.weixin.qq.com/cgi-bin/webhook/send`. Its robots have neither signature nor keyword."""

    path = "/cgi-bin/webhook/send"
    FIELDS: Mapping[str, Any] = {
        "msgtype": None,
        "text": {"content": None, "mentioned_list": None, "mentioned_mobile_list": None},
        "markdown": {"content": None},
    }
    BYTES_MAX: Mapping[str, int] = {"text": 2_048, "markdown": 4_096}

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self._quota = Quota(20, 60.0)

    @property
    def url(self) -> str:
        return f"{super().url}?key={self.token}"

    def coded(self, code: str) -> Answer:
        return said({"errcode": int(code), "errmsg": f"key {self.token} says {code}"})

    def answer(self, request: Request) -> Answer:
        code, words = self._fault(request)
        if code == 0:
            self.received.append(self._parsed(request.json()))
        return said({"errcode": code, "errmsg": words})

    def _fault(self, request: Request) -> tuple[int, str]:
        if request.path != self.path or request.query.get("key") != self.token:
            return 93000, "invalid webhook url, hint: [1], from ip: 192.0.2.1"
        if not self._quota.takes(self.clock()):
            return 45009, "api freq out of limit, hint: [2]"
        body = request.json()
        kind = body.get("msgtype")
        if kind not in self.BYTES_MAX:
            return 40008, "invalid message type"
        if unknown := _unknown(body, self.FIELDS):
            return 40058, f"{unknown} invalid Request Parameter"
        if not body[kind].get("content"):
            return 44004, "empty content"
        if len(body[kind]["content"].encode()) > self.BYTES_MAX[kind]:
            return 40058, f"{kind}.content exceed max length {self.BYTES_MAX[kind]}. invalid Request Parameter"
        return 0, "ok"

    def _parsed(self, body: dict[str, Any]) -> Received:
        if body["msgtype"] == "text":
            lines = body["text"]["content"].split("\n")
            link = lines[-1] if lines[-1].startswith("http") else ""
            mentioned = [*body["text"].get("mentioned_list", ()), *body["text"].get("mentioned_mobile_list", ())]
            mention = mentioned[0] if len(mentioned) == 1 else ""
            return Received(lines[0], body["text"]["content"], link, "", mention, raw=body)
        content = body["markdown"]["content"]
        links = LINK.findall(content)
        assert len(links) <= 1 and "<@" not in content, "a link or mention that is not ours"
        words, link = links[0] if links else ("", "")
        urgent = 'color="warning"' in content
        title = content.split("\n")[0].strip("*").removeprefix('<font color="warning">').removesuffix("</font>")
        return Received(title, content, link, words, urgent=urgent, raw=body)


class WebhookFake(HttpFake):
    """A receiver that follows Standard Webhooks 1.0, five minutes of tolerance, and drops what it has."""

    path = "/hooks/lineside"
    TOLERANCE_SECONDS = 300.0

    def __init__(self, *, key: bytes = b"k" * 32, clock: Callable[[], float] = time.time, **given: Any) -> None:
        self.key = key
        super().__init__(clock=clock, **given)

    @property
    def secret(self) -> str:
        return "whsec_" + base64.b64encode(self.key).decode()

    def coded(self, code: str) -> Answer:
        return said({"error": f"{self.secret} {code}"}, int(code))

    def answer(self, request: Request) -> Answer:
        if request.path != self.path:
            return said({"error": "no such hook"}, 404)
        names = ("webhook-id", "webhook-timestamp", "webhook-signature", "idempotency-key")
        if any(not request.headers.get(name) for name in names):
            return said({"error": "a header is missing"}, 400)
        key, stamp, signed = (request.headers[name] for name in names[:3])
        if abs(int(stamp) - self.clock()) > self.TOLERANCE_SECONDS:
            return said({"error": "the timestamp is too old"}, 401)
        digest = hmac.new(self.key, b".".join([key.encode(), stamp.encode(), request.body]), "sha256").digest()
        if signed != "v1," + base64.b64encode(digest).decode():
            return said({"error": "no signature matches"}, 401)
        it = request.json()
        if not any(each.key == key for each in self.received):
            told = it["data"]
            self.received.append(
                Received(
                    *(told[name] for name in ("title", "text", "link", "link_text", "mention", "to")),
                    key=key,
                    urgent=told["urgent"],
                    raw=it,
                )
            )
        return Answer(204)


class NtfyFake(HttpFake):
    """A server of ntfy that takes JSON at its root."""

    FIELDS = frozenset({"topic", "message", "title", "priority", "click"})

    def __init__(self, *, token: str = "", clock: Callable[[], float] = time.time, **given: Any) -> None:
        self.token = token
        self._quota = Quota(60, 300.0)
        super().__init__(clock=clock, **given)

    def coded(self, code: str) -> Answer:
        return self._refused(int(code), f"{self.token} says {code}")

    def _refused(self, code: int, words: str) -> Answer:
        status = code // 100
        return said({"code": code, "http": status, "error": words, "link": "https://ntfy.sh/docs"}, status)

    def answer(self, request: Request) -> Answer:
        if not self._quota.takes(self.clock()):
            return self._refused(42901, "limit reached: too many requests")
        if self.token and request.headers.get("authorization") != f"Bearer {self.token}":
            return self._refused(40301, "forbidden")
        body = request.json()
        if request.path != "/" or body.keys() - self.FIELDS or body.get("priority", 3) not in (1, 2, 3, 4, 5):
            return self._refused(40024, "invalid request: request body must be valid JSON")
        if len(body["message"].encode()) > 4_096:
            return self._refused(41301, "attachment too large, or bandwidth limit reached")
        self.received.append(
            Received(
                body["title"],
                body["message"],
                body.get("click", ""),
                to=body["topic"],
                urgent=body.get("priority") == 5,
                raw=body,
            )
        )
        stamp = int(self.clock())
        return said({"id": secrets.token_hex(6), "time": stamp, "expires": stamp + 43_200, "event": "message", **body})
