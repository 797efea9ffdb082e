"""The pytest plugin behind scripts/test: selects a tier, resumes it, ends it in time, and says what was not covered."""

import json
import os
import platform
import subprocess
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.tiers import BUDGET_MINUTES, DEFAULT_TIER_MINUTES, TIERS, refusal, tier_of

SAVE_SECONDS = 5.0
ROW = "fault-row"
SELECTION = "tier-selection"


@dataclass
class Outcome:
    """What is known of one tier on one commit; the content of results/TIER-COMMIT.json. Values are seconds."""

    tier: str
    commit: str
    python: str
    complete: bool = False
    seconds: float = 0.0
    passed: dict[str, float] = field(default_factory=dict)
    failed: dict[str, float] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    other_tiers: dict[str, int] = field(default_factory=dict)
    rows: list[dict[str, object]] = field(default_factory=list)
    """What passed tests of the fault lab wrote of their faults, with the name of the test."""


def git(root: Path, *arguments: str) -> str:
    """Standard output of git, or nothing where there is no git or no repository."""
    try:
        done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def commit_name(root: Path) -> str:
    """The commit that is tested, with -dirty when the tree differs from it: such a result is worth nothing later."""
    commit = git(root, "rev-parse", "--short=12", "HEAD") or "nogit"
    return f"{commit}-dirty" if git(root, "status", "--porcelain") else commit


def load(path: Path, fresh: Outcome) -> Outcome:
    """The earlier outcome of this commit if it can be trusted, else `fresh`. What failed or was skipped runs again."""
    if fresh.commit.endswith(("dirty", "nogit")) or not path.is_file():
        return fresh
    earlier = json.loads(path.read_text("utf-8"))
    if earlier.get("python") != fresh.python or earlier.get("commit") != fresh.commit:
        return fresh
    fresh.passed = dict(earlier["passed"])
    fresh.seconds = float(earlier["seconds"])
    fresh.rows = [row for row in earlier.get("rows", []) if row["test"] in fresh.passed]
    return fresh


def save(path: Path, outcome: Outcome) -> None:
    """Replaces the file whole, so that a run which is killed leaves the state before or after."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}.tmp")
    draft.write_text(json.dumps(asdict(outcome), indent=1, ensure_ascii=False) + "\n", "utf-8")
    draft.replace(path)


def limit_of(item: pytest.Item) -> float:
    """Seconds that a test may take."""
    mark = item.get_closest_marker("timeout")
    return float(mark.args[0]) if mark and mark.args else float(item.config.getini("timeout") or 0)


def longest_file_first(items: list[pytest.Item]) -> list[pytest.Item]:
    """A long test may start only while the budget is fresh, and several processes end together when the short ones come
    last. Files stay whole: their tests share fixtures."""
    limits: dict[Path, float] = {}
    for item in items:
        limits[item.path] = max(limits.get(item.path, 0.0), limit_of(item))
    return sorted(items, key=lambda item: -limits[item.path])


class TierRun:
    """One run of one tier; `seconds` limits it unless None; `partial` when files or words of names were given."""

    def __init__(
        self, outcome: Outcome, path: Path, seconds: float | None, partial: bool, worker: bool = False
    ) -> None:
        self.outcome = outcome
        self.path = path
        self.seconds = seconds
        self.partial = partial
        self.worker = worker
        """One of several processes of the same run: it selects and runs; the one that began it keeps the outcome."""
        self.before = len(outcome.passed)
        self.seconds_before = outcome.seconds
        self.started = time.monotonic()
        self.saved = self.started
        self.selected = 0
        self.own_items = 0

    def elapsed(self) -> float:
        return time.monotonic() - self.started

    def worth_telling(self) -> bool:
        """False for part of the default tier: a developer's question of the moment, not a result."""
        return not self.worker and (not self.partial or self.outcome.tier != "default")

    def save(self) -> None:
        self.outcome.seconds = round(self.seconds_before + self.elapsed(), 1)
        save(self.path, self.outcome)
        self.saved = time.monotonic()

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        keep: list[pytest.Item] = []
        drop: list[pytest.Item] = []
        for item in items:
            markers = {mark.name for mark in item.iter_markers()}
            tier = tier_of(markers)
            if tier != self.outcome.tier:
                self.outcome.other_tiers[tier] = self.outcome.other_tiers.get(tier, 0) + 1
            else:
                self.own_items += 1
            wanted = tier == self.outcome.tier and item.nodeid not in self.outcome.passed
            if wanted and "root" in markers and os.geteuid() != 0:
                self.outcome.skipped[item.nodeid] = "it mounts file systems, which takes root"
                wanted = False
            (keep if wanted else drop).append(item)
        self.selected = len(keep)
        config.hook.pytest_deselected(items=drop)
        items[:] = longest_file_first(keep)

    def may_start(self, item: pytest.Item) -> bool:
        """False when the test could still run at the end of the budget: a run that ends in time ends by itself."""
        return self.seconds is None or self.elapsed() + limit_of(item) <= self.seconds

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> bool | None:
        if self.may_start(item):
            return None
        self.outcome.left_out.append(item.nodeid)
        return True

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        name, outcome = report.nodeid, self.outcome
        if report.failed:
            outcome.passed.pop(name, None)
            outcome.rows = [row for row in outcome.rows if row["test"] != name]
            outcome.failed[name] = round(report.duration, 2)
        elif report.skipped:
            outcome.skipped[name] = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        elif report.when == "teardown" and name not in outcome.failed and name not in outcome.skipped:
            outcome.passed.setdefault(name, 0.0)
        elif report.when == "call":
            outcome.passed[name] = round(report.duration, 2)
            outcome.rows += [{"test": name, **row} for kind, row in report.user_properties if kind == ROW]
        if self.worth_telling() and time.monotonic() - self.saved > SAVE_SECONDS:
            self.save()

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """A worker of pytest-xdist has ended: what it selected. Each of them selects the same."""
        told = getattr(node, "workeroutput", {}).get(SELECTION)
        if told:
            self.outcome.other_tiers, self.own_items, self.selected = told["other_tiers"], told["own"], told["selected"]
            self.outcome.skipped |= told["skipped"]

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        outcome = self.outcome
        if self.worker:
            told = {"other_tiers": outcome.other_tiers, "own": self.own_items, "selected": self.selected}
            session.config.workeroutput[SELECTION] = told | {"skipped": outcome.skipped}  # type: ignore[attr-defined]
            return
        ended = exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)
        outcome.complete = bool(ended and not outcome.left_out and not outcome.failed and not self.partial)
        if self.worth_telling():
            self.save()
        # Nothing left to do is success: an empty tier, or one that has passed on this commit before.
        if exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED and self.selected == 0 and not session.testsfailed:
            session.exitstatus = pytest.ExitCode.OK

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if not self.worth_telling():
            return
        terminalreporter.section(f"tier {self.outcome.tier} on {self.outcome.commit}")
        for line in self.summary():
            terminalreporter.write_line(line)

    def summary(self) -> list[str]:
        """What was covered, what was not, and why, one fact a line."""
        outcome = self.outcome
        if self.own_items == 0:
            lines = [f"tier {outcome.tier}: no tests yet"]
        else:
            now = len(outcome.passed) - self.before
            lines = [
                f"covered: {now} passed now, {self.before} passed before on this commit, {len(outcome.failed)} failed"
            ]
        lines += [f"skipped: {name}: {reason}" for name, reason in outcome.skipped.items()]
        if outcome.left_out:
            lines.append(f"INCOMPLETE: no time was left for {len(outcome.left_out)} tests; call again to run them:")
            lines += [f"  {name}" for name in outcome.left_out]
        for tier in TIERS:
            if tier not in (outcome.tier, "default"):
                count = outcome.other_tiers.get(tier, 0)
                lines.append(f"not in this tier: {tier}: {f'{count} tests' if count else 'no tests yet'}")
        if outcome.tier == "default" and self.elapsed() > DEFAULT_TIER_MINUTES * 60:
            minutes = self.elapsed() / 60
            lines.append(f"TOO LONG: the default tier took {minutes:.0f} minutes; its bound is {DEFAULT_TIER_MINUTES}")
        lines.append(f"written: {self.path.name}")
        return lines


