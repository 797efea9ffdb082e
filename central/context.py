"""What a request finds in the application: the one database and its configuration."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from flask import current_app

from central.attempts import Attempts
from central.config import CentralConfig
from central.database import Database
from central.files import FileStore
from central.limits import REFUSED_PER_MINUTE_MAX
from central.live import LiveStreams
from central.oidc.provider import Provider


@dataclass(slots=True)
class Plant:
    """One plant's server as its requests see it. `clock` gives seconds since 1970: the seam for simulation."""

    config: CentralConfig
    database: Database
    live: LiveStreams
    files: FileStore
    attempts: Attempts = field(default_factory=Attempts)
    refusals: Attempts = field(default_factory=lambda: Attempts(REFUSED_PER_MINUTE_MAX))
    """Requests that were refused: who knocks at every door is not let to the database for a while."""
    clock: Callable[[], float] = time.time
    provider: Provider | None = None
    """Who else says who somebody is, where `[oidc]` is configured."""

    def now(self) -> float:
        """The server's clock."""
        return self.clock()


def plant() -> Plant:
    """The plant of this request's application."""
    found = current_app.extensions["lineside"]
    assert isinstance(found, Plant)
    return found
