"""Sets of sequence numbers as ascending ranges [first, last] that do not touch. Pure."""

from bisect import bisect_right
from collections.abc import Iterable

Range = tuple[int, int]


class Ranges:
    """A set of numbers, kept as ranges, that tells afterwards whether it changed."""

    def __init__(self, ranges: Iterable[Range] = ()) -> None:
        self._ranges = sorted(ranges)
        self.changed = False

    def __contains__(self, seq: int) -> bool:
        return self._find(seq) is not None

    def _find(self, seq: int) -> int | None:
        index = bisect_right(self._ranges, (seq, 2**63)) - 1
        return index if index >= 0 and self._ranges[index][1] >= seq else None

    def add(self, first: int, last: int) -> None:
        """Put [first, last] behind the others: it lies beyond all of them."""
        assert first <= last and (not self._ranges or self._ranges[-1][1] < first), "gaps are declared above the mark"
        if self._ranges and self._ranges[-1][1] == first - 1:
            self._ranges[-1] = (self._ranges[-1][0], last)
        else:
            self._ranges.append((first, last))
        self.changed = True

    def discard(self, seq: int) -> None:
        """Take one number out."""
        index = self._find(seq)
        if index is None:
            return
        first, last = self._ranges[index]
        pieces = [(first, seq - 1), (seq + 1, last)]
        self._ranges[index : index + 1] = [each for each in pieces if each[0] <= each[1]]
        self.changed = True

    def all(self) -> tuple[Range, ...]:
        """The ranges, ascending."""
        return tuple(self._ranges)
