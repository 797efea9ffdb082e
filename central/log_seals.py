"""Keys that judge the seals of stations' logs: a station tells its own once, and has it no more.

Who breaks into a station later cannot seal what was changed before. A key is never changed or removed here: a second
one of the same station that nobody flashed anew is itself a sign.
"""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from central.alarms import raise_alarms
from central.fleet_limits import LOG_SEALS_MAX
from central.fleet_tables import FleetLogSeal
from central.ingest_rules import AlarmRaised


def take_log_seal(session: Session, plant: str, gateway_name: str, key: str, now: float) -> None:
    """Keep a key that a station told. Idempotent; beyond the bound none is taken, and that is an alarm (I10)."""
    if not key or session.get(FleetLogSeal, (plant, gateway_name, key)) is not None:
        return
    mine = (FleetLogSeal.plant == plant, FleetLogSeal.gateway == gateway_name)
    count = session.scalar(select(func.count()).select_from(FleetLogSeal).where(*mine)) or 0
    if count >= LOG_SEALS_MAX:
        full = AlarmRaised("log_seals_full", "", f"another key for the log came; {LOG_SEALS_MAX} are kept")
        raise_alarms(session, plant, gateway_name, [full], now)
        return
    session.add(FleetLogSeal(plant=plant, gateway=gateway_name, key=key, told_at=now))


def log_seals(session: Session, plant: str, gateway_name: str) -> list[tuple[float, str]]:
    """When each came, in seconds since 1970, and the key; the oldest first."""
    mine = (FleetLogSeal.plant == plant, FleetLogSeal.gateway == gateway_name)
    rows = session.execute(select(FleetLogSeal.told_at, FleetLogSeal.key).where(*mine).order_by(FleetLogSeal.told_at))
    return [(row.told_at, row.key) for row in rows]
