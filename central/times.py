"""When something happened, by the server's clock, and how well that is known (I9).

A gateway has no battery clock, so its wall time is a remark. Its CLOCK_BOOTTIME is right but has no zero. An *anchor*
ties one boot's CLOCK_BOOTTIME to server time by an interval: the gateway read its boot clock after the answer whose
time it tells back and before this request came, so the offset lies between the two; exchange by exchange the interval
shrinks. It must be the answer that the gateway had, not the last one that was given: a request that was on its way for
minutes would else be dated wrongly. A record made under a synchronised clock is an anchor too. Clocks part, so an
anchor is worth less for a record the further it is away.
"""

import json
import math
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, func, insert, or_, select, update
from sqlalchemy.orm import Session

from central import models

SYNCHRONISED_ERROR_SECONDS = 1.0
"""What a clock that calls itself synchronised is trusted with; timesyncd steps within half of it."""

DRIFT = 100e-6
"""How fast two clocks may part: a Pi's crystal is within 100 ppm. An anchor's error grows by so much a second."""

TOUCHING_SECONDS = 0.001
"""Intervals that miss each other by so little meet: numbers of such a size are rounded."""

WORTH_SECONDS = 0.05
"""An anchor is written again only when it gets better by so much."""

WALL_MAX = 253_402_300_000.0
"""The end of the year 9999."""

ANCHOR = models.table_of(models.Anchor)
HAPPENING = models.table_of(models.Happening)
READ_ANCHOR = select(ANCHOR).where(
    ANCHOR.c.plant == bindparam("plant"), ANCHOR.c.gateway == bindparam("gateway"), ANCHOR.c.boot == bindparam("boot")
)


@dataclass(frozen=True, slots=True)
class Observed:
    """The clock members of a record's text."""

    boot: str
    boottime: float
    wall: float
    synchronised: bool


@dataclass(frozen=True, slots=True)
class AnchorValue:
    """Server time = boottime + offset, at the latest; earlier by at most `error` seconds. That was so at server time
    `at`, and is less well known before and after."""

    offset: float
    error: float
    at: float

    def moved(self, at: float) -> "AnchorValue":
        """The same at another time: the clocks may have parted either way."""
        grown = DRIFT * abs(at - self.at)
        return AnchorValue(self.offset + grown, self.error + 2 * grown, at)


@dataclass(frozen=True, slots=True)
class Corrected:
    """`clock`: synchronised, corrected or unsynchronised. `error` is None where nothing bounds it."""

    wall: float | None
    error: float | None
    clock: str


def observed_record(content: str) -> Observed | None:
    """The clock members of a record's text; None where it has none that make sense."""
    try:
        head = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return observed_head(head) if isinstance(head, dict) else None


def observed_head(head: dict[str, Any]) -> Observed | None:
    """The clock members of a record's JSON; None where they make no sense."""
    try:
        found = Observed(
            str(head["bootid"])[:64].replace("\x00", ""),
            float(head["boottime"]),
            float(head["walltime"]),
            head["clockstate"] == "synchronised",
        )
        found.boot.encode()
    except (ValueError, KeyError, TypeError, OverflowError):
        return None
    sane = math.isfinite(found.boottime) and 0 <= found.boottime < 1e10 and 0 <= found.wall < WALL_MAX
    return found if sane else None


def correct(observed: Observed | None, anchor: AnchorValue | None) -> Corrected:
    """The time of a record. A synchronised clock is believed; else the anchor; else the remark is all there is."""
    if observed is None:
        return Corrected(None, None, "unsynchronised")
    if observed.synchronised:
        return Corrected(observed.wall, SYNCHRONISED_ERROR_SECONDS, "synchronised")
    if anchor is not None:
        near = anchor.moved(observed.boottime + anchor.offset)
        return Corrected(observed.boottime + near.offset - near.error / 2, near.error / 2, "corrected")
    return Corrected(observed.wall, None, "unsynchronised")


