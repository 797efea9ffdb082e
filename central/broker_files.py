"""What mosquitto is told: its configuration, passwords and rights, from the database. Pure but for writing files.

A gateway may write what is its own and what is of its stations; it may read the states of the lines it has stations in
(hearsay) and its own nudges, and nothing else. `reader` may only read. Only the office may nudge.
"""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from central.config import BrokerConfig
from central.limits import BROKER_MESSAGE_BYTES_MAX
from floor.master import MasterData
from floor.schemas import nudge_topic

READER = "reader"
OFFICE = "_office"
"""The account that nudges; no gateway can have such a name."""
ROOT = "lineside/v1"


@dataclass(frozen=True, slots=True)
class BrokerAccount:
    """A name and its password as mosquitto stores it."""

    name: str
    password_hash: str


def configuration(config: BrokerConfig, port: int, folder: Path, user: str) -> str:
    """mosquitto.conf. Kept on disk at each change: a broker that forgets what it confirmed loses notices."""
    lines = [
        f"user {user}",
        f"listener {port} {config.host}",
        "allow_anonymous false",
        f"password_file {folder / 'passwords'}",
        f"acl_file {folder / 'rights'}",
        "persistence true",
        f"persistence_location {folder / 'kept'}/",
        "autosave_interval 1",
        "autosave_on_changes true",
        "max_queued_messages 0",
        f"message_size_limit {BROKER_MESSAGE_BYTES_MAX}",
        "max_packet_size 262144",
        "persistent_client_expiration 30d",
        "log_dest stderr",
        "log_type error",
        "log_type warning",
        "connection_messages false",
    ]
    return "\n".join(lines) + "\n"


def passwords(accounts: Iterable[BrokerAccount]) -> str:
    """mosquitto's password file."""
    return "".join(f"{each.name}:{each.password_hash}\n" for each in accounts)


def rights(gateways: Sequence[str], master: MasterData) -> str:
    """mosquitto's access list. Names hold no wildcard: both data models forbid them."""
    stations = {each.id: each for each in master.stations}
    lines = [f"user {READER}", f"topic read {ROOT}/#", "topic read $SYS/#", ""]
    lines += [f"user {OFFICE}", f"topic write {ROOT}/nudge/+", ""]
    for name in gateways:
        own = [each for each in master.stations if each.gateway == name]
        places = dict.fromkeys((each.site, each.area, each.line) for each in own)
        lines += [f"user {name}", f"topic read {nudge_topic(name)}"]
        lines += [f"topic read {ROOT}/{'/'.join(place)}/+/state" for place in places]
        # Under a station's name its own gateway alone may write.
        if name not in stations or stations[name].gateway == name:
            lines.append(f"topic write {ROOT}/+/+/+/{name}/#")
        lines += [f"topic write {ROOT}/{each.site}/{each.area}/{each.line}/{each.id}/#" for each in own]
        lines.append("")
    return "\n".join(lines)


def write_private(path: Path, text: str) -> bool:
    """Whether it changed. Never readable by others, never half."""
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return False
    partial = path.with_name(path.name + ".part")
    handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as opened:
        opened.write(text)
        opened.flush()
        os.fsync(opened.fileno())
    os.replace(partial, path)
    return True
