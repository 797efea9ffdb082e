"""What the office itself has to tell people: written where it happens, made into messages by the elected worker."""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

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
    text = json.dumps(dict(facts), ensure_ascii=False, separators=(",", ":")).replace("\\u0000", "\ufffd")
    if len(text) > ANNOUNCED_FACTS_CHARACTERS_MAX:
        text = "{}"
    row = {"plant": plant, "kind": kind[:64], "subject": _clean(subject), "facts": text, "at": now, "handled_at": None}
    session.execute(insert(OfficeEvent), [row])
    return True


def _clean(text: str) -> str:
    return text[:SUBJECT_CHARACTERS_MAX].replace("\x00", "\ufffd")
