"""Roll-outs: what a stage waits for, what stops it, and who takes part."""

import time

import pytest
from sqlalchemy import select

from central.database import Database
from central.enrolment import retire, revoke
from central.errors import RolloutRefused
from central.fleet_limits import ROLLOUT_SILENT_SECONDS_MAX
from central.fleet_tables import RolloutMember
from central.ingest import ingest
from central.models import Alarm
from central.rollout_states import Member, in_window, judge, staged
from central.rollouts import Plan, RolloutPump, act_on, open_rollout, start_rollout, takers
from sync.wire import Batch, UpdateTold
from tests.central.rollout_plant import (
    NAMES,
    begin,
    good,
    members_states,
    names_of,
    plant_with_ten,
    state_of,
    tell,
    watch,
)

__all__ = ["plant_with_ten"]

# -- what decides, in plain values


def test_stages_take_canaries_first_then_a_share_then_all() -> None:
    found = staged(NAMES, (), 1, 30, "1/2.0")
    assert sorted(found.values()).count("canary") == 1
    assert sorted(found.values()).count("part") == 3, "a share of the nine others"
    assert set(found) == set(NAMES)
    assert staged(NAMES, ("gw3",), 5, 0, "x")["gw3"] == "canary"
    assert set(staged(NAMES, (), 50, 0, "x").values()) == {"canary"}


@pytest.mark.parametrize(
    ("count", "canaries", "percent", "part", "rest"),
    [
        (1, 1, 20, 0, 0),
        (2, 1, 20, 1, 0),
        (3, 1, 20, 1, 1),
        (5, 1, 20, 1, 3),
        (10, 3, 20, 2, 5),
        (10, 1, 0, 0, 9),
        (10, 1, 100, 9, 0),
        (200, 2, 10, 20, 178),
    ],
)
def test_the_second_stage_is_a_share_of_the_others(
    count: int, canaries: int, percent: int, part: int, rest: int
) -> None:
    found = list(staged([f"gw{at}" for at in range(count)], (), canaries, percent, "1/2.0").values())
    assert (found.count("canary"), found.count("part"), found.count("all")) == (canaries, part, rest)


def members_of(**states: str) -> list[Member]:
    stages = {"c": "canary", "p": "part", "a": "all"}
    return [Member(name, stages[name[0]], state) for name, state in states.items()]


@pytest.mark.parametrize(
    ("stage", "since", "states", "event", "next_stage"),
    [
        ("canary", None, {"c1": "offered", "p1": "waiting"}, "", "canary"),
        ("canary", None, {"c1": "good", "p1": "waiting"}, "", "canary"),
        ("canary", 900.0, {"c1": "good", "p1": "waiting"}, "", "part"),
        ("canary", 950.0, {"c1": "good", "p1": "waiting"}, "", "canary"),
        ("canary", 900.0, {"c1": "good", "a1": "waiting"}, "", "all"),
        ("canary", 5000.0, {"c1": "good", "p1": "waiting"}, "", "canary"),
        ("canary", None, {"c1": "returned", "p1": "waiting"}, "failed", "canary"),
        ("canary", None, {"c1": "refused", "p1": "waiting"}, "failed", "canary"),
        ("part", 900.0, {"c1": "good", "p1": "good", "a1": "waiting"}, "", "all"),
        ("all", None, {"c1": "good", "p1": "good", "a1": "good"}, "finished", "all"),
    ],
)
def test_a_stage_goes_on_when_all_of_it_was_good_for_long_enough(
    stage: str, since: float | None, states: dict[str, str], event: str, next_stage: str
) -> None:
    found = judge(stage, since, members_of(**states), 0, 100, 1800, 1000.0)
    assert (found.event, found.stage) == (event, next_stage)


@pytest.mark.parametrize(
    ("failures_max", "states"),
    [(1, {"c1": "returned"}), (2, {"c1": "returned", "c2": "refused"})],
)
def test_a_stage_without_one_good_gateway_goes_nowhere(failures_max: int, states: dict[str, str]) -> None:
    found = judge("canary", None, members_of(**states, p1="waiting", a1="waiting"), failures_max, 0, 1800, 100.0)
    assert (found.event, found.stage) == ("failed", "canary")
    assert "canary" in found.reason
    last = members_of(c1="good", p1="good", a1="returned")
    assert judge("all", None, last, 1, 0, 1800, 100.0).event == "finished"


