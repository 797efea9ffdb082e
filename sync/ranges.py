"""Sets of sequence numbers as ascending ranges [first, last] that do not touch. Pure."""

from collections.abc import Iterable

from sync.ports import Range

Ranges = tuple[Range, ...]


def added(ranges: Iterable[Range], first: int, last: int) -> Ranges:
    """The ranges with [first, last] in them; nothing changes where first > last."""
    if first > last:
        return tuple(ranges)
    kept: list[Range] = []
    for low, high in ranges:
        if high + 1 < first or last + 1 < low:
            kept.append((low, high))
        else:
            first, last = min(first, low), max(last, high)
    return tuple(sorted([*kept, (first, last)]))


def without(ranges: Iterable[Range], first: int, last: int) -> Ranges:
    """The ranges with [first, last] taken out; nothing changes where first > last."""
    if first > last:
        return tuple(ranges)
    kept: list[Range] = []
    for low, high in ranges:
        if low < first:
            kept.append((low, min(high, first - 1)))
        if high > last:
            kept.append((max(low, last + 1), high))
    return tuple(each for each in kept if each[0] <= each[1])


def holds(ranges: Iterable[Range], seq: int) -> bool:
    """Whether `seq` is in one of them."""
    return any(low <= seq <= high for low, high in ranges)
