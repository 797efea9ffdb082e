"""Orders that have begun get the revision of their bill written down before the day on which another comes into force.

Every release does so too (`central/snapshots.py`); this is for the days on which nobody releases anything.
"""

from datetime import timedelta

from central.database import Database
from central.plant_days import plant_today
from central.snapshots import current_master, publish

LOOK_SECONDS = 600.0
"""An order that begins in the last minutes of the day may be missed, and follows the new revision."""

BY = "work"


class BillPump:
    """Looks whether a revision comes into force tomorrow."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def step(self, now: float) -> float:
        """Freezes what has begun on the last day; returns when to look again."""
        name = self._database.plant
        tomorrow = (plant_today(now) + timedelta(days=1)).isoformat()
        with self._database.read() as session:
            rows = current_master(session, name).bom_revisions
        if any(row.state == "released" and row.valid_from == tomorrow for row in rows):
            with self._database.write() as session:
                publish(session, current_master(session, name), BY, now, name)
        return now + LOOK_SECONDS
