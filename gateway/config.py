"""The configuration of a gateway: one TOML file, read once, every fault of it reported at once.

Only this module reads the file and the environment. A device's settings are checked by its kind in `devices.kinds`.
"""

import tomllib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gateway import limits
from gateway.client_keys import FILE_NAME as CLIENT_FILE
from gateway.errors import ConfigRefused, SecretUnreadable
from sync.wire import PIN_PATTERN

Segment = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,47}$")]
Port = Annotated[int, Field(ge=0, le=65535)]


class Section(BaseModel):
    """A table of the file; an unknown setting is an error that names it."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class GatewaySection(Section):
    """Who this gateway is and where it keeps its data."""

    name: Segment = Field("gateway", description="The gateway's name, as enrolled at the server.")
    folder: Path = Field(Path("/var/lib/lineside"), description="Journal, credentials and master data live here.")
    site: Segment = Field("site", description="First level of the MQTT topics.")
    area: Segment = Field("area", description="Second level of the MQTT topics.")
    line: Segment = Field("line", description="Third level of the MQTT topics.")
    journal_bytes_max: int = Field(limits.JOURNAL_BYTES_MAX, ge=2**20, description="Page cap of the journal.")
    photos_max: int = Field(limits.PHOTOS_MAX, ge=0, description="Photos on the card; 0: none are taken.")
    photos_bytes_max: int = Field(limits.PHOTOS_BYTES_MAX, ge=0, description="Bytes that photos may take.")
    instructions_bytes_max: int = Field(
        limits.INSTRUCTIONS_BYTES_MAX, ge=0, description="Bytes that files of work instructions may take; 0: none."
    )
    free_bytes_min: int = Field(
        limits.FREE_BYTES_MIN, ge=0, description="With less free space scans are refused aloud."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="How much is logged.")


class Device(BaseModel):
    """A scanner, button or light: its kind, a name, and the settings of the kind."""

    model_config = ConfigDict(frozen=True, extra="allow")

    kind: str = Field(description="The kind of device, see docs/devices.md.")
    name: str = Field("", max_length=48, description="Its name in records; the default is made of station and kind.")

    @property
    def settings(self) -> dict[str, Any]:
        """The settings of the kind: whatever else stands in the table."""
        return dict(self.model_extra or {})


class StationSection(Section):
    """One station: a place with a scanner where people report work."""

    id: Segment = Field(description="The station's id in master data.")
    double_scan_seconds: float = Field(
        3.0, ge=0, le=60, description="The same label again within this time is one scan."
    )
    badge_timeout_minutes: float = Field(
        600.0, gt=0, description="A held person without any scan for so long is signed out."
    )
    same_piece_minutes: float = Field(
        10.0, ge=0, description="How long after a start a label whose beep is unknown asks 'same piece?'."
    )
    scanner: tuple[Device, ...] = Field((), description="Scanners.")
    button: tuple[Device, ...] = Field((), description="Andon buttons.")
    light: tuple[Device, ...] = Field((Device(kind="log"),), description="Lights and buzzers.")


class CentralSection(Section):
    """The plant server. Without this section the gateway works from a file alone."""

    url: str = Field("", description="http(s) address of the server; empty: none.")
    token_file: Path | None = Field(None, description="Where enrolment put the token; default: FOLDER/token.")
    ca_file: Path | None = Field(None, description="Certificate authority of the server; default: the system's.")
    pin: Annotated[tuple[Annotated[str, Field(pattern=PIN_PATTERN)], ...], Field(max_length=limits.PINS_MAX)] = Field(
        (),
        description="Keys of the server, as `lineside central ca pin` prints them. With one the key alone counts,"
        " neither a name nor a date, so no clock is needed.",
    )


class MqttSection(Section):
    """The broker that is told of every record, and through which the gateways of a line see each other. Without a host
    nothing is published or heard."""

    host: str = Field("", description="The broker's host; empty: none.")
    port: Port = Field(1883, description="The broker's port.")
    version: Literal["3.1.1", "5"] = Field("3.1.1", description="MQTT version.")
    username: str = Field("", description="Default: the gateway's name.")
    password_file: Path | None = Field(None, description="Default: the token of enrolment, if there is one.")
    tls: bool = Field(False, description="Encrypt the connection.")
    ca_file: Path | None = Field(None, description="Certificate authority of the broker.")
    certificate_file: Path | None = Field(None, description="Client certificate.")
    key_file: Path | None = Field(None, description="Key of the client certificate.")
    window: int = Field(20, ge=1, le=100, description="Messages sent and not yet acknowledged.")
    notice_backlog_records_max: int = Field(
        limits.NOTICE_BACKLOG_RECORDS_MAX, ge=1000, description="Further behind than this, the broker is skipped on."
    )


class ScreenSection(Section):
    """The station page."""

    enabled: bool = Field(True, description="Serve the station page.")
    host: str = Field("127.0.0.1", description="Address to listen on; only loopback unless changed.")
    port: Port = Field(8088, description="Port; 0 takes a free one and says which.")
    allowed_hosts: tuple[str, ...] = Field((), description="Host names besides loopback that browsers may use.")
    language: Literal["zh", "en"] = Field("zh", description="Language until a browser chooses.")


class MasterSection(Section):
    """Master data when no server gives it."""

    file: Path | None = Field(None, description="TOML or XLSX file, or a folder of CSV files.")


class UpdateSection(Section):
    """The update agent, `lineside update run`: a process of its own, of the same user. Never set from afar."""

    backend: Literal["auto", "none", "directory", "rauc"] = Field(
        "auto",
        description="What holds two releases: folders, or a Pi image by RAUC; none: no releases come; auto: RAUC in an"
        " image, else none.",
    )
    slots: Path = Field(Path("/opt/lineside/slots"), description="Folder of the slots, for `directory`.")
    keys: Path = Field(Path("/etc/lineside/keys"), description="Public keys that may sign a release, for `directory`.")
    compatible: str = Field("lineside", max_length=64, description="What a bundle must be for, for `directory`.")
    requests: Path = Field(Path("/run/lineside-update"), description="Where a boot is asked for; a unit watches it.")
    stick: tuple[Path, ...] = Field(
        (Path("/run/lineside-usb"),), max_length=8, description="Folders where sticks are mounted."
    )
    ask_seconds: float = Field(60.0, gt=0, le=3600, description="How often the office is asked what it wishes.")
    quiet_seconds: float = Field(120.0, ge=0, le=86400, description="Without any input for so long a station is quiet.")
    healthy_seconds: float = Field(30.0, ge=0, le=3600, description="A release is good once healthy for so long.")
    trial_seconds_max: float = Field(600.0, gt=0, le=7200, description="A release not good within this time goes back.")


class Config(Section):
    """The whole file."""

    gateway: GatewaySection = GatewaySection()
    station: Annotated[tuple[StationSection, ...], Field(max_length=limits.STATIONS_MAX)] = ()
    central: CentralSection = CentralSection()
    mqtt: MqttSection = MqttSection()
    screen: ScreenSection = ScreenSection()
    master: MasterSection = MasterSection()
    update: UpdateSection = UpdateSection()

    @property
    def assigned_path(self) -> Path:
        """Where the devices stand that the set-up page assigned: where the service may write, unlike this file."""
        return self.gateway.folder / "assigned.toml"

    @property
    def client_path(self) -> Path:
        """Where this gateway's key and certificate lie together, once it has them."""
        return self.gateway.folder / CLIENT_FILE

    @property
    def token_path(self) -> Path:
        """Where the credential of enrolment lies."""
        return self.central.token_file or self.gateway.folder / "token"

    def password(self) -> str | None:
        """The MQTT password: from its file, else the token of enrolment, else none. None too where it cannot be read,
        which `unreadable` tells."""
        with suppress(SecretUnreadable):
            return _secret(self.mqtt.password_file or self.token_path)
        return None

    def token(self) -> str | None:
        """The server's bearer token, or None before enrolment; None too where it cannot be read."""
        with suppress(SecretUnreadable):
            return _secret(self.token_path)
        return None

    def unreadable(self) -> dict[str, SecretUnreadable]:
        """By sink: why its secret cannot be read. The sink stands then, and the station goes on (I6)."""
        found = {}
        wanted = {"central": self.token_path} if self.central.url else {}
        if self.mqtt.host:
            wanted["mqtt"] = self.mqtt.password_file or self.token_path
        for sink, path in wanted.items():
            try:
                if _secret(path) is None and path == self.mqtt.password_file:
                    found[sink] = SecretUnreadable(f"{path}: there is no such file")
            except SecretUnreadable as error:
                found[sink] = error
        return found


