"""Photos through the station page: taken in pieces, judged by their bytes, and never by the main loop's thread."""

import hashlib
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from benchmarks.rig import Sinks, lay_out, station
from floor.limits import PHOTO_BYTES_MAX
from gateway.file_room import FileRoom
from gateway.photo_shelf import PhotoShelf
from gateway.screen.inputs import PagePhoto
from gateway.screen.limits import BODY_BYTES_MAX, PIECE_BYTES_MAX
from simulation.processes import wait_for
from tests.floor.pictures import jpeg, pdf, png
from tests.gateway import screen_samples as samples
from tests.gateway.screen_fixture import WAIT_SECONDS, Client, Page, served

PHOTO = jpeg(600_000)
OCTETS = "application/octet-stream"
CALL = f"{samples.EPOCH}/1283"


@pytest.fixture
def shelf(tmp_path: Path) -> PhotoShelf:
    found = PhotoShelf(tmp_path, FileRoom(tmp_path / "journal", 0, 0), lambda: 0.0)
    found.recovered(())
    return found


@pytest.fixture
def page(shelf: PhotoShelf) -> Iterator[Page]:
    with served(samples.called(), photos=shelf) as running:
        yield running


@pytest.fixture
def client(page: Page) -> Iterator[Client]:
    with page.session() as entered:
        entered.enter()
        yield entered


def begin(client: Client, size: int, station: str = "A1", **about: str) -> requests.Response:
    return client.post("photo", {"bytes": size, **(about or {"call": CALL})}, station)


def piece(client: Client, upload: str, offset: int, content: bytes, **headers: str) -> requests.Response:
    return client.post(f"photo/{upload}?offset={offset}", content=content, **{"Content_Type": OCTETS, **headers})


def send(client: Client, content: bytes, station: str = "A1", **about: str) -> requests.Response:
    """As the page's script does it."""
    begun = begin(client, len(content), station, **about)
    assert begun.status_code == 201, begun.text
    upload, offset = begun.json()["upload"], 0
    while True:
        path = f"photo/{upload}?offset={offset}"
        answer = client.post(
            path, station=station, content=content[offset : offset + PIECE_BYTES_MAX], Content_Type=OCTETS
        )
        if answer.status_code != 200:
            return answer
        offset = answer.json()["offset"]


def test_a_photo_becomes_one_input_with_what_its_bytes_say(page: Page, client: Client, tmp_path: Path) -> None:
    sha256 = hashlib.sha256(PHOTO).hexdigest()
    answer = send(client, PHOTO)
    assert (answer.status_code, answer.json()["sha256"]) == (202, sha256)
    assert page.inbox.wait_for(1) == [PagePhoto("A1", sha256, 600_000, "image/jpeg", "", CALL)]
    assert (tmp_path / "photos" / f"{sha256}.new").read_bytes() == PHOTO
    picture = png()
    assert send(client, picture, operation="OP-2611-20").status_code == 202
    found = hashlib.sha256(picture).hexdigest()
    assert page.inbox.wait_for(2)[1] == PagePhoto("A1", found, len(picture), "image/png", "OP-2611-20", "")


def test_a_lost_answer_costs_one_repeat(page: Page, client: Client) -> None:
    upload = begin(client, len(PHOTO)).json()["upload"]
    for _ in range(2):
        assert piece(client, upload, 0, PHOTO[:PIECE_BYTES_MAX]).json() == {"offset": PIECE_BYTES_MAX}
    assert piece(client, upload, 500_000, PHOTO[500_000:]).json() == {"offset": PIECE_BYTES_MAX}
    assert piece(client, upload, PIECE_BYTES_MAX, PHOTO[PIECE_BYTES_MAX : 2 * PIECE_BYTES_MAX]).status_code == 200
    assert piece(client, upload, 2 * PIECE_BYTES_MAX, PHOTO[2 * PIECE_BYTES_MAX :]).status_code == 202
    assert len(page.inbox.wait_for(1)) == 1


def test_with_a_full_inbox_nothing_is_pretended_and_the_end_comes_again(page: Page, client: Client) -> None:
    content = jpeg(1_000)
    upload = begin(client, 1_000).json()["upload"]
    page.inbox.full = True
    answer = piece(client, upload, 0, content)
    assert (answer.status_code, answer.json()["error"]) == (503, "inbox_full")
    page.inbox.full = False
    assert piece(client, upload, 0, content).status_code == 202
    assert len(page.inbox.wait_for(1)) == 1
    assert piece(client, upload, 0, content).status_code == 404


