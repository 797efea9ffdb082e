"""Problems: calls that became one, their cause, their measures, and whether those had an effect."""

import json
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, abort, redirect, request
from sqlalchemy import func, select
from werkzeug.wrappers import Response as BaseResponse

from central import problems
from central.call_names import call_name, call_of
from central.comments import number_in
from central.context import plant
from central.digits import page_number
from central.errors import ChangedMeanwhile, ProblemRefused, RequestRefused
from central.history import Actor, events_of
from central.limits import (
    RECURRENCE_THRESHOLD,
    TASK_REPLY_CHARACTERS_MAX,
    TASK_TEXT_CHARACTERS_MAX,
    TASK_TITLE_CHARACTERS_MAX,
)
from central.models import Call
from central.pages.asking import (
    actor,
    field_time,
    master_now,
    named_in,
    number_field,
    people_offered,
    person_in,
    person_label,
    plain,
    time_field,
    who,
)
from central.pages.comment_pages import thread_values
from central.pages.frame import for_accounts, for_action, refuse_elsewhere, render, signed_in
from central.pages.plant_board import station_name
from central.pages.port import Office
from central.pages.task_card_pages import told_events
from central.places import places_of, places_of_problem
from central.problem_states import ProblemAction, allowed
from central.problems import OVER, STEPS, THRESHOLD_MAX, WHYS, Analysis
from central.rights import Action
from central.task_lists import measures_of
from central.task_tables import ProblemRow
from floor.master import MasterData

EDIT_PATH = "/problems/edit"
EDIT_BYTES_MAX = 512 * 1024
"""Thirteen texts of the largest size, as a form encodes Chinese."""

PROBLEMS_PER_PAGE = 50
SHOWS = ("open", "checking", "closed")
ACTIONS = tuple(each for each in ProblemAction if each is not ProblemAction.RECUR)
Change = Callable[[Any, ProblemRow, Actor, float], None]


def add_routes(pages: Blueprint, office: Office) -> None:
    """Registers the pages."""

    @pages.get("/problems")
    @for_accounts
    def all_problems() -> Response:
        return _list()

    @pages.get("/problems/<int:number>")
    @for_accounts
    def problem(number: int) -> Response:
        return _show(number)

    @pages.get("/problems/new")
    @for_action(Action.PROBLEMS)
    def new_problem() -> BaseResponse:
        return _form(request.args.get("call", ""))

    @pages.post("/problems/new")
    @for_action(Action.PROBLEMS)
    def make_new_problem() -> BaseResponse:
        return _make()

    @pages.post("/problems/call")
    @for_action(Action.PROBLEMS)
    def add_call_to_problem() -> BaseResponse:
        def add(session: Any, row: ProblemRow, by: Actor, now: float) -> None:
            found = _own_calls(session, row.plant, [request.form.get("call", "").strip()])
            problems.add_call(session, row, found[0], by, now)

        return _changed(add)

    @pages.post(EDIT_PATH)
    @for_action(Action.PROBLEMS)
    def edit_problem() -> BaseResponse:
        analysis = _analysis(master_now())

        def edited(session: Any, row: ProblemRow, by: Actor, now: float) -> None:
            problems.edit(session, row, analysis, by, now, number_field("edition"))

        return _changed(edited)

    @pages.post("/problems/act")
    @for_action(Action.PROBLEMS)
    def act_on_problem() -> BaseResponse:
        action = request.form.get("step", "")
        if action not in ACTIONS:
            abort(400)
        note = plain("note", TASK_REPLY_CHARACTERS_MAX)

        def acted(session: Any, row: ProblemRow, by: Actor, now: float) -> None:
            problems.act(session, row, ProblemAction(action), by, now, number_field("edition"), note)

        return _changed(acted)


def _calls(session: Any, plant_name: str, names: list[str]) -> list[Call]:
    """The calls of these names. Raises ProblemRefused for one that is none."""
    found = [row for each in names if (row := call_of(session, plant_name, each)) is not None]
    if len(found) < len(names):
        raise ProblemRefused("there is no such call")
    return found


def _own_calls(session: Any, plant_name: str, names: list[str]) -> list[Call]:
    """The same, each where one may make problems of calls. Raises ProblemRefused, NotAllowed."""
    found = _calls(session, plant_name, names)
    for each in found:
        refuse_elsewhere(Action.PROBLEMS, places_of(session, plant_name, "call", call_name(each)))
    return found


def _analysis(master: MasterData) -> Analysis:
    return Analysis(
        plain("title", TASK_TITLE_CHARACTERS_MAX),
        person_in(master, request.form.get("owner", "")),
        plain("cause", TASK_TITLE_CHARACTERS_MAX),
        tuple(plain(f"why{at}", TASK_TEXT_CHARACTERS_MAX) for at in range(1, WHYS + 1)),
        tuple(plain(f"d{at}", TASK_TEXT_CHARACTERS_MAX) for at in range(1, STEPS + 1)),
        time_field("due"),
        time_field("check_at"),
        number_field("threshold", RECURRENCE_THRESHOLD),
    )


