"""The journal on real SQLite files: I1, I2, I3, I5, I7, I11."""

import itertools
import json
import os
import sqlite3
from pathlib import Path

import pytest

from benchmarks.content import content
from gateway import limits
from gateway.errors import JournalCorrupt, JournalFull, JournalLocked
from gateway.journal import FILE_NAME, Journal
from gateway.journal_reader import JournalReader, check
from gateway.journal_upkeep import checkpoint_state, last_checkpoint, prune
from sync.wire import NO_DIGEST, StreamReceipt


def opened(folder: Path, **options: object) -> Journal:
    journal = Journal(folder, "gw1", **{"free_bytes_min": 0, "ballast_bytes": 0, **options})  # type: ignore[arg-type]
    journal.open()
    return journal


def append(journal: Journal, *contents: str) -> list[tuple[str, int]]:
    with journal.group() as group:
        for content in contents:
            group.append(content)
    return [(record.epoch, record.seq) for record in group.records]


def numbered(count: int, start: int = 0) -> list[str]:
    return [f'{{"type":"test.made","subject":"S1","n":{n}}}' for n in range(start, start + count)]


def receipt(epoch: str, mark: int, safe: int = 0, missing: tuple[tuple[int, int], ...] = ()) -> tuple[StreamReceipt]:
    return (StreamReceipt(epoch=epoch, mark=mark, safe=safe, missing=missing),)


