"""How the office names a call: gateway/epoch/seq, as in the address of its page."""

import re
from typing import Final

from sqlalchemy.orm import Session

from central.models import Call

CALL: Final = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]{0,47})/([0-9a-f]{32})/([1-9][0-9]{0,15})")


def call_name(call: Call) -> str:
    """The name of a call."""
    return f"{call.gateway}/{call.epoch}/{call.seq}"


def call_of(session: Session, plant: str, name: str) -> Call | None:
    """The call of a name; None for what names none."""
    found = CALL.fullmatch(name)
    return session.get(Call, (plant, found[1], found[2], int(found[3]))) if found is not None else None
