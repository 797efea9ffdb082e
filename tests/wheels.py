"""Wheels built from sources and installed into fresh environments, without asking any index."""

import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).parent.parent


def run(*command: str | Path, cwd: Path = ROOT) -> str:
    """What a command printed. AssertionError with all of it when it failed."""
    done = subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def built_wheel(source: Path, target: Path) -> Path:
    """The wheel of a source folder, built with what is installed here."""
    run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "--wheel-dir", target, source)
    (built,) = target.glob("*.whl")
    return built


def fresh_environment(venv: Path, *wheels: Path) -> Path:
    """A new environment with these wheels alone; what they require is lent by the environment of the tests."""
    run(sys.executable, "-m", "venv", "--without-pip", venv)
    pip = (sys.executable, "-m", "pip", "--python", venv / "bin/python")
    run(*pip, "install", "-q", "--no-deps", "--no-index", *wheels)
    (site,) = venv.glob("lib/python*/site-packages")
    # A folder named in a .pth file is searched last, and .pth files inside it are not read: our checkout stays unseen.
    (site / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return venv
