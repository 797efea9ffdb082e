"""The states of one update and what may follow what: the agent's one table.

Pure: values in, values out. What an update was at is kept before the agent does it, so a cut at any point leaves a
state from which the agent goes on or back.
"""

import json
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from sync.wire import REASON_CHARACTERS_MAX

IDLE: Final = "idle"
DOWNLOADING: Final = "downloading"
VERIFIED: Final = "verified"
WAITING: Final = "waiting"
INSTALLING: Final = "installing"
INSTALLED: Final = "installed"
TRIAL: Final = "trial"
GOOD: Final = "good"
RETURNED: Final = "returned"
REFUSED: Final = "refused"

RESTING: Final = (IDLE, GOOD, RETURNED, REFUSED)
"""Nothing is under way; a new wish begins here."""

TABLE: Final[dict[tuple[str, str], str]] = {
    **{(state, "wished"): DOWNLOADING for state in RESTING},
    **{(state, "present"): GOOD for state in RESTING},
    **{(state, "withdrawn"): IDLE for state in (DOWNLOADING, VERIFIED, WAITING, INSTALLING, INSTALLED)},
    (DOWNLOADING, "arrived"): VERIFIED,
    (DOWNLOADING, "refused"): REFUSED,
    (VERIFIED, "accepted"): WAITING,
    (VERIFIED, "refused"): REFUSED,
    (WAITING, "quiet"): INSTALLING,
    (INSTALLING, "installed"): INSTALLED,
    (INSTALLING, "refused"): REFUSED,
    (INSTALLED, "quiet"): TRIAL,
    (INSTALLED, "moved"): REFUSED,
    (TRIAL, "put_off"): INSTALLED,
    (TRIAL, "healthy"): GOOD,
    (TRIAL, "unhealthy"): RETURNED,
    (TRIAL, "came_back"): RETURNED,
    (RETURNED, "stays"): GOOD,
    (RETURNED, "moved"): IDLE,
}
"""(state, event) -> state. `moved`: another slot runs than the one that installed, by no doing of the agent.
`came_back`: the slot before runs again, so the trial failed, or the power was cut in it. `put_off`: somebody began
something before the boot was asked for. `stays`: somebody made what had failed the usual release, by hand."""


@dataclass(frozen=True, slots=True)
class Update:
    """One update as it is kept. `rollout` 0: from a stick, whose file is `path`. `boot`: the boot in which the trial
    was asked for, and once it has begun its own, by which lineside-settle knows it. `office` and `missing`: what was
    so before the trial, and is not held against it. `asks`: boots asked for, of the trial or back. `settled`: the
    slots' bookkeeping of a trial that failed is cleared."""

    state: str = IDLE
    rollout: int = 0
    version: str = ""
    sha256: str = ""
    size: int = 0
    path: str = ""
    slot: str = ""
    boot: str = ""
    failures: int = 0
    reason: str = ""
    office: bool = False
    missing: tuple[str, ...] = ()
    asks: int = 0
    settled: bool = False
    begun: tuple[str, ...] = ()
    """What was begun, as rollout/sha256, the newest last."""

    def after(self, event: str, **changes: Any) -> "Update":
        """The update after an event. KeyError for one that the table does not know here."""
        reason = str(changes.pop("reason", ""))[:REASON_CHARACTERS_MAX]
        return replace(self, state=TABLE[self.state, event], reason=reason, **changes)

    def with_reason(self, reason: str, failures: int | None = None) -> "Update":
        """The same state with what holds it up."""
        count = self.failures if failures is None else failures
        return replace(self, reason=reason[:REASON_CHARACTERS_MAX], failures=count)

    def to_json(self) -> str:
        """As it is kept."""
        return json.dumps(asdict(self))


def from_json(text: str) -> Update:
    """An update as it was kept; idle for a text that is none."""
    try:
        values = json.loads(text)
        known = {name: values[name] for name in Update.__slots__ if name in values}
        found = Update(**known | {name: tuple(known.get(name, ())) for name in ("missing", "begun")})
    except (ValueError, TypeError):
        return Update()
    states = {IDLE, *(state for state, _ in TABLE), *TABLE.values()}
    # A newer release may have kept a state of its own; what it tried must not be tried again and again.
    return found if found.state in states else Update(begun=found.begun)
