"""Holds the repository to its rules, and each rule to a breach that was planted for it."""

import ast
import subprocess
from pathlib import Path

import pytest

from tests import tidy_rules
from tests.tidy_rules import INVARIANTS, PACKAGES, PYTHON_RULES

ROOT = Path(__file__).parent.parent
TEXT_SUFFIXES = {
    ".py",
    ".md",
    ".toml",
    ".txt",
    ".html",
    ".css",
    ".js",
    ".json",
    ".service",
    ".timer",
    ".cfg",
    ".yaml",
    ".yml",
    ".sh",
    ".csv",
    ".sql",
    "",
}

# Files of others, kept letter for letter. This one names a host that it would ask if it were not told our own address;
# the browser tests of the phone page fail on any request that leaves ours.
AS_THEY_CAME = {"central/phone/files/zxing/reader.js"}

# Invariants that no line cites yet. This list only ever becomes shorter.
NOT_YET_CITED: set[str] = set()

BREACHES = [
    ("import_table", "devices/x.py", "import floor.events"),
    ("import_table", "floor/x.py", "from gateway import limits"),
    ("import_table", "central/x.py", "from sync.pump import Pump"),
    ("import_table", "central/x.py", "from sync import ports"),
    ("import_table", "gateway/x.py", "from central.store import Store"),
    ("import_table", "gateway/x.py", "def f():\n    import simulation.world"),
    ("import_table", "sync/x.py", "from tests import tiers"),
    ("relative_imports", "sync/x.py", "from . import wire"),
    ("purity", "floor/x.py", "import sqlite3"),
    ("purity", "floor/x.py", "from time import monotonic"),
    ("purity", "gateway/station_work.py", "from os import path"),
    ("purity", "sync/x.py", '"""A machine.\n\nPure: values only.\n"""\nimport threading'),
    ("purity", "floor/x.py", "def f(path):\n    return open(path)"),
    ("purity", "floor/x.py", "import datetime\nat = datetime.datetime.now()"),
    ("size", "floor/x.py", "x = 1\n" * 501),
    ("size", "floor/x.py", "def f():\n" + "    x = 1\n" * 70),
    ("vague_names", "gateway/scan_utils.py", ""),
    ("vague_names", "central/helper/x.py", ""),
    ("shadowed_packages", "simulation/x.py", "gateway = 1"),
    ("shadowed_packages", "gateway/x.py", "def f(devices): ..."),
    ("shadowed_packages", "gateway/x.py", "class A:\n    def sync(self): ..."),
    ("shadowed_packages", "gateway/x.py", "import queue as floor"),
    ("shadowed_packages", "gateway/x.py", "from plant import central"),
    ("shadowed_packages", "gateway/x.py", "for central in (): ..."),
    ("shadowed_packages", "gateway/x.py", "x = [1 for floor in ()]"),
    ("swallowed_errors", "gateway/x.py", "try:\n    f()\nexcept:\n    raise"),
    ("swallowed_errors", "gateway/x.py", "try:\n    f()\nexcept Exception:\n    pass"),
    ("swallowed_errors", "gateway/x.py", "try:\n    f()\nexcept (OSError, Exception) as e:\n    log.warning('%s', e)"),
    ("swallowed_errors", "gateway/x.py", "import contextlib\nwith contextlib.suppress(Exception):\n    f()"),
    ("sleeps", "gateway/x.py", "import time\ntime.sleep(1)"),
    ("sleeps", "gateway/x.py", "from time import sleep"),
    ("environment", "gateway/x.py", "import os\nx = os.environ['X']"),
    ("environment", "central/x.py", "import os\nx = os.getenv('X')"),
    ("unfinished", "gateway/x.py", "x = 1  # TO" + "DO: more"),
    ("unfinished", "gateway/x.py", "def f():\n    raise NotImplementedError"),
    ("unfinished", "gateway/x.py", "def f():\n    raise NotImplementedError('later')"),
    ("dodged_tests", "tests/x.py", "import pytest\n@pytest.mark.skip\ndef test_x(): ..."),
    ("dodged_tests", "tests/x.py", "from unittest.mock import patch"),
]
KEPT = [
    ("import_table", "central/x.py", "from sync.wire import Record\nfrom sync import wire\nimport floor.events"),
    ("import_table", "gateway/x.py", "import devices.types, sync.pump, floor"),
    ("import_table", "simulation/x.py", "import gateway.main, central.store"),
    ("purity", "floor/x.py", "import datetime, json\nx = datetime.timedelta(1)"),
    ("purity", "gateway/main.py", "import os, threading"),
    ("size", "floor/x.py", "def f():\n" + "    x = 1\n" * 69),
    ("shadowed_packages", "gateway/x.py", "import sync.wire\nclass A:\n    gateway: str\na.gateway = 1"),
    ("swallowed_errors", "gateway/x.py", "try:\n    f()\nexcept Exception as e:\n    tell(e)"),
    ("swallowed_errors", "gateway/x.py", "try:\n    f()\nexcept OSError:\n    pass"),
    ("sleeps", "sync/runner.py", "import time\ntime.sleep(1)"),
    ("size", "central/migrations/versions/0001.py", "x = 1\n" * 501),
    ("unfinished", "floor/x.py", "try:\n    f()\nexcept NotImplementedError:\n    g()"),
    ("environment", "gateway/config.py", "import os\nx = os.environ['X']"),
]


