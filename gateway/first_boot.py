"""The first boot of a flashed card: find its configuration, check it, put it where the gateway reads it.

A program of its own that runs before the gateway and beside it until it is enrolled: it blinks the board's light and
takes the code off the boot partition, which the gateway itself may not write. Mounts are made by the image's units.
"""

import hashlib
import json
import logging
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway import config as configuration
from gateway.board_light import BoardLight
from gateway.boot_codes import BY_KEY
from gateway.boot_page import BootPage
from gateway.clock import boottime
from gateway.config_lines import with_lines
from gateway.device_checks import check_words
from gateway.durable import read_json, write_secret
from gateway.ending import on_end_signal
from gateway.errors import ConfigRefused, EnrolmentRefused
from gateway.joining import ORDER_FILE, REFUSED_FILE, STATE_FILE, read_order
from gateway.limits import BOOT_FILE_BYTES_MAX, JOINING_LOOK_SECONDS
from gateway.service import ServiceNotice

log = logging.getLogger("lineside.first_boot")

CONFIG_FILE = "gateway.toml"
TAKEN_FILE = "first-boot.json"
"""SHA-256 of each file that was taken from outside: a file that stays there does not undo what was changed since."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How far the first boot has come. `key`: of `gateway.boot_codes`; empty: nothing is wrong. `faults`: for the page.

    `configured`: the gateway may start. `done`: it is enrolled, or has no office to be enrolled at.
    """

    key: str = ""
    faults: tuple[str, ...] = ()
    configured: bool = False
    done: bool = False


class FirstBoot:
    """`step()` looks once; cheap enough for every two seconds."""

    def __init__(self, look: Sequence[Path], folder: Path) -> None:
        self._look = tuple(look)
        self._folder = folder
        self._refused: dict[str, tuple[str, ...]] = {}
        """Digest of a configuration with faults -> what is told of it."""

    def step(self) -> Standing:
        """Take what is new from outside, then say how it stands."""
        try:
            faults = self._take_configuration()
            self._take_code()
        except OSError as error:
            return Standing("card", (str(error),), self._configured())
        if not self._configured():
            return Standing("bad_configuration" if faults else "no_configuration", faults)
        if faults:
            # The one it has goes on; that the new one has faults is told.
            return Standing("bad_configuration", faults, configured=True)
        return self._joining()

    def _configured(self) -> bool:
        return (self._folder / CONFIG_FILE).is_file()

    def _joining(self) -> Standing:
        if (self._folder / "token").exists() or not self._needs_office():
            return Standing(configured=True, done=True)
        try:
            key = (self._folder / STATE_FILE).read_text().strip()
        except OSError:
            key = ""
        return Standing(key if key in BY_KEY else "", configured=True)

    def _needs_office(self) -> bool:
        try:
            return bool(configuration.read(self._folder / CONFIG_FILE).central.url)
        except ConfigRefused:
            return True

    def _take_configuration(self) -> tuple[str, ...]:
        """The faults of the newest one that could not be taken."""
        found = self._found(CONFIG_FILE)
        if found is None:
            return ()
        path, text, digest = found
        if self._was_taken(CONFIG_FILE, digest):
            return ()
        if digest not in self._refused:
            told = _faults(path, text)
            if not told:
                self._put(CONFIG_FILE, text, digest)
                log.info("configuration taken from %s", path)
                return ()
            log.error("%s", "\n".join(told))
            self._refused = {digest: told}
        return self._refused[digest]

    def _take_code(self) -> None:
        """The code goes to the gateway's own folder and off the boot partition, which any computer reads."""
        found = self._found(ORDER_FILE)
        if found is None:
            return
        path, text, digest = found
        if not self._was_taken(ORDER_FILE, digest):
            try:
                read_order(path)
            except EnrolmentRefused as error:
                log.error("%s (%s)", error, error.hint)
                return
            (self._folder / REFUSED_FILE).unlink(missing_ok=True)
            self._put(ORDER_FILE, text, digest)
            log.info("one-time code taken from %s", path)
            try:
                path.unlink()
                log.info("the code was removed from %s", path)
            except OSError as error:
                log.warning("the code stays on %s (%s); it works once only", path, error)

    def _found(self, name: str) -> tuple[Path, str, str] | None:
        for folder in self._look:
            path = folder / name
            if path.is_file():
                if path.stat().st_size > BOOT_FILE_BYTES_MAX:
                    raise OSError(f"{path} is larger than {BOOT_FILE_BYTES_MAX} bytes")
                raw = path.read_bytes()
                return path, raw.decode("utf-8", "replace"), hashlib.sha256(raw).hexdigest()
        return None

    def _was_taken(self, name: str, digest: str) -> bool:
        return read_json(self._folder / TAKEN_FILE).get(name) == digest

    def _put(self, name: str, text: str, digest: str) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        taken = read_json(self._folder / TAKEN_FILE) | {name: digest}
        for target, content in ((name, text), (TAKEN_FILE, json.dumps(taken))):
            write_secret(self._folder / target, content)


def _faults(path: Path, text: str) -> tuple[str, ...]:
    """What is wrong with a configuration, each with its line."""
    try:
        configuration.parse(text, check_words)
    except ConfigRefused as error:
        return (f"{path}:", *with_lines(text, str(error)))
    return ()


def boot_until_enrolled(look: Sequence[Path], folder: Path, light: Path | None, port: int) -> int:
    """Exit code 0 once the gateway is enrolled, or when told to stop. Tells systemd `ready` once it may start."""
    logging.basicConfig(level="INFO", stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
    ended = threading.Event()
    on_end_signal(lambda _: ended.set())
    boot = FirstBoot(look, folder)
    notice, board, page = ServiceNotice(), BoardLight(light), BootPage(port)
    ready, looked = False, float("-inf")
    standing = Standing()
    try:
        while not ended.is_set() and not standing.done:
            now = boottime()
            if now >= looked + JOINING_LOOK_SECONDS:
                looked, standing = now, boot.step()
                board.tell(BY_KEY[standing.key].number if standing.key else 0, now)
            if standing.configured and not ready:
                # The gateway's own page takes the port.
                page.close()
                notice.ready()
                ready = True
            elif not ready:
                page.show(standing.key, standing.faults)
            wake = min(looked + JOINING_LOOK_SECONDS, board.step(now))
            ended.wait(max(0.0, min(wake - boottime(), JOINING_LOOK_SECONDS)))
    finally:
        page.close()
        board.close()
        notice.close()
    return 0
