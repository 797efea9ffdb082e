"""Files that come from outside a gateway: on the card's own folder, or on sticks. Which counts, and which did before.

A stick goes before the card, for somebody plugged it in on purpose. What was taken once, or lay there while another one
was taken, is not looked at again: what was changed since stays, and what a person brings later counts. A file that
cannot be used hides none that can.
"""

import hashlib
import json
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.durable import read_json, write_secret
from gateway.limits import BOOT_FILE_BYTES_MAX

log = logging.getLogger("lineside.boot_files")

TAKEN_FILE = "first-boot.json"
"""SHA-256 by name of what was taken last, and by folder and name in `seen` of what is not looked at again."""

Judge = Callable[[Path, str], tuple[str, ...]]
"""The faults of a text that lies at a path."""


@dataclass(frozen=True, slots=True)
class BootFile:
    """One of them. `fault`: why it cannot be read; then there is no text."""

    path: Path
    text: str
    digest: str
    fault: str = ""


class BootFiles:
    """`look`: the card's own folder, then those of sticks. `folder`: the gateway's."""

    def __init__(self, look: Sequence[Path], folder: Path) -> None:
        self._card = tuple(look[:1])
        self._order = (*look[1:], *look[:1])
        self._folder = folder
        self._judged: dict[tuple[Path, str], tuple[str, ...]] = {}
        self._left: set[tuple[Path, str]] = set()

    def newest(self, name: str, judge: Judge, card_only: bool = False) -> tuple[BootFile | None, tuple[str, ...]]:
        """The new file that counts, and the faults of those that would have counted before it."""
        memory = self._memory()
        faults: list[str] = []
        for file in self._lying(name, self._card if card_only else self._order):
            if file.digest in (memory.get(name), _seen(memory, file.path.parent).get(name)):
                continue
            told = self._faults(file, judge)
            if not told:
                return file, tuple(faults)
            faults += told
        return None, tuple(faults)

    def take(self, file: BootFile) -> None:
        """Put it into the gateway's folder. What lies in folders behind its own is passed over from here on. Raises
        OSError."""
        name, memory = file.path.name, self._memory()
        memory[name] = file.digest
        behind = self._order[self._order.index(file.path.parent) + 1 :]
        for each in (file, *self._lying(name, behind)):
            folder = each.path.parent
            memory["seen"] = {**memory.get("seen", {}), str(folder): {**_seen(memory, folder), name: each.digest}}
        self._folder.mkdir(parents=True, exist_ok=True)
        for target, content in ((name, file.text), (TAKEN_FILE, json.dumps(memory))):
            write_secret(self._folder / target, content)
        log.info("%s taken from %s", name, file.path.parent)

    def remove_taken(self, name: str) -> None:
        """Off the folders it was taken from, once in this process. An image's card is only root's to write: there
        `lineside-card` removes it."""
        taken = self._memory().get(name)
        for file in self._lying(name, self._order):
            if file.digest != taken or (file.path, file.digest) in self._left:
                continue
            self._left.add((file.path, file.digest))
            try:
                file.path.unlink()
                log.info("%s was removed", file.path)
            except OSError as error:
                log.info("%s is not for this program to remove (%s); it works once only", file.path, error)

    def tell_left_out(self, name: str) -> None:
        """Sticks whose file does not count here, once each."""
        for file in self._lying(name, self._order):
            if file.path.parent not in self._card and (file.path, file.digest) not in self._left:
                self._left.add((file.path, file.digest))
                log.warning("%s is left alone: an enrolled station takes it from its own card only", file.path)

    def _faults(self, file: BootFile, judge: Judge) -> tuple[str, ...]:
        """Judged and logged once for what lies there."""
        key = (file.path, file.digest)
        if key not in self._judged:
            told = (file.fault,) if file.fault else judge(file.path, file.text)
            for each in [each for each in self._judged if each[0] == file.path]:
                del self._judged[each]
            self._judged[key] = told
            if told:
                log.error("%s", "\n".join(told))
        return self._judged[key]

    def _lying(self, name: str, folders: Sequence[Path]) -> Iterator[BootFile]:
        for folder in folders:
            path = folder / name
            with suppress(FileNotFoundError, NotADirectoryError):
                yield _read(path)

    def _memory(self) -> dict[str, Any]:
        found = read_json(self._folder / TAKEN_FILE)
        if not isinstance(found.get("seen", {}), dict):
            del found["seen"]
        return found


def _seen(memory: dict[str, Any], folder: Path) -> dict[str, str]:
    found = memory.get("seen", {}).get(str(folder))
    return found if isinstance(found, dict) else {}


def _read(path: Path) -> BootFile:
    """Never more than is needed to see that it is too large. Raises FileNotFoundError, NotADirectoryError."""
    try:
        with path.open("rb") as file:
            raw = file.read(BOOT_FILE_BYTES_MAX + 1)
    except (FileNotFoundError, NotADirectoryError):
        raise
    except OSError as error:
        # A stick that is pulled out, a folder of that name: its own fault, and none of the card the station writes on.
        return BootFile(path, "", "", f"{path}: {error.strerror or error}")
    digest = hashlib.sha256(raw).hexdigest()
    if len(raw) > BOOT_FILE_BYTES_MAX:
        return BootFile(path, "", digest, f"{path}: larger than {BOOT_FILE_BYTES_MAX} bytes")
    return BootFile(path, raw.decode("utf-8", "replace"), digest)
