"""An epoch of the card as the writer knows it. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EpochRow:
    """One epoch of the card, as the writer knows it. `last` is never stored: the records tell it."""

    number: int
    epoch: str
    previous_epoch: str | None
    previous_last: int
    base: int
    floor: int
    mark: int
    safe: int
    missing: tuple[tuple[int, int], ...]
    last: int
    last_digest: str

    def ended(self, last: int, last_digest: str) -> "EpochRow":
        """The same epoch with another end. Once for each commit, where `replace` costs five times as much."""
        return EpochRow(
            self.number,
            self.epoch,
            self.previous_epoch,
            self.previous_last,
            self.base,
            self.floor,
            self.mark,
            self.safe,
            self.missing,
            last,
            last_digest,
        )
