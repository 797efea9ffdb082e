"""A mosquitto of our own on loopback."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.sync.mosquitto import Mosquitto


@contextmanager
def broker(folder: Path) -> Iterator[int]:
    """Its port. It keeps its sessions in `folder` and ends afterwards."""
    place = folder / "broker"
    place.mkdir(exist_ok=True)
    found = Mosquitto(place)
    with found:
        yield found.port
