"""Whether the server works: for a supervisor (`/api/v1/health`) and for Prometheus (`/metrics`)."""

from collections.abc import Iterator

from flask import Blueprint, Response, jsonify
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import func, select

from central.api import PREFIX
from central.context import Plant, plant
from central.models import Alarm, BackupRow, Call, Gap, Gateway, LogHead
from central.projector import position_of
from floor import __version__


def blueprint() -> Blueprint:
    """The routes."""
    routes = Blueprint("health", __name__)
    routes.get(f"{PREFIX}/health")(health)
    routes.get("/metrics")(metrics)
    return routes


def health() -> Response:
    """200 while the database answers; tells nothing that a stranger may not know."""
    here = plant()
    with here.database.read() as session:
        session.scalar(select(LogHead.position).where(LogHead.plant == here.database.plant))
    return jsonify(status="ok", release=__version__)


def metrics() -> Response:
    """Prometheus' text format, at the machine itself or with a token of the scope `metrics`."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Figures(plant()))
    return Response(generate_latest(registry), 200, mimetype="text/plain")


class _Figures(Collector):
    """Read from the database at each scrape, so that every server process tells the same."""

    def __init__(self, here: Plant) -> None:
        self._here = here

    def collect(self) -> Iterator[GaugeMetricFamily]:
        here, name = self._here, self._here.database.plant
        with here.database.read() as session:
            head = session.scalar(select(LogHead.position).where(LogHead.plant == name)) or 0
            folded = position_of(session, name)
            alarms = session.scalar(
                select(func.count()).select_from(Alarm).where(Alarm.plant == name, Alarm.signed_off_at.is_(None))
            )
            calls = session.scalar(
                select(func.count())
                .select_from(Call)
                .where(Call.plant == name, Call.state.in_(("raised", "acknowledged")))
            )
            gaps = session.scalar(select(func.coalesce(func.sum(Gap.last - Gap.first + 1), 0)))
            copied = session.scalar(select(func.max(BackupRow.made_at)).where(BackupRow.plant == name))
            seen = session.execute(
                select(Gateway.name, Gateway.last_seen, Gateway.waiting).where(Gateway.plant == name)
            ).all()
        yield _gauge("lineside_log_records", "Records in the log", head)
        yield _gauge("lineside_log_unfolded_records", "Records not folded into the board yet", head - folded)
        yield _gauge("lineside_alarms", "Alarms nobody has signed off", alarms or 0)
        yield _gauge("lineside_open_calls", "Open andon calls", calls or 0)
        yield _gauge("lineside_missing_records", "Records announced and missing", int(gaps or 0))
        yield _gauge("lineside_live_streams", "Open live pages of this process", here.live.open_count)
        yield _gauge("lineside_backup_age_seconds", "Age of the newest backup, -1: none", _age(here, copied))
        yield _by_gateway("lineside_gateway_silent_seconds", "Since a gateway's last exchange", here, seen, False)
        yield _by_gateway("lineside_gateway_waiting_records", "Announced and not yet held", here, seen, True)


def _age(here: Plant, moment: float | None) -> float:
    return -1 if moment is None else max(0.0, here.now() - moment)


def _gauge(name: str, words: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, words, value=value)


def _by_gateway(name: str, words: str, here: Plant, seen: object, waiting: bool) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, words, labels=["gateway"])
    for row in seen:  # type: ignore[attr-defined]
        if row.last_seen is not None:
            family.add_metric([row.name], row.waiting if waiting else _age(here, row.last_seen))
    return family
