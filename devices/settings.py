"""The settings of each kind of device, as they stand in the configuration. docs/devices.md lists every one of them."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator, model_validator

from devices.errors import DeviceSettingsRefused
from devices.keyboard import KeyboardRules
from devices.keymap import ENTER, KEY_CODES, KEYPAD_ENTER, LAYOUTS, TAB
from devices.labels import GS, LabelRules
from devices.limits import BUTTONS_MAX, SCAN_BYTES_MAX, TCP_PEERS_MAX
from devices.serial_rules import PortRules
from devices.types import Signal

Text = Annotated[str, StringConstraints(min_length=1, max_length=256)]
OptionalText = Annotated[str, StringConstraints(max_length=256)]
ButtonName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.-]{0,31}$")]
Port = Annotated[int, Field(ge=1, le=65535)]
Terminator = Literal["cr", "lf", "crlf", "etx", "eot", "tab", "nul"]
Control = Literal["gs", "rs", "us", "fs", "eot", "tab"]

_TERMINATORS: dict[str, tuple[int, ...]] = {
    "cr": (0x0D,),
    "lf": (0x0A,),
    "crlf": (0x0D, 0x0A),
    "etx": (0x03,),
    "eot": (0x04,),
    "tab": (0x09,),
    "nul": (0x00,),
}
_CONTROLS = {"gs": GS, "rs": 0x1E, "us": 0x1F, "fs": 0x1C, "eot": 0x04, "tab": 0x09}


class DeviceSettings(BaseModel):
    """What all kinds share: a setting that does not exist is refused, not ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Settings = TypeVar("Settings", bound=DeviceSettings)


def checked(model: type[Settings], given: Mapping[str, object]) -> Settings:
    """The settings as `model`. Raises DeviceSettingsRefused naming each wrong setting, without echoing its value."""
    try:
        return model.model_validate(dict(given))
    except ValidationError as fault:
        wrong = (
            f"{'.'.join(map(str, error['loc'])) or 'settings'}: {error['msg']}"
            for error in fault.errors(include_input=False, include_url=False)
        )
        raise DeviceSettingsRefused("; ".join(wrong)) from None


class LabelSettings(DeviceSettings):
    """How the labels of a scanner begin and end."""

    prefix: OptionalText = Field("", description="Characters that the scanner puts before each label; stripped.")
    suffix: OptionalText = Field("", description="Characters between label and terminator; stripped.")
    gap_seconds: float = Field(0.5, ge=0.02, le=60, description="Silence that ends an unfinished label.")
    gap_ends_label: bool = Field(
        False, description="Accept a label ended by silence; for scanners without terminator. Else it is refused."
    )
    controls: tuple[Control, ...] = Field(
        ("gs",), description="Control characters allowed inside a label; all others refuse it."
    )
    scan_bytes_max: int = Field(SCAN_BYTES_MAX, ge=1, le=SCAN_BYTES_MAX, description="Longest label accepted, bytes.")

    def label_rules(self) -> LabelRules:
        """The same as the decoders take it."""
        return LabelRules(
            prefix=self.prefix.encode(),
            suffix=self.suffix.encode(),
            terminators=frozenset(self._terminator_bytes()),
            gap_seconds=self.gap_seconds,
            gap_ends_label=self.gap_ends_label,
            controls=frozenset(_CONTROLS[name] for name in self.controls),
            scan_bytes_max=self.scan_bytes_max,
        )

    def _terminator_bytes(self) -> set[int]:
        return set()


class LineSettings(LabelSettings):
    """Labels that arrive as bytes."""

    terminators: tuple[Terminator, ...] = Field(
        ("cr", "lf"), description="What ends a label. Each of them does; CR LF together is one end."
    )

    @model_validator(mode="after")
    def _can_end(self) -> LineSettings:
        if not self.terminators and not self.gap_ends_label:
            raise ValueError("without terminators, gap_ends_label must be true or no label would ever end")
        return self

    def _terminator_bytes(self) -> set[int]:
        return {byte for name in self.terminators for byte in _TERMINATORS[name]}


class PortSettings(DeviceSettings):
    """A serial port."""

    path: Text = Field(description="The port, best by its lasting name: /dev/serial/by-id/...")
    baud: int = Field(9600, ge=300, le=4_000_000, description="Bits per second.")
    parity: Literal["none", "even", "odd"] = Field("none", description="Parity bit.")
    data_bits: Literal[7, 8] = Field(8, description="Data bits.")
    stop_bits: Literal[1, 2] = Field(1, description="Stop bits.")
    flow: Literal["none", "xonxoff", "rtscts"] = Field("none", description="Flow control.")

    def port_rules(self) -> PortRules:
        """The same as the port takes it."""
        return PortRules(self.path, self.baud, self.parity, self.data_bits, self.stop_bits, self.flow)


class SerialSettings(PortSettings, LineSettings):
    """Kind `serial`: a scanner on RS-232 or USB COM port emulation."""


