"""The MQTT client: paho-mqtt, stepped by the thread that also pumps. Fits `BrokerPort` and `Waiter`.

What paho does (measured, 2.2.0) and what follows from it:
- It sends its whole memory at once after a reconnect, whatever the window. So each connection has a new client, which
  remembers nothing, and the journal is the queue.
- It calls back while it holds its own locks. So callbacks only put news into a list.
- Its own thread costs a hop for each message. So the socket is waited on here and no thread of paho runs.
"""

import contextlib
import select
import socket
import ssl
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, cast

import paho.mqtt.client as mqtt
from paho.mqtt import MQTTException
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from sync import limits
from sync.broker_ports import (
    Acknowledged,
    BrokerNews,
    Connected,
    ConnectionDenied,
    ConnectionLost,
    Heard,
    Listening,
    Objection,
)
from sync.errors import SettingsRefused
from sync.tls import tls_context

_PROTOCOLS: Final = {"3.1.1": mqtt.MQTTv311, "5": mqtt.MQTTv5}
_PASSING_REASONS: Final = frozenset({0x88, 0x89, 0x9C, 0x9D})
"""Server unavailable, busy, use another server, server moved: all of them pass or are the address's matter."""
_TAKEN_OVER: Final = 0x8E
_MALFORMED: Final = (ValueError, IndexError, KeyError, struct.error, MQTTException)
_MISC_SECONDS: Final = 2.0
"""How often paho looks at its keepalive."""

_CREDENTIAL_HINT = "The office enrols this gateway again, or whoever runs the broker looks at its users."
_TWIN_HINT = "Two gateways have one name, a cloned card perhaps: the maintainer enrols one of them anew."
_TLS_HINT = "The maintainer checks the certificate authority's file and the broker's certificate and name."
_HEARD_HINT = "Whoever runs the broker looks at who publishes on the state topics of this line."
_SUBSCRIPTION_HINT = "Whoever runs the broker looks at its access list for this gateway."


@dataclass(frozen=True, slots=True)
class BrokerSettings:
    """Where the broker is and who we are. Files are PEM. `will_*`: what the broker says when we are gone, retained."""

    host: str
    port: int
    client_id: str
    protocol: str = "3.1.1"
    username: str = ""
    password: str = field(default="", repr=False)
    tls: bool = False
    ca_file: str = ""
    certificate_file: str = ""
    key_file: str = ""
    will_topic: str = ""
    will_payload: bytes = b'{"state":"offline"}'
    subscriptions: tuple[str, ...] = ()
    keepalive_seconds: int = limits.MQTT_KEEPALIVE_SECONDS
    connect_seconds_max: float = limits.CONNECT_SECONDS_MAX

    def check(self) -> None:
        """Raise SettingsRefused for what can never work."""
        if not self.host or not 0 < self.port < 65536:
            raise SettingsRefused(f"not an address of a broker: {self.host[:100]!r} port {self.port}")
        if self.protocol not in _PROTOCOLS:
            raise SettingsRefused(f"the MQTT protocol is one of {', '.join(_PROTOCOLS)}, not {self.protocol[:20]!r}")
        if (self.ca_file or self.certificate_file) and not self.tls:
            raise SettingsRefused("certificates are configured, but TLS is not switched on")


class _Client(mqtt.Client):
    """paho's client, but a failed TLS handshake leaves no open socket behind."""

    handshake_context: ssl.SSLContext
    handshake_seconds_max: float

    def _ssl_wrap_socket(self, tcp_sock: socket.socket) -> ssl.SSLSocket:
        wrapped = self.handshake_context.wrap_socket(tcp_sock, server_hostname=self.host, do_handshake_on_connect=False)
        try:
            wrapped.settimeout(self.handshake_seconds_max)
            wrapped.do_handshake()
        except BaseException:
            wrapped.close()
            raise
        return wrapped


