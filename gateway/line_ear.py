"""The ear of the line: takes what the broker's subscription brings, in the pump's thread, and reads it within bounds.

The main loop gets one note in its inbox however many messages come (a flood must not crowd scans out, I6), and then
takes the newest message of each gateway.
"""

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from pydantic import ValidationError

from floor.limits import STATE_BYTES_MAX
from floor.line_state import GatewayState
from gateway.hearsay import Hearing
from gateway.limits import LINE_GATEWAYS_MAX, LINE_MESSAGES_PER_SECOND_MAX
from sync.broker_ports import Heard


@dataclass(frozen=True, slots=True)
class LineSpoke:
    """To the main loop: the ear has something."""


class Ear:
    """`place`: the topic levels of this line, `own_name`: whose messages are an echo. `put` hands a note to the inbox;
    `clock` is seconds of the boot clock."""

    def __init__(self, place: str, own_name: str, put: Callable[[object], bool], clock: Callable[[], float]) -> None:
        self._place = place
        self._own_name = own_name
        self._put = put
        self._clock = clock
        self._lock = threading.Lock()
        self._waiting: dict[str, Hearing] = {}
        self._noted = False
        self._second = float("-inf")
        self._read_in_second = 0
        self._refused: Counter[str] = Counter()
        self._refused_ever: Counter[str] = Counter()

    @property
    def subscription(self) -> str:
        """The topics to listen to: the states of this line's gateways."""
        return f"{self._place}/+/state"

    def __call__(self, heard: Heard) -> None:
        """Take one message; never raises for any content."""
        speaker = self._speaker(heard.topic)
        if speaker == self._own_name:
            return
        now = self._clock()
        hearing, fault = self._read(speaker, heard, now)
        with self._lock:
            if hearing is not None and speaker not in self._waiting and len(self._waiting) >= LINE_GATEWAYS_MAX:
                fault = "crowd"
            if hearing is None or fault:
                self._count(fault)
            else:
                self._waiting[speaker] = hearing
            if not self._noted:
                self._noted = self._put(LineSpoke())

    def refuse(self, fault: str) -> None:
        """One more was not taken, as the main loop found."""
        with self._lock:
            self._count(fault)

    def take(self) -> list[Hearing]:
        """The newest message of each gateway since the last call."""
        with self._lock:
            self._noted = False
            waiting, self._waiting = self._waiting, {}
        return list(waiting.values())

    def take_refused(self) -> int:
        """How many messages were not taken since the last call."""
        with self._lock:
            count = self._refused.total()
            self._refused.clear()
        return count

    def refused(self) -> dict[str, int]:
        """How many messages were not taken since the start, by why."""
        with self._lock:
            return dict(self._refused_ever)

    def _count(self, fault: str) -> None:
        self._refused[fault] += 1
        self._refused_ever[fault] += 1

    def _speaker(self, topic: str) -> str:
        """The gateway that a topic of this line stands for; empty for any other topic."""
        before, _, leaf = topic.rpartition("/")
        place, _, name = before.rpartition("/")
        return name if leaf == "state" and place == self._place else ""

    def _read(self, speaker: str, heard: Heard, now: float) -> tuple[Hearing | None, str]:
        """The message, or why it is not taken."""
        if not speaker:
            return None, "foreign"
        if len(heard.payload) > STATE_BYTES_MAX:
            return None, "long"
        if not self._in_time(now):
            return None, "flood"
        if not heard.payload:
            return Hearing(speaker, None, now), ""
        try:
            said = GatewayState.model_validate_json(heard.payload)
        except ValidationError:
            return None, "nonsense"
        if said.gateway != speaker:
            return None, "speaker"
        return Hearing(speaker, said, now, heard.retained), ""

    def _in_time(self, now: float) -> bool:
        if now - self._second >= 1.0:
            self._second, self._read_in_second = now, 0
        self._read_in_second += 1
        return self._read_in_second <= LINE_MESSAGES_PER_SECOND_MAX
