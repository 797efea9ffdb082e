"""What the update agent stands on: settings of the office, the local socket, the machine, diagnosis, sticks."""

import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from floor.settings_merge import differences, flattened, forbidden, merged, without_secrets
from floor.versions import is_newer, version_key
from gateway.busy import busy_with, idle_seconds
from gateway.config import Config, parse
from gateway.device_checks import check_device
from gateway.local_socket import LocalSocket, ask
from gateway.machine import Machine
from gateway.updates.bundle_shelf import BundleShelf, Sticks
from gateway.updates.diagnosis import diagnosis, redacted
from gateway.updates.health import Health, health_of
from gateway.updates.settings_change import SettingsChange
from gateway.view import GatewayView, HandoverLine, LastScan, Message, PromptLine, StationView
from gateway.wished_settings import NAME, laid_over, read_wished, settings_faults, told_configuration, with_wished
from sync.wire import SettingsWish
from tests.gateway.slot_benches import DirectoryBench

FILE = """
[gateway]
name = "press"
folder = {folder}
[central]
url = "http://office.example"
[update]
quiet_seconds = 10
healthy_seconds = 5
trial_seconds_max = 60
[[station]]
id = "S1"
[[station.scanner]]
kind = "mqtt"
password = "hunter2hunter2"
"""
WELL = Health("1.0", "", "online", (), "", 9_999.0)


def config_in(folder: Path, scanner: str = "") -> Config:
    text = FILE.split("[[station.scanner]]")[0] + scanner
    return parse(text.format(folder=json.dumps(str(folder))))


# -- settings


def test_stations_are_merged_by_their_id_and_the_rest_is_replaced() -> None:
    own = {"a": {"b": 1, "c": [1, 2]}, "station": [{"id": "S1", "x": 1}, {"id": "S2"}]}
    over = {"a": {"c": [3]}, "station": [{"id": "S2", "y": 2}, {"id": "S3"}]}
    whole = merged(own, over)
    assert whole == {"a": {"b": 1, "c": [3]}, "station": [{"id": "S1", "x": 1}, {"id": "S2", "y": 2}, {"id": "S3"}]}
    assert differences(own, whole) == [
        ("a.c", "[1, 2]", "[3]"),
        ("station[S2].y", "", "2"),
        ("station[S3].id", "", '"S3"'),
    ]
    assert dict(flattened({})) == {}


@pytest.mark.parametrize(
    ("over", "is_forbidden"),
    [
        ({"gateway": {"name": "x"}}, True),
        ({"gateway": {"log_level": "debug"}}, False),
        ({"central": {}}, True),
        ({"central": {"url": ""}}, True),
        ({"update": {"keys": "/tmp"}}, True),
        ({"mqtt": {"host": "h"}}, False),
        ({"mqtt": {"key_file": "/x"}}, True),
        ({"station": [{"id": "S1", "scanner": [{"kind": "x", "secret_file": "/x"}]}]}, True),
    ],
)
def test_who_the_gateway_is_and_believes_is_not_set_from_afar(over: dict[str, object], is_forbidden: bool) -> None:
    assert bool(forbidden(over)) is is_forbidden


def test_secrets_do_not_leave_with_the_configuration(tmp_path: Path) -> None:
    told = without_secrets({"station": [{"scanner": [{"password": "x", "pin": 4, "host": "h"}]}], "token_file": "/t"})
    assert told == {"station": [{"scanner": [{"password": "***", "pin": "***", "host": "h"}]}], "token_file": "/t"}
    assert json.loads(told_configuration(config_in(tmp_path)))["gateway"]["name"] == "press"


