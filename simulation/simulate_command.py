"""`lineside simulate`: plant-days from seeds, and what they found."""

import logging
import os
import sys
from pathlib import Path

import click

from simulation.campaign import Result, resumed, run_campaign
from simulation.days import Day
from simulation.planted import BUGS


@click.command()
@click.option("--seed", type=int, default=None, help="Live this one day, and tell its story.")
@click.option("--seeds", default=100, show_default=True, help="How many days.")
@click.option("--from", "first", default=1, type=click.IntRange(min=1), show_default=True, help="The first day's seed.")
@click.option("--hours", default=24.0, show_default=True, help="Begin no day after so long.")
@click.option("--jobs", default=0, help="Processes; 0: one for each core.")
@click.option(
    "--result", type=click.Path(path_type=Path), help="A file that the next call on this commit goes on from."
)
@click.option("--planted", type=click.Choice(sorted(BUGS)), help="With a planted bug, which must be found.")
@click.option("--story", is_flag=True, help="Tell what happened also of a day without a violation.")
def simulate(
    seed: int | None,
    seeds: int,
    first: int,
    hours: float,
    jobs: int,
    result: Path | None,
    planted: str | None,
    story: bool,
) -> None:
    """Whole plant-days in virtual time: gateways, office, broker and people under faults, each day from its seed.

    Exit code 0 when every promise held, 1 otherwise. A day that fails tells its story and how to live it again.
    """
    logging.disable(logging.CRITICAL)
    bug = planted or ""
    if seed is not None:
        first, seeds, jobs, story = seed, 1, 1, True
    found = resumed(None if seed is not None else result, first, bug)
    if found.days:
        click.echo(f"goes on behind seed {found.next_seed - 1}")

    def told(day: Day) -> None:
        if day.violation or story:
            click.echo(story_of(day, bug))
        elif day.seed % 50 == 0:
            click.echo(found.summary())

    run_campaign(found, seeds, hours * 3600, jobs or os.cpu_count() or 1, told, result, stop_at_violation=bool(bug))
    click.echo(found.summary())
    sys.exit(_code(found))


def _code(result: Result) -> int:
    return 1 if result.failed else 0


def story_of(day: Day, planted: str = "") -> str:
    """What happened on a day, for a person."""
    head = (
        f"seed {day.seed}: {day.inputs} inputs, {day.acknowledged} acknowledged, {day.faults} faults, "
        f"{day.boots} boots, {day.records} records"
    )
    if not day.violation:
        return "\n".join([head, *(f"  {line}" for line in day.story), "  every promise held"])
    again = f"lineside simulate --seed {day.seed}" + (f" --planted {planted}" if planted else "")
    return "\n".join([head, *(f"  {line}" for line in day.story), f"  VIOLATION {day.violation}", f"  again: {again}"])
