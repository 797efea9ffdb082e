"""What a gateway and a server go through together, whatever release each of them is.

Each scan is an unknown ticket of its own, so each kept scan is one record that names it; the beep is the oracle.
"""

import json
import os
import re
import sqlite3
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import requests

from floor.example import example_plant
from floor.label_texts import compose_badge
from floor.master import MasterData
from floor.master_files import write_toml
from floor.rows import Person
from gateway.journal import FILE_NAME
from gateway.journal_reader import JournalReader
from simulation.check import BADGE, scan
from simulation.plant import Plant
from simulation.processes import wait_for
from sync.wire import Record
from tests.mixed.releases import Release
from tests.process.stream import Stream

ARRIVED_SECONDS_MAX = 120.0
CALLER, LEADER, CALL_CARD, CAUSE_CARD = "B-P03", "B-P01", "C-CALL-MATERIAL", "C-CAUSE-SHORTAGE"
PASSWORD = "correct horse battery"
FORM_TOKEN = re.compile(r'name="form_token" value="([0-9a-f]{64})"')


@dataclass
class Pair:
    """A gateway of one release against a server of another, and what was scanned there."""

    folder: Path
    gateway_release: Release
    server_release: Release
    plant: Plant = field(init=False)
    stream: Stream = field(init=False)

    def __post_init__(self) -> None:
        self.plant = Plant(self.folder, usual_ports=False, program=self._program)
        self.stream = Stream(self.plant)

    def start(self) -> None:
        """The plant, and a person at the first station."""
        self.plant.start()
        self.stream.listen()
        scan(self.plant, BADGE)
        assert self.stream.signal() == "noted"

    def restart_gateway(self) -> None:
        """The gateway again, by the release it is now. The person is still held: that is on the card."""
        self.plant.launch("gateway")
        self.plant.processes["gateway"].wait_ready()
        wait_for("the scanner", lambda: os.path.exists(self.plant.scanner_link))
        self.stream.listen()

    def stop_office(self, names: tuple[str, ...] = ("work", "broker", "central")) -> None:
        """The server away, in order."""
        for name in names:
            self.plant.processes[name].stop()

    def start_office(self, names: tuple[str, ...] = ("central", "work", "broker")) -> None:
        """And back, by the release it is now."""
        for name in names:
            self.plant.launch(name)
            if name != "work":
                self.plant.processes[name].wait_ready()

    def scans(self, count: int) -> None:
        """So many labels, each of which must get its beep."""
        for _ in range(count):
            assert self.stream.scan(), "a scan is kept whoever is away"

    def records(self) -> list[Record]:
        """What is on the card."""
        with JournalReader(self.plant.gateway_folder / FILE_NAME) as reader:
            return [record for _, record in reader.walk()]

    def at_office(self) -> list[tuple[str, int, str]]:
        """(epoch, seq, content) of the records that count at the server, in the order of the card."""
        return self.asked(
            "SELECT stream.epoch, record.seq, record.content FROM record JOIN stream ON stream.id = record.stream_id"
            " WHERE record.place = 0 ORDER BY stream.ordinal, record.seq"
        )

    def asked(self, question: str) -> list[tuple[str, int, str]]:
        """What the server's database answers."""
        with sqlite3.connect(f"file:{self.plant.central_folder / 'central.sqlite3'}?mode=ro", uri=True) as connection:
            rows = connection.execute(question).fetchall()
        connection.close()
        return rows

    def everything_arrived(self) -> None:
        """Each record of the card is at the server, once."""
        wait_for(
            "everything at the office",
            lambda: {each[:2] for each in self.at_office()} == {(each.epoch, each.seq) for each in self.records()},
            ARRIVED_SECONDS_MAX,
        )

    def publish(self, master: MasterData) -> None:
        """Another version of the master data, by the command of the office; the gateway has it then."""
        file = self.folder / "published.toml"
        file.write_text(write_toml(master), encoding="utf-8")
        before = self._applied()
        self.plant.command("central", "import", "--config", str(self.plant.central_config), str(file), spoken="y\n")
        self.scans(1)
        wait_for("the master data at the gateway", lambda: self._applied() > before, ARRIVED_SECONDS_MAX)

    def _applied(self) -> int:
        return sum('"snapshot.applied"' in each.content for each in self.records())

    def _program(self, part: str, *arguments: str) -> list[str]:
        release = self.server_release if part == "central" else self.gateway_release
        return release.command(part, *arguments)


def the_server_goes_and_comes(pair: Pair) -> None:
    """Orderly, and killed."""
    pair.stop_office(("central",))
    pair.scans(4)
    pair.start_office(("central",))
    pair.scans(2)
    pair.plant.processes["central"].kill()
    pair.scans(3)
    pair.start_office(("central",))
    pair.everything_arrived()


def the_gateway_is_killed(pair: Pair) -> None:
    """With a scan on its way: that one is at the server once or not at all."""
    for number in range(2):
        scan(pair.plant, f"T-Y{number:06d}")
        pair.plant.processes["gateway"].kill()
        pair.restart_gateway()
        pair.scans(2)
    pair.everything_arrived()


