"""Drafts of master data: what each planner changed and has not released, kept in the database."""

import json
from dataclasses import dataclass

from pydantic import ValidationError
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from central.errors import DraftRefused
from central.limits import DRAFT_BYTES_MAX, DRAFT_SECONDS_MAX, DRAFTS_MAX
from central.models import LogHead
from central.planning_tables import MasterDraft
from central.snapshots import EMPTY, current_master, master_of
from floor.cells import Row
from floor.master import MasterData
from floor.master_edit import Collision, Edits, collisions, edit_count, edited, joined
from floor.master_tables import TABLES, Tables, tables_of


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody changed over version `base_version`. `unreadable`: rows that this release no longer understands."""

    base_version: int
    edits: Edits
    note: str
    changed_at: float
    unreadable: int = 0


@dataclass(frozen=True, slots=True)
class Desk:
    """What a planner looks at: the version in force with their draft over it.

    `clashes`: rows that somebody else changed since the draft began; until each is settled nothing can be released.
    """

    current: MasterData
    draft: Draft | None
    edits: Edits
    clashes: tuple[Collision, ...]
    tables: Tables

    @property
    def count(self) -> int:
        """Rows changed."""
        return edit_count(self.edits)

    @property
    def is_behind(self) -> bool:
        """Whether somebody released a version since the draft began."""
        return self.draft is not None and self.draft.base_version != self.current.version


def open_desk(session: Session, plant: str, owner: str) -> Desk:
    """The version in force with somebody's draft on it, brought onto it where the draft began on an older one."""
    current = current_master(session, plant)
    now = tables_of(current)
    draft = read_draft(session, plant, owner)
    if draft is None:
        return Desk(current, None, {}, (), now)
    edits = draft.edits
    clashes: tuple[Collision, ...] = ()
    if draft.base_version != current.version:
        base = master_of(session, draft.base_version, plant) or EMPTY
        clashes = collisions(tables_of(base), now, edits)
        edits = joined({}, edits, now)
    return Desk(current, draft, edits, clashes, edited(now, edits))


def read_draft(session: Session, plant: str, owner: str) -> Draft | None:
    """Somebody's draft."""
    row = session.get(MasterDraft, (plant, owner))
    if row is None:
        return None
    edits, unreadable = _read(row.edits)
    return Draft(row.base_version, edits, row.note, row.changed_at, unreadable)


def change(session: Session, plant: str, owner: str, later: Edits, now: float, note: str = "") -> None:
    """Puts more changes into somebody's draft, beginning one where there is none. Raises DraftRefused.

    A draft on an older version comes onto the one in force as soon as nothing collides.
    """
    _take_turn(session, plant)
    desk = open_desk(session, plant, owner)
    edits = joined(desk.edits, later, tables_of(desk.current))
    base = desk.draft.base_version if desk.draft and desk.clashes else desk.current.version
    _keep(session, plant, owner, Draft(base, edits, note or (desk.draft.note if desk.draft else ""), now))


def settle(
    session: Session, plant: str, owner: str, version: int, kept: frozenset[tuple[str, str]], now: float
) -> bool:
    """Settles every collision with `version`: those rows (table, key) stay as the draft has them, of the others the
    version's hold. False when another version is in force by now."""
    _take_turn(session, plant)
    desk = open_desk(session, plant, owner)
    if desk.draft is None or desk.current.version != version:
        return False
    given = {(each.table, each.key) for each in desk.clashes} - kept
    edits = {
        table: {key: row for key, row in rows.items() if (table, key) not in given}
        for table, rows in desk.edits.items()
    }
    _keep(session, plant, owner, Draft(version, edits, desk.draft.note, now))
    return True


def drop_draft(session: Session, plant: str, owner: str) -> None:
    """Somebody's draft goes."""
    session.execute(delete(MasterDraft).where(MasterDraft.plant == plant, MasterDraft.owner == owner))


def _take_turn(session: Session, plant: str) -> None:
    """Two pages of one planner must not read the same draft and each write their own."""
    session.execute(select(LogHead.position).where(LogHead.plant == plant).with_for_update())


def _keep(session: Session, plant: str, owner: str, draft: Draft) -> None:
    if not edit_count(draft.edits):
        drop_draft(session, plant, owner)
        return
    text = _written(draft.edits)
    if len(text) > DRAFT_BYTES_MAX:
        raise DraftRefused(f"the draft has {len(text)} bytes, more than {DRAFT_BYTES_MAX}")
    row = session.get(MasterDraft, (plant, owner))
    if row is None:
        _make_room(session, plant, draft.changed_at)
        row = MasterDraft(plant=plant, owner=owner)
        session.add(row)
    row.base_version, row.edits, row.note, row.changed_at = draft.base_version, text, draft.note, draft.changed_at


def _make_room(session: Session, plant: str, now: float) -> None:
    mine = MasterDraft.plant == plant
    if (session.scalar(select(func.count()).select_from(MasterDraft).where(mine)) or 0) < DRAFTS_MAX:
        return
    oldest = session.scalars(select(MasterDraft).where(mine).order_by(MasterDraft.changed_at).limit(1)).one()
    if oldest.changed_at > now - DRAFT_SECONDS_MAX:
        raise DraftRefused(f"there are {DRAFTS_MAX} drafts already")
    session.delete(oldest)
    session.flush()


def _written(edits: Edits) -> str:
    told = {
        table: {key: None if row is None else row.model_dump(mode="json") for key, row in rows.items()}
        for table, rows in edits.items()
    }
    return json.dumps(told, ensure_ascii=True)


def _read(text: str) -> tuple[Edits, int]:
    found: dict[str, dict[str, Row | None]] = {}
    unreadable = 0
    for table, rows in json.loads(text).items():
        for key, row in rows.items():
            try:
                found.setdefault(table, {})[key] = None if row is None else TABLES[table].model_validate(row)
            except (KeyError, ValidationError):
                unreadable += 1
    return found, unreadable