class PtySettings(LineSettings):
    """Kind `pty`: a pseudo-terminal that is written to by hand or by a program, in place of a scanner."""

    link: OptionalText = Field("", description="A lasting name: a symbolic link to the pseudo-terminal.")
    gap_seconds: float = Field(10.0, ge=0.02, le=60, description="Silence that ends an unfinished label.")


class TcpClientSettings(LineSettings):
    """Kind `tcp_client`: a scanner that listens; the station connects to it."""

    host: Text = Field(description="Name or address of the scanner.")
    port: Port = Field(description="Its TCP port.")
    connect_timeout_seconds: float = Field(3.0, gt=0, le=30, description="Longest wait for a connection.")
    keepalive_seconds: int = Field(5, ge=1, le=600, description="Silence before the connection is probed.")
    idle_seconds: float = Field(
        0.0, ge=0, le=86_400, description="Silence that counts as lost; 0 never. For scanners with a heartbeat."
    )


class TcpServerSettings(LineSettings):
    """Kind `tcp_server`: scanners that connect to the station."""

    host: Text = Field("127.0.0.1", description="Address to listen on; 0.0.0.0 opens it to the network.")
    port: Annotated[int, Field(ge=0, le=65535)] = Field(description="TCP port; 0 takes a free one.")
    peers_max: int = Field(TCP_PEERS_MAX, ge=1, le=TCP_PEERS_MAX, description="Scanners connected at once.")
    allowed: tuple[Text, ...] = Field((), description="Addresses or networks that may connect; empty allows all.")
    keepalive_seconds: int = Field(5, ge=1, le=600, description="Silence before a connection is probed.")
    idle_seconds: float = Field(0.0, ge=0, le=86_400, description="Silence after which a peer is dropped; 0 never.")

    @field_validator("allowed")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for network in value:
            ipaddress.ip_network(network, strict=False)
        return value


class InputDeviceSettings(DeviceSettings):
    """How a keyboard device is recognised whatever its event number; at least one of these is given."""

    vendor: str = Field("", pattern=r"^([0-9a-f]{4})?$", description="USB vendor id, four hexadecimal digits.")
    product: str = Field("", pattern=r"^([0-9a-f]{4})?$", description="USB product id, four hexadecimal digits.")
    serial: OptionalText = Field("", description="Serial number of the device; tells two alike apart.")
    phys: OptionalText = Field("", description="The USB socket it is plugged into, such as usb-0000:01:00.0-1.2.")
    device_name: OptionalText = Field("", description="The name that the device gives itself.")
    path: OptionalText = Field("", description="A lasting file name instead: /dev/input/by-id/...-event-kbd.")
    grab: bool = Field(True, description="Keep its keys from the console, the desktop and the browser.")

    @model_validator(mode="after")
    def _recognisable(self) -> InputDeviceSettings:
        if not (self.vendor or self.product or self.serial or self.phys or self.device_name or self.path):
            raise ValueError("give one of vendor, product, serial, phys, device_name or path")
        return self


class EvdevSettings(InputDeviceSettings, LabelSettings):
    """Kind `evdev`: a scanner that types like a keyboard."""

    layout: str = Field("us", description="The scanner's keyboard layout: us, cn, uk, de or fr.")
    end_keys: tuple[Literal["enter", "tab"], ...] = Field(("enter", "tab"), description="Keys that end a label.")
    alt_codes: Literal["unicode", "gbk"] = Field(
        "unicode", description="What a number above 255 typed with Alt means: a Unicode or a GBK character."
    )
    gap_seconds: float = Field(0.3, ge=0.02, le=60, description="Silence that ends an unfinished label.")

    @field_validator("layout")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in LAYOUTS:
            raise ValueError(f"known layouts: {', '.join(sorted(LAYOUTS))}")
        return value

    def keyboard_rules(self) -> KeyboardRules:
        """The same as the decoder takes it."""
        keys = {"enter": {ENTER, KEYPAD_ENTER}, "tab": {TAB}}
        ends = frozenset(code for name in self.end_keys for code in keys[name])
        return KeyboardRules(self.layout, ends, self.alt_codes, self.label_rules())


class ContactSettings(DeviceSettings):
    """When a contact counts as pressed."""

    debounce_seconds: float = Field(0.03, ge=0, le=1, description="Quiet before a change is believed.")
    long_press_seconds: float = Field(2.0, ge=0.2, le=30, description="From here on a press is long.")


class EvdevKeysSettings(InputDeviceSettings, ContactSettings):
    """Kind `evdev_keys`: buttons that are keys, such as a USB button box or gpio-keys of the kernel."""

    keys: dict[str, ButtonName] = Field(
        min_length=1, max_length=BUTTONS_MAX, description="Button name of each key, by its name (KEY_F1) or number."
    )

    @field_validator("keys")
    @classmethod
    def _codes(cls, value: dict[str, str]) -> dict[str, str]:
        for key in value:
            _key_code(key)
        return value

    def buttons(self) -> dict[str, str]:
        """Button name by key code, as text."""
        return {str(_key_code(key)): button for key, button in self.keys.items()}