def test_seq_runs_without_a_gap_and_an_epoch_lasts_as_long_as_the_process(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    first = append(journal, *numbered(3)) + append(journal, *numbered(2))
    assert [seq for _, seq in first] == [1, 2, 3, 4, 5]
    assert len({epoch for epoch, _ in first}) == 1
    journal.close()

    journal = opened(tmp_path)
    assert len(journal.epochs) == 1, "an epoch is made with the first record, not with the start"
    (second,) = append(journal, *numbered(1))
    assert second[1] == 1 and second[0] != first[0][0]
    row = journal.epochs[2]
    assert (row.previous_epoch, row.previous_last) == (first[0][0], 5)
    journal.close()


def test_digests_chain_over_epochs(tmp_path: Path) -> None:
    for _ in range(3):
        journal = opened(tmp_path)
        append(journal, *numbered(4))
        journal.close()
    with JournalReader(tmp_path / FILE_NAME) as reader:
        records = [record for _, record in reader.walk()]
        assert records[0].previous_digest == NO_DIGEST
        for before, after in itertools.pairwise(records):
            assert after.previous_digest == before.digest
        assert list(check(reader)) == []


def test_a_group_that_fails_keeps_nothing_and_gives_its_epoch_up(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    (kept,) = append(journal, *numbered(1))
    with pytest.raises(RuntimeError), journal.group() as group:
        group.append("{}")
        raise RuntimeError("pulled")
    (after,) = append(journal, *numbered(1))
    assert after[0] != kept[0], "a seq that may have reached the card is never used again"
    assert journal.newest() == 2
    journal.close()


def test_an_empty_group_begins_nothing(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    with journal.group() as group:
        group.identity()
    assert journal.epochs == {} and not journal.connection.in_transaction
    with journal.group():
        pass
    assert journal.newest() == 0
    journal.close()


def test_one_process_only(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    with pytest.raises(JournalLocked):
        opened(tmp_path)
    journal.close()
    opened(tmp_path).close()


def test_a_journal_of_another_gateway_is_not_taken(tmp_path: Path) -> None:
    opened(tmp_path).close()
    with pytest.raises(JournalCorrupt, match="belongs to gateway 'gw1'"):
        Journal(tmp_path, "gw2", free_bytes_min=0).open()


def test_marks_are_believed_also_when_they_go_back(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    epoch = append(journal, *numbered(10))[0][0]
    journal.believe(receipt(epoch, 10, 8), now=1.0)
    assert journal.waiting() == 0
    journal.believe(receipt(epoch, 4, 2, ((2, 3),)), now=2.0)
    assert journal.waiting() == 8
    journal.flush()
    journal.close()
    journal = opened(tmp_path)
    row = journal.epochs[1]
    assert (row.mark, row.safe, row.missing) == (4, 2, ((2, 3),))
    journal.close()


def test_another_servers_backup_promises_nothing(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    epoch = append(journal, *numbered(10))[0][0]
    journal.believe(receipt(epoch, 10, 9), 1.0, "first")
    checkpoint_state(journal, "{}")
    journal.believe(receipt(epoch, 10, 4), 2.0, "first")
    assert journal.epochs[1].safe == 4, "a restored server tells what its own copies hold"
    journal.believe(receipt(epoch, 10, 9), 3.0, "first")
    journal.believe((), 4.0, "second")
    assert journal.epochs[1].safe == 0
    journal.believe(receipt(epoch, 10, 4), 5.0, "second")
    journal.flush()
    journal.close()
    journal = opened(tmp_path)
    assert journal.settings["server"] == "second" and journal.epochs[1].safe == 4
    journal.close()


def test_receipts_ride_along_with_the_next_record(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    epoch = append(journal, *numbered(2))[0][0]
    journal.believe(receipt(epoch, 2), now=1.0)
    journal.move("mqtt", 2, now=1.0)
    assert journal.flush_due() == 2.0
    append(journal, *numbered(1))
    assert journal.flush_due() is None
    with JournalReader(tmp_path / FILE_NAME) as reader:
        assert reader.epochs()[0].mark == 2 and reader.positions() == {"mqtt": 2}
    journal.close()


def test_only_what_is_safe_passed_and_folded_is_pruned(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    epoch = append(journal, *numbered(20))[0][0]
    assert prune(journal, (), "central") == 0
    journal.believe(receipt(epoch, 20, 15), now=1.0)
    assert prune(journal, (), "central") == 0, "the state still needs them: no checkpoint yet"
    checkpoint_state(journal, "{}")
    journal.move("mqtt", 12, now=1.0)
    assert prune(journal, ("mqtt",), "central") == 12
    journal.move("mqtt", 20, now=1.0)
    journal.believe(receipt(epoch, 20, 20, ((14, 14),)), now=1.0)
    assert prune(journal, ("mqtt",), "central") == 1, "what the server asks for again stays"
    journal.believe(receipt(epoch, 20, 20), now=1.0)
    assert prune(journal, ("mqtt",), "central") == 7
    assert prune(journal, ("mqtt",), "central") == 0
    journal.close()
    journal = opened(tmp_path)
    assert journal.newest() == 20
    assert append(journal, *numbered(1))[0][1] == 1
    with JournalReader(tmp_path / FILE_NAME) as reader:
        assert list(check(reader)) == []
        assert reader.newest() == 21
        assert reader.epochs()[0].floor == 20
    journal.close()


def test_without_a_server_only_an_export_lets_records_go(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    append(journal, *numbered(5))
    checkpoint_state(journal, "{}")
    assert prune(journal, (), "export") == 0
    journal.move("export", 3, now=0)
    assert prune(journal, (), "export") == 3
    journal.close()


def test_the_checkpoint_whose_digest_holds_is_used(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    append(journal, *numbered(1))
    checkpoint_state(journal, '{"a":1}')
    append(journal, *numbered(1))
    checkpoint_state(journal, '{"a":2}')
    assert last_checkpoint(journal) == (2, '{"a":2}')
    journal.connection.execute("UPDATE checkpoint SET state = '{\"a\":3}' WHERE position = 2")
    assert last_checkpoint(journal) == (1, '{"a":1}')
    journal.close()


def test_the_cap_refuses_and_draining_makes_room_again(tmp_path: Path) -> None:
    journal = opened(tmp_path, bytes_max=400 * 1024)
    kept = 0
    with pytest.raises(JournalFull):
        for n in range(10_000):
            append(journal, *numbered(1, n))
            kept += 1
    assert journal.is_open and kept > 100
    epochs = [row.epoch for row in journal.epochs.values()]
    journal.believe(receipt(epochs[0], kept, kept), now=0)
    journal.flush()
    checkpoint_state(journal, "{}")
    while prune(journal, (), "central"):
        pass
    append(journal, *numbered(1))
    assert journal.newest() == kept + 1
    journal.close()


def test_the_cap_holds_a_month_of_records_and_a_quarter_more(tmp_path: Path) -> None:
    """30 days of 30,000 at what a report takes (design, section 7), by the file of a few thousand."""
    journal = opened(tmp_path)
    for start in range(0, 5_000, 500):
        with journal.group() as group:
            for number in range(start, start + 500):
                group.append(content(number))
    journal.close()
    taken = (tmp_path / FILE_NAME).stat().st_size / 5_000
    assert 400 < taken < 660, "what a record takes changed: measure anew, and look at JOURNAL_BYTES_MAX"
    assert 900_000 * taken * 1.25 <= limits.JOURNAL_BYTES_MAX


def test_too_little_free_space_refuses_before_anything_is_written(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    append(journal, *numbered(1))
    stat = os.statvfs(tmp_path)
    journal.close()
    journal = opened(tmp_path, free_bytes_min=stat.f_bavail * stat.f_frsize * 2)
    with pytest.raises(JournalFull), journal.group():
        raise AssertionError("must not be reached")
    journal.flush()
    journal.close()


def test_the_ballast_takes_real_room(tmp_path: Path) -> None:
    journal = opened(tmp_path, ballast_bytes=65536)
    assert (tmp_path / "ballast").stat().st_blocks * 512 >= 65536
    journal.close()


def test_a_flipped_byte_is_found_at_open_and_by_verify(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    append(journal, *numbered(5))
    journal.close()
    with sqlite3.connect(tmp_path / FILE_NAME) as connection:
        connection.execute("UPDATE record SET content = replace(content, '3', '4') WHERE position = 4")
    connection.close()
    with JournalReader(tmp_path / FILE_NAME) as reader:
        assert any("does not fit its digest" in fault for fault in check(reader))
    journal = opened(tmp_path)
    told = json.loads(journal.settings["salvage"])
    assert (told["salvaged"], told["lost"]) == (4, 1), "the journal is made anew, and says what is lost"
    journal.close()


def test_a_missing_record_is_found(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    append(journal, *numbered(5))
    journal.close()
    with sqlite3.connect(tmp_path / FILE_NAME) as connection:
        connection.execute("DELETE FROM record WHERE position = 3")
    connection.close()
    with JournalReader(tmp_path / FILE_NAME) as reader:
        assert any("are missing" in fault for fault in check(reader))


def test_the_tables_explain_themselves(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    append(journal, *numbered(1))
    journal.close()
    with sqlite3.connect(f"file:{tmp_path / FILE_NAME}?mode=ro", uri=True) as connection:
        schema = "\n".join(row[0] for row in connection.execute("SELECT sql FROM sqlite_master WHERE sql NOT NULL"))
        assert "Append-only" in schema and "Rows are never deleted" in schema
        assert connection.execute("SELECT type, station, seq FROM event").fetchall() == [("test.made", "S1", 1)]
    connection.close()


def test_the_promises_of_the_storage_are_read_back(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    asked = {
        name: journal.connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")
    }
    assert asked == {"journal_mode": "wal", "synchronous": 2}
    journal.close()
