"""The running state of the floor at this gateway: the fold of its journal (I7).

Pure: no clock, file or socket. `Floor` is changed in place by `apply` alone, one event at a time, in constant time;
equal journals give equal state. Nothing here depends on master data: a fold must not need the snapshots of old.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import astuple, dataclass, field
from itertools import islice
from typing import Any, Final, TypeGuard

from floor import events, work_events
from floor.events import Happening, Instant
from floor.work import WorkState
from gateway import floor_parts, floor_work, limits
from gateway.floor_photos import PHOTO_FOLDS
from gateway.floor_reading import READING_FOLDS, Readings
from gateway.floor_rows import REPORT_COLUMNS, Held, Note, Parts, Progress, Report, Share
from gateway.open_calls import Call, OpenCalls

FORMAT: Final = 1


@dataclass(slots=True)
class Floor:
    """The folded state. Read it freely; only `apply` changes it."""

    held: dict[str, dict[str, Held]] = field(default_factory=dict)
    shares: dict[str, dict[str, Share]] = field(default_factory=dict)
    progress: dict[str, Progress] = field(default_factory=dict)
    open_calls: OpenCalls = field(default_factory=OpenCalls)
    reports: dict[tuple[str, str], list[Report]] = field(default_factory=dict)
    photos: dict[tuple[str, str, str, str], str] = field(default_factory=dict)
    """(sha256, station, call, operation) of the newest photos to the identities of their records."""
    at_station: dict[str, dict[tuple[str, str], Share]] = field(default_factory=dict)
    """The same shares by the station they were begun at."""
    notes: dict[str, list[Note]] = field(default_factory=dict)
    """The newest notes of each station, the last one last."""
    parts: dict[str, Parts] = field(default_factory=dict)
    """By operation, the one with the newest scan last."""
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

    @property
    def calls(self) -> dict[str, Call]:
        """Open calls by identity, oldest first."""
        return self.open_calls.by_identity

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
            self.open_calls.boot(self.last, happening.instant)
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
                "shares": [row.columns for rows in self.shares.values() for row in rows.values()],
                "at_station": [[station, *key] for station, rows in self.at_station.items() for key in rows],
                "progress": [[key, *astuple(row)] for key, row in self.progress.items()],
                **self.open_calls.to_values(),
                "last": None if self.last is None else astuple(self.last),
                "reports": [
                    [*key, [astuple(row)[:REPORT_COLUMNS] for row in rows]] for key, rows in self.reports.items()
                ],
                "notes": [[station, [astuple(row) for row in rows]] for station, rows in self.notes.items()],
                "parts": floor_parts.to_json(self),
                "work": floor_work.to_json(self),
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
        whole.open_calls = OpenCalls.from_values(found)
        if found.get("last") is not None:
            whole.last = Instant(*found["last"])
        whole.readings = Readings.from_rows(found.get("readings", {}))
        whole.reports = {(at, who): [Report(*row) for row in rows] for at, who, rows in found["reports"]}
        whole.notes = {station: [Note(*row) for row in rows] for station, rows in found.get("notes", ())}
        floor_parts.from_json(whole, found.get("parts", []))
        floor_work.from_json(whole, found.get("work", {}))
        whole.photos = {(sha, at, call, of): identity for sha, at, call, of, identity in found.get("photos", ())}
        for name in ("shares_open", "forgotten", "forgotten_told", "inapplicable"):
            setattr(whole, name, found[name])
        return whole

    # The pieces of the fold.

    def progress_of(self, operation: str) -> Progress:
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

    def open(self, share: Share) -> None:
        """A share begins; the one begun longest ago by who began first may go."""
        if self.shares_open >= limits.SHARES_OPEN_MAX:
            rows = next(iter(self.shares.values()))
            self.close(next(iter(rows.values())))
            self.forgotten += 1
        self.shares.setdefault(share.person, {})[share.operation] = share
        self.at_station.setdefault(share.station, {})[share.person, share.operation] = share
        self.shares_open += 1
        self.progress_of(share.operation).open += 1

    def close(self, share: Share) -> None:
        """A share is over."""
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

    def push(self, station: str, person: str, report: Report) -> None:
        """The report is the person's last one here."""
        stack = self.reports.pop((station, person), [])
        stack.append(report)
        self.reports[(station, person)] = stack[-limits.REPORTS_PER_PERSON_MAX :]
        if len(self.reports) > limits.REPORT_STACKS_MAX:
            del self.reports[next(iter(self.reports))]

    def take_back(self, station: str, person: str, identity: str) -> Report | None:
        """The report, no longer one that can be taken back; None where it is not known."""
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


def _andon_raised(state: Floor, identity: str, happening: Happening) -> None:
    event = happening.event
    assert isinstance(event, events.AndonRaised)
    if not state.open_calls.raise_one(identity, happening, event):
        state.forgotten += 1


