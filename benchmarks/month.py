"""A month of records on the card: what an append costs at its end beside one at its start, and what a record takes.

Both journals are the production one, on the same disk, in turns; the baseline's card is empty when the run begins.
"""

import os
from pathlib import Path

from benchmarks.appends import append_one, timed
from benchmarks.bare import checkpoint
from benchmarks.cards import fill
from benchmarks.content import GATEWAY_NAME, content
from benchmarks.figures import Figure, at_least, below
from benchmarks.readings import in_turns, median_pair
from benchmarks.scales import Scale
from gateway import limits
from gateway.journal import FILE_NAME, Journal

RATIO_MIN = 0.8
MONTH_RECORDS = 900_000
"""30 days of 30,000: what the journal's cap must hold, with a quarter to spare."""
RECORD_BYTES_MAX = limits.JOURNAL_BYTES_MAX / MONTH_RECORDS / 1.25


def measure(scale: Scale, folder: Path) -> list[Figure]:
    """Rounds of single appends to an empty and to a full card, and the size of the full one's file."""
    fill(folder, scale.start_records)
    # What the fill left to be written would be waited for by everybody's flush.
    os.sync()
    taken = (folder / "gateway" / FILE_NAME).stat().st_size / scale.start_records
    text = sum(len(content(number).encode()) for number in range(1_000)) / 1_000
    journals = Journal(folder / "first", GATEWAY_NAME), Journal(folder / "gateway", GATEWAY_NAME)
    texts = [content(number) for number in range(scale.appends_per_round)]
    try:
        for each in journals:
            each.open()
        pairs = in_turns(scale.append_rounds, lambda: rate(journals[0], texts), lambda: rate(journals[1], texts))
    finally:
        for each in journals:
            each.close()
    base, own = median_pair(pairs)
    return [
        at_least("append_month", own, "records/s", base, RATIO_MIN),
        below("record_bytes", taken, "bytes", round(RECORD_BYTES_MAX), text),
    ]


def rate(journal: Journal, texts: list[str]) -> float:
    """Records a second, one commit each; the write-ahead log is copied outside the timed part."""

    def work() -> None:
        for text in texts:
            append_one(journal, text)

    return len(texts) / timed(work, lambda: checkpoint(journal.connection))
