"""The fleet: what each gateway says of itself, and what the office wishes of it. The server never commands."""

import hashlib
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.change import note_change
from central.diagnosis import take_answered
from central.errors import ReleaseRefused
from central.fleet_limits import BUNDLES_ROOM_BYTES, FLEET_RELEASES_MAX
from central.fleet_lines import fleet
from central.fleet_numbers import greatest_given
from central.fleet_tables import FleetDevice, FleetRelease
from central.fold_rows import clean
from central.log_seals import take_log_seal
from central.rollouts import bundle_wished, open_rollout, take_update, takers
from central.wished_settings import settings_wished, take_settings
from floor.versions import version_key
from sync.wire import BUNDLE_BYTES_MAX, FleetReport, FleetWish

PIECE_BYTES = 1024 * 1024


def takers_at(session: Session, plant: str, line: str, now: float) -> list[str]:
    """Gateways that can take a release; of a line, where one is named."""
    lines = {each.name: each.line for each in fleet(session, plant, now)} if line else {}
    return takers(session, plant, line, lines)


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
    # Of all that it ever told: a roll-out's number never comes twice, and from one that was withdrawn it tells 0 again.
    device.update_rollout = greatest_given(told.update.rollout, device.update_rollout)
    device.update_state = clean(told.update.state)
    device.update_version, device.update_reason = clean(told.update.version), clean(told.update.reason)
    device.settings_number, device.settings_state = told.settings.number, clean(told.settings.state)
    device.settings_reason = clean(told.settings.reason)
    if told.configuration and _digest(told.configuration) == told.configuration_digest:
        device.configuration, device.configuration_digest = clean(told.configuration), told.configuration_digest
    session.flush()
    take_settings(session, plant, gateway_name, told.settings, now)
    take_update(session, plant, gateway_name, told.update, now)
    take_answered(device, told.diagnosis)
    take_log_seal(session, plant, gateway_name, told.log_seal, now)
    if before != (device.update_state, device.settings_state, device.release):
        note_change(session, plant)
    return FleetWish(
        bundle=bundle_wished(session, plant, gateway_name, now, offer=True) if told.slot else None,
        settings=settings_wished(session, plant, gateway_name, now),
        diagnosis=device.diagnosis_asked,
        configuration_wanted=device.configuration_digest != told.configuration_digest,
    )


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
    session: Session,
    plant: str,
    folder: Path,
    file: Path,
    version: str,
    by: str,
    now: float,
    room_bytes: int = BUNDLES_ROOM_BYTES,
) -> FleetRelease:
    """Copy a bundle into the server's folder and list it. Gateways judge its signature. Raises ReleaseRefused."""
    if version_key(version) is None:
        raise ReleaseRefused(f"{version!r} is no version")
    if session.get(FleetRelease, (plant, version)) is not None:
        raise ReleaseRefused(f"release {version} is listed already")
    if len(releases(session, plant)) >= FLEET_RELEASES_MAX:
        raise ReleaseRefused(
            f"more than {FLEET_RELEASES_MAX} releases are not kept",
            "Remove one that nobody needs any more: `lineside fleet remove VERSION`.",
        )
    size = file.stat().st_size
    if not 0 < size <= BUNDLE_BYTES_MAX:
        raise ReleaseRefused(f"{file} has {size} bytes, at most {BUNDLE_BYTES_MAX} are taken")
    if shutil.disk_usage(folder).free < size + room_bytes:
        raise ReleaseRefused(
            f"{folder} has no room for {size} bytes beside the {room_bytes} that stay free",
            "Remove an old release (`lineside fleet remove VERSION`), or make room on the server's disk.",
        )
    sha256 = _stored(folder, file)
    row = FleetRelease(plant=plant, version=version, sha256=sha256, size=size, added_at=now, added_by=by)
    session.add(row)
    session.flush()
    return row


def remove_release(session: Session, plant: str, version: str) -> str:
    """List a release no more. Answers with the SHA-256 of a bundle that no other one needs, to be dropped once this is
    committed; empty: none. Raises ReleaseRefused for one that a roll-out may still offer."""
    row = session.get(FleetRelease, (plant, version), with_for_update=True)
    if row is None:
        raise ReleaseRefused(f"release {version} is not listed", "`lineside fleet releases` shows what is listed.")
    rollout = open_rollout(session, plant)
    if rollout is not None and rollout.version == version:
        raise ReleaseRefused(
            f"roll-out {rollout.number} of {version} is not over",
            "Stop the roll-out first, or wait for its end; gateways fetch this bundle.",
        )
    session.delete(row)
    session.flush()
    note_change(session, plant)
    return "" if any(each.sha256 == row.sha256 for each in releases(session, plant)) else row.sha256


def drop_bundle(folder: Path, sha256: str) -> None:
    """Delete the file of a release that is not listed any more. After the commit: a cut in between leaves a file too
    many, never a release without one."""
    if sha256:
        bundle_path(folder, sha256).unlink(missing_ok=True)


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
