"""The server as real processes: killed around its commits, driven by curl, ended in order."""

import json
import random
import re
import shutil
import subprocess
import threading
import time
from pathlib import Path

import pytest
import requests
from sqlalchemy import func, select

from central.config import read_config
from central.limits import LEASE_SECONDS
from central.models import Alarm, Lease, Record, Report, Stream
from central.opening import open_database
from floor.events import ReportFinished
from sync.wire import Batch, Receipt
from tests.central.card import Card
from tests.central.conftest import enrol_gateway
from tests.central.postgres import Postgres
from tests.central.servers import ServerProcess, write_config

pytestmark = pytest.mark.process


def token_of(config: Path, name: str = "one") -> str:
    database = open_database(read_config(config))
    try:
        return enrol_gateway(database, name)
    finally:
        database.close()


def exchange(url: str, token: str, batch: Batch) -> Receipt:
    answer = requests.post(
        f"{url}/api/v1/sync",
        data=batch.model_dump_json().encode(),
        headers={"Authorization": f"Bearer {token}"},
        timeout=20,
    )
    answer.raise_for_status()
    return Receipt.model_validate_json(answer.content)


@pytest.mark.parametrize("engine", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_killed_at_random_times_nothing_is_lost_or_doubled(
    engine: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = ""
    if engine == "postgres":
        server: Postgres = request.getfixturevalue("postgres_server")
        url = server.fresh_url()
    config = write_config(tmp_path, database=url)
    token, card, chance = token_of(config), Card("one"), random.Random(3)
    said: list[str] = []
    for _ in range(4):
        process = ServerProcess("serve", config)
        address = process.wait_for(r"central ready (\S+)")[1]
        killer = threading.Timer(chance.uniform(0.05, 1.2), process.kill)
        killer.start()
        while True:
            said.append(card.keep(ReportFinished(person="P1", operation="OP1", good=1)))
            try:
                card.believe(exchange(address, token, card.batch(chance.choice((1, 3, 50)))))
            except requests.RequestException:
                break
        killer.join()
        card.start()
    process = ServerProcess("serve", config)
    address = process.wait_for(r"central ready (\S+)")[1]
    card.drain(lambda batch: exchange(address, token, batch))
    assert process.stop() == 0
    database = open_database(read_config(config))
    with database.read() as session:
        rows = session.execute(select(Stream.epoch, Record.seq).join(Record, Record.stream_id == Stream.id)).all()
        raised = session.scalars(select(Alarm.kind)).all()
    database.close()
    assert sorted(f"{row.epoch}/{row.seq}" for row in rows) == sorted(said) and not raised


def test_two_server_processes_share_one_file(tmp_path: Path) -> None:
    config = write_config(tmp_path)
    cards = [Card("one"), Card("two")]
    tokens = [token_of(config, card.name) for card in cards]
    processes = [ServerProcess("serve", config) for _ in cards]
    addresses = [each.wait_for(r"central ready (\S+)")[1] for each in processes]
    for card in cards:
        for _ in range(120):
            card.keep(ReportFinished(person="P1", operation="OP1", good=1))
    faults: list[BaseException] = []

    def drain(card: Card, address: str, token: str) -> None:
        try:
            card.drain(lambda batch: exchange(address, token, batch), 3)
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=drain, args=each) for each in zip(cards, addresses, tokens, strict=True)]
    for each in threads:
        each.start()
    for address in addresses * 5:
        assert requests.get(f"{address}/api/v1/board", timeout=20).json()["complete"] in (True, False)
    for each in threads:
        each.join()
    assert not faults and [each.stop() for each in processes] == [0, 0]
    database = open_database(read_config(config))
    with database.read() as session:
        assert list(session.scalars(select(Record.position).order_by(Record.position))) == list(range(1, 241))
    database.close()


def test_curl_drives_ingest_as_the_openapi_document_says(tmp_path: Path) -> None:
    curl = shutil.which("curl")
    assert curl, "curl is needed"
    config = write_config(tmp_path)
    process = ServerProcess("serve", config)
    try:
        address = process.wait_for(r"central ready (\S+)")[1]
        asked = subprocess.run(
            [curl, "-sS", f"{address}/api/v1/openapi.json"], capture_output=True, check=True, timeout=30
        )
        document = json.loads(asked.stdout)
        path = next(path for path, route in document["paths"].items() if path.endswith("/sync") and "post" in route)
        schemes = document["components"]["securitySchemes"]
        assert schemes["gateway"].items() >= {"type": "http", "scheme": "bearer"}.items()
        card = Card("one")
        card.keep(ReportFinished(person="P1", operation="OP1", good=1))
        body = tmp_path / "body.json"
        body.write_text(card.batch().model_dump_json())
        headers = tmp_path / "headers"
        headers.write_text(f"Authorization: Bearer {token_of(config)}\nContent-Type: application/json\n")
        command = [curl, "-sS", "--fail", "-H", f"@{headers}", "--data-binary", f"@{body}", f"{address}{path}"]
        told = subprocess.run(command, capture_output=True, check=True, timeout=30)
        assert Receipt.model_validate_json(told.stdout).streams[0].mark == 1
    finally:
        process.stop()


