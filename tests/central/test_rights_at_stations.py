"""From the page on which an administrator takes a right away to the badge that is refused, with every network cut."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from central import accounts
from central.application import close_app, create_app
from central.config import CentralConfig
from devices.types import Signal
from floor.calls import CallState
from floor.events import AndonAcknowledged, ReportFinished
from floor.master import MasterData
from gateway.master_store import open_envelope, save, saved
from gateway.station_texts import render
from sync.wire import SnapshotEnvelope
from tests.central.conftest import enrol_gateway
from tests.central.line_plant import MINE, OWN, LinePlant
from tests.gateway.floor_desk import Bench

RELEASE = "/master/review/release"


@pytest.fixture
def plant(tmp_path: Path) -> Iterator[LinePlant]:
    app = create_app(CentralConfig(folder=tmp_path / "central", threads=24))
    yield LinePlant(app)
    close_app(app)


class Card:
    """A gateway's card: what it fetched last is all it knows."""

    def __init__(self, plant: LinePlant, folder: Path) -> None:
        self.plant, self.folder = plant, folder
        self.token = enrol_gateway(plant.here.database, "gw1")

    def fetch(self) -> None:
        """The snapshot as a gateway fetches and keeps it."""
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = self.plant.app.test_client().get("/api/v1/snapshot", headers=headers)
        assert answer.status_code == 200
        envelope = SnapshotEnvelope.model_validate_json(answer.data)
        open_envelope(envelope)
        save(envelope, self.folder)

    def master(self) -> MasterData:
        """What it starts with, without any network."""
        found = saved(self.folder)
        assert found is not None
        return found[1]


def release(plant: LinePlant, admin: str) -> None:
    """The draft of who asks becomes the version in force."""
    page = plant.ask(admin, "/master/review").text
    digest = re.search(r'name="digest" value="([0-9a-f]{64})"', page)
    assert digest, page
    answer = plant.ask(admin, RELEASE, {"digest": digest[1], "note": "rights", "short": "1"})
    assert answer.status_code == 303, answer.text


def takes(bench: Bench) -> tuple[str, str, CallState]:
    """A call is raised and the leader's badge is scanned: the signal, the message's key, what the call is then."""
    bench.press("equipment")
    call = bench.kept[-1][0]
    decision = bench.scan(bench.master.person_by_id[MINE].badge)
    return str(decision.signal), decision.message.key, bench.state.calls[call].state


def test_a_right_taken_away_at_the_office_is_refused_at_a_station_that_is_offline(
    plant: LinePlant, tmp_path: Path
) -> None:
    card = Card(plant, tmp_path / "card")
    card.fetch()
    admin = plant.account("admin")
    with plant.here.database.write() as session:
        accounts.add_account(session, plant.name, "lead", ("leader",), "test", plant.here.now(), MINE)

    before = Bench(master=card.master(), station="S9")
    assert takes(before) == (str(Signal.ACKNOWLEDGED), "acknowledged", CallState.ACKNOWLEDGED)
    assert isinstance(before.kept[-1][1].event, AndonAcknowledged)

    # Leader of line L1 alone from now on: drafted with the user, and in force at stations once it is released.
    form = {"name": "lead", "role": "leader", "places": OWN, "person": MINE}
    assert plant.ask(admin, "/users/change", form).location.endswith("saved=drafted")
    assert takes(Bench(master=card.master(), station="S9"))[1] == "acknowledged", "not released yet"
    release(plant, admin)
    assert takes(Bench(master=card.master(), station="S9"))[1] == "acknowledged", "not fetched yet"
    card.fetch()

    # Every network is cut: the card's snapshot is all there is.
    offline = card.master()
    assert takes(Bench(master=offline, station="S1"))[1] == "acknowledged"
    other = Bench(master=offline, station="S9", upstream_known=False)
    assert takes(other) == (str(Signal.REFUSED), "leader_elsewhere", CallState.RAISED)
    last = other.desk.recent[0].message
    assert (render(last, "zh"), render(last, "en")) == (
        "不是本产线的班组长，请找本线班组长",
        "Leader of another line: ask a leader of this line",
    )
    # The user is disabled: a leader nowhere, and a worker still. What they report is a fact.
    assert plant.ask(admin, "/users/disable", {"name": "lead"}).location.endswith("saved=drafted")
    release(plant, admin)
    card.fetch()
    gone = Bench(master=card.master(), station="S1", upstream_known=False)
    assert takes(gone) == (str(Signal.NOTED), "signed_in_call_waits", CallState.RAISED)
    gone.scans("T-own", "T-own")
    assert isinstance(gone.kept[-1][1].event, ReportFinished)
