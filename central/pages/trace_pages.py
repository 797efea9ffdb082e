"""Traces: one search, and one page from a product to everything it is of, or from a component to every product."""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, request
from sqlalchemy import select

from central.board import BoardCall
from central.context import Plant, plant
from central.digits import POSITION_DIGITS_MAX, whole_number
from central.order_fold import catch_up_for_page, is_fresh
from central.order_tables import TraceStep
from central.pages.addresses import address_of
from central.pages.frame import for_accounts, language, render
from central.pages.office import CallLine
from central.pages.order_pages import photo_lines
from central.pages.plant_board import call_line, station_name
from central.pages.port import Office
from central.pages.record_pages import clock_word_in, seconds_bound
from central.snapshots import current_master
from central.trace import lines_of, look_up, products_page, subjects_of

TEXT_CHARACTERS_MAX = 128
STEPS_PER_PAGE = 40
PASSES_PER_PAGE = 10


def add_routes(pages: Blueprint, office: Office) -> None:
    """Registers the pages."""

    @pages.get("/trace")
    @for_accounts
    def trace() -> Response:
        here = plant()
        catch_up_for_page(here.database, here.now())
        asked = request.args.get("q", "").strip()[:TEXT_CHARACTERS_MAX]
        use = whole_number(request.args.get("use", ""), POSITION_DIGITS_MAX)
        return _show_use(here, use) if use is not None else _show(here, asked)


def _url(**values: object) -> str:
    return address_of("/trace", values)


def _show(here: Plant, asked: str) -> Response:
    """What a text means; the first meaning, or the one asked for, whole."""
    before, name = whole_number(request.args.get("before", ""), POSITION_DIGITS_MAX), here.database.plant
    wanted = request.args.get("kind", "")
    with here.database.read() as session:
        subjects = subjects_of(session, name, asked, current_master(session, name)) if asked else []
        subject = next((each for each in subjects if wanted in ("", each.kind)), None)
        count = PASSES_PER_PAGE if subject and subject.kind in ("serial", "lot") else STEPS_PER_PAGE
        found = look_up(session, name, subject, count, before, here.now()) if subject else None
        complete = is_fresh(session, name, here.now())
    mine = {"q": asked, "kind": subject.kind} if subject else {}
    return _page(
        here,
        asked=asked,
        subjects=subjects,
        subject=subject,
        found=found,
        complete=complete,
        use=None,
        products=None,
        older=_url(**mine, before=found.older) if found and found.older else "",
        newest=_url(**mine) if subject and before is not None else "",
    )


def _show_use(here: Plant, position: int) -> Response:
    """All products that may hold what one scan built in."""
    before, name = whole_number(request.args.get("before", ""), POSITION_DIGITS_MAX), here.database.plant
    with here.database.read() as session:
        mine = (TraceStep.plant == name, TraceStep.position == position, TraceStep.kind == "component")
        row = session.scalar(select(TraceStep).where(*mine))
        use = lines_of(session, name, [row])[0] if row is not None else None
        products = products_page(session, name, row, STEPS_PER_PAGE, before) if row is not None else None
        complete = is_fresh(session, name, here.now())
    behind = products.steps[-1].position if products and products.more else None
    return _page(
        here,
        asked=(use.lot or use.serial) if use else "",
        subjects=[],
        subject=None,
        found=None,
        complete=complete,
        use=use,
        products=products,
        older=_url(use=position, before=behind) if behind else "",
        newest=_url(use=position) if before is not None else "",
    )


def _page(here: Plant, **values: Any) -> Response:
    now, chosen = here.now(), language()
    with here.database.read() as session:
        master = current_master(session, here.database.plant)

    def lines(calls: Sequence[BoardCall]) -> list[CallLine]:
        return [call_line(each, master, now) for each in calls]

    return render(
        "trace.html",
        trace_url=_url,
        text_max=TEXT_CHARACTERS_MAX,
        station_word=lambda station: station_name(station, master),
        calls_of=lines,
        photos_of=lambda hashes: photo_lines(here.files, hashes),
        clock_word=lambda step: clock_word_in(step.clock, chosen),
        seconds_bound=seconds_bound,
        **values,
    )
