"""A stranger's tools on a running plant: mosquitto_sub, sqlite-utils and curl."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from floor.schemas import STATE_SCHEMA, schema_of
from simulation.check import BADGE, OPERATION, TICKET, on_board, scan
from simulation.plant import Plant
from simulation.processes import wait_for

pytestmark = [pytest.mark.process, pytest.mark.broker]


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plant]:
    plant = Plant(tmp_path_factory.mktemp("plant"), usual_ports=False)
    try:
        plant.start()
        scan(plant, BADGE)
        scan(plant, TICKET)
        yield plant
    finally:
        plant.stop()


def said(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout


class Subscriber:
    """mosquitto_sub with wildcards, printing topic and payload."""

    def __init__(self, plant: Plant, topic: str) -> None:
        name, password = plant.broker_account
        command = ["mosquitto_sub", "-h", "127.0.0.1", "-p", str(plant.ports.broker), "-u", name, "-P", password]
        self.lines: list[tuple[str, dict[str, object]]] = []
        self._child = subprocess.Popen([*command, "-q", "1", "-v", "-t", topic], stdout=subprocess.PIPE, text=True)
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        assert self._child.stdout is not None
        for line in self._child.stdout:
            topic, _, payload = line.partition(" ")
            self.lines.append((topic, json.loads(payload)))

    def close(self) -> None:
        self._child.terminate()
        self._child.wait(10)
        self._thread.join(10)
        assert self._child.stdout is not None
        self._child.stdout.close()


def test_mosquitto_sub_shows_valid_cloud_events(plant: Plant) -> None:
    subscriber = Subscriber(plant, "lineside/v1/+/+/+/+/#")
    try:
        wait_for("the retained state", lambda: bool(subscriber.lines))
        topic, state = subscriber.lines[0]
        assert topic == "lineside/v1/plant/machining/L1/gw1/state" and state["online"] is True
        assert list(Draft202012Validator(STATE_SCHEMA).iter_errors(state)) == []
        scan(plant, "T-WO-1003-10")
        wait_for("the start", lambda: any(each[1].get("type") == "work.started" for each in list(subscriber.lines)))
        for topic, event in subscriber.lines[1:]:
            if topic.endswith("/state"):
                assert list(Draft202012Validator(STATE_SCHEMA).iter_errors(event)) == []
                continue
            kind = str(event["type"])
            place = event.get("subject", "gw1")
            assert topic == f"lineside/v1/plant/machining/L1/{place}/event/{kind}"
            assert [fault.message for fault in Draft202012Validator(schema_of(kind)).iter_errors(event)] == []
    finally:
        subscriber.close()


def test_a_label_over_tcp_is_a_label(plant: Plant) -> None:
    import socket

    with socket.create_connection(("127.0.0.1", plant.ports.scanner)) as scanner:
        scanner.sendall(b"T-WO-1002-10\r")

        def started() -> bool:
            board = json.loads(said("curl", "-sS", "--fail", f"http://127.0.0.1:{plant.ports.central}/api/v1/board"))
            return any(row["operation"] == "WO-1002-10" and row["workers"] for row in board["operations"])

        wait_for("the operation on the board", started)


def test_curl_reads_the_board_and_the_document_that_describes_it(plant: Plant) -> None:
    wait_for("the operation on the board", lambda: on_board(plant))
    document = json.loads(said("curl", "-sS", "--fail", f"http://127.0.0.1:{plant.ports.central}/api/v1/openapi.json"))
    assert "/api/v1/sync" in document["paths"] and "/api/v1/board" in document["paths"]
    token = (plant.gateway_folder / "token").read_text().strip()
    answer = said(
        "curl",
        "-sS",
        "--fail",
        "-H",
        f"Authorization: Bearer {token}",
        "--json",
        json.dumps({"gateway": "gw1", "streams": []}),
        f"http://127.0.0.1:{plant.ports.central}/api/v1/sync",
    )
    assert json.loads(answer)["streams"] == []


def test_sqlite_utils_opens_the_journal_and_its_tables_explain_themselves(plant: Plant) -> None:
    journal = str(plant.gateway_folder / "journal.sqlite")
    tool = str(Path(sys.executable).parent / "sqlite-utils")
    schema = said(tool, "schema", journal)
    assert "-- Append-only (I2)" in schema and "Rows are never deleted (I3)." in schema
    rows = json.loads(said(tool, journal, f"SELECT type, station, seq FROM event WHERE data LIKE '%{OPERATION}%'"))
    assert {"type": "work.started", "station": "S1"}.items() <= rows[0].items()


def test_the_station_page_answers_and_leads_to_each_station(plant: Plant) -> None:
    page = said("curl", "-sS", "--fail", plant.screen_url)
    assert all(f"/station/{station}" in page for station in ("S1", "S2", "S3"))
