"""The audit log: who did what, when and from where. Each act is tied to the one before it, so a changed or removed row
shows (`verify_acts`). A person with the database in hand could write a whole new log: keep its head elsewhere."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from central.fold_rows import clean
from central.limits import (
    AUDIT_DETAIL_CHARACTERS_MAX,
    AUDIT_FAILURES_PER_HOUR_MAX,
    AUDIT_READ_MAX,
    AUDIT_TEXT_CHARACTERS_MAX,
)
from central.rights_tables import AuditHead, AuditRow

SHELL = "shell"
"""Who acts by a command at the server itself."""

NOBODY = "?"
"""Who tried a name that nobody has: people type passwords there, so the word itself is not kept."""

SIGN_IN_FAILED = "sign_in.failed"
FAILURES_FULL = "sign_in.failures_full"
PURGED = "audit.purged"
PURGE_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True)
class Act:
    """An act. `digest` is SHA-256 over `previous_digest`, a line feed, and the JSON array of plant, position, at, who,
    address, action, subject and detail. `detail` is JSON as text; `at` is seconds since 1970."""

    position: int
    at: float
    who: str
    address: str
    action: str
    subject: str
    detail: str
    previous_digest: str
    digest: str


@dataclass(frozen=True, slots=True)
class ActQuery:
    """Which acts; empty texts mean any. Times are seconds since 1970; `before`: only smaller positions."""

    who: str = ""
    action: str = ""
    since: float | None = None
    until: float | None = None
    before: int | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a look at the whole log found. `fault` is empty where nothing was changed or removed."""

    acts: int
    position: int
    digest: str
    fault: str = ""


def record_act(
    session: Session,
    plant: str,
    who: str,
    action: str,
    subject: str,
    detail: Mapping[str, object],
    now: float,
    address: str = "",
) -> int:
    """Writes one act in the caller's transaction and returns its position.

    Call it last: it holds the end of the log until the commit. `action` is a dotted past participle; texts that are too
    long are cut.
    """
    head = session.get(AuditHead, plant, with_for_update=True)
    if head is None:
        head = AuditHead(plant=plant, position=0, digest="", purged=0, purged_digest="")
        session.add(head)
    told = json.dumps(detail, ensure_ascii=False, sort_keys=True, default=str)
    texts = [clean(each[:AUDIT_TEXT_CHARACTERS_MAX]) for each in (who, address, action, subject)]
    row: dict[str, Any] = {
        "plant": plant,
        "position": head.position + 1,
        "at": float(now),
        **dict(zip(("who", "address", "action", "subject"), texts, strict=True)),
        "detail": clean(told[:AUDIT_DETAIL_CHARACTERS_MAX]),
        "previous_digest": head.digest,
    }
    row["digest"] = _digest_of(row)
    session.execute(insert(AuditRow), [row])
    head.position, head.digest = head.position + 1, row["digest"]
    session.flush()
    return head.position


