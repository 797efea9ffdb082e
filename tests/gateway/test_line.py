"""Hearsay of the line: what is told, what is heard, what it may decide, and what it must never do."""

import json
from collections.abc import Iterable

import pytest

from devices.types import Signal
from floor.events import Instant, ReportFinished, WorkStarted
from floor.limits import STATE_BYTES_MAX, STATE_LINES_MAX
from floor.line_state import GatewayState, ToldStation
from floor.rows import Station
from gateway import limits
from gateway.hearsay import Hearing, Hearsay
from gateway.line import Telling
from gateway.line_ear import Ear, LineSpoke
from gateway.line_telling import encoded, told_state
from gateway.line_view import line_view, own_stations
from sync.broker_ports import Heard
from tests.corpus.hostile import CORPUS
from tests.gateway.floor_desk import Bench, small_plant

PLACE = "lineside/v1/p/a/L1"


class Listener:
    """An ear, its inbox and its clock."""

    def __init__(self) -> None:
        self.now = 100.0
        self.notes: list[object] = []
        self.full = False
        self.ear = Ear(PLACE, "gw1", self._put, lambda: self.now)

    def _put(self, note: object) -> bool:
        if not self.full:
            self.notes.append(note)
        return not self.full

    def hear(self, name: str, payload: bytes | None = None, topic: str = "", **more: object) -> None:
        said = json.dumps({"gateway": name, "online": True, **more}).encode() if payload is None else payload
        self.ear(Heard(topic or f"{PLACE}/{name}/state", said))


def said(name: str, *stations: ToldStation, **more: object) -> GatewayState:
    return GatewayState.model_validate({"gateway": name, "online": True, "stations": stations, **more})


def instant(now: float, wall: float = 5_000.0, synchronised: bool = True) -> Instant:
    return Instant("boot", now, wall, synchronised)


# -- what is heard -----------------------------------------------------------------------------------------------------


def test_many_messages_are_one_note_and_the_newest_of_each_gateway() -> None:
    one = Listener()
    for last in range(5):
        one.hear("gw2", last=last)
        one.hear("gw3", last=last)
    assert [type(note) for note in one.notes] == [LineSpoke]
    assert [(each.gateway_name, each.said and each.said.last) for each in one.ear.take()] == [("gw2", 4), ("gw3", 4)]
    one.hear("gw2", last=9)
    assert len(one.notes) == 2 and one.ear.take_refused() == 0


def test_a_full_inbox_is_told_again_with_the_next_message() -> None:
    one = Listener()
    one.full = True
    one.hear("gw2")
    one.full = False
    one.hear("gw2")
    assert len(one.notes) == 1 and len(one.ear.take()) == 1


def test_our_own_echo_is_nothing() -> None:
    one = Listener()
    one.hear("gw1")
    assert not one.notes and not one.ear.take() and not one.ear.refused()


@pytest.mark.parametrize(
    ("payload", "topic", "why"),
    [
        (b"x" * (STATE_BYTES_MAX + 1), "", "long"),
        (b"not JSON", "", "nonsense"),
        (b"[" * 20_000, "", "nonsense"),
        (b'{"gateway":"gw2","online":true,"age_seconds":1e999}', "", "nonsense"),
        (b'{"gateway":"gw2","online":true,"last":' + b"9" * 5_000 + b"}", "", "nonsense"),
        (b'{"gateway":"gw2","online":true,"stations":[{"station":"../x"}]}', "", "nonsense"),
        (b'{"gateway":"gw2","online":true,"stations":[{"station":"S1","people":["\\ud800"]}]}', "", "nonsense"),
        (b'{"gateway":"gw3","online":true}', "", "speaker"),
        (None, "lineside/v1/p/a/L2/gw2/state", "foreign"),
        (None, f"{PLACE}/gw2/event/andon.raised", "foreign"),
        (None, f"{PLACE}/more/gw2/state", "foreign"),
    ],
)
def test_what_is_no_state_of_this_line_is_counted(payload: bytes | None, topic: str, why: str) -> None:
    one = Listener()
    one.hear("gw2", payload, topic)
    assert not one.ear.take() and one.ear.refused() == {why: 1}
    assert one.ear.take_refused() == 1 and one.ear.take_refused() == 0
    assert len(one.notes) == 1, "the main loop tells of it"


