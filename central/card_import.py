"""What a card in a person's hand holds, brought into the log: read from a copy of its journal, ingested as if sent.

The card itself is only read. Identity is (gateway, epoch, seq) as ever, so what the office has counts once (I4).
"""

import hashlib
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from central.credentials import former_of
from central.database import Database
from central.errors import CardOfAnotherServer, CardUnreadable, FileRefused, FilesFull
from central.files import HASH, FileStore
from central.ingest import ingest
from central.limits import CARD_FAULTS_MAX
from central.models import Gateway, Record, Stream
from central.streams import HandCard, chunks
from floor.limits import PHOTO_BYTES_MAX
from sync.wire import CONTENT_CHARACTERS_MAX, NO_DIGEST, RECORDS_PER_BATCH_MAX, Batch, WireRecord, digest_of
from sync.wire import Stream as Offered

JOURNAL = "journal.sqlite"
PHOTOS = "photos"
TOKEN = "token"
TOKEN_BYTES_MAX = 256
SERVER_CHARACTERS_MAX = 64
LOST_BEGINNING = '{"type":"record.lost"'
ROOM_BYTES = 256 * 1024 * 1024
"""Free space that a copy of a journal leaves on the server's disk."""


@dataclass(frozen=True, slots=True)
class CardEpoch:
    """One epoch of the card: its row, and the newest seq that it has or had."""

    number: int
    epoch: str
    previous_epoch: str | None
    previous_last: int
    previous_digest: str
    base: int
    floor: int
    floor_digest: str
    last: int


@dataclass(slots=True)
class Imported:
    """What became of a card. `records`: read and sound; `taken`: not held before; `faults`: the first of them, told.
    `server`: of which other server it was, by the choice of who imported it. `broke_off`: it could not be read on."""

    gateway_name: str
    epochs: int = 0
    server: str = ""
    broke_off: bool = True
    records: int = 0
    taken: int = 0
    photos: int = 0
    faults: list[str] = field(default_factory=list)
    faults_count: int = 0

    def fault(self, told: str) -> None:
        """Something of the card does not hold."""
        self.faults_count += 1
        if len(self.faults) < CARD_FAULTS_MAX:
            self.faults.append(told)


