"""Pins of a played board, pressed from outside: QEMU's qtest socket moves the lines of the machine's PL061."""

import socket
import time
from pathlib import Path
from typing import Self

from tests.vm.machine import Machine, MachineFailed

CHIP = "pl061"
DEVICES_MAX = 64
LINES = "unnamed-gpio-in"
PRESS_SECONDS = 0.3
"""Longer than the bounce of a contact, shorter than a long press."""


class Pins:
    """Connected while the block lasts; the board was started with the words of `qtest_words`."""

    def __init__(self, machine: Machine, path: Path) -> None:
        self._machine = machine
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(60)
        self._socket.connect(str(path))
        self._answers = self._socket.makefile("rb")
        self._chip = self._found()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._answers.close()
        self._socket.close()

    def press(self, line: int) -> None:
        """A contact closes and opens again."""
        self._set(line, 1)
        time.sleep(PRESS_SECONDS)
        self._set(line, 0)

    def _set(self, line: int, level: int) -> None:
        self._socket.sendall(f"set_irq_in {self._chip} {LINES} {line} {level}\n".encode())
        for raw in self._answers:
            answer = raw.decode().strip()
            if answer.startswith("OK"):
                return
            if not answer.startswith("IRQ"):
                raise MachineFailed(f"line {line}: {answer}")
        raise MachineFailed(f"line {line}: QEMU hung up: {self._machine.tail()}")

    def _found(self) -> str:
        """The chip's name inside QEMU: devices without a name are numbered there."""
        for number in range(DEVICES_MAX):
            path = f"/machine/unattached/device[{number}]"
            try:
                kind = self._machine.command_qemu("qom-get", path=path, property="type")
            except MachineFailed:
                break
            if kind == CHIP:
                return path
        raise MachineFailed(f"this machine has no {CHIP}")


def qtest_words(path: Path) -> tuple[str, ...]:
    """What QEMU must be started with, for `Pins` to move its lines."""
    return "-qtest", f"unix:{path},server=on,wait=off", "-qtest-log", "/dev/null"