def test_ten_thousand_stations_of_one_gateway_are_not_read() -> None:
    stations = [{"station": f"S{number}"} for number in range(10_000)]
    one = Listener()
    one.hear("gw2", stations=stations)
    one.hear("gw2", stations=stations[:9])
    assert one.ear.refused() == {"long": 1, "nonsense": 1} and not one.ear.take()


def test_ten_thousand_gateways_are_bounded_in_each_second_and_for_ever() -> None:
    one = Listener()
    for number in range(10_000):
        one.now += 0.001
        one.hear(f"g{number}")
    waiting = one.ear.take()
    assert len(waiting) == limits.LINE_GATEWAYS_MAX
    assert sum(one.ear.refused().values()) == 10_000 - len(waiting) and set(one.ear.refused()) == {"crowd", "flood"}
    heard = Hearsay()
    taken = [heard.take(each, instant(one.now)) for each in waiting]
    assert all(taken) and not heard.take(Hearing("late", said("late"), one.now), instant(one.now))
    # Who belongs to this line by master data finds a place all the same.
    assert heard.take(Hearing("gw2", said("gw2"), one.now), instant(one.now), expected={"gw2"})
    assert len(heard.neighbours) == limits.LINE_GATEWAYS_MAX and "gw2" in heard.neighbours


def texts_of_the_corpus() -> list[str]:
    raw = [each for texts in CORPUS.values() for each in texts]
    return [(each if isinstance(each, str) else each.decode("utf-8", "replace"))[:64] for each in raw]


@pytest.mark.parametrize("text", texts_of_the_corpus())
def test_hostile_texts_come_through_as_text_without_controls(text: str) -> None:
    one = Listener()
    one.hear("gw2", stations=[{"station": "S9", "name": text, "people": [text]}])
    if any("\ud800" <= each <= "\udfff" for each in text):
        assert one.ear.refused() == {"nonsense": 1}
        return
    (hearing,) = one.ear.take()
    assert hearing.said is not None
    for each in (hearing.said.stations[0].name, *hearing.said.stations[0].people):
        assert all(character.isprintable() for character in each) and len(each) <= 64


# -- how old it is -----------------------------------------------------------------------------------------------------


def test_age_is_what_the_sender_told_and_what_passed_since() -> None:
    heard = Hearsay()
    heard.take(Hearing("gw2", said("gw2", age_seconds=3.0), 100.0), instant(101.0))
    found = heard.neighbours["gw2"]
    assert (found.as_of, found.age_known) == (97.0, True)
    assert found.speaks(97.0 + limits.LINE_SILENT_SECONDS - 1) and not found.speaks(97.0 + limits.LINE_SILENT_SECONDS)


def test_a_kept_message_is_only_as_old_as_two_good_clocks_say() -> None:
    kept = said("gw2", walltime=4_000.0, clockstate="synchronised", age_seconds=1.0)
    for mine, theirs, expected in (
        (True, kept, (100.0 - 1_000.0, True)),
        (False, kept, (99.0, False)),
        (True, kept.model_copy(update={"clockstate": "unsynchronised"}), (99.0, False)),
        # A clock ahead of ours cannot make it younger than it is.
        (True, kept.model_copy(update={"walltime": 9_000.0}), (99.0, True)),
    ):
        heard = Hearsay()
        heard.take(Hearing("gw2", theirs, 100.0, retained=True), instant(100.0, synchronised=mine))
        found = heard.neighbours["gw2"]
        assert (found.as_of, found.age_known) == expected
        assert not heard.at(100.0).speaks("gw2") or expected == (99.0, True)


