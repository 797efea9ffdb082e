"""The running state of the floor at this gateway: the fold of its journal (I7).

Pure: no clock, file or socket. `Floor` is changed in place by `apply` alone, one event at a time, in constant time;
equal journals give equal state. Nothing here depends on master data: a fold must not need the snapshots of old.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import astuple, dataclass, field
from itertools import islice
from typing import Any, Final, TypeGuard

from floor import calls, events, work
from floor.calls import CallAction, CallState
from floor.events import Happening, Instant
from floor.work import WorkAction, WorkState
from gateway import limits
from gateway.elapsed import Elapsed
from gateway.floor_photos import PHOTO_FOLDS
from gateway.floor_reading import READING_FOLDS, Readings

FORMAT: Final = 1

CALL_COLUMNS: Final = 7
"""Those of a call in a folded state of 0.1.0."""


@dataclass(slots=True)
class Held:
    """A person a station holds. `active_at` is boottime seconds of `boot`."""

    person: str
    boot: str
    active_at: float


@dataclass(slots=True)
class Share:
    """A person's open share of an operation. `seconds` worked before `since`; None: a reboot made it unknown."""

    person: str
    operation: str
    work_order: str
    station: str
    state: WorkState
    seconds: float | None
    since: float
    boot: str

    def worked(self, instant: Instant) -> float | None:
        """Seconds worked until now, without pauses; None when part of it was in another boot (I9)."""
        if self.state is not WorkState.RUNNING or self.seconds is None:
            return self.seconds
        return self.seconds + max(0.0, instant.boottime - self.since) if self.boot == instant.boot else None


@dataclass(slots=True)
class Progress:
    """Pieces reported for an operation: by this gateway, and `elsewhere` as the office told. `open`: open shares."""

    good: int = 0
    scrap: int = 0
    elsewhere_good: int = 0
    elsewhere_scrap: int = 0
    open: int = 0


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
    elapsed: Elapsed = field(default_factory=Elapsed)


@dataclass(slots=True)
class Report:
    """A report that can still be taken back."""

    identity: str
    operation: str
    work_order: str
    good: int
    scrap: int
    seconds: float | None


