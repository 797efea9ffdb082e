"""The main loop: what came in, decide, commit, signal, publish, tidy up. One thread, the only one that writes (I6).

`step(items, instant)` does one round and returns when it wants to be called next; `run` is the shell around it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from devices import types as device
from devices.types import Decoder, Indicator, Signal
from floor import events
from floor.events import Instant
from gateway import limits, station_desk
from gateway.clock import Clock
from gateway.errors import GatewayError, JournalFull
from gateway.inbox import Inbox
from gateway.keeping import Act, Garbage, Input, Keeping, NewFacts, NewMaster, Noted, Outcome
from gateway.line_ear import LineSpoke
from gateway.listening import Listening
from gateway.reached import Reached
from gateway.screen import inputs as page
from gateway.storage import Storage
from gateway.trial import LightTrial, signal_of_call, standing
from gateway.upkeep import Upkeep
from gateway.viewing import Viewing
from sync import ports

log = logging.getLogger("lineside.loop")


@dataclass(frozen=True, slots=True)
class Stop:
    """End in order."""

    reason: str


@dataclass(frozen=True, slots=True)
class Met:
    """A named bound was met elsewhere in this process (I10)."""

    limit: str


@dataclass(slots=True)
class Loop:
    """The parts the loop moves; built by `gateway.main`."""

    inbox: Inbox
    clock: Clock
    keeping: Keeping
    storage: Storage
    upkeep: Upkeep
    viewing: Viewing
    stations: Mapping[str, str]
    """Device name to station."""
    decoders: Mapping[str, Decoder]
    indicators: Mapping[str, tuple[Indicator, ...]]
    """Station to its lights and buzzers."""
    kept: Callable[[], None]
    """Called after each commit: wakes the pumps (commit, then signal, then send)."""
    file_kept: Callable[[str], None] = lambda sha256: None
    """Called after the commit of a record that names a file."""
    kept_again: Callable[[], None] = lambda: None
    """Called when records can be kept again after they could not."""
    alive: Callable[[], None] = lambda: None
    """Called after each round: feeds the watchdog of systemd."""
    alive_seconds: float | None = None
    """The longest a round may wait, for the watchdog's sake."""
    stopping: str | None = None
    reached: Reached = field(default_factory=Reached)
    listening: Listening = field(default_factory=Listening)
    trial: LightTrial = field(default_factory=LightTrial)
    _postponed: list[Act] = field(default_factory=list)
    """Master data, facts and notes that came while nothing could be kept: they are taken when that is over."""

    def run(self) -> None:
        """Rounds until a Stop came. Raises what is a bug, which ends the process: start-up is the recovery path."""
        wake: float | None = None
        while self.stopping is None:
            items = self.inbox.take(limits.INPUTS_PER_COMMIT_MAX, self._timeout(wake))
            wake = self.step(items, self.clock())
            self.alive()

    def _timeout(self, wake: float | None) -> float | None:
        times = [] if wake is None else [max(0.0, wake - self.clock().boottime)]
        return min([*times, *([] if self.alive_seconds is None else [self.alive_seconds])], default=None)

    def step(self, items: Iterable[object], instant: Instant) -> float | None:
        """One round: returns the boottime seconds at which the next one is due."""
        now = instant.boottime
        acts: list[Act] = []
        for item in items:
            acts += self._acts_of(item, instant)
        # What waits in the inbox came before now: silence is only judged once all of it was heard.
        for name, decoder in self.decoders.items() if len(self.inbox) == 0 else ():
            due = decoder.wake()
            if due is not None and due <= now:
                acts += self._inputs(name, decoder.step(now))
        acts += self._limits_reached(now)
        self._keep(acts, instant)
        self._try_lights(now)
        if self.listening.ended():
            self.viewing.changed()
        if len(self.inbox) == 0:
            self._tidy(instant)
        self.viewing.publish(self.keeping, self.storage, instant)
        if len(self.inbox):
            return now
        return self._next_wake(instant)

    # -- what came in ---------------------------------------------------------------------------------------------

    def _acts_of(self, item: object, instant: Instant) -> list[Act]:
        if isinstance(item, device.Frame):
            name = item.device if item.device in self.decoders else item.device.partition(":")[0]
            return self._inputs(name, self.decoders[name].feed(item))
        if isinstance(item, device.Found | device.Lost):
            return self._device_state(item, instant)
        if isinstance(item, NewMaster | NewFacts | Noted):
            return [item]
        if isinstance(item, Met):
            self.reached.note(item.limit)
            return []
        if isinstance(item, Stop):
            self.stopping = item.reason
            return []
        if isinstance(item, page.SetUpInput):
            return self._set_up(item)
        act = self._page_input(item)
        if act is not None:
            return [act]
        return self._report(item, instant)

    def _inputs(self, name: str, inputs: Iterable[device.Input]) -> list[Act]:
        station = self.stations[name]
        acts: list[Act] = []
        if self.listening.active(station):
            self._listen(station, inputs)
            return acts
        for each in inputs:
            if isinstance(each, device.Scan):
                acts.append(Input(station, station_desk.Scanned(each.data, each.device)))
            elif isinstance(each, device.Press):
                acts.append(Input(station, station_desk.Pressed(each.button, each.long, each.device)))
            elif isinstance(each, device.Garbled):
                acts.append(Garbage(station, each))
        return acts

    def _device_state(self, item: device.Found | device.Lost, instant: Instant) -> list[Act]:
        found = isinstance(item, device.Found)
        name = item.device.partition(":")[0]
        station = self.stations.get(item.device) or self.stations.get(name, "")
        acts: list[Act] = []
        if not found and (decoder := self.decoders.get(item.device)) is not None:
            acts += self._inputs(item.device, decoder.reset(instant.boottime))
        if self.viewing.device_state(station, item.device, found):
            kind = events.DeviceFound if found else events.DeviceLost
            acts.append(Noted(station, kind(device=item.device[:512], detail=item.detail[:512])))
            log.info("%s %s: %s", item.device, "found" if found else "lost", item.detail)
        return acts

    def _listen(self, station: str, inputs: Iterable[device.Input]) -> None:
        """While the set-up page listens nothing is work; the short light says no more than that it was heard."""
        for each in inputs:
            self.listening.hear(each)
            self._give(station, Signal.NOTED)

    def _set_up(self, item: page.SetUpInput) -> list[Act]:
        """What a maintainer does on the set-up page; the page has checked the right to it."""
        match item:
            case page.SetUpListen(station, person, seconds):
                self.listening.start(station, seconds)
                self.viewing.changed()
                return [Noted(station, events.ListeningStarted(person=person, seconds=seconds), telemetry=False)]
            case page.SetUpStop():
                self.listening.stop()
                self.viewing.changed()
            case page.SetUpSignal(station, person, signal):
                self.trial.ask(station, Signal(signal))
                return [Noted(station, events.SignalTested(person=person, signal=signal), telemetry=False)]
            case page.SetUpDone(station, event):
                return [Noted(station, event, telemetry=False)]
            case page.SetUpRestart(station, person):
                self.stopping = f"restart asked for on the set-up page of {station} by {person or 'nobody signed in'}"
        return []

    def _try_lights(self, now: float) -> None:
        """Signals that are tried come after the commit too (I1); then what really stands is shown again."""
        for station, signal in [] if self.storage.reason else self.trial.begin(now):
            self._give(station, signal)
        for station, subject, tried in self.trial.over(now):
            calls = (signal_of_call(self.keeping.master, each) for each in self.keeping.floor.calls_at(station))
            away = self.viewing.sinks.get("central") is False
            truth = standing(subject, calls, bool(self.storage.reason), away)
            if truth is not tried:
                self._give(station, truth)

    def _give(self, station: str, signal: Signal) -> None:
        for indicator in self.indicators.get(station, ()):
            indicator.give(signal, station)

    def _page_input(self, item: object) -> Act | None:
        match item:
            case page.Typed(station, text):
                return Input(station, station_desk.Scanned(text, "page"))
            case page.PageReport(station, operation, good, scrap, reason, rework, rework_reason, partial):
                amounts = station_desk.Amounts(good, scrap, reason, rework, rework_reason, partial)
                return Input(station, station_desk.PageReport(operation, amounts))
            case page.PageCommand(station, command, value):
                return Input(station, station_desk.PageCommand(command, value))
            case page.PageCall(station, call_type, long):
                return Input(station, station_desk.Pressed(call_type, long, "page"))
            case page.PageAcknowledge(station, call, badge):
                what = station_desk.Scanned(badge, "page") if badge else station_desk.PageAcknowledge(call)
                return Input(station, what)
            case page.PageReadBack(station, text):
                return Input(station, station_desk.PageReadBack(text))
            case page.PageResolve(station, call, cause):
                return Input(station, station_desk.PageResolve(call, cause))
            case page.PageNote(station, text, operation, call):
                return Input(station, station_desk.PageNote(text, operation, call))
            case page.PageAssign(station, call, owner):
                return Input(station, station_desk.PageAssign(call, owner))
            case page.PagePhoto(station, sha256, size, media_type, operation, call):
                return Input(station, station_desk.PagePhoto(sha256, size, media_type, operation, call))
        return None

    def _report(self, item: object, instant: Instant) -> list[Act]:
        match item:
            case ports.ReceiptCame(_, receipt):
                self.storage.believe(receipt, instant.boottime)
                self.viewing.receipt(instant)
            case ports.PositionMoved(sink, position):
                self.storage.move(sink, position, instant.boottime)
            case ports.NoticeSkipped(sink, first, last):
                return [Noted("", events.NoticeSkipped(sink=sink, first=first, last=last), telemetry=False)]
            case ports.FactsCame(facts):
                return [NewFacts(facts)]
            case ports.SinkState(sink, online, detail, _):
                if sink == "central":
                    self.keeping.upstream_known = online
                if self.viewing.sink_state(sink, online, detail):
                    log.info("%s %s: %s", sink, "online" if online else "offline", detail)
                    self._signal_all(Signal.ONLINE if online else Signal.OFFLINE, sink)
            case LineSpoke():
                self.reached.note("hearsay", self.viewing.heard(self.keeping, instant))
            case ports.FileSent() | ports.FileCame():
                self.viewing.changed()
            case ports.SinkRefused(sink, reason, hint):
                log.error("%s refuses: %s (%s)", sink, reason, hint)
                self.viewing.sink_error(sink, reason)
            case _:
                raise AssertionError(f"nobody knows what to do with {type(item).__name__}")
        return []

    def _limits_reached(self, now: float) -> list[Act]:
        acts: list[Act] = []
        self.reached.note("inbox", self.inbox.take_overflow())
        if self.storage.reason:
            return acts
        rejected = self.keeping.rejections.take_overflow(now)
        if rejected:
            acts.append(Noted("", events.LimitReached(limit="rejected_scans", count=rejected), telemetry=False))
        return acts + [Noted("", event, telemetry=False) for event in self.reached.take(now)]

    # -- commit, then signal, then send ---------------------------------------------------------------------------

    def _keep(self, acts: list[Act], instant: Instant) -> None:
        try:
            acts = self._without_telemetry(acts, instant)
            timeouts = self.keeping.wake(instant)
            if not acts and (timeouts is None or timeouts > instant.boottime):
                return
            self.storage.ready(self.keeping, instant)
            before = self.storage.newest()
            outcomes = self.keeping.keep(acts, instant) if acts else []
            outcomes += self.keeping.step(instant)
        except GatewayError as error:
            self._refuse(error, acts, instant)
            return
        if self.storage.accepted():
            self._go_on(instant)
        for outcome in outcomes:
            self._signal(outcome)
        if self.storage.newest() != before:
            self.viewing.changed()
            self.kept()

    def _without_telemetry(self, acts: list[Act], instant: Instant) -> list[Act]:
        """The last part of the cap is for reports and calls: what else there is to note gives way, and is counted."""
        if not any(isinstance(act, Noted) and act.telemetry for act in acts) or self.storage.telemetry_fits(instant):
            return acts
        kept = [act for act in acts if not isinstance(act, Noted) or not act.telemetry]
        self.reached.note("telemetry", len(acts) - len(kept))
        return kept

    def _refuse(self, error: GatewayError, acts: list[Act], instant: Instant) -> None:
        """I11: the station says aloud that it cannot keep, and pretends nothing."""
        if self.storage.refuse(error, instant.boottime):
            log.error("the station refuses: %s (%s)", error, error.hint)
        self.viewing.changed()
        self._postponed += [act for act in acts if isinstance(act, NewMaster | NewFacts | Noted)]
        refused = [act.station for act in acts if isinstance(act, Input | Garbage)]
        if isinstance(error, JournalFull):
            self.reached.note("journal_room", len(refused))
        for station in dict.fromkeys(refused):
            self._give(station, Signal.UNKEPT)

    def _go_on(self, instant: Instant) -> None:
        """Records are kept again: what had to wait for that comes now."""
        log.info("the station keeps records again")
        self.kept_again()
        self.viewing.changed()
        postponed, self._postponed = self._postponed, []
        self._keep(postponed, instant)

    def _signal(self, outcome: Outcome) -> None:
        self.viewing.changed()
        if outcome.file:
            self.file_kept(outcome.file)
        self._give(outcome.station, outcome.signal)

    def _signal_all(self, signal: Signal, sink: str) -> None:
        if sink == "central":
            for station in self.indicators:
                self._give(station, signal)

    # -- between inputs -------------------------------------------------------------------------------------------

    def _tidy(self, instant: Instant) -> None:
        """What makes room comes first, so that a full journal is looked at again after it."""
        for job in (self._keep_up, self._look_again):
            try:
                job(instant)
            except GatewayError as error:
                self._refuse(error, [], instant)

    def _keep_up(self, instant: Instant) -> None:
        self.upkeep.step(self.keeping, instant)

    def _look_again(self, instant: Instant) -> None:
        if self.storage.probe(self.keeping, instant):
            self._go_on(instant)

    def _next_wake(self, instant: Instant) -> float | None:
        times = [decoder.wake() for decoder in self.decoders.values()]
        times += [self.storage.wake(), self.viewing.wake(), self.trial.wake(), self.listening.wake()]
        # What needs the journal is tried again when the journal is, not in every round until then.
        tried = self.storage.wake() or float("-inf")
        writing = (
            self.keeping.wake(instant),
            self.upkeep.wake(self.keeping.stale),
            self.keeping.rejections.wake(),
            self.reached.wake(),
        )
        times += [max(time, tried) for time in writing if time is not None]
        return min((time for time in times if time is not None), default=None)
