"""Enrolling a gateway that runs already: the station works, records wait on the card, and the office is tried again.

The first boot puts the one-time code into the gateway's folder; where no token lies, or a code beside it, `Joining` is
stepped by a thread of its own until the office has answered. Then the process ends in order, and its next start is an
enrolled one. A token that lies is used until then: whether it is still good is the office's to say.
"""

import logging
import tomllib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from pydantic import Field

from gateway.boot_codes import BY_KEY
from gateway.config import Config, Section
from gateway.enrolment import enrol_here
from gateway.errors import EnrolmentRefused
from gateway.limits import JOINING_LOOK_SECONDS, JOINING_RETRY_SECONDS_MAX, JOINING_RETRY_SECONDS_MIN
from sync.errors import ServerKeyRefused, ServerUnproven, SinkUnreachable, SyncError
from sync.ports import Post, SinkState
from sync.ports import SinkRefused as Told

log = logging.getLogger("lineside.joining")

ORDER_FILE = "enrolment.toml"
REFUSED_FILE = "enrolment.refused"
STATE_FILE = "joining"
"""The key of the code that stands (`gateway.boot_codes`), for the program that blinks it."""

FAULT_FILE = "enrolment.fault"
"""Why a file with a code could not be taken, from that program."""

_BY_STATUS = {403: "wrong_code", 409: "name_taken"}
"""What the office says no with. A name that is taken passes for a pump; here a person must act."""


ONE_LINE = 'The maintainer writes one line into the file: code = "ABCD-EFGH-JKLM".'


class Order(Section):
    """What the first boot found beside the configuration."""

    code: str = Field(min_length=8, max_length=64, description="The one-time code of the office.")


def read_order(path: Path) -> Order:
    """The code in a file. Raises EnrolmentRefused."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise EnrolmentRefused(f"{path}: {error}", ONE_LINE) from error
    return order_of(path, text)


def order_of(path: Path, text: str) -> Order:
    """The same of a text that lies at `path`."""
    try:
        return Order.model_validate(tomllib.loads(text))
    except (ValueError, RecursionError) as error:
        # A ValueError is also what is not TOML, or no order.
        raise EnrolmentRefused(f"{path}: {str(error).splitlines()[0]}", ONE_LINE) from error


def read_fault(path: Path) -> str:
    """What the first boot says of a file with a code that it cannot use; empty where it says nothing."""
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def key_of(error: SyncError, synchronised: Callable[[], bool]) -> str:
    """Which of the codes a refusal is. `synchronised`: whether the kernel vouches for the clock. A year tells nothing:
    systemd sets a clock without a battery to the day it was built."""
    if error.status in _BY_STATUS:
        return _BY_STATUS[error.status]
    if isinstance(error, SinkUnreachable):
        return "unreachable"
    if isinstance(error, ServerKeyRefused):
        return "wrong_key"
    if isinstance(error, ServerUnproven) and error.by_date and not synchronised():
        return "clock_unset"
    return "refused"


class Joining:
    """`step(now)` tries when it is time; None once it is enrolled. `synchronised`: see `key_of`."""

    def __init__(
        self,
        config: Config,
        post: Post,
        joined: Callable[[], None],
        jitter: Callable[[], float],
        synchronised: Callable[[], bool],
    ) -> None:
        self._config = config
        self._post = post
        self._joined = joined
        self._jitter = jitter
        self._synchronised = synchronised
        self._pause = JOINING_RETRY_SECONDS_MIN
        self._key = self._reason = ""
        self._folder = config.gateway.folder
        self._had = _identity(config.token_path)
        """The token that this process began with."""

    @property
    def key(self) -> str:
        """What stands in the way, a key of `gateway.boot_codes`; empty while nothing is known to."""
        return self._key

    def begin(self) -> bool:
        """Whether there is something to do beside the sinks. A code that was refused beside a token has had its say in
        the process before: what it had goes on, and nothing is in the way any more."""
        if self._had is None or (self._folder / ORDER_FILE).exists():
            return True
        for name in (REFUSED_FILE, STATE_FILE):
            with suppress(OSError):
                (self._folder / name).unlink(missing_ok=True)
        return False

    def step(self, now: float) -> float | None:
        """One try. The pause between two grows, with jitter: a whole plant may start together.

        A code that was refused is not tried again: five wrong tries would void the next code for this name, too.
        """
        if _identity(self._config.token_path) not in (None, self._had):
            self._done()
            return None
        if not (self._folder / ORDER_FILE).exists():
            self._tell_missing(now)
            return now + JOINING_LOOK_SECONDS
        try:
            self._enrol()
        except SyncError as error:
            key = key_of(error, self._synchronised)
            if key == "wrong_code":
                (self._folder / ORDER_FILE).replace(self._folder / REFUSED_FILE)
            hint = BY_KEY[key].act_en if key == "name_taken" else error.hint
            self._tell(key, str(error), hint, now)
        except EnrolmentRefused as error:
            self._tell("no_code", str(error), error.hint, now)
        except OSError as error:
            self._tell("card", str(error), "The maintainer looks at the gateway's data partition.", now)
        else:
            self._done()
            return None
        pause = self._pause * (0.5 + self._jitter() / 2)
        self._pause = min(self._pause * 2, JOINING_RETRY_SECONDS_MAX)
        return now + pause

    def _done(self) -> None:
        for name in (ORDER_FILE, REFUSED_FILE, STATE_FILE):
            with suppress(OSError):
                (self._folder / name).unlink(missing_ok=True)
        self._key = self._reason = ""
        log.info("enrolled at %s", self._config.central.url)
        self._joined()

    def _enrol(self) -> None:
        office, name = self._config.central, self._config.gateway.name
        code = read_order(self._folder / ORDER_FILE).code
        enrol_here(office.url, name, code, self._folder, office.ca_file, office.pin, self._config.token_path)

    def _tell_missing(self, now: float) -> None:
        key, fault = "no_code", read_fault(self._folder / FAULT_FILE)
        if (self._folder / REFUSED_FILE).exists() and not fault:
            key = "wrong_code"
            if key == self._key:
                # The office's own words say more.
                return
        self._tell(key, fault or BY_KEY[key].en, BY_KEY[key].act_en, now)

    def _tell(self, key: str, reason: str, hint: str, now: float) -> None:
        """To the screen and the lights by the main loop, and to who blinks the board's light. Beside a token the sinks
        themselves say whether the office is there."""
        told = f"{BY_KEY[key].number} · {reason}"
        same = key == self._key and (reason == self._reason or key == "unreachable")
        if same or not (self._had is not None or self._post(SinkState("central", False, told, now))):
            return
        if key != "unreachable":
            self._post(Told("central", told, hint))
        self._key, self._reason = key, reason
        try:
            (self._folder / STATE_FILE).write_text(key + "\n")
        except OSError as error:
            log.warning("the code cannot be told: %s", error)


def _identity(path: Path) -> tuple[int, int, int] | None:
    """Of the file that lies there: another one has another. None where none does."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