class PahoPort:
    """One broker. Everything but `wake` is called by one thread."""

    def __init__(self, settings: BrokerSettings, clock: Callable[[], float] = time.monotonic) -> None:
        settings.check()
        self._settings = settings
        self._clock = clock
        self._context = (
            tls_context(settings.ca_file, settings.certificate_file, settings.key_file) if settings.tls else None
        )
        self._client: _Client | None = None
        self._news: list[BrokerNews] = []
        self._misc_at = float("-inf")
        self._wake_reader, self._wake_writer = socket.socketpair()
        self._wake_reader.setblocking(False)
        self._wake_writer.setblocking(False)

    # BrokerPort.

    def connect(self) -> None:
        """See BrokerPort. Waits for the TCP connection and the TLS handshake, not for the broker's answer."""
        self.drop()
        settings = self._settings
        self._client = client = self._fresh_client()
        try:
            client.connect(settings.host, settings.port, keepalive=settings.keepalive_seconds)
        except ssl.SSLError as error:
            self.drop()
            self._news.append(ConnectionDenied(f"TLS: {error.reason or error}", _TLS_HINT))
        except OSError as error:
            self.drop()
            self._news.append(ConnectionLost(error.strerror or str(error) or type(error).__name__))

    def publish(self, topic: str, payload: bytes, retain: bool) -> int | None:
        """See BrokerPort."""
        client = self._client
        if client is None:
            return None
        info = client.publish(topic, payload, 1, retain)
        return info.mid if info.rc == mqtt.MQTT_ERR_SUCCESS else None

    def take(self) -> list[BrokerNews]:
        """See BrokerPort."""
        news, self._news = self._news, []
        return news

    def drop(self) -> None:
        """See BrokerPort. Without a farewell, so the broker publishes the will."""
        client, self._client = self._client, None
        self._news.clear()
        if client is not None:
            _silence(client)
            connection = client.socket()
            if connection is not None:
                connection.close()

    # Waiter.

    def wait(self, seconds: float | None) -> None:
        """See Waiter. The connection is read and written here."""
        if self._news:
            return
        client = self._client
        connection = client.socket() if client is not None else None
        poll = select.poll()
        poll.register(self._wake_reader, select.POLLIN)
        if client is not None and connection is not None:
            poll.register(connection, select.POLLIN | (select.POLLOUT if client.want_write() else 0))
            seconds = _MISC_SECONDS if seconds is None else min(seconds, _MISC_SECONDS)
            if isinstance(connection, ssl.SSLSocket) and connection.pending():
                seconds = 0.0
        ready = poll.poll(None if seconds is None else max(0, int(seconds * 1000 + 0.999)))
        for descriptor, _ in ready:
            if descriptor == self._wake_reader.fileno():
                self._wake_reader.recv(4096)
        if client is not None and connection is not None:
            self._move(client)

    def wake(self) -> None:
        """See Waiter. A full pipe means that waking is under way, a closed one that nobody waits any more."""
        with contextlib.suppress(OSError):
            self._wake_writer.send(b"\0")

    def close(self) -> None:
        """See Waiter."""
        self.drop()
        self._wake_reader.close()
        self._wake_writer.close()

    def farewell(self) -> None:
        """At the end of the process: the retained state says offline at once, and the connection ends in order."""
        client, settings = self._client, self._settings
        if client is None or not client.is_connected():
            return
        if settings.will_topic:
            ticket = client.publish(settings.will_topic, settings.will_payload, 1, True).mid
            deadline = self._clock() + limits.FAREWELL_SECONDS_MAX
            while client.is_connected() and self._clock() < deadline:
                self._news.clear()
                self.wait(0.05)
                if any(isinstance(each, Acknowledged) and each.ticket == ticket for each in self._news):
                    break
        client.disconnect()
        self.drop()

    # Inside.

    def _move(self, client: _Client) -> None:
        try:
            client.loop_read()
            if client.want_write():
                client.loop_write()
            now = self._clock()
            if now - self._misc_at >= _MISC_SECONDS:
                self._misc_at = now
                client.loop_misc()
        except _MALFORMED as error:
            self._news.append(ConnectionLost(f"the broker sent something that is not MQTT: {error}"))

    def _fresh_client(self) -> _Client:
        settings = self._settings
        client = _Client(
            CallbackAPIVersion.VERSION2,
            client_id=settings.client_id,
            protocol=_PROTOCOLS[settings.protocol],
            reconnect_on_failure=False,
        )
        client.max_inflight_messages_set(0)  # The window is kept by the pump; a limit here would only queue behind it.
        client.connect_timeout = settings.connect_seconds_max
        if self._context is not None:
            client.handshake_context = self._context
            client.handshake_seconds_max = settings.connect_seconds_max
            client.tls_set_context(self._context)
        if settings.username:
            client.username_pw_set(settings.username, settings.password or None)
        if settings.will_topic:
            client.will_set(settings.will_topic, settings.will_payload, 1, True)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_publish = self._on_publish
        client.on_message = self._on_message
        client.on_subscribe = self._on_subscribe
        return client

    def _on_connect(
        self, client: mqtt.Client, _: Any, flags: mqtt.ConnectFlags, reason: ReasonCode, properties: Any
    ) -> None:
        if not reason.is_failure:
            self._news.append(Connected(_receive_maximum(properties)))
            if self._settings.subscriptions:
                client.subscribe([(topic, 1) for topic in self._settings.subscriptions])
        elif reason.value in _PASSING_REASONS:
            self._news.append(ConnectionLost(f"the broker answered: {reason}"))
        else:
            self._news.append(ConnectionDenied(f"the broker answered: {reason}", _CREDENTIAL_HINT))

    def _on_disconnect(
        self, client: mqtt.Client, _: Any, flags: mqtt.DisconnectFlags, reason: ReasonCode, properties: Any
    ) -> None:
        if flags.is_disconnect_packet_from_server and reason.value == _TAKEN_OVER:
            self._news.append(ConnectionDenied("another gateway connected under this name", _TWIN_HINT))
        else:
            self._news.append(ConnectionLost(str(reason)))

    def _on_publish(self, client: mqtt.Client, _: Any, mid: int, reason: ReasonCode, properties: Any) -> None:
        self._news.append(Acknowledged(mid, reason.value))

    def _on_message(self, client: mqtt.Client, _: Any, message: mqtt.MQTTMessage) -> None:
        if len(message.payload) > limits.HEARD_BYTES_MAX:
            detail = f"a message of {len(message.payload)} bytes was not read"
            self._news.append(Objection(detail, _HEARD_HINT))
        else:
            self._news.append(Heard(message.topic, bytes(message.payload), bool(message.retain)))

    def _on_subscribe(self, client: mqtt.Client, _: Any, mid: int, reasons: list[ReasonCode], properties: Any) -> None:
        if any(reason.is_failure for reason in reasons):
            self._news.append(Objection("the broker refused a subscription", _SUBSCRIPTION_HINT))
        else:
            self._news.append(Listening())


def _silence(client: _Client) -> None:
    """paho's own clean-up, when the client is collected, must not become news of the next connection."""
    client.on_disconnect = None
    client.on_publish = None
    client.on_message = None


def _receive_maximum(properties: Any) -> int | None:
    """MQTT 5: how many unacknowledged messages the broker takes."""
    if not isinstance(properties, Properties) or properties.packetType != PacketTypes.CONNACK:
        return None
    return cast("int | None", getattr(properties, "ReceiveMaximum", None))
