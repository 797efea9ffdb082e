"""Two gateways of a line and the broker that docs/line-broker.md describes. There is no server at all."""

import contextlib
import json
import re
import sqlite3
import subprocess
import threading
import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from floor.example import example_plant
from floor.limits import STATE_BYTES_MAX
from floor.master_files import write_toml
from gateway.config import parse
from simulation.processes import Process, lineside, wait_for
from tests.gateway.screen_fixture import Client
from tests.sync.mosquitto import Mosquitto

pytestmark = [pytest.mark.process, pytest.mark.broker]

PAGE = (Path(__file__).parents[2] / "docs" / "line-broker.md").read_text("utf-8")
STATIONS = {"gw1": "S1", "gw2": "S2"}
PASSWORD = "only for this test"
PLACE = "lineside/v1/plant/machining/L1"


def block(language: str) -> str:
    """The page's code of this kind."""
    found = re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    return found.group(1)


def documented_broker(folder: Path) -> Mosquitto:
    """The page's mosquitto; only its port and its folder are of this test."""
    (folder / "lineside.rights").write_text(block("rights"))
    passwords = folder / "lineside.passwords"
    passwords.touch(0o600)
    for name in (*STATIONS, "thief"):
        subprocess.run(["mosquitto_passwd", "-b", str(passwords), name, PASSWORD], check=True, capture_output=True)
    lines = block("conf").replace("/etc/mosquitto", str(folder)).splitlines()
    ours = ("listener", "persistence", "autosave_interval", "max_queued_messages")
    return Mosquitto(folder, tuple(line for line in lines if line.split()[0] not in ours))


class Stream(threading.Thread):
    """One open page, as long as its gateway lives."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self.newest: dict[str, Any] | None = None
        self._url = url
        self.start()

    def run(self) -> None:
        with contextlib.suppress(requests.RequestException), requests.get(self._url, stream=True, timeout=20) as answer:
            for line in answer.iter_lines(chunk_size=1):
                if line.startswith(b"data: ") and b'"version":' in line:
                    self.newest = json.loads(line[6:]) | {"heard": time.monotonic()}


class OnLine:
    """A gateway process with the page's settings, and what its pages say."""

    def __init__(self, name: str, folder: Path, broker_port: int) -> None:
        self.name, self.station = name, STATIONS[name]
        self.folder = folder / name
        self.folder.mkdir()
        (self.folder / "password").write_text(PASSWORD)
        settings = tomllib.loads(block("toml"))
        settings["gateway"] |= {"name": name, "folder": str(self.folder)}
        settings["mqtt"] |= {"host": "127.0.0.1", "port": broker_port, "password_file": str(self.folder / "password")}
        settings["master"] = {"file": str(folder / "plant.toml")}
        settings["screen"] = {"port": 0}
        settings["station"] = [{"id": self.station}]
        text = _toml(settings)
        parse(text)
        self.streams: dict[str, Stream] = {}
        self.config = self.folder / "gateway.toml"
        self.config.write_text(text)
        self.process = Process(
            name, lineside("gateway", "run", "--config", str(self.config)), self.folder / "log", "gateway ready"
        )

    def start(self) -> "OnLine":
        self.process.start()
        self.url = self.process.wait_ready().rsplit(" ", 1)[1]
        self.client = Client(self.url)
        wait_for("the page", lambda: requests.get(self.url + "/healthz", timeout=5).status_code == 200)
        self.client.enter(self.station)
        return self

    def post(self, kind: str, **body: object) -> None:
        assert self.client.post(kind, body, self.station).status_code == 202

    def seen(self, path: str = "/line") -> dict[str, Any]:
        """The newest view of a page, as its script gets it."""
        if path not in self.streams:
            self.streams[path] = Stream(f"{self.url}{path}/events")
        stream = self.streams[path]
        wait_for("a view", lambda: stream.newest is not None)
        assert stream.newest is not None
        return stream.newest

    def stop(self, kill: bool = False) -> None:
        if kill:
            self.process.kill()
        else:
            self.process.stop()
        for stream in self.streams.values():
            stream.join()
        self.streams.clear()

    def row(self, station: str) -> dict[str, Any]:
        rows: list[dict[str, Any]] = self.seen()["line"]["stations"]
        return next(row for row in rows if row["station"] == station)

    def age(self, station: str) -> float:
        whole = self.seen()
        row = next(row for row in whole["line"]["stations"] if row["station"] == station)
        return float(whole["boottime"]) + time.monotonic() - float(whole["heard"]) - float(row["as_of"])

    def records(self) -> list[dict[str, Any]]:
        with sqlite3.connect(f"file:{self.folder / 'journal.sqlite'}?mode=ro", uri=True) as journal:
            return [json.loads(row[0]) for row in journal.execute("SELECT content FROM record ORDER BY position")]

    def refused(self) -> dict[str, int]:
        text = requests.get(self.url + "/metrics", timeout=5).text
        found = re.findall(r'^lineside_hearsay_refused\{reason="(\w+)"\} ([0-9.]+)', text, re.MULTILINE)
        return {reason: int(float(count)) for reason, count in found}


