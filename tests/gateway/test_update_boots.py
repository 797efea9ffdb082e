"""The boots of the update agent: for a real trial, in a quiet moment, so often, by a fresh word of the office."""

from dataclasses import replace

import pytest

from gateway import limits
from gateway.updates.agent import UpdateAgent
from gateway.updates.states import RETURNED, TRIAL, Update, from_json
from sync.wire import BundleWish
from tests.gateway.update_machine import GOOD, MIGRATIONS, PACE, SHA, WISH, Boot, Machine, run


def asks(machine: Machine) -> int:
    return machine.acts.count("restart")


def step_for(machine: Machine, seconds: float, told: BundleWish | None = WISH) -> UpdateAgent:
    """The agent of a machine that does not boot, told once."""
    agent = UpdateAgent(from_json(machine.kept), machine, machine, machine, MIGRATIONS, PACE)
    now = 0.0
    agent.told(told, now)
    while now < seconds:
        now = max(now + 0.01, agent.step(now))
    return agent


def tried(state: str = TRIAL, **changes: object) -> str:
    """What is kept in, or after, a trial in slot b that was asked for in the first boot."""
    kept = Update(state, 1, "2.0", SHA, 3000, slot="a", boot="1", begun=(f"1/{SHA}",))
    return replace(kept, **changes).to_json()  # type: ignore[arg-type]


@pytest.mark.parametrize(("by_hand", "state"), [("2.1", "idle"), ("2.0", "good")])
def test_a_release_that_was_put_in_by_hand_after_a_return_stays(by_hand: str, state: str) -> None:
    machine = Machine(health_of_new=None)
    assert run(machine).update.state == "returned"
    machine.other_holds, machine.health_of_new, machine.trying = by_hand, GOOD, "b"
    machine.boot()
    boots, marked = machine.boots, machine.acts.count("give_up")
    agent = run(machine)
    assert (agent.update.state, machine.boots, machine.booted) == ("returned", boots, "b"), "who began it judges it"
    assert machine.acts.count("give_up") == marked, "nothing is said of the slot that is the way back"
    machine.default = "b"
    agent = run(machine)
    assert (agent.update.state, machine.boots, machine.default) == (state, boots, "b")


def test_nothing_is_begun_or_installed_while_a_trial_of_somebody_else_is_on() -> None:
    """The slot that does not run is the way back then."""
    for kept in ("", Update("installing", 1, "2.0", SHA, 3000, begun=(f"1/{SHA}",)).to_json()):
        machine = Machine(kept=kept, shelf=bytes(3000), booted="b", other_holds="1.5")
        run(machine)
        assert "install" not in machine.acts and machine.boots == 1
        machine.default = "b"
        assert run(machine, seconds=100).update.state in ("good", "trial", "returned"), "and goes on once it is judged"


def test_a_cut_right_after_a_release_was_marked_good_is_no_trial_any_more() -> None:
    machine = Machine(kept=tried(), booted="b", default="b", other_holds="2.0", boots=2, health_of_new=None)
    agent = run(machine)
    assert (agent.update.state, machine.booted, machine.boots) == ("good", "b", 2)


def test_a_trial_that_was_replaced_by_hand_is_not_called_good() -> None:
    machine = Machine(kept=tried(), booted="b", default="b", other_holds="2.1", boots=2)
    agent = run(machine, wish=None)
    assert (agent.update.state, machine.boots, "mark_good" in machine.acts) == ("idle", 2, False)


def test_a_boot_that_does_not_come_is_asked_for_so_often_and_then_told() -> None:
    there = Machine(kept=tried(), boots_come=False, other_holds="2.0")
    agent = step_for(there, 400)
    assert (agent.update.state, asks(there)) == ("returned", limits.UPDATE_BOOTS_MAX)
    assert "maintainer" in agent.update.reason
    back = Machine(kept=tried(RETURNED, boot="1", reason="office"), boots_come=False, booted="b", other_holds="2.0")
    agent = step_for(back, 400)
    agent = step_for(back, 400)
    assert (agent.update.state, asks(back)) == ("returned", limits.UPDATE_BOOTS_MAX)
    assert "maintainer" in agent.update.reason and agent.update.reason.count("did not come") == 1
    assert agent.update.reason.endswith("office"), "why it goes back is still told"


def test_a_trial_is_put_off_for_who_begins_something_before_its_boot() -> None:
    """Between the quiet moment and the boot the office is asked, which may take minutes; or the agent starts again."""
    machine = Machine(kept=tried(), other_holds="2.0", health_now=replace(GOOD, busy="a hand-over is open at S1"))
    agent = step_for(machine, 200)
    assert (agent.update.state, asks(machine)) == ("installed", 0)
    assert run(machine, wish=None).update.state == "idle", "as it has not begun it can be withdrawn"


def test_the_gateway_has_the_last_word_on_a_boot() -> None:
    machine = Machine(kept=tried(), other_holds="2.0", refuses="a hand-over is open at S1")
    agent = step_for(machine, 200)
    assert (agent.update.state, asks(machine)) in ((TRIAL, 0), ("installed", 0))
    assert agent.update.asks == 0, "what was refused was not asked for"
    machine.refuses = ""
    assert run(machine).update.state == "good"


@pytest.mark.parametrize("how", ["busy", "refuses"])
def test_a_return_waits_for_who_is_busy_but_not_for_ever(how: str) -> None:
    kept = tried(RETURNED, reason="a scanner is missing")
    machine = Machine(kept=kept, booted="b", other_holds="2.0", boots_come=False)
    if how == "busy":
        machine.health_of_new = replace(GOOD, busy="a hand-over is open at S1")
    else:
        machine.refuses = "a hand-over is open at S1"
    agent = step_for(machine, limits.UPDATE_BUSY_SECONDS_MAX - 5)
    assert (agent.update.state, agent.update.reason, asks(machine)) == ("returned", "a scanner is missing", 0)
    step_for(machine, limits.UPDATE_BUSY_SECONDS_MAX + 5)
    assert asks(machine) >= 1
    machine.kept, machine.health_of_new, machine.acts = kept, None, []
    step_for(machine, 5)
    assert asks(machine) >= 1, "nobody is in the midst of anything at a gateway that does not answer"


@pytest.mark.parametrize("state", ["waiting", "installed", TRIAL])
def test_a_wish_runs_out_without_a_new_word_of_the_office(state: str) -> None:
    """The line was cut at five, the window ended at half past, and the station is quiet at ten."""
    wish = WISH.model_copy(update={"good_seconds": 60})
    busy = replace(GOOD, busy="a hand-over is open at S1")
    machine = Machine(kept=tried(state), shelf=bytes(3000), other_holds="2.0", health_now=busy)
    agent = UpdateAgent(from_json(machine.kept), machine, machine, machine, MIGRATIONS, PACE)
    now = 0.0
    agent.told(wish, now)
    while now < 300.0:
        now = max(now + 0.01, agent.step(now))
        machine.health_now = busy if now < 61 else GOOD
    assert asks(machine) == 0 and "install" not in machine.acts
    assert "office" in agent.update.reason
    agent.told(wish, now)
    with pytest.raises(Boot):
        while now < 500.0:
            now = max(now + 0.01, agent.step(now))


def test_a_stick_needs_no_word_of_the_office() -> None:
    kept = tried("installed", rollout=0, path="/media/stick/2.0.lineside")
    assert run(Machine(kept=kept, other_holds="2.0"), wish=None, asked=False).update.state == "good"
