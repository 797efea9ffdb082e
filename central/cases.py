"""A call that is over becomes a past case in the master data, which goes to every station."""

from typing import Final

from pydantic import ValidationError
from sqlalchemy.orm import Session

from central.change import note_change
from central.errors import CaseRefused
from central.models import Call
from central.plant_days import plant_today
from central.snapshots import current_master, publish
from floor.limits import CASES_MAX
from floor.master import MasterData
from floor.rows import PastCase

OTHER_CAUSE: Final = "other"
"""What a call is closed with when no reason of the master data fits."""


def case_id(call: Call) -> str:
    """One case for each call: saved again, its fix is written anew."""
    return f"{call.epoch[:12]}-{call.seq}"


def save_case(session: Session, plant: str, call: Call, fix: str, by: str, now: float) -> bool:
    """Publishes the master data with this case. True when the oldest case had to go for it (I10).

    Raises CaseRefused for a call that is not resolved, a fix that is empty, too long or unwritable, or without any
    master data.
    """
    # The lock that publishing takes: nobody's version may come between the reading and this one.
    note_change(session, plant)
    master = current_master(session, plant)
    if call.state != "resolved" or not master.version:
        raise CaseRefused("only a resolved call of a plant with master data becomes a case")
    case = _case(call, fix, master, now)
    others = [each for each in master.cases if each.id != case.id]
    gone = len(others) >= CASES_MAX
    if gone:
        others.remove(min(others, key=lambda each: each.closed))
    publish(session, master.with_tables(cases=(*others, case)), by, now, plant)
    return gone


def _case(call: Call, fix: str, master: MasterData, now: float) -> PastCase:
    row = master.operation_of(call.operation)
    order = master.order_by_id.get(row.work_order) if row is not None else None
    ended = call.ended_at if call.ended_at is not None else now
    try:
        return PastCase(
            id=case_id(call),
            call_type=call.call_type,
            station=call.station,
            item=order.item if order is not None else "",
            cause="" if call.cause == OTHER_CAUSE else call.cause,
            fix=fix.strip(),
            closed=plant_today(ended).isoformat(),
        )
    except (ValidationError, ValueError, OverflowError, OSError) as fault:
        raise CaseRefused("the case cannot be written") from fault
