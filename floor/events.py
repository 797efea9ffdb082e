"""The events of the floor: one class per type, and the text in which a record keeps one.

Pure: values in, values out.

A type is a dotted noun and past participle (CloudEvents `type`). The text of a record is a JSON object in CloudEvents
attribute names, so that the envelope only has to be put in front of it (`cloud_event`), never built anew.
Amounts are pieces, times are seconds unless the name says otherwise.
"""

import json
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field

from floor.event_base import Event as Event
from floor.event_base import GrownEvent, Identity, Name, Pieces, Text
from floor.photo_events import PhotoKept
from floor.reading_events import (
    HandoverAccepted,
    HandoverMisread,
    HandoverOffered,
    NoticeMisread,
    NoticeRead,
)
from floor.work_events import (
    ComponentUsed,
    CounterRead,
    NoteKept,
    ProductIdentified,
    ReworkReported,
    SetupFinished,
    SetupStarted,
)


class SessionOpened(Event):
    """A badge was scanned in: the station holds the person until they leave or time out."""

    type_name = "session.opened"
    person: Name


class SessionClosed(Event):
    """The station no longer holds the person."""

    type_name = "session.closed"
    person: Name
    reason: Literal["badge", "card", "timeout", "page"]


CONTINUED = "continued"
"""The flag of a start that is kept together with the report before it: the share went on (a partial report)."""


class WorkStarted(Event):
    """A person started, or joined, an operation. `flags` say what was unusual (I12: kept all the same).

    The flag `continued`: the report before it was partial, and the share went on in the same moment.
    """

    type_name = "work.started"
    person: Name
    operation: Name
    work_order: str = ""
    flags: tuple[str, ...] = ()


class WorkPaused(GrownEvent):
    """A person paused their share of an operation. `reason`: its id in the master data; empty: none was given."""

    type_name = "work.paused"
    later = frozenset({"reason"})
    person: Name
    operation: Name
    reason: Annotated[str, Field(max_length=64)] = ""


class WorkResumed(Event):
    """A person went on with their share of an operation."""

    type_name = "work.resumed"
    person: Name
    operation: Name


class ReportFinished(Event):
    """A work report: a person's share of an operation is done (ISA-95 job response).

    `seconds` is time worked without pauses, from the boot clock; None where a reboot in between makes it unknown.
    `flags`: early, over_quantity, unknown_operation, order_held, order_closed, wrong_station …
    """

    type_name = "report.finished"
    person: Name
    operation: Name
    work_order: str = ""
    good: Pieces
    scrap: Pieces = 0
    scrap_reason: str = ""
    seconds: float | None = None
    flags: tuple[str, ...] = ()


class ReportCorrected(Event):
    """An undo: the report `corrects` no longer counts. The share it closed is running again (`reopened`)."""

    type_name = "report.corrected"
    person: Name
    corrects: Identity
    operation: Name
    good: Annotated[int, Field(le=0, description="what is taken back, as a negative number")]
    scrap: Annotated[int, Field(le=0, description="what is taken back, as a negative number")] = 0
    reopened: bool = True


class ScanRejected(Event):
    """A label the station could not use. `shown` is the text made safe for display, cut to 128 characters."""

    type_name = "scan.rejected"
    reason: Name
    device: Text = ""
    shown: Annotated[str, Field(max_length=128)] = ""
    size: int = 0


class ScanRefused(Event):
    """A rule of error-proofing kept somebody from starting or reporting: nothing was started or counted."""

    type_name = "scan.refused"
    rule: Name
    person: Annotated[str, Field(max_length=64)] = ""
    operation: Annotated[str, Field(max_length=64)] = ""
    device: Text = ""
    shown: Annotated[str, Field(max_length=128)] = ""


class RuleBroken(Event):
    """A rule of error-proofing was broken by something that has no flags of its own, and it was kept all the same."""

    type_name = "rule.broken"
    rule: Name
    person: Annotated[str, Field(max_length=64)] = ""


class AndonRaised(Event):
    """A call for help. The call's identity is this record's epoch/seq."""

    type_name = "andon.raised"
    call_type: Name
    person: str = ""
    operation: str = ""
    device: str = ""


class AndonAcknowledged(Event):
    """Somebody is coming. `source`: badge, page, office."""

    type_name = "andon.acknowledged"
    call: Identity
    call_type: Name
    person: Name
    source: Literal["badge", "page", "office"] = "badge"


