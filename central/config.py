"""The server's configuration: a TOML file, or options alone. Every fault of it is told at once."""

import ipaddress
import os
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, IPvAnyNetwork, SecretStr, ValidationError, field_validator, model_validator

from central.channels.settings import ChannelName, ChannelSettings
from central.errors import ConfigRefused
from central.limits import CHANNELS_MAX, FILES_BYTES_MAX, PINS_MAX
from central.oidc.settings import OidcSettings, read_secret
from central.retention_settings import RetentionConfig
from central.section import Section
from sync.wire import PIN_PATTERN

Port = Annotated[int, Field(ge=0, le=65_535)]


class BackupConfig(Section):
    """Where copies go and how many stay. Without `folder`: `backups` in the server's folder."""

    folder: Path | None = None
    interval_seconds: Annotated[float, Field(ge=1, le=7 * 86_400)] = 3_600
    keep: Annotated[int, Field(ge=2, le=10_000, description="copies kept; the newest manifest always stays")] = 72


class BrokerConfig(Section):
    """The MQTT broker that `lineside central broker` runs. `port` 0 takes a free one."""

    host: str = "127.0.0.1"
    port: Port = 1883
    public_host: Annotated[str, Field(description="what gateways are told at enrolment; empty: `host`")] = ""
    program: str = "mosquitto"


class CentralConfig(Section):
    """The whole of it. `database` empty: SQLite in `folder`; else an SQLAlchemy URL of PostgreSQL."""

    folder: Path
    database: SecretStr = SecretStr("")
    plant: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")] = "plant"
    host: str = "127.0.0.1"
    port: Port = 8770
    files_bytes_max: Annotated[
        int, Field(ge=0, description="bytes of photos and instructions kept in `folder`/files")
    ] = FILES_BYTES_MAX
    threads: Annotated[int, Field(ge=8, le=1_024)] = 256
    trusted_proxy: Annotated[
        str, Field(description="address of a proxy whose X-Forwarded-For and -Proto are believed; empty: nobody's")
    ] = ""
    gateway_certificates: Annotated[
        Literal["offered", "required"],
        Field(description="required: a gateway's token alone opens nothing; its client certificate does"),
    ] = "offered"
    server_pins: Annotated[
        tuple[Annotated[str, Field(pattern=PIN_PATTERN)], ...],
        Field(max_length=PINS_MAX, description="keys of the proxy's certificates, told where codes are shown"),
    ] = ()
    log: Annotated[
        Literal["text", "json"], Field(description="json: one object a line, for a program that reads logs")
    ] = "text"
    retention: RetentionConfig = RetentionConfig()
    terminals: Annotated[
        tuple[IPvAnyNetwork, ...],
        Field(description="addresses or networks of shared terminals, where a badge and a PIN sign in"),
    ] = ()
    public_url: Annotated[
        str,
        Field(
            pattern=r"^(https?://[A-Za-z0-9.\-\[\]:]+(/[A-Za-z0-9._~/-]*)?)?$",
            max_length=200,
            description="how phones reach the pages, for the links in messages; empty: messages have none",
        ),
    ] = ""
    kit_check: Annotated[
        Literal["off", "warn", "refuse"], Field(description="orders that lack material at their release")
    ] = "warn"
    backup: BackupConfig = BackupConfig()
    broker: BrokerConfig = BrokerConfig()
    oidc: OidcSettings | None = None
    channels: dict[ChannelName, ChannelSettings] = Field(default_factory=dict, max_length=CHANNELS_MAX)

    @field_validator("trusted_proxy")
    @classmethod
    def _one_address(cls, told: str) -> str:
        if told:
            ipaddress.ip_address(told)
        return told

    @model_validator(mode="after")
    def _provider_can_be_used(self) -> Self:
        if self.oidc is not None:
            if not self.public_url:
                raise ValueError("[oidc] needs `public_url`: the provider sends people back to it")
            read_secret(self.oidc.client_secret_file)
        return self

    @property
    def database_url(self) -> str:
        """The SQLAlchemy URL. Holds a password: never log it."""
        given = self.database.get_secret_value()
        if given.startswith("postgresql://"):
            return "postgresql+psycopg://" + given.removeprefix("postgresql://")
        return given or f"sqlite:///{self.folder / 'central.sqlite3'}"

    @property
    def backup_folder(self) -> Path:
        """Where copies and manifests lie."""
        return self.backup.folder or self.folder / "backups"


def inherited_environment() -> dict[str, str]:
    """What programs that this process starts inherit."""
    return dict(os.environ)


def read_config(path: Path | None, overrides: dict[str, Any] | None = None) -> CentralConfig:
    """The configuration in a file, with options over it. Raises ConfigRefused with every fault."""
    values: dict[str, Any] = {}
    if path is not None:
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
            raise ConfigRefused(f"{path}: {fault}") from fault
    values |= {key: value for key, value in (overrides or {}).items() if value is not None}
    try:
        return CentralConfig.model_validate(values)
    except ValidationError as fault:
        lines = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in fault.errors(include_input=False)]
        raise ConfigRefused("\n".join(lines)) from None
