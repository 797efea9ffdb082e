"""Every place where foreign bytes come in, under a fuzzer that follows coverage."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.journal import FILE_NAME
from tests.fuzz.found import FOUND
from tests.fuzz.targets import TARGETS, seeds
from tests.gateway.test_salvage import opened, text

ROOT = Path(__file__).parents[2]
RUNS = 3_000
NIGHTLY_SECONDS = 180
PLANTED_RUNS = 400_000

FUZZED = tuple(TARGETS) if importlib.util.find_spec("atheris") else ()
"""The fuzzer has no build for some machines and the newest Pythons: there only the seeds are tried."""


def journal_files(folder: Path) -> bytes:
    """A small real journal, as the target `pages` takes its two files."""
    journal = opened(folder)
    with journal.group() as group:
        for number in range(20):
            group.append(text(number)[:300])
    files = [(folder / name).read_bytes() for name in (FILE_NAME, f"{FILE_NAME}-wal")]
    journal.close()
    return len(files[0]).to_bytes(2, "big") + files[0] + files[1]


def fuzz(name: str, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """The fuzzer in a process of its own; it begins with the target's seeds."""
    begin = folder / "inputs"
    begin.mkdir()
    for number, raw in enumerate([*seeds(name), *FOUND.get(name, ())]):
        (begin / f"{number}").write_bytes(raw)
    if name == "pages":
        (begin / "journal").write_bytes(journal_files(folder / "card"))
    limits = ("-max_len=65536", "-timeout=20", "-rss_limit_mb=1024", f"-artifact_prefix={folder}/", "-seed=1")
    return subprocess.run(
        [sys.executable, "-m", "tests.fuzz.drive", name, str(begin), *limits, *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=NIGHTLY_SECONDS + 240,
    )


def require_clean(ended: subprocess.CompletedProcess[str], folder: Path) -> None:
    crashes = [path.read_bytes() for path in folder.iterdir() if path.name.startswith(("crash-", "timeout-", "oom-"))]
    assert ended.returncode == 0 and not crashes, f"put into tests/fuzz/found.py: {crashes!r}\n{ended.stderr[-4000:]}"


@pytest.mark.parametrize("name", TARGETS)
def test_seeds_and_all_that_was_ever_found(name: str) -> None:
    for raw in [b"", b"\x00", *seeds(name), *FOUND.get(name, ())]:
        TARGETS[name](raw)


@pytest.mark.process
@pytest.mark.parametrize("name", FUZZED)
def test_a_short_run_finds_nothing(name: str, tmp_path: Path) -> None:
    require_clean(fuzz(name, tmp_path, f"-runs={RUNS}", "-max_total_time=60"), tmp_path)


@pytest.mark.process
@pytest.mark.parametrize("name", ["planted"] if FUZZED else [])
def test_a_planted_fault_is_found(name: str, tmp_path: Path) -> None:
    ended = fuzz(name, tmp_path, f"-runs={PLANTED_RUNS}")
    (crash,) = tmp_path.glob("crash-*")
    assert ended.returncode != 0 and crash.read_bytes()[:3] == b"Q\x07z"


@pytest.mark.nightly
@pytest.mark.timeout(NIGHTLY_SECONDS + 300)
@pytest.mark.parametrize("name", FUZZED)
def test_a_long_run_finds_nothing(name: str, tmp_path: Path) -> None:
    require_clean(fuzz(name, tmp_path, f"-max_total_time={NIGHTLY_SECONDS}"), tmp_path)