def _toml(settings: dict[str, Any]) -> str:
    lines = []
    for table, rows in settings.items():
        for row in rows if isinstance(rows, list) else [rows]:
            lines.append(f"[[{table}]]" if isinstance(rows, list) else f"[{table}]")
            lines += [f"{key} = {json.dumps(value)}" for key, value in row.items()]
    return "\n".join(lines) + "\n"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    with documented_broker(tmp_path) as found:
        yield found


@pytest.fixture
def line(tmp_path: Path, broker: Mosquitto) -> Iterator[tuple[OnLine, OnLine]]:
    plant = example_plant()
    rows = tuple(row.model_copy(update={"gateway": f"gw{row.id[1]}"}) for row in plant.stations)
    first = [row.model_copy(update={"stations": ("S1",)}) for row in plant.operations if row.id == "WO-1001-10"]
    operations = (*first, *(row for row in plant.operations if row.id != "WO-1001-10"))
    master = plant.model_copy(update={"stations": rows, "operations": operations})
    (tmp_path / "plant.toml").write_text(write_toml(master), "utf-8")
    pair = (OnLine("gw1", tmp_path, broker.port), OnLine("gw2", tmp_path, broker.port))
    try:
        for each in pair:
            each.start()
        yield pair
    finally:
        for each in pair:
            each.stop()


def within(what: str, found: Callable[[], bool]) -> float:
    """Seconds until it was so."""
    began = time.monotonic()
    wait_for(what, found, 30)
    return time.monotonic() - began


def test_two_gateways_see_each_other_without_a_server(line: tuple[OnLine, OnLine]) -> None:
    one, two = line
    within("each other", lambda: one.row("S2")["presence"] == "there" and two.row("S1")["presence"] == "there")
    assert two.row("S3") | {"presence": "unheard", "as_of": None} == two.row("S3"), "only master data knows it"

    # What runs and what is counted at one is seen at the other, as hearsay.
    one.post("typed", text="B-P02")
    one.post("typed", text="T-WO-1001-10")
    within("the work", lambda: [work["good"] for work in two.row("S1")["work"]] == [0])
    assert two.row("S1")["people"] == ["李秀英"]

    # The next operation waits for it: the line says too little, then enough.
    two.post("typed", text="B-P03")
    two.post("typed", text="T-WO-1001-20")
    within("a start", lambda: bool(starts(two)))
    one.post("report", operation="WO-1001-10", good=5)
    # Its share is closed: no row lists it any more, the count is told beside the rows.
    within("the report", lambda: two.row("S1")["work"] == [])
    two.post("command", command="pause", value="")
    two.post("typed", text="B-P04")
    two.post("typed", text="T-WO-1001-20")
    within("a second start", lambda: len(starts(two)) == 2)
    assert [each["data"]["flags"] for each in starts(two)] == [["earlier_short_hearsay"], []]

    # A call is on the other's pages within seconds.
    one.post("call", call_type="quality", long=False)
    seconds = within("the call", lambda: [call["zh"] for call in two.row("S1")["calls"]] == ["质量"])
    assert seconds < 10
    foot = two.seen("/station/S2")["station"]["line"]
    assert (foot["calls"], foot["call"]["en"], foot["call"]["impact"]) == (1, "Quality", "stop")

    # Nothing of it is the other's own.
    own = {record.get("subject", "") for record in two.records()}
    assert own <= {"", "S2"} and not [each for each in two.records() if each["type"].startswith(("andon", "report"))]
    assert json.loads(json.dumps(two.seen("/station/S2")["station"]["work"]))[0]["good"] == 0

    # Gone, and old: the broker says so at once, and the age grows.
    one.stop(kill=True)
    within("that it is gone", lambda: two.row("S1")["presence"] == "gone")
    before = two.age("S1")
    within("growing old", lambda: two.age("S1") > before + 1)
    assert [call["zh"] for call in two.row("S1")["calls"]] == ["质量"], "what it said last stays, with its age"
    one.start()
    within("that it is back", lambda: two.row("S1")["presence"] == "there" and len(two.row("S1")["calls"]) == 1)