@dataclass(slots=True)
class Floor:
    """The folded state. Read it freely; only `apply` changes it."""

    held: dict[str, dict[str, Held]] = field(default_factory=dict)
    shares: dict[str, dict[str, Share]] = field(default_factory=dict)
    progress: dict[str, Progress] = field(default_factory=dict)
    calls: dict[str, Call] = field(default_factory=dict)
    reports: dict[tuple[str, str], list[Report]] = field(default_factory=dict)
    photos: dict[tuple[str, str, str, str], str] = field(default_factory=dict)
    """(sha256, station, call, operation) of the newest photos to the identities of their records."""
    at_station: dict[str, dict[tuple[str, str], Share]] = field(default_factory=dict)
    """The same shares by the station they were begun at."""
    shares_open: int = 0
    forgotten: int = 0
    """Things let go because a bound was met (I10), and how many of them a `limit.reached` has told."""
    forgotten_told: int = 0
    readings: Readings = field(default_factory=Readings)
    last: Instant | None = None
    """When the newest record was made."""
    inapplicable: int = 0
    """Events that did not fit the state, as beside a lost record: their counts are kept, their transition is not."""

    # What others ask.

    def current(self, station: str) -> str:
        """The person whose scans these are: the last held; empty when nobody is."""
        held = self.held.get(station)
        return next(reversed(held)) if held else ""

    def share(self, person: str, operation: str) -> Share | None:
        """The person's open share, running or paused."""
        return self.shares.get(person, {}).get(operation)

    def shares_of(self, person: str) -> Iterator[Share]:
        """The person's open shares at every station of this gateway, oldest first."""
        return iter(self.shares.get(person, {}).values())

    def shares_at(self, station: str) -> Iterator[Share]:
        """Open shares begun at a station, oldest first."""
        return iter(self.at_station.get(station, {}).values())

    def reported(self, operation: str) -> tuple[int, int]:
        """(good, scrap) reported for the operation, here and elsewhere."""
        found = self.progress.get(operation)
        if found is None:
            return 0, 0
        return found.good + found.elsewhere_good, found.scrap + found.elsewhere_scrap

    def calls_at(self, station: str) -> list[Call]:
        """Open calls of a station, oldest first."""
        return [each for each in self.calls.values() if each.station == station]

    def last_report(self, station: str, person: str) -> Report | None:
        """The person's last report at this station that was not taken back."""
        stack = self.reports.get((station, person))
        return stack[-1] if stack else None

    # The fold.

    def apply(self, identity: str, happening: Happening) -> None:
        """Fold one record in. Never raises for an event that is valid in itself, so a start can never wedge."""
        if self.last is not None and self.last.boot != happening.instant.boot:
            for call in self.calls.values():
                call.elapsed = call.elapsed.at(self.last, happening.instant)
        self.last = happening.instant
        fold = FOLDS.get(type(happening.event))
        if fold is not None:
            fold(self, identity, happening)
        person = getattr(happening.event, "person", "")
        seen = self.held.get(happening.station, {}).get(person)
        if seen is not None:
            seen.boot, seen.active_at = happening.instant.boot, happening.instant.boottime

    def to_json(self) -> str:
        """The whole state as text; `from_json` gives an equal one back."""
        return json.dumps(
            {
                "format": FORMAT,
                "held": [[station, astuple(row)] for station, rows in self.held.items() for row in rows.values()],
                "shares": [astuple(row) for rows in self.shares.values() for row in rows.values()],
                "at_station": [[station, *key] for station, rows in self.at_station.items() for key in rows],
                "progress": [[key, *astuple(row)] for key, row in self.progress.items()],
                # Apart from the calls themselves, so that the release before this one still reads those.
                "calls": [astuple(row)[:CALL_COLUMNS] for row in self.calls.values()],
                "waiting": [[row.identity, row.tier, row.owner, *astuple(row.elapsed)] for row in self.calls.values()],
                "last": None if self.last is None else astuple(self.last),
                "reports": [[*key, [astuple(row) for row in rows]] for key, rows in self.reports.items()],
                **({"photos": [[*key, identity] for key, identity in self.photos.items()]} if self.photos else {}),
                "shares_open": self.shares_open,
                "readings": self.readings.as_rows(),
                "forgotten": self.forgotten,
                "forgotten_told": self.forgotten_told,
                "inapplicable": self.inapplicable,
            },
            ensure_ascii=False,
            separators=(",", ":"),
        )

    @classmethod
    def from_json(cls, text: str) -> "Floor":
        """The state in this text. Raises ValueError for another format: then the journal is folded from its start."""
        found: dict[str, Any] = json.loads(text)
        if found.get("format") != FORMAT:
            raise ValueError(f"a folded state of format {found.get('format')!r}, not {FORMAT}")
        whole = cls()
        for station, row in found["held"]:
            whole.held.setdefault(station, {})[row[0]] = Held(*row)
        for row in found["shares"]:
            share = Share(*row)
            share.state = WorkState(share.state)
            whole.shares.setdefault(share.person, {})[share.operation] = share
        for row in found["at_station"]:
            station, person, operation = row
            whole.at_station.setdefault(station, {})[person, operation] = whole.shares[person][operation]
        whole.progress = {row[0]: Progress(*row[1:]) for row in found["progress"]}
        for row in found["calls"]:
            call = Call(*row)
            call.state = CallState(call.state)
            whole.calls[call.identity] = call
        for identity, tier, owner, *elapsed in found.get("waiting", ()):
            call = whole.calls[identity]
            call.tier, call.owner, call.elapsed = tier, owner, Elapsed(*elapsed)
        if found.get("last") is not None:
            whole.last = Instant(*found["last"])
        whole.readings = Readings.from_rows(found.get("readings", {}))
        whole.reports = {(at, who): [Report(*row) for row in rows] for at, who, rows in found["reports"]}
        whole.photos = {(sha, at, call, of): identity for sha, at, call, of, identity in found.get("photos", ())}
        for name in ("shares_open", "forgotten", "forgotten_told", "inapplicable"):
            setattr(whole, name, found[name])
        return whole

    # The pieces of the fold.

    def _progress_of(self, operation: str) -> Progress:
        """The operation's totals, now the most recently touched; the least recently touched idle one may go."""
        found = self.progress.pop(operation, None) or Progress()
        self.progress[operation] = found
        if len(self.progress) > limits.OPERATIONS_KEPT_MAX:
            # Only a few are looked at, so that one event stays cheap; operations with open shares move to the end.
            for key in list(islice(self.progress, 8)):
                row = self.progress.pop(key)
                if row.open or key == operation:
                    self.progress[key] = row
                    continue
                self.forgotten += 1
                break
        return found

    def _open(self, share: Share) -> None:
        if self.shares_open >= limits.SHARES_OPEN_MAX:
            rows = next(iter(self.shares.values()))
            self._close(next(iter(rows.values())))
            self.forgotten += 1
        self.shares.setdefault(share.person, {})[share.operation] = share
        self.at_station.setdefault(share.station, {})[share.person, share.operation] = share
        self.shares_open += 1
        self._progress_of(share.operation).open += 1

    def _close(self, share: Share) -> None:
        rows = self.shares[share.person]
        del rows[share.operation]
        if not rows:
            del self.shares[share.person]
        here = self.at_station[share.station]
        del here[share.person, share.operation]
        if not here:
            del self.at_station[share.station]
        self.shares_open -= 1
        found = self.progress.get(share.operation)
        if found is not None and found.open:
            found.open -= 1

    def _push(self, station: str, person: str, report: Report) -> None:
        stack = self.reports.pop((station, person), [])
        stack.append(report)
        self.reports[(station, person)] = stack[-limits.REPORTS_PER_PERSON_MAX :]
        if len(self.reports) > limits.REPORT_STACKS_MAX:
            del self.reports[next(iter(self.reports))]

    def _take_back(self, station: str, person: str, identity: str) -> Report | None:
        stack = self.reports.get((station, person), [])
        for index, report in enumerate(stack):
            if report.identity == identity:
                del stack[index]
                if not stack:
                    del self.reports[(station, person)]
                return report
        return None


