"""The log of the plant, newest first, with filters and a CSV export that no spreadsheet runs."""

import csv
import io
from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Response, request

from central.digits import POSITION_DIGITS_MAX, whole_number
from central.pages.addresses import address_of
from central.pages.formats import cell, date_clock
from central.pages.frame import for_accounts, language, render, signed_in
from central.pages.office import RecordLine, RecordQuery
from central.pages.port import Office
from central.texts import text, text_or
from floor import texts as floor_texts
from floor.events import EVENTS
from floor.texts import Language

RECORDS_PER_PAGE = 50
RECORDS_PER_EXPORT_MAX = 50_000
RECORDS_PER_READ = 500
DATA_SHOWN_MAX = 8
"""Fields of an event shown in a row; the raw text has all."""

SHOWN_ELSEWHERE = ("person", "operation", "flags", "sha256", "media_type")
COLUMNS = (
    "gateway",
    "epoch",
    "seq",
    "time",
    "error_seconds",
    "clock_state",
    "type",
    "station",
    "person",
    "operation",
    "flags",
    "content",
)


def add_routes(pages: Blueprint, office: Office) -> None:
    """Registers the pages."""

    @pages.get("/records")
    @for_accounts
    def records() -> Response:
        return _show(office, _query())

    @pages.get("/records.csv")
    @for_accounts
    def records_csv() -> Response:
        query = _query()
        filtered = {"gateway": query.gateway_name, "type": query.type, "operation": query.operation}
        office.note_export("records.csv", signed_in(), **filtered)
        answer = Response(_csv(office, query), mimetype="text/csv; charset=utf-8")
        answer.headers["Content-Disposition"] = "attachment; filename=lineside-records.csv"
        return answer


def _query() -> RecordQuery:
    asked = request.args
    before = asked.get("before", "")
    return RecordQuery(
        asked.get("gateway", "").strip()[:64],
        asked.get("type", "").strip()[:64],
        asked.get("operation", "").strip()[:64],
        whole_number(before, POSITION_DIGITS_MAX),
    )


def _show(office: Office, query: RecordQuery) -> Response:
    found = list(office.records(query, RECORDS_PER_PAGE + 1))

    def records_url(path: str, *, before: int | None) -> str:
        wanted = {"gateway": query.gateway_name, "type": query.type, "operation": query.operation, "before": before}
        return address_of(path, wanted)

    return render(
        "records.html",
        records=found[:RECORDS_PER_PAGE],
        more=len(found) > RECORDS_PER_PAGE,
        query=query,
        records_url=records_url,
        **record_words(language()),
        types=tuple(EVENTS),
        gateway_names=sorted(each.name for each in office.board().gateways),
        export_max=RECORDS_PER_EXPORT_MAX,
    )


def record_words(chosen: Language) -> dict[str, Any]:
    """What the table of records says with."""
    return {
        "clock_word": lambda record: clock_word_in(record.clock_state, chosen),
        "seconds_bound": seconds_bound,
        "data_of": lambda record: data_of(record, chosen),
    }


def clock_word_in(clock_state: str, chosen: Language) -> str:
    """How good a record's clock was, in words."""
    key = {"synchronised": "records.clock_set", "corrected": "records.clock_anchored"}.get(clock_state)
    return text(chosen, key or "records.clock_unknown")


def seconds_bound(seconds: float) -> str:
    """An error bound in seconds, rounded up: a bound is never shown smaller than it is."""
    if seconds < 10:
        return f"{-(-seconds * 10 // 1) / 10:.1f}"
    return f"{-(-seconds // 1):.0f}"


def data_of(record: RecordLine, chosen: Language) -> list[tuple[str, str]]:
    """(word, value) of the fields of an event that say something and have no column of their own."""
    told = [
        (text_or(chosen, f"field.{key}", key), _value(record, key, value, chosen))
        for key, value in record.data.items()
        if key not in SHOWN_ELSEWHERE and value not in ("", None, [], {})
    ]
    return told[:DATA_SHOWN_MAX]


def _value(record: RecordLine, key: str, value: object, chosen: Language) -> str:
    if record.type == "scan.rejected" and key == "reason":
        return floor_texts.name(floor_texts.REJECTION_NAMES, str(value), chosen)
    if key in record.names:
        chinese, english = record.names[key]
        return (english or chinese) if chosen == "en" else chinese
    if key in ("call", "corrects", "epoch"):
        epoch, slash, seq = str(value).partition("/")
        return epoch[:8] + slash + seq
    if key == "rule":
        return floor_texts.name(floor_texts.FLAG_NAMES, str(value), chosen)
    if isinstance(value, bool):
        return text(chosen, "table.yes" if value else "table.no")
    if key == "source":
        return text_or(chosen, f"source.{value}", str(value))
    if isinstance(value, list):
        return ", ".join(_fact(str(each), chosen) if key == "facts" else str(each) for each in value)
    if isinstance(value, float):
        return f"{value:.1f}"
    return str(value)


def _fact(told: str, chosen: Language) -> str:
    """One of the key facts that are said back, `name=value`."""
    name, _, value = told.partition("=")
    return f"{text_or(chosen, f'fact.{name}', name)} {value}".strip()


def _csv(office: Office, query: RecordQuery) -> Iterator[str]:
    """The export in pieces, so that 50,000 records never stand in memory at once. The mark in front tells a
    spreadsheet that this is UTF-8."""
    yield "\ufeff" + _lines([list(COLUMNS)])
    left = RECORDS_PER_EXPORT_MAX
    while left > 0:
        found = office.records(query, min(left, RECORDS_PER_READ))
        if not found:
            return
        yield _lines([_cells(each) for each in found])
        left -= len(found)
        query = RecordQuery(query.gateway_name, query.type, query.operation, found[-1].place)


def _cells(record: RecordLine) -> list[object]:
    return [
        record.gateway_name,
        record.epoch,
        record.seq,
        date_clock(record.wall),
        "" if record.error is None else round(record.error, 3),
        record.clock_state,
        record.type,
        record.station,
        record.person,
        record.operation,
        " ".join(record.flags),
        record.content,
    ]


def _lines(rows: list[list[object]]) -> str:
    """Rows as CSV, every cell quoted and neutralised (ASVS 1.2.10)."""
    buffer = io.StringIO()
    csv.writer(buffer, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(
        [cell(each) for each in row] for row in rows
    )
    return buffer.getvalue()
