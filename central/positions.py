"""How far each reader of the log has come. A position moves in the same transaction as what was made of the records."""

from collections.abc import Callable
from typing import Final

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from central.database import Database
from central.limits import LEASE_SECONDS, PAGE_BEHIND_SECONDS_MAX
from central.models import Lease, LogHead, Projection, Record, table_of

PROJECTION = table_of(Projection)

WORK: Final = "work"
"""The lease of whoever reads the log all the time: `lineside central work`."""


def position_of(session: Session, plant: str, name: str) -> int:
    """Where a reader stands; 0 where it has read nothing."""
    mine = (PROJECTION.c.plant == plant, PROJECTION.c.name == name)
    return session.scalar(select(PROJECTION.c.position).where(*mine)) or 0


def move(session: Session, plant: str, name: str, before: int, position: int) -> None:
    """Move a reader from where it was read to stand."""
    connection = session.connection()
    mine = (PROJECTION.c.plant == plant, PROJECTION.c.name == name)
    moved = connection.execute(update(PROJECTION).where(*mine).values(position=position))
    if moved.rowcount == 0:
        assert before == 0, "a position that was read has a row"
        connection.execute(insert(PROJECTION), {"plant": plant, "name": name, "position": position})


def read_on(
    database: Database,
    can_go_on: Callable[[Session, str], bool],
    fold: Callable[[Session, str], int],
    records_max: int,
) -> int:
    """Fold piece by piece until there is nothing to go on with, or to the bound; returns how many records.

    Writes nothing when there is nothing to do.
    """
    done = 0
    while done < records_max:
        with database.read() as session:
            if not can_go_on(session, database.plant):
                break
        with database.write() as session:
            folded = fold(session, database.plant)
        done += folded
        if not folded:
            break
    return done


def is_fresh(session: Session, plant: str, name: str, now: float) -> bool:
    """Whether the tables of the reader `name` are as a page shows them without a word.

    They are at the end of the log, or so near to it that the worker is about to be there.
    """
    head = session.scalar(select(LogHead.position).where(LogHead.plant == plant)) or 0
    position = position_of(session, plant, name)
    if position >= head:
        return True
    following = select(Record.received_at).where(Record.plant == plant, Record.position > position)
    came = session.scalar(following.order_by(Record.position).limit(1))
    return came is not None and 0 <= now - came < PAGE_BEHIND_SECONDS_MAX and is_left_to_worker(session, plant, now)


def is_left_to_worker(session: Session, plant: str, now: float) -> bool:
    """Whether a page leaves the log to the worker: one is elected. Otherwise every page that is asked for while records
    come in would fold, and wait for its turn to write, and hold up the worker and the gateways."""
    until = session.scalar(select(Lease.expires_at).where(Lease.plant == plant, Lease.name == WORK)) or 0.0
    return now < until <= now + 2 * LEASE_SECONDS