def _session_opened(state: Floor, identity: str, happening: Happening) -> None:
    event = happening.event
    assert isinstance(event, events.SessionOpened)
    held = state.held.setdefault(happening.station, {})
    held.pop(event.person, None)
    if len(held) >= limits.HELD_MAX:
        del held[next(iter(held))]
        state.forgotten += 1
    held[event.person] = Held(event.person, happening.instant.boot, happening.instant.boottime)


def _session_closed(state: Floor, identity: str, happening: Happening) -> None:
    event = happening.event
    assert isinstance(event, events.SessionClosed)
    held = state.held.get(happening.station, {})
    if held.pop(event.person, None) is None:
        state.inapplicable += 1
    if not held:
        state.held.pop(happening.station, None)


def _work_started(state: Floor, identity: str, happening: Happening) -> None:
    event = happening.event
    assert isinstance(event, events.WorkStarted)
    share = state.share(event.person, event.operation)
    if share is not None:
        state.inapplicable += 1
        return
    began = work.after(WorkState.NONE, WorkAction.START)
    state._open(
        Share(
            event.person,
            event.operation,
            event.work_order,
            happening.station,
            began,
            0.0,
            happening.instant.boottime,
            happening.instant.boot,
        )
    )


def _moved(state: Floor, share: Share | None, action: WorkAction, instant: Instant) -> None:
    """Pause or resume: the stretch so far is added up and a new one begins."""
    if share is None or not work.allowed(share.state, action):
        state.inapplicable += 1
        return
    share.seconds = share.worked(instant)
    share.state = work.after(share.state, action)
    share.since, share.boot = instant.boottime, instant.boot


def _work_paused(state: Floor, identity: str, happening: Happening) -> None:
    event = happening.event
    assert isinstance(event, events.WorkPaused)
    _moved(state, state.share(event.person, event.operation), WorkAction.PAUSE, happening.instant)


def _work_resumed(state: Floor, identity: str, happening: Happening) -> None:
    event = happening.event
    assert isinstance(event, events.WorkResumed)
    _moved(state, state.share(event.person, event.operation), WorkAction.RESUME, happening.instant)


def _report_finished(state: Floor, identity: str, happening: Happening) -> None:
    """The counts are added whatever the share's state: a report is a fact (I12)."""
    event = happening.event
    assert isinstance(event, events.ReportFinished)
    share = state.share(event.person, event.operation)
    if share is None:
        state.inapplicable += 1
    else:
        state._close(share)
    totals = state._progress_of(event.operation)
    totals.good += event.good
    totals.scrap += event.scrap
    report = Report(identity, event.operation, event.work_order, event.good, event.scrap, event.seconds)
    state._push(happening.station, event.person, report)


