"""How long a wished release is wished, in plain values and over a database."""

from datetime import datetime
from pathlib import Path

import pytest

from central.database import Database
from central.fleet import add_release, take_report
from central.plant_days import moment
from central.rollouts import Plan, start_rollout
from central.wish_end import good_seconds
from sync.wire import WISH_GOOD_SECONDS, FleetReport
from tests.central.conftest import enrol_gateway


@pytest.mark.parametrize(
    ("time", "window", "seconds"),
    [
        ("05:00:00", (22 * 60, 5 * 60 + 30), WISH_GOOD_SECONDS),
        ("05:20:00", (22 * 60, 5 * 60 + 30), 600),
        ("05:29:59", (22 * 60, 5 * 60 + 30), 1),
        ("23:50:00", (22 * 60, 0), 600),
        ("23:50:00", (22 * 60, 5 * 60 + 30), WISH_GOOD_SECONDS),
        ("12:00:00", (None, None), WISH_GOOD_SECONDS),
        ("12:00:00", (60, 60), WISH_GOOD_SECONDS),
    ],
)
def test_a_wish_ends_with_its_window(time: str, window: tuple[int | None, int | None], seconds: int) -> None:
    assert good_seconds(datetime.fromisoformat(f"2026-03-04T{time}+01:00"), *window) == seconds
    assert good_seconds(None, *window) == WISH_GOOD_SECONDS


def test_a_gateway_hears_how_long_a_release_is_wished(database: Database, tmp_path: Path) -> None:
    bundle = tmp_path / "2.0.lineside"
    bundle.write_bytes(b"bundle")
    enrol_gateway(database, "press")
    now = 1_000_000.0
    here = moment(now)
    assert here is not None
    minute = here.hour * 60 + here.minute
    plan = Plan("2.0", ["press"], window=((minute - 60) % 1440, (minute + 5) % 1440))
    report = FleetReport(gateway="press", slot="a", release="1.0")
    with database.write() as session:
        add_release(session, database.plant, tmp_path, bundle, "2.0", "shell", now)
        take_report(session, database.plant, "press", report, now)
        start_rollout(session, database.plant, plan, "boss", now)
        wish = take_report(session, database.plant, "press", report, now).bundle
    assert wish is not None and wish.good_seconds == 300 - here.second
