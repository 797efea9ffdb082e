"""What a message says, in the language of who gets it."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from central.board import person_name
from central.channels.port import TEXT_CHARACTERS_MAX, TITLE_CHARACTERS_MAX
from central.notify.tables import Notification
from central.texts import text, text_or
from floor import texts as floor_texts
from floor.label_texts import shown
from floor.master import MasterData
from floor.texts import LANGUAGES, Language

VALUE_CHARACTERS_MAX = 120
LINES_MAX = 12
DIGEST = "digest"
SUMMARY = "storm.summary"
SILENT_FACTS = frozenset(
    (
        "title",
        "title_en",
        "text",
        "people",
        "path",
        "gateway",
        "call",
        "call_type",
        "impact",
        "flags",
        "count",
        "titles",
    )
)
"""Facts with a place of their own."""


def facts_of(note: Notification) -> dict[str, Any]:
    """The facts of a notification."""
    found = json.loads(note.facts)
    return found if isinstance(found, dict) else {}


def title_of(note: Notification, master: MasterData, language: Language) -> str:
    """One line: what it is, and where."""
    facts = facts_of(note)
    given = (facts.get("title_en") if language == "en" else "") or facts.get("title") or ""
    kind = text_or(language, f"kind.{note.kind}", shown(note.kind, 64))
    parts = [kind, shown(str(given), VALUE_CHARACTERS_MAX), _call_type(facts, master, language), _station(note, master)]
    if note.kind in (DIGEST, SUMMARY):
        parts = [text(language, f"message.{note.kind}", n=facts.get("count", 0))]
    return shown(" · ".join(each for each in parts if each), TITLE_CHARACTERS_MAX)


def text_of(note: Notification, master: MasterData, language: Language, utc_offset_seconds: float) -> str:
    """The lines below: when, and each fact by its name. Bounded, and harmless to show."""
    lines = [_line(language, "at", _clock(note.happened_at + utc_offset_seconds))]
    lines += [each for each in _lines(note, facts_of(note), master, language, utc_offset_seconds) if each][:LINES_MAX]
    if note.count > 1:
        lines.append(text(language, "message.again", n=note.count))
    whole = "\n".join(lines)
    return whole if len(whole) <= TEXT_CHARACTERS_MAX else whole[: TEXT_CHARACTERS_MAX - 1] + "…"


def _lines(
    note: Notification, facts: dict[str, Any], master: MasterData, language: Language, offset: float
) -> Iterator[str]:
    if facts.get("text"):
        yield shown(str(facts["text"]), 400)
    if note.impact:
        yield _line(language, "impact", text_or(language, f"impact.{note.impact}", note.impact))
    if note.line:
        yield _line(language, "line", note.line)
    flags = facts.get("flags")
    if isinstance(flags, list):
        names = "、".join(floor_texts.name(floor_texts.FLAG_NAMES, str(each), language) for each in flags)
        yield _line(language, "flags", names)
    titles = facts.get("titles")
    yield from (f"- {shown(str(each), VALUE_CHARACTERS_MAX)}" for each in (titles if isinstance(titles, list) else ()))
    for name, value in facts.items():
        if name in SILENT_FACTS or value in ("", None, 0, [], {}):
            continue
        yield _line(language, name, _value(name, value, master, language, offset))


def _clock(local: float) -> str:
    return datetime.fromtimestamp(local, UTC).strftime("%Y-%m-%d %H:%M")


def _line(language: Language, name: str, value: str) -> str:
    word = text_or(language, f"message.fact.{name}", shown(name, 40))
    return f"{word}: {shown(value, VALUE_CHARACTERS_MAX)}"


def _value(name: str, value: Any, master: MasterData, language: Language, offset: float) -> str:
    if name == "due" and isinstance(value, float):
        return _clock(value + offset)
    if name in ("person", "by", "owner"):
        return person_name(str(value), master)
    if name == "cause":
        reason = master.reason_by_id.get(str(value))
        return _named(reason.name, reason.name_en, language) if reason else str(value)
    if name == "alarm":
        return text_or(language, f"alarm.{value}", str(value))
    return str(value)


def _call_type(facts: dict[str, Any], master: MasterData, language: Language) -> str:
    kind = master.call_type_by_id.get(str(facts.get("call_type", "")))
    return shown(_named(kind.name, kind.name_en, language) if kind else str(facts.get("call_type") or ""), 64)


def _station(note: Notification, master: MasterData) -> str:
    if not note.station:
        return ""
    station = master.station_by_id.get(note.station)
    return shown(" ".join(filter(None, (note.station, station.name if station else ""))), 64)


def _named(name: str, name_en: str, language: Language) -> str:
    return (name_en or name) if language == "en" else name


def language_of(given: str, person: str, master: MasterData) -> Language:
    """The contact's, else the person's, else Chinese."""
    known = master.person_by_id.get(person)
    wanted = given or (known.language if known else "")
    return next((each for each in LANGUAGES if each == wanted), LANGUAGES[0])
