"""One line for each gateway of the fleet: what it says of itself, read once, with how well it is."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from central.fleet_health import Health, health_of
from central.fleet_limits import ONLINE_SECONDS_MAX
from central.fleet_tables import FleetDevice
from central.models import Gateway


@dataclass(frozen=True, slots=True)
class FleetLine:
    """One gateway as the fleet page shows it. Times are seconds since 1970; None and empty: it was not told."""

    name: str
    line: str
    model: str
    slot: str
    release: str
    health: Health
    waiting: int
    waiting_since: float | None
    clock_good: bool | None
    disk_free_bytes: int | None
    disk_bytes: int | None
    disk_worn_percent: int | None
    temperature: float | None
    under_voltage: str
    network: str
    address: str
    last_seen: float | None
    update_state: str
    update_version: str
    update_reason: str
    settings_number: int
    settings_state: str
    settings_reason: str


def fleet(session: Session, plant: str, now: float) -> list[FleetLine]:
    """Every gateway that is not revoked, by name."""
    rows = session.execute(_in_fleet(plant).order_by(Gateway.name))
    return [_line(gateway_row, device, now) for gateway_row, device in rows]


def one_of_fleet(session: Session, plant: str, gateway_name: str, now: float) -> FleetLine | None:
    """The same of one gateway; None for one that is revoked, or that there is not."""
    row = session.execute(_in_fleet(plant).where(Gateway.name == gateway_name)).first()
    return _line(row[0], row[1], now) if row is not None else None


def _in_fleet(plant: str) -> Select[Gateway, FleetDevice]:
    return (
        select(Gateway, FleetDevice)
        .outerjoin(FleetDevice, (FleetDevice.plant == Gateway.plant) & (FleetDevice.gateway == Gateway.name))
        .where(Gateway.plant == plant, Gateway.revoked_at.is_(None))
    )


def _line(row: Gateway, device: FleetDevice | None, now: float) -> FleetLine:
    status = _object(row.status)
    machine = status.get("machine")
    figures: Mapping[str, Any] = machine if isinstance(machine, dict) else {}
    clock = None if row.clock_good is None else bool(row.clock_good)
    online = row.last_seen is not None and now - row.last_seen < ONLINE_SECONDS_MAX
    told_state = device.update_state if device is not None else ""
    settings_state = device.settings_state if device is not None else "none"
    return FleetLine(
        name=row.name,
        line=_text(status.get("line")),
        model=_text(figures.get("model")),
        slot=(device.slot if device is not None else "") or _text(figures.get("slot")),
        release=(device.release if device is not None else "") or row.release,
        health=health_of(row.last_seen is not None, online, clock, status, figures, told_state, settings_state),
        waiting=row.waiting,
        waiting_since=_number(status.get("waiting_since")) if row.waiting else None,
        clock_good=clock,
        disk_free_bytes=_whole(figures.get("disk_free_bytes")),
        disk_bytes=_whole(figures.get("disk_bytes")),
        disk_worn_percent=_whole(figures.get("disk_worn_percent")),
        temperature=_number(figures.get("temperature")),
        under_voltage=_text(figures.get("under_voltage")),
        network=_text(figures.get("network")),
        address=_text(figures.get("address")),
        last_seen=row.last_seen,
        update_state=told_state,
        update_version=device.update_version if device is not None else "",
        update_reason=device.update_reason if device is not None else "",
        settings_number=device.settings_number if device is not None else 0,
        settings_state=settings_state,
        settings_reason=device.settings_reason if device is not None else "",
    )


def _object(text: str) -> Mapping[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _text(value: object) -> str:
    return value[:120] if isinstance(value, str) else ""


def _number(value: object) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e15
    return float(value) if is_number else None  # type: ignore[arg-type]


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**60 else None
