"""Rules that make tasks and problems by themselves: an event and a condition -> somebody, with a time.

A rule's owner is named by a duty, a department's head or a person. `otherwise` gets the task when the plan names nobody
at that moment, so that no task is without an owner.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from central.alarms import raise_alarms
from central.call_names import call_name
from central.change import note_change
from central.duties import is_person, meant_by
from central.errors import ProblemRefused, RuleRefused, TaskRefused
from central.history import SERVER
from central.ingest_rules import AlarmRaised
from central.limits import TASK_RULES_MAX, TASK_TITLE_CHARACTERS_MAX
from central.models import Call
from central.problems import Analysis, make_problem, problem_of_call
from central.snapshots import current_master
from central.task_tables import TaskRule
from central.tasks import PRIORITIES, Wanted, make_task
from floor.master import MasterData

CALL_RAISED: Final = "call_raised"
CALL_RESOLVED: Final = "call_resolved"
KIT_SHORT: Final = "kit_short"
EVENTS: Final = (CALL_RAISED, CALL_RESOLVED, KIT_SHORT)
IMPACTS: Final = ("", "stop", "slow", "none", "fixed")
MAKES: Final = ("task", "problem")
WORDS: Final = ("call_type", "station", "operation", "order", "cause", "text")
"""What a title may hold in braces."""

MINUTES_MAX: Final = 60 * 24 * 366


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule as a person writes it (central/task_tables.py says what each column may hold)."""

    event: str
    title: str
    owner: str
    otherwise: str
    call_type: str = ""
    impact: str = ""
    makes: str = "task"
    minutes: int = 1_440
    priority: int = 2
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Occasion:
    """Something that rules may answer. `key` tells it from every other: a rule answers it once.

    `text` is for people, as what is missing; `row` the call it is about.
    """

    event: str
    key: str
    call_type: str = ""
    impact: str = ""
    station: str = ""
    operation: str = ""
    order: str = ""
    text: str = ""
    row: Call | None = None


def rules(session: Session, plant: str) -> Sequence[TaskRule]:
    """All rules by their number."""
    return session.scalars(select(TaskRule).where(TaskRule.plant == plant).order_by(TaskRule.number)).all()


def add_rule(session: Session, plant: str, rule: Rule, by: str, now: float) -> int:
    """The number of a new rule. Raises RuleRefused."""
    note_change(session, plant)
    found = rules(session, plant)
    if len(found) >= TASK_RULES_MAX:
        raise RuleRefused(f"there are {TASK_RULES_MAX} rules, which is all there is room for")
    _refuse_unfit(rule, current_master(session, plant))
    number = (session.scalar(select(func.max(TaskRule.number)).where(TaskRule.plant == plant)) or 0) + 1
    row = TaskRule(plant=plant, number=number, made_at=now, made_by=by, event=rule.event, title=rule.title.strip())
    row.call_type, row.impact, row.makes, row.minutes = rule.call_type, rule.impact, rule.makes, rule.minutes
    row.owner, row.otherwise, row.priority, row.enabled = rule.owner, rule.otherwise, rule.priority, int(rule.enabled)
    session.add(row)
    session.flush()
    return number


def _refuse_unfit(rule: Rule, master: MasterData) -> None:
    kind, _, name = rule.owner.partition(":")
    known = {
        "person": is_person(master, name),
        "duty": name in master.duties_of,
        "department": name in master.department_by_id,
    }
    if not known.get(kind, False):
        raise RuleRefused("its owner is no person, duty or department of the master data")
    if not is_person(master, rule.otherwise):
        raise RuleRefused("somebody of the master data gets the task when its owner is nobody at that moment")
    if rule.event not in EVENTS or rule.makes not in MAKES or rule.impact not in IMPACTS:
        raise RuleRefused("there is no such event, impact or thing to make")
    if rule.call_type and rule.call_type not in master.call_type_by_id:
        raise RuleRefused("there is no such type of call")
    if not 0 < len(rule.title.strip()) <= TASK_TITLE_CHARACTERS_MAX or rule.priority not in PRIORITIES:
        raise RuleRefused("it has a title of bounded length and a priority")
    if not 1 <= rule.minutes <= MINUTES_MAX:
        raise RuleRefused("a task is due within a year")
    if rule.makes == "problem" and rule.event != CALL_RESOLVED:
        raise RuleRefused("problems are made of resolved calls")


def enable_rule(session: Session, plant: str, number: int, enabled: bool) -> None:
    """Switches a rule on or off."""
    note_change(session, plant)
    row = session.get(TaskRule, (plant, number))
    if row is not None:
        row.enabled = int(enabled)


def remove_rule(session: Session, plant: str, number: int) -> None:
    """A rule goes; what it made stays."""
    note_change(session, plant)
    session.execute(delete(TaskRule).where(TaskRule.plant == plant, TaskRule.number == number))


