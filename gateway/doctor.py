"""`lineside doctor`: look at everything a gateway needs and say, line by line, what is wrong and who mends it."""

import json
import os
import socket
import sqlite3
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

import click

from gateway import limits
from gateway.assigned import assigned_faults, with_assigned
from gateway.clock import synchronised
from gateway.commands import DEFAULT_CONFIG
from gateway.config import Config, device_places
from gateway.config import read as read_config
from gateway.device_checks import check_device, check_words
from gateway.errors import GatewayError
from gateway.journal import FILE_NAME
from gateway.journal_reader import JournalReader, check
from gateway.salvage import damaged_folders
from gateway.wished_settings import with_wished

CONNECT_SECONDS_MAX = 3.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `verdict`: good, warning, fault."""

    name: str
    verdict: str
    detail: str
    hint: str = ""


@click.command()
@click.option("--config", type=click.Path(path_type=Path), default=DEFAULT_CONFIG, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print a list of {name, verdict, detail, hint}.")
def doctor(config: Path, as_json: bool) -> None:
    """Look at everything the gateway needs; exit code 1 when something is a fault."""
    found = list(examine(config))
    if as_json:
        click.echo(json.dumps([asdict(each) for each in found], ensure_ascii=False, indent=2))
    else:
        for each in found:
            click.echo(f"{each.verdict:8} {each.name:14} {each.detail}")
            if each.hint and each.verdict != "good":
                click.echo(f"{'':23} -> {each.hint}")
    sys.exit(any(each.verdict == "fault" for each in found))


def examine(path: Path) -> Iterator[Finding]:
    """Every finding, in the order in which one would mend them."""
    try:
        config = read_config(path, check_device)
    except GatewayError as error:
        yield Finding("configuration", "fault", str(error).replace("\n", "; "), error.hint)
        return
    yield Finding("configuration", "good", f"{path}: gateway {config.gateway.name}, {len(config.station)} stations")
    for fault in assigned_faults(config, check_device):
        yield Finding("assigned device", "fault", fault, "Remove it on the set-up page, or delete the file.")
    config, _, unfit = with_wished(config, check_words)
    for fault in unfit:
        yield Finding("office settings", "fault", fault, "The office publishes others; the gateway runs without them.")
    config, _ = with_assigned(config, check_words)
    yield _sqlite()
    yield _folder(config)
    yield from _journal(config)
    yield from _damaged(config)
    yield _clock()
    yield from _credential(config)
    yield from _reachable(config)
    yield from _devices(config)
    yield from _added_kinds(config)


def _sqlite() -> Finding:
    text = f"SQLite {sqlite3.sqlite_version}"
    if sqlite3.sqlite_version_info >= (3, 51, 3):
        return Finding("sqlite", "good", text)
    # Source: https://sqlite.org/wal.html#walresetbug; harmless with one writing connection, which is ours.
    return Finding("sqlite", "good", f"{text}: never let another program write or checkpoint the journal")


def _folder(config: Config) -> Finding:
    folder = config.gateway.folder
    probe = folder / ".doctor"
    try:
        probe.write_bytes(b"x")
        probe.unlink()
        stat = os.statvfs(folder)
    except OSError as error:
        return Finding("folder", "fault", f"{folder}: {error}", "Create it and give it to the gateway's user.")
    free = stat.f_bavail * stat.f_frsize
    needed = config.gateway.free_bytes_min
    text = f"{folder}: {free // 2**20} MiB free"
    if free < needed:
        return Finding("folder", "fault", text, "Free space: the station refuses scans.")
    if free < needed + config.gateway.journal_bytes_max:
        return Finding("folder", "warning", text, "The journal may need more before its own cap: use a larger card.")
    return Finding("folder", "good", text)


def _journal(config: Config) -> Iterator[Finding]:
    path = config.gateway.folder / FILE_NAME
    if not path.exists():
        yield Finding("journal", "good", "none yet: it is made at the first start")
        return
    try:
        with JournalReader(path) as reader:
            newest = reader.newest()
            faults = list(check(reader, max(0, newest - limits.TAIL_RECORDS_CHECKED)))
            entries = reader.epochs()
            owner = reader.gateway_name
    except (GatewayError, sqlite3.DatabaseError) as error:
        yield Finding("journal", "fault", str(error), "Keep the file and run `lineside journal verify` on a copy.")
        return
    waiting = sum(max(0, entry.last - max(entry.mark, entry.floor)) for entry in entries)
    text = f"{newest} records kept, {waiting} not yet at the office, {len(entries)} epochs"
    if owner != config.gateway.name:
        yield Finding("journal", "fault", f"it belongs to gateway {owner!r}", "Restore the name in the configuration.")
    elif faults:
        yield Finding("journal", "fault", faults[0], "Keep the file and run `lineside journal verify` on a copy.")
    else:
        yield Finding("journal", "good", text)


def _damaged(config: Config) -> Iterator[Finding]:
    for folder in damaged_folders(config.gateway.folder):
        hint = "Replace the card if it is not the first; docs/damaged-journal.md says when the folder may be deleted."
        yield Finding("damaged journal", "warning", f"kept in {folder}; its readable records are in the journal", hint)


def _clock() -> Finding:
    if synchronised():
        return Finding("clock", "good", "held by NTP")
    hint = "Times are marked and corrected later; check NTP and the network."
    return Finding("clock", "warning", "not synchronised", hint)


def _credential(config: Config) -> Iterator[Finding]:
    if not config.central.url:
        return
    path = config.token_path
    if not path.exists():
        hint = "Ask the office for a code, then run `lineside gateway enrol`."
        yield Finding("credential", "fault", f"{path} is missing", hint)
    elif path.stat().st_mode & 0o077:
        yield Finding("credential", "fault", f"others can read {path}", f"chmod 600 {path}, then enrol anew.")
    else:
        yield Finding("credential", "good", str(path))


def _reachable(config: Config) -> Iterator[Finding]:
    targets: list[tuple[str, str, int]] = []
    if config.central.url:
        parts = urlsplit(config.central.url)
        targets.append(("server", parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)))
    if config.mqtt.host:
        targets.append(("broker", config.mqtt.host, config.mqtt.port))
    for name, host, port in targets:
        yield _connects(name, host, port)


def _connects(name: str, host: str, port: int) -> Finding:
    try:
        socket.create_connection((host, port), CONNECT_SECONDS_MAX).close()
    except OSError as error:
        hint = "Records wait on the card; check network, address and the other end."
        return Finding(name, "warning", f"{host}:{port}: {error}", hint)
    return Finding(name, "good", f"{host}:{port} answers")


def _devices(config: Config) -> Iterator[Finding]:
    """Ports and input devices that the configuration names by path are looked for."""
    for place in device_places(config):
        path = place.settings.get("path")
        if isinstance(path, str) and path.startswith("/dev/"):
            yield _device(place.where, path)


def _device(name: str, path: str) -> Finding:
    if not os.path.exists(path):
        return Finding(name, "warning", f"{path} is not there", "Plug it in; the station finds it by itself.")
    if not os.access(path, os.R_OK):
        hint = "Add the gateway's user to the groups input and dialout."
        return Finding(name, "fault", f"{path} cannot be read", hint)
    return Finding(name, "good", path)


def _added_kinds(config: Config) -> Iterator[Finding]:
    """Kinds that other packages add. One that is broken and configured is told with the configuration already."""
    from devices.added_kinds import installed
    from devices.errors import DeviceError
    from devices.kinds import KINDS

    used = {place.kind for place in device_places(config)}
    for added in installed():
        name = f"kind {added.name}"
        if added.name in KINDS:
            yield Finding(name, "warning", f"{added.package} uses a name of ours, and is ignored", "Tell its makers.")
            continue
        try:
            added.load()
        except DeviceError as error:
            yield Finding(name, "warning", str(error), error.hint)
            continue
        yield Finding(name, "good", f"{added.package}, {'configured' if added.name in used else 'not configured'}")
