"""Custom bots of 飞书 and Lark: `bot/v2/hook`, signed in the body, a card with a button that opens the link."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

from central.channels.pace import Allowance, Pace
from central.channels.port import Address, Message, Outcome
from central.channels.robot import PHONE, USER, Clock, Dialect, Robot
from central.channels.settings import FeishuSettings
from central.channels.words import clipped, lines_of, link_of, one_line, told

BODY_TEXT_BYTES_MAX = 16_000
"""Of the 20 KB that a whole message may have."""
SPEED_WORDS = ("frequen", "too many", "limit")


def signature(secret: str, timestamp: int) -> str:
    """Base64 of HMAC-SHA256 with timestamp, line feed, secret as key over nothing."""
    digest = hmac.new(f"{timestamp}\n{secret}".encode(), b"", hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


class Feishu(Robot):
    """A bot of 飞书."""

    kind = "feishu"
    dialect = Dialect("code", "msg", {"11232": 60.0, "99991400": 60.0})

    def __init__(self, settings: FeishuSettings, clock: Clock | None = None) -> None:
        pace = Pace(Allowance(5, 1.0), Allowance(100, 60.0), margin_seconds=0.5)
        super().__init__(settings, pace, clock, settings.secret.get_secret_value())

    def request(self, message: Message, address: Address) -> tuple[str, dict[str, Any]]:
        """A card. What people typed stands in plain text elements, where no mark means anything."""
        elements: list[dict[str, Any]] = []
        text = clipped(lines_of(message.text), BODY_TEXT_BYTES_MAX)
        if text:
            elements.append({"tag": "div", "text": {"tag": "plain_text", "content": text}})
        elements += _mentioned(address.mention)
        if link := link_of(message):
            label = {"tag": "plain_text", "content": one_line(message.link_text or link, 80)}
            button = {"tag": "button", "text": label, "url": link, "type": "primary"}
            elements.append({"tag": "action", "actions": [button]})
        header = {
            "title": {"tag": "plain_text", "content": self.title(message)},
            "template": "red" if message.urgent else "blue",
        }
        card = {"config": {"wide_screen_mode": True}, "header": header, "elements": elements}
        body: dict[str, Any] = {"msg_type": "interactive", "card": card}
        if self._secret:
            now = int(self._clock.wall())
            body |= {"timestamp": str(now), "sign": signature(self._secret, now)}
        return self._url, body

    def unusual(self, answer: Mapping[str, Any]) -> Outcome | None:
        """Older hooks say StatusCode; and 9499 stands for a bad request as well as for too many."""
        if "code" not in answer and "StatusCode" in answer:
            older = Dialect("StatusCode", "StatusMessage", self.dialect.wait_seconds)
            return older.verdict(answer, self._secrets)
        words = str(answer.get("msg", ""))
        if answer.get("code") == 9499 and any(each in words.lower() for each in SPEED_WORDS):
            return Outcome("limited", "9499", told(words, self._secrets), retry_after_seconds=60.0)
        return None


def _mentioned(mention: str) -> list[dict[str, Any]]:
    """A custom bot can mention by open_id or user_id alone; a phone number is shown as text."""
    if PHONE.fullmatch(mention):
        return [{"tag": "div", "text": {"tag": "plain_text", "content": f"@{mention}"}}]
    if USER.fullmatch(mention) and mention != "all":
        return [{"tag": "div", "text": {"tag": "lark_md", "content": f"<at id={mention}></at>"}}]
    return []
