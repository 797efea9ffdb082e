"""Breaks and the end of a shift: what runs is paused by the calendar, and goes on after a break. Pure."""

from devices.types import Signal
from floor.calendar import Rest
from floor.events import Event, WorkPaused, WorkResumed
from floor.work import WorkState
from gateway.floor_rows import Share
from gateway.station_case import Case, answer
from gateway.station_desk import Decision
from gateway.view import Message


def rest(case: Case) -> Decision | None:
    """What the calendar does now; None: nothing. Without a clock that is set it does nothing at all."""
    if not case.master.shifts or not case.instant.synchronised:
        return None
    found = case.master.calendar.rest_at(case.station, case.instant.wall, case.rules.utc_offset_seconds)
    shares = list(case.state.shares_at(case.station))
    tired = [] if found is None else [each for each in shares if _began_before(case, each, found)]
    if found is not None and tired:
        paused: list[Event] = [
            WorkPaused(person=each.person, operation=each.operation, reason=found.kind) for each in tired
        ]
        return answer(case, Signal.NOTED, Message(f"rests_{found.kind}", {"count": len(tired)}), *paused)
    rested = [each for each in shares if found is None and each.rest == "break"]
    if not rested:
        return None
    resumed: list[Event] = [WorkResumed(person=each.person, operation=each.operation) for each in rested]
    return answer(case, Signal.NOTED, Message("rest_over", {"count": len(rested)}), *resumed)


def _began_before(case: Case, share: Share, found: Rest) -> bool:
    """Running since before the rest. Who begins during a break works on: they know what they do."""
    if share.state is not WorkState.RUNNING:
        return False
    if share.boot != case.instant.boot:
        return True
    return case.instant.wall - (case.instant.boottime - share.since) < found.began


def next_rest(case: Case) -> float | None:
    """The boottime at which `rest` next has something to do."""
    if not case.master.shifts or not case.instant.synchronised:
        return None
    if not any(each.state is WorkState.RUNNING or each.rest for each in case.state.shares_at(case.station)):
        return None
    edge = case.master.calendar.next_edge(case.station, case.instant.wall, case.rules.utc_offset_seconds)
    return None if edge is None else case.instant.boottime + edge - case.instant.wall
