"""Durable append: the journal beside a bare insert and commit of the same rows."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.bare import BareLog, checkpoint
from benchmarks.content import GATEWAY_NAME, content
from benchmarks.figures import Figure, at_least
from benchmarks.readings import in_turns, median_pair
from benchmarks.scales import Scale
from gateway import limits
from gateway.journal import Journal

SINGLE_MIN = 0.8
WAITING = 100
WAITING_MIN = 0.5


@contextmanager
def both(folder: Path) -> Iterator[tuple[BareLog, Journal]]:
    """A bare log and a journal side by side."""
    folder.mkdir()
    bare, journal = BareLog(folder / "bare.sqlite"), Journal(folder / "journal", GATEWAY_NAME)
    journal.open()
    try:
        yield bare, journal
    finally:
        bare.close()
        journal.close()


def timed(work: Callable[[], None], tidy: Callable[[], None]) -> float:
    """Seconds of the work; the tidying afterwards is nobody's."""
    began = time.perf_counter()
    work()
    seconds = time.perf_counter() - began
    tidy()
    return seconds


def append_one(journal: Journal, text: str) -> None:
    """One record in a commit of its own."""
    with journal.group() as group:
        group.append(text)


def append_waiting(journal: Journal, texts: list[str]) -> None:
    """As the main loop takes what waits: groups of its own bound."""
    for start in range(0, len(texts), limits.INPUTS_PER_COMMIT_MAX):
        with journal.group() as group:
            for text in texts[start : start + limits.INPUTS_PER_COMMIT_MAX]:
                group.append(text)


def measure(scale: Scale, folder: Path) -> list[Figure]:
    """One at a time, and 100 waiting. Medians over rounds that alternate between the two."""
    figures = []
    texts = [content(number) for number in range(max(WAITING, scale.appends_per_round))]
    with both(folder / "appends") as (bare, journal):

        def bare_one() -> None:
            for text in texts[: scale.appends_per_round]:
                bare.append(text)

        def own_one() -> None:
            for text in texts[: scale.appends_per_round]:
                append_one(journal, text)

        def rate(count: int, work: Callable[[], None], tidy: Callable[[], None]) -> Callable[[], float]:
            return lambda: count / timed(work, tidy)

        def own_tidy() -> None:
            checkpoint(journal.connection)

        count = scale.appends_per_round
        pairs = in_turns(scale.append_rounds, rate(count, bare_one, bare.shorten), rate(count, own_one, own_tidy))
        base, own = median_pair(pairs)
        figures.append(at_least("append_single", own, "records/s", base, SINGLE_MIN))
        many = texts[:WAITING]
        pairs = in_turns(
            scale.append_rounds,
            rate(WAITING, lambda: bare.append_all(many), bare.shorten),
            rate(WAITING, lambda: append_waiting(journal, many), own_tidy),
        )
        base, own = median_pair(pairs)
        figures.append(at_least("append_waiting", own, "records/s", base, WAITING_MIN))
    return figures
