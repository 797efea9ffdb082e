"""`lineside update run`: the parts of the update agent put together, and its loop."""

import hashlib
import json
import logging
import platform
import random
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from floor import __version__
from gateway import limits
from gateway.clock import boottime
from gateway.config import Config
from gateway.durable import read_json, write_durably
from gateway.ending import on_end_signal
from gateway.errors import BundleRefused, GatewayError, SlotBroken
from gateway.journal_versions import MIGRATIONS
from gateway.local_socket import ask
from gateway.office_exchange import office_exchange
from gateway.updates.agent import Found, Pace, UpdateAgent
from gateway.updates.bundle_shelf import BundleShelf, Sticks
from gateway.updates.health import Health, health_of
from gateway.updates.log_seal import LogSeal
from gateway.updates.settings_change import SettingsChange
from gateway.updates.slots import BundleContent, Slots, SlotState
from gateway.updates.states import RESTING, Update, from_json
from gateway.wished_settings import told_configuration
from sync.central_sink import HttpExchange
from sync.errors import SinkRefused, SinkUnreachable
from sync.wire import FILE_PIECE_BYTES_MAX, FleetReport, FleetWish, UpdateTold

log = logging.getLogger("lineside.update")

WAIT_SECONDS_MAX = 30.0
RAUC_SETTINGS = Path("/etc/rauc/system.conf")
"""Where a machine has slots of RAUC, this is."""


class NoSlots:
    """A gateway that was installed by hand: nothing can be put into a slot. Settings and diagnosis work."""

    def state(self) -> SlotState:
        """See Slots."""
        return SlotState("", "", __version__, "")

    def inspect(self, bundle: Path) -> BundleContent:
        """See Slots."""
        raise BundleRefused("this gateway has no slots: [update] backend is none")

    def install(self, bundle: Path) -> None:
        """See Slots."""
        raise BundleRefused("this gateway has no slots: [update] backend is none")

    def restart(self, trial: bool) -> None:
        """See Slots."""
        raise SlotBroken("this gateway has no slots")

    def mark_good(self) -> None:
        """See Slots."""

    def give_up(self) -> None:
        """See Slots."""


def slots_of(config: Config) -> Slots:
    """What the configuration names."""
    update = config.update
    if update.backend == "rauc" or (update.backend == "auto" and RAUC_SETTINGS.exists()):
        from gateway.updates.rauc_slots import RaucSlots

        return RaucSlots(platform.freedesktop_os_release().get("IMAGE_VERSION", ""), update.requests)
    if update.backend == "directory":
        from gateway.updates.directory_slots import DirectorySlots

        spare = _spare_bytes(config) if _is_same_card(update.slots, config.gateway.folder) else 0
        return DirectorySlots(update.slots, update.keys, update.compatible, update.requests, spare)
    return NoSlots()


def _spare_bytes(config: Config) -> int:
    return config.gateway.free_bytes_min + limits.UPDATE_ROOM_BYTES


def _is_same_card(one: Path, other: Path) -> bool:
    try:
        return one.stat().st_dev == other.stat().st_dev
    except OSError:
        return False


def pace_of(config: Config) -> Pace:
    """The times of the configuration."""
    update = config.update
    return Pace(
        look_seconds=min(30.0, update.ask_seconds),
        quiet_seconds=update.quiet_seconds,
        healthy_seconds=update.healthy_seconds,
        trial_seconds_max=update.trial_seconds_max,
        away_seconds=max(600.0, update.quiet_seconds),
        refused_retry_seconds=min(60.0, update.ask_seconds),
    )


def interrupt(folder: Path) -> str:
    """The gateway in that folder ends in order; or why not. The gateway itself decides it, in one step with its inputs:
    what it told a moment ago may be over. Empty as well when there is none that answers."""
    told = ask(folder, "restart")
    return str(told.get("refused", "")) if isinstance(told, dict) else ""


