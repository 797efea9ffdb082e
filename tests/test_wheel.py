"""The wheel as others get it: built, looked into, installed into a fresh environment and started from elsewhere."""

import json
import zipfile
from pathlib import Path

import pytest

from tests.tidy_rules import PACKAGES
from tests.wheels import ROOT, built_wheel, fresh_environment, run

OWNERS = """
import importlib.metadata, json, sys
owners = importlib.metadata.packages_distributions()
import floor, gateway
json.dump({"owners": owners, "places": [floor.__file__, gateway.__file__]}, sys.stdout)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built_wheel(ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with the wheel alone; what it requires is lent by the environment of the tests."""
    return fresh_environment(tmp_path_factory.mktemp("installed") / "venv", wheel)


def tracked(folder: str) -> set[str]:
    listed = run("git", "ls-files", "--cached", "--others", "--exclude-standard", folder).splitlines()
    return {path for path in listed if (ROOT / path).is_file()}


def test_the_wheel_holds_the_packages_whole_and_nothing_else(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    expected = {path for package in PACKAGES for path in tracked(package)}
    held = {name for name in names if name.split("/")[0] in PACKAGES}
    assert expected - held == set(), "in the checkout, not in the wheel"
    assert held - expected == set(), "in the wheel, not in the checkout"
    others = {name.split("/")[0] for name in names - held}
    assert all(other.startswith("lineside-") and other.endswith((".dist-info", ".data")) for other in others), others
    shared = {name.rpartition("/")[2] for name in names if "/share/lineside/systemd/" in name}
    assert shared == {Path(path).name for path in tracked("systemd")}


def test_the_installed_command_starts_from_elsewhere(installed: Path, tmp_path: Path) -> None:
    said = run(installed / "bin/lineside", "--help", cwd=tmp_path)
    for command in ("central", "gateway", "journal", "plant"):
        assert command in said
    assert "0." in run(installed / "bin/lineside", "--version", cwd=tmp_path)
    assert "--config" in run(installed / "bin/lineside", "gateway", "run", "--help", cwd=tmp_path)


def test_each_folder_belongs_to_this_distribution_alone(installed: Path, tmp_path: Path) -> None:
    answer = json.loads(run(installed / "bin/python", "-c", OWNERS, cwd=tmp_path))
    assert {package: answer["owners"].get(package) for package in PACKAGES} == {each: ["lineside"] for each in PACKAGES}
    assert all(place.startswith(str(installed)) for place in answer["places"])
