"""The contracts, held by what this package brings."""

from collections.abc import Iterator

import pytest

from sync.central_sink import HttpExchange
from sync.memory import MemoryCard, MemoryExchange, MemoryOffice
from sync.ports import Exchange, RecordSource
from sync.wire import Receipt
from tests.sync.contract import ExchangeContract, SourceContract, SourceRig
from tests.sync.http_office import TOKEN, HttpOffice
from tests.sync.world import GATEWAY


class _CardRig:
    def __init__(self) -> None:
        self._card = MemoryCard(GATEWAY)
        self.source: RecordSource = self._card

    def start_epoch(self) -> None:
        self._card.start_epoch()

    def append(self, content: str) -> None:
        self._card.append(content)

    def note(self, receipt: Receipt) -> None:
        self._card.note(receipt)

    def prune(self) -> None:
        self._card.prune()


class TestMemoryCard(SourceContract):
    def rig(self) -> SourceRig:
        return _CardRig()


class TestMemoryExchange(ExchangeContract):
    @pytest.fixture(autouse=True)
    def _rig(self) -> None:
        self._office = MemoryOffice()

    def exchange(self) -> Exchange:
        return MemoryExchange(self._office, GATEWAY)

    def office(self) -> MemoryOffice:
        return self._office


class TestHttpExchange(ExchangeContract):
    @pytest.fixture(autouse=True)
    def _rig(self) -> Iterator[None]:
        self._office = MemoryOffice()
        self._made: list[HttpExchange] = []
        with HttpOffice(self._office) as office:
            self._url = office.url
            yield
            for each in self._made:
                each.close()

    def exchange(self) -> Exchange:
        self._made.append(HttpExchange(self._url, TOKEN))
        return self._made[-1]

    def office(self) -> MemoryOffice:
        return self._office