class MachinePorts:
    """What the agent reaches, for real."""

    def __init__(self, config: Config, office: Callable[[], HttpExchange | None], slots: Slots, state: Path) -> None:
        self._config, self._office, self._state = config, office, state
        self._sticks = Sticks(config.update.stick, slots.inspect)

    def piece(self, update: Update, offset: int) -> bytes:
        """See Ports."""
        if update.path:
            with open(update.path, "rb") as file:
                file.seek(offset)
                return file.read(FILE_PIECE_BYTES_MAX)
        exchange = self._office()
        if exchange is None:
            raise SinkUnreachable("no office is configured, or this gateway is not enrolled there")
        return exchange.bundle_piece(update.sha256, offset).content

    def health(self) -> Health | None:
        """See Ports."""
        return health_of(ask(self._config.gateway.folder, "status"))

    def interrupt(self) -> str:
        """See Ports."""
        return interrupt(self._config.gateway.folder)

    def journal_faults(self) -> Sequence[str]:
        """See Ports."""
        # Needed in a trial alone, which ends with a start of this process: at rest it holds little memory.
        from gateway.journal import FILE_NAME
        from gateway.journal_reader import JournalReader, check

        try:
            with JournalReader(self._config.gateway.folder / FILE_NAME, self._config.gateway.name) as reader:
                newest = reader.newest()
                return list(check(reader, max(0, newest - limits.VERIFY_RECORDS), limits.VERIFY_RECORDS))[:5]
        except GatewayError as error:
            return [str(error)]

    def on_stick(self, running: str) -> Found | None:
        """See Ports."""
        return self._sticks.newest(running)

    def keep(self, update: Update) -> None:
        """See Ports."""
        write_durably(self._state, update.to_json().encode())
        log.info("update %s: %s %s", update.version or "none", update.state, update.reason)

    def jitter(self) -> float:
        """See Ports."""
        return random.random()


