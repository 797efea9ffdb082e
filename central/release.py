"""Release of master data: what a version changes, for which station, and what speaks against it, for every way by
which one is published; and the release of a draft."""

import hashlib
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy.orm import Session

from central.begun import at_work, begun_orders
from central.change import note_change
from central.drafts import Desk, drop_draft, open_desk
from central.errors import KitShort, MasterDataRefused, MasterDataStale
from central.limits import RELEASE_NOTE_CHARACTERS_MAX
from central.plant_days import plant_today
from central.snapshots import current_master, publish
from floor.bills import changed_products, revision_notices, revision_of, with_frozen_bills
from floor.errors import MasterFileRefused
from floor.kit import Shortage, shortages
from floor.master import MasterData
from floor.master_changes import RowChange, TableChange, by_station, row_changes, table_changes
from floor.master_tables import Tables, tables_of, whole
from floor.notices import change_notices, with_notices
from floor.rows import Notice


@dataclass(frozen=True, slots=True)
class Confirmation:
    """An order that began on a revision that is no longer in force. `people`: (person, station) at work on it."""

    work_order: str
    product: str
    kept: str
    now: str
    people: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Effects:
    """What a version would do in the place of the one in force. `places`: the rows by station, under EVERYWHERE those
    for all of them. `told`: notices that the floor may be given; `short`: what orders lack that it releases."""

    rows: tuple[RowChange, ...] = ()
    tables: tuple[TableChange, ...] = ()
    places: dict[str, tuple[RowChange, ...]] = field(default_factory=dict)
    told: tuple[Notice, ...] = ()
    confirmations: tuple[Confirmation, ...] = ()
    short: tuple[Shortage, ...] = ()

    @property
    def any(self) -> bool:
        """Whether anything differs."""
        return bool(self.rows)


@dataclass(frozen=True, slots=True)
class Review:
    """What a release would do. `master` None: the `faults` between rows stand in its way. `digest` names this very
    content."""

    desk: Desk
    master: MasterData | None
    faults: tuple[str, ...] = ()
    effects: Effects = Effects()
    digest: str = ""


def effects(session: Session, plant: str, before: MasterData, after: MasterData, now: float) -> Effects:
    """What publishing `after` in the place of `before` would change, and for which station."""
    return _effects(session, plant, before, after, tables_of(after), now)


def _effects(
    session: Session, plant: str, before: MasterData, after: MasterData, tables: Tables, now: float
) -> Effects:
    """`tables`: those of `after`; tuples that were not touched need not be compared."""
    begun = begun_orders(session, plant)
    today = plant_today(now)
    rows = row_changes(tables_of(before), tables)
    frozen = with_frozen_bills(before, after, begun, today)
    return Effects(
        rows,
        table_changes(rows, tables),
        by_station(rows, before, after),
        (*change_notices(before, frozen), *revision_notices(before, frozen, begun, today)),
        _confirmations(session, plant, before, after, begun, today),
        newly_short(before, after, begun, today),
    )


def review(session: Session, plant: str, owner: str, now: float) -> Review:
    """What releasing somebody's draft would change."""
    desk = open_desk(session, plant, owner)
    try:
        master = whole(desk.tables)
    except MasterFileRefused as refused:
        rows = row_changes(tables_of(desk.current), desk.tables)
        return Review(desk, None, refused.faults, Effects(rows, table_changes(rows, desk.tables)))
    found = _effects(session, plant, desk.current, master, desk.tables, now)
    digest = hashlib.sha256(f"{desk.current.version} {master.digest}".encode()).hexdigest()
    return Review(desk, master, (), found, digest)


def newly_short(before: MasterData, after: MasterData, begun: frozenset[str], today: date) -> tuple[Shortage, ...]:
    """What orders lack that this version releases to the floor."""
    running = {row.id for row in before.work_orders if row.state == "released"}
    return tuple(each for each in shortages(after, begun, today) if each.work_order not in running)


def refuse_short(session: Session, plant: str, master: MasterData, now: float) -> None:
    """Raises KitShort for a version that would release orders that lack material."""
    note_change(session, plant)
    if newly_short(current_master(session, plant), master, begun_orders(session, plant), plant_today(now)):
        raise KitShort


def _confirmations(
    session: Session, plant: str, before: MasterData, after: MasterData, begun: frozenset[str], today: date
) -> tuple[Confirmation, ...]:
    changed = changed_products(before, after, today)
    orders = [row for row in before.work_orders if row.id in begun and row.item in changed and row.state != "closed"]
    people = at_work(session, plant, frozenset(row.id for row in orders))
    return tuple(
        Confirmation(row.id, row.item, revision_of(before, row, today), changed[row.item][1], people.get(row.id, ()))
        for row in orders
    )


@dataclass(frozen=True, slots=True)
class Asked:
    """How somebody releases: what they saw, what they say of it, whether the floor is told, and material may be
    short."""

    digest: str
    note: str = ""
    tell: bool = False
    short: bool = False


def release(session: Session, plant: str, owner: str, asked: Asked, kit_check: str, now: float) -> int:
    """Publishes somebody's draft and ends it; the new version.

    Raises MasterDataStale when it is not what they saw, MasterDataRefused when it does not hold, KitShort when
    orders lack material and that is not allowed (`kit_check`: off, warn, refuse) or not confirmed.
    """
    # The lock that publishing takes: nobody's version may come between the reading and this one.
    note_change(session, plant)
    found = review(session, plant, owner, now)
    if found.master is None:
        raise MasterDataRefused("; ".join(found.faults))
    if found.digest != asked.digest or found.desk.clashes:
        raise MasterDataStale
    if found.effects.short and (kit_check == "refuse" or (kit_check == "warn" and not asked.short)):
        raise KitShort
    # What the floor is told is what the review showed.
    master = with_notices(found.master, found.effects.told) if asked.tell else found.master
    note = asked.note.strip()[:RELEASE_NOTE_CHARACTERS_MAX]
    version = publish(session, master, owner, now, plant, found.desk.current.version, note)
    drop_draft(session, plant, owner)
    return version