class Card:
    """A copy of a card's journal, open for reading. `close` removes the copy. Raises CardUnreadable."""

    def __init__(self, place: Path, room: Path) -> None:
        self._copy = tempfile.TemporaryDirectory(prefix="card-", dir=room)
        try:
            path = _copied(place, Path(self._copy.name))
        except (OSError, CardUnreadable) as fault:
            self._copy.cleanup()
            raise fault if isinstance(fault, CardUnreadable) else CardUnreadable(f"{place}: {fault}") from fault
        # The copy is ours, so SQLite may recover its write-ahead log: the newest records stand there.
        self._connection = sqlite3.connect(path, isolation_level=None)
        try:
            self._connection.execute("PRAGMA query_only = 1")
            told = dict(self._connection.execute("SELECT name, value FROM setting WHERE name IN ('gateway', 'server')"))
        except sqlite3.DatabaseError as fault:
            self.close()
            raise CardUnreadable(f"{place}: {fault}") from fault
        if "gateway" not in told:
            self.close()
            raise CardUnreadable(f"{place} does not say whose it is")
        self.gateway_name = str(told["gateway"])
        self.server = str(told.get("server", ""))[:SERVER_CHARACTERS_MAX]
        """The identity of the database that answered it last; empty for a card that no office ever answered."""

    def close(self) -> None:
        """The copy goes."""
        self._connection.close()
        self._copy.cleanup()

    def epochs(self) -> list[CardEpoch]:
        """Every epoch of the card, oldest first. Raises CardUnreadable."""
        rows = self._all(
            "SELECT e.number, e.epoch, e.previous_epoch, e.previous_last, e.previous_digest, e.base, e.floor,"
            " e.floor_digest, (SELECT max(position) FROM record WHERE position > e.base AND position <="
            " coalesce((SELECT base FROM epoch n WHERE n.number = e.number + 1), 9223372036854775807))"
            " FROM epoch e ORDER BY e.number"
        )
        return [CardEpoch(*(*row[:8], row[6] if row[8] is None else max(row[6], row[8] - row[5]))) for row in rows]

    def records(self, epoch: CardEpoch) -> Iterator[WireRecord]:
        """The records of an epoch, ascending. Raises CardUnreadable where the file breaks off."""
        after = epoch.base
        while rows := self._all(
            "SELECT position, lower(hex(previous_digest)), lower(hex(digest)), content FROM record"
            " WHERE position > ? AND epoch_number = ? ORDER BY position LIMIT ?",
            after,
            epoch.number,
            RECORDS_PER_BATCH_MAX,
        ):
            yield from (WireRecord(row[0] - epoch.base, row[1], row[2], row[3]) for row in rows)
            after = rows[-1][0]

    def _all(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        try:
            return self._connection.execute(statement, values).fetchall()
        except (sqlite3.DatabaseError, UnicodeDecodeError) as fault:
            raise CardUnreadable(
                f"the journal is damaged: {fault}",
                "What was read before it is in. Start a gateway over a copy of the folder: it salvages what can be read"
                " (docs/damaged-journal.md), and that folder is imported then.",
            ) from fault


def _copied(place: Path, room: Path) -> Path:
    source = place / JOURNAL if place.is_dir() else place
    parts = [each for each in (source, source.with_name(f"{source.name}-wal")) if each.exists()]
    if not source.is_file():
        raise CardUnreadable(f"there is no journal at {source}")
    size = sum(each.stat().st_size for each in parts)
    if shutil.disk_usage(room).free < size + ROOM_BYTES:
        raise CardUnreadable(f"{room} has no room for a copy of {size} bytes", "Make room on the server's disk.")
    for each in parts:
        shutil.copyfile(each, room / each.name)
    return room / source.name


def import_card(
    database: Database,
    files: FileStore,
    place: Path,
    room: Path,
    now: Callable[[], float],
    *,
    other_server: bool = False,
    ended: Callable[[Imported], None] = lambda done: None,
) -> Imported:
    """Every record and photo of the card at `place` (a folder or the journal's file). Again: nothing more is taken.

    `room`: a folder on the server's disk, for a copy of the journal. `other_server`: also a card that another server
    than this one answered last. `ended` hears what was taken, also where the card breaks off. Raises CardUnreadable,
    what was read before is in; CardOfAnotherServer, nothing is.
    """
    card = Card(place, room)
    try:
        _refuse_unknown(database, card)
        epochs = card.epochs()
        server = _other_server(database, card, epochs)
        if server and not other_server:
            raise CardOfAnotherServer(f"the card of {card.gateway_name} was at another server last ({server})")
        origin = HandCard(_ended_at(database, card.gateway_name, place))
        done = Imported(card.gateway_name, len(epochs), server)
        before = _held(database, card.gateway_name, epochs)
        try:
            for epoch in epochs:
                for offered in _runs(card, epoch, done):
                    batch = Batch(gateway=card.gateway_name, streams=(offered,))
                    ingest(database, card.gateway_name, batch, now(), card=origin)
            if place.is_dir():
                _import_photos(files, place / PHOTOS, done)
            done.broke_off = False
        finally:
            done.taken = _held(database, card.gateway_name, epochs) - before
            ended(done)
    finally:
        card.close()
    return done


def _refuse_unknown(database: Database, card: Card) -> None:
    with database.read() as session:
        known = session.get(Gateway, (database.plant, card.gateway_name)) is not None
    if not known:
        raise CardUnreadable(
            f"the card is of gateway {card.gateway_name!r}, which this plant does not know",
            "Import it at the plant that it belongs to; records keep the name they were made under.",
        )


def _ended_at(database: Database, gateway_name: str, place: Path) -> float | None:
    """Since when the card's credential is void, which its own token tells: then another card came after it."""
    try:
        with (place / TOKEN).open("rb") as file:
            token = file.read(TOKEN_BYTES_MAX).decode("ascii").strip()
    except (OSError, UnicodeDecodeError):
        return None
    with database.read() as session:
        former = former_of(session, database.plant, token)
    return former.ended_at if former is not None and former.gateway_name == gateway_name else None


def _other_server(database: Database, card: Card, epochs: list[CardEpoch]) -> str:
    """Which server the card belongs to, where it is not this one; empty where it may be ours.

    Two plants may have a gateway of the same name. A restored copy keeps its identity; a database that was begun anew
    has another, and then one epoch that it knows shows that the card is of this plant: epochs are random.
    """
    with database.read() as session:
        if card.server in ("", database.identity(session)):
            return ""
        mine = (Stream.plant == database.plant, Stream.gateway == card.gateway_name)
        for part in chunks([each.epoch for each in epochs]):
            if session.scalar(select(func.count()).select_from(Stream).where(*mine, Stream.epoch.in_(part))):
                return ""
    return card.server


def _held(database: Database, gateway_name: str, epochs: list[CardEpoch]) -> int:
    """How many records of these epochs are in the log."""
    total = 0
    with database.read() as session:
        for part in chunks([each.epoch for each in epochs]):
            total += (
                session.scalar(
                    select(func.count())
                    .select_from(Record)
                    .join(Stream, Stream.id == Record.stream_id)
                    .where(Stream.plant == database.plant, Stream.gateway == gateway_name, Stream.epoch.in_(part))
                    .where(Record.place == 0)
                )
                or 0
            )
    return total


def _runs(card: Card, epoch: CardEpoch, done: Imported) -> Iterator[Offered]:
    """The epoch in offers: each run of sound records by itself, so that a hole before it is declared, not awaited."""
    below, run = epoch.floor, list[WireRecord]()
    expected, link = epoch.floor + 1, (epoch.floor_digest if epoch.floor else epoch.previous_digest)
    yielded = False
    for record in card.records(epoch):
        if not _is_sound(card.gateway_name, epoch, record):
            done.fault(f"{epoch.epoch}/{record.seq} does not fit its digest; it is left out")
            continue
        if record.seq != expected:
            done.fault(f"{epoch.epoch}/{expected} to {record.seq - 1} are missing or damaged")
        elif link not in ("", NO_DIGEST, record.previous_digest) and not record.content.startswith(LOST_BEGINNING):
            done.fault(f"{epoch.epoch}/{record.seq} does not follow the record before it")
        if run and (record.seq != expected or len(run) >= RECORDS_PER_BATCH_MAX):
            yield _offer(epoch, below, run)
            yielded, run = True, []
        if not run:
            below = max(epoch.floor, record.seq - 1) if record.seq != expected else below
        run.append(record)
        done.records += 1
        expected = record.seq + 1
        link = "" if record.content.startswith(LOST_BEGINNING) else record.digest
    if run or not yielded:
        yield _offer(epoch, below, run)


def _is_sound(gateway_name: str, epoch: CardEpoch, record: WireRecord) -> bool:
    if not isinstance(record.content, str) or len(record.content) > CONTENT_CHARACTERS_MAX:
        return False
    return record.digest == digest_of(gateway_name, epoch.epoch, record.seq, record.previous_digest, record.content)


def _offer(epoch: CardEpoch, below: int, run: list[WireRecord]) -> Offered:
    return Offered(
        epoch=epoch.epoch,
        previous_epoch=epoch.previous_epoch,
        previous_last=epoch.previous_last,
        last=epoch.last,
        floor=below,
        records=tuple(run),
    )


def _import_photos(files: FileStore, folder: Path, done: Imported) -> None:
    """Photos that a record of the card names (HASH.kept); those at the office are called HASH.sent."""
    for path in sorted(folder.glob("*.kept")) if folder.is_dir() else ():
        try:
            if path.is_symlink() or not HASH.fullmatch(path.stem) or path.stat().st_size > PHOTO_BYTES_MAX:
                raise FileRefused
            if files.missing([path.stem]):
                content = path.read_bytes()
                if hashlib.sha256(content).hexdigest() != path.stem:
                    raise FileRefused("it is not what its name says")
                files.keep(content)
                done.photos += 1
        except (OSError, FileRefused, FilesFull) as fault:
            done.fault(f"photo {path.stem[:12]}: {fault}")
