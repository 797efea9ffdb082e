"""When something happened, by the server's clock, and how well that is known (I9).

A gateway has no battery clock, so its wall time is a remark. Its CLOCK_BOOTTIME is nearly right but has no zero. An
*anchor* ties one boot's CLOCK_BOOTTIME to server time by an interval: the gateway read its boot clock after the
server's last answer reached it and before this request came, so the offset lies between the two; exchange by exchange
the interval shrinks. A record made under a synchronised clock is an anchor too. Clocks drift apart, so an anchor holds
for the moment it was observed at, and its error grows in both directions of time.
"""

import math
from dataclasses import dataclass
from typing import Any, TypeGuard

from sqlalchemy import bindparam, func, insert, or_, select, update
from sqlalchemy.orm import Session

from central import models
from central.record_text import head_in

SYNCHRONISED_ERROR_SECONDS = 1.0
"""What a clock that calls itself synchronised is trusted with; timesyncd steps within half of it."""

DRIFT = 200e-6
"""How fast two clocks may part: a Pi's crystal is within 100 ppm, and twice that is the worst in a hot cabinet. An
anchor's error grows by so much a second."""

GROWTH = DRIFT / (1 - DRIFT)
"""The same for a second of the boot clock, which may be the slow one."""

TOUCHING_SECONDS = 0.001
"""Intervals that miss each other by so little meet: numbers of such a size are rounded."""

WORTH_SECONDS = 0.05
"""An anchor is written again only when it gets better by so much."""

WORTH_FACTOR = 2.0
"""Times of records that have one are worked out again only for an anchor so much better: a boot may have a million."""

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
    """Server time = boottime + offset, at the latest; earlier by at most `error` seconds: at server time `at`, and less
    well known before and after."""

    offset: float
    error: float
    at: float

    def seen_from(self, at: float) -> "AnchorValue":
        """What is known at another moment: the clocks may have parted since, or before."""
        # The moment itself is known no better than the anchor.
        grown = GROWTH * (abs(at - self.at) + self.error)
        return AnchorValue(self.offset + grown, self.error + 2 * grown, at)


@dataclass(frozen=True, slots=True)
class Corrected:
    """`clock`: synchronised, corrected or unsynchronised. `error` is None where nothing bounds it."""

    wall: float | None
    error: float | None
    clock: str


def observed_record(content: str) -> Observed | None:
    """The clock members of a record's text; None where it has none that make sense."""
    return observed_head(head_in(content))


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
        then = anchor.seen_from(observed.boottime + anchor.offset)
        return Corrected(observed.boottime + then.offset - then.error / 2, then.error / 2, "corrected")
    return Corrected(observed.wall, None, "unsynchronised")


def met(known: AnchorValue | None, low: float, high: float, at: float) -> AnchorValue:
    """A known interval of offsets together with one observed `at`; where they do not meet, a clock was set: the new
    one."""
    low, high = _at_the_end(low, high)
    if known is not None:
        then = known.seen_from(at)
        lower, upper = max(low, then.offset - then.error), min(high, then.offset)
        if lower <= upper + TOUCHING_SECONDS:
            low, high = min(lower, upper), max(lower, upper)
    return AnchorValue(high, high - low, at)


def _at_the_end(low: float, high: float) -> tuple[float, float]:
    """An exchange tells of the moment at which the boot clock was read; by its end the clocks have parted a little."""
    grown = GROWTH * (high - low)
    return low - grown, high + grown


def parted(known: AnchorValue, low: float, high: float, at: float) -> bool:
    """Whether a new observation contradicts what was known, drift allowed for."""
    low, high = _at_the_end(low, high)
    then = known.seen_from(at)
    return low > then.offset + TOUCHING_SECONDS or high < then.offset - then.error - TOUCHING_SECONDS


def observe(
    session: Session,
    plant: str,
    gateway_name: str,
    status: dict[str, Any],
    newest: Observed | None,
    server: str,
    last_seen: float | None,
    now: float,
) -> None:
    """Learn from one exchange: from a synchronised record, or from its health, which tells the boot clock and which
    answer of ours the gateway had when it read it. `server`: this database's identity."""
    if newest is not None and newest.synchronised:
        offset = newest.wall - newest.boottime
        spread = SYNCHRONISED_ERROR_SECONDS
        learn(session, plant, gateway_name, newest.boot, offset - spread, offset + spread, newest.wall)
        return
    boot, boottime = status.get("bootid"), status.get("boottime")
    if not isinstance(boot, str) or not _is_number(boottime) or not 0 <= boottime < 1e10:
        return
    if status.get("answered_by", server) != server:
        return  # Another server's answer says nothing of this one's clock.
    answered = answered_at(status, last_seen, now - boottime)
    if answered is not None and answered <= now:
        learn(session, plant, gateway_name, boot[:64].replace("\x00", ""), answered - boottime, now - boottime, now)


def answered_at(status: dict[str, Any], last_seen: float | None, booted: float) -> float | None:
    """Server time of an answer that the gateway had before it read its boot clock.

    It says so itself: an answer that was lost, or a request that came long after the gateway had given it up, would
    make `last_seen` a bound that does not hold. 0.1.0 does not say it; there `last_seen` is believed, if the gateway
    was up then: it booted after `booted`.
    """
    if "answered" not in status:
        return last_seen if last_seen is not None and last_seen >= booted else None
    told = status["answered"]
    return float(told) if _is_number(told) and told > 0 else None


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def learn(session: Session, plant: str, gateway_name: str, boot: str, low: float, high: float, at: float) -> None:
    """Put an interval observed `at` to what is known of a boot; records that waited for an anchor get their time."""
    connection = session.connection()
    key = {"plant": plant, "gateway": gateway_name, "boot": boot}
    row = connection.execute(READ_ANCHOR, key).one_or_none()
    known = None
    if row is not None and row.error_seconds is not None:
        known = AnchorValue(row.offset_seconds, row.error_seconds, row.observed_at)
    found = met(known, low, high, at)
    is_news = known is None or parted(known, low, high, at)
    if known is not None and not is_news and found.error > known.seen_from(at).error - WORTH_SECONDS:
        return
    values = {"offset_seconds": found.offset, "error_seconds": found.error, "observed_at": at}
    if row is None:
        connection.execute(insert(ANCHOR), {**key, **values})
    else:
        mine = (ANCHOR.c.plant == plant, ANCHOR.c.gateway == gateway_name, ANCHOR.c.boot == boot)
        connection.execute(update(ANCHOR).where(*mine).values(**values))
    if known is None or is_news or found.error * WORTH_FACTOR < known.error:
        correct_folded(session, plant, gateway_name, boot, found)


def correct_folded(session: Session, plant: str, gateway_name: str, boot: str, anchor: AnchorValue) -> None:
    """Records folded before the anchor was known get their time now, those that have a better one keep it."""
    wall = HAPPENING.c.boottime + (anchor.offset - anchor.error / 2)
    error = anchor.error / 2 + GROWTH * (func.abs(HAPPENING.c.boottime + anchor.offset - anchor.at) + anchor.error)
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