def starts(gate: OnLine) -> list[dict[str, Any]]:
    return [each for each in gate.records() if each["type"] == "work.started"]


class Voice:
    """Whoever has an account and says what they like."""

    def __init__(self, port: int, name: str) -> None:
        self._command = ["mosquitto_pub", "-h", "127.0.0.1", "-p", str(port), "-u", name, "-P", PASSWORD, "-q", "1"]

    def say(self, topic: str, payload: str | bytes) -> None:
        content = payload.encode() if isinstance(payload, str) else payload
        subprocess.run([*self._command, "-t", topic, "-s"], input=content, check=True, capture_output=True, timeout=30)


def test_nobody_says_what_is_anothers_and_nonsense_is_counted(line: tuple[OnLine, OnLine], broker: Mosquitto) -> None:
    one, two = line
    within("each other", lambda: two.row("S1")["presence"] == "there")
    # By the documented rights a gateway may not write what is another's: neither its state nor its stations' events.
    other = Voice(broker.port, "gw2")
    gone = json.dumps({"gateway": "gw1", "online": False})
    other.say(f"{PLACE}/gw1/state", gone)
    other.say("lineside/v1/plant/machining/L2/gw2/state", json.dumps({"gateway": "gw2", "online": True}))
    thief = Voice(broker.port, "thief")
    thief.say(f"{PLACE}/gw1/state", gone)
    # What an account may write is read within bounds.
    stations = [{"station": f"X{number}"} for number in range(10_000)]
    thief.say(f"{PLACE}/thief/state", json.dumps({"gateway": "thief", "online": True, "stations": stations[:1_000]}))
    thief.say(f"{PLACE}/thief/state", "x" * (STATE_BYTES_MAX + 1))
    thief.say(f"{PLACE}/thief/state", "[" * 10_000)
    thief.say(f"{PLACE}/thief/state", json.dumps({"gateway": "gw1", "online": False}))
    # It claims a station of ours and one of nobody's; the first is not believed.
    mine = [{"station": "S2", "people": ["thief"]}, {"station": "S9", "people": ["‮thief"]}]
    thief.say(f"{PLACE}/thief/state", json.dumps({"gateway": "thief", "online": True, "stations": mine}))
    within("the stranger", lambda: any(row["station"] == "S9" for row in two.seen()["line"]["stations"]))
    rows = {row["station"]: row for row in two.seen()["line"]["stations"]}
    assert rows["S2"]["people"] == [] and rows["S9"]["people"] == ["thief"]
    assert rows["S1"]["presence"] == "there" and set(rows) == {"S1", "S2", "S3", "S9"}
    assert two.refused().get("nonsense", 0) >= 1 and two.refused().get("speaker") == 1 and two.refused().get("long")
    told = [each["data"] for each in two.records() if each["type"] == "limit.reached"]
    assert told and {each["limit"] for each in told} == {"hearsay"}
    # A scan is kept all the while.
    two.post("typed", text="B-P03")
    within("a scan", lambda: any(each["type"] == "session.opened" for each in two.records()))
    assert one.process.alive and two.process.alive


def test_a_broker_that_goes_leaves_ages_and_comes_back(line: tuple[OnLine, OnLine], broker: Mosquitto) -> None:
    one, two = line
    within("each other", lambda: two.row("S1")["presence"] == "there")
    broker.kill()
    within("that messages are away", lambda: two.seen()["line"]["broker"] == "offline")
    one.post("call", call_type="material", long=False)
    assert two.row("S1")["calls"] == [] and two.age("S1") > 0
    broker.start()
    within("the call of meanwhile", lambda: [call["en"] for call in two.row("S1")["calls"]] == ["Material"])
