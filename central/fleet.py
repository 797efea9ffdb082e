"""The fleet: what each gateway says of itself, and what the office wishes of it. The server never commands."""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from central.change import note_change
from central.errors import ReleaseRefused
from central.fleet_health import Health, health_of
from central.fleet_limits import FLEET_RELEASES_MAX, ONLINE_SECONDS_MAX
from central.fleet_tables import FleetDevice, FleetRelease, Rollout
from central.fold_rows import clean
from central.log_seals import take_log_seal
from central.models import Gateway
from central.plant_days import moment
from central.rollouts import bundle_wished, take_update, takers
from central.wish_end import good_seconds
from central.wished_settings import settings_wished, take_settings
from floor.versions import version_key
from sync.wire import BUNDLE_BYTES_MAX, BundleWish, FleetReport, FleetWish

PIECE_BYTES = 1024 * 1024


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


def takers_at(session: Session, plant: str, line: str, now: float) -> list[str]:
    """Gateways that can take a release; of a line, where one is named."""
    lines = {each.name: each.line for each in fleet(session, plant, now)} if line else {}
    return takers(session, plant, line, lines)


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


# -- what agents tell and get ---------------------------------------------------------------------------------------


def take_report(session: Session, plant: str, gateway_name: str, told: FleetReport, now: float) -> FleetWish:
    """Keep what an agent tells and answer with what is wished. Idempotent."""
    device = session.get(FleetDevice, (plant, gateway_name), with_for_update=True)
    if device is None:
        device = _first_device(plant, gateway_name)
        session.add(device)
    before = (device.update_state, device.settings_state, device.release)
    device.told_at = now
    device.release, device.slot = clean(told.release), clean(told.slot)
    device.update_state, device.update_rollout = clean(told.update.state), told.update.rollout
    device.update_version, device.update_reason = clean(told.update.version), clean(told.update.reason)
    device.settings_number, device.settings_state = told.settings.number, clean(told.settings.state)
    device.settings_reason = clean(told.settings.reason)
    if told.configuration and _digest(told.configuration) == told.configuration_digest:
        device.configuration, device.configuration_digest = clean(told.configuration), told.configuration_digest
    session.flush()
    take_settings(session, plant, gateway_name, told.settings, now)
    take_update(session, plant, gateway_name, told.update, now)
    take_log_seal(session, plant, gateway_name, told.log_seal, now)
    if before != (device.update_state, device.settings_state, device.release):
        note_change(session, plant)
    return FleetWish(
        bundle=_bundle(session, plant, gateway_name, now) if told.slot else None,
        settings=settings_wished(session, plant, gateway_name),
        diagnosis=device.diagnosis_asked,
        configuration_wanted=device.configuration_digest != told.configuration_digest,
    )


def _bundle(session: Session, plant: str, gateway_name: str, now: float) -> BundleWish | None:
    """What is wished, and for how long: the gateway may not hear of the window's end."""
    wish = bundle_wished(session, plant, gateway_name, now, offer=True)
    rollout = session.get(Rollout, (plant, wish.rollout)) if wish is not None else None
    if wish is None or rollout is None:
        return wish
    left = good_seconds(moment(now), rollout.window_from, rollout.window_until)
    return wish.model_copy(update={"good_seconds": left})


def _first_device(plant: str, gateway_name: str) -> FleetDevice:
    words = ("release", "slot", "update_state", "update_version", "update_reason", "settings_state", "settings_reason")
    texts = dict.fromkeys((*words, "configuration", "configuration_digest", "diagnosis_asked_by"), "")
    numbers = ("update_rollout", "settings_number", "diagnosis_asked", "diagnosis_came")
    return FleetDevice(plant=plant, gateway=gateway_name, told_at=0.0, **texts, **dict.fromkeys(numbers, 0))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def device_of(session: Session, plant: str, gateway_name: str) -> FleetDevice | None:
    """What the agent of a gateway told last."""
    return session.get(FleetDevice, (plant, gateway_name))


# -- releases -------------------------------------------------------------------------------------------------------


def bundle_path(folder: Path, sha256: str) -> Path:
    """Where a bundle lies in the server's folder."""
    return folder / "bundles" / sha256


def add_release(
    session: Session, plant: str, folder: Path, file: Path, version: str, by: str, now: float
) -> FleetRelease:
    """Copy a bundle into the server's folder and list it. Gateways judge its signature. Raises ReleaseRefused."""
    if version_key(version) is None:
        raise ReleaseRefused(f"{version!r} is no version")
    if session.get(FleetRelease, (plant, version)) is not None:
        raise ReleaseRefused(f"release {version} is listed already")
    if len(releases(session, plant)) >= FLEET_RELEASES_MAX:
        raise ReleaseRefused(f"more than {FLEET_RELEASES_MAX} releases are not kept")
    size = file.stat().st_size
    if not 0 < size <= BUNDLE_BYTES_MAX:
        raise ReleaseRefused(f"{file} has {size} bytes, at most {BUNDLE_BYTES_MAX} are taken")
    sha256 = _stored(folder, file)
    row = FleetRelease(plant=plant, version=version, sha256=sha256, size=size, added_at=now, added_by=by)
    session.add(row)
    session.flush()
    return row


def _stored(folder: Path, file: Path) -> str:
    place = folder / "bundles"
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft, digest = place / f".{os.getpid()}.part", hashlib.sha256()
    try:
        with file.open("rb") as source, draft.open("wb") as target:
            while piece := source.read(PIECE_BYTES):
                digest.update(piece)
                target.write(piece)
            target.flush()
            os.fsync(target.fileno())
        draft.rename(bundle_path(folder, digest.hexdigest()))
    finally:
        draft.unlink(missing_ok=True)
    return digest.hexdigest()


def releases(session: Session, plant: str) -> Sequence[FleetRelease]:
    """Every listed release, the newest first."""
    rows = session.scalars(select(FleetRelease).where(FleetRelease.plant == plant)).all()
    return sorted(rows, key=lambda each: version_key(each.version) or ((), 0, 0), reverse=True)
