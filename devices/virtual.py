"""Scanners and buttons without hardware, for tests, simulations and demonstrations. Shipped.

Each stands at the far end of a real channel: a pseudo-terminal, a socket or a broker; virtual_keyboard has the one of a
keyboard. The station's end is the production code, unchanged. All can be unplugged and plugged again.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import termios
import tty
from typing import Final

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from devices.errors import DeviceGone
from devices.pty_source import place_link

WRITE_TIMEOUT_SECONDS: Final = 5.0


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
