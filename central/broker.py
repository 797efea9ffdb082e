"""`lineside central broker`: mosquitto as our own child process with the plant's accounts, never the system's service.

Passwords and rights come from the database and are told to mosquitto when they change. Records do not need the broker.
"""

import ctypes
import getpass
import logging
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time

from sqlalchemy import select

from central.broker_files import (
    OFFICE,
    READER,
    BrokerAccount,
    configuration,
    passwords,
    rights,
    write_private,
)
from central.config import CentralConfig
from central.database import Database
from central.ending import Ending
from central.enrolment import mosquitto_hash
from central.errors import BrokerUnreachable, DatabaseUnreachable
from central.limits import BROKER_RESTART_SECONDS_MAX, BROKER_RESTART_SECONDS_MIN
from central.log_lines import begin_log
from central.models import Gateway
from central.nudges import Nudges, Voice, tell_all
from central.opening import open_database
from central.serving import tell
from central.snapshots import current_head, current_master

LOOK_SECONDS = 1.0
"""How soon a new gateway may use the broker, and how soon a gateway is nudged."""

ANSWER_SECONDS = 0.02
READY_SECONDS_MAX = 10.0
STOP_SECONDS_MAX = 10.0
PR_SET_PDEATHSIG = 1

log = logging.getLogger("lineside.broker")


class Broker:
    """The child process and its files in `folder`/broker."""

    def __init__(self, config: CentralConfig, database: Database) -> None:
        self._config = config
        self._database = database
        self._folder = config.folder / "broker"
        self._process: subprocess.Popen[bytes] | None = None
        self._seen: tuple[object, ...] = ()
        self._restart_at = 0.0
        self._pause = BROKER_RESTART_SECONDS_MIN
        self._started_at = 0.0
        program = shutil.which(config.broker.program) or shutil.which(
            config.broker.program, path="/usr/sbin:/usr/local/sbin"
        )
        if program is None:
            raise BrokerUnreachable(f"{config.broker.program} is not installed")
        self._program = program
        self.port = config.broker.port or _free_port(config.broker.host)
        # In memory alone: mosquitto is our child, and is told a new one with each start of this process.
        self._office_password = secrets.token_urlsafe(32)
        self._voice = Voice(config.broker.host, self.port, OFFICE, self._office_password)
        self._nudges = Nudges(database.plant)
        for path in (self._folder, self._folder / "kept"):
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.chmod(0o700)

    @property
    def reader_password(self) -> str:
        """The password of the account that may only read, in a file that only this user reads; made once."""
        path = self._folder / "reader.password"
        if not path.exists():
            write_private(path, secrets.token_urlsafe(32) + "\n")
        return path.read_text(encoding="utf-8").strip()

    def write_files(self) -> bool:
        """Whether passwords or rights changed."""
        with self._database.read() as session:
            plant = self._database.plant
            rows = session.execute(
                select(Gateway.name, Gateway.mqtt_hash)
                .where(Gateway.plant == plant, Gateway.mqtt_hash.is_not(None))
                .order_by(Gateway.name)
            ).all()
            seen = (current_head(session, plant), tuple(tuple(row) for row in rows))
            if seen == self._seen:
                return False
            master = current_master(session, plant)
        accounts = [
            BrokerAccount(READER, _same_hash(self.reader_password)),
            BrokerAccount(OFFICE, _same_hash(self._office_password)),
        ]
        accounts += [BrokerAccount(row.name, row.mqtt_hash or "") for row in rows if row.name != READER]
        names = [row.name for row in rows if row.name != READER]
        changed = write_private(self._folder / "passwords", passwords(accounts))
        changed = write_private(self._folder / "rights", rights(names, master)) or changed
        self._seen = seen
        return changed

    def start(self) -> None:
        """Start the child and wait until its port answers. Raises BrokerUnreachable."""
        self.write_files()
        text = configuration(self._config.broker, self.port, self._folder, getpass.getuser())
        write_private(self._folder / "mosquitto.conf", text)
        self._process = subprocess.Popen(
            [self._program, "-c", str(self._folder / "mosquitto.conf")],
            stdin=subprocess.DEVNULL,
            cwd=self._folder,
            preexec_fn=_die_with_parent,
        )
        self._started_at = time.monotonic()
        deadline = self._started_at + READY_SECONDS_MAX
        while not self._answers():
            if _ended(self._process, ANSWER_SECONDS) or time.monotonic() > deadline:
                self.stop()
                raise BrokerUnreachable(f"mosquitto does not answer at {self._config.broker.host}:{self.port}")

    def _answers(self) -> bool:
        try:
            socket.create_connection((self._config.broker.host, self.port), timeout=1).close()
        except OSError:
            return False
        return True

    def step(self, now: float) -> float:
        """Tell mosquitto of changes, start it again when it died. `now`: seconds of the monotonic clock."""
        process = self._process
        if process is not None and process.poll() is None:
            if self.write_files():
                process.send_signal(signal.SIGHUP)
            if now - self._started_at > BROKER_RESTART_SECONDS_MAX:
                self._pause = BROKER_RESTART_SECONDS_MIN
            self._nudge(now)
            return now + LOOK_SECONDS
        if process is not None:
            log.error("mosquitto ended with %s", process.returncode)
            self._process, self._restart_at = None, now + self._pause
            self._pause = min(BROKER_RESTART_SECONDS_MAX, 2 * self._pause)
        if now < self._restart_at:
            return self._restart_at
        try:
            self.start()
        except BrokerUnreachable as fault:
            log.error("%s", fault)
            self._restart_at = now + self._pause
            self._pause = min(BROKER_RESTART_SECONDS_MAX, 2 * self._pause)
            return self._restart_at
        return now + LOOK_SECONDS

    def _nudge(self, now: float) -> None:
        """Tell gateways for whom something new is at the office, as soon as the broker hears us."""
        with self._database.read() as session:
            self._nudges.look(session)
        if self._voice.step(now):
            tell_all(self._nudges, self._voice.say, now)

    def stop(self) -> None:
        """In order, so that mosquitto writes what it keeps."""
        self._voice.close()
        process, self._process = self._process, None
        if process is None:
            return
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(STOP_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _same_hash(password: str) -> str:
    """The same salt each time, so that the file changes only when an account does."""
    return mosquitto_hash(password, password.encode()[:12])


def _ended(process: "subprocess.Popen[bytes]", seconds: float) -> bool:
    """Whether the child ends within so many seconds."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def _die_with_parent() -> None:
    """In the child: a broker whose supervisor was killed must not keep the port."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _free_port(host: str) -> int:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def broker_until_signal(config: CentralConfig) -> None:
    """Prints `broker ready mqtt://HOST:PORT` once mosquitto answers."""
    begin_log(config.log)
    ending = Ending()
    os.umask(0o077)
    database = open_database(config)
    broker = Broker(config, database)
    try:
        broker.start()
        tell(f"broker ready mqtt://{config.broker.host}:{broker.port}")
        wake = 0.0
        while not ending.wait(min(LOOK_SECONDS, wake - time.monotonic())):
            try:
                wake = broker.step(time.monotonic())
            except DatabaseUnreachable as fault:
                log.error("%s", fault)
                wake = time.monotonic() + LOOK_SECONDS
    finally:
        broker.stop()
        database.close()
