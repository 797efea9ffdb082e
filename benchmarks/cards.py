"""A card with many records on it, made by the production append: what a gateway without an office has after a while."""

from collections.abc import Iterator
from pathlib import Path

from benchmarks.content import GATEWAY_NAME, content, happening
from gateway import limits
from gateway.floor_state import Floor
from gateway.journal import Journal
from gateway.journal_upkeep import checkpoint_state, checkpoint_wal

GROUP = 1_000


def fill(folder: Path, records: int) -> None:
    """So many reports in `folder`/gateway, nothing pruned. The folded state is there as an idle gateway last wrote it,
    with as many records behind it as there can be."""
    journal = Journal(folder / "gateway", GATEWAY_NAME)
    journal.open()
    state = Floor()
    behind = min(records // 2, limits.CHECKPOINT_RECORDS - 1)
    try:
        for numbers in _groups(records - behind):
            _append(journal, numbers, state)
        checkpoint_state(journal, state.to_json())
        for numbers in _groups(behind):
            _append(journal, numbers, state)
    finally:
        journal.close()


def _groups(count: int) -> Iterator[range]:
    for start in range(0, count, GROUP):
        yield range(start, min(start + GROUP, count))


def _append(journal: Journal, numbers: range, state: Floor) -> None:
    with journal.group() as group:
        kept = [(group.append(content(number)), number) for number in numbers]
    for record, number in kept:
        state.apply(f"{record.epoch}/{record.seq}", happening(number))
    checkpoint_wal(journal)