def test_failures_are_allowed_up_to_their_bound_and_silence_is_one() -> None:
    mixed = members_of(c1="good", c2="returned")
    assert judge("canary", None, mixed, 1, 0, 1800, 0).event == "finished"
    assert judge("canary", None, mixed, 0, 0, 1800, 0).event == "failed"
    assert judge("canary", None, [Member("c", "canary", "trial", 2000)], 0, 0, 1800, 0).event == "failed"
    for state in ("waiting", "offered", "downloading"):
        assert judge("canary", None, [Member("c", "canary", state, 2000)], 0, 0, 1800, 0).event == ""


@pytest.mark.parametrize(
    ("minute", "window", "inside"),
    [
        (0, (None, None), True),
        (120, (60, 180), True),
        (180, (60, 180), False),
        (30, (1380, 60), True),
        (1400, (1380, 60), True),
        (700, (1380, 60), False),
    ],
)
def test_a_window_may_go_over_midnight(minute: int, window: tuple[int | None, int | None], inside: bool) -> None:
    assert in_window(minute, *window) is inside


# -- over a database


def test_a_good_release_goes_from_the_canary_to_all(plant_with_ten: Database) -> None:
    database = plant_with_ten
    number = begin(database, soak_seconds=60.0, percent=30)
    (canary,) = names_of(database, number, "canary")
    others = [name for name in NAMES if name != canary]
    assert all(tell(database, name, 1001.0).bundle is None for name in others)
    wish = tell(database, canary, 1001.0).bundle
    assert wish is not None and (wish.rollout, wish.version) == (number, "2.0")
    pump, done = RolloutPump(database), {"update": good(number), "release": "2.0"}
    tell(database, canary, 1010.0, **done)
    assert state_of(database, number) == ("running", "canary")
    now = watch(database, pump, 1010.0, 90.0)
    assert state_of(database, number) == ("running", "part")
    for name in names_of(database, number, "part"):
        assert tell(database, name, now).bundle is not None
        tell(database, name, now, **done)
    now = watch(database, pump, now, 90.0)
    for name in names_of(database, number, "all"):
        tell(database, name, now)
        tell(database, name, now, **done)
    assert state_of(database, number) == ("done", "all")


@pytest.mark.parametrize("ending", ["returned", "refused"])
def test_a_bad_release_stops_at_the_canary_and_tells(plant_with_ten: Database, ending: str) -> None:
    database = plant_with_ten
    number = begin(database)
    (canary,) = names_of(database, number, "canary")
    tell(database, canary, 1001.0)
    tell(database, canary, 1002.0, UpdateTold(state="trial", rollout=number, version="2.0"))
    tell(database, canary, 1003.0, UpdateTold(state=ending, rollout=number, version="2.0", reason="not ready"))
    assert state_of(database, number)[0] == "stopped"
    assert all(tell(database, name, 1004.0).bundle is None for name in NAMES)
    with database.read() as session:
        (alarm,) = session.scalars(select(Alarm).where(Alarm.kind == "rollout_stopped"))
        assert canary in alarm.detail
        offered = session.scalars(select(RolloutMember).where(RolloutMember.offered_at.is_not(None))).all()
        assert [each.gateway for each in offered] == [canary]


def test_a_canary_that_falls_silent_stops_it_too(plant_with_ten: Database) -> None:
    database = plant_with_ten
    number = begin(database)
    (canary,) = names_of(database, number, "canary")
    tell(database, canary, 1001.0)
    pump = RolloutPump(database)
    now = watch(database, pump, 1001.0, 2 * ROLLOUT_SILENT_SECONDS_MAX)
    assert state_of(database, number)[0] == "running", "it may just be switched off"
    tell(database, canary, now, UpdateTold(state="trial", rollout=number, version="2.0"))
    now = watch(database, pump, now, ROLLOUT_SILENT_SECONDS_MAX)
    assert state_of(database, number)[0] == "running"
    pump.step(now + 1.0)
    assert state_of(database, number)[0] == "stopped"


def test_a_person_pauses_resumes_and_stops(plant_with_ten: Database) -> None:
    database = plant_with_ten
    number = begin(database)
    (canary,) = names_of(database, number, "canary")

    def act(name: str) -> None:
        with database.write() as session:
            act_on(session, database.plant, number, name, "boss", 1001.0)

    act("pause")
    assert tell(database, canary, 1002.0).bundle is None
    with pytest.raises(RolloutRefused):
        act("pause")
    with pytest.raises(RolloutRefused, match="under way"):
        begin(database)
    act("resume")
    assert tell(database, canary, 1003.0).bundle is not None
    act("stop")
    assert tell(database, canary, 1004.0).bundle is None
    with pytest.raises(RolloutRefused):
        act("resume")
    with pytest.raises(RolloutRefused):
        act("failed")
    assert begin(database) == number + 1


