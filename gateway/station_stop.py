"""Calls that stop the line at its fixed position, unless they are over before it gets there (定位置停止). Pure actions.

The call goes out at once; the line runs on to the end of the cycle. It stops when somebody finishes an operation at the
station, when a sensor or button at the position says so, or when anybody uses the stop card: each call stops it once.
"""

from typing import Final, Literal

from devices.types import Signal
from floor.events import AndonStopped
from floor.master import MasterData
from gateway.open_calls import Call
from gateway.station_case import Case, answer, refuse
from gateway.station_desk import Decision
from gateway.view import Message

POSITION_BUTTON: Final = "fixed_position"
"""The button, or sensor, at the fixed position, by its name in the gateway's configuration."""

STOP_AFTER_SECONDS: Final = 1.0
"""After the finish that reached the position, so that the report's own signal is heard by itself."""


def is_fixed(master: MasterData, call: Call) -> bool:
    """Does the line run on to its fixed position with this call?"""
    row = master.call_type_by_id.get(call.call_type)
    return row is not None and row.fixed_position


def signal_of(master: MasterData, call: Call) -> Signal:
    """What says that a call waits: it is out, it will stop the line, or it has stopped it."""
    if call.stopped:
        return Signal.STOPPED
    return Signal.STOPPING if is_fixed(master, call) else Signal.CALLED


def _pending(case: Case) -> list[Call]:
    calls = case.state.calls_at(case.station)
    return [each for each in calls if is_fixed(case.master, each) and not each.stopped]


def stop(case: Case) -> Decision:
    """The stop card, or the page's button for one call: the line stops now."""
    found = [each for each in _pending(case) if case.value in ("", each.identity)]
    if not found:
        return refuse(case, "nothing_to_stop")
    return _stopped(case, found, case.source)


def pass_position(case: Case) -> Decision:
    """The sensor at the fixed position, once in every cycle: nothing to stop is the usual thing."""
    found = _pending(case)
    return _stopped(case, found, "button") if found else answer(case, Signal.NOTED, Message("position_passed"))


def stop_due(case: Case) -> Decision | None:
    """A finish has reached the position; None when none has, or its own signal is still heard."""
    found = [each for each in _pending(case) if (at := _due(case, each)) is not None and at <= case.instant.boottime]
    return _stopped(case, found, "finish") if found else None


def next_stop(case: Case) -> float | None:
    """The boottime at which `stop_due` next has something to do."""
    return min((at for each in _pending(case) if (at := _due(case, each)) is not None), default=None)


def _due(case: Case, call: Call) -> float | None:
    if call.reached is None:
        return None
    boot, at = call.reached
    return at + STOP_AFTER_SECONDS if boot == case.instant.boot else case.instant.boottime


def _stopped(case: Case, calls: list[Call], position: Literal["finish", "button", "card", "page"]) -> Decision:
    person = case.person
    events = [
        AndonStopped(call=each.identity, call_type=each.call_type, person=person, position=position) for each in calls
    ]
    return answer(case, Signal.STOPPED, Message("stopped", case.names_of_call(calls[0].call_type)), *events)
