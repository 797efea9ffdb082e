"""The devices that the set-up page assigned: a file of its own in the gateway's folder, merged into the configuration.

The maintainer's own file is never written. An entry that cannot be used (its station is gone, its kind was uninstalled)
is left out and told; the gateway starts without it. Deleting the file undoes everything the page did.
"""

import json
import tomllib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from gateway import limits
from gateway.config import Config, Device, DevicePlace, Section, Segment, faults_of, lines_of
from gateway.durable import write_durably
from gateway.errors import ConfigRefused

Check = Callable[[DevicePlace], list[str]]

HEAD = """\
# Devices that were assigned on the set-up page. The gateway adds them to its configuration when it starts.
# Remove one there, or delete this file to run by the configuration alone.
"""


class AssignedDevice(Device):
    """A device with the station it was assigned to, by whom and when."""

    name: str = Field(min_length=1, max_length=48, description="Its name in records.")
    station: Segment
    role: Literal["scanner", "button", "light"]
    assigned_by: Annotated[str, Field(max_length=64)] = ""
    assigned_at: Annotated[str, Field(max_length=32)] = ""


class Assigned(Section):
    """The whole file."""

    device: Annotated[tuple[AssignedDevice, ...], Field(max_length=limits.ASSIGNED_DEVICES_MAX)] = ()


def read_assigned(path: Path) -> tuple[AssignedDevice, ...]:
    """The devices in the file; none where there is none. Raises ConfigRefused with every fault."""
    try:
        if path.stat().st_size > limits.ASSIGNED_BYTES_MAX:
            raise ConfigRefused(f"{path}: more than {limits.ASSIGNED_BYTES_MAX} bytes")
        return Assigned.model_validate(tomllib.loads(path.read_text(encoding="utf-8"))).device
    except FileNotFoundError:
        return ()
    except ValidationError as error:
        raise ConfigRefused("\n".join(f"{path}: {line}" for line in lines_of(error))) from error
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigRefused(f"{path}: {error}") from error


def write_assigned(path: Path, assigned: Iterable[AssignedDevice]) -> None:
    """Put the file there whole, so that a power cut leaves the old or the new one. Raises OSError or ConfigRefused."""
    text = HEAD + "".join(_table(each) for each in assigned)
    # What cannot be read back must not take the place of what can.
    write_durably(path, text.encode(), check=read_assigned)


def merged(config: Config, assigned: Iterable[AssignedDevice], check: Check) -> tuple[Config, list[str]]:
    """The configuration with those devices that fit, and why the others do not, one line each."""
    left_out = []
    for each in assigned:
        if fault := unfit(config, each, check):
            left_out.append(f"assigned device {each.name}: {fault}")
        else:
            config = with_device(config, each)
    return config, left_out


def unfit(config: Config, device: AssignedDevice, check: Check) -> str:
    """Why the device does not fit into the configuration; empty when it does."""
    if all(station.id != device.station for station in config.station):
        return f"station {device.station!r} is not configured"
    return "; ".join(faults_of(with_device(config, device), check))


def with_assigned(config: Config, check: Check) -> tuple[Config, list[str]]:
    """The configuration with the devices of the file that fit, and what was left out. Never raises."""
    try:
        return merged(config, read_assigned(config.assigned_path), check)
    except ConfigRefused as error:
        return config, str(error).splitlines()


def assigned_faults(config: Config, check: Check) -> list[str]:
    """What is wrong with the file of assigned devices, one line each."""
    return with_assigned(config, check)[1]


def with_device(config: Config, added: AssignedDevice) -> Config:
    """The configuration with one more device at its station; nothing is checked."""
    plain = Device(kind=added.kind, name=added.name, **added.settings)
    stations = tuple(
        station.model_copy(update={added.role: (*getattr(station, added.role), plain)})
        if station.id == added.station
        else station
        for station in config.station
    )
    return config.model_copy(update={"station": stations})


def _table(device: AssignedDevice) -> str:
    rows = {**device.model_dump(exclude_defaults=True), **device.settings}
    return "\n[[device]]\n" + "".join(f"{_text(name)} = {_value(value)}\n" for name, value in rows.items())


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_text(str(key))} = {_value(each)}" for key, each in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(each) for each in value) + "]"
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    return _text(str(value))


def _text(text: str) -> str:
    """A TOML basic string, which is also right as a key: JSON's escapes are TOML's, but for the delete character."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