def _key_code(key: str) -> int:
    """The code of a key by its name or number. Raises ValueError, or DeviceExtraMissing without the library."""
    if not (key.isascii() and key.isdigit()):
        # Names are the library's, which is loaded only where such a device is configured.
        from devices.key_names import key_code

        return key_code(key)
    if int(key) >= KEY_CODES:
        raise ValueError(f"unknown key {key!r}")
    return int(key)


Offset = Annotated[int, Field(ge=0, le=511)]


class GpioButtonSettings(ContactSettings):
    """Kind `gpio_button`: contacts wired to pins. Needs the extra `gpio`."""

    chip: Text = Field("/dev/gpiochip0", description="The GPIO chip.")
    lines: dict[ButtonName, Offset] = Field(
        min_length=1, max_length=BUTTONS_MAX, description="Line number (GPIO number on a Pi) of each button."
    )
    active_low: bool = Field(True, description="The contact pulls the line to ground.")
    bias: Literal["pull_up", "pull_down", "disabled"] = Field("pull_up", description="Resistor inside the chip.")


class BrokerSettings(DeviceSettings):
    """An MQTT broker."""

    host: Text = Field("127.0.0.1", description="The broker.")
    port: Port = Field(1883, description="Its port.")
    username: OptionalText = Field("", description="User name at the broker.")
    password_file: OptionalText = Field("", description="File that holds the password; its first line is taken.")
    tls_ca_file: OptionalText = Field("", description="Certificates to trust; giving it turns TLS on.")
    client_id: OptionalText = Field("", description="MQTT client id; empty lets the broker choose.")
    keepalive_seconds: int = Field(10, ge=5, le=600, description="Silence before the connection is probed.")

    @model_validator(mode="after")
    def _secret_needs_user(self) -> BrokerSettings:
        if self.password_file and not self.username:
            raise ValueError("password_file needs username")
        return self


class Action(DeviceSettings):
    """What one action word of a wireless button means."""

    button: ButtonName = Field(description="Button name.")
    long: bool = Field(False, description="It is a long press.")


class MqttButtonSettings(BrokerSettings):
    """Kind `mqtt_button`: a wireless button behind zigbee2mqtt or its kin."""

    topic: Text = Field(description="The button's topic, such as zigbee2mqtt/call-button-1; no wildcards.")
    actions: dict[str, Action] = Field(
        default_factory=lambda: {
            "single": Action(button="call", long=False),
            "hold": Action(button="call", long=True),
        },
        max_length=BUTTONS_MAX,
        description="Button and length of each action word.",
    )
    ignored: tuple[str, ...] = Field(("release",), max_length=BUTTONS_MAX, description="Words that mean nothing.")
    field_name: Text = Field("action", description="Member of the JSON object that holds the word.")
    repeat_seconds: float = Field(0.5, ge=0, le=60, description="The same word again within this is one press.")

    @field_validator("topic")
    @classmethod
    def _one_topic(cls, value: str) -> str:
        return _plain_topic(value)


class LogLightSettings(DeviceSettings):
    """Kind `log`: each signal as a line of the log."""


class VirtualLightSettings(DeviceSettings):
    """Kind `virtual_light`: records signals in memory, for tests and demonstrations."""

    kept_max: int = Field(1000, ge=1, le=100_000, description="Signals remembered; older ones are forgotten.")


LampName = Literal["green", "yellow", "red", "buzzer"]


class GpioLightSettings(DeviceSettings):
    """Kind `gpio_light`: lamps wired to pins, by relay or transistor. Needs the extra `gpio`."""

    chip: Text = Field("/dev/gpiochip0", description="The GPIO chip.")
    lamps: dict[LampName, Offset] = Field(min_length=1, description="Line number of each lamp and of the buzzer.")
    active_low: bool = Field(False, description="A low level switches the lamp on, as on many relay boards.")


Command = Annotated[str, StringConstraints(pattern=r"^([0-9a-fA-F]{2} ?){1,32}$")]


class LampCommands(DeviceSettings):
    """What switches one lamp of a serial stack light."""

    on: Command = Field(description="Bytes that switch it on, in hexadecimal.")
    off: Command = Field(description="Bytes that switch it off, in hexadecimal.")


class SerialLightSettings(PortSettings):
    """Kind `serial_light`: a stack light on USB or RS-232/485 that takes a few bytes per lamp."""

    lamps: dict[LampName, LampCommands] = Field(min_length=1, description="Commands of each lamp.")


class MqttLightSettings(BrokerSettings):
    """Kind `mqtt_light`: each signal as a message, for a lamp or another program behind a broker."""

    topic: Text = Field(description="Topic to publish to; no wildcards.")
    payloads: dict[Signal, OptionalText] = Field(
        default_factory=dict,
        description="Payload by signal; a signal without one is left out. Empty: all, as {signal, station} in JSON.",
    )
    qos: Literal[0, 1] = Field(0, description="MQTT quality of service.")

    @field_validator("topic")
    @classmethod
    def _one_topic(cls, value: str) -> str:
        return _plain_topic(value)


def _plain_topic(value: str) -> str:
    if any(mark in value for mark in "+#\0"):
        raise ValueError("a topic without wildcards is needed")
    return value
