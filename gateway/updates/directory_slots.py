"""Slots that are folders, with the try-once boot of a Pi's firmware in two small files.

`ROOT/a` and `ROOT/b` hold releases, `boot.json` what boots, `booted.json` what did. `boot` plays the firmware: whoever
supervises the gateway (a service manager, a test) calls it and starts what lies in the slot it names. A request for a
boot is a file, too: who asks needs no rights.
"""

import json
import os
import secrets
import shutil
from pathlib import Path

from gateway.durable import flush, read_json, write_durably
from gateway.errors import BundleRefused, SlotBroken
from gateway.updates.boot_requests import ask_for_boot
from gateway.updates.bundles import open_bundle, trusted_keys, unpack
from gateway.updates.slots import BundleContent, SlotState

NAMES = ("a", "b")
RELEASE = "release.json"
"""The manifest inside a slot, written last: a slot without it is not whole."""

BOOT, BOOTED = "boot.json", "booted.json"


class DirectorySlots:
    """The slots under `root`. `requests`: the folder where a boot is asked for. `keys`: who may sign a release.
    `spare_bytes`: what must stay free beside a release, for a journal on the same card."""

    def __init__(self, root: Path, keys: Path, compatible: str, requests: Path, spare_bytes: int = 0) -> None:
        self._root, self._keys, self._compatible, self._requests = root, keys, compatible, requests
        self._spare_bytes = spare_bytes

    def state(self) -> SlotState:
        """See Slots."""
        booted = read_json(self._root / BOOTED)
        slot = str(booted.get("slot", ""))
        if slot not in NAMES:
            raise SlotBroken(f"{self._root / BOOTED} names no slot: nothing was booted here")
        version = str(read_json(self._root / slot / RELEASE).get("version", ""))
        usual = str(read_json(self._root / BOOT).get("default", "a"))
        return SlotState(slot, str(booted.get("boot", "")), version, self._compatible, slot != usual)

    def inspect(self, bundle: Path) -> BundleContent:
        """See Slots."""
        return open_bundle(bundle, trusted_keys(self._keys)).manifest.content()

    def install(self, bundle: Path) -> None:
        """See Slots. A cut leaves a slot without its manifest, which is never booted, or the whole release."""
        opened = open_bundle(bundle, trusted_keys(self._keys))
        target, aside = self._root / self._other(), self._root / "new"
        try:
            self.give_up()
            shutil.rmtree(aside, ignore_errors=True)
            unpack(bundle, opened, aside, self._spare_bytes)
            # What the release.json names is on the card before it is.
            os.sync()
            write_durably(aside / RELEASE, opened.text)
            shutil.rmtree(target, ignore_errors=True)
            aside.rename(target)
            flush(self._root)
        except OSError as error:
            # Half a release would take the room that the next try, and the journal, need.
            shutil.rmtree(aside, ignore_errors=True)
            raise SlotBroken(f"the release cannot be put into its slot: {error}") from error
        except (BundleRefused, SlotBroken):
            shutil.rmtree(aside, ignore_errors=True)
            raise

    def restart(self, trial: bool) -> None:
        """See Slots."""
        if trial:
            if not (self._root / self._other() / RELEASE).exists():
                raise SlotBroken("the other slot holds no whole release")
            self._put_boot(trying=self._other())
        ask_for_boot(self._requests, trial)

    def mark_good(self) -> None:
        """See Slots."""
        self._put_boot(default=self.state().booted, trying="")

    def give_up(self) -> None:
        """See Slots."""
        self._put_boot(trying="")

    def _other(self) -> str:
        return NAMES[1 - NAMES.index(self.state().booted)]

    def _put_boot(self, **changes: str) -> None:
        chosen = read_json(self._root / BOOT)
        if chosen | changes != chosen:
            try:
                write_durably(self._root / BOOT, json.dumps(chosen | changes).encode())
            except OSError as error:
                raise SlotBroken(f"what boots next cannot be written: {error}") from error


def boot(root: Path) -> Path:
    """What the firmware does: the slot to try, once, else the usual one. Its folder; raises SlotBroken without any."""
    chosen = read_json(root / BOOT)
    slot, trying = str(chosen.get("default", "a")), str(chosen.get("trying", ""))
    if trying in NAMES:
        # Before anything of it runs: whatever happens from here on, the next boot is of the usual slot.
        write_durably(root / BOOT, json.dumps(chosen | {"trying": ""}).encode())
        if (root / trying / RELEASE).exists():
            slot = trying
    if slot not in NAMES or not (root / slot / RELEASE).exists():
        raise SlotBroken(f"slot {slot!r} of {root} holds no whole release")
    write_durably(root / BOOTED, json.dumps({"slot": slot, "boot": secrets.token_hex(8)}).encode())
    return root / slot


def first_release(root: Path, bundle: Path, keys: Path) -> None:
    """Lay the first release into slot a, where nothing is yet. Raises BundleRefused, SlotBroken."""
    if (root / "a" / RELEASE).exists():
        raise SlotBroken(f"{root} holds a release already", "Updates go through the agent.")
    opened = open_bundle(bundle, trusted_keys(keys))
    try:
        root.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(root / "a", ignore_errors=True)
        unpack(bundle, opened, root / "a")
        os.sync()
        write_durably(root / "a" / RELEASE, opened.text)
        write_durably(root / BOOT, json.dumps({"default": "a", "trying": ""}).encode())
    except OSError as error:
        raise SlotBroken(f"the release cannot be put into its slot: {error}") from error
