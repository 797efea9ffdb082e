"""Small parts of the gateway: inbox, rejections, doubt, master data on the card, journal commands, doctor."""

import json
import re
import threading
from pathlib import Path

import pytest
from click.testing import CliRunner

from floor.events import GatewayStopped, Happening, Instant, ReportFinished, ScanRejected, WorkStarted
from floor.example import example_plant
from floor.master_files import write_toml
from gateway.doctor import doctor
from gateway.doubt import last_records
from gateway.errors import MasterRefused
from gateway.inbox import Inbox
from gateway.journal_commands import journal_group
from gateway.journal_upkeep import prune
from gateway.master_store import FILE_NAME, from_file, open_envelope, save, saved, seal
from gateway.rejections import Rejections
from gateway.upkeep import verified_position
from tests.gateway.station import BADGE, TICKET, Bench

NOW = Instant("boot", 10.0, 1000.0, True)


def test_the_inbox_is_bounded_and_counts_what_it_refused() -> None:
    inbox = Inbox(items_max=2)
    assert [inbox.put(n) for n in range(4)] == [True, True, False, False]
    assert inbox.take_overflow() == 2 and inbox.take_overflow() == 0
    assert inbox.take(1, 0) == [0] and inbox.take(5, 0) == [1] and inbox.take(5, 0) == []


def test_the_inbox_wakes_who_waits() -> None:
    inbox = Inbox()
    taken: list[list[object]] = []
    waiting = threading.Thread(target=lambda: taken.append(inbox.take(5, 30)))
    waiting.start()
    inbox.wake()
    waiting.join(10)
    assert taken == [[]]


def test_rejections_are_bounded_by_the_minute() -> None:
    rejections = Rejections(per_minute_max=2)
    assert [rejections.admit(now) for now in (0.0, 1.0, 2.0, 3.0)] == [True, True, False, False]
    assert rejections.take_overflow(59.0) == 0 and rejections.wake() == 60.0
    assert rejections.take_overflow(60.0) == 2 and rejections.wake() is None
    assert rejections.admit(61.0)


def happening(event: object, signalled: int = 0, station: str = "S1") -> Happening:
    return Happening(event, station, NOW, 1, signalled)  # type: ignore[arg-type]


def test_a_beep_is_known_when_a_later_record_says_so() -> None:
    start = happening(WorkStarted(person="P", operation="O"))
    finish = happening(ReportFinished(person="P", operation="O", good=1), signalled=1)
    other = happening(ScanRejected(reason="x"), signalled=2)
    assert last_records([("e", 1, start)])["S1"].beep_unknown
    assert last_records([("e", 1, start), ("e", 2, finish)])["S1"].identity == "e/2"
    assert last_records([("e", 1, start), ("e", 2, finish)])["S1"].beep_unknown
    assert not last_records([("e", 1, start), ("e", 2, finish), ("e", 3, other)])["S1"].beep_unknown


def test_a_later_epoch_says_nothing_of_an_earlier_beep() -> None:
    start = happening(WorkStarted(person="P", operation="O"))
    stopped = happening(GatewayStopped(), signalled=5, station="")
    assert last_records([("e", 4, start), ("f", 1, stopped)])["S1"].beep_unknown


def test_master_data_on_the_card_is_whole_or_absent(tmp_path: Path) -> None:
    assert saved(tmp_path) is None
    envelope = seal(example_plant())
    save(envelope, tmp_path)
    found = saved(tmp_path)
    assert found is not None and found[1] == example_plant()
    text = (tmp_path / FILE_NAME).read_text()
    (tmp_path / FILE_NAME).write_text(text.replace("WO-1001", "WO-1009", 1))
    with pytest.raises(MasterRefused, match="digest"):
        saved(tmp_path)
    with pytest.raises(MasterRefused, match="digest"):
        open_envelope(envelope.model_copy(update={"digest": "0" * 64}))


