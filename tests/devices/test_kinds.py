"""The registry of kinds, their settings, and the page that describes them."""

import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from devices.errors import DeviceError, DeviceExtraMissing, DeviceKindUnknown, DeviceSettingsRefused
from devices.gpio_chip import load_gpiod
from devices.kinds import (
    KINDS,
    IndicatorKind,
    Role,
    SourceKind,
    build_indicator,
    build_source,
    kind_named,
)

PAGE = Path(__file__).parents[2] / "docs" / "devices.md"
EXAMPLES: dict[str, dict[str, Any]] = {
    "evdev": {"vendor": "05e0", "product": "1200"},
    "serial": {"path": "/dev/serial/by-id/usb-Scanner"},
    "tcp_client": {"host": "192.0.2.7", "port": 55256},
    "tcp_server": {"port": 5500},
    "pty": {},
    "evdev_keys": {"device_name": "gpio-keys", "keys": {"KEY_F1": "call", "2": "material"}},
    "gpio_button": {"lines": {"call": 17}},
    "mqtt_button": {"topic": "zigbee2mqtt/b1"},
    "log": {},
    "gpio_light": {"lamps": {"green": 5}},
    "serial_light": {"path": "/dev/ttyUSB0", "lamps": {"red": {"on": "11", "off": "21"}}},
    "mqtt_light": {"topic": "lamp/1"},
    "virtual_light": {},
}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_is_built_by_name(kind: str) -> None:
    build = build_source if isinstance(KINDS[kind], SourceKind) else build_indicator
    built: Any = build(kind, "line-1", EXAMPLES[kind])
    assert (built[0] if isinstance(built, tuple) else built).name == "line-1"


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_setting_that_does_not_exist_is_refused(kind: str) -> None:
    build = build_source if isinstance(KINDS[kind], SourceKind) else build_indicator
    with pytest.raises(DeviceSettingsRefused, match="colour"):
        build(kind, "line-1", {**EXAMPLES[kind], "colour": "red"})


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("evdev", {}),
        ("evdev", {"vendor": "5E0"}),
        ("evdev", {"vendor": "05e0", "layout": "klingon"}),
        ("evdev_keys", {"path": "/dev/input/x", "keys": {"KEY_NONE_SUCH": "call"}}),
        ("evdev_keys", {"path": "/dev/input/x", "keys": {"KEY_F1": "Call Me"}}),
        ("serial", {}),
        ("serial", {"path": "/dev/ttyS0", "scan_bytes_max": 513}),
        ("serial", {"path": "/dev/ttyS0", "terminators": []}),
        ("tcp_server", {"port": 70000}),
        ("tcp_server", {"port": 1, "allowed": ["everybody"]}),
        ("tcp_server", {"port": 1, "peers_max": 1000}),
        ("mqtt_button", {"topic": "zigbee2mqtt/+"}),
        ("mqtt_button", {"topic": "a", "password_file": "b"}),
        ("gpio_button", {"lines": {}}),
    ],
)
def test_wrong_settings_are_refused(kind: str, settings: dict[str, object]) -> None:
    with pytest.raises(DeviceSettingsRefused):
        build_source(kind, "line-1", settings)


def test_a_refusal_does_not_repeat_the_value() -> None:
    with pytest.raises(DeviceSettingsRefused) as refusal:
        build_source("mqtt_button", "b", {"topic": "t", "port": "hunter2"})
    assert "port" in str(refusal.value) and "hunter2" not in str(refusal.value)
    assert refusal.value.hint


@pytest.mark.parametrize("name", ["", "a:b", "a/b", "a b", "a\nb", "x" * 65, "a+"])
def test_names_that_would_break_topics_are_refused(name: str) -> None:
    with pytest.raises(DeviceSettingsRefused):
        build_source("pty", name, {})


def test_unknown_kinds_and_wrong_roles() -> None:
    with pytest.raises(DeviceKindUnknown, match="pty"):
        kind_named("telepathy")
    with pytest.raises(DeviceSettingsRefused):
        build_source("log", "x", {})
    with pytest.raises(DeviceSettingsRefused):
        build_indicator("pty", "x", {})


class _NoGpiod:
    """Stands in the import path and has no gpiod."""

    def find_spec(self, name: str, *_: object) -> None:
        if name.partition(".")[0] == "gpiod":
            raise ImportError(name)


