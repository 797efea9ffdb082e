"""Slots of a Pi image, by RAUC. What is signed, and whether the payload is what was signed, RAUC judges.

`rauc info` proves the manifest's signature alone; the payload is proved by the kernel while `rauc install` reads it.
RAUC's own bookkeeping of a try that failed is cleared with `mark-bad other` (a tryboot that came back leaves it set).
"""

import json
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from gateway.clock import synchronised
from gateway.errors import BundleRefused, BundleUntimely, SlotBroken
from gateway.journal_versions import journal_heard
from gateway.updates.boot_requests import ask_for_boot
from gateway.updates.slots import BundleContent, SlotState

COMMAND_SECONDS_MAX = 60.0
INSTALL_SECONDS_MAX = 3_600.0
"""A slow card takes minutes; an install that hangs is ended."""

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
ON_TRIAL = ("/usr/lib/lineside/tryboot", "on-trial")
"""Ends with 0 while the firmware's usual slot is not the one that runs, with 1 while it is. RAUC itself tells which
slot was installed last, not which one the firmware starts."""

_REFUSED = ("signature", "verify", "certificate", "compatible", "manifest", "bundle format", "not a valid", "too small")
"""Words of RAUC's last line that mean the bundle; anything else is the machine's trouble, and is tried again."""

_UNTIMELY = ("not yet valid", "has expired")
"""Words about a certificate's time: they mean the bundle only where the clock is right."""


class RaucSlots:
    """`version`: of the release that runs. `command`: what runs rauc, and `on_trial` tryboot; `is_clock_good`: whether
    NTP holds it. The seams for tests."""

    def __init__(
        self,
        version: str,
        requests: Path,
        command: Sequence[str] = ("rauc",),
        boot_id: Callable[[], str] = lambda: BOOT_ID.read_text().strip(),
        on_trial: Sequence[str] = ON_TRIAL,
        is_clock_good: Callable[[], bool] = synchronised,
    ) -> None:
        self._version, self._requests, self._command, self._boot_id = version, requests, tuple(command), boot_id
        self._on_trial, self._is_clock_good = tuple(on_trial), is_clock_good

    def state(self) -> SlotState:
        """See Slots."""
        told = self._json("status", "--output-format=json")
        booted = str(told.get("booted") or "")
        if not booted:
            raise SlotBroken("rauc does not know which slot is booted", "The kernel's command line names rauc.slot.")
        return SlotState(booted, self._boot_id(), self._version, str(told.get("compatible") or ""), self._is_on_trial())

    def _is_on_trial(self) -> bool:
        done = _ended(self._on_trial, COMMAND_SECONDS_MAX)
        if done.returncode not in (0, 1):
            raise SlotBroken(f"tryboot does not know the usual slot: {done.stderr.strip()[:200]}")
        return done.returncode == 0

    def inspect(self, bundle: Path) -> BundleContent:
        """See Slots."""
        told = self._json("info", "--output-format=json-2", str(bundle), refused=True)
        update = told.get("update")
        known: dict[str, Any] = update if isinstance(update, dict) else told
        journal, additive = journal_heard(str(known.get("description") or ""))
        return BundleContent(str(known.get("version") or ""), str(known.get("compatible") or ""), journal, additive)

    def install(self, bundle: Path) -> None:
        """See Slots. RAUC also marks the slot as the next one, which means a try: nothing boots it but `restart`."""
        self._run("install", str(bundle), seconds_max=INSTALL_SECONDS_MAX, refused=True)

    def restart(self, trial: bool) -> None:
        """See Slots."""
        ask_for_boot(self._requests, trial)

    def mark_good(self) -> None:
        """See Slots."""
        self._run("status", "mark-good", "booted")

    def give_up(self) -> None:
        """See Slots."""
        self._run("status", "mark-bad", "other")

    def _json(self, *arguments: str, refused: bool = False) -> dict[str, Any]:
        try:
            found = json.loads(self._run(*arguments, refused=refused))
        except ValueError as error:
            raise SlotBroken(f"rauc {arguments[0]} did not answer in JSON") from error
        if not isinstance(found, dict):
            raise SlotBroken(f"rauc {arguments[0]} did not answer with an object")
        return found

    def _run(self, *arguments: str, seconds_max: float = COMMAND_SECONDS_MAX, refused: bool = False) -> str:
        """What it printed. `refused`: what it says may be a refusal of the bundle."""
        done = _ended((*self._command, *arguments), seconds_max)
        if done.returncode == 0:
            return done.stdout
        said = " ".join((done.stderr.strip().splitlines() or done.stdout.strip().splitlines() or ["no word"])[-1:])[
            :200
        ]
        if refused and any(word in said.lower() for word in _UNTIMELY) and not self._is_clock_good():
            raise BundleUntimely(f"the clock is not synchronised: {said}")
        if refused and any(word in said.lower() for word in _REFUSED):
            raise BundleRefused(said)
        raise SlotBroken(f"rauc {arguments[0]} ended with {done.returncode}: {said}")


def _ended(command: Sequence[str], seconds_max: float) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=seconds_max, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SlotBroken(f"{' '.join(command[:2])}: {error}") from error
