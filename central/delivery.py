"""Who has which version of the master data: what each gateway last said of itself, and its record of taking it (I8)."""

import json
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.models import Gateway, Happening


@dataclass(frozen=True, slots=True)
class Holding:
    """A gateway and its version; None: it has not said. `since`: when it took a version the last time, corrected.

    `behind`: versions that it lags, 0 for the newest.
    """

    gateway: str
    version: int | None
    since: float | None
    last_seen: float | None
    behind: int


def holdings(session: Session, plant: str, newest: int) -> list[Holding]:
    """Every gateway that is not revoked, those that lag most first."""
    rows = session.execute(
        select(Gateway.name, Gateway.status, Gateway.last_seen)
        .where(Gateway.plant == plant, Gateway.revoked_at.is_(None))
        .order_by(Gateway.name)
    ).all()
    found = []
    for row in rows:
        version = told_version(row.status)
        behind = newest if version is None else max(0, newest - version)
        found.append(Holding(row.name, version, _taken_at(session, plant, row.name), row.last_seen, behind))
    return sorted(found, key=lambda each: -each.behind)


def _taken_at(session: Session, plant: str, gateway_name: str) -> float | None:
    return session.scalar(
        select(Happening.wall)
        .where(Happening.plant == plant, Happening.gateway == gateway_name, Happening.type == "snapshot.applied")
        .order_by(Happening.position.desc())
        .limit(1)
    )


def told_version(status: str) -> int | None:
    """The version in a gateway's own words on its health; None where it says none, whatever it says."""
    try:
        found = json.loads(status or "{}").get("master_version")
    except (ValueError, AttributeError, RecursionError):
        return None
    return found if isinstance(found, int) and not isinstance(found, bool) and 0 <= found < 2**53 else None
