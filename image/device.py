"""What one device is told on its device partition: `lineside.toml` (who it is, its server, its network) and
`authorized_keys` (who may come in by SSH).

Pure: text in, text out. The names of the settings are those that the first start on the device reads.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

SETTINGS_FILE = "lineside.toml"
KEYS_FILE = "authorized_keys"
FILE_BYTES_MAX = 65_536
PUBLIC_KEY = re.compile(r"(ssh-ed25519|ecdsa-sha2-nistp\d+|ssh-rsa|sk-[a-z0-9@.-]+) [A-Za-z0-9+/=]+( [^\n\r]*)?")

Value = str | list[str]


@dataclass(frozen=True)
class Setting:
    """An option of scripts/flash and where its value stands in the file."""

    table: str
    key: str
    help: str
    many: bool = False


SETTINGS = {
    "name": Setting("gateway", "name", "the gateway's name, as the office entered it"),
    "site": Setting("gateway", "site", "first level of the topics"),
    "area": Setting("gateway", "area", "second level"),
    "line": Setting("gateway", "line", "third level"),
    "server": Setting("central", "url", "the server's https address"),
    "code": Setting("central", "code", "the one-time code of enrolment, from the office page"),
    "pin": Setting("central", "pin", "the server's key, as the office page shows it beside the code"),
    "address": Setting("network", "address", "an address of its own, such as 10.0.0.5/24; default: DHCP", True),
    "router": Setting("network", "router", "the way out, with --address"),
    "dns": Setting("network", "dns", "a name server, with --address", True),
    "ntp": Setting("network", "ntp", "a time server; default: DHCP", True),
    "wifi-name": Setting("network.wifi", "ssid", "the Wi-Fi to join"),
    "wifi-password": Setting("network.wifi", "password", "its password; - asks for it"),
    "wifi-country": Setting("network.wifi", "country", "the country, two letters: which channels are allowed"),
}


def settings_text(given: Mapping[str, Value], stations: list[str]) -> str:
    """The file for these options and stations."""
    tables: dict[str, list[str]] = {}
    for name, value in given.items():
        setting = SETTINGS[name]
        tables.setdefault(setting.table, []).append(f"{setting.key} = {quoted(value)}")
    blocks = [f"[{table}]\n" + "\n".join(lines) for table, lines in sorted(tables.items())]
    blocks += [f"[[station]]\nid = {quoted(each)}" for each in stations]
    return "\n\n".join(blocks) + "\n" if blocks else ""


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
        return ["there is no key in it"]
    return [f"line {number} is no public key" for number, line in enumerate(lines, 1) if not PUBLIC_KEY.fullmatch(line)]