def a_call_is_raised_acknowledged_and_resolved(pair: Pair) -> None:
    """Raised at a station, acknowledged in the office, resolved at the station."""
    for label in (CALLER, CALL_CARD):
        scan(pair.plant, label, "S2")
    board = f"http://127.0.0.1:{pair.plant.ports.central}/api/v1/board"

    def states() -> list[str]:
        return [each["state"] for each in requests.get(board, timeout=5).json()["calls"]]

    wait_for("the call on the board", lambda: states() == ["raised"])
    call = requests.get(board, timeout=5).json()["calls"][0]
    with requests.Session() as browser:
        sign_in(pair.plant, browser)
        said = submit(
            pair.plant, browser, "/calls", "/calls/acknowledge", gateway=call["gateway_name"], call=call["call"]
        )
        assert said.url.endswith("done=taken"), said.url
    # The receipt of the next record tells that there is a fact; without one the next heartbeat would.
    pair.scans(1)
    wait_for("the fact at the gateway", lambda: any('"call.acknowledged"' in each.content for each in pair.records()))
    for label in (LEADER, CAUSE_CARD):
        scan(pair.plant, label, "S2")
    wait_for("the end of the call", lambda: any('"andon.resolved"' in each.content for each in pair.records()))
    wait_for("no call on the board", lambda: states() == [])


def sign_in(plant: Plant, browser: requests.Session) -> None:
    """The first administrator, by the code of the shell."""
    words = {"name": "admin", "code": plant.admin_code, "password": PASSWORD, "repeat": PASSWORD}
    submit(plant, browser, "/sign-in/first", "/sign-in/first", **words)


def submit(plant: Plant, browser: requests.Session, page: str, action: str, **values: str) -> requests.Response:
    """What a browser does: open a page, take its form's token, send the form."""
    address = f"http://127.0.0.1:{plant.ports.central}"
    found = FORM_TOKEN.search(browser.get(address + page, timeout=10).text)
    assert found, f"{page} has no form"
    answer = browser.post(
        address + action, data={"form_token": found[1], **values}, headers={"Origin": address}, timeout=10
    )
    assert answer.status_code == 200, answer.text
    return answer


def master_data_comes_down(pair: Pair) -> None:
    """A person the planner adds is known at the station."""
    badge = compose_badge("P77")
    plant = example_plant()
    person = Person.model_validate({"id": "P77", "name": "New", "badge": badge, "roles": plant.people[1].roles})
    pair.publish(plant.model_copy(update={"people": (*plant.people, person)}))
    scan(pair.plant, badge, "S3")
    wait_for(
        "the new person's session",
        lambda: any('"session.opened"' in each.content and '"P77"' in each.content for each in pair.records()),
    )


def a_right_that_the_office_takes_back_is_gone_offline(pair: Pair) -> None:
    """The snapshot says that a leader leads no more; with the office away the badge takes no call, and works on."""
    plant = example_plant()
    (leader,) = (each for each in plant.people if each.badge == LEADER)
    worker = leader.model_copy(update={"roles": ("operator",)})
    people = tuple(worker if each is leader else each for each in plant.people)
    pair.publish(plant.model_copy(update={"people": people}))
    pair.stop_office(("central",))
    raised = len(pair.records())
    for label in (CALLER, CALL_CARD, LEADER):
        scan(pair.plant, label, "S3")

    def later(kind: str) -> list[str]:
        return [each.content for each in pair.records()[raised:] if f'"{kind}"' in each.content]

    wait_for("the session", lambda: any(f'"{leader.id}"' in each for each in later("session.opened")))
    assert len(later("andon.raised")) == 1, "the call is a fact"
    assert later("andon.acknowledged") == [], "who takes it is a decision"
    pair.start_office(("central",))
    pair.everything_arrived()


def the_server_is_restored_from_an_older_backup(pair: Pair) -> None:
    """What the older copy lacks is asked for again, though a newer one had made it safe."""
    config = ("--config", str(pair.plant.central_config))
    pair.everything_arrived()
    copy = pair.plant.command("central", "backup", *config).rpartition(" holds ")[0]
    pair.scans(3)
    pair.everything_arrived()
    pair.plant.command("central", "backup", *config)
    pair.scans(3)
    pair.everything_arrived()
    pair.stop_office()
    pair.plant.command("central", "restore", *config, copy)
    pair.scans(2)
    pair.start_office()
    pair.scans(2)
    pair.everything_arrived()


def everything_is_there_once(pair: Pair) -> None:
    """The promise, word by word, and what each end says of itself."""
    pair.everything_arrived()
    office = pair.at_office()
    assert [each[:2] for each in office] == [(each.epoch, each.seq) for each in pair.records()]
    assert [each[2] for each in office] == [each.content for each in pair.records()], "not a letter was changed"
    contents = [json.loads(content) for _, _, content in office]
    started = [each["data"]["operation"] for each in contents if each["type"] == "work.started"]
    stream, counted = pair.stream, Counter(started)
    assert {label: counted[label] for label in stream.beeped if counted[label] != 1} == {}, "kept, but not once"
    assert [label for label in started if label in set(stream.beeped)] == stream.beeped, "out of order"
    assert max(counted.values()) == 1, "counted twice"
    assert pair.asked("SELECT 1 FROM conflict") == []
    wait_for("no gap", lambda: pair.asked("SELECT first, last, reason FROM gap WHERE asked = 1") == [])
    said = pair.plant.command("journal", "verify", "--folder", str(pair.plant.gateway_folder))
    assert said.splitlines()[-1] == f"{len(office)} records, 0 faults"
    assert pair.plant.dead() == []


STORY: tuple[Callable[[Pair], None], ...] = (
    lambda pair: pair.scans(3),
    the_server_goes_and_comes,
    the_gateway_is_killed,
    a_call_is_raised_acknowledged_and_resolved,
    master_data_comes_down,
    a_right_that_the_office_takes_back_is_gone_offline,
    the_server_is_restored_from_an_older_backup,
    everything_is_there_once,
)
"""In this order on one plant: each leaves what the next must bear."""
