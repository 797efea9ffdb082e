"""What an update is told of the journal is what the journal has."""

import sqlite_utils

from gateway.journal_schema import migrations
from gateway.journal_versions import ADDITIVE, MIGRATIONS, journal_heard, journal_told


def test_the_names_are_those_of_the_migrations() -> None:
    pending = migrations().pending(sqlite_utils.Database(memory=True))
    assert tuple(each.name for each in pending) == MIGRATIONS
    assert set(ADDITIVE) <= set(MIGRATIONS)


def test_what_a_bundle_tells_is_heard_and_silence_is_not_taken_for_none() -> None:
    assert journal_heard(journal_told()) == (MIGRATIONS, ADDITIVE)
    assert journal_heard("journal: m001_a m002_b; additive: m002_b") == (("m001_a", "m002_b"), ("m002_b",))
    assert journal_heard("journal: m001_a; additive:") == (("m001_a",), ())
    assert journal_heard("Release of the year") == (None, ())
