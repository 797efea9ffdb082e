"""`lineside gateway`: run a gateway, enrol it, check its configuration."""

import sys
from collections.abc import Callable
from pathlib import Path

import click

from gateway.assigned import assigned_faults
from gateway.config import Config, DevicePlace
from gateway.config import read as read_config
from gateway.device_checks import check_device, check_words
from gateway.errors import ConfigRefused, GatewayError
from gateway.journal_commands import Failure

DEFAULT_CONFIG = Path("/etc/lineside/gateway.toml")

config_option = click.option(
    "--config", type=click.Path(path_type=Path), default=DEFAULT_CONFIG, show_default=True, help="The configuration."
)


def checked(path: Path, check: Callable[[DevicePlace], list[str]] = check_device) -> Config:
    """The configuration with its devices checked too. Ends the command with every fault at once."""
    try:
        return read_config(path, check)
    except GatewayError as error:
        raise Failure(error) from error


@click.group("gateway")
def gateway_group() -> None:
    """Run a gateway, enrol it, check its configuration."""


@gateway_group.command()
@config_option
def run(config: Path) -> None:
    """Run the gateway until it is told to stop."""
    from devices.errors import DeviceError
    from gateway.main import Program
    from sync.errors import SyncError

    try:
        code = Program(checked(config, check_words)).run()
    except (DeviceError, SyncError) as error:
        raise click.ClickException(f"{error}\nhint: {error.hint}") from error
    sys.exit(code)


@gateway_group.command("first-boot")
@click.option(
    "--look",
    multiple=True,
    type=click.Path(path_type=Path),
    default=(Path("/boot/firmware/lineside"), Path("/run/lineside-usb/lineside")),
    show_default=True,
    help="A folder that may hold gateway.toml and enrolment.toml: the card's own first, then those of sticks.",
)
@click.option("--folder", type=click.Path(path_type=Path), default=Path("/var/lib/lineside"), show_default=True)
@click.option("--light", type=click.Path(path_type=Path), help="A light of the board, as /sys/class/leds/ACT.")
@click.option("--port", type=click.IntRange(0, 65_535), default=8088, show_default=True, help="Of the page; 0: none.")
def first_boot(look: tuple[Path, ...], folder: Path, light: Path | None, port: int) -> None:
    """Find this device's configuration, check it, and put it into FOLDER; blink what is wrong until it is enrolled."""
    from gateway.first_boot import boot_until_enrolled

    sys.exit(boot_until_enrolled(look, folder, light, port))


@gateway_group.command("check-config")
@config_option
def check_config(config: Path) -> None:
    """Report every fault of the configuration; exit code 1 when there is one."""
    found = checked(config)
    faults = assigned_faults(found, check_device)
    if faults:
        raise Failure(ConfigRefused("\n".join(faults)))
    click.echo(f"{config}: {len(found.station)} stations, gateway {found.gateway.name!r}, no fault")


@gateway_group.command()
@click.option("--url", required=True, help="The server's address.")
@click.option("--name", required=True, help="This gateway's name, as the office entered it.")
@click.option("--code", required=True, help="The one-time code; `-` reads it from standard input.")
@click.option("--folder", type=click.Path(path_type=Path), default=Path("/var/lib/lineside"), show_default=True)
@click.option("--token-file", type=click.Path(path_type=Path), help="As central.token_file; default: FOLDER/token.")
@click.option("--ca-file", type=click.Path(path_type=Path), help="Certificate authority of the server.")
@click.option("--pin", multiple=True, help="Pin of the server's key, sha256//...; the next key may be given, too.")
def enrol(
    url: str, name: str, code: str, folder: Path, token_file: Path | None, ca_file: Path | None, pin: tuple[str, ...]
) -> None:
    """Exchange a one-time code against this gateway's own credentials, kept in FOLDER with mode 0600."""
    from gateway.enrolment import enrol_here
    from sync.errors import SyncError

    if code == "-":
        code = sys.stdin.readline().strip()
    try:
        path = enrol_here(url, name, code, folder, ca_file, pin, token_file)
    except SyncError as error:
        raise click.ClickException(f"{error}\nhint: {error.hint}") from error
    except OSError as error:
        hint = "The maintainer looks at the room and the owner of the folder; the code is as good as it was."
        raise click.ClickException(f"{error}\nhint: {hint}") from error
    click.echo(f"{name} is enrolled; its credential is in {path}. Restart the gateway.")