def test_a_gateway_that_went_keeps_what_it_said_and_grows_old() -> None:
    heard = Hearsay()
    heard.take(Hearing("gw2", said("gw2", ToldStation(station="S9"), counts=(("W1-10", 5, 0),)), 100.0), instant(100.0))
    gone = GatewayState(gateway="gw2", online=False)
    heard.take(Hearing("gw2", gone, 130.0), instant(130.0))
    found = heard.neighbours["gw2"]
    assert (found.online, found.as_of, [each.presence for each in found.stations]) == (False, 100.0, ["gone"])
    assert heard.at(130.0).good(["W1-10"]) == 0 and not heard.at(130.0).speaks("gw2")
    heard.take(Hearing("gw2", None, 131.0), instant(131.0))
    assert not heard.neighbours, "its retained state was taken away: it is no gateway of this line any more"


# -- how it looks ------------------------------------------------------------------------------------------------------


def rows_of(hearsay: Hearsay, bench: Bench, now: float = 1_000.0) -> list[tuple[str, str, str]]:
    master = bench.master
    own = own_stations("gw1", ("S1",), bench.state, master, instant(now), "")
    return [
        (row.station, row.gateway_name, row.presence)
        for row in line_view("L1", own, master.stations, master, hearsay).stations
    ]


def test_every_station_of_the_line_stands_on_the_page_and_nobody_speaks_for_another() -> None:
    plant = small_plant().model_copy(
        update={"stations": tuple(Station(id=f"S{n}", gateway=f"gw{n}") for n in range(1, 5)), "version": 4}
    )
    bench = Bench(master=plant)
    heard = Hearsay()
    thief = said("gw3", *(ToldStation(station=each) for each in ("S1", "S2", "S3", "S8")))
    heard.take(Hearing("gw3", thief, 100.0), instant(100.0))
    heard.take(Hearing("gw2", said("gw2"), 100.0), instant(100.0))
    assert rows_of(heard, bench) == [
        ("S1", "gw1", "own"),
        ("S2", "gw2", "untold"),
        ("S3", "gw3", "there"),
        ("S4", "gw4", "unheard"),
        ("S8", "gw3", "there"),
    ]


def test_stations_beyond_the_bound_are_counted() -> None:
    heard = Hearsay()
    for number in range(20):
        stations = [ToldStation(station=f"X{number}-{each}") for each in range(8)]
        heard.take(Hearing(f"n{number}", said(f"n{number}", *stations), 1.0), instant(1.0))
    view = line_view("L1", (), (), small_plant(), heard)
    assert len(view.stations) == limits.LINE_STATIONS_SHOWN_MAX and view.more == 160 - limits.LINE_STATIONS_SHOWN_MAX


# -- what is told ------------------------------------------------------------------------------------------------------


def test_a_station_tells_people_work_counts_and_calls() -> None:
    bench = Bench()
    bench.scan("B-ANN")
    bench.scan("T-W1-10")
    bench.keep(ReportFinished(person="bob", operation="W1-10", good=7, scrap=1))
    bench.press("quality")
    bench.now += 30
    state = told_state("gw1", ("S1", "S2"), bench.state, bench.master, bench.instant)
    one, two = state.stations
    assert one.people == ("安",) and one.name == "工位 1" and two == ToldStation(station="S2", name="S2")
    assert [(work.operation, work.planned, work.good, work.scrap, work.running) for work in one.work] == [
        ("W1-10", 100, 7, 1, True)
    ]
    (call,) = one.calls
    assert (call.name, call.name_en, call.impact, call.acknowledged) == ("质量", "Quality", "stop", False)
    assert call.elapsed_seconds >= 30 and state.counts == (("W1-10", 7, 1),)
    assert GatewayState.model_validate_json(encoded(state)) == state


