"""What the code has, the pages say: generated pages are current, links lead somewhere, schemas fit what is written."""

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from jsonschema import Draft202012Validator

from floor import events

ROOT = Path(__file__).parent.parent
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    """docs/generate.py as a module; it is a script beside the package, not part of it."""
    spec = importlib.util.spec_from_file_location("docs_generate", ROOT / "docs/generate.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def pages(generate: ModuleType) -> dict[str, str]:
    generated = generate.generated()
    assert isinstance(generated, dict)
    return generated


def test_generated_pages_are_what_the_code_gives() -> None:
    command = [sys.executable, str(ROOT / "docs/generate.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
    assert done.returncode == 0, done.stderr


def test_a_page_that_differs_is_refused(generate: ModuleType, pages: dict[str, str]) -> None:
    assert generate.check(pages | {"docs/limits.md": pages["docs/limits.md"] + "more\n"}) == 1
    assert generate.check({path: text for path, text in pages.items() if not path.endswith("work.started.json")}) == 1


def test_every_event_type_is_on_its_page_with_a_schema(pages: dict[str, str]) -> None:
    for name in events.EVENTS:
        assert f"## `{name}`" in pages["docs/events.md"]
        Draft202012Validator.check_schema(json.loads(pages[f"docs/schemas/{name}.json"]))


def test_a_written_event_fits_its_schemas(pages: dict[str, str]) -> None:
    event = events.ReportFinished(person="7", operation="10", good=3, flags=("early",))
    instant = events.Instant(boot="b", boottime=1.0, wall=2.0, synchronised=False)
    content = events.encode(events.Happening(event, "s1", instant, 4), "2026-01-01T00:00:00Z")
    whole = json.loads(events.cloud_event("g1", "0" * 32, 1, content))
    report = Draft202012Validator(json.loads(pages["docs/schemas/report.finished.json"]))
    assert [fault.message for fault in report.iter_errors(whole)] == []
    assert list(report.iter_errors(whole | {"data": whole["data"] | {"good": -1}}))
    assert list(report.iter_errors(whole | {"id": "1"}))


def test_every_setting_is_on_the_page(pages: dict[str, str]) -> None:
    from central.config import CentralConfig
    from gateway.config import Config

    page = pages["docs/configuration.md"]
    for model in (Config, CentralConfig):
        schema = model.model_json_schema()
        tables = [schema, *schema.get("$defs", {}).values()]
        for name in {name for each in tables for name in each.get("properties", {})}:
            assert f"`{name}`" in page or f"{name}]" in page, name


def test_every_command_is_on_the_page(pages: dict[str, str]) -> None:
    for name in importlib.import_module("docs.sources.commands").registered():
        assert f"## `lineside {name}`" in pages["docs/commands.md"]


def test_every_bound_says_why_and_what_happens() -> None:
    source = importlib.import_module("docs.sources.limits")
    modules = [*(f"{package}.limits" for package in ("floor", "devices", "sync", "gateway", "central")), "sync.wire"]
    assert [name for module in modules for name, _, _, reason in source.bounds(module) if not reason] == []


def test_every_error_says_what_happened_and_who_acts() -> None:
    sources = importlib.import_module("docs.sources.errors")
    silent = []
    for package in ("floor", "devices", "sync", "gateway", "central"):
        base, *kinds = sources.classes(importlib.import_module(f"{package}.errors"))
        silent += [kind.__name__ for kind in (base, *kinds) if not (kind.__doc__ or "").strip()]
        silent += [kind.__name__ for kind in kinds if not getattr(kind, "hint", "")]
    assert silent == []


def test_the_fault_matrix_adds_up_and_names_what_was_not_run() -> None:
    source = importlib.import_module("docs.sources.reliability")
    row = {"fault": "cut | torn", "count": 250, "acknowledged": 2_000, "lost": 0, "doubled": 0, "outcome": "whole"}
    weak = {**row, "fault": "control", "lost": 9, "expected_loss": True, "seconds": 2.0}
    rows = [{**row, "expected_loss": False, "seconds": seconds} for seconds in (1.0, 2.4)] + [weak]
    page = source.faults({"commit": "abc", "date": "2026-01-01", "rows": rows})
    assert "4,000 labels beeped under faults that must lose nothing, 0 lost; 0 counted twice" in page
    assert "| cut \\| torn | 500 | 4,000 | 0 | 0 | whole | 3 |" in page
    assert "| *control* | 250 | 2,000 | 9 |" in page
    for block in (source.faults, source.simulation, source.image):
        assert "not been recorded yet" in block(None)


def test_only_a_complete_run_of_a_committed_tree_is_recorded(tmp_path: Path) -> None:
    def record() -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(ROOT / "scripts/recorded.py"), str(tmp_path), str(tmp_path / "kept.json")]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    run = {"commit": "abc", "python": "3.11", "complete": True, "rows": [{"test": "b"}, {"test": "a"}]}
    (tmp_path / "faults-abc-dirty.json").write_text(json.dumps(run))
    assert record().returncode == 1
    (tmp_path / "faults-abc.json").write_text(json.dumps(run | {"complete": False}))
    assert "not complete" in record().stderr
    (tmp_path / "faults-abc.json").write_text(json.dumps(run))
    assert record().returncode == 0
    assert [row["test"] for row in json.loads((tmp_path / "kept.json").read_text())["rows"]] == ["a", "b"]


def test_slices_of_days_add_up_and_no_seed_counts_twice() -> None:
    source = importlib.import_module("docs.sources.reliability")
    results = importlib.import_module("tests.simulation.results")
    counts = {"days": 10, "inputs": 3_000, "acknowledged": 2_000, "faults": 300, "boots": 90, "records": 2_500}
    first = {"commit": "abc", "first_seed": 1, "next_seed": 11, "planted": "", "failed": [], **counts}
    second = first | {"commit": "def", "first_seed": 11, "next_seed": 21, "failed": [{"seed": 12}]}
    kept = {"slices": [], "mutants": []}
    for result in (second, first, first | {"planted": "no-manifest", "days": 3, "failed": [{"seed": 3}]}):
        kept = results.added(kept, result)
    page = source.simulation(kept)
    assert "20 plant-days of distinct seeds, 600 faults, 1 violations" in page
    assert "| 1 to 10 | `abc` | 10 | 2,000 | 300 | 90 | 2,500 | 0 |" in page
    assert "| `no-manifest` | 3 |" in page
    continued = results.added(kept, first | {"days": 9, "next_seed": 10})
    assert [each["days"] for each in continued["slices"]] == [9, 10]
    with pytest.raises(ValueError, match="overlap"):
        results.added(kept, first | {"first_seed": 5})


def test_every_link_between_pages_leads_to_a_file() -> None:
    broken = []
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "systemd").glob("*.md")]:
        for target in LINK.findall(page.read_text("utf-8")):
            if re.match(r"[a-z]+:", target):
                continue
            path = (page.parent / target).resolve()
            if not path.exists():
                broken.append(f"{page.relative_to(ROOT)}: {target}")
    assert broken == []


def test_decisions_are_numbered_and_whole() -> None:
    files = sorted((ROOT / "docs/decisions").glob("*.md"))
    assert [path.name[:4] for path in files] == [f"{number:04}" for number in range(1, len(files) + 1)]
    for path in files:
        heads = re.findall(r"^## (.+)$", path.read_text("utf-8"), re.MULTILINE)
        assert heads == ["Context", "Decision", "Consequence", "What would change our mind"], path.name
