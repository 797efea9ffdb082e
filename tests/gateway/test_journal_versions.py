"""What an update is told of the journal is what the journal has."""

import sqlite_utils

from gateway.journal_schema import migrations
from gateway.journal_versions import ADDITIVE, MIGRATIONS


def test_the_names_are_those_of_the_migrations() -> None:
    pending = migrations().pending(sqlite_utils.Database(memory=True))
    assert tuple(each.name for each in pending) == MIGRATIONS
    assert set(ADDITIVE) <= set(MIGRATIONS)
