"""How much of the card files may take: photos, instructions. Never what the journal is promised (I11)."""

from dataclasses import dataclass
from pathlib import Path

from gateway import limits
from gateway.journal_room import free_bytes


@dataclass(frozen=True, slots=True)
class FileRoom:
    """The bounds of one kind of file. `journal`: the database file, which may still grow to `journal_bytes_max`."""

    journal: Path
    journal_bytes_max: int
    free_bytes_min: int
    files_max: int = limits.PHOTOS_MAX
    bytes_max: int = limits.PHOTOS_BYTES_MAX

    def has_place(self, count: int, size: int) -> bool:
        """Whether so many files, of so many bytes together, are within the bounds."""
        return count <= self.files_max and size <= self.bytes_max

    def leaves_journal_room(self, size: int) -> bool:
        """Whether with `size` bytes more the journal could still grow to its cap and be drained. Raises OSError."""
        promised = self.journal_bytes_max + limits.UPKEEP_BYTES + limits.SNAPSHOT_ROOM_BYTES
        used = self.journal.stat().st_size if self.journal.exists() else 0
        needed = max(0, promised - used) + self.free_bytes_min + size
        return free_bytes(self.journal.parent) >= needed
