"""Acts of several threads in one transaction: all are kept, a failed one alone is not, and nobody waits for ever."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from central.database import Database
from central.errors import DatabaseUnreachable, RequestRefused
from central.models import Alarm, table_of
from central.together import Together
from simulation.processes import wait_for

ALARM = table_of(Alarm)


class Office:
    """`write` counted; it waits while `closed` is held."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.closed = threading.Lock()
        self.writes = 0
        self.fault: BaseException | None = None
        self.together = Together(self.write)

    @contextmanager
    def write(self) -> Iterator[Session]:
        with self.closed:
            if self.fault is not None:
                raise self.fault
            self.writes += 1
            with self.database.write() as session:
                yield session

    def kinds(self) -> set[str]:
        with self.database.read() as session:
            return set(session.scalars(select(ALARM.c.kind)))


@pytest.fixture
def office(database: Database) -> Office:
    return Office(database)


def keeping(name: str, fault: BaseException | None = None) -> Callable[[Session], int]:
    """An act that keeps a row and tells how many there are."""

    def act(session: Session) -> int:
        row = {"plant": "plant", "gateway": "", "kind": name, "subject": "", "detail": "", "count": 1}
        session.execute(insert(ALARM), [row | {"first_at": 1.0, "last_at": 1.0}])
        if fault is not None:
            raise fault
        return len(session.scalars(select(ALARM.c.kind)).all())

    return act


def all_at_once(office: Office, acts: list[Callable[[Session], int]]) -> list[Any]:
    """What came of each, when all of them had to wait for the first one's turn."""
    found: list[Any] = [None] * len(acts)

    def run(number: int) -> None:
        try:
            found[number] = office.together.do(acts[number])
        except BaseException as fault:
            found[number] = fault

    threads = [threading.Thread(target=run, args=(number,), daemon=True) for number in range(len(acts))]
    with office.closed:
        for number, each in enumerate(threads):
            each.start()
            # The first one leads and is waiting for its turn; the others stand behind it.
            wait_for(
                "it to wait", lambda many=number: len(office.together._waiting) == many and office.together._is_led
            )
    for each in threads:
        each.join(30)
        assert not each.is_alive()
    return found


def test_those_who_wait_share_a_transaction(office: Office) -> None:
    found = all_at_once(office, [keeping(f"k{number}") for number in range(10)])
    assert found == list(range(1, 11)), "each reads what the ones before it wrote"
    assert office.writes == 1
    assert office.kinds() == {f"k{number}" for number in range(10)}
    assert office.together.do(keeping("later")) == 11


def test_one_that_fails_is_kept_from_the_others(office: Office) -> None:
    refused = RequestRefused("no")
    found = all_at_once(office, [keeping("a"), keeping("b", refused), keeping("c")])
    assert found[1] is refused
    assert office.kinds() == {"a", "c"}
    assert sorted([found[0], found[2]]) == [1, 2]


def test_all_who_wait_are_told_that_the_database_is_away(office: Office) -> None:
    office.fault = DatabaseUnreachable("away")
    found = all_at_once(office, [keeping("a"), keeping("b"), keeping("c")])
    assert [type(each) for each in found] == [DatabaseUnreachable] * 3
    office.fault = None
    assert office.together.do(keeping("d")) == 1


def test_a_thread_that_ends_leaves_nobody_waiting(office: Office) -> None:
    found = all_at_once(office, [keeping("a"), keeping("b", SystemExit()), keeping("c")])
    assert isinstance(found[0], SystemExit), "it ran in the leader's thread"
    assert isinstance(found[1], DatabaseUnreachable)
    assert (found[2], office.kinds()) == (1, {"c"}), "that one came after"
