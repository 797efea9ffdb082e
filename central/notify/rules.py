"""Rules: what happens -> who is told, by which ways, and who next when nobody says that they come.

Pure: values in, values out.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from central.limits import LEVELS_MAX, PEOPLE_PER_NOTIFICATION_MAX, STORM_MESSAGES
from floor.days import plant_day
from floor.duty import on_duty, standing_in
from floor.master import MasterData
from floor.rights import roles_at

KINDS: Final = (
    "andon.raised",
    "andon.escalated",
    "andon.assigned",
    "andon.stopped",
    "andon.acknowledged",
    "andon.resolved",
    "report.flagged",
    "alarm.raised",
    "gateway.silent",
    "notice.published",
    "task.*",
    "problem.*",
    "operation.silent",
    "kit.short",
)
"""Kinds that a rule offers. Other parts of the office announce kinds of their own: a rule may name any."""

CALL_KINDS: Final = ("andon.raised", "andon.escalated", "andon.assigned", "andon.stopped")
"""Kinds about a call that still waits for somebody."""

PRIORITIES: Final = ("urgent", "normal", "low")
"""urgent: also in quiet hours. normal: afterwards. low: afterwards, several as one."""

IN_APP: Final = "in_app"
OWN: Final = "own"
"""In place of channels: those of the person, in the person's order."""

WHO: Final = ("role", "duty", "owner", "head", "person")
ROLES: Final = ("operator", "leader", "maintainer", "planner")


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that people may have to know. `source`: told once for each. `at`: when it happened.

    `call`: epoch/seq of the call it is about, at `gateway_name`. `people`: whom it names itself (the owner of a task).
    """

    kind: str
    subject: str
    source: str
    at: float
    line: str = ""
    station: str = ""
    call_type: str = ""
    impact: str = ""
    tier: int = 0
    owner: str = ""
    gateway_name: str = ""
    call: str = ""
    people: tuple[str, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Who:
    """Some people: of a role, on a duty, the owner of the call or task, the department's head, one by name."""

    kind: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Level:
    """Who is told, and for how long they may take: after `minutes` without an answer the next level is told."""

    who: tuple[Who, ...]
    minutes: float = 0.0


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. Empty conditions mean any. Limits are seconds from the message to its acceptance, sight and answer;
    0: none. `channels`: tried in this order beside the page of messages; OWN: the person's own order."""

    number: int
    name: str
    kind: str
    levels: tuple[Level, ...]
    name_en: str = ""
    enabled: bool = True
    line: str = ""
    station: str = ""
    call_type: str = ""
    impact: str = ""
    tier_min: int = 0
    channels: tuple[str, ...] = (OWN,)
    priority: str = "normal"
    acknowledge: bool = False
    burst_max: int = STORM_MESSAGES
    limit_accepted: float = 60.0
    limit_shown: float = 0.0
    limit_acknowledged: float = 0.0
    built_in: bool = False
    changed: bool = False
    """A rule of the product that this plant has changed."""


def _role(name: str) -> Who:
    return Who("role", name)


_OWNER, _HEAD = Who("owner"), Who("head")

BUILT_IN: Final = tuple(
    replace(each, built_in=True)
    for each in (
        Rule(
            1,
            "停线呼叫",
            "andon.raised",
            (Level((_role("leader"),), 5), Level((_HEAD,), 10), Level((_role("planner"),))),
            "Calls that stop the line",
            impact="stop",
            priority="urgent",
            acknowledge=True,
            limit_acknowledged=300,
        ),
        Rule(
            2,
            "其他呼叫",
            "andon.raised",
            (Level((_role("leader"),), 15), Level((_HEAD,))),
            "Other calls",
            acknowledge=True,
            limit_acknowledged=900,
        ),
        Rule(
            3,
            "呼叫升级",
            "andon.escalated",
            (Level((_OWNER,), 10), Level((_HEAD,))),
            "Calls that went up a tier",
            priority="urgent",
            acknowledge=True,
            limit_acknowledged=600,
        ),
        Rule(
            4,
            "呼叫转交",
            "andon.assigned",
            (Level((_OWNER,), 10), Level((_role("leader"),))),
            "Calls that were handed over",
            priority="urgent",
            acknowledge=True,
            limit_acknowledged=600,
        ),
        Rule(
            5,
            "已停线",
            "andon.stopped",
            (Level((_role("leader"), _HEAD)),),
            "The line has stopped",
            priority="urgent",
        ),
        Rule(6, "报工待核对", "report.flagged", (Level((_role("leader"),)),), "Reports to check", priority="low"),
        Rule(7, "系统告警", "alarm.raised", (Level((_role("maintainer"),)),), "Alarms of the system"),
        Rule(
            8,
            "网关失联",
            "gateway.silent",
            (Level((_role("maintainer"), _role("leader"))),),
            "A gateway has fallen silent",
            priority="urgent",
        ),
        Rule(
            9,
            "变更通知",
            "notice.published",
            (Level((_role("leader"),), 240), Level((_HEAD,))),
            "Change notices",
            acknowledge=True,
            limit_acknowledged=14_400,
        ),
        Rule(10, "任务", "task.*", (Level((_OWNER,)),), "Tasks"),
        Rule(11, "问题再次发生", "problem.*", (Level((_OWNER,)),), "Problems that come back"),
        Rule(12, "工序无信息", "operation.silent", (Level((_OWNER,)),), "Operations nobody hears of"),
        Rule(13, "物料不齐", "kit.short", (Level((_OWNER,)),), "Material that is missing"),
    )
)
"""What holds in a plant that has said nothing. A row of the plant with the same number takes a rule's place."""


