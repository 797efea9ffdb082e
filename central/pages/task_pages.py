"""Tasks: one's own and everybody's, by lane, and the form of a new one."""

from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from central.call_names import CALL, call_of
from central.comments import number_in
from central.context import plant
from central.digits import page_number
from central.errors import TaskRefused
from central.limits import CHECKLIST_ITEMS_MAX, TASK_TEXT_CHARACTERS_MAX, TASK_TITLE_CHARACTERS_MAX
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
from central.pages.frame import account, for_accounts, for_action, refuse_elsewhere, render, signed_in
from central.pages.port import Office
from central.places import places_of_links, places_of_task
from central.problems import problem_of
from central.rights import Action
from central.task_lists import BY, SHOWS, TASKS_PER_PAGE, Selection, lanes, selected
from central.task_rules import department_of
from central.tasks import PRIORITIES, REPLY_WAYS, Wanted, make_task
from floor.master import MasterData

LINKS = ("call", "work_order", "operation", "station", "problem")
LINK_CHARACTERS_MAX = 120
USUAL_DUE_SECONDS = 86_400.0


def add_routes(pages: Blueprint, office: Office) -> None:
    """Registers the pages."""

    @pages.get("/tasks")
    @for_accounts
    def tasks() -> Response:
        return _list(_selection())

    @pages.get("/tasks/new")
    @for_action(Action.TASKS)
    def new_task() -> Response:
        return _form(_prefilled(master_now()))

    @pages.post("/tasks/new")
    @for_action(Action.TASKS)
    def make_new_task() -> BaseResponse:
        here, by, master = plant(), actor(), master_now()
        wanted = wanted_in_form(master)
        source = "call" if wanted.call else "problem" if wanted.problem else "hand"
        try:
            with here.database.write() as session:
                refuse_elsewhere(Action.TASKS, places_of_task(session, here.database.plant, wanted))
                number = make_task(session, here.database.plant, wanted, by, here.now(), source)
        except TaskRefused as refused:
            fault = "owner" if not wanted.owner else "bounds"
            return _form(form_values(), fault, str(refused))
        return redirect(f"/tasks/{number}", 303)


def _selection() -> Selection:
    asked = request.args
    show, by, page = asked.get("show", ""), asked.get("by", ""), asked.get("page", "")
    return Selection(
        show if show in SHOWS else "open",
        by if by in BY else "list",
        asked.get("department", "").strip()[:48],
        asked.get("owner", "").strip()[:48],
        asked.get("search", "").strip()[:64],
        page_number(page),
    )


def _list(chosen: Selection) -> Response:
    here, master = plant(), master_now()
    mine, now = signed_in(), here.now()
    found: list[Any] = []
    with here.database.read() as session:
        rows, total = selected(session, here.database.plant, chosen, mine.person, mine.name, now)
        if chosen.by != "list":
            found = lanes(session, here.database.plant, chosen, mine.person, mine.name, now)
    return render(
        "tasks.html",
        chosen=chosen,
        shows=SHOWS,
        by=BY,
        rows=rows,
        total=total,
        lanes=found,
        page={"page": chosen.page, "pages": max(1, -(-total // TASKS_PER_PAGE))},
        tasks_url=lambda **changed: _url(replace(chosen, **{"page": 1, **changed})),
        departments=master.departments,
        department_name=department_name(master),
        people=[row for row in master.people if row.active],
        who=who(master),
    )


def _url(chosen: Selection) -> str:
    usual = asdict(Selection())
    named = {name: value for name, value in asdict(chosen).items() if value != usual[name]}
    return f"/tasks?{urlencode(named)}" if named else "/tasks"


def department_name(master: MasterData) -> Callable[[str, str], str]:
    """(department's id, language) -> its name."""
    return named_in(master.department_by_id)


# The form


def wanted_in_form(master: MasterData) -> Wanted:
    """The task that a form describes."""
    owner = person_in(master, request.form.get("owner", ""))
    links = {name: request.form.get(name, "").strip()[:LINK_CHARACTERS_MAX] for name in LINKS if name != "problem"}
    if CALL.fullmatch(links["call"]) is None:
        links["call"] = ""
    problem = number_in(request.form.get("problem", ""))
    return Wanted(
        plain("title", TASK_TITLE_CHARACTERS_MAX),
        owner,
        plain("text", TASK_TEXT_CHARACTERS_MAX),
        time_field("due"),
        request.form.get("reply_way", "done"),
        "confirm" in request.form,
        tuple(request.form.get("checklist", "").splitlines()[: CHECKLIST_ITEMS_MAX + 1]),
        number_field("priority", 2),
        request.form.get("department", "")[:48] or department_of(master, owner, links["station"]),
        problem=problem or None,
        **links,
    )


def form_values() -> dict[str, str]:
    """What the form held, so that nothing has to be typed again."""
    return {name: value[:8_192] for name, value in request.form.items()}


def _prefilled(master: MasterData) -> dict[str, str]:
    """From where somebody came: a call's facts, an order, an operation or a problem."""
    here = plant()
    values = {name: request.args.get(name, "").strip()[:LINK_CHARACTERS_MAX] for name in LINKS}
    values |= {"due": field_time(here.now() + USUAL_DUE_SECONDS), "priority": "2", "reply_way": "done"}
    found = account()
    if found is not None and found.person:
        values["owner"] = person_label(master, found.person)
    with here.database.read() as session:
        call = call_of(session, here.database.plant, values["call"])
        problem = problem_of(session, here.database.plant, number_in(values["problem"]))
        links = {name: values[name] for name in LINKS if name != "problem"}
        number = problem.number if problem is not None else None
        refuse_elsewhere(Action.TASKS, places_of_links(session, here.database.plant, **links, problem=number))
    if values["call"] and call is None:
        abort(404)
    if call is not None:
        values |= _facts_of_call(call, master)
    if problem is not None:
        values |= {"owner": person_label(master, problem.owner), "due": field_time(problem.due) or values["due"]}
    else:
        values["problem"] = ""
    return values


def _facts_of_call(call: Call, master: MasterData) -> dict[str, str]:
    kind = master.call_type_by_id.get(call.call_type)
    operation = master.operation_by_id.get(call.operation)
    name = kind.name if kind is not None else call.call_type
    title = " · ".join(filter(None, (name, call.station, call.operation)))
    return {
        "title": title[:TASK_TITLE_CHARACTERS_MAX],
        "station": call.station,
        "operation": call.operation,
        "work_order": operation.work_order if operation is not None else "",
        "priority": "3" if kind is not None and kind.impact == "stop" else "2",
    }


def _form(values: dict[str, str], fault: str = "", told: str = "") -> Response:
    master = master_now()
    return render("task_new.html", 400 if fault else 200, values=values, fault=fault, told=told, **form_choices(master))


def form_choices(master: MasterData) -> dict[str, Any]:
    """What the fields of a task's form offer."""
    return {
        "people": people_offered(master),
        "departments": master.departments,
        "department_name": department_name(master),
        "reply_ways": REPLY_WAYS,
        "priorities": PRIORITIES,
        "items_max": CHECKLIST_ITEMS_MAX,
        "title_max": TASK_TITLE_CHARACTERS_MAX,
        "text_max": TASK_TEXT_CHARACTERS_MAX,
        "who": who(master),
    }