def test_the_commands_of_the_shell_work_beside_the_server(tmp_path: Path) -> None:
    config = write_config(tmp_path)
    serve = ServerProcess("serve", config)
    address = serve.wait_for(r"central ready (\S+)")[1]
    work = ServerProcess("work", config)
    work.wait_for("work ready")
    master = tmp_path / "master.toml"
    master.write_text('[[people]]\nid = "P1"\nname = "王芳"\nbadge = "B1"\n')
    assert "version 1" in said(config, "import", str(master))
    code = re.search(r"code: (\S+)", said(config, "enrol", "one"))
    assert code
    told = requests.post(f"{address}/api/v1/enrol", json={"gateway": "one", "code": code[1]}, timeout=20)
    assert told.status_code == 200
    assert "holds 0 records" in said(config, "backup")
    assert "revoked" in said(config, "revoke", "one")
    assert re.search(r"code: \S+", said(config, "admin-code"))
    assert "good" in said(config, "check-config")
    assert "already" not in said(config, "import", str(master))
    copies = sorted((tmp_path / "central" / "backups").glob("*.sqlite3"))
    refused = ServerProcess("restore", config, str(copies[-1]))
    refused.wait_for("running")
    assert refused._end() != 0
    assert (serve.stop(), work.stop()) == (0, 0)
    assert "restored" in said(config, "restore", str(copies[-1]))


def said(config: Path, *command: str) -> str:
    process = ServerProcess(command[0], config, *command[1:])
    status = process._end()
    while not process._lines.empty():
        process.told.append(process._lines.get())
    assert status == 0, "".join(process.told)
    return "".join(process.told)


def test_live_pages_are_told_of_a_change_and_end_with_the_server(tmp_path: Path) -> None:
    config = write_config(tmp_path)
    token = token_of(config)
    process = ServerProcess("serve", config)
    address = process.wait_for(r"central ready (\S+)")[1]
    stream = requests.get(f"{address}/board/stream", stream=True, timeout=30)
    lines = stream.iter_lines(decode_unicode=True)
    first = next(int(line[6:]) for line in lines if line.startswith("data: "))
    card = Card("one")
    card.keep(ReportFinished(person="P1", operation="OP1", good=1))
    exchange(address, token, card.batch())
    begun = time.monotonic()
    assert next(int(line[6:]) for line in lines if line.startswith("data: ") and int(line[6:]) > first)
    assert time.monotonic() - begun < 10
    begun = time.monotonic()
    assert process.stop() == 0 and time.monotonic() - begun < 15
    stream.close()


def test_faults_of_the_configuration_are_told_all_at_once(tmp_path: Path) -> None:
    path = tmp_path / "central.toml"
    path.write_text(f'folder = "{tmp_path}"\nport = 99999\nthreads = 1\nunknown = 1\n[broker]\nport = "x"\n')
    process = ServerProcess("check-config", path)
    assert process._end() != 0
    text = "".join(process.told + list(process._lines.queue))
    for word in ("port", "threads", "unknown", "broker.port"):
        assert word in text


@pytest.mark.postgres
def test_two_web_and_two_work_processes_go_on_when_the_elected_one_is_killed(
    tmp_path: Path, postgres_server: Postgres
) -> None:
    config = write_config(tmp_path, database=postgres_server.fresh_url())
    token, card = token_of(config), Card("one")
    webs = [ServerProcess("serve", config) for _ in range(2)]
    addresses = [each.wait_for(r"central ready (\S+)")[1] for each in webs]
    workers = {}
    for _ in range(2):
        process = ServerProcess("work", config)
        process.wait_for("work ready")
        workers[process.process.pid] = process
    database = open_database(read_config(config))

    def holder(but: int = 0) -> int:
        """The pid of the elected worker; waits for another than `but`."""
        deadline = time.monotonic() + 4 * LEASE_SECONDS
        while time.monotonic() < deadline:
            with database.read() as session:
                row = session.get(Lease, (database.plant, "work"))
                pid = int(row.holder.split("/")[1]) if row is not None else 0
            if pid and pid != but:
                return pid
            time.sleep(0.2)
        raise AssertionError("nobody is elected")

    def folded(count: int) -> None:
        """Without any page that would fold: the elected worker does it."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with database.read() as session:
                if session.scalar(select(func.count()).select_from(Report)) == count:
                    return
            time.sleep(0.1)
        raise AssertionError(f"{count} reports are not folded")

    try:
        for number in range(6):
            card.keep(ReportFinished(person="P1", operation="OP1", good=1))
            card.believe(exchange(addresses[number % 2], token, card.batch()))
        folded(6)
        elected = holder()
        workers.pop(elected).kill()
        for number in range(6):
            card.keep(ReportFinished(person="P1", operation="OP1", good=1))
            card.believe(exchange(addresses[number % 2], token, card.batch()))
        assert holder(but=elected) in workers
        folded(12)
        webs.pop(0).kill()
        card.keep(ReportFinished(person="P1", operation="OP1", good=1))
        card.believe(exchange(addresses[1], token, card.batch()))
        folded(13)
    finally:
        database.close()
        for each in [*webs, *workers.values()]:
            each.stop()