def _secret(path: Path) -> str | None:
    """What lies there; None where nothing does. Raises SecretUnreadable."""
    try:
        return path.read_text("utf-8").strip()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise SecretUnreadable(f"{path}: {error}") from error


@dataclass(frozen=True, slots=True)
class DevicePlace:
    """A device of the configuration with its full name and station. `role`: scanner, button or light."""

    name: str
    station: str
    role: str
    kind: str
    settings: Mapping[str, Any]
    where: str


def device_places(config: Config) -> list[DevicePlace]:
    """Every configured device, named: its own name, or station, kind and a number."""
    places = []
    for at, station in enumerate(config.station):
        for role in ("scanner", "button", "light"):
            for number, device in enumerate(getattr(station, role)):
                name = device.name or f"{station.id}.{device.kind}{number or ''}"
                where = f"station[{at}].{role}[{number}]"
                places.append(DevicePlace(name, station.id, role, device.kind, device.settings, where))
    return places


def lines_of(error: ValidationError) -> list[str]:
    """What does not fit, a line each: the member's place and why."""
    return [f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()]


def parse(text: str, check_device: Callable[[DevicePlace], list[str]] | None = None) -> Config:
    """The configuration in a TOML text. Raises ConfigRefused with every fault, one a line."""
    try:
        config = Config.model_validate(tomllib.loads(text))
    except ValidationError as error:
        raise ConfigRefused("\n".join(lines_of(error))) from error
    except (ValueError, RecursionError) as error:
        # Beside its own error the library lets through what an endless number or bottomless brackets do to Python.
        raise ConfigRefused(f"not TOML: {error}") from error
    faults = faults_of(config, check_device or (lambda place: []))
    if faults:
        raise ConfigRefused("\n".join(faults))
    return config