class AndonAssigned(Event):
    """A call was handed to another owner, for whom it waits from now on."""

    type_name = "andon.assigned"
    call: Identity
    call_type: Name
    owner: Annotated[str, Field(min_length=1, max_length=120)]
    person: Name
    source: Literal["badge", "card", "page"] = "card"


class AndonEscalated(Event):
    """A call has waited so long that the next tier has to know.

    The key is (call, tier): each tier is raised once, by the gateway alone.

    `elapsed_seconds` since the call: the boot clock within each boot, and between boots the wall clock where both sides
    of the gap were synchronised, else nothing; then the true time is longer, and `uncertain` says so.
    """

    type_name = "andon.escalated"
    call: Identity
    call_type: Name
    tier: Annotated[int, Field(ge=1, le=9)]
    owner: Annotated[str, Field(max_length=120)] = ""
    elapsed_seconds: Annotated[float, Field(ge=0)]
    uncertain: bool = False


class AndonStopped(Event):
    """The line reached its fixed position with this call still open, and stopped. Once for each call.

    `position`: what said so: a finish at the station, a button or sensor at the position, the stop card, the page.
    """

    type_name = "andon.stopped"
    call: Identity
    call_type: Name
    person: Annotated[str, Field(max_length=64)] = ""
    position: Literal["finish", "button", "card", "page"]


class AndonResolved(Event):
    """The call is over, with its cause."""

    type_name = "andon.resolved"
    call: Identity
    call_type: Name
    person: str = ""
    cause: Name


class AndonCancelled(Event):
    """The call was a mistake and taken back by the station."""

    type_name = "andon.cancelled"
    call: Identity
    call_type: Name
    person: str = ""


class SnapshotApplied(Event):
    """From this record on, decisions use this master data (I8)."""

    type_name = "snapshot.applied"
    version: int
    digest: str
    source: Literal["file", "central"]


class FactReceived(Event):
    """A fact of the office reached this gateway; `fact` is its number in this gateway's list."""

    type_name = "fact.received"
    fact: int
    kind: Name
    content: dict[str, Any]


class DeviceFound(Event):
    """A scanner, button or light is there."""

    type_name = "device.found"
    device: Text
    detail: Text = ""


class DeviceLost(Event):
    """A scanner, button or light is gone."""

    type_name = "device.lost"
    device: Text
    detail: Text = ""


class DeviceAssigned(Event):
    """On the set-up page a device was given to this station; the gateway uses it from its next start on.

    `person` is empty at the first set-up, when no maintainer is known yet. `detail` says by what it is recognised.
    """

    type_name = "device.assigned"
    person: Annotated[str, Field(max_length=64)] = ""
    device: Text
    kind: Name
    role: Literal["scanner", "button", "light"]
    call_type: Annotated[str, Field(max_length=64)] = ""
    detail: Text = ""


class DeviceUnassigned(Event):
    """On the set-up page an assignment was taken back."""

    type_name = "device.unassigned"
    person: Annotated[str, Field(max_length=64)] = ""
    device: Text


class ListeningStarted(Event):
    """For at most `seconds` what this station's devices send is shown on the set-up page and is no work."""

    type_name = "listening.started"
    person: Annotated[str, Field(max_length=64)] = ""
    seconds: Annotated[float, Field(ge=0)]


class SignalTested(Event):
    """On the set-up page a signal was tried on this station's lights; it meant nothing."""

    type_name = "signal.tested"
    person: Annotated[str, Field(max_length=64)] = ""
    signal: Name


class LimitReached(Event):
    """A named bound was met (I10). `count` is how often since the last such event."""

    type_name = "limit.reached"
    limit: Name
    count: int = 1
    detail: Text = ""


class NoticeSkipped(Event):
    """A notice sink fell too far behind: journal positions `first` to `last` are not sent to it (I5)."""

    type_name = "notice.skipped"
    sink: Name
    first: int
    last: int


class RecordLost(Event):
    """Takes the place of a record that salvage could not read (G7)."""

    type_name = "record.lost"
    epoch: str
    seq: int
    reason: Text