@pytest.mark.parametrize("canaries", [("pres",), ("gw0", "pres"), ("gw9",)])
def test_a_canary_that_takes_no_part_is_refused(plant_with_ten: Database, canaries: tuple[str, ...]) -> None:
    database = plant_with_ten
    with database.write() as session, pytest.raises(RolloutRefused, match=f"{canaries[-1]} takes no part"):
        start_rollout(session, database.plant, Plan("2.0", NAMES[:9], canaries), "boss", 1001.0)
    with database.read() as session:
        assert open_rollout(session, database.plant) is None


def test_only_gateways_with_slots_and_only_of_the_line_take_part(plant_with_ten: Database) -> None:
    database = plant_with_ten
    tell(database, "gw0", 1001.0, slot="")
    with database.read() as session:
        assert takers(session, database.plant) == NAMES[1:]
        assert takers(session, database.plant, "x", {"gw3": "x"}) == ["gw3"]


def test_outside_of_the_window_nothing_is_wished(plant_with_ten: Database) -> None:
    database = plant_with_ten
    here = time.localtime(1000.0)
    minute = here.tm_hour * 60 + here.tm_min
    number = begin(database, window=((minute + 60) % 1440, (minute + 120) % 1440))
    (canary,) = names_of(database, number, "canary")
    assert tell(database, canary, 1001.0).bundle is None
    assert tell(database, canary, 1001.0 + 90 * 60).bundle is not None


# -- what was good is watched on


def one_canary_good(database: Database, **more: object) -> tuple[int, RolloutPump]:
    """A roll-out whose canary gw0 has just become good, at 1010."""
    number = begin(database, canaries=("gw0",), **more)
    pump = RolloutPump(database)
    tell(database, "gw0", 1001.0)
    tell(database, "gw0", 1010.0, good(number), release="2.0")
    pump.step(1010.0)
    return number, pump


def test_a_canary_that_was_good_and_falls_silent_takes_nobody_with_it(plant_with_ten: Database) -> None:
    database = plant_with_ten
    number, pump = one_canary_good(database, soak_seconds=900.0)
    now = watch(database, pump, 1040.0, 1_200.0, "gw1")
    assert state_of(database, number) == ("running", "canary"), "the time it is watched is over, and nobody heard it"
    assert "silent" in members_states(database, number)["gw0"][1]
    now = watch(database, pump, now, 2 * ROLLOUT_SILENT_SECONDS_MAX, "gw1")
    assert state_of(database, number) == ("stopped", "canary")
    with database.read() as session:
        assert list(session.scalars(select(Alarm.kind))) == ["rollout_stopped"]


def test_a_canary_that_runs_another_release_holds_the_stage_until_it_is_back(plant_with_ten: Database) -> None:
    database = plant_with_ten
    number, pump = one_canary_good(database, soak_seconds=600.0)
    told = {"update": good(number)}
    now = watch(database, pump, 1040.0, 300.0, "gw0", release="2.0", **told)
    now = watch(database, pump, now, 900.0, "gw0", release="1.0", **told)
    assert state_of(database, number) == ("running", "canary")
    assert "release 1.0" in members_states(database, number)["gw0"][1]
    now = watch(database, pump, now, 570.0, "gw0", release="2.0", **told)
    assert members_states(database, number)["gw0"][0] == "good"
    assert state_of(database, number) == ("running", "canary"), "it is watched anew"
    watch(database, pump, now, 90.0, "gw0", release="2.0", **told)
    assert state_of(database, number) == ("running", "part")


def test_a_canary_whose_station_is_in_bad_health_holds_the_stage(plant_with_ten: Database) -> None:
    database = plant_with_ten
    number, pump = one_canary_good(database, soak_seconds=300.0)
    ingest(database, "gw0", Batch(gateway="gw0", release="2.0", status={}), 1020.0)
    now = watch(database, pump, 1040.0, 600.0, "gw0", update=good(number), release="2.0")
    assert state_of(database, number) == ("running", "canary"), "its agent tells, its station ends again and again"
    assert "offline" in members_states(database, number)["gw0"][1]
    watch(database, pump, now, ROLLOUT_SILENT_SECONDS_MAX, "gw0", update=good(number), release="2.0")
    assert state_of(database, number) == ("stopped", "canary")


