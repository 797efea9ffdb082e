"""Work in the folded state: shares begin, rest, end, and reports are counted and taken back.

Pure: values in, values out.
"""

from dataclasses import astuple
from typing import TYPE_CHECKING, Any

from floor import events, work, work_events
from floor.calendar import REST_KINDS
from floor.events import Happening, Instant
from floor.work import WorkAction, WorkState
from gateway.floor_rows import REPORT_COLUMNS, Report, Share

if TYPE_CHECKING:
    from gateway.floor_state import Floor


def to_json(state: "Floor") -> dict[str, list[Any]]:
    """What 0.1.0 does not know of shares and reports, where there is anything to say."""
    shares = [row for rows in state.shares.values() for row in rows.values()]
    reports = [row for rows in state.reports.values() for row in rows]
    return {
        "shares": [[row.person, row.operation, *row.more] for row in shares if row.more],
        "reports": [[row.identity, *astuple(row)[REPORT_COLUMNS:]] for row in reports if row.has_more],
    }


def from_json(state: "Floor", found: dict[str, list[Any]]) -> None:
    """Put it back into shares and reports that were read before."""
    for person, operation, before, in_setup, counter, rest in found.get("shares", ()):
        share = state.shares[person][operation]
        share.counter, share.rest = counter, rest
        share.before, share.state = before, WorkState.SETUP if in_setup else share.state
    reports = {row.identity: row for rows in state.reports.values() for row in rows}
    for identity, *more in found.get("reports", ()):
        row = reports[identity]
        row.before, row.partial, row.rework, row.rework_identity, row.counter = more


def _sum(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one + other


def work_started(state: "Floor", identity: str, happening: Happening) -> None:
    """A share begins, or goes on after a partial report."""
    event = happening.event
    assert isinstance(event, events.WorkStarted)
    share = state.share(event.person, event.operation)
    if share is not None:
        state.inapplicable += 1
        return
    began = work.after(WorkState.NONE, WorkAction.START)
    last = state.last_report(happening.station, event.person)
    before: float | None = 0.0
    if events.CONTINUED in event.flags and last is not None and last.operation == event.operation:
        last.partial, before = True, _sum(last.before, last.seconds)
    state.open(
        Share(
            event.person,
            event.operation,
            event.work_order,
            happening.station,
            began,
            0.0,
            happening.instant.boottime,
            happening.instant.boot,
            before,
        )
    )


def _moved(state: "Floor", share: Share | None, action: WorkAction, instant: Instant) -> None:
    """Pause, resume, set-up: the stretch so far is added up and a new one begins."""
    if share is None or not work.allowed(share.state, action):
        state.inapplicable += 1
        return
    share.seconds = share.worked(instant)
    share.state = work.after(share.state, action)
    share.since, share.boot, share.rest = instant.boottime, instant.boot, ""


def work_paused(state: "Floor", identity: str, happening: Happening) -> None:
    """A share rests."""
    event = happening.event
    assert isinstance(event, events.WorkPaused)
    share = state.share(event.person, event.operation)
    _moved(state, share, WorkAction.PAUSE, happening.instant)
    if share is not None and event.reason in REST_KINDS:
        share.rest = event.reason


def work_resumed(state: "Floor", identity: str, happening: Happening) -> None:
    """A share goes on."""
    event = happening.event
    assert isinstance(event, events.WorkResumed)
    _moved(state, state.share(event.person, event.operation), WorkAction.RESUME, happening.instant)


def setup_started(state: "Floor", identity: str, happening: Happening) -> None:
    """A share is in set-up."""
    event = happening.event
    assert isinstance(event, work_events.SetupStarted)
    _moved(state, state.share(event.person, event.operation), WorkAction.SET_UP, happening.instant)


def setup_finished(state: "Floor", identity: str, happening: Happening) -> None:
    """A share runs after its set-up."""
    event = happening.event
    assert isinstance(event, work_events.SetupFinished)
    share = state.share(event.person, event.operation)
    in_setup = share is not None and share.state is WorkState.SETUP
    _moved(state, share if in_setup else None, WorkAction.RESUME, happening.instant)


def report_finished(state: "Floor", identity: str, happening: Happening) -> None:
    """The counts are added whatever the share's state: a report is a fact (I12)."""
    event = happening.event
    assert isinstance(event, events.ReportFinished)
    share = state.share(event.person, event.operation)
    if share is None:
        state.inapplicable += 1
    else:
        state.close(share)
    state.open_calls.reach(happening.station, happening.instant)
    totals = state.progress_of(event.operation)
    totals.good += event.good
    totals.scrap += event.scrap
    report = Report(identity, event.operation, event.work_order, event.good, event.scrap, event.seconds)
    if share is not None:
        report.before, report.counter = share.before, share.counter
    state.push(happening.station, event.person, report)


def counter_read(state: "Floor", identity: str, happening: Happening) -> None:
    """Where a share begins to count; the end stands in the records alone."""
    event = happening.event
    assert isinstance(event, work_events.CounterRead)
    share = state.share(event.person, event.operation)
    if share is None:
        state.inapplicable += 1
    elif event.purpose == "start":
        share.counter = event.reading


def rework_reported(state: "Floor", identity: str, happening: Happening) -> None:
    """It belongs to the report it was kept with."""
    event = happening.event
    assert isinstance(event, work_events.ReworkReported)
    report = state.last_report(happening.station, event.person)
    if report is None or report.operation != event.operation or report.rework_identity:
        state.inapplicable += 1
        return
    report.rework, report.rework_identity = event.pieces, identity


def report_corrected(state: "Floor", identity: str, happening: Happening) -> None:
    """A report no longer counts; its share runs again, or has its time back where it went on after the report."""
    event = happening.event
    assert isinstance(event, events.ReportCorrected)
    for each in state.reports.get((happening.station, event.person), ()):
        if each.rework_identity == event.corrects:
            each.rework, each.rework_identity = 0, ""
            return
    totals = state.progress_of(event.operation)
    totals.good = max(0, totals.good + event.good)
    totals.scrap = max(0, totals.scrap + event.scrap)
    report = state.take_back(happening.station, event.person, event.corrects)
    if report is None:
        state.inapplicable += 1
    share = state.share(event.person, event.operation)
    if share is not None and report is not None and report.partial:
        _time_back(share, report)
    if not event.reopened or share is not None:
        return
    state.open(
        Share(
            event.person,
            event.operation,
            report.work_order if report else "",
            happening.station,
            work.after(WorkState.FINISHED, WorkAction.UNDO),
            report.seconds if report else None,
            happening.instant.boottime,
            happening.instant.boot,
            report.before if report else 0.0,
            report.counter if report else "",
        )
    )


def _time_back(share: Share, report: Report) -> None:
    """Only to the share that went on after this very report."""
    if share.before == _sum(report.before, report.seconds):
        share.counter = report.counter
        share.seconds, share.before = _sum(share.seconds, report.seconds), report.before
