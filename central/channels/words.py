"""Texts on their way out and in: bounded, without control characters, and without a channel's secrets."""

import hashlib
import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from central.channels.port import TEXT_CHARACTERS_MAX, TITLE_CHARACTERS_MAX, TOLD_CHARACTERS_MAX, Message

SECRET_CHARACTERS_MIN = 6
"""Shorter parts of an address are no secrets, and hiding them would make words unreadable."""

_PLAIN = str.maketrans("[]()<>`*_~|\\", "［］（）＜＞＇＊＿～｜＼")


def one_line(text: str, characters_max: int) -> str:
    """Printable, on one line, bounded."""
    line = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    return line if len(line) <= characters_max else line[: characters_max - 1] + "…"


def lines_of(text: str, characters_max: int = TEXT_CHARACTERS_MAX) -> str:
    """Printable lines, bounded."""
    kept = "\n".join(
        "".join(each if each.isprintable() else " " for each in line).rstrip() for line in text.splitlines()
    )
    return kept if len(kept) <= characters_max else kept[: characters_max - 1] + "…"


def title_of(message: Message) -> str:
    """Its title as every channel sends it; no provider takes an empty one."""
    return one_line(message.title, TITLE_CHARACTERS_MAX) or "线边 Lineside"


def digest(key: str) -> bytes:
    """32 bytes that stand for a delivery's key where the key itself may not stand."""
    return hashlib.sha256(key.encode(errors="replace")).digest()


def link_of(message: Message) -> str:
    """Its link as every channel sends it: nothing in it ends a Markdown link. Empty for what is no web address."""
    link = quote(message.link, safe=":/?#[]@!$&*+,;=%-._~", errors="replace")
    return link if link.startswith(("https://", "http://")) else ""


def clipped(text: str, bytes_max: int) -> str:
    """Cut to so many bytes of UTF-8, between characters, with an ellipsis where something is missing."""
    raw = text.encode()
    if len(raw) <= bytes_max:
        return text
    return raw[: max(0, bytes_max - len("…".encode()))].decode(errors="ignore") + "…"


def unmarked(text: str) -> str:
    """Text that means nothing to a messenger's Markdown: no link, picture, mention or heading but our own.

    Scanned labels and names are hostile. Full-width twins stay readable where backslashes are shown as they are.
    """
    plain = text.translate(_PLAIN).replace("://", "：//")
    return "\n".join("＃" + line[1:] if line.startswith("#") else line for line in plain.splitlines())


def secrets_of(address: str, *more: str) -> tuple[str, ...]:
    """What of a channel's address must not be repeated: itself, the parts of its path and its query's values."""
    parts = urlsplit(address)
    pieces = [address, *more, *parts.path.split("/"), *(value for _, value in parse_qsl(parts.query)), parts.query]
    found = {piece for piece in pieces if len(piece) >= SECRET_CHARACTERS_MIN}
    return tuple(sorted(found, key=len, reverse=True))


def told(words: str, secrets: Iterable[str] = ()) -> str:
    """A provider's words for people: hidden secrets, one line, bounded."""
    for secret in secrets:
        words = words.replace(secret, "…")
    return one_line(words, TOLD_CHARACTERS_MAX)


def json_object(body: bytes) -> dict[str, Any]:
    """The object in an answer; empty for anything else."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
