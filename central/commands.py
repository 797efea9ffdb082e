"""`lineside central ...`: the server's processes and what its maintainer does in a shell.

What a command needs is imported when it runs: the other commands of `lineside` load this module too.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from central.command_line import acting, configured, days_option, tell_code, with_database
from central.credential_commands import ca_group, import_card, replace, retire

if TYPE_CHECKING:
    from central.config import CentralConfig
    from central.database import Database


@click.group("central")
def central_group() -> None:
    """The plant's server."""


@central_group.command("serve")
@configured
def serve(config: CentralConfig) -> None:
    """Answer gateways and pages."""
    from central.serving import serve_until_signal

    serve_until_signal(config)


@central_group.command("work")
@configured
def work(config: CentralConfig) -> None:
    """Fold the log, make backups, look after what takes time. One at a time does it; others wait."""
    from central.work import work_until_signal

    work_until_signal(config)


@central_group.command("broker")
@configured
def broker(config: CentralConfig) -> None:
    """Run the MQTT broker with the plant's accounts."""
    from central.broker import broker_until_signal

    broker_until_signal(config)


@central_group.command("enrol")
@click.argument("name")
@days_option
@configured
def enrol(config: CentralConfig, name: str, days: int) -> None:
    """Make a one-time code for a gateway of this NAME.

    For another card in the place of a dead one use `replace`: a code made here takes such a choice back.
    """
    from central.audit import SHELL
    from central.enrolment import invite_gateway

    with acting(config) as (session, note):
        code, until = invite_gateway(session, config.plant, name, SHELL, time.time(), days)
        note("gateway.invited", name)
    tell_code(code, name, until)


@central_group.command("revoke")
@click.argument("name")
@configured
def revoke(config: CentralConfig, name: str) -> None:
    """Make the credential of a gateway void, and take back a replacement that was chosen for it."""
    from central.enrolment import revoke as revoke_gateway

    with acting(config) as (session, note):
        revoke_gateway(session, config.plant, name, time.time())
        note("gateway.revoked", name)
    click.echo(f"{name} is revoked; what it keeps stays on its card")


@central_group.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True))
@click.option("--yes", is_flag=True, help="Publish without a question.")
@click.option("--dry-run", is_flag=True, help="Only print what would change.")
@configured
def import_file(config: CentralConfig, file: Path, yes: bool, dry_run: bool) -> None:
    """Publish the master data in FILE: TOML, a spreadsheet, or a folder of CSV files.

    Prints what changes at which station, and asks before it is published over a version in force.
    """
    from central import imports

    master = imports.read_master(file)

    def run(database: Database) -> str:
        with database.read() as session:
            before, _, found = imports.compared(session, config.plant, master, time.time())
        for line in imports.told(before, found) if found.any else ("nothing changes",):
            click.echo(line)
        if dry_run:
            return "nothing was published"
        if found.any and before.version and not yes:
            click.confirm("publish this?", abort=True)
        with database.write() as session:
            version = imports.store(session, config.plant, master, before.version, config.kit_check, time.time())
        return f"version {version} is in force"

    click.echo(with_database(config, run))


@central_group.command("sample")
@configured
def sample(config: CentralConfig) -> None:
    """Publish the sample plant: 8 stations, 40 people, 60 orders. Only where nothing was published yet."""
    from datetime import date

    from central.change import note_change
    from central.errors import MasterDataRefused
    from central.snapshots import current_head, publish
    from floor.sample import sample_plant

    def store(database: Database) -> int:
        with database.write() as session:
            note_change(session, config.plant)
            if current_head(session, config.plant)[0]:
                raise MasterDataRefused("there is master data already", "Use a folder or a plant of its own to try.")
            return publish(session, sample_plant(date.today()), "sample", time.time(), config.plant, 0, "sample plant")

    click.echo(f"version {with_database(config, store)} is in force: sign in with the code of `admin-code`")