def test_a_stage_is_not_watched_while_the_server_is_away(plant_with_ten: Database) -> None:
    database = plant_with_ten
    number, _ = one_canary_good(database, soak_seconds=900.0)
    tell(database, "gw1", 5000.0, UpdateTold(state="waiting", version="3.0"))
    pump = RolloutPump(database)
    now = watch(database, pump, 5000.0, 600.0, "gw0", update=good(number), release="2.0")
    assert state_of(database, number) == ("running", "canary")
    watch(database, pump, now, 330.0, "gw0", update=good(number), release="2.0")
    assert state_of(database, number) == ("running", "part")


def test_silence_counts_from_the_start_of_the_server(plant_with_ten: Database) -> None:
    database = plant_with_ten
    number = begin(database, canaries=("gw0",))
    tell(database, "gw0", 1001.0)
    installed = UpdateTold(state="installed", rollout=number, version="2.0")
    tell(database, "gw0", 1010.0, installed)
    pump = RolloutPump(database)
    pump.step(1010.0)
    later = 1010.0 + 2 * ROLLOUT_SILENT_SECONDS_MAX
    pump.step(later)
    assert state_of(database, number)[0] == "running", "its database was away, and nobody could tell anything"
    again = RolloutPump(database)
    again.step(2 * later)
    now = watch(database, again, 2 * later, ROLLOUT_SILENT_SECONDS_MAX - 60.0)
    assert state_of(database, number)[0] == "running"
    watch(database, again, now, 120.0)
    assert state_of(database, number)[0] == "stopped"


# -- who goes back, and who leaves


def test_a_withdrawn_release_is_no_risk_any_more(plant_with_ten: Database) -> None:
    database = plant_with_ten
    number = begin(database, canaries=("gw0",))
    pump = RolloutPump(database)
    tell(database, "gw0", 1001.0)
    tell(database, "gw0", 1010.0, UpdateTold(state="installed", rollout=number, version="2.0"))
    with database.write() as session:
        act_on(session, database.plant, number, "pause", "boss", 1020.0)
    assert tell(database, "gw0", 1030.0, UpdateTold(state="installed", rollout=number, version="2.0")).bundle is None
    tell(database, "gw0", 1031.0)
    assert members_states(database, number)["gw0"][0] == "waiting"
    now = watch(database, pump, 1040.0, 2 * ROLLOUT_SILENT_SECONDS_MAX)
    assert state_of(database, number)[0] == "paused", "it was withdrawn, and then switched off"
    with database.write() as session:
        act_on(session, database.plant, number, "resume", "boss", now)
    assert tell(database, "gw0", now).bundle is not None
    tell(database, "gw0", now + 1.0, good(number), release="2.0")
    assert members_states(database, number)["gw0"][0] == "good"


def test_a_revoked_gateway_leaves_the_roll_out(plant_with_ten: Database) -> None:
    database = plant_with_ten
    number = begin(database, canaries=("gw0", "gw1"), percent=50, soak_seconds=60.0)
    pump = RolloutPump(database)
    for name in ("gw0", "gw1"):
        tell(database, name, 1001.0)
    tell(database, "gw0", 1010.0, good(number), release="2.0")
    with database.write() as session:
        revoke(session, database.plant, "gw1", 1011.0)
    watch(database, pump, 1020.0, 90.0, "gw0", update=good(number), release="2.0")
    assert members_states(database, number)["gw1"] == ("left", "its credential is void")
    assert state_of(database, number) == ("running", "part")


def test_a_roll_out_whose_only_canary_was_retired_stops_and_tells(plant_with_ten: Database) -> None:
    database = plant_with_ten
    number = begin(database, canaries=("gw0",))
    tell(database, "gw0", 1001.0)
    with database.write() as session:
        retire(session, database.plant, "gw0", "boss", 1011.0)
    RolloutPump(database).step(1020.0)
    assert state_of(database, number) == ("stopped", "canary")
    with database.read() as session:
        assert list(session.scalars(select(Alarm.kind))) == ["rollout_stopped"]
    assert begin(database) == number + 1


def test_a_card_that_takes_the_place_of_one_on_trial_begins_anew(plant_with_ten: Database) -> None:
    database = plant_with_ten
    number = begin(database, canaries=("gw0",))
    tell(database, "gw0", 1001.0)
    tell(database, "gw0", 1010.0, UpdateTold(state="trial", rollout=number, version="2.0"))
    assert tell(database, "gw0", 1020.0).bundle is not None, "another card, which knows of no trial"
    assert members_states(database, number)["gw0"][0] == "offered"
