"""The tier runner, run as a developer runs it, on a small project of its own."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tiers import BUDGET_MINUTES, TIERS, refusal, tier_of

ROOT = Path(__file__).parent.parent
CASES = """
import pytest
from pathlib import Path
def test_plain(): pass
@pytest.mark.faults
def test_good(row): row.write("a fault", 3, "kept", acknowledged=5, lost=0, doubled=0)
@pytest.mark.faults
def test_wants_a_file(): assert Path("/".join([{folder!r}, "there"])).exists()
@pytest.mark.faults
@pytest.mark.timeout(3000)
def test_long(): pass
@pytest.mark.faults
@pytest.mark.nightly
def test_night(): pass
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "conftest.py").write_text('pytest_plugins = ["tests.tier_run"]\n')
    (folder / "test_cases.py").write_text(CASES.format(folder=str(tmp_path)))
    marks = "".join(f'    "{tier}: x",\n' for tier in TIERS)
    (folder / "pyproject.toml").write_text(f"[tool.pytest.ini_options]\ntimeout = 5\nmarkers = [\n{marks}]\n")
    (folder / ".gitignore").write_text("__pycache__/\n/results/\n.pytest_cache/\n")
    identity = ["-c", "user.name=test", "-c", "user.email=test@localhost"]
    for arguments in (["init", "-q"], ["add", "."], [*identity, "commit", "-q", "-m", "start"]):
        subprocess.run(["git", *arguments], cwd=folder, check=True)
    return folder


def run(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments]
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)


def result(project: Path, tier: str) -> dict[str, object]:
    (path,) = (project / "results").glob(f"{tier}-*.json")
    content = json.loads(path.read_text("utf-8"))
    assert isinstance(content, dict)
    return content


def test_a_test_belongs_to_its_latest_tier() -> None:
    assert tier_of({"browser"}) == "default"
    assert tier_of({"faults"}) == "faults"
    assert tier_of({"faults", "nightly", "broker"}) == "nightly"
    assert refusal("faults") is None
    assert "there are: default, faults" in str(refusal("fault"))


def test_default_tier_leaves_slower_tiers_and_says_so(project: Path) -> None:
    done = run(project)
    assert done.returncode == 0, done.stdout
    assert "covered: 1 passed now" in done.stdout
    assert "not in this tier: faults: 3 tests" in done.stdout
    assert "not in this tier: nightly: 1 tests" in done.stdout
    assert "not in this tier: vm: no tests yet" in done.stdout
    assert result(project, "default")["complete"] is True


def test_several_processes_tell_the_same(project: Path) -> None:
    alone = run(project)
    told = result(project, "default")
    several = run(project, "--numprocesses", "2", "--dist", "loadfile")
    assert alone.returncode == several.returncode == 0, several.stdout
    assert "covered: 1 passed now" in several.stdout
    assert "not in this tier: faults: 3 tests" in several.stdout
    changing = {"seconds", "passed"}
    again = result(project, "default")
    assert {name: again[name] for name in again if name not in changing} == {
        name: told[name] for name in told if name not in changing
    }
    assert list(again["passed"]) == list(told["passed"])  # type: ignore[call-overload]


def test_several_processes_fail_where_one_fails(project: Path) -> None:
    (project / "test_more.py").write_text("def test_wrong(): assert False\n")
    done = run(project, "--numprocesses", "2", "--dist", "loadfile")
    assert done.returncode == 1
    assert "covered: 1 passed now, 0 passed before on this commit, 1 failed" in done.stdout
    assert result(project, "default")["complete"] is False


def test_a_slower_tier_is_not_shared_out(project: Path) -> None:
    done = run(project, "--tier", "faults", "--numprocesses", "2")
    assert done.returncode == 4
    assert "tier faults runs one test after the other" in done.stderr


def test_a_tier_resumes_where_it_stopped_on_the_same_commit(project: Path, tmp_path: Path) -> None:
    first = run(project, "--tier", "faults")
    assert first.returncode == 1
    assert "2 passed now, 0 passed before on this commit, 1 failed" in first.stdout
    (tmp_path / "there").touch()
    second = run(project, "--tier", "faults")
    assert second.returncode == 0, second.stdout
    assert "1 passed now, 2 passed before on this commit, 0 failed" in second.stdout
    third = run(project, "--tier", "faults")
    assert third.returncode == 0, third.stdout
    assert "0 passed now, 3 passed before" in third.stdout
    content = result(project, "faults")
    assert content["complete"] is True
    (row,) = content["rows"]  # type: ignore[misc]
    assert (row["test"], row["fault"], row["count"]) == ("test_cases.py::test_good", "a fault", 3)


def test_a_changed_tree_is_tested_whole(project: Path, tmp_path: Path) -> None:
    (tmp_path / "there").touch()
    (project / "new.txt").touch()
    for _ in range(2):
        assert "3 passed now, 0 passed before" in run(project, "--tier", "faults").stdout


def test_what_cannot_end_in_time_is_left_out_by_name(project: Path, tmp_path: Path) -> None:
    (tmp_path / "there").touch()
    done = run(project, "--tier", "faults", "--budget-minutes", "10")
    assert done.returncode == 0
    assert "INCOMPLETE: no time was left for 1 tests" in done.stdout
    assert "test_cases.py::test_long" in done.stdout
    content = result(project, "faults")
    assert content["complete"] is False
    assert content["left_out"] == ["test_cases.py::test_long"]


def test_the_file_with_the_longest_limit_comes_first(project: Path, tmp_path: Path) -> None:
    (tmp_path / "there").touch()
    longer = "import pytest\n@pytest.mark.faults\n@pytest.mark.timeout(3300)\ndef test_longer(): pass\n"
    (project / "test_night.py").write_text(longer)
    done = run(project, "--tier", "faults", "--budget-minutes", "60")
    assert done.returncode == 0
    assert done.stdout.index("test_night.py .") < done.stdout.index("test_cases.py ...")
    assert "covered: 4 passed now" in done.stdout


def test_an_empty_tier_passes_and_says_that_it_is_empty(project: Path) -> None:
    done = run(project, "--tier", "image")
    assert done.returncode == 0
    assert "tier image: no tests yet" in done.stdout


def test_an_unknown_tier_is_refused(project: Path) -> None:
    done = run(project, "--tier", "fault")
    assert done.returncode == 4
    assert "unknown tier 'fault'; there are: default, faults" in done.stderr
    script = subprocess.run([ROOT / "scripts/test", "--tier", "fault"], capture_output=True, text=True, check=False)
    assert script.returncode == 2
    assert "unknown tier 'fault'" in script.stderr


def test_every_test_has_time_in_a_run_of_its_own() -> None:
    """One whose limit is longer than the budget of a tier is left out of every run."""
    limits = {
        f"{path.relative_to(ROOT)}: {found[0]}"
        for path in (ROOT / "tests").rglob("test_*.py")
        for found in re.finditer(r"mark\.timeout\(([\d_]+)\)", path.read_text("utf-8"))
        if int(found[1]) > (BUDGET_MINUTES - 1) * 60
    }
    assert limits == set()
