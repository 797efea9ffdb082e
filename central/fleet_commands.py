"""`lineside fleet`: the fleet in the maintainer's shell at the server."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from central.command_line import acting, clock, configured, reading

if TYPE_CHECKING:
    from central.config import CentralConfig


@click.group("fleet")
def fleet_group() -> None:
    """Gateways, releases, roll-outs, settings, diagnosis."""


@fleet_group.command("list")
@click.option("--json", "as_json", is_flag=True, help="A list of objects.")
@configured
def list_fleet(config: CentralConfig, as_json: bool) -> None:
    """Print every gateway: health, release, slot, update, unsent records, last seen."""
    from dataclasses import asdict

    from central.fleet_lines import fleet

    with reading(config) as session:
        found = fleet(session, config.plant, time.time())
    if as_json:
        click.echo(json.dumps([asdict(each) for each in found], ensure_ascii=False, indent=1))
        return
    now = time.time()
    for each in found:
        seen = "never" if each.last_seen is None else f"{now - each.last_seen:.0f} s ago"
        told = " ".join((each.health.level, *each.health.faults))
        update = f"{each.update_state} {each.update_version}".strip() or "-"
        click.echo(
            f"{each.name:20} {each.release or '-':12} {each.slot or '-':4} {told:24} "
            f"{update:24} {each.waiting} unsent, seen {seen}"
        )


@fleet_group.command("releases")
@configured
def list_releases(config: CentralConfig) -> None:
    """Print the releases that can be rolled out."""
    from central.fleet import releases

    with reading(config) as session:
        for each in releases(session, config.plant):
            click.echo(f"{each.version:12} {each.size:12} {each.sha256}")


@fleet_group.command("add")
@click.argument("bundle", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--version", required=True, help="The release's version, as its signed part says.")
@configured
def add(config: CentralConfig, bundle: Path, version: str) -> None:
    """List the release in BUNDLE, so that it can be rolled out. Its signature is judged by the gateways."""
    from central.audit import SHELL
    from central.fleet import add_release

    with acting(config) as (session, note):
        sha256 = add_release(session, config.plant, config.folder, bundle, version, SHELL, time.time()).sha256
        note("release.added", version, sha256=sha256)
    click.echo(f"release {version} is listed: {sha256}")


@fleet_group.command("remove")
@click.argument("version")
@configured
def remove(config: CentralConfig, version: str) -> None:
    """List release VERSION no more, and delete its bundle. Gateways that run it keep it."""
    from central.fleet import drop_bundle, remove_release

    with acting(config) as (session, note):
        unused = remove_release(session, config.plant, version)
        note("release.removed", version, sha256=unused)
    drop_bundle(config.folder, unused)
    click.echo(f"release {version} is listed no more")


@fleet_group.group("rollout")
def rollout_group() -> None:
    """Roll a release out over the fleet, in stages."""


@rollout_group.command("start")
@click.argument("version")
@click.option("--canary", multiple=True, help="A canary by name; several are allowed.")
@click.option("--canaries", type=click.IntRange(1), default=1, show_default=True, help="How many, if none is named.")
@click.option("--percent", type=click.IntRange(0, 100), default=20, show_default=True, help="Of the others: stage two.")
@click.option("--failures", type=click.IntRange(0), default=0, show_default=True, help="With one more it stops.")
@click.option("--soak-seconds", type=click.FloatRange(0), default=3600.0, show_default=True, help="Watched per stage.")
@click.option("--line", default="", help="Only this line: site/area/line.")
@click.option("--window", default="", help="Only at this time of the plant's day: HH:MM-HH:MM.")
@configured
def start(
    config: CentralConfig,
    version: str,
    canary: Sequence[str],
    canaries: int,
    percent: int,
    failures: int,
    soak_seconds: float,
    line: str,
    window: str,
) -> None:
    """Start to roll release VERSION out: canaries, then a share, then all."""
    from central.audit import SHELL
    from central.fleet import takers_at
    from central.rollouts import Plan, start_rollout

    times = _window(window)
    with acting(config) as (session, note):
        names = takers_at(session, config.plant, line, time.time())
        plan = Plan(version, names, canary, canaries, percent, failures, soak_seconds, times, line)
        number = start_rollout(session, config.plant, plan, SHELL, time.time())
        note("rollout.started", str(number), version=version)
    click.echo(f"roll-out {number} of {version} has begun: {len(names)} gateways take part")


def _window(text: str) -> tuple[int, int] | None:
    if not text:
        return None
    try:
        times = [time.strptime(each.strip(), "%H:%M") for each in text.split("-")]
        begins, ends = (each.tm_hour * 60 + each.tm_min for each in times)
    except ValueError as fault:
        raise click.BadParameter("a window is HH:MM-HH:MM") from fault
    return begins, ends


def _act(config: CentralConfig, number: int, act: str) -> None:
    from central.audit import SHELL
    from central.rollouts import act_on

    with acting(config) as (session, note):
        act_on(session, config.plant, number, act, SHELL, time.time())
        note(f"rollout.{act}", str(number))
    click.echo(f"roll-out {number}: {act}")


@rollout_group.command("pause")
@click.argument("number", type=int)
@configured
def pause(config: CentralConfig, number: int) -> None:
    """Offer the release to nobody for now; a trial that has begun is judged all the same."""
    _act(config, number, "pause")


@rollout_group.command("resume")
@click.argument("number", type=int)
@configured
def resume(config: CentralConfig, number: int) -> None:
    """Go on with a paused roll-out."""
    _act(config, number, "resume")


@rollout_group.command("stop")
@click.argument("number", type=int)
@configured
def stop(config: CentralConfig, number: int) -> None:
    """End a roll-out. What runs the release already keeps it."""
    _act(config, number, "stop")


@rollout_group.command("show")
@configured
def show(config: CentralConfig) -> None:
    """Print the newest roll-out and what each gateway makes of it."""
    from central.rollouts import members, rollouts

    with reading(config) as session:
        for each in rollouts(session, config.plant)[:1]:
            click.echo(f"roll-out {each.number} of {each.version}: {each.state}, stage {each.stage} {each.reason}")
            for one in members(session, config.plant, each.number):
                click.echo(f"  {one.gateway:20} {one.stage:8} {one.state:12} {one.reason}")


@fleet_group.group("config")
def config_group() -> None:
    """Settings that go over gateways' own files."""


