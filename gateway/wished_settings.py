"""The settings that the office wishes: a file of their own in the gateway's folder, laid over the maintainer's file.

The maintainer's own file is never written, and some of it cannot be set from afar (`floor.settings_merge`). Settings
that do not fit are left out as a whole and told; the gateway starts without them. Deleting the file undoes them all.
"""

import json
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from floor.settings_merge import forbidden, merged, settings_of, without_secrets
from gateway import limits
from gateway.assigned import Check
from gateway.config import Config, faults_of, lines_of
from gateway.device_checks import check_device
from gateway.durable import write_durably
from gateway.errors import ConfigRefused

NAME = "wished.json"


def read_wished(folder: Path) -> tuple[int, dict[str, Any]]:
    """(number, settings) of the file; 0 and none where there is none. Raises ConfigRefused."""
    path = folder / NAME
    try:
        if path.stat().st_size > limits.WISHED_BYTES_MAX:
            raise ConfigRefused(f"{path}: more than {limits.WISHED_BYTES_MAX} bytes")
        found = settings_of(path.read_text("utf-8"))
    except FileNotFoundError:
        return 0, {}
    except (OSError, ValueError) as error:
        raise ConfigRefused(f"{path}: {error}") from error
    number, settings = found.get("number"), found.get("settings")
    if not isinstance(number, int) or not isinstance(settings, dict):
        raise ConfigRefused(f"{path}: it holds no settings")
    return number, settings


def write_wished(folder: Path, number: int, settings: dict[str, Any]) -> None:
    """Put the file there whole. Raises OSError."""
    content = {"number": number, "settings": settings}
    write_durably(folder / NAME, json.dumps(content, ensure_ascii=False, indent=1).encode())


def laid_over(config: Config, settings: dict[str, Any], check: Check) -> Config:
    """The configuration with the settings over it. Raises ConfigRefused with every fault."""
    faults = forbidden(settings)
    try:
        whole = Config.model_validate(merged(own_settings(config), settings))
    except ValidationError as error:
        raise ConfigRefused("\n".join((*faults, *lines_of(error)))) from error
    faults += faults_of(whole, check)
    if faults:
        raise ConfigRefused("\n".join(faults))
    return whole


def own_settings(config: Config) -> dict[str, Any]:
    """What the maintainer's own file says, as plain values."""
    return config.model_dump(mode="json", exclude_unset=True)


def with_wished(config: Config, check: Check) -> tuple[Config, int, list[str]]:
    """The configuration with the settings of the file over it, their number, and why they are left out."""
    number = 0
    try:
        number, settings = read_wished(config.gateway.folder)
        return laid_over(config, settings, check) if settings else config, number, []
    except ConfigRefused as error:
        return config, number, [f"wished settings {number}: {line}" for line in str(error).splitlines()]


def told_configuration(config: Config) -> str:
    """The maintainer's own file for the office, as JSON without its secrets."""
    return json.dumps(without_secrets(own_settings(config)), ensure_ascii=False, sort_keys=True)


def settings_faults(own: str, settings: str) -> list[str]:
    """What is wrong with `settings` over `own`, both as JSON: the office asks before it publishes (entry point
    `lineside.checks`). The gateway asks again, by its own release."""
    try:
        config = Config.model_validate(settings_of(own))
        laid_over(config, settings_of(settings), check_device)
    except (ConfigRefused, ValueError) as error:
        return str(error).splitlines()
    return []
