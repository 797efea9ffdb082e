"""The first boot of a flashed card: find its configuration, check it, put it where the gateway reads it.

A program of its own that runs before the gateway and beside it until it is enrolled: it blinks the board's light and
takes the code off the boot partition, which the gateway itself may not write. Mounts are made by the image's units.
"""

import logging
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway import config as configuration
from gateway.board_light import BoardLight
from gateway.boot_codes import BY_KEY
from gateway.boot_files import BootFiles
from gateway.boot_page import BootPage
from gateway.clock import boottime
from gateway.config_lines import with_lines
from gateway.device_checks import check_words
from gateway.durable import write_secret
from gateway.ending import on_end_signal
from gateway.errors import ConfigRefused, EnrolmentRefused
from gateway.joining import FAULT_FILE, ORDER_FILE, REFUSED_FILE, STATE_FILE, order_of, read_fault
from gateway.limits import JOINING_LOOK_SECONDS
from gateway.service import ServiceNotice

CONFIG_FILE = "gateway.toml"


@dataclass(frozen=True, slots=True)
class Standing:
    """How far the first boot has come. `key`: of `gateway.boot_codes`; empty: nothing is wrong. `faults`: for the page.

    `configured`: the gateway may start. `done`: it is enrolled and no code waits, or it has no office.
    """

    key: str = ""
    faults: tuple[str, ...] = ()
    configured: bool = False
    done: bool = False


class FirstBoot:
    """`step()` looks once; cheap enough for every two seconds."""

    def __init__(self, look: Sequence[Path], folder: Path) -> None:
        self._files = BootFiles(look, folder)
        self._folder = folder

    def step(self) -> Standing:
        """Take what is new from outside, then say how it stands."""
        try:
            faults = self._take_configuration()
            code_faults = self._take_code()
        except OSError as error:
            return Standing("card", (str(error),), self._configured())
        if not self._configured():
            return Standing("bad_configuration" if faults else "no_configuration", (*faults, *code_faults))
        if faults:
            # The one it has goes on; that the new one has faults is told.
            return Standing("bad_configuration", (*faults, *code_faults), configured=True)
        if code_faults and not (self._folder / ORDER_FILE).exists():
            return Standing("no_code", code_faults, configured=True)
        return self._joining()

    def _configured(self) -> bool:
        return (self._folder / CONFIG_FILE).is_file()

    def _joining(self) -> Standing:
        """A code that waits beside a token is for another one: the office may not know this token any more."""
        waits = any((self._folder / name).exists() for name in (ORDER_FILE, REFUSED_FILE))
        if (self._enrolled() and not waits) or not self._needs_office():
            return Standing(configured=True, done=True)
        try:
            key = (self._folder / STATE_FILE).read_text().strip()
        except OSError:
            key = ""
        return Standing(key if key in BY_KEY else "", configured=True)

    def _own(self) -> configuration.Config | None:
        """The configuration that the gateway has; None where there is none, or this release cannot use it."""
        try:
            return configuration.read(self._folder / CONFIG_FILE)
        except ConfigRefused:
            return None

    def _enrolled(self) -> bool:
        own = self._own()
        try:
            (self._folder / "token" if own is None else own.token_path).stat()
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError:
            # Something that cannot be looked at lies there: then no stick says where it goes.
            return True
        return True

    def _needs_office(self) -> bool:
        own = self._own()
        return own is None or bool(own.central.url)

    def _take_configuration(self) -> tuple[str, ...]:
        """The faults of new ones that could not be taken. Once a token lies, the card's own folder alone counts: with a
        configuration of a stick that token would go to whatever server the stick names."""
        enrolled = self._enrolled()
        if enrolled:
            self._files.tell_left_out(CONFIG_FILE)
        file, faults = self._files.newest(CONFIG_FILE, self._config_faults, card_only=enrolled)
        if file is not None:
            self._files.take(file)
        return faults

    def _config_faults(self, path: Path, text: str) -> tuple[str, ...]:
        """What is wrong with a configuration, each with its line."""
        try:
            found = configuration.parse(text, check_words)
        except ConfigRefused as error:
            return (f"{path}:", *with_lines(text, str(error)))
        if found.gateway.folder == self._folder:
            return ()
        # The gateway would look for its code and keep its records where nobody put or expects them.
        fault = f"gateway.folder: {str(found.gateway.folder)!r} is not this device's folder, {str(self._folder)!r}"
        return (f"{path}:", *with_lines(text, fault))

    def _take_code(self) -> tuple[str, ...]:
        """The code goes to the gateway's own folder and off the boot partition, which any computer reads. A stick's is
        taken at any time: it is worth nothing at another office."""
        file, faults = self._files.newest(ORDER_FILE, _code_faults)
        if file is not None:
            self._files.take(file)
            (self._folder / REFUSED_FILE).unlink(missing_ok=True)
        self._files.remove_taken(ORDER_FILE)
        self._tell_gateway(faults)
        return faults

    def _tell_gateway(self, faults: tuple[str, ...]) -> None:
        """Why there is no code, for the station page, which the gateway serves by now."""
        path, told = self._folder / FAULT_FILE, "; ".join(faults)
        if not self._configured() or read_fault(path) == told:
            return
        if told:
            write_secret(path, told)
        else:
            path.unlink(missing_ok=True)


def _code_faults(path: Path, text: str) -> tuple[str, ...]:
    try:
        order_of(path, text)
    except EnrolmentRefused as error:
        return (f"{error} ({error.hint})",)
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