def met(known: AnchorValue | None, low: float, high: float, at: float) -> AnchorValue:
    """A known interval of offsets together with a new one of time `at`; where they do not meet, the new one."""
    if known is not None:
        moved = known.moved(at)
        lower, upper = max(low, moved.offset - moved.error), min(high, moved.offset)
        if lower <= upper + TOUCHING_SECONDS:
            low, high = min(lower, upper), max(lower, upper)
    return AnchorValue(high, high - low, at)


def observe(
    session: Session,
    plant: str,
    gateway_name: str,
    status: dict[str, Any],
    newest: Observed | None,
    server: str,
    now: float,
) -> None:
    """Learn from one exchange: from a synchronised record, or from its health, which tells the boot clock and which
    answer of ours the gateway had when it read it. `server`: this database's identity."""
    if newest is not None and newest.synchronised:
        offset, spread = newest.wall - newest.boottime, SYNCHRONISED_ERROR_SECONDS
        learn(session, plant, gateway_name, newest.boot, offset - spread, offset + spread, min(now, newest.wall))
        return
    boot, boottime, answered = status.get("bootid"), status.get("boottime"), status.get("answered")
    if status.get("answered_by") != server or not isinstance(boot, str):
        return
    if not isinstance(boottime, int | float) or not isinstance(answered, int | float):
        return
    if 0 <= boottime < 1e10 and 0 <= now - answered <= boottime:
        learn(session, plant, gateway_name, boot[:64].replace("\x00", ""), answered - boottime, now - boottime, now)


def learn(session: Session, plant: str, gateway_name: str, boot: str, low: float, high: float, at: float) -> None:
    """Put an interval to what is known of a boot; records of it that waited for an anchor get their time."""
    connection = session.connection()
    key = {"plant": plant, "gateway": gateway_name, "boot": boot}
    row = connection.execute(READ_ANCHOR, key).one_or_none()
    known = None
    if row is not None and row.error_seconds is not None:
        known = AnchorValue(row.offset_seconds, row.error_seconds, row.observed_at)
    found = met(known, low, high, at)
    if known is not None and found.error > known.moved(at).error - WORTH_SECONDS:
        return
    values = {"offset_seconds": found.offset, "error_seconds": found.error, "observed_at": at}
    if row is None:
        connection.execute(insert(ANCHOR), {**key, **values})
    else:
        mine = (ANCHOR.c.plant == plant, ANCHOR.c.gateway == gateway_name, ANCHOR.c.boot == boot)
        connection.execute(update(ANCHOR).where(*mine).values(**values))
    correct_folded(session, plant, gateway_name, boot, found)


def correct_folded(session: Session, plant: str, gateway_name: str, boot: str, anchor: AnchorValue) -> None:
    """Records folded before the anchor was known get their time now, where it is better than what they have."""
    wall = HAPPENING.c.boottime + (anchor.offset - anchor.error / 2)
    error = anchor.error / 2 + DRIFT * func.abs(HAPPENING.c.boottime + (anchor.offset - anchor.at))
    session.connection().execute(
        update(HAPPENING)
        .where(
            HAPPENING.c.plant == plant,
            HAPPENING.c.gateway == gateway_name,
            HAPPENING.c.boot == boot,
            HAPPENING.c.clock != "synchronised",
            or_(HAPPENING.c.error_seconds.is_(None), HAPPENING.c.error_seconds > error),
        )
        .values(wall=wall, error_seconds=error, clock="corrected")
    )


def read_anchors(session: Session, plant: str, boots: set[tuple[str, str]]) -> dict[tuple[str, str], AnchorValue]:
    """Anchors by (gateway, boot)."""
    names = sorted({boot for _, boot in boots})
    found: dict[tuple[str, str], AnchorValue] = {}
    for start in range(0, len(names), 500):
        part = names[start : start + 500]
        rows = session.connection().execute(select(ANCHOR).where(ANCHOR.c.plant == plant, ANCHOR.c.boot.in_(part)))
        for row in rows:
            if row.error_seconds is not None:
                found[(row.gateway, row.boot)] = AnchorValue(row.offset_seconds, row.error_seconds, row.observed_at)
    return found
