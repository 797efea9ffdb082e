"""What one device is told on its device partition, in the folder `lineside`: `gateway.toml` (who it is, its server),
`enrolment.toml` (its one-time code), `network.toml`, and `authorized_keys` (who may come in by SSH).

Text in, text out. The gateway's own readers judge what they will read, and `image.network_rules` what the network will
be told, so a card with a fault in it is never written.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from gateway.config import parse
from gateway.device_checks import check_words
from gateway.errors import ConfigRefused
from gateway.joining import Order
from image.network_rules import network_faults

FOLDER = "lineside"
GATEWAY, ENROLMENT, NETWORK, KEYS = "gateway.toml", "enrolment.toml", "network.toml", "authorized_keys"
FILE_BYTES_MAX = 65_536
PUBLIC_KEY = re.compile(r"(ssh-ed25519|ecdsa-sha2-nistp\d+|ssh-rsa|sk-[a-z0-9@.-]+) [A-Za-z0-9+/=]+( [^\n\r]*)?")

Value = str | list[str]


@dataclass(frozen=True)
class Setting:
    """An option of scripts/flash and where its value stands: file, table (empty: at the top) and key."""

    file: str
    table: str
    key: str
    help: str
    many: bool = False


SETTINGS = {
    "name": Setting(GATEWAY, "gateway", "name", "the gateway's name, as the office entered it"),
    "site": Setting(GATEWAY, "gateway", "site", "first level of the topics"),
    "area": Setting(GATEWAY, "gateway", "area", "second level"),
    "line": Setting(GATEWAY, "gateway", "line", "third level"),
    "server": Setting(GATEWAY, "central", "url", "the server's address"),
    "pin": Setting(GATEWAY, "central", "pin", "the server's key, as `lineside central ca pin` prints it", True),
    "broker": Setting(GATEWAY, "mqtt", "host", "the broker's host"),
    "code": Setting(ENROLMENT, "", "code", "the one-time code of enrolment, from the office page"),
    "address": Setting(NETWORK, "", "address", "an address of its own, such as 10.0.0.5/24; default: DHCP", True),
    "router": Setting(NETWORK, "", "router", "the way out, with --address"),
    "dns": Setting(NETWORK, "", "dns", "a name server, with --address", True),
    "ntp": Setting(NETWORK, "", "ntp", "a time server; default: DHCP", True),
    "wifi-name": Setting(NETWORK, "wifi", "ssid", "the Wi-Fi to join"),
    "wifi-password": Setting(NETWORK, "wifi", "password", "its password; - asks for it"),
    "wifi-country": Setting(NETWORK, "wifi", "country", "the country, two letters: which channels are allowed"),
}


class DeviceRefused(Exception):
    """What was given cannot be a device's settings; the message says what, one fault a line."""


def device_files(
    given: Mapping[str, Value], stations: list[str], keys: str = "", gateway_text: str = ""
) -> dict[str, str]:
    """The files for these options. `gateway_text`: a ready gateway.toml in place of the options that make one. Raises
    DeviceRefused."""
    files = {}
    for file in (GATEWAY, ENROLMENT, NETWORK):
        chosen = {name: value for name, value in given.items() if SETTINGS[name].file == file}
        text = settings_text(chosen, stations if file == GATEWAY else [])
        if file == GATEWAY and gateway_text:
            if text:
                raise DeviceRefused("a ready gateway.toml stands for all its settings: give one or the other")
            text = gateway_text
        if text:
            files[file] = text
    faults = file_faults(files)
    if faults:
        raise DeviceRefused("\n".join(faults))
    if keys:
        faults = key_faults(keys)
        if faults:
            raise DeviceRefused("\n".join(faults))
        files[KEYS] = keys
    for name, text in files.items():
        if len(text.encode()) > FILE_BYTES_MAX:
            raise DeviceRefused(f"{name}: more than {FILE_BYTES_MAX} bytes")
    return files


def file_faults(files: Mapping[str, str]) -> list[str]:
    """What the station would refuse or leave out of these files, each with its reason."""
    faults, server = [], ""
    if GATEWAY in files:
        try:
            server = parse(files[GATEWAY], check_words).central.url
        except ConfigRefused as error:
            faults.append(f"{GATEWAY}: {error}")
    if ENROLMENT in files:
        try:
            Order.model_validate(tomllib.loads(files[ENROLMENT]))
        except ValidationError as error:
            told = error.errors(include_input=False, include_url=False, include_context=False)[0]["msg"]
            faults.append(f"{ENROLMENT}: code: {told}")
        if not server and not faults:
            faults.append(f"{ENROLMENT}: a code is for a server, and none is named: give --server with it")
    if NETWORK in files:
        faults += [f"{NETWORK}: {each}" for each in network_faults(tomllib.loads(files[NETWORK]))]
    return faults


def settings_text(given: Mapping[str, Value], stations: list[str]) -> str:
    """One file of these options and stations."""
    tables: dict[str, list[str]] = {}
    for name, value in given.items():
        setting = SETTINGS[name]
        tables.setdefault(setting.table, []).append(f"{setting.key} = {quoted(value)}")
    blocks = [(f"[{table}]\n" if table else "") + "\n".join(lines) for table, lines in sorted(tables.items())]
    blocks += [f"[[station]]\nid = {quoted(each)}" for each in stations]
    text = "\n\n".join(blocks) + "\n" if blocks else ""
    tomllib.loads(text)
    return text


def quoted(value: Value) -> str:
    """A text, or a list of texts, as TOML; control characters are written out, so a value never ends its line."""
    if isinstance(value, list):
        return f"[{', '.join(quoted(each) for each in value)}]"
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + re.sub(r"[\x00-\x1f\x7f]", lambda found: f"\\u{ord(found[0]):04x}", escaped) + '"'


def key_faults(text: str) -> list[str]:
    """Lines that are no public keys. A private key given by mistake must not go onto a card."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if not lines:
        return ["there is no key in the file of keys"]
    return [f"line {number} is no public key" for number, line in enumerate(lines, 1) if not PUBLIC_KEY.fullmatch(line)]
