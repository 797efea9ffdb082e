"""A clock that a test sets ahead: a fixture that tests import by its name."""

import time

import pytest


class Clock:
    """The server's clock, ahead of the real one by so many seconds."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


@pytest.fixture
def clock() -> Clock:
    return Clock()
