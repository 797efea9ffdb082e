"""From what a reader posts to inputs, the one right way. Pure."""

from __future__ import annotations

from devices.types import Decoder, Found, Frame, Input, Lost


def decode(decoder: Decoder, posted: Frame | Found | Lost) -> tuple[Input, ...]:
    """The inputs of one posted thing, in order.

    A device that was lost or found anew ends whatever was unfinished. Take `now` for `decoder.step(now)` before
    draining the queue of posted things, so that no label is ended by a silence that was only our own delay.
    """
    if isinstance(posted, Frame):
        return decoder.feed(posted)
    return (*decoder.reset(posted.at), posted)
