"""The MQTT client of a button or a lamp. Callbacks of the library only hand on; nothing is queued inside it."""

from __future__ import annotations

from typing import Final

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from devices.errors import DeviceGone
from devices.settings import BrokerSettings

CONNECT_TIMEOUT_SECONDS: Final = 3.0
PASSWORD_BYTES_MAX: Final = 1024


def make_client(settings: BrokerSettings) -> mqtt.Client:
    """A client that is set up and not connected. Raises DeviceGone when a file it needs cannot be read."""
    client = mqtt.Client(
        CallbackAPIVersion.VERSION2, client_id=settings.client_id, clean_session=True, reconnect_on_failure=False
    )
    client.connect_timeout = CONNECT_TIMEOUT_SECONDS
    client.max_queued_messages_set(1)
    try:
        if settings.username:
            client.username_pw_set(settings.username, _password(settings.password_file))
        if settings.tls_ca_file:
            client.tls_set(ca_certs=settings.tls_ca_file)
    except OSError as fault:
        raise DeviceGone(f"A file of the broker's settings cannot be read: {fault.strerror}.") from fault
    return client


def _password(path: str) -> str | None:
    if not path:
        return None
    with open(path, encoding="utf-8") as file:
        return file.readline(PASSWORD_BYTES_MAX).rstrip("\r\n")
