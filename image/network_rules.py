"""What a station takes of its network.toml: its own program leaves out what does not fit, so a card with such a value
would come up without the network that somebody meant.

Pure: values in, faults out.
"""

import ipaddress
import re
from collections.abc import Callable, Mapping
from typing import Any

COUNTRY = re.compile(r"[A-Z]{2}")
HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?")
NUMBERS = re.compile(r"[0-9.]+")
SSID_BYTES_MAX = 32


def network_faults(table: Mapping[str, Any]) -> list[str]:
    """Each value that the station would leave out, and why."""
    faults = [
        *_not_of(table, "address", _own_address, "no address with its network, such as 10.0.0.5/24"),
        *_not_of(table, "router", ipaddress.ip_address, "no address, such as 10.0.0.1"),
        *_not_of(table, "dns", ipaddress.ip_address, "no address, such as 10.0.0.1"),
        *_not_of(table, "ntp", _time_server, "neither an IPv4 address nor the name of a host"),
    ]
    return [*faults, *_wifi_faults(table["wifi"])] if "wifi" in table else faults


def _not_of(table: Mapping[str, Any], name: str, kind: Callable[[str], object], told: str) -> list[str]:
    given = table.get(name, [])
    faults = []
    for each in given if isinstance(given, list) else [given]:
        try:
            kind(each)
        except ValueError:
            faults.append(f"{name}: {each!r} is {told}")
    return faults


def _own_address(text: str) -> None:
    """Without its network no other machine would be near, the router neither."""
    if "/" not in text:
        raise ValueError(text)
    ipaddress.ip_interface(text)


def _time_server(text: str) -> None:
    if not HOST.fullmatch(text):
        raise ValueError(text)
    if NUMBERS.fullmatch(text):
        ipaddress.IPv4Address(text)


def _wifi_faults(wifi: Mapping[str, str]) -> list[str]:
    faults = []
    if not 1 <= len(wifi.get("ssid", "").encode()) <= SSID_BYTES_MAX:
        faults.append(f"wifi.ssid: the Wi-Fi's name is needed, of 1 to {SSID_BYTES_MAX} bytes")
    if not COUNTRY.fullmatch(wifi.get("country", "")):
        faults.append("wifi.country: the country is needed, two capital letters such as DE: it allows the channels")
    password = wifi.get("password")
    if password is not None and not (8 <= len(password) <= 63 and password.isascii() and password.isprintable()):
        faults.append("wifi.password: it has 8 to 63 ASCII characters; an open Wi-Fi has none, so leave it out then")
    return faults
