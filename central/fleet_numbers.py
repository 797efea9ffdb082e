"""Numbers of what the office wishes of gateways, none of which ever comes twice.

A gateway knows settings, a roll-out and a request by its number alone, and a server that was restored does not know
what it gave before: the gateways do.
"""

from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from central.fleet_limits import TOLD_NUMBER_MAX
from central.fleet_tables import FleetDevice, Rollout, WishedSettings


def next_rollout(session: Session, plant: str) -> int:
    """Above every roll-out that was given or told."""
    return _next(session, plant, (Rollout.plant, Rollout.number), FleetDevice.update_rollout)


def next_settings(session: Session, plant: str) -> int:
    """Above all settings that were given or told."""
    return _next(session, plant, (WishedSettings.plant, WishedSettings.number), FleetDevice.settings_number)


def _next(
    session: Session,
    plant: str,
    given: tuple[InstrumentedAttribute[str], InstrumentedAttribute[int]],
    told: InstrumentedAttribute[int],
) -> int:
    of_plant, number = given
    mine = (FleetDevice.plant == plant, told <= TOLD_NUMBER_MAX)
    newest = session.scalar(select(func.max(number)).where(of_plant == plant)) or 0
    return max(newest, session.scalar(select(func.max(told)).where(*mine)) or 0) + 1


def greatest_given(*numbers: int) -> int:
    """The greatest that an office can have given; 0: none."""
    return max((each for each in numbers if each <= TOLD_NUMBER_MAX), default=0)
