"""From what a reader posts to inputs, the one right way. Pure."""

from __future__ import annotations

from devices.types import Decoder, Found, Frame, Input, Lost


def decode(decoder: Decoder, posted: Frame | Found | Lost) -> tuple[Input, ...]:
    """The inputs of one posted thing, in order.

    A device that was lost or found anew ends whatever was unfinished.
    """
    if isinstance(posted, Frame):
        return decoder.feed(posted)
    return (*decoder.reset(posted.at), posted)


def settled(decoder: Decoder) -> tuple[Input, ...]:
    """The inputs that time alone still completes when nothing more arrives: for replays and tests."""
    found: list[Input] = []
    while (wake := decoder.wake()) is not None:
        found += decoder.step(wake)
    return tuple(found)