class JournalSalvaged(Event):
    """The journal was found damaged and made anew from all that could be read.

    `lost` records have a `record.lost` in their places, `ranges` names the first of them. They were made between
    `since` and `until`, by the gateway's clock.
    """

    type_name = "journal.salvaged"
    folder: Name
    reason: Text
    salvaged: int
    lost: int
    ranges: tuple[Text, ...] = ()
    since: str = ""
    until: str = ""


class GatewayStopped(Event):
    """The process ended in order: every signal before this record was given."""

    type_name = "gateway.stopped"
    reason: Text = ""


EVENTS: dict[str, type[Event]] = {
    each.type_name: each
    for each in (
        SessionOpened,
        SessionClosed,
        WorkStarted,
        WorkPaused,
        WorkResumed,
        SetupStarted,
        SetupFinished,
        ComponentUsed,
        ProductIdentified,
        CounterRead,
        ReportFinished,
        ReworkReported,
        ReportCorrected,
        ScanRejected,
        ScanRefused,
        RuleBroken,
        NoticeRead,
        NoticeMisread,
        HandoverOffered,
        HandoverMisread,
        HandoverAccepted,
        NoteKept,
        AndonRaised,
        AndonAcknowledged,
        AndonAssigned,
        AndonEscalated,
        AndonStopped,
        AndonResolved,
        AndonCancelled,
        PhotoKept,
        SnapshotApplied,
        FactReceived,
        DeviceFound,
        DeviceLost,
        DeviceAssigned,
        DeviceUnassigned,
        ListeningStarted,
        SignalTested,
        LimitReached,
        NoticeSkipped,
        RecordLost,
        JournalSalvaged,
        GatewayStopped,
    )
}


@dataclass(frozen=True, slots=True)
class Instant:
    """When something happened, as one machine knows it (I9).

    `boottime`: seconds of CLOCK_BOOTTIME, comparable only within one `boot`. `wall`: seconds since 1970, a remark.
    """

    boot: str
    boottime: float
    wall: float
    synchronised: bool


@dataclass(frozen=True, slots=True)
class Happening:
    """An event as a record keeps it: what, where, when, under which master data."""

    event: Event
    station: str
    instant: Instant
    master_version: int
    signalled: int = 0
    """Every signal up to this seq of the same epoch was given before this was decided."""


def encode(happening: Happening, time: str) -> str:
    """The canonical text of a happening: what the digest covers and every sink carries. `time` is RFC 3339."""
    event = happening.event
    data = event.model_dump_json()
    head = {
        "type": event.type_name,
        # CloudEvents allows no empty subject: an event of the gateway itself has none.
        **({"subject": happening.station} if happening.station else {}),
        "time": time,
        "clockstate": "synchronised" if happening.instant.synchronised else "unsynchronised",
        "bootid": happening.instant.boot,
        "boottime": f"{happening.instant.boottime:.6f}",
        "walltime": f"{happening.instant.wall:.6f}",
        "masterversion": happening.master_version,
        "signalled": happening.signalled,
    }
    return json.dumps(head, ensure_ascii=False, separators=(",", ":"))[:-1] + ',"data":' + data + "}"


def decode(content: str) -> Happening:
    """The happening in a record's text.

    Raises ValueError for text that is no known event: a newer release's type is kept by who carries it and
    skipped by who folds it (`EVENTS` says which are known).
    """
    try:
        head = json.loads(content)
        kind = EVENTS.get(head["type"])
        if kind is None:
            raise ValueError(f"unknown event type: {head['type']!r}")
        boot, subject = str(head["bootid"]), str(head.get("subject", ""))
        instant = Instant(boot, float(head["boottime"]), float(head["walltime"]), head["clockstate"] == "synchronised")
        numbers = int(head["masterversion"]), int(head["signalled"])
        return Happening(kind.model_validate(head["data"], strict=False), subject, instant, *numbers)
    except (KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise ValueError(f"no event: {error!r}") from error


def cloud_event(gateway_name: str, epoch: str, seq: int, content: str) -> str:
    """The CloudEvents 1.0 JSON of a record: its identity in front, its text unchanged behind."""
    source = json.dumps(f"/lineside/{gateway_name}", ensure_ascii=False)
    return (
        f'{{"specversion":"1.0","id":"{epoch}/{seq}","source":{source},'
        f'"datacontenttype":"application/json",{content[1:]}'
    )