def test_settings_go_over_the_file_and_unfit_ones_are_left_out_as_a_whole(tmp_path: Path) -> None:
    config = config_in(tmp_path)
    (tmp_path / NAME).write_text(json.dumps({"number": 4, "settings": {"screen": {"language": "en"}}}))
    found, number, faults = with_wished(config, check_device)
    assert (found.screen.language, number, faults) == ("en", 4, [])
    for text in ("{", "[]", '{"number": 5, "settings": {"screen": {"language": "fr"}, "mqtt": {"host": "h"}}}'):
        (tmp_path / NAME).write_text(text)
        found, _, faults = with_wished(config, check_device)
        assert found == config and faults
    own = told_configuration(config)
    assert settings_faults(own, '{"screen": {"language": "en"}}') == []
    for wrong in ('{"screen": 3}', "[", "7", '{"station": [{"id": "S1", "light": [{"kind": "laser"}]}]}'):
        assert settings_faults(own, wrong)
    with pytest.raises(Exception, match="own file"):
        laid_over(config, {"central": {"url": "http://x"}}, check_device)


class Gateway:
    """A gateway that starts with what lies in its folder; `breaks_with`: a language that it does not survive."""

    def __init__(self, folder: Path, breaks_with: str = "") -> None:
        self.folder, self.breaks_with = folder, breaks_with
        self.busy = ""
        self.restarts = 0
        self.running: tuple[int, str] = (0, "")
        self.health = WELL

    def restart(self) -> str:
        if not self.busy:
            self.restarts += 1
            number, settings = read_wished(self.folder)
            self.running = (number, settings.get("screen", {}).get("language", ""))
        return self.busy

    def told(self) -> tuple[Health | None, int, tuple[str, ...]]:
        if self.breaks_with and self.running[1] == self.breaks_with:
            return None, 0, ()
        return self.health, self.running[0], ()


def change_over(gateway_now: Gateway, wish: SettingsWish | None, seconds: float = 200.0) -> SettingsChange:
    change = SettingsChange(config_in(gateway_now.folder), gateway_now.folder, gateway_now.told, gateway_now.restart)
    change.wish = wish
    now = 0.0
    while now < seconds:
        now = max(now + 0.5, change.step(now))
    return change


def wish_of(number: int, language: str) -> SettingsWish:
    return SettingsWish(number=number, settings=json.dumps({"screen": {"language": language}}))


def test_settings_are_tried_and_stay(tmp_path: Path) -> None:
    station = Gateway(tmp_path)
    assert change_over(station, wish_of(1, "en")).told().state == "applied"
    assert (station.running, station.restarts) == ((1, "en"), 1)
    assert change_over(station, wish_of(1, "en")).told().state == "applied"
    assert station.restarts == 1


def test_settings_that_do_not_fit_are_refused_without_a_restart(tmp_path: Path) -> None:
    station = Gateway(tmp_path)
    told = change_over(station, wish_of(1, "fr")).told()
    assert (told.number, told.state, station.restarts) == (1, "refused", 0)
    assert "language" in told.reason


def test_a_gateway_that_does_not_become_ready_gets_its_last_good_settings_back(tmp_path: Path) -> None:
    station = Gateway(tmp_path, breaks_with="zh")
    assert change_over(station, wish_of(1, "en")).told().state == "applied"
    told = change_over(station, wish_of(2, "zh")).told()
    assert (told.number, told.state) == (2, "refused")
    assert "did not become ready" in told.reason
    assert read_wished(tmp_path) == (1, {"screen": {"language": "en"}})
    assert station.running == (1, "en")
    assert change_over(station, wish_of(2, "zh")).told().state == "refused"
    assert station.restarts == 3, "it is not tried again"


def test_a_cut_while_settings_are_tried_is_judged_anew(tmp_path: Path) -> None:
    station = Gateway(tmp_path, breaks_with="zh")
    change = SettingsChange(config_in(tmp_path), tmp_path, station.told, station.restart)
    change.wish = wish_of(1, "zh")
    now = 0.0
    while not change.trying:
        now = max(now + 0.5, change.step(now))
    told = change_over(station, wish_of(1, "zh")).told()
    assert (told.state, read_wished(tmp_path)) == ("refused", (0, {}))


