"""The log's programs: files of its own for each start, and the key that judges the seals."""

import struct
from pathlib import Path

from tests.image.test_scripts import SCRIPTS, call, put_programs

SERIES = bytes(range(16))
OPEN, CLOSED = 1, 0
EMPTY_BYTES = 2**20
"""What journald takes for a file beforehand."""
KEY = "92ace1-66255a-6ffd2c-e1f6be/1e6ecc-35a4e900"


def journal_of(path: Path, state: int) -> None:
    """A file that begins as journald's do: its state, its series, and number and time of its first entry."""
    head = bytearray(256)
    head[:8] = b"LPKSHHRH"
    head[16] = state
    head[72:88] = SERIES
    struct.pack_into("<Q", head, 168, 0x1234)
    struct.pack_into("<Q", head, 184, 0x6608B018EE4BE)
    path.write_bytes(head + bytes(EMPTY_BYTES))


def rotated(folder: Path) -> tuple[str, Path]:
    """(path, the log's folder of one machine). The path begins with a journalctl that says what it was told."""
    put_programs(folder, {"journalctl": f"echo $* >>{folder}/told"})
    machine = folder / "logs" / "0123"
    machine.mkdir(parents=True)
    return f"{folder}:/usr/bin:/bin", machine


def test_a_start_begins_a_file_of_its_own_and_is_sealed_from_its_second(tmp_path: Path) -> None:
    path, machine = rotated(tmp_path)
    journal_of(machine / "system.journal", CLOSED)
    (machine / "fss").write_text("the key that seals")
    assert call("log-of-start", "before", PATH=path, LINESIDE_LOGS=machine.parent).returncode == 0
    aside = f"system@{SERIES.hex()}-0000000000001234-0006608b018ee4be.journal"
    assert {each.name for each in machine.iterdir()} == {aside, "fss.waits"}
    assert (machine / aside).stat().st_blocks * 512 < EMPTY_BYTES / 2, "what was never written takes no room any more"
    assert call("log-of-start", "after", PATH=path, LINESIDE_LOGS=machine.parent).returncode == 0
    assert (machine / "fss").read_text() == "the key that seals"
    assert (tmp_path / "told").read_text() == "--rotate\n"


def test_what_a_power_cut_left_open_is_left_to_journald_and_a_log_without_a_key_alone(tmp_path: Path) -> None:
    path, machine = rotated(tmp_path)
    journal_of(machine / "system.journal", OPEN)
    for word in ("before", "after"):
        assert call("log-of-start", word, PATH=path, LINESIDE_LOGS=machine.parent).returncode == 0
    assert {each.name for each in machine.iterdir()} == {"system.journal"}
    assert not (tmp_path / "told").exists()


def test_a_key_that_a_power_cut_left_waiting_comes_back(tmp_path: Path) -> None:
    path, machine = rotated(tmp_path)
    (machine / "fss.waits").write_text("the key that seals")
    for word in ("before", "after"):
        assert call("log-of-start", word, PATH=path, LINESIDE_LOGS=machine.parent).returncode == 0
    assert (machine / "fss").exists()


def test_the_key_that_judges_is_written_by_its_owner_once_the_clock_was_set(tmp_path: Path) -> None:
    (tmp_path / "gateway").mkdir()
    programs = {
        "timedatectl": f"[ -e {tmp_path}/asked ] && echo yes; touch {tmp_path}/asked",
        "sleep": f"echo waited >>{tmp_path}/told",
        "journalctl": f'echo $* >>{tmp_path}/told; [ "$1" = --rotate ] || echo {KEY}',
        "setpriv": f'echo as $2 $5 >>{tmp_path}/told; while [ "$1" != sh ]; do shift; done; exec "$@"',
    }
    put_programs(tmp_path, programs)
    words = {"LINESIDE_FOLDER": tmp_path / "gateway", "LINESIDE_MARK": tmp_path / "sealed"}
    done = call("seal", PATH=f"{tmp_path}:/usr/bin:/bin", **words)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "gateway/log-seal").read_text() == f"{KEY}\n"
    told = (tmp_path / "told").read_text().splitlines()
    assert told == ["waited", "--setup-keys --force --interval=15min", "as lineside --clear-groups", "--rotate"]
    assert (tmp_path / "sealed").exists()


def test_root_writes_nothing_into_the_gateways_folder() -> None:
    unit = (SCRIPTS.parent / "systemd/system/lineside-seal.service").read_text("utf-8")
    (rights,) = [line for line in unit.splitlines() if line.startswith("CapabilityBoundingSet=")]
    assert set(rights.partition("=")[2].split()) == {"CAP_SETUID", "CAP_SETGID"}, "not even by a mistake"
