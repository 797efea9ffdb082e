"""The update agent: every way through its table, with cuts at every step."""

from dataclasses import replace
from pathlib import Path

import pytest

from gateway import limits
from gateway.errors import BundleRefused, BundleUntimely, SlotBroken
from gateway.updates.agent import Found, UpdateAgent
from gateway.updates.slots import BundleContent
from gateway.updates.states import RESTING, TABLE, TRIAL, Update, from_json
from tests.gateway.update_machine import GOOD, MIGRATIONS, PACE, SHA, WISH, Boot, Machine, run


def test_a_good_release_goes_all_the_way() -> None:
    machine = Machine()
    agent = run(machine)
    assert (agent.update.state, machine.booted, machine.default) == ("good", "b", "b")
    states = [each.removeprefix("keep ") for each in machine.acts if each.startswith("keep ")]
    assert list(dict.fromkeys(states)) == [
        "downloading",
        "verified",
        "waiting",
        "installing",
        "installed",
        "trial",
        "good",
    ]
    assert machine.fetched == 3


@pytest.mark.parametrize("cut_in", range(19))
def test_a_cut_anywhere_ends_in_the_new_release_or_safely_in_the_old_one(cut_in: int) -> None:
    machine = Machine(cut_in=cut_in)
    agent = run(machine)
    if machine.booted == "b":
        assert (agent.update.state, machine.default) == ("good", "b")
    else:
        assert (agent.update.state, machine.default, machine.trying) == ("returned", "a", "")
    assert machine.booted == machine.default, "nothing is left on trial"


@pytest.mark.parametrize(
    ("fault", "word"),
    [
        ({"health_of_new": None}, "not ready"),
        ({"health_of_new": replace(GOOD, refusing="disk_full")}, "keeps nothing"),
        ({"health_of_new": replace(GOOD, missing=("S1.scanner",))}, "devices are not open"),
        ({"health_of_new": replace(GOOD, office="offline")}, "office was reached before"),
        ({"faults": ("e/1 does not fit its digest",)}, "journal does not hold"),
    ],
)
def test_a_release_that_is_not_healthy_goes_back_by_itself(fault: dict[str, object], word: str) -> None:
    machine = Machine(**fault)  # type: ignore[arg-type]
    agent = run(machine)
    assert (agent.update.state, machine.booted, machine.default) == ("returned", "a", "a")
    assert word in agent.update.reason
    assert machine.acts.count("install") == 1, "it is not tried again"


def test_what_was_missing_before_is_not_held_against_the_release() -> None:
    before = replace(GOOD, missing=("S1.scanner",), office="offline")
    assert run(Machine(health_now=before, health_of_new=before)).update.state == "good"


def test_a_power_cut_in_the_trial_brings_the_old_release_back() -> None:
    machine = Machine(health_of_new=None)
    agent = UpdateAgent(Update(), machine, machine, machine, MIGRATIONS, PACE)
    now = 0.0
    agent.told(WISH, now)
    with pytest.raises(Boot):
        while True:
            now = max(now + 0.01, agent.step(now))
    machine.boot()
    assert machine.booted == "b"
    machine.boot()
    after = run(machine)
    assert (after.update.state, machine.booted, machine.trying) == ("returned", "a", "")
    assert "give_up" in machine.acts
    assert "power was cut" in after.update.reason


@pytest.mark.parametrize("busy", ["a hand-over is open at S1", "an input is not finished at S1: quantity"])
def test_nobody_is_interrupted(busy: str) -> None:
    machine = Machine(health_now=replace(GOOD, busy=busy))
    agent = run(machine)
    assert (agent.update.state, agent.update.reason) == ("waiting", busy)
    assert "install" not in machine.acts
    machine.health_now = replace(GOOD, idle_seconds=1)
    assert run(machine).update.state == "waiting"
    machine.health_now = GOOD
    assert run(machine).update.state == "good"


def test_somebody_who_begins_while_it_installs_is_not_interrupted_either() -> None:
    machine = Machine()
    agent = UpdateAgent(Update(), machine, machine, machine, MIGRATIONS, PACE)
    now = 0.0
    agent.told(WISH, now)
    while agent.update.state != "installed":
        now = max(now + 0.01, agent.step(now))
    machine.health_now = replace(GOOD, busy="a hand-over is open at S1")
    assert run(machine).update.state == "installed"
    assert "restart" not in machine.acts
    assert run(machine, wish=None).update.state == "idle"
    assert machine.acts.count("give_up") == 1


def test_a_gateway_that_is_gone_for_long_may_be_restarted() -> None:
    """The update may be its cure."""
    assert run(Machine(health_now=None)).update.state == "good"


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (BundleContent("2.0", "toaster", MIGRATIONS), "this gateway is"),
        (BundleContent("2.1", "lineside", MIGRATIONS), "holds release 2.1"),
        (BundleContent("2.0", "lineside", None), "which journal"),
        (BundleContent("2.0", "lineside", (*MIGRATIONS, "m002_new")), "no way back"),
        (BundleContent("2.0", "lineside", ()), "does not know this journal"),
    ],
)
def test_what_does_not_fit_is_refused_and_told(content: BundleContent, word: str) -> None:
    agent = run(Machine(content=content))
    assert agent.update.state == "refused"
    assert word in agent.update.reason


