"""SQLite's file format, as much as salvage needs: rows of table pages, whatever became of the tree above them.

Source: the file format of SQLite, https://www.sqlite.org/fileformat2.html. Pure: bytes in, values out. Rows are only
candidates here; whoever takes one checks its digest.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from gateway.limits import SALVAGE_PAYLOAD_BYTES_MAX

TABLE_LEAF = 0x0D
PAGE_BYTES = 4_096
"""What SQLite makes by default, where the header cannot tell."""

HEADER_BYTES = 100
WAL_HEADER_BYTES = 32
FRAME_HEADER_BYTES = 24
_FIXED_BYTES = {0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8, 7: 8, 8: 0, 9: 0}

Value = int | float | str | bytes | None


@dataclass(frozen=True, slots=True)
class Row:
    """One row of some table."""

    rowid: int
    values: tuple[Value, ...]


class BadCell(ValueError):
    """The bytes are no row."""


def page_bytes_of(database: bytes) -> int:
    """The size of pages by the database's header."""
    size = int.from_bytes(database[16:18], "big")
    size = 65_536 if size == 1 else size
    return size if database[:6] == b"SQLite" and size >= 512 and size & (size - 1) == 0 else PAGE_BYTES


def pages(database: bytes, log: bytes) -> Iterator[tuple[int, bytes]]:
    """(number, page): first what a log left over from before its last restart holds, then the database's own, then the
    log's, so that a later one replaces an earlier one. Check sums of frames are not asked for."""
    size = page_bytes_of(database)
    current: list[tuple[int, bytes]] = []
    old: list[tuple[int, bytes]] = []
    for start in range(WAL_HEADER_BYTES, len(log) - FRAME_HEADER_BYTES - size + 1, FRAME_HEADER_BYTES + size):
        number = int.from_bytes(log[start : start + 4], "big")
        page = log[start + FRAME_HEADER_BYTES : start + FRAME_HEADER_BYTES + size]
        (current if log[start + 8 : start + 16] == log[16:24] else old).append((number, page))
    yield from old
    for at in range(0, len(database), size):
        yield at // size + 1, database[at : at + size]
    yield from current


def rows(database: bytes, log: bytes) -> Iterator[Row]:
    """Every row of every table page in the two files; a cell that makes no sense is passed over."""
    newest = dict(pages(database, log))
    for number, page in pages(database, log):
        yield from _rows_of(number, page, newest)


def _rows_of(number: int, page: bytes, newest: dict[int, bytes]) -> Iterator[Row]:
    start = HEADER_BYTES if number == 1 else 0
    if len(page) < start + 8 or page[start] != TABLE_LEAF:
        return
    count = int.from_bytes(page[start + 3 : start + 5], "big")
    for index in range(min(count, (len(page) - start - 8) // 2)):
        at = start + 8 + 2 * index
        try:
            yield _cell(page, int.from_bytes(page[at : at + 2], "big"), newest)
        except BadCell:
            continue


def _cell(page: bytes, at: int, newest: dict[int, bytes]) -> Row:
    size, at = _varint(page, at)
    rowid, at = _varint(page, at)
    if not 0 < size <= SALVAGE_PAYLOAD_BYTES_MAX:
        raise BadCell
    return Row(rowid, _values(_payload(page, at, size, newest)))


def _payload(page: bytes, at: int, size: int, newest: dict[int, bytes]) -> bytes:
    usable = len(page)
    if size <= usable - 35:
        local = size
    else:
        least = (usable - 12) * 32 // 255 - 23
        local = least + (size - least) % (usable - 4)
        local = local if local <= usable - 35 else least
    pieces = [page[at : at + local]]
    if len(pieces[0]) < local:
        raise BadCell
    left, following = size - local, int.from_bytes(page[at + local : at + local + 4], "big")
    while left > 0:
        further = newest.get(following, b"")
        piece = further[4 : 4 + left]
        if not piece:
            raise BadCell
        pieces.append(piece)
        left, following = left - len(piece), int.from_bytes(further[:4], "big")
    return b"".join(pieces)


def _values(payload: bytes) -> tuple[Value, ...]:
    header_bytes, at = _varint(payload, 0)
    if not at <= header_bytes <= len(payload):
        raise BadCell
    kinds = []
    while at < header_bytes:
        kind, at = _varint(payload, at)
        kinds.append(kind)
    found = []
    for kind in kinds:
        value, at = _value(payload, at, kind)
        found.append(value)
    return tuple(found)


def _value(payload: bytes, at: int, kind: int) -> tuple[Value, int]:
    if kind in (10, 11) or kind < 0:
        raise BadCell
    size = _FIXED_BYTES[kind] if kind < 10 else (kind - 12) // 2
    raw = payload[at : at + size]
    if len(raw) < size:
        raise BadCell
    if kind >= 12:
        if kind % 2 == 0:
            return raw, at + size
        try:
            return raw.decode(), at + size
        except UnicodeDecodeError as error:
            raise BadCell from error
    if kind == 0:
        return None, at
    if kind == 7:
        return struct.unpack(">d", raw)[0], at + size
    return (kind - 8 if kind in (8, 9) else int.from_bytes(raw, "big", signed=True)), at + size


def _varint(raw: bytes, at: int) -> tuple[int, int]:
    value = 0
    for index in range(9):
        if at + index >= len(raw):
            raise BadCell
        byte = raw[at + index]
        if index == 8:
            value = value << 8 | byte
            return (value - (1 << 64) if value >= 1 << 63 else value), at + 9
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + index + 1
    raise BadCell
