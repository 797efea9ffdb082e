"""Master data from files for the shell: read, told what it changes at which station, and published."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from sqlalchemy.orm import Session

from central.audit import SHELL
from central.change import note_change
from central.errors import KitShort, MasterDataRefused
from central.release import Effects, effects
from central.snapshots import current_master, publish
from floor.errors import MasterFileRefused, SheetExtraMissing
from floor.instructions import carried_over
from floor.label_texts import shown
from floor.limits import MASTER_FILE_BYTES_MAX
from floor.master import MasterData
from floor.master_changes import RowChange, table_changes
from floor.master_files import read_path_texts

FILES_MAX = 100
"""Files looked at in a folder."""

KEYS_SHOWN_MAX = 8
"""Rows named of one kind of change; the others are counted."""

LINES_SHOWN_MAX = 40
"""Shortages and orders to be confirmed that are printed; the others are counted."""


def read_master(path: Path) -> MasterData:
    """The master data in a TOML file, a workbook or a folder of CSV files. Raises MasterDataRefused."""
    files = sorted(path.glob("*.csv"))[:FILES_MAX] if path.is_dir() else [path]
    try:
        # One byte more than the bound is read, so that the reader's own check refuses it.
        contents = {}
        for each in files:
            with each.open("rb") as opened:
                contents[each.name] = opened.read(MASTER_FILE_BYTES_MAX + 1)
        return read_path_texts("" if path.is_dir() else path.suffix.lower(), contents)
    except (MasterFileRefused, SheetExtraMissing) as fault:
        raise MasterDataRefused(str(fault)) from fault
    except OSError as fault:
        raise MasterDataRefused(f"{path}: {fault}") from fault


def compared(session: Session, plant: str, master: MasterData, now: float) -> tuple[MasterData, MasterData, Effects]:
    """(the version in force, what the file makes of it, what that changes). A file that says nothing of instructions
    leaves those that are published."""
    before = current_master(session, plant)
    after = carried_over(master, before)
    return before, after, effects(session, plant, before, after, now)


def store(session: Session, plant: str, master: MasterData, base_version: int, kit_check: str, now: float) -> int:
    """Publish over the version that was looked at. Raises MasterDataStale, and KitShort where `kit_check` refuses."""
    # The lock that publishing takes: nobody's version may come between the reading and this one.
    note_change(session, plant)
    _, after, found = compared(session, plant, master, now)
    if found.short and kit_check == "refuse":
        raise KitShort
    return publish(session, after, SHELL, now, plant, base_version)


def told(before: MasterData, found: Effects) -> Iterator[str]:
    """Lines for a shell: what differs, for which station, and what speaks against it."""
    yield f"over version {before.version}:"
    for each in found.tables:
        for kind, keys in (("added", each.added), ("changed", each.changed), ("removed", each.removed)):
            if keys:
                yield f"  {each.table}: {len(keys)} {kind}: {_named(keys)}"
    names = {row.id: row.name for row in before.stations}
    for place, rows in found.places.items():
        where = f"station {place} {shown(names.get(place, ''), 40)}".rstrip() if place else "every station"
        yield f"{where}: {_counted(rows)}"
    if not found.places:
        yield "no station"
    begun = [f"{each.work_order} keeps {each.kept or '-'}, now {each.now or '-'}" for each in found.confirmations]
    yield from _some("has begun", begun)
    yield from _some("short", [f"{each.work_order} lacks {each.missing:g} of {each.item}" for each in found.short])


def _named(keys: tuple[str, ...]) -> str:
    more = f" and {len(keys) - KEYS_SHOWN_MAX} more" if len(keys) > KEYS_SHOWN_MAX else ""
    return ", ".join(shown(key, 60) for key in keys[:KEYS_SHOWN_MAX]) + more


def _counted(rows: Iterable[RowChange]) -> str:
    counts = ((each.table, len(each.added) + len(each.changed) + len(each.removed)) for each in table_changes(rows, {}))
    return ", ".join(f"{table} {count}" for table, count in counts if count)


def _some(what: str, lines: list[str]) -> Iterator[str]:
    yield from (f"{what}: {shown(line, 160)}" for line in lines[:LINES_SHOWN_MAX])
    if len(lines) > LINES_SHOWN_MAX:
        yield f"{what}: {len(lines) - LINES_SHOWN_MAX} more"
