"""Opening a plant's database for work: brought to this release's tables, with its first rows."""

import time

from central.config import CentralConfig
from central.database import Database
from central.migrations import migrate


def open_database(config: CentralConfig) -> Database:
    """The plant's database, ready. The caller closes it."""
    config.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    database = Database(config.database_url, config.plant)
    try:
        migrate(database)
        database.begin_plant(time.time())
    except BaseException:
        database.close()
        raise
    return database
