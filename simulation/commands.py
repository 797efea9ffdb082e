"""`lineside plant` and `lineside demo`: a plant on one machine."""

import sys
import tempfile
from datetime import date
from pathlib import Path

import click

from central.ending import Ending
from floor.sample import sample_plant
from simulation.plant import Plant
from simulation.processes import ProcessDied

LOOK_SECONDS = 0.5
FOLDER = Path("var/plant")


@click.group()
def plant() -> None:
    """A plant on one machine: broker, server and a gateway, with embedded defaults."""


@plant.command("run")
@click.option("--folder", type=click.Path(path_type=Path), default=FOLDER, show_default=True, help="Its data.")
@click.option("--free-ports", is_flag=True, help="Take any free ports instead of the usual ones.")
def run_plant(folder: Path, free_ports: bool) -> None:
    """Run it until Ctrl-C."""
    _keep_up(Plant(folder.resolve(), usual_ports=not free_ports, master=sample_plant(date.today())))


@plant.command("check")
def check_plant() -> None:
    """Start everything on free ports in an empty folder, scan, find the report on the board and on MQTT, stop."""
    from simulation.check import check

    with tempfile.TemporaryDirectory(prefix="lineside-check-") as folder:
        try:
            for line in check(Path(folder)):
                click.echo(line)
        except ProcessDied as error:
            raise click.ClickException(str(error)) from error


@click.command()
@click.option("--folder", type=click.Path(path_type=Path), default=Path("var/demo"), show_default=True)
@click.option("--seed", default=1, show_default=True, help="What the simulated workers do.")
@click.option("--pace", default=1.0, show_default=True, help="How fast they work; 2 is twice as fast.")
def demo(folder: Path, seed: int, pace: float) -> None:
    """The plant with simulated workers, calls and an outage that Enter toggles."""
    from simulation.outage import Outage
    from simulation.workers import Workers

    found = Plant(folder.resolve(), proxied=True, master=sample_plant(date.today()))
    workers = Workers(found, seed, pace)
    outage = Outage(found)
    _keep_up(found, [workers, outage])


def _keep_up(found: Plant, extras: "list[object] | None" = None) -> None:
    ending = Ending()
    try:
        click.echo("starting broker, server and gateway …")
        found.start()
        _introduce(found)
        for extra in extras or []:
            extra.start()  # type: ignore[attr-defined]
        while not ending.wait(LOOK_SECONDS):
            if dead := found.dead():
                names = ", ".join(dead)
                raise ProcessDied(f"{names} ended by itself:\n{found.processes[dead[0]].tail()}")
    except ProcessDied as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(1)
    finally:
        for extra in extras or []:
            extra.stop()  # type: ignore[attr-defined]
        click.echo("stopping …")
        found.stop()


def _introduce(found: Plant) -> None:
    account, secret = found.broker_account[0], found.broker_secret
    click.echo(f"""
  station pages   {found.screen_url}
  office board    {found.board_url}
  scanner         printf 'B-P02\\r' > {found.scanner_link}
                  or TCP 127.0.0.1:{found.ports.scanner}, or type on the station page
  badges          B-P01 (王建国, leader)  B-P02 李秀英  B-P03 张伟  …
  tickets         T-WO-1001-10  T-WO-1001-20  …   (scan once to start, again to finish)
  broker          mqtt://127.0.0.1:{found.ports.broker}   (account `{account}`, password in {secret})
  data and logs   {found.folder}
  sign-in code    {found.admin_code}

  Ctrl-C ends everything.
""")
