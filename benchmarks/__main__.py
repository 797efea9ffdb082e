"""`python -m benchmarks [NAME ...] [--json] [--quick]`: measure, print, exit 1 where a target does not hold."""

import importlib
import sys
from dataclasses import dataclass
from pathlib import Path

import click

from benchmarks.figures import Figure, as_json, as_table
from benchmarks.readings import NoRealDisk, place
from benchmarks.scales import FULL, QUICK, Scale

LOADED_PAGES = ("board", "calls", "flow", "orders", "order", "tasks", "trace")


def loaded(prefix: str) -> tuple[str, ...]:
    """The figures of the office under the load of a plant."""
    pages = [f"{page}_p95" for page in LOADED_PAGES]
    parts = [f"{name}_{each}" for name in ("load", "burst") for each in (*pages, "accepted")]
    return tuple(prefix + each for each in (*parts, "drain_away", "lag", "held_once"))


@dataclass(frozen=True, slots=True)
class Measurement:
    """Figures that one run gives. `module` has `measure`, or what `function` says: (scale, folder) -> figures."""

    group: str
    module: str
    figures: tuple[str, ...]
    function: str = "measure"


MEASUREMENTS = (
    Measurement("append", "appends", ("append_single", "append_waiting")),
    Measurement("scan", "scans", ("scan_signal_p50", "scan_signal_p99")),
    Measurement("photo", "photos", ("scan_photo_p50", "scan_photo_p99")),
    Measurement("cpu", "costs", ("scan_cpu",), "measure_fast"),
    Measurement("cpu", "costs", ("scan_cpu_shop",), "measure_shop"),
    Measurement("idle", "idling", ("memory_ratio", "memory", "idle_cpu")),
    Measurement("drain", "drains", ("mqtt_drain",), "measure_mqtt"),
    Measurement("drain", "drains", ("central_drain",), "measure_central"),
    Measurement("draining", "draining", ("append_draining",)),
    Measurement("start", "starts", ("start_ratio", "start_beside_peer")),
    Measurement("month", "month", ("append_month", "record_bytes")),
    Measurement("ingest", "ingests", ("ingest_sqlite",), "measure_sqlite"),
    Measurement("ingest", "ingests", ("ingest_postgres",), "measure_postgres"),
    Measurement("pages", "office_pages", ("page_flow", "page_orders", "page_order", "page_trace", "page_board")),
    Measurement("plant_load", "plant_load", loaded("plant_"), "measure_sqlite"),
    Measurement("plant_load_postgres", "plant_load", loaded("plant_postgres_"), "measure_postgres"),
    Measurement("screen", "screens", ("screen_paint", "screen_update")),
)


def chosen(names: tuple[str, ...]) -> list[Measurement]:
    """The measurements that these names ask for; all for none. Raises click.UsageError for an unknown name."""
    known = {name for each in MEASUREMENTS for name in (each.group, *each.figures)}
    unknown = [name for name in names if name not in known]
    if unknown:
        lines = [f"  {each.group}: {', '.join(each.figures)}" for each in MEASUREMENTS]
        raise click.UsageError(f"no figure is named {', '.join(unknown)}; groups and figures are\n" + "\n".join(lines))
    return [each for each in MEASUREMENTS if not names or {each.group, *each.figures} & set(names)]


def run(measurement: Measurement, scale: Scale, folder: Path) -> list[Figure]:
    """Measure one group in a folder of its own."""
    module = importlib.import_module(f"benchmarks.{measurement.module}")
    figures: list[Figure] = getattr(module, measurement.function)(scale, folder)
    return figures


def measured(names: tuple[str, ...], scale: Scale, parent: Path | None = None) -> list[Figure]:
    """The figures asked for; a figure's name brings that figure alone, a group's name all of the group."""
    figures: list[Figure] = []
    for each in chosen(names):
        click.echo(f"measuring {', '.join(each.figures)} ...", err=True)
        with place(parent) as folder:
            found = run(each, scale, folder)
        if names and each.group not in names:
            found = [figure for figure in found if figure.name in names]
        figures += found
    return figures


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--json", "as_machine", is_flag=True, help="Print the list as JSON.")
@click.option("--quick", is_flag=True, help="Small counts: two minutes, to see that it works; the full run judges.")
@click.option("--list", "listing", is_flag=True, help="Print the names.")
@click.option("--folder", type=click.Path(path_type=Path, file_okay=False, exists=True), help="On the disk to measure.")
def main(names: tuple[str, ...], as_machine: bool, quick: bool, listing: bool, folder: Path | None) -> None:
    """Measure what the promises cost, beside bare baselines in the same run. Exit code 1: a target does not hold."""
    if listing:
        for each in chosen(names):
            click.echo(f"{each.group}: {', '.join(each.figures)}")
        return
    try:
        figures = measured(names, QUICK if quick else FULL, folder)
    except NoRealDisk as fault:
        raise click.ClickException(str(fault)) from fault
    click.echo(as_json(figures) if as_machine else as_table(figures))
    sys.exit(0 if all(each.holds for each in figures) else 1)


if __name__ == "__main__":
    main()