def _report_corrected(state: Floor, identity: str, happening: Happening) -> None:
    event = happening.event
    assert isinstance(event, events.ReportCorrected)
    totals = state._progress_of(event.operation)
    totals.good = max(0, totals.good + event.good)
    totals.scrap = max(0, totals.scrap + event.scrap)
    report = state._take_back(happening.station, event.person, event.corrects)
    if report is None:
        state.inapplicable += 1
    if not event.reopened or state.share(event.person, event.operation) is not None:
        return
    state._open(
        Share(
            event.person,
            event.operation,
            report.work_order if report else "",
            happening.station,
            work.after(WorkState.FINISHED, WorkAction.UNDO),
            report.seconds if report else None,
            happening.instant.boottime,
            happening.instant.boot,
        )
    )


def _andon_raised(state: Floor, identity: str, happening: Happening) -> None:
    event = happening.event
    assert isinstance(event, events.AndonRaised)
    began = calls.after(CallState.NONE, CallAction.RAISE)
    if len(state.calls) >= limits.CALLS_OPEN_MAX:
        del state.calls[next(iter(state.calls))]
        state.forgotten += 1
    state.calls[identity] = Call(
        identity,
        event.call_type,
        happening.station,
        began,
        happening.instant.wall,
        event.person,
        "",
        elapsed=Elapsed(0.0, happening.instant.boottime, happening.instant.boot),
    )


def _acknowledged(state: Floor, identity: str, person: str) -> None:
    """The first acknowledgement counts; a second, from wherever, changes nothing (it is one fact)."""
    call = state.calls.get(identity)
    if call is not None and calls.allowed(call.state, CallAction.ACKNOWLEDGE):
        call.state = calls.after(call.state, CallAction.ACKNOWLEDGE)
        call.acknowledged_by = person


def _andon_acknowledged(state: Floor, identity: str, happening: Happening) -> None:
    event = happening.event
    assert isinstance(event, events.AndonAcknowledged)
    _acknowledged(state, event.call, event.person)


def _andon_escalated(state: Floor, identity: str, happening: Happening) -> None:
    event = happening.event
    assert isinstance(event, events.AndonEscalated)
    call = state.calls.get(event.call)
    if call is None or event.tier <= call.tier:
        state.inapplicable += 1
        return
    call.tier, call.owner = event.tier, event.owner


def _andon_closed(state: Floor, identity: str, happening: Happening) -> None:
    event = happening.event
    assert isinstance(event, events.AndonResolved | events.AndonCancelled)
    if state.calls.pop(event.call, None) is None:
        state.inapplicable += 1


def _fact_received(state: Floor, identity: str, happening: Happening) -> None:
    """What the office says happened elsewhere. Content of a shape we do not know changes nothing."""
    event = happening.event
    assert isinstance(event, events.FactReceived)
    content = event.content
    if event.kind == "operation.progress":
        operation, good, scrap = content.get("operation"), content.get("good"), content.get("scrap", 0)
        if isinstance(operation, str) and _is_count(good) and _is_count(scrap):
            totals = state._progress_of(operation)
            totals.elsewhere_good, totals.elsewhere_scrap = good, scrap
            return
    elif event.kind == "call.acknowledged" and isinstance(content.get("call"), str):
        _acknowledged(state, content["call"], str(content.get("person_name") or content.get("person") or "")[:64])
        return
    elif event.kind == "call.resolved" and isinstance(content.get("call"), str):
        state.calls.pop(content["call"], None)
        return
    else:
        return
    state.inapplicable += 1


def _is_count(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 10**9


def _limit_reached(state: Floor, identity: str, happening: Happening) -> None:
    event = happening.event
    assert isinstance(event, events.LimitReached)
    if event.limit == "floor_kept":
        state.forgotten_told = state.forgotten


FOLDS: dict[type[events.Event], Callable[[Floor, str, Happening], None]] = {
    events.SessionOpened: _session_opened,
    events.SessionClosed: _session_closed,
    events.WorkStarted: _work_started,
    events.WorkPaused: _work_paused,
    events.WorkResumed: _work_resumed,
    events.ReportFinished: _report_finished,
    events.ReportCorrected: _report_corrected,
    events.AndonRaised: _andon_raised,
    events.AndonAcknowledged: _andon_acknowledged,
    events.AndonEscalated: _andon_escalated,
    events.AndonResolved: _andon_closed,
    events.AndonCancelled: _andon_closed,
    events.FactReceived: _fact_received,
    events.LimitReached: _limit_reached,
    **READING_FOLDS,
    **PHOTO_FOLDS,
}
