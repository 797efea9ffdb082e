"""Master data as files: what may be uploaded, and the current version for download."""

import io
import zipfile
import zlib
from collections.abc import Mapping

from floor.errors import MasterFileRefused
from floor.limits import MASTER_FILE_BYTES_MAX
from floor.master import MasterData
from floor.master_files import read_path_texts, read_tables, write_toml
from floor.master_sheets import write_xlsx
from floor.master_tables import Tables

KINDS_IN = ("xlsx", "toml", "csv", "zip")
KINDS_OUT = {"toml": "application/toml", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
FILES_MAX = 32
"""Files in one upload or archive; there are 25 tables."""


def kind_of(file_name: str) -> str:
    """The kind of a file by its name's end; empty for one that is not read."""
    end = file_name.rpartition(".")[2].lower()
    return end if end in KINDS_IN else ""


def read(contents: Mapping[str, bytes]) -> MasterData:
    """The master data in an upload: one workbook, one TOML file, one archive of CSV files, or the CSV files.

    Raises MasterFileRefused with every fault.
    """
    return read_path_texts(*_files(contents))


def read_tables_of(contents: Mapping[str, bytes]) -> Tables:
    """The tables in an upload, as `read` takes it; what holds between rows is not looked at. Raises
    MasterFileRefused."""
    return read_tables(*_files(contents))


def _files(contents: Mapping[str, bytes]) -> tuple[str, Mapping[str, bytes]]:
    """The suffix that names how it is read, and the files."""
    kinds = {kind_of(name) for name in contents}
    if kinds == {"zip"} and len(contents) == 1:
        return "", _unpacked(next(iter(contents.values())))
    if kinds == {"csv"}:
        return "", contents
    if len(kinds) != 1 or len(contents) != 1:
        raise MasterFileRefused(["choose one workbook, one TOML file, one ZIP file, or CSV files only"])
    return f".{kinds.pop()}", contents


def _unpacked(raw: bytes) -> dict[str, bytes]:
    """The CSV files of an archive, never more than the bound whatever its table of contents says."""
    found: dict[str, bytes] = {}
    left = MASTER_FILE_BYTES_MAX
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            parts = [each for each in archive.infolist() if not each.is_dir()]
            if len(parts) > FILES_MAX:
                raise MasterFileRefused([f"the archive holds {len(parts)} files, more than {FILES_MAX}"])
            for part in parts:
                with archive.open(part) as member:
                    content = member.read(left + 1)
                left -= len(content)
                if left < 0:
                    raise MasterFileRefused([f"the archive unpacks to more than {MASTER_FILE_BYTES_MAX} bytes"])
                found[part.filename.rpartition("/")[2]] = content
    except (zipfile.BadZipFile, zlib.error, ValueError, NotImplementedError, RuntimeError, EOFError) as error:
        raise MasterFileRefused([f"this is no ZIP archive that can be read: {error}"]) from error
    return found


def write(kind: str, master: MasterData) -> bytes:
    """The master data as a TOML file or a workbook in which every cell is text, so that nothing is a formula."""
    return write_xlsx(master) if kind == "xlsx" else write_toml(master).encode()