def test_settings_wait_for_a_quiet_moment(tmp_path: Path) -> None:
    station = Gateway(tmp_path)
    station.health = Health("1.0", "", "online", (), "a hand-over is open at S1", 9_999.0)
    assert change_over(station, wish_of(1, "en")).told().state == "waiting"
    station.health = Health("1.0", "", "online", (), "", 2.0)
    assert change_over(station, wish_of(1, "en")).told().state == "waiting"
    station.health, station.busy = WELL, "somebody began in this moment"
    told = change_over(station, wish_of(1, "en")).told()
    assert (told.state, station.restarts, read_wished(tmp_path)) == ("waiting", 0, (0, {}))
    station.busy = ""
    assert change_over(station, wish_of(1, "en")).told().state == "applied"


@pytest.mark.parametrize(("before", "state"), [((), "refused"), (("S1.scanner",), "applied")])
def test_settings_that_take_a_scanner_away_are_taken_back(tmp_path: Path, before: tuple[str, ...], state: str) -> None:
    """A path typed wrong fits the schema; what was missing before is not held against the settings."""

    class Typed(Gateway):
        def told(self) -> tuple[Health | None, int, tuple[str, ...]]:
            missing = ("S1.scanner",) if self.running[0] else before
            return replace(WELL, missing=missing), self.running[0], ()

    station = Typed(tmp_path)
    told = change_over(station, wish_of(1, "en")).told()
    assert told.state == state
    assert ("S1.scanner" in told.reason, station.running[0]) == (not before, 0 if not before else 1)


def test_settings_are_not_called_taken_back_while_the_gateway_goes_on_with_them(tmp_path: Path) -> None:
    """It refuses to restart while a hand-over is open, and so it runs with what was tried."""
    station = Gateway(tmp_path)
    change = SettingsChange(config_in(tmp_path), tmp_path, station.told, station.restart)
    change.wish = wish_of(1, "en")
    now = 0.0
    while now < 200.0:
        now = max(now + 0.5, change.step(now))
        if station.running[0] and not station.busy:
            station.busy = "a hand-over is open at S1"
            station.health = replace(WELL, office="offline", busy=station.busy)
    told = change.told()
    assert (told.state, station.running) == ("trying", (1, "en"))
    assert "hand-over" in told.reason and "office" in told.reason
    station.busy = ""
    while now < 210.0:
        now = max(now + 0.5, change.step(now))
    assert (change.told().state, station.running) == ("refused", (0, ""))


def test_a_gateway_that_is_gone_is_given_time_to_start_without_the_settings(tmp_path: Path) -> None:
    class Gone(Gateway):
        def restart(self) -> str:
            return "the gateway does not answer" if self.running[0] else super().restart()

    station = Gone(tmp_path, breaks_with="zh")
    told = change_over(station, wish_of(1, "zh"), seconds=100.0).told()
    assert told.state == "trying"
    assert change_over(station, None, seconds=300.0).told().state == "refused"
    assert read_wished(tmp_path) == (0, {})


# -- what the gateway tells


def view_of(**more: object) -> GatewayView:
    return GatewayView("press", (StationView("S1", "S1"), StationView("S2", "S2", **more)))  # type: ignore[arg-type]


def test_an_open_hand_over_and_an_unfinished_input_are_busy() -> None:
    assert busy_with(None)
    assert busy_with(view_of()) == ""
    assert "hand-over" in busy_with(view_of(handover=HandoverLine("Li", 1.0)))
    assert "quantity" in busy_with(view_of(prompt=PromptLine(kind="quantity")))
    assert "set up" in busy_with(view_of(listening=True))
    last = LastScan("T-1", "kept", Message("x"), 100.0)
    assert idle_seconds(view_of(last=last), 130.0) == 30.0
    assert idle_seconds(view_of(last=last), 90.0) == 0.0
    assert idle_seconds(view_of(), 90.0) > 1000


