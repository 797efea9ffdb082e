"""What the gateway process says of itself, and whether a release on trial is good.

Pure: values in, values out.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.updates.states import Update


@dataclass(frozen=True, slots=True)
class Health:
    """`office`: online, offline, none or unknown. `missing`: devices that are not there. `busy`: why the station must
    not be interrupted; empty when it may be. `idle_seconds`: since the last input."""

    release: str
    refusing: str
    office: str
    missing: tuple[str, ...]
    busy: str
    idle_seconds: float


def health_of(told: object) -> Health | None:
    """The answer of the gateway's local socket; None where it is none."""
    if not isinstance(told, dict) or told.get("ready") is not True:
        return None
    missing = told.get("missing")
    idle = told.get("idle_seconds")
    return Health(
        release=str(told.get("release", "")),
        refusing=str(told.get("refusing", "")),
        office=str(told.get("office", "")),
        missing=tuple(str(each) for each in missing) if isinstance(missing, list) else (),
        busy=str(told.get("busy", "")),
        idle_seconds=float(idle) if isinstance(idle, int | float) else 0.0,
    )


def unhealthy(found: Health | None, before: Update, faults: Sequence[str]) -> str:
    """Why a release on trial is not good now; empty when it is. `before`: what was so under the release before it.
    `faults`: of the journal."""
    if found is None:
        return "the gateway is not ready"
    if found.refusing:
        return f"the gateway keeps nothing: {found.refusing}"
    lost = [each for each in found.missing if each not in before.missing]
    if lost:
        return f"devices are not open: {', '.join(lost)}"
    if faults:
        return f"the journal does not hold: {faults[0]}"
    if before.office and found.office != "online":
        return "the office was reached before and is not now"
    return ""


def may_interrupt(found: Health, quiet_seconds: float) -> str:
    """Why the station must not be restarted now; empty when it may be."""
    if found.busy:
        return found.busy
    if found.idle_seconds < quiet_seconds:
        return f"the last input is {found.idle_seconds:.0f} s ago"
    return ""
