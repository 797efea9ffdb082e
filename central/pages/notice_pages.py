"""Notices that the floor has to say back, who did, and hand-overs of stations with both signatures."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, Response

from central.pages.frame import for_accounts, render
from central.pages.office import RecordLine, RecordQuery
from central.pages.port import Office
from floor.master import MasterData
from floor.notices import INSTRUCTION, NOTICE

READINGS_MAX = 500
"""The newest of them are shown; the page of records has all."""

HANDOVERS_MAX = 100


@dataclass(frozen=True, slots=True)
class NoticeReport:
    """What has to be read, and who did, newest first. `about`: the order, operation or item; empty: everything."""

    key: str
    title: str
    title_en: str
    text: str
    about: str
    facts: tuple[str, ...]
    read: tuple[RecordLine, ...]
    misread: tuple[RecordLine, ...]


@dataclass(frozen=True, slots=True)
class HandoverReport:
    """A station handed over; `accepted` is None while nobody took it. `misread`: how often a fact was wrong."""

    offered: RecordLine
    accepted: RecordLine | None
    misread: int


def add_routes(pages: Blueprint, office: Office) -> None:
    """Registers the page."""

    @pages.get("/notices")
    @for_accounts
    def notices() -> Response:
        published = office.master()
        master = published.master if published else MasterData()

        def newest(kind: str, count: int) -> Sequence[RecordLine]:
            return office.records(RecordQuery("", kind, "", None), count)

        read, misread = newest("notice.read", READINGS_MAX), newest("notice.misread", READINGS_MAX)
        return render(
            "notices.html",
            notices=reports(master, read, misread),
            handovers=handovers(
                newest("handover.offered", HANDOVERS_MAX),
                newest("handover.accepted", HANDOVERS_MAX),
                newest("handover.misread", READINGS_MAX),
            ),
            facts_of=facts_of,
        )


def reports(master: MasterData, read: Sequence[RecordLine], misread: Sequence[RecordLine]) -> list[NoticeReport]:
    """Every notice and instruction in force, the newest row first, with what was said of it."""
    right, wrong = _by_notice(read), _by_notice(misread)

    def report(key: str, title: str, title_en: str, text: str, about: str, facts: tuple[str, ...]) -> NoticeReport:
        return NoticeReport(key, title, title_en, text, about, facts, tuple(right[key]), tuple(wrong[key]))

    notices = [
        report(f"{NOTICE}{row.id}", row.title, row.title_en, row.text, row.operation or row.work_order, row.facts)
        for row in reversed(master.notices)
    ]
    instructions = ((row, row.title or row.id) for row in reversed(master.instructions))
    return notices + [
        report(f"{INSTRUCTION}{row.id}", title, title, row.revision, row.operation or row.item, ("revision",))
        for row, title in instructions
    ]


def _by_notice(records: Sequence[RecordLine]) -> defaultdict[str, list[RecordLine]]:
    found: defaultdict[str, list[RecordLine]] = defaultdict(list)
    for each in records:
        found[str(each.data.get("notice"))].append(each)
    return found


def handovers(
    offered: Sequence[RecordLine], accepted: Sequence[RecordLine], misread: Sequence[RecordLine]
) -> list[HandoverReport]:
    """Each hand-over with its two ends, newest first."""
    taken = {str(each.data.get("handover")): each for each in accepted}
    wrong = Counter(str(each.data.get("handover")) for each in misread)
    identities = [(f"{each.epoch}/{each.seq}", each) for each in offered]
    return [HandoverReport(each, taken.get(identity), wrong[identity]) for identity, each in identities]


def facts_of(record: RecordLine) -> list[tuple[str, str]]:
    """(name, value) of the facts that a record tells."""
    told = record.data.get("facts")
    if not isinstance(told, list):
        return []
    return [(name, value) for name, _, value in (str(each).partition("=") for each in told)]