def files() -> list[str]:
    """Every file of the checkout that is or would be tracked."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return sorted(path for path in set(listed) if (ROOT / path).is_file())


def python_sources() -> dict[str, str]:
    return {path: (ROOT / path).read_text("utf-8") for path in files() if path.endswith(".py")}


@pytest.mark.parametrize("name", PYTHON_RULES)
def test_rule_is_kept(name: str) -> None:
    rule = PYTHON_RULES[name]
    complaints = [complaint for path, text in python_sources().items() for complaint in rule(path, text)]
    assert not complaints, "\n" + "\n".join(complaints)


@pytest.mark.parametrize(("name", "path", "text"), BREACHES)
def test_rule_catches_a_planted_breach(name: str, path: str, text: str) -> None:
    ast.parse(text)
    assert PYTHON_RULES[name](path, text)


@pytest.mark.parametrize(("name", "path", "text"), KEPT)
def test_rule_lets_the_allowed_pass(name: str, path: str, text: str) -> None:
    assert PYTHON_RULES[name](path, text) == []


def test_every_rule_has_a_planted_breach() -> None:
    assert {name for name, _, _ in BREACHES} == set(PYTHON_RULES)


def test_pure_modules_import_only_pure_modules() -> None:
    complaints = tidy_rules.impure_neighbours(python_sources())
    assert not complaints, "\n" + "\n".join(complaints)


def test_borrowed_purity_is_caught() -> None:
    sources = {"floor/a.py": "import floor.b", "sync/pump.py": "from sync.queue import Queue", "sync/queue.py": ""}
    assert tidy_rules.impure_neighbours(sources) == [
        "sync/pump.py:1: a pure module imports sync/queue.py, which is not"
    ]


def test_no_file_names_a_registry_or_a_place_of_one_machine() -> None:
    complaints = []
    for path in files():
        if Path(path).suffix in TEXT_SUFFIXES and path not in AS_THEY_CAME:
            complaints += tidy_rules.foreign_places(path, (ROOT / path).read_text("utf-8", errors="replace"))
    assert not complaints, "\n" + "\n".join(complaints)


def test_a_registry_and_a_place_of_one_machine_are_caught() -> None:
    planted = "https://py" + "pi.org/simple\n--find-links /opt/py" + "pi\ncd /wo" + "rk/main\n/ro" + "ot/.venv\n"
    assert len(tidy_rules.foreign_places("x.md", planted)) == 4
    assert tidy_rules.foreign_places("x.md", "/var/lib/lineside /central/work /tmp/x network/main") == []


def test_every_invariant_is_cited_in_the_code() -> None:
    cited = tidy_rules.cited_invariants(python_sources())
    missing = {each for each in INVARIANTS if each not in cited}
    assert missing <= NOT_YET_CITED, f"no code cites {sorted(missing - NOT_YET_CITED)}"
    assert missing >= NOT_YET_CITED, f"now cited; take off the list: {sorted(NOT_YET_CITED - missing)}"


def test_citations_are_read_whole() -> None:
    sources = {"floor/a.py": "# I1 and (I12); I13, AI2, I7x and I0 are none", "tests/b.py": "# I5"}
    assert tidy_rules.cited_invariants(sources) == {"I1", "I12"}


@pytest.mark.parametrize("package", PACKAGES)
def test_every_package_says_what_it_is_and_is_typed(package: str) -> None:
    docstring = ast.get_docstring(ast.parse((ROOT / package / "__init__.py").read_text("utf-8"))) or ""
    assert len(docstring) > 40, f"{package}/__init__.py does not say what may enter"
    assert (ROOT / package / "py.typed").is_file()