def test_a_missing_extra_says_what_to_install() -> None:
    hidden = {name: sys.modules.pop(name) for name in list(sys.modules) if name.partition(".")[0] == "gpiod"}
    finder: Any = _NoGpiod()
    sys.meta_path.insert(0, finder)
    try:
        with pytest.raises(DeviceExtraMissing, match=r"pip install lineside\[gpio\]"):
            load_gpiod()
    finally:
        sys.meta_path.remove(finder)
        sys.modules.update(hidden)


def test_a_station_without_keyboard_devices_does_without_evdev() -> None:
    program = """
import sys
sys.modules["evdev"] = None  # As if it were not installed: importing it is an ImportError.
from devices.errors import DeviceExtraMissing
from devices.kinds import KINDS, build_source
from devices.settings import EvdevKeysSettings, checked
build_source("pty", "desk", {})
assert all(kind.settings for kind in KINDS.values())
by_name, by_number = ({"path": "/dev/input/x", "keys": {key: "call"}} for key in ("KEY_F1", "59"))
assert checked(EvdevKeysSettings, by_number).buttons() == {"59": "call"}
for build in (
    lambda: build_source("evdev", "hand", {"vendor": "05e0"}),
    lambda: build_source("evdev_keys", "post", by_number),
    lambda: checked(EvdevKeysSettings, by_name),
):
    try:
        build()
    except DeviceExtraMissing as missing:
        assert "evdev" in str(missing) and "python3-evdev" in missing.hint
    else:
        raise AssertionError("it was built")
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def test_evdev_is_loaded_with_the_first_keyboard_device() -> None:
    program = (
        "import sys; from devices.kinds import build_source; build_source('pty', 'desk', {}); "
        "assert 'evdev' not in sys.modules; build_source('evdev', 'hand', {'vendor': '05e0'}); "
        "assert 'evdev' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def test_the_real_library_has_everything_that_is_used_of_it() -> None:
    gpiod = load_gpiod()
    assert callable(gpiod.request_lines)
    assert gpiod.LineSettings(
        direction=gpiod.line.Direction.INPUT,
        edge_detection=gpiod.line.Edge.BOTH,
        bias=gpiod.line.Bias.PULL_UP,
        active_low=True,
    )
    assert gpiod.LineSettings(direction=gpiod.line.Direction.OUTPUT, output_value=gpiod.line.Value.INACTIVE)
    assert gpiod.EdgeEvent.Type.RISING_EDGE != gpiod.EdgeEvent.Type.FALLING_EDGE
    assert {"fd", "read_edge_events", "release", "set_values"} <= set(dir(gpiod.LineRequest))
    source, _ = build_source("gpio_button", "x", {"chip": "/dev/no-such-chip", "lines": {"call": 1}})
    with pytest.raises(DeviceError, match="not there"):
        source.open()


def nested(model: type[BaseModel]) -> Iterator[str]:
    """Setting names of a model."""
    yield from model.model_fields


def test_the_page_describes_each_kind_and_each_setting() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for kind, model in ((name, known.settings) for name, known in KINDS.items()):
        section = page.partition(f"### `{kind}`")[2].partition("\n### ")[0]
        assert section, f"{kind} is not described"
        for setting, field in model.model_fields.items():
            assert f"| `{setting}` |" in section, f"{kind}.{setting} is not described"
            assert field.description


def test_the_examples_of_the_page_are_valid() -> None:
    page = PAGE.read_text(encoding="utf-8")
    blocks = [block.partition("```")[0] for block in page.split("```toml\n")[1:]]
    seen: set[str] = set()
    for block in blocks:
        for station in tomllib.loads(block).get("station", []):
            for role in Role:
                for device in station.get(str(role), []):
                    kind, settings = device.pop("kind"), device.pop("settings", {})
                    device.pop("name", None)
                    known = kind_named(kind)
                    known.settings.model_validate({**settings, **device})
                    assert known.role == role
                    seen.add(kind)
    assert seen == KINDS.keys()


def test_every_kind_says_what_it_is() -> None:
    for known in KINDS.values():
        assert isinstance(known, SourceKind | IndicatorKind)
        assert known.settings.__doc__
