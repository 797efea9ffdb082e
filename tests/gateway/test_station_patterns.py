"""A label that the plant already had works at a station exactly like our own label for the same thing."""

import pytest

from devices.types import Signal
from floor.rows import LabelPattern, Person
from tests.gateway.floor_desk import Bench, small_plant

PATTERNS = (
    LabelPattern(name="erp", kind="ticket", pattern="WO={order};OP={number}"),
    LabelPattern(name="gs1", kind="ticket", read="elements", pattern="(240){order}(21){number}"),
    LabelPattern(name="iso", kind="ticket", read="elements", pattern="(1K){order}(4K){number}"),
    LabelPattern(name="hr", kind="badge", pattern="EMP:{person}"),
)
TICKETS = ("WO={order};OP={number}", "]d2240{order}\x1d21{number}", "[)>\x1e06\x1d1K{order}\x1d4K{number}\x1e\x04")


def bench() -> Bench:
    return Bench(small_plant().model_copy(update={"label_patterns": PATTERNS}))


def played(*scans: str) -> Bench:
    found = bench()
    found.scans(*scans)
    return found


@pytest.mark.parametrize("written", TICKETS)
@pytest.mark.parametrize(
    "scans",
    [
        ("B-ANN", "T-W1-10", "T-W1-10"),
        ("B-ANN", "T-W1-10", "C-GOOD", "C-D4A", "C-SCRAP", "C-D1A", "T-W1-10"),
        ("B-ANN", "T-WH-10"),
        ("B-ANN", "T-W2-10", "C-PAUSE", "T-W2-10", "C-RESUME", "T-W2-10"),
        ("B-ANN", "T-W9-10", "C-GOOD", "C-D4A", "C-CONFIRM"),
    ],
)
def test_the_same_records_as_with_our_own_ticket(scans: tuple[str, ...], written: str) -> None:
    own = played(*scans)
    replaced = []
    for each in scans:
        ticket = each.removeprefix("T-").rpartition("-")
        replaced.append(written.format(order=ticket[0], number=ticket[2]) if each.startswith("T-") else each)
    other = played(*replaced)
    assert replaced != list(scans)
    assert other.kept == own.kept
    assert other.desk == own.desk and other.state.to_json() == own.state.to_json()


def test_the_same_with_a_badge() -> None:
    own, other = played("B-ANN", "T-W1-10", "B-BOB"), played("EMP:ann", "T-W1-10", "EMP:bob")
    assert other.kept == own.kept and other.desk == own.desk


def test_both_labels_of_one_ticket_within_three_seconds_are_one_scan() -> None:
    found = bench()
    found.scans("B-ANN", "T-W1-10")
    assert found.scan("WO=W1;OP=10", after=1).signal is Signal.REPEATED
    assert len(found.kept) == 2


def test_a_badge_that_is_no_longer_good_is_told_by_the_rule() -> None:
    found = bench()
    assert found.scan("EMP:old").message == Bench(found.master).scan("B-OLD").message


def test_a_ticket_scanned_before_its_operation_was_known_is_finished_after() -> None:
    known = small_plant().model_copy(update={"label_patterns": PATTERNS})
    before = known.model_copy(update={"operations": (), "people": (*known.people, Person(id="x", name="x", badge="X"))})
    found = Bench(before)
    found.scans("B-ANN", "WO=W1;OP=10")
    found.master = known
    assert found.scan("WO=W1;OP=10", after=60).signal is Signal.KEPT
    assert [happening.event.type_name for _, happening in found.kept] == [
        "session.opened",
        "work.started",
        "report.finished",
    ]
    assert not found.state.to_json().count('"running"')


def test_nobody_signed_in_is_told_the_same() -> None:
    assert bench().scan("WO=W1;OP=10").message == bench().scan("T-W1-10").message
