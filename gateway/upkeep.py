"""Between inputs: write what is pending, keep the write-ahead log short, checkpoint, prune. One small job a round."""

import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from floor.events import Instant
from gateway import limits
from gateway.errors import JournalDamaged, JournalFull
from gateway.journal import Journal
from gateway.journal_commands import EXPORT_RECEIPT
from gateway.journal_reader import JournalReader, check
from gateway.journal_upkeep import checkpoint_position, checkpoint_state, checkpoint_wal, prune
from gateway.keeping import Keeping

log = logging.getLogger("lineside.upkeep")

WAL_IDLE_BYTES = 1024 * 1024
"""Copied into the database once idle: 256 pages, so a scan that comes meanwhile waits for one short flush."""

IDLE_SECONDS = 0.02
"""Nothing came in for so long: then the longer jobs may begin."""

LOOK_SECONDS = 30.0
"""How often pruning and an export's receipt are looked at."""


@dataclass(slots=True)
class Upkeep:
    """The jobs, in order of urgency. `record_sink`: central, or export where no server is configured."""

    journal: Journal
    notice_sinks: tuple[str, ...]
    record_sink: str
    checkpoint_records: int = limits.CHECKPOINT_RECORDS
    checkpointed: int = -1
    busy_at: float = float("-inf")
    newest: int = -1
    look_at: float = float("-inf")
    work_left: bool = True
    verified: int = 0
    _no_room_until: float = float("-inf")
    _wal_seen: int = -1

    def step(self, keeping: Keeping, instant: Instant) -> None:
        """Do what is due. Raises the journal's errors."""
        now = instant.boottime
        if not self.journal.is_open:
            return
        if keeping.stale:
            # Nothing can be kept just now; marks and positions move all the same.
            self._flush(now)
            return
        if self.journal.newest() != self.newest:
            self.newest, self.busy_at = self.journal.newest(), now
            self.work_left = self._is_due(keeping, now)
        if self._flush(now):
            self.work_left = self.work_left or self._is_due(keeping, now)
        if now < self.busy_at + IDLE_SECONDS and self.journal.logged_bytes < limits.WAL_BYTES_MAX:
            return
        self.work_left = self._one_job(keeping, now)

    def _flush(self, now: float) -> bool:
        """Write marks and positions that have waited long enough for a record to ride along with."""
        due = self.journal.flush_due()
        if due is None or due > now:
            return False
        self.journal.flush()
        return True

    def _is_due(self, keeping: Keeping, now: float) -> bool:
        """Whether a job waits for the next idle moment: a scan alone needs no second round of the loop."""
        if self.checkpointed < 0 or now >= self.look_at:
            return True
        return self._state_is_old(keeping) or self.journal.logged_bytes >= WAL_IDLE_BYTES

    def _state_is_old(self, keeping: Keeping) -> bool:
        """The state is written again when folding it would take longer than reading it back."""
        return self.newest - self.checkpointed >= max(self.checkpoint_records, len(keeping.floor.progress))

    def _one_job(self, keeping: Keeping, now: float) -> bool:
        """True when there may be more to do."""
        if self.checkpointed < 0:
            # What this process begins with counts too: one that is cut off every evening would never write its state.
            self.checkpointed = checkpoint_position(self.journal)
        if self._state_is_old(keeping) and now >= self._no_room_until:
            try:
                self.checkpoint(keeping)
            except JournalFull as error:
                # What an earlier state allows to be deleted makes the room for the next one.
                log.warning("the folded state waits for room: %s", error)
                self._no_room_until = now + LOOK_SECONDS
            return True
        if now >= self.look_at:
            self._take_export_receipt(now)
            if prune(self.journal, self.notice_sinks, self.record_sink):
                return True
            self._verify()
            self.look_at = now + LOOK_SECONDS
            return True
        if self.journal.logged_bytes >= WAL_IDLE_BYTES and self._wal_grew():
            checkpoint_wal(self.journal)
        return False

    def _verify(self) -> None:
        """Some records further: the whole journal is read again and again, so that what a card forgets is found while
        its neighbours can still tell. Raises JournalDamaged; the next open salvages (G7)."""
        with self.journal.classified(), JournalReader(self.journal.path, self.journal.gateway_name) as reader:
            for fault in check(reader, self.verified, limits.VERIFY_RECORDS):
                raise JournalDamaged(f"a record does not hold any more: {fault}")
        self.verified += limits.VERIFY_RECORDS
        if self.verified >= self.newest:
            self.verified = 0

    def checkpoint(self, keeping: Keeping) -> None:
        """Keep the folded state, so that a start folds only what comes after it."""
        if self.journal.newest() > 0:
            checkpoint_state(self.journal, keeping.floor.to_json())
        self.checkpointed = self.journal.newest()

    def _wal_grew(self) -> bool:
        """A reader may have kept the last copying from its end: it is tried again after the next records."""
        grew = self.newest != self._wal_seen
        self._wal_seen = self.newest
        return grew

    def wake(self, stale: bool) -> float | None:
        """When `step` next has something to do: never while the journal is closed, however much is pending."""
        if not self.journal.is_open:
            return None
        if stale:
            return self.journal.flush_due()
        times = [max(self.look_at, self.busy_at + IDLE_SECONDS)] if self.look_at > 0 else []
        if (due := self.journal.flush_due()) is not None:
            times.append(due)
        if self.work_left:
            times.append(self.busy_at + IDLE_SECONDS)
        return min(times, default=None)

    def _take_export_receipt(self, now: float) -> None:
        path = self.journal.folder / EXPORT_RECEIPT
        if self.record_sink != "export" or not path.exists():
            return
        position = verified_position(path, self.journal)
        if position is not None and position > self.journal.sinks.get("export", 0):
            self.journal.move("export", position, now)


def verified_position(path: Path, journal: Journal) -> int | None:
    """The position an export's receipt vouches for, or None where it does not fit this journal: then it moves
    nothing (I5)."""
    try:
        receipt: dict[str, Any] = json.loads(path.read_text())
        position, after, digest = int(receipt["position"]), int(receipt["after"]), str(receipt["digest"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if position > journal.newest() or after > journal.sinks.get("export", 0):
        return None
    with JournalReader(journal.path, journal.gateway_name) as reader:
        found = reader.read_after(position - 1, 1)
    return position if found and found[0][0] == position and found[0][1].digest == digest else None
