"""Where a scan becomes a record: decide, commit, and only then say so.

`Keeping.keep` is the heart of the product. Inputs that wait are decided one after the other on the state as it
evolves, their events are committed together, and the outcomes, with their signals, are handed back after the commit
(I1). When the commit fails nothing of it happened: the state is folded anew from the journal (I7).
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

from devices.types import Garbled, Signal
from floor import events, reading_events
from floor.events import Event, Happening, Instant
from floor.label_texts import shown_bytes
from floor.master import MasterData
from gateway import station_desk
from gateway.clock import rfc3339
from gateway.doubt import last_records
from gateway.floor_state import Floor
from gateway.hearsay import Hearsay
from gateway.journal import Group, Journal
from gateway.journal_reader import JournalReader
from gateway.journal_upkeep import last_checkpoint
from gateway.rejections import Rejections
from gateway.salvage import DOUBT, SETTING, Doubt
from gateway.station import decide, fact_notice, step, wake
from gateway.station_case import Case, refuse
from gateway.station_desk import Decision, Desk, StationRules
from gateway.station_texts import label_of
from gateway.view import Message
from sync.wire import Fact, Record


@dataclass(frozen=True, slots=True)
class Input:
    """An input of a station, to be decided."""

    station: str
    what: station_desk.Input


@dataclass(frozen=True, slots=True)
class Garbage:
    """What a device sent that is no label at all."""

    station: str
    garbled: Garbled


@dataclass(frozen=True, slots=True)
class Noted:
    """Something to keep that nobody decides: a device gone, a limit reached. `telemetry` may not use the reserve."""

    station: str
    event: Event
    telemetry: bool = True


@dataclass(frozen=True, slots=True)
class NewMaster:
    """Master data to use from this record on (I8)."""

    master: MasterData
    source: str


@dataclass(frozen=True, slots=True)
class NewFacts:
    """Facts of the office, in order."""

    facts: tuple[Fact, ...]


Act = Input | Garbage | Noted | NewMaster | NewFacts


@dataclass(frozen=True, slots=True)
class Outcome:
    """What to tell a station after the commit. `identity`: of the record that kept it, empty for none."""

    station: str
    signal: Signal
    message: Message
    identity: str = ""
    file: str = ""
    """The SHA-256 of a file on the card that a record now names."""


@dataclass(slots=True)
class Keeping:
    """The state of the floor at this gateway, and the one way to change it."""

    journal: Journal
    rules: dict[str, StationRules]
    master: MasterData = field(default_factory=MasterData)
    floor: Floor = field(default_factory=Floor)
    desks: dict[str, Desk] = field(default_factory=dict)
    rejections: Rejections = field(default_factory=Rejections)
    stale: bool = True
    """The state must be folded anew before it is used: at start, and after a commit that failed."""
    upstream_known: bool = True
    """Whether the reports of other gateways reach this one now."""
    hearsay: Hearsay = field(default_factory=Hearsay)
    """What the others of the line say of themselves: shown, and asked where `upstream_known` is not."""

    def recover(self, instant: Instant) -> None:
        """I7: the state is the fold of the journal, from the newest checkpoint on."""
        checkpoint = last_checkpoint(self.journal)
        position, state = checkpoint if checkpoint else (0, "")
        try:
            self.floor = Floor.from_json(state) if state else Floor()
        except (ValueError, KeyError, TypeError):
            # A checkpoint of another release: what is still in the journal is folded instead.
            position, self.floor = 0, Floor()
        with JournalReader(self.journal.path, self.journal.gateway_name, proving=True) as reader:
            for _, record in reader.walk(position):
                for happening in known(record):
                    self.floor.apply(f"{record.epoch}/{record.seq}", happening)
            if not self.desks:
                self.desks = self._desks_after_start(reader.newest_records(RECENT_RECORDS), instant)
        self.stale = False

    def tell_salvage(self, instant: Instant) -> None:
        """A salvage is told by the first record after it, once: it reaches the office as every record does (G7)."""
        text = self.journal.settings.get(SETTING)
        if not text:
            return
        doubt = Doubt.from_json(text)
        times = ("" if wall is None else rfc3339(wall) for wall in (doubt.since, doubt.until))
        event = events.JournalSalvaged(
            folder=doubt.folder,
            reason=doubt.reason[:500],
            salvaged=doubt.salvaged,
            lost=doubt.lost,
            ranges=doubt.ranges,
            **dict(zip(("since", "until"), times, strict=True)),
        )
        with self.journal.group() as group:
            self._append(group, event, "", instant)
            group.remember(SETTING, "")
            group.remember(DOUBT, json.dumps({"doubt": text, "boot": instant.boot, "at": instant.boottime}))

    def _desks_after_start(self, newest: tuple[Record, ...], instant: Instant) -> dict[str, Desk]:
        """P4: each station shows its last record, and whether its beep is known to have sounded."""
        spoken = last_records((each.epoch, each.seq, happening) for each in newest for happening in known(each))
        desks = {}
        for station in self.rules:
            last = spoken.get(station)
            desks[station] = (
                Desk(station)
                if last is None
                else Desk.after_start(
                    station,
                    label_of(last.happening.event, self.master),
                    last.identity,
                    last.beep_unknown,
                    instant.boottime,
                    last.happening.instant.wall,
                )
            )
        return desks

    def keep(self, acts: list[Act], instant: Instant) -> list[Outcome]:
        """Decide the acts in order and commit their events as one group. Raises the journal's errors; then nothing
        happened and the desks are as before."""
        desks = dict(self.desks)
        master = self.master
        outcomes: list[Outcome] = []
        try:
            with self.journal.group() as group:
                for act in acts:
                    outcomes += self._take(act, group, desks, instant)
        except BaseException:
            self.master = master
            self.stale = True
            raise
        self.desks = desks
        return outcomes

    def step(self, instant: Instant) -> list[Outcome]:
        """Time-outs of badges and prompts that are due."""
        due = [each for each in self.rules if (at := self._wake(each, instant)) is not None and at <= instant.boottime]
        if not due:
            return []
        desks = dict(self.desks)
        outcomes = []
        try:
            with self.journal.group() as group:
                for station in due:
                    decision = step(self.floor, desks[station], instant, self.rules[station], self.master)
                    if decision is not None:
                        outcomes.append(self._settle(station, decision, group, desks, instant))
        except BaseException:
            self.stale = True
            raise
        self.desks = desks
        return outcomes

    def wake(self, instant: Instant) -> float | None:
        """When `step` next has something to do; None before the state is there."""
        if self.stale:
            return None
        times = [at for station in self.rules if (at := self._wake(station, instant)) is not None]
        return min(times, default=None)

    def _wake(self, station: str, instant: Instant) -> float | None:
        return wake(self.floor, self.desks[station], instant, self.rules[station], self.master)

    def _take(self, act: Act, group: Group, desks: dict[str, Desk], instant: Instant) -> Iterator[Outcome]:
        if isinstance(act, Input):
            desk, rules = desks[act.station], self.rules[act.station]
            said = self.hearsay.at(instant.boottime)
            decision = decide(self.floor, desk, act.what, self.master, instant, rules, self.upstream_known, said)
            if decision is not None:
                outcome = self._settle(act.station, decision, group, desks, instant)
                yield replace(outcome, file=desks[act.station].recent[0].file) if _is_photo(act) else outcome
        elif isinstance(act, Garbage):
            yield self._settle(act.station, self._garbled(act, desks[act.station], instant), group, desks, instant)
        elif isinstance(act, Noted):
            self._append(group, act.event, act.station, instant)
        elif isinstance(act, NewMaster):
            self._take_master(act, group, instant)
        else:
            yield from self._take_facts(act, group, instant)

    def _garbled(self, act: Garbage, desk: Desk, instant: Instant) -> Decision:
        garbled = act.garbled
        case = Case(
            self.floor,
            desk,
            self.master,
            instant,
            self.rules[act.station],
            shown=shown_bytes(garbled.start),
            device=garbled.device,
            size=max(1, garbled.size),
        )
        return refuse(case, f"garbled_{garbled.reason}")

    def _take_master(self, act: NewMaster, group: Group, instant: Instant) -> None:
        self.master = act.master
        source: Literal["file", "central"] = "file" if act.source == "file" else "central"
        event = events.SnapshotApplied(version=act.master.version, digest=act.master.digest, source=source)
        self._append(group, event, "", instant)
        group.remember("master_digest", act.master.digest)

    def _take_facts(self, act: NewFacts, group: Group, instant: Instant) -> Iterator[Outcome]:
        for fact in act.facts:
            event = events.FactReceived(fact=fact.number, kind=fact.kind, content=fact.content)
            notice = fact_notice(self.floor, event, self.master)
            self._append(group, event, "", instant)
            group.remember("facts_last", str(fact.number))
            if notice is not None:
                yield Outcome(*notice)

    def _settle(
        self, station: str, decision: Decision, group: Group, desks: dict[str, Desk], instant: Instant
    ) -> Outcome:
        identity = ""
        for event in decision.events:
            if isinstance(event, BOUNDED) and not self.rejections.admit(instant.boottime):
                continue
            identity = self._append(group, event, station, instant)
        desks[station] = decision.desk.with_identity(identity) if identity else decision.desk
        return Outcome(station, decision.signal, decision.message, identity)

    def _append(self, group: Group, event: Event, station: str, instant: Instant) -> str:
        happening = Happening(event, station, instant, self.master.version, group.signalled())
        record = group.append(events.encode(happening, rfc3339(instant.wall)))
        identity = f"{record.epoch}/{record.seq}"
        self.floor.apply(identity, happening)
        return identity


BOUNDED = events.ScanRejected | events.ScanRefused | reading_events.NoticeMisread | reading_events.HandoverMisread
"""What scanning can make without end: `REJECTED_SCANS_PER_MINUTE_MAX` of them are kept, the rest is counted."""


def _is_photo(act: Input) -> bool:
    return isinstance(act.what, station_desk.PagePhoto)


RECENT_RECORDS = 200
"""Newest records looked at after a start, for the last one whose beep is unknown."""


def known(record: Record) -> Iterator[Happening]:
    """The happening of a record; none for a newer release's type, which others keep and carry."""
    try:
        yield events.decode(record.content)
    except ValueError:
        return
