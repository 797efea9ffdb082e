"""Orders that lack material, as the office keeps them: raised when a version shows them, ended when one does not.

Who has to see to it is purchasing (采购).
"""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from central.limits import SHORTAGES_MAX
from central.planning_tables import ShortageRow
from central.plant_days import plant_today
from floor.kit import Shortage, shortages
from floor.master import MasterData

OWNER: Final = "采购"
"""Who owns a shortage, as the duty plan and the tiers of calls name owners."""


def note_shortages(session: Session, plant: str, master: MasterData, begun: frozenset[str], now: float) -> None:
    """Brings the list to what a version shows; of what is short now and was not before nobody was told yet."""
    found = {(each.work_order, each.item): each for each in _bounded(master, begun, now)}
    rows = session.scalars(select(ShortageRow).where(ShortageRow.plant == plant)).all()
    held = {(row.work_order, row.item): row for row in rows}
    for key, row in held.items():
        if key[0] not in master.order_by_id:
            session.delete(row)
        elif key in found:
            _still_short(row, found[key], now)
        elif row.ended_at is None:
            row.ended_at = now
    fresh = [_row(plant, each, now) for key, each in found.items() if key not in held]
    if fresh:
        session.execute(insert(ShortageRow), fresh)


def open_shortages(session: Session, plant: str) -> Sequence[ShortageRow]:
    """What is short, by order."""
    row = ShortageRow
    return session.scalars(
        select(row).where(row.plant == plant, row.ended_at.is_(None)).order_by(row.work_order, row.item)
    ).all()


def _still_short(row: ShortageRow, found: Shortage, now: float) -> None:
    row.missing, row.expected_day = found.missing, found.expected_day
    if row.ended_at is not None:
        row.ended_at, row.raised_at, row.told_at = None, now, None


def _bounded(master: MasterData, begun: frozenset[str], now: float) -> Sequence[Shortage]:
    return shortages(master, begun, plant_today(now))[:SHORTAGES_MAX]


def _row(plant: str, each: Shortage, now: float) -> dict[str, object]:
    return {
        "plant": plant,
        "work_order": each.work_order,
        "item": each.item,
        "missing": each.missing,
        "expected_day": each.expected_day,
        "owner": OWNER,
        "raised_at": now,
        "ended_at": None,
        "told_at": None,
    }
