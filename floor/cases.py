"""Past cases that are like a call: which of them, in which order, is told by one formula.

Pure: values in, values out. A case's score is the sum of

    6    the same type of call (more than item and station together)
    3    the same item
    2    the same station
    1.5  each word of the situation that stands in the case's cause or fix, times its rarity

A word's rarity is ln(1 + cases / cases with the word) / ln(1 + cases): 1 for a word of one case alone, towards 0 for
one that all have. Latin is split into words, without regard to case; Chinese into pairs of neighbouring characters,
since it has no blanks. A case that shares neither type, item nor a word is not like the call, however near its station.
Equal scores: the newest case first.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import log
from typing import Final

from floor.limits import CASES_SHOWN_MAX, SITUATIONS_KEPT_MAX
from floor.master import MasterData
from floor.rows import PastCase, Reason

TYPE_WEIGHT: Final = 6.0
ITEM_WEIGHT: Final = 3.0
STATION_WEIGHT: Final = 2.0
WORD_WEIGHT: Final = 1.5

LATIN: Final = re.compile(r"[a-z0-9à-öø-ÿ]+(?:[._/+-][a-z0-9à-öø-ÿ]+)*")
HAN: Final = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+")


@dataclass(frozen=True, slots=True)
class Situation:
    """What a call is about. `words`: names and notes in any language, with blanks between them."""

    call_type: str
    station: str = ""
    item: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class SimilarCase:
    """A past case and how like it is."""

    case: PastCase
    score: float


def words_of(text: str) -> set[str]:
    """The words of a text: full-width and compatibility forms are the plain ones, letters are small."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return {*LATIN.findall(plain), *(pair for run in HAN.findall(plain) for pair in _pairs(run))}


def _pairs(run: str) -> Iterator[str]:
    return (run[at : at + 2] for at in range(max(1, len(run) - 1)))


def situation_of(
    master: MasterData, call_type: str, station: str = "", operation: str = "", note: str = ""
) -> Situation:
    """What is known of a call: the names of its type and operation, the item of its order, and a note."""
    kind = master.call_type_by_id.get(call_type)
    row = master.operation_of(operation)
    order = master.order_by_id.get(row.work_order) if row is not None else None
    names = [kind.name, kind.name_en] if kind is not None else []
    names += [row.name] if row is not None else []
    names += [order.name, order.item] if order is not None else []
    return Situation(call_type, station, order.item if order is not None else "", " ".join([*names, note]))


class CaseBook:
    """The cases of one version of master data, indexed by their words."""

    def __init__(self, cases: tuple[PastCase, ...], reasons: Iterable[Reason]) -> None:
        names = {row.id: f"{row.name} {row.name_en}" for row in reasons}
        self._cases = cases
        self._having: dict[str, list[int]] = defaultdict(list)
        self._found: dict[Situation, tuple[SimilarCase, ...]] = {}
        for index, case in enumerate(cases):
            for word in words_of(f"{names.get(case.cause, case.cause)} {case.fix}"):
                self._having[word].append(index)

    def _points(self, words: set[str]) -> dict[int, float]:
        """By case: what the words that it shares come to."""
        points: dict[int, float] = defaultdict(float)
        for word in sorted(words):
            having = self._having.get(word, ())
            for index in having:
                points[index] += WORD_WEIGHT * log(1 + len(self._cases) / len(having)) / log(1 + len(self._cases))
        return points

    def similar(self, what: Situation) -> tuple[SimilarCase, ...]:
        """The CASES_SHOWN_MAX most similar cases, best first; none where there is nothing like it.

        Remembered: screens ask for the same calls several times a second.
        """
        found = self._found.get(what)
        if found is None:
            if len(self._found) >= SITUATIONS_KEPT_MAX:
                self._found.clear()
            found = self._found[what] = tuple(self.ranked(what)[:CASES_SHOWN_MAX])
        return found

    def ranked(self, what: Situation) -> list[SimilarCase]:
        """All cases that are like it, best first."""
        points = self._points(words_of(what.words))
        found = []
        for index, case in enumerate(self._cases):
            shared = points.get(index, 0.0)
            same_type, same_item = case.call_type == what.call_type, bool(what.item) and case.item == what.item
            if not (same_type or same_item or shared):
                continue
            same_station = bool(what.station) and case.station == what.station
            score = TYPE_WEIGHT * same_type + ITEM_WEIGHT * same_item + STATION_WEIGHT * same_station
            found.append(SimilarCase(case, score + shared))
        found.sort(key=lambda each: each.case.id)
        found.sort(key=lambda each: each.case.closed, reverse=True)
        found.sort(key=lambda each: each.score, reverse=True)
        return found