def matches(rule: Rule, found: Happening) -> bool:
    """Is the rule about this? A kind may end in .* for all that begin so. A call that will stop the line is a stop."""
    if not rule.enabled or not _is_kind(rule.kind, found.kind) or found.tier < rule.tier_min:
        return False
    impact = "stop" if found.impact == "fixed" else found.impact
    pairs = (
        (rule.line, found.line),
        (rule.station, found.station),
        (rule.call_type, found.call_type),
        (rule.impact, impact),
    )
    return all(wanted in ("", given) for wanted, given in pairs)


def _is_kind(wanted: str, given: str) -> bool:
    return given.startswith(wanted[:-1]) if wanted.endswith(".*") else wanted == given


def in_order(rules: Iterable[Rule]) -> list[Rule]:
    """Who is told by several rules is told by the first: urgent ones first, then those that want an answer."""
    return sorted(rules, key=lambda each: (PRIORITIES.index(each.priority), not each.acknowledge, each.number))


def people_of(
    level: Level, found: Happening, master: MasterData, wall: float, utc_offset_seconds: float
) -> tuple[str, ...]:
    """Ids of the people of a level, each once; who is away is stood in for. At most PEOPLE_PER_NOTIFICATION_MAX."""
    today = plant_day(wall, utc_offset_seconds)
    told: dict[str, None] = {}
    for who in level.who:
        for person in _named(who, found, master, wall, utc_offset_seconds):
            there = master.person_by_id.get(standing_in(master, person, today))
            if there is not None and there.active:
                told[there.id] = None
    return tuple(told)[:PEOPLE_PER_NOTIFICATION_MAX]


def _named(who: Who, found: Happening, master: MasterData, wall: float, offset: float) -> Iterator[str]:
    if who.kind == "role":
        yield from _of_role(who.name, found, master)
    elif who.kind == "duty":
        person = on_duty(master, who.name, wall, offset)
        yield from [person.id] if person else []
    elif who.kind == "person":
        yield who.name
    elif who.kind == "head":
        yield from _heads(found, master)
    elif found.people:
        yield from found.people
    elif found.owner:
        yield from owner_people(found.owner, master, wall, offset)


def _of_role(role: str, found: Happening, master: MasterData) -> Sequence[str]:
    """Those of the station's department whose role holds at the station; where it has none, everybody of the role."""
    place = master.place_of(found.station)
    all_of_them = [each for each in master.people if each.active and role in roles_at(each.grants, place)]
    department = _department(found, master)
    near = [each for each in all_of_them if department and each.department == department]
    return [each.id for each in near or all_of_them]


def _department(found: Happening, master: MasterData) -> str:
    station = master.station_by_id.get(found.station)
    return station.department if station else ""


def _heads(found: Happening, master: MasterData) -> list[str]:
    wanted = _department(found, master)
    return [each.head for each in master.departments if each.id == wanted and each.head]


def owner_people(owner: str, master: MasterData, wall: float, utc_offset_seconds: float) -> list[str]:
    """Whom the floor means by an owner's name: a person, else who has that duty, else a department's head."""
    known = [each.id for each in master.people if each.active and owner in (each.id, each.name)]
    if known:
        return known[:1]
    person = on_duty(master, owner, wall, utc_offset_seconds)
    if person is not None:
        return [person.id]
    return [each.head for each in master.departments if owner in (each.id, each.name, each.name_en) and each.head]


def levels_of(raw: Any) -> tuple[Level, ...]:
    """Levels from what JSON gives; what does not fit is left out."""
    found = []
    for each in raw if isinstance(raw, list) else []:
        who = [Who(str(kind), str(name)) for kind, name in each.get("who", ()) if kind in WHO]
        found.append(Level(tuple(who), float(each.get("minutes", 0))))
    return tuple(found[:LEVELS_MAX])


def levels_as_json(levels: Sequence[Level]) -> list[dict[str, Any]]:
    """The other way."""
    return [{"who": [[each.kind, each.name] for each in level.who], "minutes": level.minutes} for level in levels]
