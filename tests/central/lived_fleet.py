"""The machines of the lived-in plant: what their gateways told of them, a release on its way, and wished settings."""

import hashlib
import json
from typing import Any, Final

from sqlalchemy import update
from sqlalchemy.orm import Session

from central.context import Plant
from central.fleet import add_release, take_report
from central.models import Gateway
from central.rollouts import Plan, advance, start_rollout
from central.wished_settings import publish_settings
from sync.wire import FleetReport, UpdateTold

HEALTHY: Final = {
    "model": "Raspberry Pi 4 Model B Rev 1.5",
    "disk_bytes": 31_000_000_000,
    "disk_free_bytes": 24_600_000_000,
    "temperature": 46.7,
    "network": "eth0",
    "address": "10.20.5.11",
    "under_voltage": "no",
    "disk_worn_percent": 10,
}
MACHINES: Final[dict[str, tuple[str, dict[str, Any], UpdateTold]]] = {
    "gw1": ("plant/machining/L1", HEALTHY, UpdateTold(state="trial", version="0.3.0")),
    "gw2": (
        "plant/machining/L2",
        HEALTHY | {"address": "10.20.5.12", "temperature": 71.2, "under_voltage": "since boot", "network": "wlan0"},
        UpdateTold(state="idle"),
    ),
    "gw3": (
        "plant/assembly/L3",
        HEALTHY | {"address": "10.20.5.13", "disk_free_bytes": 1_900_000_000, "disk_worn_percent": 70},
        UpdateTold(state="idle"),
    ),
}
"""Line, machine, and what the update agent is at, by gateway."""


def tell_of_machines(here: Plant, by: str, now: float) -> None:
    """Every agent reports; a release waits at its canary, and two gateways have settings of the office."""
    bundle = here.config.folder / "0.3.0.lineside"
    bundle.write_bytes(b"a bundle of the gallery\n" * 4_000)
    plant = here.database.plant
    with here.database.write() as session:
        add_release(session, plant, here.config.folder, bundle, "0.3.0", by, now - 7_200)
        for name in MACHINES:
            _report(session, plant, name, UpdateTold(state="idle"), now - 5_400)
        start_rollout(session, plant, Plan("0.3.0", sorted(MACHINES), ("gw1",)), by, now - 3_000)
        advance(session, plant, now - 2_990)
        for name, (line, machine, told) in MACHINES.items():
            status = json.dumps({"line": line, "machine": machine})
            session.execute(update(Gateway).where(Gateway.plant == plant, Gateway.name == name).values(status=status))
            _report(session, plant, name, told, now - 60)
        settings = json.dumps({"screen": {"language": "zh"}})
        publish_settings(session, plant, ["gw1", "gw2"], settings, by, now - 86_400, "中文画面")


def _report(session: Session, plant: str, name: str, told: UpdateTold, at: float) -> None:
    own = json.dumps(
        {"gateway": {"name": name, "line": MACHINES[name][0].rpartition("/")[2]}, "station": [{"id": "S1"}]}
    )
    digest = hashlib.sha256(own.encode()).hexdigest()
    report = FleetReport(
        gateway=name, release="0.2.0", slot="A", update=told, configuration=own, configuration_digest=digest
    )
    take_report(session, plant, name, report, at)
