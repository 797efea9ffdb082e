"""`lineside update`: the update agent, its slots, and the making of bundles."""

from __future__ import annotations

import json
from pathlib import Path

import click

from gateway.commands import checked, config_option
from gateway.errors import GatewayError
from gateway.journal_commands import Failure

BUSY = 3
"""How `lineside update interrupt` ends while nobody must be interrupted; lineside-settle asks again then."""


@click.group("update")
def update_group() -> None:
    """Bring releases, settings and diagnosis to this gateway; make bundles."""


@update_group.command("run")
@config_option
def run(config: Path) -> None:
    """Run the update agent until it is told to stop."""
    from gateway.updates.process import run as run_agent
    from sync.errors import SyncError

    try:
        run_agent(checked(config), config)
    except GatewayError as error:
        raise Failure(error) from error
    except SyncError as error:
        raise click.ClickException(f"{error}\nhint: {error.hint}") from error


@update_group.command("status")
@config_option
def status(config: Path) -> None:
    """Print what runs and what the agent is at, as JSON."""
    from dataclasses import asdict

    from gateway.durable import read_json
    from gateway.updates.process import slots_of

    found = checked(config)
    try:
        running = asdict(slots_of(found).state())
    except GatewayError as error:
        raise Failure(error) from error
    folder = found.gateway.folder
    told = {
        "slot": running,
        "update": read_json(folder / "update/state.json"),
        "settings": read_json(folder / "settings.json"),
    }
    click.echo(json.dumps(told, ensure_ascii=False, indent=1))


@update_group.command("interrupt")
@config_option
def interrupt(config: Path) -> None:
    """End the gateway in order before a boot. Ends with 3 and says why while somebody is in the midst of something."""
    from gateway.local_socket import ask
    from gateway.updates.health import health_of, may_interrupt
    from gateway.updates.process import interrupt as interrupt_gateway

    place = checked(config)
    found = health_of(ask(place.gateway.folder, "status"))
    if found is None:
        return
    if busy := may_interrupt(found, place.update.quiet_seconds) or interrupt_gateway(place.gateway.folder):
        click.echo(busy, err=True)
        click.get_current_context().exit(BUSY)


@update_group.command("boot")
@click.option("--slots", type=click.Path(path_type=Path), required=True, help="Folder of directory slots.")
def boot(slots: Path) -> None:
    """Choose the slot of directory slots that starts now, as firmware does; prints its folder."""
    try:
        from gateway.updates.directory_slots import boot as boot_slot

        click.echo(boot_slot(slots))
    except GatewayError as error:
        raise Failure(error) from error


@update_group.command("first")
@click.argument("bundle", type=click.Path(path_type=Path, exists=True))
@click.option("--slots", type=click.Path(path_type=Path), required=True, help="Folder of directory slots.")
@click.option("--keys", type=click.Path(path_type=Path), required=True, help="Public keys that may sign.")
def first(bundle: Path, slots: Path, keys: Path) -> None:
    """Lay the first release into new directory slots."""
    try:
        from gateway.updates.directory_slots import first_release

        first_release(slots, bundle, keys)
    except GatewayError as error:
        raise Failure(error) from error
    click.echo(f"{slots / 'a'} holds the release of {bundle.name}")


@update_group.command("keys")
@click.argument("private", type=click.Path(path_type=Path))
@click.argument("public", type=click.Path(path_type=Path))
def keys(private: Path, public: Path) -> None:
    """Make a pair of keys: PRIVATE stays with who builds releases, PUBLIC goes into each gateway's folder of keys."""
    try:
        from gateway.updates.bundles import make_keys

        make_keys(private, public)
    except GatewayError as error:
        raise Failure(error) from error
    except FileExistsError as error:
        raise click.ClickException(f"{private} is there already, and is not written over") from error
    click.echo(f"sign with {private}; gateways get {public}")


@update_group.command("bundle")
@click.argument("tree", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--key", type=click.Path(path_type=Path, exists=True), required=True, help="The private key.")
@click.option("--version", required=True, help="The release's version.")
@click.option("--compatible", default="lineside", show_default=True, help="The kind of gateway it is for.")
def bundle(tree: Path, out: Path, key: Path, version: str, compatible: str) -> None:
    """Pack the folder TREE into the signed bundle OUT, for directory slots. The same tree gives the same bundle."""
    from floor.versions import version_key
    from gateway.journal_versions import ADDITIVE, MIGRATIONS

    if version_key(version) is None:
        raise click.ClickException(f"{version!r} is no version: numbers with dots, such as 0.3.1 or 0.4.0rc1")
    try:
        from gateway.updates.bundles import build_bundle

        made = build_bundle(tree, out, version, compatible, key, MIGRATIONS, ADDITIVE)
    except GatewayError as error:
        raise Failure(error) from error
    except (OSError, ValueError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{out}: release {made.version} for {made.compatible}, {out.stat().st_size} bytes")
