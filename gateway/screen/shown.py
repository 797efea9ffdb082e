"""A GatewayView as the plain JSON values of one station's page. Pure.

Texts go out in both languages, so that a browser switches without asking. Nothing is escaped here: the page puts
every value in as text, never as markup.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from gateway.line_rows import IMPACTS
from gateway.view import (
    CallLine,
    GatewayView,
    HandoverLine,
    LastScan,
    LineCall,
    LineStation,
    LineView,
    Message,
    NoticeLine,
    PromptLine,
    ReadingLine,
    StationView,
)

Texts = Mapping[str, Mapping[str, str]]
LANGUAGES = ("zh", "en")


def station_content(view: GatewayView, station: str, texts: Texts) -> dict[str, Any] | None:
    """What the page of `station` shows; None when the gateway no longer serves it. The time is not in it."""
    found = station_of(view, station)
    if found is None:
        return None
    return {
        "station": found.station,
        "name": found.name,
        "people": [asdict(each) for each in found.people],
        "work": [asdict(each) for each in found.work],
        "prompt": _prompt(found.prompt, texts),
        "last": None if found.last is None else _scan(found.last, texts),
        "recent": [_scan(each, texts) for each in found.recent],
        "calls": [_call(each) for each in found.calls],
        "call_types": [
            {"id": code, "zh": name, "en": name_en or name, "impact": impact}
            for code, name, name_en, impact in found.call_types
        ],
        "scrap_reasons": [_named(each) for each in found.scrap_reasons],
        "notices": [_notice(each) for each in found.notices],
        "handover": None if found.handover is None else _handover(found.handover),
        "listening": found.listening,
        "rework_reasons": [_named(each) for each in found.rework_reasons],
        "pause_reasons": [_named(each) for each in found.pause_reasons],
        "notes": [asdict(each) for each in found.notes],
        "commands": list(found.commands),
        "devices": [{"name": name, "there": there} for name, there in found.devices],
        "gateway": _gateway(view),
        "line": None if view.line is None else _calls_elsewhere(view.line),
    }


def line_content(view: GatewayView) -> dict[str, Any] | None:
    """What the line's page shows. Its times are seconds of the gateway's boot clock; the time now is not in it."""
    line = view.line
    if line is None:
        return None
    return {
        "line": line.line,
        "stations": [_line_station(each) for each in line.stations],
        "more": line.more,
        "silent_seconds": line.silent_seconds,
        "broker": view.broker,
        "gateway": view.gateway_name,
    }


def _line_station(row: LineStation) -> dict[str, Any]:
    content = asdict(row)
    return {**content, "calls": [_named_call(each) for each in content["calls"]]}


def _line_call(call: LineCall) -> dict[str, Any]:
    return _named_call(asdict(call))


def _named_call(content: dict[str, Any]) -> dict[str, Any]:
    """A call as its name in each language and the rest of it."""
    name, name_en = content.pop("name"), content.pop("name_en")
    return {**content, "zh": name, "en": name_en}


def _calls_elsewhere(line: LineView) -> dict[str, Any]:
    """Open calls at the stations of other gateways: how many, and the one that matters most."""
    rows = [(row, call) for row in line.stations if row.presence != "own" for call in row.calls]
    rows.sort(key=lambda each: (each[1].acknowledged, IMPACTS.index(each[1].impact), each[1].began))
    return {
        "stations": len(line.stations) + line.more,
        "calls": len(rows),
        "call": {"station": rows[0][0].name, **_line_call(rows[0][1])} if rows else None,
    }


def station_of(view: GatewayView, station: str) -> StationView | None:
    """The station's view, by its id."""
    return next((each for each in view.stations if each.station == station), None)


def phrase(message: Message, texts: Texts) -> dict[str, str]:
    """The message in each language.

    A key or value the catalogue lacks shows as the key and its values: a person still sees what there is, and the
    page never goes dark over a missing word.
    """
    return {language: _filled(message, texts.get(message.key, {}).get(language), language) for language in LANGUAGES}


def _filled(message: Message, pattern: str | None, language: str) -> str:
    if pattern is not None:
        try:
            return pattern.format(**message.values)
        except (KeyError, IndexError, ValueError, AttributeError):
            pattern = None
    return " ".join([message.key, *(str(value) for value in message.values.values())])


def _scan(scan: LastScan, texts: Texts) -> dict[str, Any]:
    return {
        "shown": scan.shown,
        "signal": scan.signal,
        "text": phrase(scan.message, texts),
        "wall": scan.wall,
        "identity": scan.identity,
        "at_office": scan.at_office,
        "beep_unknown": scan.beep_unknown,
    }


def _prompt(prompt: PromptLine, texts: Texts) -> dict[str, Any]:
    return {
        "kind": prompt.kind,
        "text": None if prompt.message is None else phrase(prompt.message, texts),
        "good": prompt.good,
        "scrap": prompt.scrap,
        "scrap_reason": prompt.scrap_reason,
        "operation": prompt.operation,
        "reading": None if prompt.reading is None else _reading(prompt.reading),
        "rework": prompt.rework,
        "rework_reason": prompt.rework_reason,
        "partial": prompt.partial,
        "entered": prompt.entered,
    }


def _reading(reading: ReadingLine) -> dict[str, Any]:
    return {
        "about": reading.about,
        "zh": reading.title,
        "en": reading.title_en,
        "text": reading.text,
        "fact": reading.fact,
        "entered": reading.entered,
    }


def _notice(notice: NoticeLine) -> dict[str, Any]:
    return {"id": notice.notice, "zh": notice.title, "en": notice.title_en, "text": notice.text}


def _handover(offer: HandoverLine) -> dict[str, Any]:
    return {
        "person_name": offer.person_name,
        "wall": offer.wall,
        "operations": list(offer.operations),
        "calls": [{"zh": chinese, "en": english} for chinese, english in offer.calls],
        "notices": [{"zh": chinese, "en": english} for chinese, english in offer.notices],
    }


def _call(call: CallLine) -> dict[str, Any]:
    return {
        "call": call.call,
        "call_type": call.call_type,
        "zh": call.name,
        "en": call.name_en or call.name,
        "impact": call.impact,
        "state": call.state,
        "raised_wall": call.raised_wall,
        "person_name": call.person_name,
        "acknowledged_by": call.acknowledged_by,
        "tier": call.tier,
        "owner": call.owner,
        "stopped": call.stopped,
        "handed_by": call.handed_by,
        "owners": list(call.owners),
        "causes": [_named(each) for each in call.causes],
        "cases": [asdict(each) for each in call.cases],
    }


def _named(row: tuple[str, str, str]) -> dict[str, str]:
    code, name, name_en = row
    return {"id": code, "zh": name, "en": name_en or name}


def _gateway(view: GatewayView) -> dict[str, Any]:
    return {
        "name": view.gateway_name,
        "kept": view.kept,
        "waiting": view.waiting,
        "waiting_since_wall": view.waiting_since_wall,
        "office": view.office,
        "office_seen_wall": view.office_seen_wall,
        "joining": view.joining,
        "broker": view.broker,
        "refusing": view.refusing,
        "doubt": None if view.doubt is None else asdict(view.doubt),
        "days_left": view.days_left,
        "clock_synchronised": view.clock_synchronised,
        "master_version": view.master_version,
        "photos_waiting": view.photos_waiting,
    }