@pytest.mark.parametrize(
    "content",
    [
        b"<!doctype html><script>alert(1)</script>",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"GIF89a" + jpeg(),
        pdf(),
        b"\xff\xd8\xff\xd9" + b"<html>",
        b"\0" * 5_000,
    ],
)
def test_what_is_no_photo_is_refused_whatever_it_is_called(
    page: Page, client: Client, tmp_path: Path, content: bytes
) -> None:
    upload = begin(client, len(content)).json()["upload"]
    answer = piece(client, upload, 0, content, Content_Disposition="attachment; filename=photo.jpg")
    assert (answer.status_code, answer.json()["error"]) == (415, "photo_kind")
    assert answer.json()["zh"] and answer.json()["en"]
    assert list((tmp_path / "photos").iterdir()) == [] and page.inbox.inputs == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"bytes": 0, "call": CALL}, 400),
        ({"bytes": -1, "call": CALL}, 400),
        ({"bytes": "9", "call": CALL}, 400),
        ({"bytes": PHOTO_BYTES_MAX + 1, "call": CALL}, 413),
        ({"bytes": 10}, 400),
        ({"bytes": 10, "call": "x"}, 400),
        ({"bytes": 10, "call": CALL + "/../.."}, 400),
        ({"bytes": 10, "operation": "x" * 65}, 400),
        ({"bytes": 10, "call": CALL, "name": "../x.jpg"}, 400),
        ([], 400),
    ],
)
def test_announcements_are_judged(client: Client, body: object, status: int) -> None:
    assert client.post("photo", body).status_code == status


def test_pieces_are_guarded_like_every_post(client: Client) -> None:
    upload = begin(client, 100).json()["upload"]
    for headers, status in (
        ({"Origin": ""}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"X_Lineside_Token": "0" * 64}, 403),
        ({"Content_Type": "text/plain"}, 415),
        ({"Content_Type": "multipart/form-data; boundary=x"}, 415),
    ):
        assert piece(client, upload, 0, jpeg()[:50], **headers).status_code == status
    for offset in ("", "-1", "x", "9" * 12, "1.0"):
        answer = client.post(f"photo/{upload}?offset={offset}", content=b"x", Content_Type=OCTETS)
        assert answer.status_code == 400, offset
    assert piece(client, "0" * 32, 0, b"x").status_code == 404
    assert (
        client.post(f"photo/{upload}?offset=0", station="other", content=b"x", Content_Type=OCTETS).status_code == 404
    )
    assert begin(client, 100, station="other").status_code == 404


def test_each_way_in_has_its_own_bound(client: Client) -> None:
    """A piece may be large; what else is posted may not."""
    upload = begin(client, PHOTO_BYTES_MAX).json()["upload"]
    assert piece(client, upload, 0, jpeg(PIECE_BYTES_MAX)).json() == {"offset": PIECE_BYTES_MAX}
    assert piece(client, upload, PIECE_BYTES_MAX, b"x" * (PIECE_BYTES_MAX + 1)).status_code == 413
    long = b'{"text":"' + b"A" * BODY_BYTES_MAX + b'"}'
    assert client.post("typed", content=long).status_code == 413
    assert client.post("photo", content=long).status_code == 413


def test_a_full_card_says_so_aloud(page: Page, client: Client, shelf: PhotoShelf) -> None:
    shelf._room = FileRoom(shelf._room.journal, 0, 0, files_max=0)
    answer = begin(client, 100)
    assert (answer.status_code, answer.json()["error"]) == (507, "photo_full")
    assert page.server.counts["photo_full"] == 1


def test_a_page_without_a_shelf_takes_none() -> None:
    with served(samples.running()) as page, page.session() as client:
        client.enter()
        assert begin(client, 100).status_code == 404


# The whole gateway in this process.


class Trail:
    """Which threads touch files below a folder: the interpreter itself tells of each opening, renaming and removal."""

    EVENTS = ("open", "os.rename", "os.remove", "os.mkdir", "os.truncate")

    def __init__(self) -> None:
        self.folder = ""
        self.threads: list[tuple[str, str]] = []
        sys.addaudithook(self._note)

    def _note(self, event: str, arguments: tuple[object, ...]) -> None:
        if self.folder and event in self.EVENTS and str(arguments[0]).startswith(self.folder):
            self.threads.append((threading.current_thread().name, event))


TRAIL = Trail()


def test_the_main_loop_never_touches_a_photo_and_the_page_shows_its_record(tmp_path: Path) -> None:
    config = lay_out(tmp_path, Sinks(), screen=True)
    TRAIL.folder, TRAIL.threads = str(tmp_path / "gateway" / "photos"), []
    try:
        with station(config) as running:
            server = running.program._start_screen()
            assert server.wait_ready(WAIT_SECONDS), server.fault
            wait_for("the first view", lambda: running.program.viewing.latest is not None)
            with Client(server.url) as client:
                client.enter("S1")
                answer = send(client, PHOTO, "S1", operation="WO-1001-10")
                assert answer.status_code == 202, answer.text

                def result() -> str:
                    view = running.program.viewing.latest
                    last = view.stations[0].last if view is not None else None
                    return f"{last.message.key} {last.signal} {last.file}" if last is not None and last.identity else ""

                sha256 = hashlib.sha256(PHOTO).hexdigest()
                wait_for("the record", lambda: result() == f"photo_kept kept {sha256}")
                kept = tmp_path / "gateway" / "photos" / f"{sha256}.kept"
                wait_for("the file's name", kept.exists)
            server.close()
    finally:
        TRAIL.folder = ""
    names = {name for name, _ in TRAIL.threads}
    assert any(name.startswith("waitress") for name in names), names
    assert {"open", "os.rename"} <= {event for _, event in TRAIL.threads}
    assert "main-loop" not in names
    assert "MainThread" not in {name for name, event in TRAIL.threads}
