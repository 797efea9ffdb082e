"""Scanners and buttons without hardware, for tests, simulations and demonstrations. Shipped.

Each stands at the far end of a real channel: a pseudo-terminal, a socket, a broker, or a socket pair that carries
`struct input_event`. The station's end is the production code, unchanged. All can be unplugged and plugged again.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import termios
import tty
from collections.abc import Iterable
from typing import Final

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from devices.clock import Clock, boottime
from devices.errors import DeviceGone
from devices.evdev_source import EV_KEY, EV_SYN, INPUT_EVENT, SYN_DROPPED, SYN_REPORT
from devices.input_device import InputIdentity
from devices.keyboard import DOWN, UP
from devices.keymap import CONTROLS, ENTER, KEYPAD, LAYOUTS, LEFT_ALT, RIGHT_ALT, SHIFTS
from devices.pty_source import place_link

WRITE_TIMEOUT_SECONDS: Final = 5.0
CHARACTERS_PER_WRITE: Final = 64
_KEYPAD_CODES: Final = {char: code for code, char in KEYPAD.items()}


class VirtualSerialScanner:
    """A scanner, or a lamp, on a pseudo-terminal. `link` is its lasting name, as /dev/serial/by-id gives one."""

    def __init__(self, link: str) -> None:
        self.link = link
        self.path = ""
        self._far_end: int | None = None
        self.plug()

    def plug(self) -> None:
        """Appear, perhaps under another path; the link leads to it."""
        self.unplug()
        self._far_end, near_end = os.openpty()
        tty.setraw(near_end, termios.TCSANOW)
        self.path = os.ttyname(near_end)
        os.close(near_end)
        os.set_blocking(self._far_end, False)
        place_link(self.path, self.link)

    def unplug(self) -> None:
        """Vanish as a pulled plug does: whoever has the port open loses it."""
        far_end, self._far_end = self._far_end, None
        if far_end is not None:
            os.unlink(self.link)
            os.close(far_end)

    close = unplug

    def scan(self, label: bytes, terminator: bytes = b"\r") -> None:
        """Send a label as the scanner would."""
        self.write(label + terminator)

    def write(self, data: bytes) -> None:
        """Send any bytes. Raises DeviceGone when nobody takes them for WRITE_TIMEOUT_SECONDS."""
        if self._far_end is None:
            raise DeviceGone("The virtual scanner is unplugged.")
        view = memoryview(data)
        while view:
            if not select.select([], [self._far_end], [], WRITE_TIMEOUT_SECONDS)[1]:
                raise DeviceGone("Nobody reads the virtual scanner.")
            view = view[os.write(self._far_end, view) :]

    def received(self, timeout_seconds: float = 0.0) -> bytes:
        """What the station sent, as to a lamp; b"" when nothing came in time."""
        if self._far_end is None or not select.select([self._far_end], [], [], timeout_seconds)[0]:
            return b""
        with contextlib.suppress(OSError):
            return os.read(self._far_end, 4096)
        return b""


class VirtualTcpScanner:
    """A scanner that listens on a loopback port, for the kind `tcp_client`; it serves one station at a time."""

    def __init__(self) -> None:
        self._listener: socket.socket | None = None
        self._station: socket.socket | None = None
        self.port = 0
        self.plug()

    def plug(self) -> None:
        """Listen, on the same port as before when there was one."""
        self.unplug()
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self._listener.getsockname()[1]

    def unplug(self) -> None:
        """Stop listening and drop the station."""
        for end in (self._station, self._listener):
            if end is not None:
                end.close()
        self._station = self._listener = None

    close = unplug

    def scan(self, label: bytes, terminator: bytes = b"\r\n") -> None:
        """Send a label to the station, which is awaited first."""
        self.write(label + terminator)

    def write(self, data: bytes) -> None:
        """Send any bytes."""
        if self._listener is None:
            raise DeviceGone("The virtual scanner is unplugged.")
        if self._station is None:
            self._listener.settimeout(WRITE_TIMEOUT_SECONDS)
            self._station, _ = self._listener.accept()
        self._station.sendall(data)


class VirtualTcpPeer:
    """A scanner that connects to a station, for the kind `tcp_server`."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._address = address
        self._socket: socket.socket | None = None
        self.plug()

    @property
    def local(self) -> str:
        """Its own address, as the station sees it."""
        host, port = self._connected().getsockname()[:2]
        return f"{host}:{port}"

    def plug(self) -> None:
        """Connect."""
        self.unplug()
        self._socket = socket.create_connection(self._address, WRITE_TIMEOUT_SECONDS)

    def unplug(self) -> None:
        """Leave."""
        if self._socket is not None:
            self._socket.close()
        self._socket = None

    close = unplug

    def scan(self, label: bytes, terminator: bytes = b"\r\n") -> None:
        """Send a label."""
        self.write(label + terminator)

    def write(self, data: bytes) -> None:
        """Send any bytes."""
        self._connected().sendall(data)

    def ended(self) -> bool:
        """Wait until the station has closed the connection; False when it does not within WRITE_TIMEOUT_SECONDS."""
        try:
            return self._connected().recv(1) == b""
        except TimeoutError:
            return False
        except OSError:
            return True

    def _connected(self) -> socket.socket:
        if self._socket is None:
            raise DeviceGone("The virtual scanner is unplugged.")
        return self._socket


