"""Setting up a station without a shell: who may, finding devices, assigning them, trying lights."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devices.clock import boottime
from devices.detection import Detected, Hardware, recognises
from devices.errors import DeviceGone
from devices.types import Frame, Signal
from devices.virtual_keyboard import InputDescription, VirtualKeyboard
from gateway.listening import SECONDS_MAX, Listening
from gateway.screen import inputs as page
from gateway.screen.guard import set_up_person
from gateway.trial import TRIAL_SECONDS
from gateway.view import GatewayView, HeldLine, StationView
from tests.gateway.set_up_bench import MAINTAINER, OPERATOR, Keyboards, SetUpGateway, until
from tests.gateway.station import BADGE, TICKET, Bench

KEY_F1 = 59
HAND = "input vendor=05e0 product=1200 device_name=Symbol Bar Code Scanner"
PAD = "input vendor=1a2c product=0e24 serial=K-77"


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[SetUpGateway]:
    stack = threading.stack_size()
    gate = SetUpGateway(tmp_path)
    yield gate
    gate.close()
    threading.stack_size(stack)


# -- who may --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("roles", "maintainers", "address", "person"),
    [
        ((("maintainer",),), True, "192.0.2.9", "p0"),
        ((("operator",), ("maintainer", "leader")), True, "192.0.2.9", "p1"),
        ((("maintainer",), ("operator",)), True, "127.0.0.1", None),
        ((("leader",),), True, "127.0.0.1", None),
        ((), True, "127.0.0.1", None),
        ((), False, "127.0.0.1", ""),
        ((), False, "::1", ""),
        ((), False, "::ffff:127.0.0.1", ""),
        ((("operator",),), False, "127.0.0.1", "p0"),
        ((), False, "192.0.2.9", None),
        ((), False, "", None),
    ],
)
def test_a_maintainer_may_and_at_first_whoever_is_at_the_gateway(
    roles: tuple[tuple[str, ...], ...], maintainers: bool, address: str, person: str | None
) -> None:
    people = tuple(HeldLine(f"p{number}", "", each) for number, each in enumerate(roles))
    station = StationView("S1", "", people)
    assert set_up_person(GatewayView("gw1", (station,), maintainers=maintainers), station, address) == person


def test_nobody_and_an_operator_are_refused_in_words(gate: SetUpGateway) -> None:
    with gate.client() as client:
        assert client.get("/station/S1/set-up").status_code == 200
        for _ in range(2):
            answer = client.get("/station/S1/set-up/state")
            assert answer.status_code == 403 and "维护" in answer.json()["zh"] and "maintainer" in answer.json()["en"]
            gate.sign_in(OPERATOR)
        client.enter("S1")
        for act in ("listen", "stop", "restart"):
            assert client.act(act, {})[0] == 403
        assert client.act("assign", {"key": HAND, "role": "scanner"})[0] == 403
        gate.sign_in(MAINTAINER)
        assert client.state()["person"] == {"id": "P04", "name": "刘洋"}
        assert client.get("/station/S2/set-up/state").status_code == 403, "the badge is held at another station"
        assert client.get("/station/S9/set-up").status_code == 404


def test_actions_need_our_page_and_a_body_that_fits(gate: SetUpGateway) -> None:
    gate.sign_in()
    with gate.client() as client:
        client.state()
        assert client.post("set-up/listen", {}, "S1", Origin="http://elsewhere").status_code == 403
        assert client.post("set-up/listen", {}, "S1", X_Lineside_Token="0" * 64).status_code == 403
        for act, body in [
            ("assign", {"key": HAND, "role": "light"}),
            ("assign", {"key": "x" * 601, "role": "scanner"}),
            ("assign", {"key": PAD, "role": "button", "code": "12345"}),
            ("signal", {"signal": "party"}),
            ("remove", {}),
            ("listen", {"seconds": 1e9}),
        ]:
            assert client.act(act, body)[0] == 400, act
        assert client.act("explode", {})[0] == 404
    assert gate.assigned() == () and gate.kept("listening.started") == []


def test_without_a_maintainer_the_first_set_up_is_open_at_the_gateway_itself(tmp_path: Path) -> None:
    gate = SetUpGateway(tmp_path, maintainer=False)
    try:
        with gate.client() as client:
            assert client.state()["person"] == {"id": "", "name": ""}
            assert client.act("assign", {"key": HAND, "role": "scanner"})[0] == 202
            until(lambda: bool(gate.kept("device.assigned")))
            assert gate.kept("device.assigned")[0]["person"] == ""
    finally:
        gate.close()


# -- finding and assigning ------------------------------------------------------------------------------------------


def test_what_is_plugged_in_is_shown_with_what_it_is(gate: SetUpGateway) -> None:
    gate.sign_in()
    with gate.client() as client:
        state = client.state()
    rows = {each["title"]: each for each in state["detected"]}
    assert rows["Symbol Bar Code Scanner"]["key"] == HAND and rows["Andon keypad"]["key"] == PAD
    assert rows["usb-Honeywell_Voyager_1470g-if00"]["channel"] == "serial"
    assert all(each["used"] is None for each in rows.values())
    configured = {each["name"]: each["there"] for each in state["configured"]}
    assert configured == {"own": True, "dock": False, "S1.log": None, "S2.log": None}
    assert state["queue"]["faults"] == [] and state["queue"]["kept"] > 0
    assert state["network"]["office"]["state"] == "none"


def test_while_it_listens_nothing_is_work_and_everything_is_shown(gate: SetUpGateway) -> None:
    gate.sign_in()
    with gate.client() as client:
        client.state()
        assert client.act("listen", {})[0] == 202
        until(lambda: client.state()["listening"]["seconds_left"] > 0)
        until(lambda: gate.hand.grabbed and gate.pad.grabbed)
        gate.hand.scan(b"LOT-7")
        gate.pad.tap(KEY_F1)
        gate.scan(TICKET)

        def heard() -> list[dict[str, str]]:
            return list(client.state()["listening"]["heard"])

        # The serial scanner has no grab to be seen: it is scanned until it is heard.
        until(lambda: gate.serial.scan(b"SERIAL-1") is None and any(each["shown"] == "SERIAL-1" for each in heard()))
        wanted = {("label", "LOT-7", HAND), ("key", "KEY_F1", PAD), ("label", TICKET, "own")}
        until(lambda: wanted <= {(each["kind"], each["shown"], each["device"] or each["detected"]) for each in heard()})
        assert gate.kept("work.started") == [] and gate.kept("scan.rejected") == []
        assert gate.kept("listening.started") == [{"person": "P04", "seconds": SECONDS_MAX, "station": "S1"}]
        assert client.act("stop", {})[0] == 202
        until(lambda: client.state()["listening"]["seconds_left"] == 0)
        gate.scan(TICKET)
        until(lambda: bool(gate.kept("work.started")))


def test_a_scanner_is_assigned_and_works_after_the_restart(gate: SetUpGateway) -> None:
    gate.sign_in()
    with gate.client() as client:
        (key,) = (each["key"] for each in client.state()["detected"] if each["channel"] == "serial")
        assert client.act("assign", {"key": key, "role": "scanner"}) == (202, {"taken": True})
        state = client.state()
        assert state["restart_needed"] and not state["assigned"][0]["running"]
        until(lambda: bool(gate.kept("device.assigned")))
        (record,) = gate.kept("device.assigned")
        assert (record["person"], record["device"], record["station"]) == ("P04", "S1.scanner1", "S1")
        assert client.act("restart", {})[0] == 202
    assert gate.wait_end() == 0
    assert "P04" in gate.kept("gateway.stopped")[0]["reason"]
    own_file = gate.config.read_text()
    gate.start()
    assert gate.config.read_text() == own_file
    with gate.client() as client:
        state = client.state()
        assert not state["restart_needed"] and state["assigned"][0]["running"]
        (row,) = (each for each in state["detected"] if each["key"] == key)
        assert row["used"] == {"name": "S1.scanner1", "station": "S1", "role": "scanner", "assigned": True}
        until(lambda: any(each["device"] == "S1.scanner1" for each in gate.kept("device.found")))
        gate.serial.scan(OPERATOR.encode())
        until(lambda: any(each["person"] == "P02" for each in gate.kept("session.opened")))


def test_an_assignment_is_taken_back(gate: SetUpGateway) -> None:
    gate.sign_in()
    with gate.client() as client:
        client.state()
        assert client.act("assign", {"key": HAND, "role": "scanner"})[0] == 202
        assert client.act("remove", {"name": "S1.scanner1"})[0] == 202
        assert gate.assigned() == ()
        assert not client.state()["restart_needed"]
        status, said = client.act("remove", {"name": "S1.scanner1"})
        assert status == 409 and said["error"] == "set_up_gone"
    until(lambda: bool(gate.kept("device.unassigned")))
    assert gate.kept("device.unassigned") == [{"person": "P04", "device": "S1.scanner1", "station": "S1"}]


def test_each_key_of_a_keypad_gets_its_call(gate: SetUpGateway) -> None:
    gate.sign_in()
    with gate.client() as client:
        calls = [each["id"] for each in client.state()["call_types"]]
        for code, call in zip((KEY_F1, KEY_F1 + 1, KEY_F1), (calls[0], calls[1], calls[2]), strict=True):
            body = {"key": PAD, "role": "button", "code": str(code), "call_type": call}
            assert client.act("assign", body)[0] == 202
        (pad,) = gate.assigned()
        assert pad.kind == "evdev_keys" and pad.settings["serial"] == "K-77"
        assert pad.settings["keys"] == {"59": calls[2], "60": calls[1]}
        status, said = client.act("assign", {"key": PAD, "role": "button", "code": "61", "call_type": "Not A Name"})
        assert (status, said["error"]) == (409, "set_up_unfit") and "keys" in said["detail"]
        # The same device as a scanner is another assignment, and takes the place of this one.
        assert client.act("assign", {"key": PAD, "role": "scanner"})[0] == 202
        (scanner,) = gate.assigned()
        assert scanner.kind == "evdev" and "keys" not in scanner.settings
    until(lambda: len(gate.kept("device.assigned")) == 4)
    assert [each["call_type"] for each in gate.kept("device.assigned")] == [calls[0], calls[1], calls[2], ""]


def test_what_cannot_be_assigned_is_refused_and_changes_nothing(gate: SetUpGateway) -> None:
    gate.sign_in()
    own = gate.config.read_text()
    gate.config.write_text(own + f'[[station.scanner]]\nkind = "serial"\npath = "{gate.serial.link}"\n')
    gate.program.died("the test", SystemExit())
    gate.wait_end()
    gate.start()
    gate.sign_in()
    with gate.client() as client:
        (used,) = (each for each in client.state()["detected"] if each["channel"] == "serial")
        status, said = client.act("assign", {"key": used["key"], "role": "scanner"})
        assert (status, said["error"]) == (409, "set_up_configured") and "S2" in said["detail"]
        gate.hand.unplug()
        assert client.act("assign", {"key": HAND, "role": "scanner"})[1]["error"] == "set_up_not_there"
        assert client.act("assign", {"key": used["key"], "role": "button"})[1]["error"] in (
            "set_up_configured",
            "set_up_no_kind",
        )
        gate.program.inbox._items_max = 0
        status, said = client.act("assign", {"key": PAD, "role": "scanner"})
        assert (status, said["error"]) == (503, "inbox_full")
        gate.program.inbox._items_max = 100
        gate.program.config.assigned_path.with_suffix(".toml.new").mkdir()
        status, said = client.act("assign", {"key": PAD, "role": "scanner"})
        assert (status, said["error"]) == (409, "set_up_unwritten")
    assert gate.assigned() == () and gate.kept("device.assigned") == []


# -- listening by itself --------------------------------------------------------------------------------------------


def test_listening_is_bounded_and_ends_by_itself() -> None:
    now = [100.0]
    listening = Listening(Hardware(Keyboards(), Path("/nowhere"), lambda: ()), clock=lambda: now[0])
    assert listening.wake() is None and not listening.active("S1")
    listening.start("S1", 1e9)
    assert listening.active("S1") and not listening.active("S2")
    assert listening.wake() == 100 + SECONDS_MAX
    now[0] += SECONDS_MAX - 1
    assert listening.active("S1") and not listening.ended()
    now[0] += 1
    assert not listening.active("S1") and listening.ended() and not listening.ended()
    listening.start("S1", 10)
    listening.start("S2", 10)
    assert not listening.active("S1") and listening.active("S2")
    listening.stop()


def test_the_loop_counts_again_when_the_time_is_over(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.loop.listening = Listening(Hardware(Keyboards(), tmp_path, lambda: ()), clock=lambda: bench.now)
    bench.loop.viewing.listening = bench.loop.listening.active
    bench.scan(BADGE)
    bench.step(page.SetUpListen("S1", "P02", 30.0))
    bench.now += 1
    bench.step()
    assert bench.views[-1].stations[0].listening
    assert bench.scan(TICKET) == [Signal.NOTED]
    assert bench.loop.step([], bench.instant()) is not None
    bench.now += 30
    bench.step()
    bench.now += 1
    bench.step()
    assert not bench.views[-1].stations[0].listening
    assert bench.scan(TICKET) == [Signal.KEPT]
    bench.close()


# -- lights ---------------------------------------------------------------------------------------------------------


def tried(bench: Bench, signal: Signal) -> list[Signal]:
    """What the lamp is told for a trial and after it."""
    before = len(bench.lamp.given)
    bench.step(page.SetUpSignal("S1", "P04", signal.value))
    bench.now += TRIAL_SECONDS + 1
    bench.step()
    return bench.lamp.given[before:]


def test_every_signal_can_be_tried_and_what_is_true_shows_again(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    assert tried(bench, Signal.CALLED) == [Signal.CALLED, Signal.RESOLVED]
    assert tried(bench, Signal.UNKEPT) == [Signal.UNKEPT, Signal.KEPT]
    assert tried(bench, Signal.OFFLINE) == [Signal.OFFLINE, Signal.ONLINE]
    for signal in (Signal.NOTED, Signal.KEPT, Signal.RESOLVED, Signal.ONLINE, Signal.REFUSED):
        assert tried(bench, signal) == [signal]
    bench.scan(BADGE)
    bench.step(page.PageCall("S1", "material"))
    assert tried(bench, Signal.RESOLVED) == [Signal.RESOLVED, Signal.CALLED], "the call still waits"
    assert tried(bench, Signal.CALLED) == [Signal.CALLED]
    bench.close()


def test_a_trial_is_a_record_and_comes_after_it(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    before = len(bench.lamp.given)
    bench.journal.connection.execute("PRAGMA query_only = ON")
    bench.step(page.SetUpSignal("S1", "P04", "kept"))
    assert bench.lamp.given[before:] == [], "nothing was kept, so nothing is green (I1)"
    bench.now += 5
    bench.step()
    bench.step()
    assert bench.lamp.given[before:] == [Signal.KEPT]
    assert any('"signal.tested"' in each.content for each in bench.records())
    bench.close()


# -- detection ------------------------------------------------------------------------------------------------------


Keyboard = Callable[..., VirtualKeyboard]


@pytest.fixture
def keyboard() -> Iterator[Keyboard]:
    made: list[VirtualKeyboard] = []

    def make(number: int, **more: object) -> VirtualKeyboard:
        described = InputDescription(f"/dev/input/event{number}", **more)  # type: ignore[arg-type]
        made.append(VirtualKeyboard(described=described))
        return made[-1]

    yield make
    for each in made:
        each.close()


def detected(*keyboards: VirtualKeyboard) -> list[Detected]:
    return Hardware(Keyboards(*keyboards), Path("/nowhere"), lambda: ()).detect()


def test_a_device_is_known_by_what_lasts(keyboard: Keyboard) -> None:
    one, other = (
        keyboard(1, phys="usb-1.1/input0"),
        keyboard(2, phys="usb-1.2/input0"),
    )
    (alone,) = detected(one)
    assert alone.settings == {"vendor": "05e0", "product": "1200", "device_name": "Virtual keyboard"}
    alike = detected(one, other)
    assert [each.settings["phys"] for each in alike] == ["usb-1.1", "usb-1.2"], "only the socket tells two alike apart"
    (numbered,) = detected(keyboard(1, uniq="A7"))
    assert numbered.settings == {"vendor": "05e0", "product": "1200", "serial": "A7"}


def test_the_interfaces_of_one_device_are_one_and_mice_are_none(keyboard: Keyboard) -> None:
    media = keyboard(1, keys=frozenset({113, 114}), phys="usb-1.1/input1")
    typing = keyboard(2, phys="usb-1.1/input0")
    mouse = keyboard(3, keys=frozenset({0x110, 0x111}), phys="usb-1.4/input0")
    (only,) = detected(media, typing, mouse)
    assert only.place == "/dev/input/event2" and only.types


def test_a_configured_device_is_recognised_by_any_of_its_settings(keyboard: Keyboard) -> None:
    (found,) = detected(keyboard(1, phys="usb-1.12/input0", uniq="A7"))
    for settings in ({"vendor": "05e0"}, {"serial": "A7"}, {"phys": "usb-1.12"}, {"path": "/dev/input/event1"}):
        assert recognises("evdev", settings, found) and recognises("evdev_keys", settings, found)
        assert not recognises("serial", settings, found)
    for settings in ({"vendor": "05e1"}, {"phys": "usb-1.1"}, {"path": "/dev/input/event2"}, {}):
        assert not recognises("evdev", settings, found)


def test_pins_and_ports_are_listed_by_lasting_names(tmp_path: Path) -> None:
    for folder in ("by-id", "by-path"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / f"port-{folder}").symlink_to(tmp_path / "ttyUSB0")
    (tmp_path / "ttyUSB0").touch()
    (tmp_path / "gpiochip0").touch()

    class Port:
        device = str(tmp_path / "ttyUSB0")

    found = Hardware(Keyboards(), tmp_path, lambda: (Port(),), tmp_path).detect()
    assert [(each.channel, each.title) for each in found] == [("serial", "port-by-id"), ("gpio", "gpiochip0")]
    port, chip = found
    assert recognises("serial", {"path": str(tmp_path / "by-path" / "port-by-path")}, port)
    assert recognises("gpio_button", {"chip": str(tmp_path / "gpiochip0")}, chip)
    assert not recognises("gpio_button", {}, chip) and not recognises("serial", {}, chip)
    with pytest.raises(DeviceGone):
        Hardware().listen(chip, "heard", boottime)


def test_a_device_is_described_once_and_forgotten_when_it_is_gone(keyboard: Keyboard) -> None:
    board = keyboard(1)
    hardware = Hardware(Keyboards(board), Path("/nowhere"), lambda: ())
    assert len(hardware.detect()) == 1
    source, decoder = hardware.listen(hardware.detect()[0], "heard", boottime)
    source.open()
    assert len(hardware.detect()) == 1
    board.scan(b"A")
    frame = source.read(5)
    assert isinstance(frame, Frame) and decoder.feed(frame) == ()
    source.close()
    board.unplug()
    assert hardware.detect() == []
