"""`lineside central ca`, `replace`, `retire`, `import-card`: gateways' credentials and cards, in a shell."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from central.command_line import acting, configured, days_option, reading, tell_code, with_database

if TYPE_CHECKING:
    from central.card_import import Imported
    from central.config import CentralConfig
    from central.database import Database


@click.group("ca")
def ca_group() -> None:
    """The plant's own authority, which gives each gateway its client certificate."""


@ca_group.command("init")
@configured
def ca_init(config: CentralConfig) -> None:
    """Make the authority where there is none, and say where the proxy finds its public part."""
    from central.authority import authority_of, public_path

    found = authority_of(config.folder, config.plant, time.time())
    click.echo(public_path(config.folder))
    click.echo(f"sha256 {found.digest}, until {found.certificate.not_valid_after_utc:%Y-%m-%d}", err=True)
    click.echo("hint: a proxy that runs reads the file at its reload only: systemctl reload nginx", err=True)


@ca_group.command("pin")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def ca_pin(file: Path) -> None:
    """Print the pin of the key in the PEM certificate FILE that the proxy shows: for `server_pins` and for gateways."""
    from central.authority import pin_of
    from central.errors import CentralError

    try:
        click.echo(pin_of(file))
    except CentralError as fault:
        raise click.ClickException(f"{fault}\n{fault.hint}") from fault


@ca_group.command("missing")
@configured
def ca_missing(config: CentralConfig) -> None:
    """List the gateways that have not come with a certificate yet. Exit code 1 while there is one.

    Within a year of its end the authority's end is told as well, so that another one follows in time.
    """
    from central.credentials import without_certificate

    _tell_ending(config)
    with reading(config) as session:
        found = without_certificate(session, config.plant, time.time())
    for name in found:
        click.echo(name)
    if found:
        click.echo('hint: with gateway_certificates = "required" these would not be answered any more.', err=True)
        raise SystemExit(1)


def _tell_ending(config: CentralConfig) -> None:
    from central.authority import AUTHORITY_ENDED, is_ending, standing_authority

    found = standing_authority(config.folder)
    if found is not None and is_ending(found, time.time()):
        until = found.certificate.not_valid_after_utc
        click.echo(f"hint: the authority is good until {until:%Y-%m-%d}. {AUTHORITY_ENDED}", err=True)


@click.command("replace")
@click.argument("name")
@days_option
@configured
def replace(config: CentralConfig, name: str, days: int) -> None:
    """Make a one-time code for another card that takes the place of gateway NAME, whose Pi or card is dead.

    The choice ends with its code: when that runs out, and when `enrol` makes another one or `revoke` voids it.
    """
    from central.audit import SHELL
    from central.enrolment import replace_gateway

    with acting(config) as (session, note):
        code, until = replace_gateway(session, config.plant, name, SHELL, time.time(), days)
        note("gateway.replacement_invited", name)
    tell_code(code, name, until, "; the old card is void as soon as it is used")


@click.command("retire")
@click.argument("name")
@configured
def retire(config: CentralConfig, name: str) -> None:
    """Take gateway NAME out of service for good. Its records stay, its name is closed."""
    from central.audit import SHELL
    from central.enrolment import retire as retire_gateway

    with acting(config) as (session, note):
        retire_gateway(session, config.plant, name, SHELL, time.time())
        note("gateway.retired", name)
    click.echo(f"{name} is retired; its records stay")


@click.command("import-card")
@click.argument("place", type=click.Path(path_type=Path, exists=True))
@click.option("--other-server", is_flag=True, help="Also a card that another server than this one answered last.")
@configured
def import_card(config: CentralConfig, place: Path, other_server: bool) -> None:
    """Bring the records of an old card into the log: PLACE is the gateway's folder on it, or its journal.sqlite.

    The card is only read. What the office has already counts once. A card that another server answered last, and of
    which the office knows no epoch, is refused: it may be another plant's, and records cannot be taken out again. Exit
    code 1 when something of it does not hold.
    """
    from central.audit import SHELL, record_act
    from central.card_import import import_card as take_in
    from central.files import FileStore

    def take(database: Database) -> Imported:
        def ended(done: Imported) -> None:
            told: dict[str, object] = {"records": done.records, "taken": done.taken, "faults": done.faults_count}
            told |= {"broke_off": True} if done.broke_off else {}
            told |= {"server": done.server} if done.server else {}
            with database.write() as session:
                record_act(session, config.plant, SHELL, "gateway.card_imported", done.gateway_name, told, time.time())

        files = FileStore(config.folder, config.files_bytes_max)
        return take_in(database, files, place, config.folder, time.time, other_server=other_server, ended=ended)

    done = with_database(config, take)
    click.echo(
        f"{done.gateway_name}: {done.records} records in {done.epochs} epochs, {done.taken} were new,"
        f" {done.photos} photos were new, {done.faults_count} faults"
    )
    for fault in done.faults:
        click.echo(f"  {fault}")
    if done.faults_count:
        click.echo("hint: keep the card; docs/damaged-journal.md says what may still be read from it.", err=True)
        raise SystemExit(1)
