"""How far each reader of the log has come. A position moves in the same transaction as what was made of the records."""

from collections.abc import Callable

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from central.database import Database
from central.models import Projection, table_of

PROJECTION = table_of(Projection)


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