def test_what_is_told_fits_whatever_the_floor_holds() -> None:
    bench = Bench()
    for number in range(40):
        person = f"{number:02}" + "\U0001f9f0" * 60
        for station in (f"S{each}" for each in range(8)):
            bench.station = station
            bench.keep(WorkStarted(person=f"{station}{person}"[:64], operation=f"{station}{number}" + "件" * 50))
    for _ in range(1_100):
        bench.keep(ReportFinished(person="ann", operation="W1-10", good=999_999))
    stations = tuple(f"S{each}" for each in range(8))
    state = told_state("gw1", stations, bench.state, bench.master, Instant("b", 1e12, -5.0, False))
    assert len(encoded(state)) <= STATE_BYTES_MAX
    assert all(each.more + len(each.work) == 40 for each in state.stations)
    assert any(each.work for each in state.stations) and len(state.stations[0].work) <= STATE_LINES_MAX


def test_the_age_grows_with_the_loop_that_keeps_records() -> None:
    now = [50.0]
    telling = Telling(lambda: now[0])
    assert telling.version() == 0 and telling.fields() == {}
    telling.put(said("gw1"), as_of=50.0)
    now[0] = 80.0
    assert telling.version() == 1 and telling.fields()["age_seconds"] == 30.0


# -- what it may decide ------------------------------------------------------------------------------------------------


def upstream(*counts: tuple[str, int, int], online: bool = True) -> Hearsay:
    heard = Hearsay()
    heard.take(Hearing("gw2", said("gw2", counts=counts), 1_000.0), instant(1_000.0))
    if not online:
        heard.take(Hearing("gw2", GatewayState(gateway="gw2", online=False), 1_001.0), instant(1_001.0))
    return heard


def second_operation(hearsay: Hearsay, known: bool = False, own: Iterable[int] = ()) -> tuple[str, tuple[str, ...]]:
    """(signal, flags) of starting the second operation of an order whose first is reported at another gateway."""
    stations = (Station(id="S1", gateway="gw1"), Station(id="S2", gateway="gw2"))
    bench = Bench(master=small_plant().model_copy(update={"stations": stations}), upstream_known=known)
    bench.hearsay = hearsay
    for good in own:
        bench.keep(ReportFinished(person="bob", operation="W1-10", good=good))
    bench.scan("B-ANN")
    signal = bench.scan("T-W1-20").signal
    started = [each.event for _, each in bench.kept if isinstance(each.event, WorkStarted)]
    return str(signal), started[0].flags if started else ()


KEPT = str(Signal.KEPT)


def test_hearsay_lifts_the_doubt_or_makes_it_firmer_and_never_refuses() -> None:
    assert second_operation(Hearsay()) == (KEPT, ("earlier_unknown",)), "nobody is heard"
    assert second_operation(upstream(("W1-10", 1, 0))) == (KEPT, ())
    assert second_operation(upstream(("T-W1-10", 1, 0))) == (KEPT, ()), "reported while the ticket was unknown there"
    assert second_operation(upstream(("W1-10", 0, 9))) == (KEPT, ("earlier_short_hearsay",)), "scrap is no delivery"
    assert second_operation(upstream(("W1-10", 5, 0), online=False)) == (KEPT, ("earlier_unknown",)), "it is gone"


def test_hearsay_changes_nothing_where_the_office_is_heard() -> None:
    assert second_operation(upstream(("W1-10", 50, 0)), known=True) == (str(Signal.REFUSED), ())


def test_old_hearsay_says_nothing() -> None:
    heard = Hearsay()
    old = said("gw2", age_seconds=limits.LINE_SILENT_SECONDS, counts=(("W1-10", 5, 0),))
    heard.take(Hearing("gw2", old, 1_000.0), instant(1_000.0))
    assert second_operation(heard) == (KEPT, ("earlier_unknown",))
