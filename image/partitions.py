"""Where the partitions of a disk begin: the table in its first sector, and the chain of tables of the logical ones.
And what files those with a FAT hold, read without a mount."""

import struct
import subprocess
from pathlib import Path
from typing import BinaryIO

SECTOR_BYTES = 512
ENTRY = struct.Struct("<B3xB3xII")
"""Bootable, kind, first sector, sectors."""
EXTENDED = (0x05, 0x0F, 0x85)
LOGICAL_MAX = 16
"""A damaged chain may lead back to itself."""


def partition_offsets(disk: Path) -> dict[int, int]:
    """The first byte of each partition by its number, as the kernel counts them. Raises ValueError, OSError."""
    found: dict[int, int] = {}
    with disk.open("rb") as file:
        extended = 0
        for number, (_, kind, first, sectors) in enumerate(_table(file, 0), 1):
            if sectors:
                found[number] = first * SECTOR_BYTES
            if kind in EXTENDED:
                extended = first
        here, number = extended, 5
        while here and number < 5 + LOGICAL_MAX:
            (_, _, first, _), (_, _, following, length), *_ = _table(file, here)
            found[number] = (here + first) * SECTOR_BYTES
            number += 1
            here = extended + following if length else 0
    return found


def table_end(first: bytes) -> int:
    """The byte behind the last partition that the table in the first sector names: the disk is at least so large."""
    entries = (ENTRY.unpack_from(first, 446 + 16 * each) for each in range(4))
    return max(start + sectors for _, _, start, sectors in entries) * SECTOR_BYTES


def mtools_name(disk: Path, number: int) -> str:
    """A partition as mtools is told of it."""
    return f"{disk}@@{partition_offsets(disk)[number]}"


def fat_file(disk: Path, number: int, name: str) -> bytes | None:
    """A file of a FAT partition, as it lies there; None where there is none. mtools has words of its own for devices
    without a geometry, so what it says of errors is not taken for content."""
    command = ["mtype", "-i", mtools_name(disk, number), f"::{name}"]
    done = subprocess.run(command, capture_output=True, check=False)
    return done.stdout if done.returncode == 0 else None


def _table(file: BinaryIO, sector: int) -> list[tuple[int, int, int, int]]:
    file.seek(sector * SECTOR_BYTES)
    content = file.read(SECTOR_BYTES)
    if content[510:] != b"\x55\xaa":
        raise ValueError(f"sector {sector} holds no partition table")
    return [ENTRY.unpack_from(content, 446 + 16 * each) for each in range(4)]