class VirtualKeyboard:
    """A keyboard scanner or a button box. It is also the `InputPort` of the station's end.

    Only finding, grabbing and setting the clock are done without the kernel; the reader reads the same structs.
    """

    def __init__(self, layout: str = "us", clock: Clock = boottime) -> None:
        self.grabbed = False
        self._clock = clock
        self._plugged = True
        self._far_end: socket.socket | None = None
        self._typed = _typed_characters(layout)

    def find(self, identity: InputIdentity) -> str:
        """Where it is. Raises DeviceGone while it is unplugged."""
        if not self._plugged:
            raise DeviceGone("The virtual keyboard is unplugged.")
        return "/dev/input/virtual"

    def open(self, path: str) -> int:
        """The station's end of the socket pair."""
        if self._far_end is not None:
            self._far_end.close()
        near_end, self._far_end = socket.socketpair()
        near_end.setblocking(False)
        self._far_end.settimeout(WRITE_TIMEOUT_SECONDS)
        return near_end.detach()

    def take_over(self, descriptor: int, grab: bool) -> None:
        """Note that it was grabbed."""
        self.grabbed = grab

    def plug(self) -> None:
        """Appear."""
        self._plugged = True

    def unplug(self) -> None:
        """Vanish: the station's end reads the end of the stream."""
        self._plugged = False
        if self._far_end is not None:
            self._far_end.close()
        self._far_end = None
        self.grabbed = False

    close = unplug

    def scan(self, label: bytes, terminator: bytes = b"\r") -> None:
        """Type a label in UTF-8. Characters that the layout has no key for are typed as Alt and their number."""
        self.write(label + terminator)

    def write(self, data: bytes) -> None:
        """Type any text; CR and LF are the Enter key. Raises ValueError for what no keyboard types."""
        text = data.decode()
        for start in range(0, len(text), CHARACTERS_PER_WRITE):
            taps = [tap for character in text[start : start + CHARACTERS_PER_WRITE] for tap in self._taps(character)]
            self.events([event for tap in taps for event in _tapped(*tap)])

    def _taps(self, character: str) -> list[tuple[int, ...]]:
        """The keys of one character; a tuple is pressed in order and released in the opposite one."""
        if character in "\r\n":
            return [(ENTER,)]
        if character in self._typed:
            return [self._typed[character]]
        number = ord(character)
        if 0x80 <= number < 0xA0:
            raise ValueError("No keyboard types C1 control characters.")
        # Windows reads 128..255 without a leading zero by code page 437; 0nnn is code page 1252.
        digits = f"0{number}" if number in range(160, 256) else str(number)
        return [(LEFT_ALT, *(_KEYPAD_CODES[digit] for digit in digits))]

    def tap(self, *codes: int) -> None:
        """Press keys in order and release them in the opposite one."""
        self.events(_tapped(*codes))

    def key(self, code: int, value: int) -> None:
        """One key event, followed by the report mark as the kernel does."""
        self.events(_key(code, value))

    def drop_events(self) -> None:
        """Tell that the kernel's queue overflowed."""
        self.events([(EV_SYN, SYN_DROPPED, 0), (EV_SYN, SYN_REPORT, 0)])

    def events(self, events: Iterable[tuple[int, int, int]], at: float | None = None) -> None:
        """Any events (type, code, value), stamped `at` or now."""
        if self._far_end is None:
            raise DeviceGone("The virtual keyboard is not read by a station.")
        seconds, fraction = divmod(self._clock() if at is None else at, 1)
        stamp = (int(seconds), int(fraction * 1e6))
        self._far_end.sendall(b"".join(INPUT_EVENT.pack(*stamp, *event) for event in events))


class VirtualMqttButton:
    """A wireless button: publishes what zigbee2mqtt would."""

    def __init__(self, host: str, port: int, topic: str) -> None:
        self._topic = topic
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2)
        self._client.connect(host, port)
        self._client.loop_start()

    def act(self, action: str) -> None:
        """Publish an action word, as `single` or `hold`."""
        self.write(json.dumps({"action": action, "battery": 97, "linkquality": 120}).encode())

    def write(self, payload: bytes, retain: bool = False) -> None:
        """Publish any payload and wait until the broker has it."""
        self._client.publish(self._topic, payload, qos=1, retain=retain).wait_for_publish(WRITE_TIMEOUT_SECONDS)

    def close(self) -> None:
        """Disconnect."""
        self._client.disconnect()
        self._client.loop_stop()


def _tapped(*codes: int) -> list[tuple[int, int, int]]:
    """Keys pressed in order and released in the opposite one; keypad digits under Alt are tapped one by one."""
    if codes[0] == LEFT_ALT and len(codes) > 1 and codes[1] in KEYPAD:
        inner = [event for code in codes[1:] for event in _tapped(code)]
        return [*_key(LEFT_ALT, DOWN), *inner, *_key(LEFT_ALT, UP)]
    down = [event for code in codes for event in _key(code, DOWN)]
    return down + [event for code in reversed(codes) for event in _key(code, UP)]


def _key(code: int, value: int) -> list[tuple[int, int, int]]:
    """One key event and the report mark that the kernel puts behind it."""
    return [(EV_KEY, code, value), (EV_SYN, SYN_REPORT, 0)]


def _typed_characters(layout: str) -> dict[str, tuple[int, ...]]:
    """The keys of every character that a layout types directly; dead keys are followed by the space bar elsewhere."""
    table = LAYOUTS[layout]
    shift, control = min(SHIFTS), min(CONTROLS)
    typed: dict[str, tuple[int, ...]] = {char: (RIGHT_ALT, code) for code, char in table.third.items()}
    typed |= {char: (shift, code) for code, char in table.shifted.items()}
    typed |= {char: (code,) for code, char in table.plain.items()}
    typed |= {chr(ord(char) & 0x1F): (control, code) for code, char in LAYOUTS["us"].plain.items() if char in "[\\]"}
    return {char: keys for char, keys in typed.items() if char not in table.dead}
