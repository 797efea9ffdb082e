"""How much of the card photos may take: never what the journal is promised (I11)."""

from dataclasses import dataclass
from pathlib import Path

from gateway import limits
from gateway.journal_room import free_bytes


@dataclass(frozen=True, slots=True)
class PhotoRoom:
    """The bounds of one card. `journal`: its database file, which may still grow to `journal_bytes_max`."""

    journal: Path
    journal_bytes_max: int
    free_bytes_min: int
    photos_max: int = limits.PHOTOS_MAX
    bytes_max: int = limits.PHOTOS_BYTES_MAX

    def has_place(self, count: int, size: int) -> bool:
        """Whether so many photos, of so many bytes together, are within the bounds."""
        return count <= self.photos_max and size <= self.bytes_max

    def leaves_journal_room(self, size: int) -> bool:
        """Whether with `size` bytes more the journal could still grow to its cap and be drained. Raises OSError."""
        promised = self.journal_bytes_max + limits.UPKEEP_BYTES + limits.SNAPSHOT_ROOM_BYTES
        used = self.journal.stat().st_size if self.journal.exists() else 0
        needed = max(0, promised - used) + self.free_bytes_min + size
        return free_bytes(self.journal.parent) >= needed
