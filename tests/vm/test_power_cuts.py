"""Power cuts of a virtual machine: a plain Debian with the wheel of this checkout, one card, and a real gateway on it.

A label counts as kept when the gateway's own light has said so and the host has heard of it before the cut. It must
then be in the journal exactly once. The same harness with a gateway that does not flush must lose some.
"""

import json
import shutil
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from gateway.journal_reader import JournalReader, check
from simulation.plant import Plant
from simulation.processes import wait_for
from tests.process.test_kills import at_office
from tests.tier_run import commit_name
from tests.vm.guest_image import CACHE, ROOT, forget_others, locked_cache
from tests.vm.power_cuts import Campaign
from tests.vm.results import write_row
from tests.vm.saved_state import SavedState, saved_state

CUTS = 100
CUTTING_SECONDS = 50 * 60.0
"""Cuts that do not fit are made by the next call on the same commit."""
WEAK_CUTS_MAX = 10
"""Within so many cuts the gateway that does not flush must have lost something."""
DRAIN_SECONDS_MAX = 600.0

pytestmark = [pytest.mark.vm, pytest.mark.root, pytest.mark.process]


@pytest.fixture(scope="module")
def state() -> Iterator[SavedState]:
    with locked_cache():
        yield saved_state()


@pytest.fixture
def campaign_of(state: SavedState) -> Iterator:
    commit = commit_name(ROOT)

    def made(program: str) -> Campaign:
        folder = CACHE / f"cuts-{program}-{commit}"
        if commit.endswith(("dirty", "nogit")):
            shutil.rmtree(folder, ignore_errors=True)
        forget_others(folder, f"cuts-{program}-")
        return Campaign(state, folder, program, commit)

    return made


def labels_in(journal: Path) -> list[str]:
    """Every label of the journal, after each record was checked."""
    with closing(JournalReader(journal / "journal.sqlite")) as reader:
        assert list(check(reader)) == []
        contents = [json.loads(record.content) for _, record in reader.walk()]
    return [each["data"]["operation"].removeprefix("T-") for each in contents if each["type"] == "work.started"]


def tell(capsys: pytest.CaptureFixture[str], campaign: Campaign, state: SavedState) -> None:
    """The figures, also when the test passes."""
    rows, ledger = campaign.ledger.rows, campaign.ledger
    with capsys.disabled():
        sys.stdout.write(
            f"\npower cuts, {ledger.program} gateway, {state.accelerator}: {len(rows)} cuts,"
            f" {len(ledger.acknowledged)} acknowledged, {sum(row.lost for row in rows)} lost,"
            f" {sum(row.doubled for row in rows)} doubled, {sum(row.seconds for row in rows):.0f} s\n"
        )


@pytest.mark.timeout(CUTTING_SECONDS + 1_500)
def test_power_cuts_lose_nothing_and_double_nothing(
    campaign_of, state: SavedState, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    campaign = campaign_of("product")
    ledger, deadline = campaign.ledger, time.monotonic() + CUTTING_SECONDS
    while len(ledger.rows) < CUTS and time.monotonic() < deadline:
        campaign.cut()
        assert ledger.faults == []
        assert not any(row.lost or row.doubled for row in ledger.rows), ledger.rows[-2:]
    journal = campaign.look()
    found = labels_in(journal)
    counted = Counter(found)
    tell(capsys, campaign, state)
    assert {label: counted[label] for label in ledger.acknowledged if counted[label] != 1} == {}, "kept, but not once"
    assert max(counted.values()) == 1, "counted twice"
    assert not any(row.lost or row.doubled for row in ledger.rows)
    assert sum(row.recovered for row in ledger.rows) > len(ledger.rows) // 2, "the cuts must be real ones"
    assert len(ledger.acknowledged) > 10 * len(ledger.rows), "the stream itself must work"
    drain(journal, tmp_path / "plant", found)
    write_row(ledger, "all kept, once, also at the server", expected_loss=False)
    assert len(ledger.rows) == CUTS, f"{len(ledger.rows)} of {CUTS} cuts fitted; call again to go on"


def drain(journal: Path, folder: Path, found: list[str]) -> None:
    """Send everything on the card to a real server: each label comes there once, in the order of the journal."""
    plant = Plant(folder, usual_ports=False)
    shutil.copytree(journal, plant.gateway_folder)
    try:
        plant.start()
        wait_for("every label at the server", lambda: len(at_office(plant)) >= len(found), DRAIN_SECONDS_MAX)
        assert [each.removeprefix("T-") for each in at_office(plant)] == found
    finally:
        plant.stop()


@pytest.mark.timeout(1_200)
def test_a_gateway_that_does_not_flush_loses(
    campaign_of, state: SavedState, capsys: pytest.CaptureFixture[str]
) -> None:
    campaign = campaign_of("weak")
    ledger = campaign.ledger
    while not any(row.lost for row in ledger.rows) and len(ledger.rows) < WEAK_CUTS_MAX:
        campaign.cut()
    campaign.look()
    tell(capsys, campaign, state)
    write_row(ledger, "loses, as it must", expected_loss=True)
    assert sum(row.lost for row in ledger.rows) > 0, "the harness would not see a loss"
