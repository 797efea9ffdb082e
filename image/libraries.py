"""The locked libraries as wheels for the image's processor and Python, whatever this machine has."""

import re
import sys
from pathlib import Path

from packaging.markers import Marker

from image.programs import recipe_name, run
from image.recipe import PYTHON, Architecture

FROM_DEBIAN = frozenset({"evdev"})
"""No wheels exist; Debian's python3-evdev is seen through the environment's system packages."""
NOT_NEEDED = frozenset({"pip"})
"""Required by a library for commands that no gateway calls."""
GLIBC_MINORS = (5, 12, 17, 24, 26, 27, 28, 31, 34, 35, 36, 39)
"""Wheels name the oldest C library that they run with; the suite has 2.41."""
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check")


def locked_for(lock: str, architecture: Architecture) -> str:
    """The part of a lock file that belongs into an image, without conditions.

    pip judges conditions by the machine that it runs on, so they are judged here for the machine of the image.
    """
    surroundings = {
        "python_version": PYTHON,
        "python_full_version": f"{PYTHON}.0",
        "platform_machine": architecture.wheels,
        "sys_platform": "linux",
        "platform_system": "Linux",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
    }
    kept = []
    for block in re.split(r"^(?=[a-z0-9])", lock, flags=re.MULTILINE)[1:]:
        pinned, _, hashes = block.partition("\\\n")
        name_and_version, _, condition = pinned.partition(";")
        name = name_and_version.partition("==")[0].strip()
        fits = not condition.strip() or Marker(condition.strip()).evaluate(surroundings)
        if fits and name not in FROM_DEBIAN | NOT_NEEDED:
            kept.append(f"{name_and_version.strip()} \\\n{hashes}")
    return "".join(kept)


def platform_words(architecture: Architecture) -> list[str]:
    """What tells pip for which machine wheels are wanted."""
    platforms = [f"manylinux_2_{minor}_{architecture.wheels}" for minor in GLIBC_MINORS]
    platforms += [f"{each}_{architecture.wheels}" for each in ("manylinux1", "manylinux2010", "manylinux2014", "linux")]
    words = ["--only-binary=:all:", "--implementation=cp", f"--python-version={PYTHON}"]
    words += [f"--abi={each}" for each in (f"cp{PYTHON.replace('.', '')}", "abi3", "none")]
    return words + [f"--platform={each}" for each in platforms]


def libraries(lock: Path, architecture: Architecture, cache: Path) -> Path:
    """A folder with the wheels of a lock file, each of a hash that stands there; fetched once. Raises RuntimeError."""
    wanted = locked_for(lock.read_text("utf-8"), architecture)
    folder = cache / f"wheels-{architecture.name}-{recipe_name(wanted)}"
    if folder.exists():
        return folder
    draft = folder.with_suffix(".draft")
    draft.mkdir(parents=True, exist_ok=True)
    listed = draft / "wanted.txt"
    listed.write_text(wanted, "utf-8")
    run(
        *PIP,
        "download",
        "-q",
        "--no-deps",
        "--require-hashes",
        *platform_words(architecture),
        "-d",
        draft,
        "-r",
        listed,
    )
    draft.rename(folder)
    return folder
