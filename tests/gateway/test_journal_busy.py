"""When sinks step aside: while records are kept, and a moment after (I6)."""

from pathlib import Path

from gateway import limits
from gateway.journal import Journal


def test_a_journal_is_busy_while_it_keeps_and_a_moment_after(tmp_path: Path) -> None:
    now = [100.0]
    journal = Journal(tmp_path, "gw1", clock=lambda: now[0])
    journal.open()
    assert not journal.is_busy()
    with journal.group() as group:
        group.append("{}")
        assert journal.is_busy()
    assert journal.is_busy()
    now[0] += limits.QUIET_SECONDS * 1.5
    assert not journal.is_busy()
    journal.close()


def test_what_waits_to_be_copied_is_counted_anew_after_a_copy(tmp_path: Path) -> None:
    from gateway.journal_upkeep import checkpoint_wal

    journal = Journal(tmp_path, "gw1")
    journal.open()
    for _ in range(3):
        with journal.group() as group:
            group.append("{}")
    assert journal.logged_bytes > 0
    checkpoint_wal(journal)
    assert journal.logged_bytes == 0
    journal.close()
