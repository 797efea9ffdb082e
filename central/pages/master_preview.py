"""What publishing a file of master data would change, and where a checked file waits for the word.

A checked file waits in this process, for its owner, and not for long: nothing is kept that nobody asks for again.
"""

import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from central.release import Effects
from floor.master import MasterData
from floor.master_tables import TABLES as ROWS

TABLES = tuple(ROWS)
DRAFTS_MAX = 8
DRAFT_SECONDS = 1800.0


@dataclass(frozen=True, slots=True)
class Preview:
    """All changes. `key` names the draft that waits. `station_names`: by station, before or after."""

    key: str
    effects: Effects
    station_names: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Draft:
    """A checked file and the version it was compared with."""

    master: MasterData
    base_version: int
    owner: str
    until: float


class Drafts:
    """Checked files that wait. The oldest goes when there are more than DRAFTS_MAX."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """`clock`: seconds that never run backwards."""
        self._clock = clock
        self._lock = threading.Lock()
        self._waiting: dict[str, Draft] = {}

    def keep(self, master: MasterData, base_version: int, owner: str) -> str:
        """Keeps a checked file and tells its key."""
        now = self._clock()
        key = secrets.token_urlsafe(16)
        with self._lock:
            alive = {name: each for name, each in self._waiting.items() if each.until > now and each.owner != owner}
            while len(alive) >= DRAFTS_MAX:
                del alive[next(iter(alive))]
            alive[key] = Draft(master, base_version, owner, now + DRAFT_SECONDS)
            self._waiting = alive
        return key

    def take(self, key: str, owner: str) -> Draft | None:
        """The file under a key, once, for who checked it; None when it is gone."""
        with self._lock:
            found = self._waiting.get(key)
            if found is None or found.owner != owner or found.until <= self._clock():
                return None
            del self._waiting[key]
            return found
