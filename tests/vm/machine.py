"""One QEMU process: its serial log, its control socket (QMP), and one line of JSON at a time to the guest and back.

Only what was started here is ended, by its own handle; QEMU dies with the process that started it.
"""

import ctypes
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Self

GUEST_PORT = "lineside.vm"
"""The virtio serial port by which the guest talks; in the guest it is /dev/virtio-ports/lineside.vm."""
WAIT_SECONDS_MAX = 600.0
"""The same boot takes eighty seconds or five minutes, depending on what else the machine does."""
KEY_NAMES = {"\n": "ret", "-": "minus", ".": "dot", "/": "slash", " ": "spc"}
"""QEMU's names of keys that are not their own; letters and digits are."""
KEY_SECONDS = 0.03
"""A scanner's own pace, and one that an emulated machine keeps up with."""
_PR_SET_PDEATHSIG = 1


class MachineFailed(Exception):
    """QEMU ended, refused a command, or the guest did not answer."""


class Machine:
    """A guest from start to power cut. `folder` gets its sockets and logs."""

    def __init__(self, command: list[str], folder: Path) -> None:
        self.command = command
        self.folder = folder
        self.serial = folder / "serial.log"
        self._child: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._control_lines: BinaryIO | None = None
        self._guest: socket.socket | None = None
        self._unread = b""

    def __enter__(self) -> Self:
        """Start QEMU and connect to it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        sockets = [self.folder / name for name in ("control", "guest")]
        for path in sockets:
            path.unlink(missing_ok=True)
        with (self.folder / "qemu.log").open("wb") as log:
            self._child = subprocess.Popen(
                [*self.command, *self._channels()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=_die_with_parent,
            )
        try:
            self._guest = self._connected(sockets[1])
            self._control = self._connected(sockets[0])
            self._control_lines = self._control.makefile("rb")
            self._control_lines.readline()
            self.command_qemu("qmp_capabilities")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.cut()
        if self._guest is not None:
            self._guest.close()

    def _channels(self) -> list[str]:
        """Files and Unix sockets only: nothing listens on a network."""
        return [
            *("-display", "none", "-monitor", "none"),
            *("-chardev", f"file,id=serial,path={self.serial}", "-serial", "chardev:serial"),
            *("-qmp", f"unix:{self.folder}/control,server=on,wait=off"),
            *("-device", "virtio-serial-pci,id=ports"),
            *("-chardev", f"socket,id=guest,path={self.folder}/guest,server=on,wait=off"),
            *("-device", f"virtserialport,bus=ports.0,chardev=guest,name={GUEST_PORT}"),
        ]

    def _connected(self, path: Path) -> socket.socket:
        deadline = time.monotonic() + WAIT_SECONDS_MAX
        while True:
            connection = socket.socket(socket.AF_UNIX)
            try:
                connection.connect(str(path))
                return connection
            except OSError:
                connection.close()
                self.require_alive()
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)

    # -- QEMU -----------------------------------------------------------------------------------------------------

    @property
    def alive(self) -> bool:
        """Whether QEMU runs."""
        return self._child is not None and self._child.poll() is None

    def require_alive(self) -> None:
        """Raises MachineFailed with what QEMU and the guest said last."""
        if not self.alive:
            raise MachineFailed(f"QEMU ended: {self.tail()}")

    def tail(self) -> str:
        """The end of what QEMU and the guest's console said."""
        paths = (self.folder / "qemu.log", self.serial)
        return "\n".join(path.read_text(errors="replace")[-1500:] for path in paths if path.exists())

    def wait_console(self, words: str, seconds: float) -> None:
        """Wait for words on the serial console. Raises MachineFailed."""
        deadline = time.monotonic() + seconds
        while words not in (self.serial.read_text(errors="replace") if self.serial.exists() else ""):
            self.require_alive()
            if time.monotonic() > deadline:
                raise MachineFailed(f"the console never said {words!r}: {self.tail()}")
            time.sleep(0.05)

    def command_qemu(self, name: str, **arguments: object) -> Any:
        """A QMP command's answer. Raises MachineFailed when QEMU refuses it."""
        assert self._control is not None and self._control_lines is not None
        self._control.sendall(json.dumps({"execute": name, "arguments": arguments}).encode() + b"\n")
        for line in self._control_lines:
            said = json.loads(line)
            if "return" in said:
                return said["return"]
            if "error" in said:
                raise MachineFailed(f"{name}: {said['error']}")
        raise MachineFailed(f"{name}: QEMU hung up: {self.tail()}")

    def plug_disk(self, image: Path) -> None:
        """Hot-plug a disk: nothing of it can be in a saved state."""
        file = {"driver": "file", "filename": str(image)}
        self.command_qemu("blockdev-add", **{"driver": "raw", "node-name": "card", "file": file})
        self.command_qemu("device_add", driver="virtio-blk-pci", id="card", drive="card", bus="socket0")

    def plug_stick(self, image: Path) -> None:
        """Hot-plug a USB stick, read-only."""
        file = {"driver": "file", "filename": str(image)}
        self.command_qemu("blockdev-add", **{"driver": "raw", "node-name": "stick", "read-only": True, "file": file})
        self.command_qemu("device_add", driver="usb-storage", id="stick", drive="stick", bus="usb0.0")

    def type_label(self, label: str) -> None:
        """Type a label and Enter on the keyboard that was plugged in last: what a scanner does. Raises
        MachineFailed for a character that no key has."""
        for character in f"{label}\n":
            keys = ["shift"] if character.isupper() else []
            keys.append(KEY_NAMES.get(character, character.lower()))
            for down, order in ((True, keys), (False, keys[::-1])):
                events = [
                    {"type": "key", "data": {"down": down, "key": {"type": "qcode", "data": key}}} for key in order
                ]
                self.command_qemu("input-send-event", events=events)
                # The keyboard holds 16 events until the guest asks for them; what comes then is lost.
                time.sleep(KEY_SECONDS)

    def wait_end(self, seconds: float) -> None:
        """Wait until QEMU ends by itself: the guest restarted or switched itself off. Raises MachineFailed."""
        assert self._child is not None
        try:
            self._child.wait(seconds)
        except subprocess.TimeoutExpired:
            raise MachineFailed(f"the guest did not restart: {self.tail()}") from None

    # -- the guest ------------------------------------------------------------------------------------------------

    def order(self, **order: object) -> None:
        """Tell the guest what to do."""
        assert self._guest is not None
        self._guest.sendall(json.dumps(order).encode() + b"\n")

    def lines(self, seconds: float) -> Iterator[dict[str, Any]]:
        """What the guest says in the next so many seconds, or until the machine is cut."""
        assert self._guest is not None
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            while b"\n" in self._unread:
                line, _, self._unread = self._unread.partition(b"\n")
                yield json.loads(line)
            self._guest.settimeout(min(left, 0.5))
            try:
                received = self._guest.recv(65_536)
            except TimeoutError:
                self.require_alive()
                continue
            if not received:
                return
            self._unread += received

    def heard(self, what: str, seconds: float = WAIT_SECONDS_MAX) -> dict[str, Any]:
        """The next line about `what`; others in between are about nothing that was asked. Raises MachineFailed."""
        for line in self.lines(seconds):
            if line["said"] in ("failed", what):
                if line["said"] == "failed":
                    raise MachineFailed(str(line["why"]))
                return line
        raise MachineFailed(f"the guest never said {what!r}: {self.tail()}")

    def cut(self) -> None:
        """The power is gone: SIGKILL. What QEMU had already handed over can still be read with `leftover`."""
        if self._child is not None:
            self._child.send_signal(signal.SIGKILL)
            self._child.wait()
        for each in (self._control_lines, self._control):
            if each is not None:
                each.close()

    def leftover(self) -> Iterator[dict[str, Any]]:
        """After a cut: the whole lines that the guest had sent before it. Closes the connection."""
        assert self._guest is not None
        self._guest.settimeout(5)
        while True:
            try:
                received = self._guest.recv(65_536)
            except OSError:
                break
            if not received:
                break
            self._unread += received
        self._guest.close()
        for line in self._unread.split(b"\n")[:-1]:
            yield json.loads(line)


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    os.setsid()
