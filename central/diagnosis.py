"""Diagnosis bundles: asked for at the office, sent by the gateway's agent, kept for those who look after the fleet."""

import os
import re
from pathlib import Path

from sqlalchemy.orm import Session

from central.change import note_change
from central.errors import DiagnosisAbsent, FileRefused
from central.fleet_limits import DIAGNOSIS_KEPT_MAX, TOLD_NUMBER_MAX
from central.fleet_tables import FleetDevice

ZIP_BEGINS = b"PK\x03\x04"
_NAME = re.compile(r"([0-9]{1,9})\.zip")


def ask_diagnosis(session: Session, plant: str, gateway_name: str, by: str, now: float) -> int:
    """The number of the request; one that waits is not asked for twice. Raises DiagnosisAbsent without an agent."""
    device = session.get(FleetDevice, (plant, gateway_name), with_for_update=True)
    if device is None:
        raise DiagnosisAbsent("the update agent of this gateway has not spoken yet")
    if device.diagnosis_asked == device.diagnosis_came:
        device.diagnosis_asked += 1
        device.diagnosis_asked_at, device.diagnosis_asked_by = now, by
        note_change(session, plant)
    return device.diagnosis_asked


def take_answered(device: FleetDevice, number: int) -> None:
    """The newest request that the gateway says it has answered. It looks at greater ones only, so one that it cannot
    have answered, for no bundle of it came, is asked for by a number above: the server was restored meanwhile."""
    if number > TOLD_NUMBER_MAX:
        return
    if device.diagnosis_came < device.diagnosis_asked <= number:
        device.diagnosis_asked = number + 1
    elif device.diagnosis_asked < number:
        device.diagnosis_asked = device.diagnosis_came = number


def take_diagnosis(
    session: Session, plant: str, folder: Path, gateway_name: str, number: int, content: bytes, now: float
) -> None:
    """Keep a bundle that was asked for. Raises FileRefused, and DiagnosisAbsent for one that nobody asked for."""
    device = session.get(FleetDevice, (plant, gateway_name), with_for_update=True)
    if device is None or number != device.diagnosis_asked:
        raise DiagnosisAbsent("nobody asked for this bundle")
    if not content.startswith(ZIP_BEGINS):
        raise FileRefused("a diagnosis bundle is a zip file", "The gateway's release makes another kind of bundle.")
    place = folder / "diagnosis" / gateway_name
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = place / f".{number}.part"
    draft.write_bytes(content)
    os.replace(draft, place / f"{number}.zip")
    for old in kept(folder, gateway_name)[DIAGNOSIS_KEPT_MAX:]:
        (place / f"{old}.zip").unlink(missing_ok=True)
    device.diagnosis_came, device.diagnosis_came_at = number, now
    note_change(session, plant)


def kept(folder: Path, gateway_name: str) -> list[int]:
    """The numbers of the bundles that are kept, the newest first."""
    place = folder / "diagnosis" / gateway_name
    names = [_NAME.fullmatch(path.name) for path in place.iterdir()] if place.is_dir() else []
    return sorted((int(found[1]) for found in names if found), reverse=True)


def diagnosis_path(folder: Path, gateway_name: str, number: int) -> Path:
    """Where a bundle lies. Raises DiagnosisAbsent. `gateway_name`: of a gateway that there is."""
    path = folder / "diagnosis" / gateway_name / f"{number}.zip"
    if not path.is_file():
        raise DiagnosisAbsent
    return path
