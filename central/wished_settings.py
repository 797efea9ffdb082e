"""Settings that the office wishes: checked by the gateway's own schema before they are published, and rolled back."""

import json
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from central.change import note_change
from central.errors import SettingsRefused
from central.fleet_limits import ROLLOUTS_SHOWN_MAX
from central.fleet_numbers import next_settings
from central.fleet_tables import FleetDevice, SettingsTarget, WishedSettings
from central.fold_rows import clean
from floor.settings_merge import differences, merged, settings_of
from sync.wire import SETTINGS_CHARACTERS_MAX, SettingsTold, SettingsWish

CHECKS = "lineside.checks"
"""The group of entry points where the gateway's program lends its own check (docs/decisions/0041)."""

PUBLISHED = "published"
OFFERED = "offered"
"""The gateway was told of them. Every other state is its own word."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What settings would change at one gateway: (path, before, after); and why they cannot be published."""

    gateway: str
    differences: tuple[tuple[str, str, str], ...]
    faults: tuple[str, ...]


def gateway_check() -> Callable[[str, str], list[str]]:
    """(own file, settings), both JSON -> faults. Raises SettingsRefused without the gateway's program."""
    for each in entry_points(group=CHECKS, name="settings"):
        found: Callable[[str, str], list[str]] = each.load()
        return found
    raise SettingsRefused("the check of a gateway's configuration is not installed here")


def read_settings(text: str) -> str:
    """Settings as a person writes them, TOML like gateway.toml, as JSON. Raises SettingsRefused."""
    try:
        told = json.dumps(tomllib.loads(text), ensure_ascii=False, sort_keys=True)
    except (tomllib.TOMLDecodeError, TypeError, ValueError, RecursionError) as fault:
        raise SettingsRefused(f"not TOML: {fault}") from fault
    if len(told) > SETTINGS_CHARACTERS_MAX:
        raise SettingsRefused(f"settings have {len(told)} characters, at most {SETTINGS_CHARACTERS_MAX} are taken")
    return told


def preview(session: Session, plant: str, gateways: Sequence[str], settings: str) -> list[Preview]:
    """What each gateway would get, and what its own schema says to it."""
    check, over = gateway_check(), settings_of(settings)
    found = []
    for name in gateways:
        device = session.get(FleetDevice, (plant, name))
        if device is None or not device.configuration:
            found.append(Preview(name, (), ("its configuration is not known yet: its update agent has not told it",)))
            continue
        own, now = settings_of(device.configuration), current_settings(session, plant, name)
        changes = differences(merged(own, settings_of(now)), merged(own, over))
        found.append(Preview(name, tuple(changes), tuple(check(device.configuration, settings))))
    return found


def current_number(session: Session, plant: str, gateway_name: str) -> int:
    """The number of the settings wished for a gateway; 0: none."""
    mine = (SettingsTarget.plant == plant, SettingsTarget.gateway == gateway_name)
    return session.scalar(select(func.max(SettingsTarget.number)).where(*mine)) or 0


def current_settings(session: Session, plant: str, gateway_name: str) -> str:
    """The settings wished for a gateway, as JSON."""
    row = session.get(WishedSettings, (plant, current_number(session, plant, gateway_name)))
    return row.settings if row is not None else "{}"


def publish_settings(
    session: Session, plant: str, gateways: Sequence[str], settings: str, by: str, now: float, note: str = ""
) -> int:
    """The number under which they are published, for all of the gateways or for none. Raises SettingsRefused."""
    if not gateways:
        raise SettingsRefused("no gateway was chosen")
    note_change(session, plant)
    faults = [
        f"{each.gateway}: {each.faults[0]}" for each in preview(session, plant, gateways, settings) if each.faults
    ]
    if faults:
        raise SettingsRefused("; ".join(faults[:5]))
    return _publish(session, plant, gateways, settings, by, now, note)


def _publish(
    session: Session, plant: str, gateways: Sequence[str], settings: str, by: str, now: float, note: str
) -> int:
    number = next_settings(session, plant)
    row = {"plant": plant, "number": number, "settings": settings, "note": clean(note[:200])}
    session.execute(insert(WishedSettings), [row | {"made_at": now, "made_by": by}])
    target = {"plant": plant, "number": number, "state": PUBLISHED, "reason": "", "changed_at": now}
    rows = [
        target | {"gateway": name, "before": current_number(session, plant, name)} for name in sorted(set(gateways))
    ]
    session.execute(insert(SettingsTarget), rows)
    return number


def roll_back(session: Session, plant: str, number: int, by: str, now: float) -> list[int]:
    """Publish again what was wished before settings `number`, at each gateway where they are still the newest.
    Raises SettingsRefused where they are so nowhere."""
    note_change(session, plant)
    before: dict[int, list[str]] = {}
    for target in targets(session, plant, number):
        if current_number(session, plant, target.gateway) == number:
            before.setdefault(target.before, []).append(target.gateway)
    if not before:
        raise SettingsRefused(f"settings {number} are not the newest of any gateway")
    made = []
    for earlier, names in sorted(before.items()):
        row = session.get(WishedSettings, (plant, earlier))
        settings = row.settings if row is not None else "{}"
        made.append(_publish(session, plant, names, settings, by, now, f"back from {number}"))
    return made


def targets(session: Session, plant: str, number: int) -> Sequence[SettingsTarget]:
    """What became of settings at each gateway."""
    mine = (SettingsTarget.plant == plant, SettingsTarget.number == number)
    return session.scalars(select(SettingsTarget).where(*mine).order_by(SettingsTarget.gateway)).all()


def published(session: Session, plant: str) -> Sequence[WishedSettings]:
    """The newest first."""
    found = select(WishedSettings).where(WishedSettings.plant == plant)
    return session.scalars(found.order_by(WishedSettings.number.desc()).limit(ROLLOUTS_SHOWN_MAX)).all()


def settings_wished(session: Session, plant: str, gateway_name: str, now: float) -> SettingsWish | None:
    """For the gateway's agent, with a note that it was told them."""
    number = current_number(session, plant, gateway_name)
    row, target = (
        session.get(WishedSettings, (plant, number)),
        session.get(SettingsTarget, (plant, number, gateway_name)),
    )
    if row is None or target is None:
        return None
    if target.state == PUBLISHED:
        target.state, target.changed_at = OFFERED, now
        note_change(session, plant)
    return SettingsWish(number=row.number, settings=row.settings)


def take_settings(session: Session, plant: str, gateway_name: str, told: SettingsTold, now: float) -> None:
    """What became of them at a gateway."""
    row = session.get(SettingsTarget, (plant, told.number, gateway_name)) if told.number else None
    if row is None:
        return
    if row.state == PUBLISHED:
        _publish_anew(session, row, now)
    elif (row.state, row.reason) != (told.state, told.reason):
        row.state, row.reason, row.changed_at = clean(told.state), clean(told.reason), now


def _publish_anew(session: Session, target: SettingsTarget, now: float) -> None:
    """A gateway that was never told these settings knows others by their number, from before the server was restored:
    it would never look at these. They get a number of their own for it."""
    plant, number, name = target.plant, target.number, target.gateway
    row = session.get(WishedSettings, (plant, number))
    if row is None or number != current_number(session, plant, name):
        return
    session.delete(target)
    session.flush()
    _publish(session, plant, [name], row.settings, row.made_by, now, f"{number} anew: {name} has others by it")
    note_change(session, plant)