def _list() -> Response:
    here, master = plant(), master_now()
    show = request.args.get("show", "")
    show = show if show in SHOWS else "open"
    page = page_number(request.args.get("page", ""))
    mine = (ProblemRow.plant == here.database.plant, ProblemRow.state == show)
    if show == "closed":
        mine = (mine[0], ProblemRow.state.in_(OVER))
    with here.database.read() as session:
        total = session.scalar(select(func.count()).select_from(ProblemRow).where(*mine)) or 0
        wanted = select(ProblemRow).where(*mine).order_by(ProblemRow.recurrences_ever.desc(), ProblemRow.number.desc())
        rows = session.scalars(wanted.offset((page - 1) * PROBLEMS_PER_PAGE).limit(PROBLEMS_PER_PAGE)).all()
    return render(
        "problems.html",
        rows=rows,
        show=show,
        shows=SHOWS,
        page={"page": page, "pages": max(1, -(-total // PROBLEMS_PER_PAGE))},
        problems_url=lambda page: f"/problems?show={show}&page={page}",
        who=who(master),
        type_name=named_in(master.call_type_by_id),
        cause_name=named_in(master.reason_by_id),
        station_word=lambda station: station_name(station, master),
    )


def _make() -> BaseResponse:
    here, by, analysis = plant(), actor(), _analysis(master_now())
    # Several calls are named one a line: the calls of one trouble are converted together.
    names = list(dict.fromkeys(request.form.get("calls", "").split()))[:50]
    try:
        with here.database.write() as session:
            calls = _own_calls(session, here.database.plant, names)
            number = problems.make_problem(session, here.database.plant, analysis, calls, by, here.now())
    except ProblemRefused as refused:
        return _form("", refused)
    return redirect(f"/problems/{number}", 303)


def _form(call: str, refused: RequestRefused | None = None) -> BaseResponse:
    here, master = plant(), master_now()
    values = {name: value[:4_096] for name, value in request.form.items()}
    if call:
        with here.database.read() as session:
            row = call_of(session, here.database.plant, call)
            if row is None:
                abort(404)
            refuse_elsewhere(Action.PROBLEMS, places_of(session, here.database.plant, "call", call))
            taken = problems.problem_of_call(session, here.database.plant, call)
        if taken is not None:
            # It has a problem already: there it is.
            return redirect(f"/problems/{taken}", 303)
        title = (
            named_in(master.call_type_by_id)(row.call_type, "zh"),
            row.station,
            named_in(master.reason_by_id)(row.cause, "zh"),
        )
        values = {"calls": call, "title": " · ".join(filter(None, title)), "cause": row.cause}
        mine = actor().person
        values["owner"] = person_label(master, mine) if mine else ""
    return render(
        "problem_new.html",
        refused.status if refused is not None else 200,
        values=values,
        told=str(refused) if refused is not None else "",
        **_choices(master),
    )


def _choices(master: MasterData) -> dict[str, Any]:
    return {
        "station_word": lambda station: station_name(station, master),
        "people": people_offered(master),
        "causes": master.reasons,
        "title_max": TASK_TITLE_CHARACTERS_MAX,
        "text_max": TASK_TEXT_CHARACTERS_MAX,
        "threshold": RECURRENCE_THRESHOLD,
        "threshold_max": THRESHOLD_MAX,
        "who": who(master),
        "type_name": named_in(master.call_type_by_id),
        "cause_name": named_in(master.reason_by_id),
    }


def _changed(change: Change) -> BaseResponse:
    here, by, number = plant(), actor(), number_in(request.form.get("problem", ""))
    try:
        with here.database.write() as session:
            row = problems.problem_of(session, here.database.plant, number)
            if row is None:
                abort(404)
            refuse_elsewhere(Action.PROBLEMS, places_of_problem(session, row.plant, row))
            change(session, row, by, here.now())
    except (ProblemRefused, ChangedMeanwhile) as refused:
        return _show(number, refused)
    return redirect(f"/problems/{number}", 303)


def _show(number: int, refused: RequestRefused | None = None) -> Response:
    here, master = plant(), master_now()
    name = here.database.plant
    with here.database.read() as session:
        row = problems.problem_of(session, name, number) if number < 10**16 else None
        if row is None:
            abort(404)
        calls = problems.calls_of(session, name, number)
        measures = measures_of(session, name, number)
        events = events_of(session, name, f"problem/{number}")
        mine = signed_in().can_at(Action.PROBLEMS, places_of_problem(session, name, row))
    return render(
        "problem.html",
        refused.status if refused is not None else 200,
        **{**_choices(master), **thread_values("problem", str(number))},
        problem=row,
        mine=mine,
        whys=json.loads(row.whys),
        steps=json.loads(row.steps),
        calls=calls,
        measures=measures,
        events=told_events(events, master),
        fault="" if refused is None else "changed" if isinstance(refused, ChangedMeanwhile) else "refused",
        told=str(refused) if refused is not None else "",
        allowed=lambda action: allowed(row.state, ProblemAction(action)),
        over=row.state in OVER,
        owner_label=person_label(master, row.owner),
        due_field=field_time(row.due),
        check_field=field_time(row.check_at),
        reply_max=TASK_REPLY_CHARACTERS_MAX,
    )