def _digest_of(row: Mapping[str, Any]) -> str:
    columns = ("plant", "position", "at", "who", "address", "action", "subject", "detail")
    content = json.dumps([row[name] for name in columns], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(f"{row['previous_digest']}\n{content}".encode()).hexdigest()


def record_failed_sign_in(session: Session, plant: str, name: str, means: str, now: float, address: str) -> None:
    """A failed sign-in. Beyond the bound of an hour nothing is written but that the bound was reached (I10)."""
    mine = (AuditRow.plant == plant, AuditRow.action == SIGN_IN_FAILED, AuditRow.at > now - 3600)
    count = session.scalar(select(func.count()).select_from(AuditRow).where(*mine)) or 0
    if count < AUDIT_FAILURES_PER_HOUR_MAX:
        record_act(session, plant, name, SIGN_IN_FAILED, name, {"means": means}, now, address)
        return
    told = (AuditRow.plant == plant, AuditRow.action == FAILURES_FULL, AuditRow.at > now - 3600)
    if not session.scalar(select(func.count()).select_from(AuditRow).where(*told)):
        record_act(session, plant, name, FAILURES_FULL, "", {"bound": AUDIT_FAILURES_PER_HOUR_MAX}, now, address)


def list_acts(session: Session, plant: str, query: ActQuery, count: int) -> Sequence[Act]:
    """The newest acts that match, newest first."""
    wanted = select(AuditRow).where(AuditRow.plant == plant)
    if query.who:
        wanted = wanted.where(AuditRow.who == query.who)
    if query.action:
        wanted = wanted.where(AuditRow.action == query.action)
    if query.since is not None:
        wanted = wanted.where(AuditRow.at >= query.since)
    if query.until is not None:
        wanted = wanted.where(AuditRow.at < query.until)
    if query.before is not None:
        wanted = wanted.where(AuditRow.position < query.before)
    return [_act(row) for row in session.scalars(wanted.order_by(AuditRow.position.desc()).limit(count))]


def acts_behind(session: Session, plant: str, after: int, count: int) -> Sequence[Act]:
    """The next acts behind a position, in their order."""
    wanted = select(AuditRow).where(AuditRow.plant == plant, AuditRow.position > after)
    return [_act(row) for row in session.scalars(wanted.order_by(AuditRow.position).limit(count))]


def newest_act(session: Session, plant: str) -> tuple[int, str]:
    """(position, digest) of the end of the log: what to keep elsewhere."""
    head = session.get(AuditHead, plant)
    return (head.position, head.digest) if head is not None else (0, "")


def kinds_of_acts(session: Session, plant: str) -> Sequence[str]:
    """Every kind of act in the log."""
    return session.scalars(
        select(AuditRow.action).where(AuditRow.plant == plant).distinct().order_by(AuditRow.action)
    ).all()


def _act(row: AuditRow) -> Act:
    return Act(*(getattr(row, name) for name in Act.__slots__))


def verify_acts(session: Session, plant: str) -> Verdict:
    """Reads the whole log and computes it anew; stops at the first row that is not as it was written."""
    head = session.get(AuditHead, plant)
    position, digest = (head.purged, head.purged_digest) if head is not None else (0, "")
    began = position
    while found := acts_behind(session, plant, position, AUDIT_READ_MAX):
        for act in found:
            fault = _fault_in(plant, act, position, digest)
            if fault:
                return Verdict(position - began, position, digest, fault)
            position, digest = act.position, act.digest
    end = (head.position, head.digest) if head is not None else (0, "")
    if (position, digest) != end:
        fault = f"the log ends at act {position}, and act {end[0]} was the newest written"
        return Verdict(position - began, position, digest, fault)
    return Verdict(position - began, position, digest)


def _fault_in(plant: str, act: Act, position: int, digest: str) -> str:
    if act.position != position + 1:
        return f"act {position + 1} is missing: act {act.position} comes next"
    if act.previous_digest != digest:
        return f"act {act.position} does not follow the one before it"
    row = {name: getattr(act, name) for name in Act.__slots__}
    return "" if _digest_of({"plant": plant, **row}) == act.digest else f"act {act.position} was changed"


def digest_at(session: Session, plant: str, position: int) -> str:
    """The digest of an act, to compare with one that was kept elsewhere; empty where there is no such act."""
    row = session.get(AuditRow, (plant, position))
    return row.digest if row is not None else ""


def purge_acts(session: Session, plant: str, before: float, now: float) -> int:
    """Acts older than that go, from the beginning, a day's worth at least; that they went is an act. How many went."""
    head = session.get(AuditHead, plant, with_for_update=True)
    oldest = session.get(AuditRow, (plant, head.purged + 1)) if head is not None else None
    if head is None or oldest is None or oldest.at >= before - PURGE_SECONDS:
        # Where somebody removed the oldest one `verify_acts` says so; what is left is evidence.
        return 0
    mine = (AuditRow.plant == plant, AuditRow.at >= before)
    first_kept = session.scalar(select(func.min(AuditRow.position)).where(*mine))
    last = session.get(AuditRow, (plant, (first_kept or head.position + 1) - 1))
    if last is None:
        return 0
    began, head.purged, head.purged_digest = head.purged + 1, last.position, last.digest
    session.execute(delete(AuditRow).where(AuditRow.plant == plant, AuditRow.position <= last.position))
    record_act(session, plant, SHELL, PURGED, "", {"first": began, "last": last.position}, now)
    return last.position - began + 1
