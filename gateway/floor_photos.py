"""Which photos have a record, as part of the floor's state, and the fold of that event (I7).

Pure: no clock, file or socket.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from floor import events
from floor.events import Happening
from floor.photo_events import PhotoKept
from gateway import limits

if TYPE_CHECKING:
    from gateway.floor_state import Floor


def _photo_kept(state: Floor, identity: str, happening: Happening) -> None:
    event = happening.event
    assert isinstance(event, PhotoKept)
    state.photos[event.sha256, happening.station, event.call, event.operation] = identity
    if len(state.photos) > limits.PHOTOS_REMEMBERED_MAX:
        del state.photos[next(iter(state.photos))]


PHOTO_FOLDS: dict[type[events.Event], Callable[[Floor, str, Happening], None]] = {PhotoKept: _photo_kept}
