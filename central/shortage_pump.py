"""Orders that lack material are told of, each shortage once: to whom a rule names, and as the tasks that rules make."""

from collections import defaultdict

from sqlalchemy import select

from central.change import note_change
from central.database import Database
from central.limits import SHORTAGES_MAX
from central.notify.announcements import announce
from central.planning_tables import ShortageRow
from central.task_rules import kit_short

LOOK_SECONDS = 5.0


class ShortagePump:
    """Tells of what the newest versions of master data show to be short."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def step(self, now: float) -> float:
        """Reads first: most of the time there is nothing to tell."""
        plant = self._database.plant
        wanted = (
            select(ShortageRow)
            .where(ShortageRow.plant == plant, ShortageRow.ended_at.is_(None), ShortageRow.told_at.is_(None))
            .order_by(ShortageRow.work_order, ShortageRow.item)
            .limit(SHORTAGES_MAX)
        )
        with self._database.read() as session:
            if session.scalars(wanted.limit(1)).first() is None:
                return now + LOOK_SECONDS
        with self._database.write() as session:
            note_change(session, plant)
            by_order: dict[str, list[ShortageRow]] = defaultdict(list)
            for row in session.scalars(wanted.with_for_update()):
                by_order[row.work_order].append(row)
                row.told_at = now
            for order, rows in by_order.items():
                missing = [f"{row.item} × {row.missing:g}" for row in rows]
                facts = {"title": order, "text": "、".join(missing), "work_order": order, "path": "/master/kit"}
                announce(session, plant, "kit.short", order, facts | {"owner": rows[0].owner}, now)
                kit_short(session, plant, order, missing, now)
        return now + LOOK_SECONDS