def read(path: Path, check_device: Callable[[DevicePlace], list[str]] | None = None) -> Config:
    """The configuration in a file. Raises ConfigRefused."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigRefused(f"{path}: {error}") from error
    return parse(text, check_device)


def faults_of(config: Config, check_device: Callable[[DevicePlace], list[str]]) -> list[str]:
    """What is wrong between settings, and with each device by `check_device`."""
    faults = []
    ids = [station.id for station in config.station]
    faults += [f"station: id {each!r} stands twice" for each in sorted({i for i in ids if ids.count(i) > 1})]
    if not config.station:
        faults.append("station: there is none; a gateway serves one to eight")
    places = device_places(config)
    names = [place.name for place in places]
    for place in places:
        if names.count(place.name) > 1:
            faults.append(f"{place.where}.name: {place.name!r} is used by another device")
        faults += [f"{place.where}.{fault}" for fault in check_device(place)]
    for at, station in enumerate(config.station):
        if len(station.scanner) + len(station.button) + len(station.light) > limits.DEVICES_PER_STATION_MAX:
            faults.append(f"station[{at}]: more than {limits.DEVICES_PER_STATION_MAX} devices")
    if config.central.url and not config.central.url.startswith(("http://", "https://")):
        faults.append(f"central.url: {config.central.url!r} is no http(s) address")
    if config.central.pin and not config.central.url.startswith("https://"):
        faults.append("central.pin: a pin is of a server's key, so central.url is an https address")
    if bool(config.mqtt.certificate_file) != bool(config.mqtt.key_file):
        faults.append("mqtt: certificate_file and key_file go together")
    return faults
