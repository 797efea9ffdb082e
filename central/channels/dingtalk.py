"""Custom robots of 钉钉: `robot/send`, signed with 加签, text as Markdown, mentions by phone number or user id."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from central.channels.pace import Allowance, Pace
from central.channels.port import Address, Message, Outcome
from central.channels.robot import PHONE, USER, Clock, Dialect, Robot
from central.channels.settings import DingtalkSettings
from central.channels.words import clipped, lines_of, link_of, one_line, told, unmarked

BAN_SECONDS = 600.0
"""Beyond 20 messages a minute the robot is shut for ten minutes."""
BODY_TEXT_BYTES_MAX = 18_000
"""Of the 20,000 bytes that a whole message may have."""


def signature(secret: str, timestamp_milliseconds: int) -> str:
    """Base64 of HMAC-SHA256 with the secret as key over timestamp, line feed, secret."""
    digest = hmac.new(secret.encode(), f"{timestamp_milliseconds}\n{secret}".encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


class Dingtalk(Robot):
    """A robot of 钉钉."""

    kind = "dingtalk"
    dialect = Dialect("errcode", "errmsg", {"130101": BAN_SECONDS, "410100": 60.0, "-1": 10.0})

    def __init__(self, settings: DingtalkSettings, clock: Clock | None = None) -> None:
        super().__init__(settings, Pace(Allowance(20, 60.0)), clock, settings.secret.get_secret_value())

    def request(self, message: Message, address: Address) -> tuple[str, dict[str, Any]]:
        """A Markdown message: an action card could mention nobody."""
        title = unmarked(self.title(message))
        parts = [f"#### {title}", clipped(unmarked(lines_of(message.text)), BODY_TEXT_BYTES_MAX)]
        if link := link_of(message):
            parts.append(f"[{unmarked(one_line(message.link_text or link, 80))}]({link})")
        at = self._mentioned(address.mention, parts)
        # A single line feed is a blank in this Markdown.
        text = "\n\n".join(part.replace("\n", "\n\n") for part in parts if part)
        return self._signed(), {"msgtype": "markdown", "markdown": {"title": title, "text": text}, "at": at}

    def _mentioned(self, mention: str, parts: list[str]) -> dict[str, Any]:
        """The one mentioned; the text must name them as well, or 钉钉 shows no mention."""
        if PHONE.fullmatch(mention):
            parts.append(f"@{mention}")
            return {"atMobiles": [mention], "isAtAll": False}
        if USER.fullmatch(mention):
            parts.append(f"@{mention}")
            return {"atUserIds": [mention], "isAtAll": False}
        return {"isAtAll": False}

    def _signed(self) -> str:
        if not self._secret:
            return self._url
        now = int(self._clock.wall() * 1000)
        return self._url + "&" + urlencode({"timestamp": now, "sign": signature(self._secret, now)})

    def unusual(self, answer: Mapping[str, Any]) -> Outcome | None:
        """While a robot is shut, the wall before it answers `punish` and `wait`, without an error code."""
        if "errcode" in answer or "punish" not in answer:
            return None
        words = told(f"punish {answer['punish']}")
        return Outcome("limited", str(answer.get("status", ""))[:32], words, retry_after_seconds=BAN_SECONDS)
