"""Group robots of 企业微信: Markdown, or plain text where somebody is mentioned. They have no signature."""

from typing import Any

from central.channels.pace import Allowance, Pace
from central.channels.port import Address, Message
from central.channels.robot import PHONE, USER, Clock, Dialect, Robot
from central.channels.settings import WecomSettings
from central.channels.words import clipped, lines_of, link_of, one_line, unmarked

TEXT_BYTES_MAX = 2_048
MARKDOWN_BYTES_MAX = 4_096


class Wecom(Robot):
    """A robot of 企业微信."""

    kind = "wecom"
    dialect = Dialect("errcode", "errmsg", {"45009": 60.0, "45033": 10.0, "-1": 10.0})

    def __init__(self, settings: WecomSettings, clock: Clock | None = None) -> None:
        super().__init__(settings, Pace(Allowance(20, 60.0)), clock)

    def request(self, message: Message, address: Address) -> tuple[str, dict[str, Any]]:
        """Only text takes a phone number; only Markdown takes 4096 bytes and a link with words."""
        if PHONE.fullmatch(address.mention):
            return self._url, self._text(message, {"mentioned_mobile_list": [address.mention]})
        if USER.fullmatch(address.mention) and address.mention != "all":
            return self._url, self._text(message, {"mentioned_list": [address.mention]})
        return self._url, self._markdown(message)

    def _text(self, message: Message, mentioned: dict[str, Any]) -> dict[str, Any]:
        # Nothing is marked up in a text, but addresses become links by themselves: only ours shall.
        title, text = unmarked(self.title(message)), unmarked(lines_of(message.text))
        content = _joined(title, text, link_of(message), TEXT_BYTES_MAX)
        return {"msgtype": "text", "text": {"content": content, **mentioned}}

    def _markdown(self, message: Message) -> dict[str, Any]:
        title = unmarked(self.title(message))
        head = f'**<font color="warning">{title}</font>**' if message.urgent else f"**{title}**"
        target = link_of(message)
        link = f"[{unmarked(one_line(message.link_text or target, 80))}]({target})" if target else ""
        content = _joined(head, unmarked(lines_of(message.text)), link, MARKDOWN_BYTES_MAX)
        return {"msgtype": "markdown", "markdown": {"content": content}}


def _joined(head: str, text: str, link: str, bytes_max: int) -> str:
    """The parts on lines of their own. What is too long is cut from the text: a cut link would lead nowhere."""
    around = len("\n".join([head, "", link]).encode())
    return "\n".join(part for part in (head, clipped(text, bytes_max - around), link) if part)