@central_group.command("admin-code")
@click.option("--name", default="admin", help="The administrator's name.")
@configured
def admin_code(config: CentralConfig, name: str) -> None:
    """Make a one-time code with which NAME becomes administrator or gets a new password."""
    from central.accounts import administrator_code

    with acting(config) as (session, note):
        code, until = administrator_code(session, config.plant, time.time(), name)
        note("user.administrator_invited", name)
    tell_code(code, name, until)


@central_group.group("audit")
def audit_group() -> None:
    """The audit log: who did what."""


@audit_group.command("verify")
@click.option("--holds", help="POSITION/DIGEST of an act that was kept elsewhere, which the log must still hold.")
@configured
def verify_audit(config: CentralConfig, holds: str | None) -> None:
    """Read the whole audit log and find a row that was changed or removed; prints where it ends."""
    from central.audit import digest_at, verify_acts
    from central.errors import AuditCorrupt

    def verify(database: Database) -> str:
        position, _, digest = (holds or "").partition("/")
        with database.read() as session:
            found = verify_acts(session, config.plant)
            is_held = not holds or (position.isdecimal() and digest_at(session, config.plant, int(position)) == digest)
        if found.fault:
            raise AuditCorrupt(found.fault)
        if not is_held:
            raise AuditCorrupt(f"the log does not hold act {holds}")
        return f"{found.acts} acts, none changed or removed; newest: {found.position}/{found.digest}"

    click.echo(with_database(config, verify))


@central_group.command("backup")
@configured
def backup(config: CentralConfig) -> None:
    """Make a backup now, verify it, and tell gateways what is safe."""
    from central.backup import make_backup

    made = with_database(config, lambda database: make_backup(database, config, time.time()))
    click.echo(f"{made.file} holds {made.position} records")


@central_group.command("restore")
@click.argument("file", type=click.Path(path_type=Path, exists=True))
@configured
def restore(config: CentralConfig, file: Path) -> None:
    """Put a backup in the place of the database. Stop every process of the server first."""
    from central.restore import restore_backup

    click.echo(restore_backup(config, file, time.time()))


@central_group.command("prove")
@click.argument("gateway_name", metavar="[GATEWAY]", default="")
@configured
def prove(config: CentralConfig, gateway_name: str) -> None:
    """Work out every record's digest and link again, for GATEWAY or for all. Exit code 1 when one does not hold."""
    from central.completeness import prove as proofs

    def read(database: Database) -> int:
        faults = 0
        with database.read() as session:
            for each in proofs(session, config.plant, gateway_name):
                newest = f"{each.epoch}/{each.last} {each.digest}"
                click.echo(f"{each.gateway}: {each.records} records, {len(each.faults)} faults, newest {newest}")
                for fault in each.faults:
                    click.echo(f"  {fault}")
                faults += len(each.faults)
        return faults

    if with_database(config, read):
        click.echo("hint: restore the newest backup that holds; gateways send again what came after it.", err=True)
        raise SystemExit(1)


@central_group.group("channel")
def channel_group() -> None:
    """The ways by which notifications leave the plant."""


@channel_group.command("test")
@click.argument("name")
@click.option("--to", default="", help="A mail address, a topic, the JSON of a push subscription; none for a robot.")
@click.option("--mention", default="", help="Whom a robot names in its group: a phone number or a user id.")
@configured
def channel_test(config: CentralConfig, name: str, to: str, mention: str) -> None:
    """Send a test message through the channel NAME of the configuration, and print what became of it."""
    from central.channels.trial import try_channel

    outcome = try_channel(config, name, to, mention)
    click.echo(" ".join(part for part in (outcome.state, outcome.code, outcome.told) if part))
    if outcome.provider_id:
        click.echo(f"the provider calls it {outcome.provider_id}")
    if outcome.retry_after_seconds:
        click.echo(f"again in {outcome.retry_after_seconds:.0f} s")
    if outcome.state not in ("accepted", "handed_over"):
        raise SystemExit(1)


@central_group.command("check-config")
@configured
def check_config(config: CentralConfig) -> None:
    """Say whether the configuration can be used, and open the database."""
    with_database(config, lambda database: None)
    click.echo(f"good: folder {config.folder}, port {config.port}")


central_group.add_command(ca_group)
for each in (replace, retire, import_card):
    central_group.add_command(each)
