"""Photos up and instructions down in a plant of real processes: cut off, killed, and whole at the other end."""

import hashlib
import json
import os
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from central.config import read_config
from central.files import FileStore
from central.opening import open_database
from central.snapshots import current_master, publish
from floor.instructions import with_instruction
from floor.media import media_type_of
from floor.rows import Instruction
from gateway.screen.limits import PIECE_BYTES_MAX
from simulation.outage import Outage
from simulation.plant import Plant
from simulation.processes import wait_for
from tests.floor.pictures import jpeg, pdf
from tests.gateway.screen_fixture import Client

pytestmark = pytest.mark.process
OCTETS = "application/octet-stream"


def photo(number: int, size: int = 1_500_000) -> bytes:
    """A photo like no other."""
    return jpeg(size)[:-8] + number.to_bytes(8, "big")


def named(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


class Floor:
    """A plant, and somebody who takes photos at its first station."""

    def __init__(self, folder: Path, proxied: bool = False) -> None:
        self.plant = Plant(folder, usual_ports=False, proxied=proxied)

    @property
    def shelf(self) -> Path:
        return self.plant.gateway_folder / "photos"

    @property
    def office(self) -> Path:
        return self.plant.central_folder / "files"

    def client(self) -> Client:
        entered = Client(self.plant.screen_url.rstrip("/"))
        wait_for("the station page", lambda: self._enters(entered))
        return entered

    def _enters(self, client: Client) -> bool:
        try:
            client.enter("S1")
        except (requests.RequestException, AssertionError):
            return False
        return True

    def begin(self, client: Client, content: bytes, operation: str = "WO-1001-10") -> str:
        answer = client.post("photo", {"bytes": len(content), "operation": operation}, "S1")
        assert answer.status_code == 201, answer.text
        return str(answer.json()["upload"])

    def piece(self, client: Client, upload: str, content: bytes, offset: int) -> requests.Response:
        path = f"photo/{upload}?offset={offset}"
        return client.post(path, station="S1", content=content[offset : offset + PIECE_BYTES_MAX], Content_Type=OCTETS)

    def take(self, client: Client, content: bytes) -> None:
        """A photo, taken by the gateway."""
        upload, offset = self.begin(client, content), 0
        while (answer := self.piece(client, upload, content, offset)).status_code == 200:
            offset = answer.json()["offset"]
        assert answer.status_code == 202, answer.text

    def restart(self, name: str) -> None:
        self.plant.launch(name)
        self.plant.processes[name].wait_ready()

    def state(self, content: bytes) -> str:
        """new, kept, sent, or nothing."""
        return next((path.suffix[1:] for path in self.shelf.glob(f"{named(content)}.*")), "")

    def at_office(self, content: bytes) -> bool:
        path = self.office / named(content)[:2] / named(content)
        return path.exists() and path.read_bytes() == content

    def records(self) -> list[str]:
        """The hashes that records at the office name."""
        path = self.plant.central_folder / "central.sqlite3"
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
            rows = connection.execute("SELECT content FROM record ORDER BY position").fetchall()
        connection.close()
        told = [json.loads(row[0]) for row in rows]
        return [each["data"]["sha256"] for each in told if each["type"] == "photo.kept"]


@pytest.fixture
def people(tmp_path: Path) -> Iterator[Floor]:
    made = Floor(tmp_path)
    try:
        made.plant.start()
        yield made
    finally:
        made.plant.stop()


def test_a_photo_is_kept_and_comes_to_the_office_with_its_record(people: Floor) -> None:
    content = photo(1)
    with people.client() as client:
        people.take(client, content)
        wait_for("the file at the office", lambda: people.at_office(content))
        wait_for("its record there", lambda: people.records() == [named(content)])
        wait_for("the word that it is there", lambda: people.state(content) == "sent")
        people.take(client, content)
    assert people.records() == [named(content)]


def test_a_gateway_killed_in_the_middle_keeps_no_half_and_loses_nothing_whole(people: Floor) -> None:
    whole, half = photo(1), photo(2)
    with people.client() as client:
        people.take(client, whole)
        wait_for("its record", lambda: people.state(whole) in ("kept", "sent"))
        upload = people.begin(client, half)
        assert people.piece(client, upload, half, 0).status_code == 200
    assert list(people.shelf.glob("*.part"))
    people.plant.processes["gateway"].kill()
    people.restart("gateway")
    with people.client() as client:
        wait_for("the halves to go", lambda: not list(people.shelf.glob("*.part")))
        assert people.state(half) == ""
        people.take(client, half)
    for content in (whole, half):
        wait_for("the file at the office", lambda content=content: people.at_office(content))  # type: ignore[misc]
    wait_for("the records", lambda: sorted(people.records()) == sorted([named(whole), named(half)]))


def test_a_crash_between_file_and_record_leaves_no_file_that_nobody_names(people: Floor) -> None:
    """The file is as `finish` leaves it, and the process ends before the main loop has kept the record."""
    kept, orphan = photo(1), photo(2)
    with people.client() as client:
        people.take(client, kept)
        wait_for("the file at the office", lambda: people.state(kept) == "sent")
    people.plant.processes["gateway"].kill()
    (people.shelf / f"{named(orphan)}.new").write_bytes(orphan)
    os.rename(people.shelf / f"{named(kept)}.sent", people.shelf / f"{named(kept)}.new")
    people.restart("gateway")
    wait_for("the orphan to go", lambda: people.state(orphan) == "")
    # And the one whose record was kept before its name was changed goes to the office again, which has it.
    wait_for("the other one's name", lambda: people.state(kept) == "sent")
    assert not people.at_office(orphan)


def test_a_server_killed_in_the_middle_goes_on_where_it_was(people: Floor) -> None:
    content = photo(1, 9_000_000)
    with people.client() as client:
        people.take(client, content)

        def part() -> int:
            return sum(path.stat().st_size for path in (people.office / "parts").glob("*"))

        wait_for("the upload's beginning", lambda: part() > 0 or people.at_office(content), step_seconds=0.001)
        people.plant.processes["central"].kill()
        before = part()
        assert people.state(content) == "kept"
        people.take(client, photo(2))
        wait_for("a photo is kept with the server away", lambda: people.state(photo(2)) == "kept")
    assert part() == before
    people.restart("central")
    for each in (content, photo(2)):
        wait_for("the file at the office", lambda each=each: people.at_office(each))  # type: ignore[misc]
    assert not list((people.office / "parts").glob("*"))


def test_with_the_line_cut_photos_wait_and_come_when_it_is_healed(tmp_path: Path) -> None:
    people = Floor(tmp_path, proxied=True)
    contents = [photo(number, 700_000) for number in range(4)]
    outage = Outage(people.plant)
    try:
        people.plant.start()
        with people.client() as client:
            people.take(client, contents[0])
            assert outage.toggle()
            for content in contents[1:]:
                people.take(client, content)
            wait_for("all kept here", lambda: all(people.state(each) in ("kept", "sent") for each in contents))
            assert not people.at_office(contents[-1])
            metrics = requests.get(f"{people.plant.screen_url}metrics", timeout=5).text
            assert "lineside_photos_waiting 4.0" in metrics or "lineside_photos_waiting 3.0" in metrics
        assert not outage.toggle()
        wait_for("all at the office", lambda: all(people.at_office(each) for each in contents))
        wait_for("their records", lambda: sorted(people.records()) == sorted(map(named, contents)))
    finally:
        people.plant.stop()


def test_a_file_that_the_office_lost_is_sent_again(people: Floor) -> None:
    content = photo(1)
    with people.client() as client:
        people.take(client, content)
        wait_for("the file at the office", lambda: people.state(content) == "sent")
    lost = people.office / named(content)[:2] / named(content)
    assert media_type_of(lost.read_bytes()[:32], 1_500_000) == "image/jpeg"
    lost.unlink()
    people.plant.processes["gateway"].stop()
    people.restart("gateway")
    wait_for("the file again", lambda: people.at_office(content))


# Instructions come down.


def publish_instruction(people: Floor, content: bytes, revision: str) -> None:
    """As the page of instructions does it, by the server's own parts beside the running server."""
    config = read_config(people.plant.central_config)
    FileStore(config.folder, config.files_bytes_max).keep(content)
    row = Instruction(
        id="WI-1",
        item="AX-200",
        revision=revision,
        sha256=named(content),
        media_type="application/pdf",
        bytes=len(content),
    )
    database = open_database(config)
    try:
        with database.write() as session:
            master = with_instruction(current_master(session, config.plant), row)
            publish(session, master, "test", time.time(), config.plant)
    finally:
        database.close()


def shown(people: Floor, content: bytes) -> bool:
    """Whether the station page gives this file out."""
    try:
        answer = requests.get(f"{people.plant.screen_url}instruction/{named(content)}", timeout=5)
    except requests.RequestException:
        return False
    return answer.status_code == 200 and answer.content == content


def test_an_instruction_comes_down_and_is_there_with_every_network_cut(tmp_path: Path) -> None:
    people = Floor(tmp_path, proxied=True)
    first, second = pdf("rev A") + b"\n%" + b"a" * 3_000_000, pdf("rev B") + b"\n%" + b"b" * 3_000_000
    outage = Outage(people.plant)
    try:
        people.plant.start()
        publish_instruction(people, first, "A")
        wait_for("revision A at the station", lambda: shown(people, first), 90)
        assert outage.toggle()
        publish_instruction(people, second, "B")
        people.plant.processes["gateway"].kill()
        people.restart("gateway")
        wait_for("revision A after a start without a network", lambda: shown(people, first))
        assert not shown(people, second)
        assert not outage.toggle()
        wait_for("revision B at the station", lambda: shown(people, second), 90)
        cache = people.plant.gateway_folder / "instructions"
        assert {path.name for path in cache.iterdir()} == {named(first), named(second)}
    finally:
        people.plant.stop()