def test_the_local_socket_answers_its_own_user_and_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / ("a" * 100)
    folder.mkdir()
    assert ask(folder, "status") is None
    asked: list[str] = []

    def restart() -> str:
        asked.append("restart")
        return "busy"

    local = LocalSocket(folder, lambda: {"ready": True, "idle_seconds": 3}, restart)
    local.open()
    try:
        found = health_of(ask(folder, "status"))
        assert found is not None and found.idle_seconds == 3
        assert ask(folder, "restart") == {"refused": "busy"}
        assert "understood" in str(ask(folder, "x" * 200))
        assert asked == ["restart"]
        assert (folder / "gateway.sock").stat().st_mode & 0o777 == 0o600
    finally:
        local.close()
    assert ask(folder, "status") is None
    for told in (None, [], {}, {"ready": False}, {"ready": True, "missing": "x", "idle_seconds": "y"}):
        assert health_of(told) is None or told == {"ready": True, "missing": "x", "idle_seconds": "y"}


def test_figures_are_read_where_the_machine_tells_them(tmp_path: Path) -> None:
    now = [0.0]
    bare = Machine(tmp_path, lambda: now[0], tmp_path).figures()
    assert set(bare) == {"disk_free_bytes", "disk_bytes"}
    for path, text in {
        "proc/device-tree/model": "Raspberry Pi 4 Model B\x00",
        "proc/cmdline": "console=tty1 rauc.slot=B quiet",
        "proc/net/route": "Iface Destination\nwlan0 00000000 0 0 0 0 600 0\neth0 00000000 0 0 0 0 100 0\n",
        "sys/class/thermal/thermal_zone0/temp": "47231\n",
        "sys/devices/platform/soc/soc:firmware/get_throttled": "50000\n",
        "sys/block/mmcblk0/stat": "1 2 3 4 5 6 1000 8",
        "sys/block/mmcblk0/device/life_time": "0x02 0x03\n",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    machine = Machine(tmp_path, lambda: now[0], tmp_path)
    found = machine.figures()
    assert (found["model"], found["slot"], found["network"]) == ("Raspberry Pi 4 Model B", "B", "eth0")
    assert (found["temperature"], found["under_voltage"], found["disk_worn_percent"]) == (47.2, "since_boot", 30)
    assert found["disk_written_bytes"] == 512_000
    (tmp_path / "sys/class/thermal/thermal_zone0/temp").write_text("90000")
    assert machine.figures()["temperature"] == 47.2, "looked at seldom"
    now[0] = 31.0
    assert machine.figures()["temperature"] == 90.0


# -- diagnosis


@pytest.mark.parametrize(
    "line",
    [
        "token=abcdefghijklmnop",
        'mqtt_password: "abcdefghijklmnop"',
        "Authorization: Bearer abcdefghijklmnop",
        "sent with bearer abcdefghijklmnop",
        '"api_key": "abcdefghijklmnop"',
        "wpa_psk=abcdefghijklmnop",
        "a word abcdefghijklmnop in between",
        "-----BEGIN PRIVATE KEY-----\nabcdefghijklmnop\n-----END PRIVATE KEY-----",
        "mqtt://line:abcdefghijklmnop@broker:1883 refused",
        "mqtts://abcdefghijklmnop:abcdefghijklmnop@broker",
        "https://line:with@abcdefghijklmnop@host/page",
        "wpa_passphrase=abcdefghijklmnop",
        "passphrase: abcdefghijklmnop",
        "passcode = 'abcdefghijklmnop'",
        '{"password": "two abcdefghijklmnop"}',
        "psk='two abcdefghijklmnop' and more",
        r'{"password": "a \" abcdefghijklmnop"}',
        r"a line: {\"password\": \"two abcdefghijklmnop\"}",
        'password="never closed abcdefghijklmnop',
        "password=first;abcdefghijklmnop",
    ],
)
def test_secrets_are_taken_out_of_logs(line: str) -> None:
    known = ["abcdefghijklmnop"] if "in between" in line else []
    assert "abcdefghijklmnop" not in redacted(line, known)


def test_what_stands_beside_a_secret_is_left() -> None:
    assert redacted('{"password": "two words", "host": "broker"}') == '{"password": "***", "host": "broker"}'
    assert redacted("password=x, host=broker") == "password=***, host=broker"
    assert redacted("mqtt://line:x@broker:1883 refused") == "mqtt://***@broker:1883 refused"
    for text in ("https://office.example:8443/path", "http://office/a:b@c", "ratio 3:4 @ 5"):
        assert redacted(text) == text


def test_a_diagnosis_bundle_fits_and_holds_the_newest_lines(tmp_path: Path) -> None:
    config = config_in(tmp_path)
    (tmp_path / "token").write_text("the-token-of-this-gateway\n")
    noise = "\n".join(f"{number} {number * 7919 % 99991:x} the-token-of-this-gateway" for number in range(4_000))
    packed = diagnosis(config, {"doctor": [{"detail": "the-token-of-this-gateway"}]}, {"gateway": noise}, 12_000)
    assert len(packed) <= 12_000
    with zipfile.ZipFile(io.BytesIO(packed)) as bundle:
        texts = {name: bundle.read(name).decode() for name in bundle.namelist()}
    assert "the-token" not in "".join(texts.values())
    assert texts["gateway.log"].splitlines()[-1].startswith("3999 ")
    assert json.loads(texts["doctor.json"]) == [{"detail": "***"}]


# -- bundles on the card and on a stick


def test_a_bundle_comes_piece_by_piece_and_is_proved(tmp_path: Path) -> None:
    import hashlib

    content = b"bundle" * 100
    sha256 = hashlib.sha256(content).hexdigest()
    shelf = BundleShelf(tmp_path / "bundles", 0)
    shelf.put(sha256, content[:100])
    assert BundleShelf(tmp_path / "bundles", 0).offset(sha256) == 100
    shelf.put(sha256, b"wrong")
    assert not shelf.finish(sha256)
    assert shelf.offset(sha256) == 0
    shelf.put(sha256, content)
    assert shelf.finish(sha256) and shelf.finish(sha256)
    assert shelf.path(sha256).read_bytes() == content
    shelf.put("b" * 64, b"x")
    shelf.clear(but=sha256)
    assert [each.name for each in (tmp_path / "bundles").iterdir()] == [sha256]
    assert not BundleShelf(tmp_path / "bundles", 2**60).has_room(1)


def test_the_newest_good_bundle_of_a_stick_is_found(tmp_path: Path) -> None:
    bench = DirectoryBench(tmp_path)
    stick = tmp_path / "stick"
    sticks = Sticks([stick], bench.slots.inspect)
    assert sticks.newest("1.0") is None
    stick.mkdir()
    for version, fault in (("1.5", ""), ("2.0", ""), ("9.0", "signature"), ("8.0", "cut"), ("0.5", "")):
        bench.bundle(version, fault).rename(stick / f"{version}.lineside")
    (stick / "notes.txt").write_text("9.9")
    found = sticks.newest("1.0")
    assert found is not None and found.version == "2.0"
    assert sticks.newest("2.0") is None


@pytest.mark.parametrize(
    ("version", "than", "newer"),
    [
        ("1.10", "1.9", True),
        ("1.0", "1.0.0", False),
        ("1.0", "1.0rc1", True),
        ("1.0rc2", "1.0rc1", True),
        ("1.0.dev1", "1.0a1", False),
        ("2.0", "unknown", False),
        ("2.0", "", False),
        ("2.0", "0.4.0+3", False),
        ("latest", "1.0", False),
        ("1.0.0.0.1", "1.0", False),
    ],
)
def test_versions_are_compared_as_numbers(version: str, than: str, newer: bool) -> None:
    assert is_newer(version, than) is newer
    assert version_key("1٠") is None
