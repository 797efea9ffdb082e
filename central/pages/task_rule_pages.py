"""What makes tasks by itself, and who answers for the news of each operation."""

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from central import information_owners, task_rules
from central.context import plant
from central.errors import RuleRefused
from central.limits import TASK_TITLE_CHARACTERS_MAX
from central.pages.asking import actor, master_now, named_in, number_field, people_offered, person_in, plain, who
from central.pages.frame import for_accounts, for_action, render
from central.pages.port import Office
from central.pages.task_pages import department_name
from central.rights import Action
from central.task_rules import EVENTS, IMPACTS, MAKES, WORDS, Rule
from central.tasks import PRIORITIES

PAGE = "/tasks/rules"


def add_routes(pages: Blueprint, office: Office) -> None:
    """Registers the pages."""

    @pages.get(PAGE)
    @for_accounts
    def rules_of_tasks() -> Response:
        return _show()

    @pages.post("/tasks/rules/add")
    @for_action(Action.TASK_RULES)
    def add_rule() -> BaseResponse:
        return _added([_rule()])

    @pages.post("/tasks/rules/usual")
    @for_action(Action.TASK_RULES)
    def add_usual_rules() -> BaseResponse:
        master = master_now()
        return _added(task_rules.usual_rules(master, person_in(master, request.form.get("otherwise", ""))))

    @pages.post("/tasks/rules/enable")
    @for_action(Action.TASK_RULES)
    def enable_rule() -> BaseResponse:
        here = plant()
        with here.database.write() as session:
            enabled = "enabled" in request.form
            task_rules.enable_rule(session, here.database.plant, number_field("rule"), enabled)
        return redirect(PAGE, 303)

    @pages.post("/tasks/rules/remove")
    @for_action(Action.TASK_RULES)
    def remove_rule() -> BaseResponse:
        here = plant()
        with here.database.write() as session:
            task_rules.remove_rule(session, here.database.plant, number_field("rule"))
        return redirect(PAGE, 303)

    @pages.post("/tasks/owners/add")
    @for_action(Action.TASK_RULES)
    def name_owner() -> BaseResponse:
        here, by = plant(), actor()
        kind, subject = request.form.get("kind", ""), request.form.get("subject", "").strip()[:64]
        person = person_in(master_now(), request.form.get("person", ""))
        try:
            with here.database.write() as session:
                name, minutes, now = here.database.plant, number_field("minutes"), here.now()
                information_owners.name_owner(session, name, kind, subject, person, minutes, by.account, now)
        except RuleRefused as refused:
            return _show("owner", str(refused))
        return redirect(f"{PAGE}#owners", 303)

    @pages.post("/tasks/owners/remove")
    @for_action(Action.TASK_RULES)
    def forget_owner() -> BaseResponse:
        here = plant()
        kind, subject = request.form.get("kind", ""), request.form.get("subject", "")
        with here.database.write() as session:
            information_owners.forget_owner(session, here.database.plant, kind, subject)
        return redirect(f"{PAGE}#owners", 303)


def _rule() -> Rule:
    asked, master = request.form, master_now()
    owner = asked.get("owner", "").strip()[:160]
    if owner in master.duties_of:
        owner = f"duty:{owner}"
    if not owner.startswith(("duty:", "department:")):
        owner = f"person:{person_in(master, owner)}"
    return Rule(
        asked.get("event", ""),
        plain("title", TASK_TITLE_CHARACTERS_MAX),
        owner,
        person_in(master, asked.get("otherwise", "")),
        asked.get("call_type", "")[:48],
        asked.get("impact", ""),
        asked.get("makes", "task"),
        number_field("minutes"),
        number_field("priority", 2),
    )


def _added(rules: list[Rule]) -> BaseResponse:
    here, by = plant(), actor()
    try:
        with here.database.write() as session:
            for each in rules:
                task_rules.add_rule(session, here.database.plant, each, by.account, here.now())
    except RuleRefused as refused:
        return _show("rule", str(refused))
    return redirect(PAGE, 303)


def _show(fault: str = "", told: str = "") -> Response:
    here, master = plant(), master_now()
    with here.database.read() as session:
        rules = task_rules.rules(session, here.database.plant)
        owners = information_owners.information_owners(session, here.database.plant)
        silent = information_owners.silent_operations(session, here.database.plant, here.now())
    return render(
        "task_rules.html",
        400 if fault else 200,
        rules=rules,
        owners=owners,
        silent=silent,
        fault=fault,
        told=told,
        values={name: value[:400] for name, value in request.form.items()},
        events=EVENTS,
        impacts=IMPACTS,
        makes=MAKES,
        words=WORDS,
        priorities=PRIORITIES,
        call_types=master.call_types,
        type_name=named_in(master.call_type_by_id),
        duties=tuple(master.duties_of),
        departments=master.departments,
        department_name=department_name(master),
        people=people_offered(master),
        who=who(master),
        title_max=TASK_TITLE_CHARACTERS_MAX,
    )