class AgentProcess:
    """The agent, the settings and the talk with the office, stepped by one thread."""

    def __init__(self, config: Config, config_path: Path) -> None:
        self.config, self._config_path = config, config_path
        folder = config.gateway.folder / "update"
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._token: str | None = None
        self._exchange: HttpExchange | None = None
        self._slots = slots_of(config)
        self._running: SlotState | None = None
        state = folder / "state.json"
        kept = state.read_text("utf-8") if state.exists() else ""
        self.agent = UpdateAgent(
            from_json(kept),
            self._slots,
            BundleShelf(folder / "bundles", _spare_bytes(config)),
            MachinePorts(config, self._office, self._slots, state),
            MIGRATIONS,
            pace_of(config),
        )
        self.settings = SettingsChange(config, config.gateway.folder, self._settings_health, self._restart)
        self._told: tuple[object, ...] = ()
        self._ask_at = float("-inf")
        self._wakes = {"update": float("-inf"), "settings": float("-inf")}
        self._diagnosis = int(read_json(folder / "diagnosis.json").get("number", 0))
        self._configuration = told_configuration(config)
        self._tell_configuration = False
        self._seal = LogSeal(config.gateway.folder)

    def step(self, now: float) -> float:
        """Ask the office, then one step of what may move. Settings and releases are not tried together."""
        told = (self.agent.update.state, self.agent.update.reason, self.settings.told())
        if now >= self._ask_at or told != self._told:
            self._told, self._ask_at = told, now + self.config.update.ask_seconds
            self._ask_office(now)
        if not self.settings.trying and now >= self._wakes["update"]:
            self._wakes["update"] = self.agent.step(now)
        elif self.agent.update.state in RESTING and now >= self._wakes["settings"]:
            self._wakes["settings"] = self.settings.step(now)
        others = [self._wakes["settings"]] if self.settings.trying else [self._wakes["update"]]
        if self.agent.update.state in RESTING:
            others.append(self._wakes["settings"])
        return min(self._ask_at, *others)

    def close(self) -> None:
        """Give back the connection."""
        if self._exchange is not None:
            self._exchange.close()

    def _settings_health(self) -> tuple[Health | None, int, tuple[str, ...]]:
        told = ask(self.config.gateway.folder, "status")
        found = told if isinstance(told, dict) else {}
        faults = found.get("settings_faults")
        number = found.get("settings")
        return (
            health_of(told),
            number if isinstance(number, int) else 0,
            tuple(map(str, faults)) if isinstance(faults, list) else (),
        )

    def _restart(self) -> str:
        told = ask(self.config.gateway.folder, "restart")
        return str(told.get("refused", "")) if isinstance(told, dict) else "the gateway does not answer"

    # -- the office -----------------------------------------------------------------------------------------------

    def _office(self) -> HttpExchange | None:
        """The connection; None before enrolment, which may come at any time, as may another token."""
        token = self.config.token() if self.config.central.url else None
        if token != self._token:
            self.close()
            self._exchange = office_exchange(self.config, token) if token is not None else None
            self._token = token
        return self._exchange

    def _ask_office(self, now: float) -> None:
        exchange = self._office()
        if exchange is None:
            return
        try:
            wish = exchange.fleet(self._report())
            self._seal.was_told()
            self._take(exchange, wish, now)
        except (SinkUnreachable, SinkRefused) as error:
            log.info("the office: %s", error)

    def _report(self) -> FleetReport:
        update = self.agent.update
        # A look that fails changes nothing of what runs; a gateway that told of no slots would get no release wished.
        with suppress(SlotBroken):
            self._running = self._slots.state()
        running = self._running
        return FleetReport(
            gateway=self.config.gateway.name,
            release=running.version if running is not None and running.version else __version__,
            slot=running.booted if running is not None else "",
            update=UpdateTold(state=update.state, rollout=update.rollout, version=update.version, reason=update.reason),
            settings=self.settings.told(),
            configuration_digest=hashlib.sha256(self._configuration.encode()).hexdigest(),
            configuration=self._configuration if self._tell_configuration else "",
            diagnosis=self._diagnosis,
            log_seal=self._seal.to_tell(),
        )

    def _take(self, exchange: HttpExchange, wish: FleetWish, now: float) -> None:
        changed = (wish.bundle, wish.settings) != (self.agent.wish, self.settings.wish) or not self.agent.asked
        # A word that had run out and came anew is acted on at once, too.
        changed = changed or not self.agent.is_told(now)
        if self._running is not None:
            # Before the slots were looked at nothing of them was told, so nothing of a release is answered.
            self.agent.told(wish.bundle, now)
        self.settings.wish = wish.settings
        if changed:
            self._wakes = dict.fromkeys(self._wakes, float("-inf"))
        if wish.configuration_wanted and not self._tell_configuration:
            self._tell_configuration, self._told = True, ()
        elif not wish.configuration_wanted:
            self._tell_configuration = False
        if wish.diagnosis > self._diagnosis:
            self._diagnose(exchange, wish.diagnosis)

    def _diagnose(self, exchange: HttpExchange, number: int) -> None:
        from gateway.updates.diagnosis import gather

        agent = {"update": asdict(self.agent.update), "settings": asdict(self.settings.change)}
        content = gather(self.config, self._config_path, agent, ask(self.config.gateway.folder, "status"))
        exchange.put_diagnosis(number, content)
        write_durably(self._folder / "diagnosis.json", json.dumps({"number": number}).encode())
        self._diagnosis = number


def run(config: Config, config_path: Path) -> None:
    """Until told to end. What fails unexpectedly ends the process, and its start is the recovery."""
    logging.basicConfig(
        level=config.gateway.log_level.upper(), stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s"
    )
    ended = threading.Event()
    on_end_signal(lambda name: ended.set())
    process = AgentProcess(config, config_path)
    print("update agent ready", flush=True)
    try:
        wake = 0.0
        while not ended.wait(min(WAIT_SECONDS_MAX, max(0.05, wake - boottime()))):
            wake = process.step(boottime())
    finally:
        process.close()