def test_a_planners_file_becomes_a_new_version_only_when_it_differs(tmp_path: Path) -> None:
    path = tmp_path / "plant.toml"
    path.write_text(write_toml(example_plant()))
    first = from_file(path, tmp_path)
    save(seal(first), tmp_path)
    assert from_file(path, tmp_path).version == first.version
    path.write_text(path.read_text().replace("AX-200", "AX-201", 1))
    assert from_file(path, tmp_path).version == first.version + 1
    path.write_text("[[people]]\nid = 'x'\n")
    with pytest.raises(MasterRefused, match=r"plant\.toml"):
        from_file(path, tmp_path)
    with pytest.raises(MasterRefused):
        from_file(tmp_path / "nowhere.toml", tmp_path)


def test_the_journal_commands_read_a_journal_in_use(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.scan(BADGE, TICKET, TICKET)
    run = CliRunner().invoke
    folder = ["--folder", str(tmp_path)]
    lines = run(journal_group, ["tail", *folder, "-n", "2"]).output.splitlines()
    assert [json.loads(line)["type"] for line in lines] == ["work.started", "report.finished"]
    newest, said = run(journal_group, ["verify", *folder]).output.splitlines()
    assert re.fullmatch(r"newest [0-9a-f]{32}/4 [0-9a-f]{64}", newest) and said == "4 records, 0 faults"
    stats = json.loads(run(journal_group, ["stats", *folder]).output)
    assert stats["records_held"] == 4 and stats["waiting_for_office"] == 4 and stats["gateway"] == "gw1"
    missing = run(journal_group, ["verify", "--folder", str(tmp_path / "nowhere")])
    assert missing.exit_code == 1 and "hint:" in missing.output
    bench.close()


def test_a_verified_export_is_the_receipt_where_there_is_no_server(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.scan(BADGE, TICKET, TICKET)
    target = tmp_path / "out.jsonl"
    result = CliRunner().invoke(journal_group, ["export", "--folder", str(tmp_path), str(target)])
    assert result.exit_code == 0, result.output
    assert len(target.read_text().splitlines()) == 4
    bench.loop.upkeep.checkpoint(bench.keeping)
    bench.now += 60
    bench.step()
    bench.now += 60
    bench.step()
    assert bench.journal.sinks["export"] == 4
    assert prune(bench.journal, (), "export") == 0, "already pruned between inputs"
    assert bench.journal.epochs[1].floor == 4
    bench.close()


def test_an_export_receipt_that_does_not_fit_moves_nothing(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.scan(BADGE)
    path = tmp_path / "export-receipt.json"
    digest = bench.records()[-1].digest
    for receipt in (
        {"position": 2, "after": 0, "digest": "0" * 64},
        {"position": 99, "after": 0, "digest": digest},
        {"position": 2, "after": 1, "digest": digest},
        {"position": "x"},
    ):
        path.write_text(json.dumps(receipt))
        assert verified_position(path, bench.journal) is None
    path.write_text("nonsense")
    assert verified_position(path, bench.journal) is None
    path.write_text(json.dumps({"position": 2, "after": 0, "digest": digest}))
    assert verified_position(path, bench.journal) == 2
    bench.close()


def test_doctor_names_what_is_wrong_and_who_mends_it(tmp_path: Path) -> None:
    path = tmp_path / "gateway.toml"
    path.write_text(
        f'[gateway]\nname = "gw1"\nfolder = "{tmp_path}"\n[central]\nurl = "http://127.0.0.1:9"\n'
        '[[station]]\nid = "S1"\n'
        '[[station.scanner]]\nkind = "serial"\npath = "/dev/nowhere"\n'
    )
    bench = Bench(tmp_path)
    bench.scan(BADGE)
    result = CliRunner().invoke(doctor, ["--config", str(path), "--json"])
    verdicts = {each["name"]: each["verdict"] for each in json.loads(result.output)}
    assert result.exit_code == 1
    assert verdicts["journal"] == "good" and verdicts["credential"] == "fault" and verdicts["server"] == "warning"
    assert verdicts["station[0].scanner[0]"] == "warning"
    token = tmp_path / "token"
    token.write_text("x")
    token.chmod(0o644)
    text = CliRunner().invoke(doctor, ["--config", str(path)]).output
    assert "others can read" in text and "->" in text
    bench.close()
