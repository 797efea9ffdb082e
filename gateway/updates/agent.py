"""The update agent: one small act a step, and what it is at is kept before each.

Pure: all it reaches is handed in. The table of states is `gateway/updates/states.py`. The server only publishes which
release it wishes; this decides when.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from gateway import limits
from gateway.errors import BundleRefused, BundleUntimely, SlotBroken
from gateway.updates.health import Health, may_interrupt, unhealthy
from gateway.updates.slots import Slots, SlotState, refuse_unfit
from gateway.updates.states import (
    DOWNLOADING,
    INSTALLED,
    INSTALLING,
    RESTING,
    RETURNED,
    TRIAL,
    VERIFIED,
    WAITING,
    Update,
)
from sync.errors import SinkRefused, SinkUnreachable
from sync.limits import PumpLimits, retry_pause
from sync.wire import WISH_GOOD_SECONDS, BundleWish

NO_TRIAL_BOOT = "the boot of the new release was asked for and did not come: the maintainer looks at who boots here"
NO_BOOT_BACK = "the boot back was asked for and did not come, the maintainer restarts this station:"


@dataclass(frozen=True, slots=True)
class Pace:
    """The times of the agent; tests make them small. `away_seconds`: nobody is in the midst of anything at a gateway
    that has not answered for so long. `busy_seconds_max`: so long a return waits for a quiet moment."""

    look_seconds: float = 30.0
    quiet_seconds: float = 120.0
    healthy_seconds: float = 30.0
    trial_seconds_max: float = 600.0
    away_seconds: float = 600.0
    refused_retry_seconds: float = 60.0
    busy_seconds_max: float = limits.UPDATE_BUSY_SECONDS_MAX


@dataclass(frozen=True, slots=True)
class Found:
    """A bundle on a stick."""

    path: Path
    version: str
    sha256: str
    size: int


class Shelf(Protocol):
    """Where bundles come to. Methods may raise OSError."""

    def offset(self, sha256: str) -> int:
        """How many bytes of it are here."""

    def put(self, sha256: str, piece: bytes) -> None:
        """The next piece."""

    def finish(self, sha256: str) -> bool:
        """Whether it is whole and fits its hash; if not it begins anew."""

    def path(self, sha256: str) -> Path:
        """Where the whole one lies."""

    def has_room(self, size: int) -> bool:
        """Whether so many more bytes leave the journal its room."""

    def clear(self, but: str = "") -> None:
        """Delete all but one."""


class Ports(Protocol):
    """What the agent reaches beside slots and shelf."""

    def piece(self, update: Update, offset: int) -> bytes:
        """The next piece of the bundle. Raises SinkUnreachable, SinkRefused, OSError (a stick that was pulled)."""

    def health(self) -> Health | None:
        """What the gateway says; None when it does not answer."""

    def interrupt(self) -> str:
        """Ends the gateway in order for a boot, unless somebody is in the midst of something in this very moment: then
        why not. Empty when it ends, and when there is none."""

    def journal_faults(self) -> Sequence[str]:
        """What does not hold of the newest records."""

    def on_stick(self, running: str) -> Found | None:
        """The newest bundle on a stick that is newer than what runs."""

    def keep(self, update: Update) -> None:
        """On the card, durably. Raises OSError."""

    def jitter(self) -> float:
        """A random number in [0, 1)."""


class UpdateAgent:
    """`step(now)`: seconds of any clock that only grows; answers when to come again."""

    def __init__(
        self, update: Update, slots: Slots, shelf: Shelf, ports: Ports, migrations: Sequence[str], pace: Pace = Pace()
    ) -> None:
        self.update = update
        self.wish: BundleWish | None = None
        """What the office publishes, once it was asked."""
        self.asked = False
        """Whether the office was reached since the start; before that no wish is missing."""
        self._slots, self._shelf, self._ports = slots, shelf, ports
        self._migrations, self._pace = migrations, pace
        self._failures = 0
        self._good_until = float("-inf")
        self._back_since: float | None = None
        self._trial_since: float | None = None
        self._healthy_since: float | None = None
        self._away_since: float | None = None
        self._steps: dict[str, Callable[[float], float]] = {
            **dict.fromkeys(RESTING, self._rest),
            DOWNLOADING: self._download,
            VERIFIED: self._verify,
            WAITING: self._wait,
            INSTALLING: self._install,
            INSTALLED: self._wait_again,
            TRIAL: self._judge,
        }

    def told(self, wish: BundleWish | None, now: float) -> None:
        """The office's word, which is good from `now` on for as long as it says: a window or a pause that comes later
        does not reach a gateway whose line is cut."""
        self.wish, self.asked = wish, True
        self._good_until = now + (wish.good_seconds if wish is not None else WISH_GOOD_SECONDS)

    def is_told(self, now: float) -> bool:
        """Whether the office's word still holds."""
        return self.asked and now < self._good_until

    def step(self, now: float) -> float:
        """Do what is due. OSError of the card is waited out: what cannot be kept is not done."""
        try:
            if self._is_withdrawn():
                self._withdraw()
            return self._steps[self.update.state](now)
        except (SlotBroken, OSError) as error:
            self.update = self.update.with_reason(str(error))
            if self.update.state == TRIAL:
                return self._judged(now, str(error))
            return now + self._pace.refused_retry_seconds

    def _keep(self, update: Update) -> None:
        self._ports.keep(update)
        self.update = update

    def _go(self, event: str, **changes: object) -> None:
        after = self.update.after(event, **changes)
        self._ports.keep(after)
        self.update, self._failures = after, 0

    # -- nothing under way ----------------------------------------------------------------------------------------

    def _rest(self, now: float) -> float:
        running = self._slots.state()
        if self.update.state == RETURNED and running.booted != self.update.slot:
            return self._come_back(now, running)
        if self.update.state == RETURNED and not self.update.settled:
            # The bookkeeping of the try that failed still names its slot; what is put there later is not of this try.
            self._slots.give_up()
            self._keep(replace(self.update, settled=True))
        if running.on_trial:
            # A release that somebody tries by hand, which lineside-settle judges. The other slot is the way back.
            return now + self._pace.look_seconds
        wish = self.wish
        if wish is not None and self._is_new(wish.rollout, wish.sha256):
            event = "present" if wish.version == running.version else "wished"
            self._begin(event, wish.rollout, wish.version, wish.sha256, wish.size)
            return now
        found = self._ports.on_stick(running.version)
        if found is not None and self._is_new(0, found.sha256):
            self._begin("wished", 0, found.version, found.sha256, found.size, str(found.path))
            return now
        return now + self._pace.look_seconds

    def _is_new(self, rollout: int, sha256: str) -> bool:
        """What was tried once is not begun again before the office makes a new roll-out of it."""
        return f"{rollout}/{sha256}" not in self.update.begun

    def _begin(self, event: str, rollout: int, version: str, sha256: str, size: int, path: str = "") -> None:
        self._shelf.clear(but=sha256)
        self._away_since = None
        begun = (*self.update.begun, f"{rollout}/{sha256}")[-limits.UPDATE_BEGUN_MAX :]
        names = {"rollout": rollout, "version": version, "sha256": sha256, "size": size, "path": path}
        self._go(event, **names, begun=begun, slot="", boot="", failures=0, missing=(), office=False)

    def _is_withdrawn(self) -> bool:
        """The office does not wish it any more; a trial is judged all the same."""
        if self.update.state in RESTING or self.update.state == TRIAL or not self.update.rollout or not self.asked:
            return False
        return not self._is_named()

    def _is_named(self) -> bool:
        update, wish = self.update, self.wish
        return wish is not None and (wish.rollout, wish.sha256) == (update.rollout, update.sha256)

    def _withdraw(self) -> None:
        if self.update.state == INSTALLED:
            self._slots.give_up()
        begun = tuple(each for each in self.update.begun if each != f"{self.update.rollout}/{self.update.sha256}")
        self._go("withdrawn", rollout=0, version="", sha256="", size=0, path="", begun=begun)

    # -- the bundle -----------------------------------------------------------------------------------------------

    def _download(self, now: float) -> float:
        """One piece. A cut of the line or the power costs what was not put on the card yet."""
        update, shelf = self.update, self._shelf
        offset = shelf.offset(update.sha256)
        if not shelf.has_room(update.size - offset):
            self.update = update.with_reason("the card has no room for the bundle beside the journal's")
            return now + self._pace.refused_retry_seconds
        piece = b""
        if offset < update.size:
            try:
                piece = self._ports.piece(update, offset)
            except SinkUnreachable as error:
                self._failures += 1
                self.update = update.with_reason(str(error))
                return now + retry_pause(PumpLimits(), self._failures, self._ports.jitter())
            except SinkRefused as error:
                self.update = update.with_reason(f"{error} {error.hint}")
                return now + self._pace.refused_retry_seconds
            except OSError:
                if not update.path:
                    raise
                # The stick was pulled; it may come back.
                self._withdraw()
                return now + self._pace.look_seconds
            self._failures = 0
            shelf.put(update.sha256, piece)
        if piece and offset + len(piece) < update.size:
            rate = self.wish.bytes_per_second if self.wish is not None else 0
            return now + (len(piece) / rate if rate else 0.0)
        if shelf.finish(update.sha256):
            self._go("arrived")
        elif update.failures + 1 >= limits.UPDATE_DOWNLOADS_MAX:
            self._go("refused", reason="the bundle does not fit its hash, however often it was fetched")
        else:
            self.update = update.with_reason("the bundle came damaged and is fetched again", update.failures + 1)
        return now

    def _verify(self, now: float) -> float:
        try:
            content = self._slots.inspect(self._shelf.path(self.update.sha256))
            if content.version != self.update.version:
                raise BundleRefused(f"the bundle holds release {content.version}, not {self.update.version}")
            refuse_unfit(content, self._slots.state(), self._migrations)
        except BundleRefused as error:
            self._refuse(str(error))
        else:
            self._go("accepted")
        return now

    def _refuse(self, reason: str) -> None:
        self._go("refused", reason=reason)
        self._shelf.clear()

    # -- a quiet moment, the slot, a quiet moment again -----------------------------------------------------------

    def _wait(self, now: float) -> float:
        if self._is_due(now):
            self._go("quiet", failures=0)
            return now
        return self._soon(now)

    def _soon(self, now: float) -> float:
        return now + min(self._pace.look_seconds, max(1.0, self._pace.quiet_seconds / 4))

    def _is_due(self, now: float) -> bool:
        """Whether it is still wished, by a word that has not run out, and nobody is interrupted. Who plugged a stick in
        has said so himself."""
        if self.update.rollout and not (self.is_told(now) and self._is_named()):
            self.update = self.update.with_reason("the office has to be asked again before it goes on")
            return False
        return self._is_quiet(now)

    def _is_quiet(self, now: float) -> bool:
        found = self._ports.health()
        if found is None:
            self._away_since = now if self._away_since is None else self._away_since
            self.update = self.update.with_reason("the gateway does not answer")
            return now - self._away_since >= self._pace.away_seconds
        self._away_since = None
        self.update = self.update.with_reason(may_interrupt(found, self._pace.quiet_seconds))
        return not self.update.reason

    def _install(self, now: float) -> float:
        """Writes the other slot; the station works on meanwhile."""
        if self._slots.state().on_trial:
            self.update = self.update.with_reason("a release is on trial, and the other slot is its way back")
            return now + self._pace.look_seconds
        try:
            self._slots.install(self._shelf.path(self.update.sha256))
        except BundleRefused as error:
            self._refuse(str(error))
            return now
        except BundleUntimely:
            raise
        except SlotBroken as error:
            self.update = self.update.with_reason(str(error), self.update.failures + 1)
            if self.update.failures >= limits.UPDATE_INSTALLS_MAX:
                self._refuse(f"it could not be installed: {error}")
                return now
            self._ports.keep(self.update)
            return now + self._pace.refused_retry_seconds
        running = self._slots.state()
        # Nobody asked the gateway meanwhile.
        self._away_since = None
        self._go("installed", slot=running.booted, boot=running.boot, asks=0, settled=False)
        return now

    def _wait_again(self, now: float) -> float:
        """Installing took a while, and somebody may have begun something."""
        running = self._slots.state()
        if running.booted != self.update.slot:
            self._go("moved", reason="another slot was booted meanwhile, by nobody's order")
            return now
        if not self._is_due(now):
            return self._soon(now)
        before = self._ports.health()
        self._go(
            "quiet",
            boot=running.boot,
            failures=0,
            office=before is not None and before.office == "online",
            missing=() if before is None else before.missing,
        )
        return now

    # -- the trial ------------------------------------------------------------------------------------------------

    def _start_trial(self, now: float) -> float:
        """Asks for the boot. What was quiet before the office was asked may not be so any more."""
        update = self.update
        if update.asks >= limits.UPDATE_BOOTS_MAX:
            self._slots.give_up()
            self._go("came_back", settled=True, reason=NO_TRIAL_BOOT)
            return now
        if not self._is_due(now):
            # Once it was asked for it may be on its way, and then the gateway does not answer any more.
            if not update.asks:
                self._go("put_off", reason=self.update.reason)
            return self._soon(now)
        self._keep(replace(update, asks=update.asks + 1))
        if busy := self._ports.interrupt():
            self._go("put_off", asks=update.asks, reason=busy)
            return self._soon(now)
        self._slots.restart(trial=True)
        return now + self._pace.look_seconds

    def _judge(self, now: float) -> float:
        running = self._slots.state()
        if running.booted == self.update.slot:
            if running.boot == self.update.boot:
                return self._start_trial(now)
            self._slots.give_up()
            reason = "the new release did not come up, or the power was cut in its trial"
            self._go("came_back", settled=True, reason=reason)
            return now
        if not running.on_trial:
            return self._found_usual(now, running)
        if self._trial_since is None:
            self._trial_since = now
            self._keep(replace(self.update, boot=running.boot, failures=self.update.failures + 1))
        if self.update.failures > limits.UPDATE_TRIAL_STARTS_MAX:
            return self._return(now, "the new release's agent ended again and again")
        return self._judged(now, unhealthy(self._ports.health(), self.update, self._ports.journal_faults()))

    def _found_usual(self, now: float, running: SlotState) -> float:
        """What should be on trial is what boots from now on: it was found good, and the power was cut right after, or
        somebody has made it so by hand. There is nothing to go back from."""
        if running.version == self.update.version:
            self._slots.mark_good()
            self._go("healthy")
            self._shelf.clear()
        else:
            self._go("came_back", settled=True, reason="another release runs than the one that was to be tried")
        return now

    def _judged(self, now: float, fault: str) -> float:
        """A release is good when it was healthy for a while without a break, before its time is over."""
        self._trial_since = now if self._trial_since is None else self._trial_since
        if fault:
            self._healthy_since = None
            self.update = self.update.with_reason(fault)
            if now - self._trial_since >= self._pace.trial_seconds_max:
                return self._return(now, fault)
        else:
            self._healthy_since = now if self._healthy_since is None else self._healthy_since
            if now - self._healthy_since >= self._pace.healthy_seconds:
                self._slots.mark_good()
                self._go("healthy")
                self._shelf.clear()
                return now
        return now + min(5.0, self._pace.healthy_seconds / 4)

    def _return(self, now: float, reason: str) -> float:
        self._go("unhealthy", reason=reason, asks=0)
        return now

    # -- the way back ---------------------------------------------------------------------------------------------

    def _come_back(self, now: float, running: SlotState) -> float:
        """A return is told and the slot before does not run. Only the very boot in which the trial failed is left."""
        if not running.on_trial:
            if running.version == self.update.version:
                self._go("stays", reason="it was made the usual release by hand")
            else:
                cleared = {"rollout": 0, "version": "", "sha256": "", "size": 0, "path": ""}
                self._go("moved", **cleared, reason="another release was put in its place by hand")
            return now
        if running.boot != self.update.boot:
            # The firmware starts a slot on trial once, so this is a trial that somebody began by hand.
            return now + self._pace.look_seconds
        return self._boot_back(now)

    def _boot_back(self, now: float) -> float:
        """A gateway that answers is not interrupted before its quiet moment, but for so long only."""
        update = self.update
        if update.asks >= limits.UPDATE_BOOTS_MAX:
            if not update.reason.startswith(NO_BOOT_BACK):
                self._keep(update.with_reason(f"{NO_BOOT_BACK} {update.reason}"))
            return now + self._pace.look_seconds
        self._back_since = now if self._back_since is None else self._back_since
        found = self._ports.health()
        is_patient = now - self._back_since < self._pace.busy_seconds_max
        if found and is_patient and (may_interrupt(found, self._pace.quiet_seconds) or self._ports.interrupt()):
            return self._soon(now)
        self._keep(replace(update, asks=update.asks + 1))
        self._slots.restart(trial=False)
        return now + self._pace.look_seconds
