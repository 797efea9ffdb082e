"""The rules of a plant: the product's, those that the plant changed, and its own."""

import json

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from central.change import note_change
from central.errors import NotifyRefused
from central.limits import RULES_MAX, STORM_MESSAGES_MAX
from central.notify.rules import BUILT_IN, PRIORITIES, Rule, levels_as_json, levels_of
from central.notify.tables import NotifyRule

OWN_FROM = 100
"""Numbers of the plant's own rules."""


def rules_of(session: Session, plant: str) -> list[Rule]:
    """Every rule by number."""
    wanted = select(NotifyRule).where(NotifyRule.plant == plant)
    own = {row.number: _rule(row) for row in session.scalars(wanted.limit(RULES_MAX + len(BUILT_IN)))}
    kept = {each.number: each for each in BUILT_IN if each.number not in own}
    return [rule for _, rule in sorted((own | kept).items())]


def _rule(row: NotifyRule) -> Rule:
    known = next((each for each in BUILT_IN if each.number == row.number), None)
    return Rule(
        number=row.number,
        name=row.name,
        name_en=known.name_en if known and known.name == row.name else "",
        kind=row.kind,
        levels=levels_of(json.loads(row.levels)),
        enabled=bool(row.enabled),
        line=row.line,
        station=row.station,
        call_type=row.call_type,
        impact=row.impact,
        tier_min=row.tier_min,
        channels=tuple(row.channels.split()),
        priority=row.priority if row.priority in PRIORITIES else "normal",
        acknowledge=bool(row.acknowledge),
        burst_max=row.burst_max,
        limit_accepted=row.limit_accepted,
        limit_shown=row.limit_shown,
        limit_acknowledged=row.limit_acknowledged,
        built_in=known is not None,
        changed=known is not None,
    )


def save_rule(session: Session, plant: str, rule: Rule, by: str, now: float) -> int:
    """Keep a rule; number 0 gets the next one. Returns its number. Raises NotifyRefused."""
    if not rule.levels or not any(level.who for level in rule.levels) or not rule.kind or not rule.name:
        raise NotifyRefused("a rule names what it is called, an event, and somebody who is told")
    if not 1 <= rule.burst_max <= STORM_MESSAGES_MAX:
        raise NotifyRefused(f"1 to {STORM_MESSAGES_MAX} messages")
    note_change(session, plant)
    mine = NotifyRule.plant == plant
    number = rule.number
    if not number:
        if (session.scalar(select(func.count()).where(mine)) or 0) >= RULES_MAX:
            raise NotifyRefused(f"there are {RULES_MAX} rules already")
        newest = session.scalar(select(func.max(NotifyRule.number)).where(mine)) or 0
        number = max(newest + 1, OWN_FROM)
    row = session.get(NotifyRule, (plant, number))
    if row is None:
        if rule.number and not any(each.number == number for each in BUILT_IN):
            raise NotifyRefused("there is no such rule")
        row = NotifyRule(plant=plant, number=number)
        session.add(row)
    for name in ("name", "kind", "line", "station", "call_type", "impact", "tier_min", "priority", "burst_max"):
        setattr(row, name, getattr(rule, name))
    row.limit_accepted, row.limit_shown = rule.limit_accepted, rule.limit_shown
    row.limit_acknowledged = rule.limit_acknowledged
    row.enabled, row.acknowledge = int(rule.enabled), int(rule.acknowledge)
    row.levels = json.dumps(levels_as_json(rule.levels), ensure_ascii=False)
    row.channels = " ".join(rule.channels)
    row.changed_at, row.changed_by = now, by
    session.flush()
    return number


def forget_rule(session: Session, plant: str, number: int) -> None:
    """Delete a rule of the plant; a built-in one is as the product has it again."""
    note_change(session, plant)
    session.execute(delete(NotifyRule).where(NotifyRule.plant == plant, NotifyRule.number == number))
