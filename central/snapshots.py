"""Master data versions: whole, hashed, kept for ever (I8)."""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Sequence

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from central import models
from central.asking import asking_address
from central.audit import record_act
from central.begun import begun_orders
from central.change import note_change
from central.errors import MasterDataStale
from central.notify.announcements import announce
from central.plant_days import plant_today
from central.shortages import note_shortages
from floor.bills import with_frozen_bills
from floor.master import MasterData
from sync.wire import SnapshotEnvelope

ANNOUNCED_NOTICES_MAX = 100
"""New notices of one version that people are told of; the page of notices shows all."""

CACHED_MAX = 4
"""Parsed versions kept in a process; pages and facts read the newest one over and over."""

_cached: OrderedDict[str, MasterData] = OrderedDict()
_lock = threading.Lock()

EMPTY = MasterData()

READ_HEAD = (
    select(models.MasterVersion.version, models.MasterVersion.digest)
    .where(models.MasterVersion.plant == bindparam("plant"))
    .order_by(models.MasterVersion.version.desc())
    .limit(1)
)


def publish(
    session: Session,
    master: MasterData,
    by: str,
    now: float,
    plant: str = "plant",
    base_version: int | None = None,
    note: str = "",
) -> int:
    """The version that holds this data: the current one where nothing differs, else a new one.

    `base_version`: the version the publisher looked at. Raises MasterDataStale when another is in force. Orders that
    have begun keep the revision of their bill.
    """
    note_change(session, plant)
    current = _current_row(session, plant)
    version = current.version if current else 0
    if base_version is not None and base_version != version:
        raise MasterDataStale
    begun = begun_orders(session, plant) if master.bom_revisions or master.stock else frozenset()
    if master.bom_revisions:
        master = with_frozen_bills(current_master(session, plant), master, begun, plant_today(now))
    if current is not None and current.content_digest == master.digest:
        return version
    before = current_master(session, plant) if current is not None else None
    numbered = master.model_copy(update={"version": version + 1})
    body = numbered.model_dump_json()
    row = {
        "plant": plant,
        "version": version + 1,
        "content_digest": master.digest,
        "digest": hashlib.sha256(body.encode()).hexdigest(),
        "body": body,
        "made_at": now,
        "made_by": by,
        "note": note,
    }
    session.execute(insert(models.MasterVersion), [row])
    # By the digest of its body: right whether or not the transaction lasts.
    _remember(str(row["digest"]), numbered)
    _plan_operations(session, numbered, plant)
    note_shortages(session, plant, numbered, begun, now)
    if before is not None:
        _announce_notices(session, plant, before, numbered, now)
    told = {"base": version, "note": note}
    record_act(session, plant, by, "master.published", str(version + 1), told, now, asking_address())
    return version + 1


def _announce_notices(session: Session, plant: str, before: MasterData, master: MasterData, now: float) -> None:
    """Notices that are new or say something new."""
    known = set(before.notices)
    for row in [each for each in master.notices if each not in known][:ANNOUNCED_NOTICES_MAX]:
        about = row.operation or row.work_order
        facts = {"title": row.title, "title_en": row.title_en, "text": row.text, "about": about, "path": "/notices"}
        station = row.stations[0] if len(row.stations) == 1 else ""
        announce(session, plant, "notice.published", row.id, facts | {"station": station}, now)


def _plan_operations(session: Session, master: MasterData, plant: str) -> None:
    """The planned side of the operation table, whole: what the new version does not name is not planned any more."""
    operation = models.Operation
    held = set(session.scalars(select(operation.id).where(operation.plant == plant)))
    session.execute(update(operation).where(operation.plant == plant).values(master_version=None, planned=None))
    new, old = [], []
    for each in master.operations:
        row = {
            "plant": plant,
            "id": each.id,
            "master_version": master.version,
            "work_order": each.work_order,
            "number": each.number,
            "name": each.name,
            "planned": each.planned,
        }
        if each.id in held:
            old.append(row)
        else:
            new.append(row | {"good": 0, "scrap": 0, "flagged": 0, "rework": 0, "changed_at": None})
    if new:
        session.execute(insert(operation), new)
    if old:
        session.execute(update(operation), old)


def _current_row(session: Session, plant: str) -> models.MasterVersion | None:
    version = models.MasterVersion
    return session.scalar(select(version).where(version.plant == plant).order_by(version.version.desc()).limit(1))


def current_head(session: Session, plant: str = "plant") -> tuple[int, str]:
    """(version, digest of the body) in force; (0, "") when there is none."""
    row = session.connection().execute(READ_HEAD, {"plant": plant}).first()
    return (row.version, row.digest) if row else (0, "")


def current_master(session: Session, plant: str = "plant") -> MasterData:
    """The master data in force, parsed once in each process; empty data of version 0 when there is none."""
    version, _ = current_head(session, plant)
    return master_of(session, version, plant) or EMPTY


def master_of(session: Session, version: int, plant: str = "plant") -> MasterData | None:
    """A version of the master data; None for one that never was. The last few are kept parsed in each process."""
    held = models.MasterVersion
    mine = (held.plant == plant, held.version == version)
    digest = session.scalar(select(held.digest).where(*mine))
    if digest is None:
        return None
    with _lock:
        found = _cached.get(digest)
    if found is None:
        found = MasterData.model_validate_json(session.scalars(select(held.body).where(*mine)).one())
        _remember(digest, found)
    return found


def _remember(digest: str, master: MasterData) -> None:
    with _lock:
        _cached[digest] = master
        while len(_cached) > CACHED_MAX:
            _cached.popitem(last=False)


def current_envelope(session: Session, plant: str = "plant") -> SnapshotEnvelope | None:
    """What a gateway fetches; None when nothing was ever published."""
    row = _current_row(session, plant)
    return SnapshotEnvelope(version=row.version, digest=row.digest, body=row.body) if row else None


def versions(session: Session, plant: str = "plant", limit: int = 100) -> Sequence[models.MasterVersion]:
    """The newest versions, newest first."""
    version = models.MasterVersion
    return session.scalars(
        select(version).where(version.plant == plant).order_by(version.version.desc()).limit(limit)
    ).all()
