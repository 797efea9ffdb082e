"""What the office itself has to tell people: written where it happens, made into messages by the elected worker."""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from central.fold_rows import clean
from central.limits import ANNOUNCED_FACTS_CHARACTERS_MAX, ANNOUNCED_WAITING_MAX, SUBJECT_CHARACTERS_MAX
from central.notify.tables import OfficeEvent

FULL = "announcements.full"


def announce(session: Session, plant: str, kind: str, subject: str, facts: Mapping[str, Any], now: float) -> bool:
    """Tell whom a rule names, in the transaction of what is told. False when too many announcements wait.

    `kind`: dotted, as task.assigned. `subject`: what it is about: the same kind and subject soon again is counted, not
    sent. `facts`: JSON values, shown by name; those with a meaning: `title` (what the message is called), `text`,
    `people` (ids of those it names: a rule's "owner"), `person`, `station`, `line`, `impact`, `path` (of the page where
    one answers, as /tasks/7), `gateway` with `call` (epoch/seq).
    """
    waiting = session.scalar(select(func.count()).where(OfficeEvent.plant == plant, OfficeEvent.handled_at.is_(None)))
    if (waiting or 0) > ANNOUNCED_WAITING_MAX:
        return False
    if waiting == ANNOUNCED_WAITING_MAX:
        kind, subject, facts = FULL, "", {}
    text = json.dumps(_clean(facts), ensure_ascii=False, separators=(",", ":"))
    if len(text) > ANNOUNCED_FACTS_CHARACTERS_MAX:
        text = "{}"
    row: dict[str, Any] = {"plant": plant, "kind": kind[:64], "subject": clean(subject[:SUBJECT_CHARACTERS_MAX])}
    row |= {"facts": text, "at": now, "handled_at": None}
    session.execute(insert(OfficeEvent), [row])
    return True


def _clean(value: Any) -> Any:
    """A JSON value with each text in it as a column takes it: the texts of facts become columns of messages."""
    match value:
        case str():
            return clean(value)
        case Mapping():
            return {_clean(name): _clean(each) for name, each in value.items()}
        case list() | tuple():
            return [_clean(each) for each in value]
        case _:
            return value
