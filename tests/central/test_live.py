"""Live streams: bounded, told of changes, ended in order."""

import threading
from collections.abc import Iterator

import pytest

from central.change import note_change
from central.database import Database
from central.live import LiveStreams


@pytest.fixture
def live(database: Database) -> Iterator[LiveStreams]:
    found = LiveStreams(database, streams_max=2)
    yield found
    found.close()


def test_one_stream_too_many_is_told_to_come_later(live: LiveStreams) -> None:
    first, second, third = (live.response() for _ in range(3))
    assert [each.status_code for each in (first, second, third)] == [200, 200, 503]
    assert third.headers["Retry-After"] and first.mimetype == "text/event-stream"
    second.close()
    fourth = live.response()
    assert fourth.status_code == 200 and live.open_count == 2
    for each in (first, fourth):
        each.close()
        each.close()
    assert live.open_count == 0


def test_a_change_wakes_every_reader(live: LiveStreams, database: Database) -> None:
    answers = [live.response(), live.response()]
    readers = [iter(each.response) for each in answers]
    assert [next(each) for each in readers] == ["retry: 2000\n\n"] * 2
    assert [next(each) for each in readers] == ["event: change\ndata: 0\n\n"] * 2
    with database.write() as session:
        note_change(session, "plant")
    assert [next(each) for each in readers] == ["event: change\ndata: 1\n\n"] * 2
    for each in answers:
        each.close()


def test_readers_end_with_the_server(live: LiveStreams) -> None:
    answer = live.response()
    reader = iter(answer.response)
    assert next(reader) and next(reader)
    ended: list[bool] = []

    def read_on() -> None:
        ended.extend(not line for line in reader)
        ended.append(True)

    waiting = threading.Thread(target=read_on)
    waiting.start()
    live.close()
    waiting.join(20)
    assert ended[-1:] == [True] and live.response().status_code == 503
    answer.close()
