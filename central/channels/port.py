"""What every channel is: it takes one message to one address and tells what the provider made of it.

A channel sends once and never waits to try again: when and how often is decided by who asks
(`central/notify/sending.py`).

Pure: shapes only.
"""

from dataclasses import dataclass
from typing import Literal, Protocol

OutcomeState = Literal["accepted", "handed_over", "refused", "limited", "unreachable", "unknown"]
"""accepted: the provider says it has it. handed_over: passed to a program that tells nothing of the provider's answer.
refused: trying again is of no use until somebody mends `told`. limited: too fast, again after `retry_after_seconds`.
unreachable: it certainly did not arrive. unknown: the answer was lost, it may have arrived."""

TITLE_CHARACTERS_MAX = 120
TEXT_CHARACTERS_MAX = 1_000
TOLD_CHARACTERS_MAX = 200

# Codes that are ours, not a provider's: the channel itself knows what became of the attempt.
GONE = "gone"
"""Refused: the address is no more (a browser that ended its subscription). Forget it."""
PACE = "pace"
"""Limited: held back here, so that the provider's limit is not met. Nothing was sent."""
BAD_ADDRESS = "address"
"""Refused: the address cannot be used, or leads to where this channel may not send."""
NO_CONNECTION = "connection"
"""Unreachable: no connection came about."""
BAD_TLS = "tls"
"""Unreachable: the other side could not prove who it is, or speaks no TLS."""
NO_ANSWER = "answer"
"""Unknown: it was sent, and no whole answer came."""
STRANGE_ANSWER = "strange"
"""Unknown: an answer came that is not the provider's."""


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent. `key`: of the delivery, the same at each attempt, for providers that drop a repeated one.

    `text`: plain, lines divided by a line feed. `link`: absolute address of the plant's own page; empty: none.
    """

    key: str
    title: str
    text: str
    link: str = ""
    link_text: str = ""
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Address:
    """To whom, in the channel's own words: a mail address, a topic, a push subscription; empty: a robot's group.

    `mention`: whom a robot names in its group: a phone number or a user id of that messenger.
    """

    to: str = ""
    mention: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one attempt. `code` and `told`: the provider's own; `provider_id`: its name for the message."""

    state: OutcomeState
    code: str = ""
    told: str = ""
    provider_id: str = ""
    retry_after_seconds: float = 0.0


class Channel(Protocol):
    """One configured way out."""

    @property
    def kind(self) -> str:
        """email, webhook, ntfy, dingtalk, feishu, wecom, web_push, …"""

    @property
    def repeats_safely(self) -> bool:
        """Whether the provider drops a second message with the same key."""

    def send(self, message: Message, address: Address) -> Outcome:
        """Send once. Never raises for what the network or the provider does: that is the outcome."""
