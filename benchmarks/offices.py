"""Servers for the gateway to send to: one that only answers receipts, a bare one, and the product's own."""

import json
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.content import GATEWAY_NAME
from benchmarks.readings import NothingCame, wait_until
from simulation.plant import free_port
from simulation.processes import Process, lineside

START_SECONDS_MAX = 60.0


def answers(port: int) -> bool:
    """Whether somebody listens on loopback."""
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


@contextmanager
def _served(process: Process, port: int) -> Iterator[str]:
    process.start()
    try:
        wait_until(f"{process.name} on port {port}", lambda: answers(port) or not process.alive, START_SECONDS_MAX)
        if not process.alive:
            raise NothingCame(f"{process.name} ended:\n{process.tail()}")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.stop()


@contextmanager
def receipt_office(folder: Path) -> Iterator[str]:
    """Takes every batch and answers its receipt; its address."""
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.receipt_server", str(port)]
    with _served(Process("receipt server", command, folder / "receipts.log"), port) as url:
        yield url


@contextmanager
def bare_office(folder: Path) -> Iterator[str]:
    """Flask under waitress, one SQLite transaction for each batch; its address."""
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.bare_server", str(port), str(folder / "bare-office.sqlite")]
    with _served(Process("bare server", command, folder / "bare-office.log"), port) as url:
        yield url


def lay_out(folder: Path, database_url: str = "") -> tuple[Path, str]:
    """A new folder with the configuration of the product's server: (configuration, address)."""
    folder.mkdir(parents=True)
    port, config = free_port(), folder / "central.toml"
    lines = [f"folder = {json.dumps(str(folder / 'central'))}", f"port = {port}"]
    if database_url:
        lines.append(f"database = {json.dumps(database_url)}")
    config.write_text("\n".join(lines) + "\n")
    config.chmod(0o600)
    return config, f"http://127.0.0.1:{port}"


@contextmanager
def own_office(folder: Path) -> Iterator[tuple[str, str]]:
    """The product's server with a database of its own, and a gateway enrolled there: (address, token)."""
    config, url = lay_out(folder)
    process = Process(
        "server", lineside("central", "serve", "--config", str(config)), folder / "central.log", "central ready"
    )
    process.start()
    try:
        process.wait_ready()
        yield url, _enrol(config, url, folder / "token-place")
    finally:
        process.stop()


def _enrol(config: Path, url: str, place: Path) -> str:
    said = _command("central", "enrol", "--config", str(config), GATEWAY_NAME)
    code = re.search(r"code\W+([A-Z0-9-]{8,64})", said, re.IGNORECASE)
    if code is None:
        raise NothingCame(f"the server gave no code: {said}")
    _command(
        "gateway", "enrol", "--url", url, "--name", GATEWAY_NAME, "--folder", str(place), "--code", "-", spoken=code[1]
    )
    return (place / "token").read_text().strip()


def _command(*arguments: str, spoken: str = "") -> str:
    done = subprocess.run(lineside(*arguments), input=spoken + "\n", capture_output=True, text=True, timeout=120)
    if done.returncode:
        raise NothingCame(f"lineside {' '.join(arguments[:2])} failed:\n{done.stdout}{done.stderr}")
    return done.stdout