_FILE = click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
_GATEWAYS = click.option("--gateway", "names", multiple=True, required=True, help="A gateway; several are allowed.")


@config_group.command("preview")
@_FILE
@_GATEWAYS
@configured
def preview_settings(config: CentralConfig, file: Path, names: Sequence[str]) -> None:
    """Print what the settings in FILE (TOML) would change at each gateway. Exit code 1 when one cannot take them."""
    from central.wished_settings import preview, read_settings

    settings = _settings(file, read_settings)

    with reading(config) as session:
        found = preview(session, config.plant, names, settings)
    for each in found:
        for path, before, after in each.differences:
            click.echo(f"{each.gateway}: {path}: {before or 'nothing'} -> {after or 'nothing'}")
        for fault in each.faults:
            click.echo(f"{each.gateway}: cannot take it: {fault}")
    if any(each.faults for each in found):
        raise SystemExit(1)


def _settings(file: Path, read: Any) -> str:
    from central.errors import CentralError

    try:
        told: str = read(file.read_text("utf-8"))
    except (CentralError, UnicodeDecodeError) as fault:
        raise click.ClickException(str(fault)) from fault
    return told


@config_group.command("apply")
@_FILE
@_GATEWAYS
@click.option("--note", default="", help="Why, for who reads it later.")
@configured
def apply_settings(config: CentralConfig, file: Path, names: Sequence[str], note: str) -> None:
    """Publish the settings in FILE for gateways, once each one's own schema takes them."""
    from central.audit import SHELL
    from central.wished_settings import publish_settings, read_settings

    settings = _settings(file, read_settings)
    with acting(config) as (session, note_act):
        number = publish_settings(session, config.plant, names, settings, SHELL, time.time(), note)
        note_act("settings.published", str(number), gateways=list(names), settings=settings)
    click.echo(f"settings {number} are published for {', '.join(names)}")


@config_group.command("rollback")
@click.argument("number", type=int)
@configured
def roll_settings_back(config: CentralConfig, number: int) -> None:
    """Publish again what was wished before the settings NUMBER."""
    from central.audit import SHELL
    from central.wished_settings import roll_back

    with acting(config) as (session, note):
        made = roll_back(session, config.plant, number, SHELL, time.time())
        note("settings.rolled_back", str(number), published=made)
    click.echo(f"published: settings {', '.join(map(str, made))}")


@fleet_group.command("logs")
@click.argument("name")
@click.option("--out", type=click.Path(path_type=Path), help="Copy the newest bundle to this file.")
@configured
def logs(config: CentralConfig, name: str, out: Path | None) -> None:
    """Ask gateway NAME for a diagnosis bundle; with --out, copy the newest one that has come."""
    import shutil

    from central.audit import SHELL
    from central.diagnosis import ask_diagnosis, diagnosis_path, kept

    with acting(config) as (session, note):
        if out is not None:
            number = (kept(config.folder, name) or [0])[0]
            shutil.copyfile(diagnosis_path(config.folder, name, number), out)
            note("diagnosis.fetched", name, number=number)
            told = f"is in {out}"
        else:
            number = ask_diagnosis(session, config.plant, name, SHELL, time.time())
            note("diagnosis.asked", name, number=number)
            told = "is asked for; it comes when the gateway asks next"
    click.echo(f"bundle {number} of {name} {told}")


@fleet_group.command("seals")
@click.argument("name")
@configured
def seals(config: CentralConfig, name: str) -> None:
    """List the keys for `journalctl --verify --verify-key=KEY` over the log of gateway NAME, the oldest first."""
    from central.log_seals import log_seals

    with acting(config) as (session, note):
        found = log_seals(session, config.plant, name)
        note("log_seals.read", name, count=len(found))
    if not found:
        raise click.ClickException(f"{name} has told no key: its image seals no log, or it was never at the office")
    for told_at, key in found:
        click.echo(f"{clock(told_at)} {key}")