def occur(session: Session, plant: str, occasion: Occasion, now: float) -> int:
    """What rules answer to an occasion is made, each once; returns how many things were.

    A plant that has no more room for tasks gets the alarm `tasks_full` instead: nothing of the floor is held up (I12).
    """
    fitting = [each for each in rules(session, plant) if each.enabled and _fits(each, occasion)]
    made = 0
    for rule in fitting:
        try:
            made += _made(session, plant, rule, occasion, now)
        except (TaskRefused, ProblemRefused) as refused:
            told = AlarmRaised("tasks_full", f"rule {rule.number}", f"{occasion.key}: {refused}")
            raise_alarms(session, plant, "", [told], now)
    return made


def _fits(rule: TaskRule, occasion: Occasion) -> bool:
    return (
        rule.event == occasion.event
        and rule.call_type in ("", occasion.call_type)
        and rule.impact in ("", occasion.impact)
    )


def _made(session: Session, plant: str, rule: TaskRule, occasion: Occasion, now: float) -> int:
    master = current_master(session, plant)
    owner = meant_by(master, rule.owner, now)
    note = "" if owner else f"{rule.owner}: -"
    title = _title(rule.title, occasion, master)
    key = f"rule/{rule.number}/{occasion.key}"
    due = now + rule.minutes * 60
    if rule.makes == "problem" and occasion.row is not None:
        if problem_of_call(session, plant, call_name(occasion.row)) is not None:
            # It came again, and is with the problem that it belongs to.
            return 0
        analysis = Analysis(title, owner or rule.otherwise, due=due)
        return int(make_problem(session, plant, analysis, [occasion.row], SERVER, now, key, note) is not None)
    call = occasion.row
    wanted = Wanted(
        title,
        owner or rule.otherwise,
        occasion.text[:500],
        due=due,
        priority=rule.priority,
        department=department_of(master, owner or rule.otherwise, occasion.station),
        call=call_name(call) if call is not None else "",
        work_order=occasion.order,
        operation=occasion.operation,
        station=occasion.station,
    )
    return int(make_task(session, plant, wanted, SERVER, now, "rule", key, note) is not None)


def department_of(master: MasterData, person: str, station: str = "") -> str:
    """The lane of a task: its owner's department, else that of the station."""
    owner, place = master.person_by_id.get(person), master.station_by_id.get(station)
    return (owner.department if owner is not None else "") or (place.department if place is not None else "")


def _title(template: str, occasion: Occasion, master: MasterData) -> str:
    """The words in braces, each put in once: what is put in is no template."""
    kind, call = master.call_type_by_id.get(occasion.call_type), occasion.row
    reason = master.reason_by_id.get(call.cause) if call is not None else None
    words = {
        "call_type": kind.name if kind is not None else occasion.call_type,
        "station": occasion.station,
        "operation": occasion.operation,
        "order": occasion.order,
        "cause": reason.name if reason is not None else (call.cause if call is not None else ""),
        "text": occasion.text,
    }
    parts = template.replace("}", "{").split("{")
    # Every second part stood in braces; what is no word of ours stays as it was written.
    told = [words.get(each, f"{{{each}}}") if at % 2 else each for at, each in enumerate(parts)]
    return " ".join("".join(told).split())[:TASK_TITLE_CHARACTERS_MAX] or "-"


def kit_short(session: Session, plant: str, order: str, missing: Sequence[str], now: float) -> int:
    """An order lacks these items: who buys them gets a task, once for each set of them (S41). How many were made."""
    listed = sorted(set(missing))
    told = hashlib.sha256("\n".join(listed).encode()).hexdigest()[:16]
    occasion = Occasion(KIT_SHORT, f"kit/{order}/{told}", order=order, text="、".join(listed))
    return occur(session, plant, occasion, now)


def usual_rules(master: MasterData, otherwise: str) -> list[Rule]:
    """What most plants begin with, for the duties that this one has; its people change them as they like."""
    found = [
        Rule(
            CALL_RESOLVED,
            "{station} {call_type}: {cause}",
            "",
            otherwise,
            impact="stop",
            makes="problem",
            minutes=4_320,
        ),
        Rule(
            CALL_RAISED,
            "{station} {call_type} {operation}",
            "",
            otherwise,
            call_type="material",
            minutes=60,
            priority=3,
        ),
        Rule(KIT_SHORT, "{order}: {text}", "", otherwise, minutes=480, priority=3),
    ]
    wanted = ("质量", "采购", "采购")
    named = [next((duty for duty in master.duties_of if word in duty), "") for word in wanted]
    owners = [f"duty:{duty}" if duty else f"person:{otherwise}" for duty in named]
    pairs = zip(found, owners, strict=True)
    return [replace(rule, owner=owner) for rule, owner in pairs if rule.call_type in ("", *master.call_type_by_id)]