class FaultRow:
    """Takes rows of the fault matrix from one test; they stand in the tier's result once the test has passed."""

    def __init__(self, record: Callable[[str, object], None]) -> None:
        self._record = record
        self._began = time.monotonic()

    def write(
        self,
        fault: str,
        count: int,
        outcome: str,
        *,
        acknowledged: int,
        lost: int,
        doubled: int,
        expected_loss: bool = False,
    ) -> None:
        """A fault, how often it was given, what became of what was beeped, and the seconds since the row before."""
        now = time.monotonic()
        seconds, self._began = round(now - self._began, 1), now
        row = {"fault": fault, "count": count, "acknowledged": acknowledged, "lost": lost, "doubled": doubled}
        self._record(ROW, {**row, "outcome": outcome, "seconds": seconds, "expected_loss": expected_loss})


@pytest.fixture
def row(record_property: Callable[[str, object], None]) -> FaultRow:
    """Where a test of the fault lab writes what it found."""
    return FaultRow(record_property)


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("tiers")
    group.addoption("--tier", default=None, help=f"one of: {', '.join(TIERS)}")
    group.addoption(
        "--budget-minutes", type=float, default=None, help=f"a slower tier ends within this ({BUDGET_MINUTES})"
    )
    group.addoption("--results", default=None, help="where results go (results/ of the checkout)")


def pytest_configure(config: pytest.Config) -> None:
    """Without --tier, a call that names markers or single tests gets exactly those; any other gets the default tier."""
    tier = config.getoption("--tier")
    named = bool(config.getoption("markexpr")) or any("::" in str(argument) for argument in config.args)
    if config.option.collectonly or (tier is None and named):
        return
    tier = tier or "default"
    reason = refusal(tier)
    if reason is not None:
        raise pytest.UsageError(reason)
    worker = hasattr(config, "workerinput")
    if tier != "default" and (worker or config.getoption("numprocesses", None)):
        raise pytest.UsageError(f"tier {tier} runs one test after the other: it is resumed by name, and measures")
    partial = bool(config.getoption("keyword")) or config.args_source is pytest.Config.ArgsSource.ARGS
    budget = config.getoption("--budget-minutes")
    if budget is None and tier != "default":
        budget = BUDGET_MINUTES
    fresh = Outcome(tier, commit_name(config.rootpath), platform.python_version())
    path = Path(config.getoption("--results") or config.rootpath / "results") / f"{tier}-{fresh.commit}.json"
    outcome = fresh if tier == "default" else load(path, fresh)
    seconds = None if budget is None else budget * 60
    config.pluginmanager.register(TierRun(outcome, path, seconds, partial, worker), "tier-run")
