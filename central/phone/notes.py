"""Notes on calls, as their page shows them."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.board import person_name
from central.phone.tables import CallNote
from floor.master import MasterData

LATE_SECONDS = 60.0
"""A note that came so long after it was written waited on a phone, and its page says so."""


@dataclass(frozen=True, slots=True)
class NoteLine:
    """One note. `received` is None where it came as soon as it was written."""

    who: str
    text: str
    sha256: str
    made: float
    received: float | None


def notes_of_call(
    session: Session, plant: str, gateway_name: str, epoch: str, seq: int, master: MasterData
) -> Sequence[NoteLine]:
    """Every note of a call, in the order they came."""
    rows = session.scalars(
        select(CallNote)
        .where(CallNote.plant == plant, CallNote.gateway == gateway_name, CallNote.epoch == epoch, CallNote.seq == seq)
        .order_by(CallNote.number)
    )
    return [
        NoteLine(
            person_name(row.person, master),
            row.text,
            row.sha256,
            row.made_at,
            row.received_at if row.received_at - row.made_at > LATE_SECONDS else None,
        )
        for row in rows
    ]
