"""The counter that live pages watch. Every writer of something a page shows moves it, in its own transaction."""

from sqlalchemy import update
from sqlalchemy.orm import Session

from central.models import LogHead


def note_change(session: Session, plant: str) -> None:
    """One more change. Locks the head row, so it also puts office actions in one order with ingest."""
    session.execute(update(LogHead).where(LogHead.plant == plant).values(changes=LogHead.changes + 1))