def test_a_journal_that_only_grows_is_taken() -> None:
    content = BundleContent("2.0", "lineside", (*MIGRATIONS, "m002_more"), ("m002_more",))
    assert run(Machine(content=content)).update.state == "good"


def test_an_older_release_is_refused() -> None:
    machine = Machine(content=BundleContent("0.9", "lineside", MIGRATIONS))
    agent = run(machine, WISH.model_copy(update={"version": "0.9"}))
    assert (agent.update.state, "not newer" in agent.update.reason) == ("refused", True)


def test_a_bundle_that_comes_damaged_is_fetched_again_and_at_last_refused() -> None:
    assert run(Machine(damaged=limits.UPDATE_DOWNLOADS_MAX - 1)).update.state == "good"
    assert run(Machine(damaged=limits.UPDATE_DOWNLOADS_MAX)).update.state == "refused"


@pytest.mark.parametrize(
    ("fault", "count"), [(BundleRefused("tampered"), 1), (SlotBroken("input/output error"), limits.UPDATE_INSTALLS_MAX)]
)
def test_an_install_that_fails_is_tried_again_only_where_the_machine_is_at_fault(fault: Exception, count: int) -> None:
    machine = Machine(install_fault=fault)
    agent = run(machine)
    assert (agent.update.state, machine.acts.count("install")) == ("refused", count)


def test_a_clock_that_is_not_set_refuses_no_release_however_long_it_takes() -> None:
    machine = Machine(install_fault=BundleUntimely("the clock is not synchronised"))
    agent = run(machine, seconds=900.0)
    assert (agent.update.state, machine.acts.count("install") > limits.UPDATE_INSTALLS_MAX) == ("installing", True)
    assert "clock" in agent.update.reason
    machine.install_fault = None
    assert run(machine).update.state == "good"


def test_without_room_or_line_it_waits_and_goes_on() -> None:
    for machine in (Machine(room=False), Machine(offline=True)):
        agent = run(machine)
        assert agent.update.state == "downloading"
        assert agent.update.reason
        machine.room, machine.offline = True, False
        assert run(machine).update.state == "good"


def test_a_paused_roll_out_begins_again_and_fetches_only_the_rest() -> None:
    machine = Machine()
    agent = UpdateAgent(Update(), machine, machine, machine, MIGRATIONS, PACE)
    now = 0.0
    agent.told(WISH, now)
    while machine.fetched < 2:
        now = max(now + 0.01, agent.step(now))
    assert run(machine, wish=None).update.state == "idle"
    assert machine.booted == "a"
    assert run(machine).update.state == "good"
    assert machine.fetched == 3


def test_an_office_that_was_not_asked_yet_withdraws_nothing_and_allows_no_trial() -> None:
    """A pause, a stop, or the end of the window may have come while the machine was off."""
    machine = Machine(kept=Update("installing", 1, "2.0", SHA, 3000).to_json(), shelf=bytes(3000))
    assert run(machine, wish=None, asked=False).update.state == "installed"
    assert "restart" not in machine.acts
    assert run(machine).update.state == "good"


def test_a_stick_brings_a_release_without_an_office() -> None:
    machine = Machine(stick=Found(Path("/media/stick/2.0.lineside"), "2.0", SHA, 3000), offline=False)
    agent = run(machine, wish=None, asked=False)
    assert (agent.update.state, agent.update.rollout) == ("good", 0)


def test_a_stick_that_was_pulled_holds_nothing_up() -> None:
    machine = Machine(stick=Found(Path("/media/stick/2.0.lineside"), "2.0", SHA, 3000), offline=True)
    assert run(machine, wish=None).update.state in ("idle", "downloading")
    machine.offline, machine.stick = False, None
    assert run(machine).update.state == "good"


def test_a_bad_stick_and_a_bad_wish_do_not_take_turns_for_ever() -> None:
    machine = Machine(health_of_new=None, stick=Found(Path("/media/x"), "2.0", "b" * 64, 3000))
    agent = run(machine, seconds=3000)
    assert agent.update.state == "returned"
    assert machine.acts.count("install") == 2


def test_an_agent_that_ends_again_and_again_in_a_trial_goes_back() -> None:
    kept = Update(TRIAL, 1, "2.0", SHA, 3000, slot="a", boot="1", failures=limits.UPDATE_TRIAL_STARTS_MAX)
    kept = replace(kept, begun=(f"1/{SHA}",))
    machine = Machine(kept=kept.to_json(), booted="b", other_holds="2.0", boots=2)
    agent = run(machine)
    assert (agent.update.state, machine.booted) == ("returned", "a")


def test_every_state_is_left_or_rests_and_what_is_kept_comes_back() -> None:
    states = {state for state, _ in TABLE} | set(TABLE.values())
    for state in states:
        assert from_json(Update(state, 3, "2.0", missing=("x",)).to_json()) == Update(state, 3, "2.0", missing=("x",))
        assert state in RESTING or any(each == state for each, _ in TABLE)
    assert from_json('{"state": "dancing", "begun": ["1/a"]}') == Update(begun=("1/a",))
    assert from_json("{") == from_json('{"state": "dancing"}') == from_json("[]") == Update()
    with pytest.raises(KeyError):
        Update("trial").after("withdrawn")
