"""The open calls of a gateway, and what events and facts make of them: part of the fold (I7).

Pure: values in, values out.
"""

from collections.abc import Iterable
from dataclasses import astuple, dataclass, field, replace
from typing import Any, Final

from floor import calls, events
from floor.calls import CallAction, CallState
from floor.events import Happening, Instant
from floor.limits import OWNER_CHARACTERS_MAX
from gateway import limits
from gateway.elapsed import Elapsed

COLUMNS: Final = 7
"""Those of a call in a folded state of 0.1.0."""


@dataclass(slots=True)
class Call:
    """An open call. Its identity is the record that raised it."""

    identity: str
    call_type: str
    station: str
    state: CallState
    raised_wall: float
    person: str
    acknowledged_by: str
    tier: int = 0
    """The newest tier that was raised."""
    owner: str = ""
    """Who has to know: of the newest tier, or whom it was handed to since."""
    elapsed: Elapsed = field(default_factory=Elapsed)
    """How long it has waited to be taken: it stands still while somebody has taken it."""
    handed_by: str = ""
    """Who handed it to the owner; empty where a tier named them."""
    reached: tuple[str, float] | None = None
    """(boot, boottime) of the first finish at the station since it was raised."""
    stopped: bool = False
    """The line has stopped for it."""
    operation: str = ""
    """What whoever called was doing."""


@dataclass(slots=True)
class OpenCalls:
    """Calls by identity, oldest first. A change that does not fit says so by False, and nothing has changed."""

    by_identity: dict[str, Call] = field(default_factory=dict)

    def raise_one(self, identity: str, happening: Happening, event: events.AndonRaised) -> bool:
        """A new call. False: the oldest had to be forgotten for it (I10)."""
        full = len(self.by_identity) >= limits.CALLS_OPEN_MAX
        if full:
            del self.by_identity[next(iter(self.by_identity))]
        instant = happening.instant
        self.by_identity[identity] = Call(
            identity,
            event.call_type,
            happening.station,
            calls.after(CallState.NONE, CallAction.RAISE),
            instant.wall,
            event.person,
            "",
            elapsed=Elapsed(0.0, instant.boottime, instant.boot),
            operation=event.operation,
        )
        return not full

    def boot(self, last: Instant, now: Instant) -> None:
        """Another boot: what the calls that wait have waited so far is carried over."""
        for call in self.by_identity.values():
            if call.state is CallState.RAISED:
                call.elapsed = call.elapsed.at(last, now)

    def acknowledge(self, identity: str, person: str, now: Instant) -> None:
        """The first acknowledgement counts; a second, from wherever, changes nothing (it is one fact, N04)."""
        call = self.by_identity.get(identity)
        if call is not None and calls.allowed(call.state, CallAction.ACKNOWLEDGE):
            call.state = calls.after(call.state, CallAction.ACKNOWLEDGE)
            call.acknowledged_by = person
            call.elapsed = call.elapsed.at(now, now)

    def assign(self, identity: str, owner: str, person: str, now: Instant) -> bool:
        """Handed over: it waits for the new owner, and its clock goes on from where it stood (N03)."""
        call = self.by_identity.get(identity)
        if call is None or not owner or len(owner) > OWNER_CHARACTERS_MAX:
            return False
        if call.state is CallState.ACKNOWLEDGED:
            unknown = call.elapsed.uncertain or not call.elapsed.boot
            call.elapsed = replace(call.elapsed, since=now.boottime, boot=now.boot, uncertain=unknown)
        call.state = calls.after(call.state, CallAction.ASSIGN)
        call.acknowledged_by, call.owner, call.handed_by = "", owner, person
        return True

    def escalate(self, event: events.AndonEscalated) -> bool:
        """The next tier has to know."""
        call = self.by_identity.get(event.call)
        if call is None or event.tier <= call.tier:
            return False
        call.tier, call.owner, call.handed_by = event.tier, event.owner, ""
        return True

    def reach(self, station: str, now: Instant) -> None:
        """Somebody finished an operation at the station."""
        for call in self.by_identity.values():
            if call.station == station and call.reached is None:
                call.reached = now.boot, now.boottime

    def stop(self, identity: str) -> bool:
        """The line stopped for it."""
        call = self.by_identity.get(identity)
        if call is None or call.stopped:
            return False
        call.stopped = True
        return True

    def close(self, identity: str) -> bool:
        """Resolved, or taken back."""
        return self.by_identity.pop(identity, None) is not None

    # As JSON. What came after 0.1.0 stands apart from the calls themselves, so that 0.1.0 still reads those.

    def to_values(self) -> dict[str, list[Any]]:
        """Keys and values of the folded state's text."""
        rows = self.by_identity.values()
        return {
            "calls": [astuple(row)[:COLUMNS] for row in rows],
            "waiting": [[row.identity, row.tier, row.owner, *astuple(row.elapsed)] for row in rows],
            "handed": [[row.identity, row.handed_by] for row in rows if row.handed_by],
            "reached": [[row.identity, *row.reached] for row in rows if row.reached],
            "doing": [[row.identity, row.operation] for row in rows if row.operation],
            "stopped": [row.identity for row in rows if row.stopped],
        }

    @classmethod
    def from_values(cls, found: dict[str, Any]) -> "OpenCalls":
        """The calls in a folded state's text, of this release or of one before it."""
        whole = cls()
        rows: Iterable[list[Any]] = found["calls"]
        for row in rows:
            call = Call(*row)
            call.state = CallState(call.state)
            whole.by_identity[call.identity] = call
        for identity, tier, owner, *elapsed in found.get("waiting", ()):
            call = whole.by_identity[identity]
            call.tier, call.owner, call.elapsed = tier, owner, Elapsed(*elapsed)
        for identity, handed_by in found.get("handed", ()):
            whole.by_identity[identity].handed_by = handed_by
        for identity, boot, boottime in found.get("reached", ()):
            whole.by_identity[identity].reached = boot, boottime
        for identity, operation in found.get("doing", ()):
            whole.by_identity[identity].operation = operation
        for identity in found.get("stopped", ()):
            whole.by_identity[identity].stopped = True
        return whole