def _andon_acknowledged(state: Floor, identity: str, happening: Happening) -> None:
    event = happening.event
    assert isinstance(event, events.AndonAcknowledged)
    state.open_calls.acknowledge(event.call, event.person, happening.instant)


def _andon_assigned(state: Floor, identity: str, happening: Happening) -> None:
    event = happening.event
    assert isinstance(event, events.AndonAssigned)
    if not state.open_calls.assign(event.call, event.owner, event.person, happening.instant):
        state.inapplicable += 1


def _andon_escalated(state: Floor, identity: str, happening: Happening) -> None:
    event = happening.event
    assert isinstance(event, events.AndonEscalated)
    if not state.open_calls.escalate(event):
        state.inapplicable += 1


def _andon_stopped(state: Floor, identity: str, happening: Happening) -> None:
    event = happening.event
    assert isinstance(event, events.AndonStopped)
    if not state.open_calls.stop(event.call):
        state.inapplicable += 1


def _andon_closed(state: Floor, identity: str, happening: Happening) -> None:
    event = happening.event
    assert isinstance(event, events.AndonResolved | events.AndonCancelled)
    if not state.open_calls.close(event.call):
        state.inapplicable += 1


def _fact_received(state: Floor, identity: str, happening: Happening) -> None:
    """What the office says happened elsewhere. Content of a shape we do not know changes nothing."""
    event = happening.event
    assert isinstance(event, events.FactReceived)
    content = event.content
    if event.kind == "operation.progress":
        operation, good, scrap = content.get("operation"), content.get("good"), content.get("scrap", 0)
        if isinstance(operation, str) and _is_count(good) and _is_count(scrap):
            totals = state.progress_of(operation)
            totals.elsewhere_good, totals.elsewhere_scrap = good, scrap
            return
    elif event.kind.startswith("call.") and isinstance(content.get("call"), str):
        _told_of_call(state, event.kind, content, happening.instant)
        return
    elif event.kind not in ("call.acknowledged", "call.assigned", "call.resolved"):
        return
    state.inapplicable += 1


def _told_of_call(state: Floor, kind: str, content: dict[str, Any], now: Instant) -> None:
    """One call is named; nothing of it is ours where it is closed or another gateway's."""
    call, who = content["call"], str(content.get("person_name") or content.get("person") or "")[:64]
    if kind == "call.acknowledged":
        state.open_calls.acknowledge(call, who, now)
    elif kind == "call.assigned":
        owner = content.get("owner")
        state.open_calls.assign(call, owner if isinstance(owner, str) else "", who, now)
    elif kind == "call.resolved":
        state.open_calls.close(call)


def _is_count(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 10**9


def _note_kept(state: Floor, identity: str, happening: Happening) -> None:
    event = happening.event
    assert isinstance(event, work_events.NoteKept)
    note = Note(event.person, event.operation, event.call, event.text, happening.instant.wall)
    rows = [*state.notes.pop(happening.station, []), note][-limits.NOTES_PER_STATION_MAX :]
    state.notes[happening.station] = rows
    if len(state.notes) > limits.STATIONS_MAX:
        # Stations that the gateway no longer serves, as after a change of its configuration.
        del state.notes[next(iter(state.notes))]


def _limit_reached(state: Floor, identity: str, happening: Happening) -> None:
    event = happening.event
    assert isinstance(event, events.LimitReached)
    if event.limit == "floor_kept":
        state.forgotten_told = state.forgotten


FOLDS: dict[type[events.Event], Callable[[Floor, str, Happening], None]] = {
    events.SessionOpened: _session_opened,
    events.SessionClosed: _session_closed,
    events.WorkStarted: floor_work.work_started,
    events.WorkPaused: floor_work.work_paused,
    events.WorkResumed: floor_work.work_resumed,
    work_events.SetupStarted: floor_work.setup_started,
    work_events.SetupFinished: floor_work.setup_finished,
    work_events.CounterRead: floor_work.counter_read,
    work_events.ComponentUsed: floor_parts.component_used,
    work_events.ProductIdentified: floor_parts.product_identified,
    events.ReportFinished: floor_work.report_finished,
    work_events.ReworkReported: floor_work.rework_reported,
    events.ReportCorrected: floor_work.report_corrected,
    events.AndonRaised: _andon_raised,
    events.AndonAcknowledged: _andon_acknowledged,
    events.AndonAssigned: _andon_assigned,
    events.AndonEscalated: _andon_escalated,
    events.AndonStopped: _andon_stopped,
    events.AndonResolved: _andon_closed,
    events.AndonCancelled: _andon_closed,
    events.FactReceived: _fact_received,
    work_events.NoteKept: _note_kept,
    events.LimitReached: _limit_reached,
    **READING_FOLDS,
    **PHOTO_FOLDS,
}
