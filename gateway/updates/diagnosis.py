"""A diagnosis bundle: what the maintainer would look at, packed, bounded, and without secrets."""

import io
import json
import re
import subprocess
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from gateway import limits
from gateway.config import Config
from gateway.errors import GatewayError
from gateway.journal import FILE_NAME
from gateway.journal_reader import JournalReader
from gateway.wished_settings import told_configuration
from sync.wire import DIAGNOSIS_BYTES_MAX

UNITS: Final = ("lineside-gateway", "lineside-update")
LOG_SECONDS_MAX: Final = 20.0

_NAMED = re.compile(
    r"(?i)\b((?:[\w.-]{0,128}(?:pass(?:word|wd|phrase|code)|secret|token|api[_-]?key|credential|psk))|authorization|code)"
    r"((?:\\?[\"'])?\s*[=:]\s*)"
    # A quoted value ends at its own quote, in JSON within JSON with a backslash; any other at a space or comma.
    r"(?:(?P<quote>\\?[\"'])(?:(?!(?P=quote)|\n)(?:\\.|[^\\\n]))*(?P=quote)?"
    r"|(?:bearer\s+|basic\s+)?[^\s\"',]+)"
)
_ADDRESS = re.compile(r"(?i)\b([a-z][a-z0-9+.-]{0,15}://)[^\s/@:\"']{0,128}:[^\s/\"']{0,256}@")
"""A name and a password before a host; bounded, as a log may hold anything."""

_BEARER = re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}")
_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL)


def redacted(text: str, secrets: Iterable[str] = ()) -> str:
    """The text without the secrets that are known, and without what is named like one."""
    for each in secrets:
        if len(each) >= 4:
            text = text.replace(each, "***")
    text = _KEY.sub("*** private key ***", text)
    text = _BEARER.sub(r"\1 ***", text)
    text = _ADDRESS.sub(r"\1***@", text)
    return _NAMED.sub(lambda found: f"{found[1]}{found[2]}{found['quote'] or ''}***{found['quote'] or ''}", text)


def secrets_of(config: Config) -> list[str]:
    """What this gateway must never tell: its token, and the password of the broker."""
    found = []
    for path in (config.token_path, config.mqtt.password_file):
        try:
            found.append(path.read_text().strip() if path is not None else "")
        except OSError:
            continue
    return [each for each in found if each]


def diagnosis(config: Config, parts: Mapping[str, Any], logs: Mapping[str, str], bytes_max: int) -> bytes:
    """The packed bundle. `parts`: JSON values by name; `logs`: texts by name, of which the older lines are left out
    until the whole fits."""
    secrets = secrets_of(config)
    count = limits.DIAGNOSIS_LINES_MAX
    while True:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as bundle:
            for name, value in parts.items():
                text = json.dumps(value, ensure_ascii=False, indent=1, default=str)
                bundle.writestr(f"{name}.json", redacted(text[:bytes_max], secrets))
            for name, text in logs.items():
                lines = text.splitlines()[-count:] if count else []
                bundle.writestr(f"{name}.log", redacted("\n".join(lines), secrets))
        if packed.tell() <= bytes_max or not count:
            return packed.getvalue()
        count //= 2


def gather(config: Config, config_path: Path, agent: Mapping[str, Any], health: object) -> bytes:
    """Everything of this gateway: what `lineside doctor` finds, its agent, its journal's epochs, its logs."""
    from dataclasses import asdict

    from gateway.doctor import examine

    parts = {
        "doctor": [asdict(each) for each in examine(config_path)],
        "agent": dict(agent),
        "gateway": health,
        "configuration": json.loads(told_configuration(config)),
        "journal": _journal(config),
        "machine": _machine(),
    }
    logs = {unit: _log(unit) for unit in UNITS}
    return diagnosis(config, parts, logs, DIAGNOSIS_BYTES_MAX)


def _journal(config: Config) -> Any:
    """Epochs and positions; no record's content leaves the station this way."""
    try:
        with JournalReader(config.gateway.folder / FILE_NAME) as reader:
            return {"epochs": [each._asdict() for each in reader.epochs()][-50:], "sinks": reader.positions()}
    except GatewayError as error:
        return {"fault": str(error)}


def _machine() -> dict[str, str]:
    found = {}
    for name in ("meminfo", "loadavg", "uptime", "mounts", "cmdline"):
        try:
            found[name] = Path("/proc", name).read_text("utf-8", "replace")[:8192]
        except OSError as error:
            found[name] = str(error)
    return found


def _log(unit: str) -> str:
    command = ["journalctl", "--no-pager", "-o", "short-iso", "-n", str(limits.DIAGNOSIS_LINES_MAX), "-u", unit]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LOG_SECONDS_MAX, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"no log: {error}"
    return done.stdout or f"no log: {done.stderr[:200]}"
