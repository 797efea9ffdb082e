"""What Prometheus may ask: counters and gauges of the gateway, collected when asked for."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from floor import __version__
from gateway.inbox import Inbox
from gateway.journal_upkeep import wal_bytes
from gateway.keeping import Keeping
from gateway.storage import Storage
from gateway.viewing import Viewing


class GatewayMetrics(Collector):
    """Reads the published view and a few plain numbers; touches nothing the main loop is busy with (I6)."""

    def __init__(self, viewing: Viewing, storage: Storage, inbox: Inbox, keeping: Keeping) -> None:
        self._viewing = viewing
        self._storage = storage
        self._inbox = inbox
        self._keeping = keeping

    def collect(self) -> Iterator[Metric]:
        """One family a figure."""
        view = self._viewing.latest
        yield _gauge("lineside_info", "Release of the program.", 1, {"release": __version__})
        yield _gauge("lineside_inbox_items", "Inputs that wait for the main loop.", len(self._inbox))
        yield _gauge("lineside_refusing", "1 while nothing can be kept.", int(bool(self._storage.reason)))
        yield _gauge("lineside_wal_bytes", "Write-ahead log of the journal.", wal_bytes(self._storage.journal))
        yield _gauge("lineside_master_version", "Master data in use.", self._keeping.master.version)
        yield _gauge("lineside_rejected_over", "Rejected scans without a record of their own.", self._rejected())
        if view is not None:
            yield _gauge("lineside_records_kept", "Newest journal position.", view.kept)
            yield _gauge("lineside_records_waiting", "Kept here and not yet at the office.", view.waiting)
            yield _gauge("lineside_photos_waiting", "Photos kept here and not yet there.", view.photos_waiting)
            yield _gauge("lineside_office_online", "1 while the server answers.", int(view.office == "online"))
            yield _gauge("lineside_broker_online", "1 while the broker answers.", int(view.broker == "online"))
            yield _gauge("lineside_clock_synchronised", "1 while NTP holds the clock.", int(view.clock_synchronised))
            line = self._viewing.line
            for reason, count in sorted(line.ear.refused().items()) if line is not None else ():
                yield _gauge("lineside_hearsay_refused", "States of the line not taken.", count, {"reason": reason})
            for station in view.stations:
                for name, there in station.devices:
                    labels = {"station": station.station, "device": name}
                    yield _gauge("lineside_device_there", "1 while the device is there.", int(there), labels)

    def _rejected(self) -> int:
        return self._keeping.rejections.over


def _gauge(name: str, help_text: str, value: float, labels: dict[str, str] | None = None) -> Metric:
    names = labels or {}
    family = GaugeMetricFamily(name, help_text, labels=list(names))
    family.add_metric(list(names.values()), value)
    return family


def metrics_text(viewing: Viewing, storage: Storage, inbox: Inbox, keeping: Keeping) -> bytes:
    """The exposition text."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(GatewayMetrics(viewing, storage, inbox, keeping))
    return generate_latest(registry)
