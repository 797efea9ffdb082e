"""Settings of the office put into use: checked, tried by a restart of the gateway, and taken back when it is not ready.

What is tried is kept before the restart, with the last good settings beside it, so a cut leaves one or the other.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from floor.settings_merge import settings_of
from gateway.config import Config
from gateway.device_checks import check_device
from gateway.durable import read_json, write_durably
from gateway.errors import ConfigRefused
from gateway.updates.health import Health, may_interrupt
from gateway.wished_settings import laid_over, read_wished, write_wished
from sync.wire import REASON_CHARACTERS_MAX, SettingsTold, SettingsWish

NONE: Final = "none"
WAITING: Final = "waiting"
TRYING: Final = "trying"
APPLIED: Final = "applied"
REFUSED: Final = "refused"

TABLE: Final = {
    **{(state, "fits"): WAITING for state in (NONE, WAITING, APPLIED, REFUSED)},
    **{(state, "unfit"): REFUSED for state in (NONE, WAITING, APPLIED, REFUSED)},
    (WAITING, "quiet"): TRYING,
    (TRYING, "ready"): APPLIED,
    (TRYING, "not_ready"): REFUSED,
    (TRYING, "put_off"): WAITING,
}
"""(state, event) -> state. `put_off`: somebody began something in the very moment."""

STATE = "settings.json"


@dataclass(frozen=True, slots=True)
class Change:
    """As it is kept. `good`: the settings to go back to, with their number. `office` and `missing`: it was reached, and
    which devices were not there, before; neither is held against the new settings."""

    number: int = 0
    state: str = NONE
    reason: str = ""
    wished: str = "{}"
    good_number: int = 0
    good: str = "{}"
    office: bool = False
    missing: tuple[str, ...] = ()

    def after(self, event: str, **changes: Any) -> "Change":
        """KeyError for an event that the table does not know here."""
        reason = str(changes.pop("reason", ""))[:REASON_CHARACTERS_MAX]
        return replace(self, state=TABLE[self.state, event], reason=reason, **changes)


class SettingsChange:
    """`step(now)`. `config`: what the maintainer's own file says. `restart`: asks the gateway; answers why not."""

    def __init__(
        self,
        config: Config,
        folder: Path,
        health: Callable[[], tuple[Health | None, int, tuple[str, ...]]],
        restart: Callable[[], str],
    ) -> None:
        self._config, self._folder, self._health, self._restart = config, folder, health, restart
        values = read_json(folder / STATE)
        known = {name: values[name] for name in Change.__slots__ if name in values}
        self.change = Change(**known | {"missing": tuple(known.get("missing", ()))})
        self.wish: SettingsWish | None = None
        self._since: float | None = None
        self._ready_since: float | None = None
        self._back_since: float | None = None
        self._back_fault = ""

    def told(self) -> SettingsTold:
        """For the office."""
        return SettingsTold(number=self.change.number, state=self.change.state, reason=self.change.reason)

    @property
    def trying(self) -> bool:
        """Whether the gateway was restarted for settings that are not judged yet."""
        return self.change.state == TRYING

    def step(self, now: float) -> float:
        """Do what is due; answers when to come again."""
        if self.change.state == TRYING:
            return self._judge(now)
        wish = self.wish
        if wish is not None and wish.number != self.change.number:
            self._check(wish)
        if self.change.state == WAITING:
            return self._try(now)
        return now + self._config.update.ask_seconds

    def _keep(self, change: Change) -> None:
        write_durably(self._folder / STATE, json.dumps(asdict(change), ensure_ascii=False).encode())
        self.change = change

    def _check(self, wish: SettingsWish) -> None:
        try:
            laid_over(self._config, settings_of(wish.settings), check_device)
        except (ConfigRefused, ValueError) as error:
            self._keep(self.change.after("unfit", number=wish.number, wished="{}", reason=str(error)))
        else:
            self._keep(self.change.after("fits", number=wish.number, wished=wish.settings))

    def _try(self, now: float) -> float:
        found, _, _ = self._health()
        pause = now + max(1.0, self._config.update.quiet_seconds / 4)
        fault = "the gateway does not answer"
        if found is not None:
            fault = may_interrupt(found, self._config.update.quiet_seconds)
        if fault or found is None:
            self.change = replace(self.change, reason=fault)
            return pause
        try:
            good_number, good = read_wished(self._folder)
        except ConfigRefused:
            good_number, good = 0, {}
        self._keep(
            self.change.after(
                "quiet",
                good_number=good_number,
                good=json.dumps(good, ensure_ascii=False),
                office=found.office == "online",
                missing=found.missing,
            )
        )
        write_wished(self._folder, self.change.number, settings_of(self.change.wished))
        if refused := self._restart():
            self._put_back()
            self._keep(self.change.after("put_off", reason=refused))
            return pause
        self._since, self._ready_since = now, None
        return now + 1.0

    def _judge(self, now: float) -> float:
        update = self._config.update
        if self._back_since is not None:
            return self._take_back(now, self._back_since)
        if self._since is None:
            # After a cut: the file may not have been written, and the gateway may run without it.
            write_wished(self._folder, self.change.number, settings_of(self.change.wished))
            self._since = now
        fault = self._fault()
        if not fault:
            self._ready_since = now if self._ready_since is None else self._ready_since
            if now - self._ready_since >= update.healthy_seconds:
                self._keep(self.change.after("ready"))
                self._since = None
            return now + 1.0
        self._ready_since = None
        if now - self._since >= update.trial_seconds_max:
            self._put_back()
            self._since, self._back_since, self._back_fault = None, now, fault
            return now
        return now + 1.0

    def _take_back(self, now: float, since: float) -> float:
        """They are taken back once the gateway runs without them, and not before: one in which somebody is in the midst
        of something goes on with them until it may be restarted. One that does not answer starts with what lies there.
        After a start of the agent they are judged anew."""
        if refused := self._restart():
            found, number, _ = self._health()
            is_back = found is not None and number == self.change.good_number
            is_gone = found is None and now - since >= self._config.update.trial_seconds_max
            if not is_back and not is_gone:
                reason = f"to be taken back ({self._back_fault}), and waits: {refused}"
                self.change = replace(self.change, reason=reason[:REASON_CHARACTERS_MAX])
                return now + 1.0
        self._keep(self.change.after("not_ready", reason=f"taken back: {self._back_fault}"))
        self._back_since = None
        return now + 1.0

    def _fault(self) -> str:
        found, number, faults = self._health()
        if found is None:
            return "the gateway did not become ready"
        if found.refusing:
            return f"the gateway keeps nothing: {found.refusing}"
        if number != self.change.number:
            return f"the gateway runs with settings {number}"
        if faults:
            return faults[0]
        if lost := [each for each in found.missing if each not in self.change.missing]:
            return f"devices are not open: {', '.join(lost)}"
        if self.change.office and found.office != "online":
            return "the office was reached before and is not now"
        return ""

    def _put_back(self) -> None:
        write_wished(self._folder, self.change.good_number, settings_of(self.change.good))
