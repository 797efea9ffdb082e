"""Reading master data from files for the shell."""

from pathlib import Path

from central.errors import MasterDataRefused
from floor.errors import MasterFileRefused, SheetExtraMissing
from floor.limits import MASTER_FILE_BYTES_MAX
from floor.master import MasterData
from floor.master_files import read_path_texts

FILES_MAX = 100
"""Files looked at in a folder."""


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
