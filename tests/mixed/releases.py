"""An earlier release beside this checkout: its wheel, built in a worktree of its commit, in an environment of its own.

Nothing is downloaded: what the release requires is lent by the environment that runs the tests.
"""

import subprocess
import sys
import sysconfig
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from simulation.processes import lineside

ROOT = Path(__file__).parents[2]
PINNED = Path(__file__).with_name("releases.toml")
HERE = "this"
"""The release that this checkout is."""


@dataclass(frozen=True)
class Release:
    """A release that can run. `command(...)` is the command line of a subcommand of it."""

    name: str
    command: Callable[..., list[str]]


def commit_of(version: str) -> str:
    """The full commit id of a released version: its tag, or what is pinned."""
    found = subprocess.run(
        ["git", "rev-parse", "--verify", "--quiet", f"refs/tags/v{version}^{{commit}}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if found.returncode == 0:
        return found.stdout.strip()
    pinned: dict[str, str] = tomllib.loads(PINNED.read_text())["releases"]
    return pinned[version]


def release(version: str, folder: Path) -> Release:
    """The release, ready to run from `folder`. This checkout needs no folder."""
    if version == HERE:
        return Release(HERE, lineside)
    program = _installed(_wheel(commit_of(version), folder), folder / "environment")
    return Release(version, lambda *arguments: [str(program), *arguments])


def _wheel(commit: str, folder: Path) -> Path:
    tree, built = folder / "tree", folder / "wheel"
    _run("git", "worktree", "add", "--detach", "--force", tree, commit)
    try:
        _run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", built, tree)
    finally:
        _run("git", "worktree", "remove", "--force", tree)
    (wheel,) = built.glob("*.whl")
    return wheel


def _installed(wheel: Path, environment: Path) -> Path:
    python = environment / "bin/python"
    _run(sys.executable, "-m", "venv", "--without-pip", environment)
    _run(sys.executable, "-m", "pip", "--python", python, "install", "-q", "--no-deps", "--no-index", wheel)
    (site,) = environment.glob("lib/python*/site-packages")
    # A folder named in a .pth file is searched last, and .pth files inside it are not read: this checkout stays unseen.
    (site / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return environment / "bin/lineside"


def _run(*command: str | Path) -> None:
    done = subprocess.run([str(part) for part in command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
