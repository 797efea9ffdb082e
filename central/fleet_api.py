"""The fleet for machines: `/api/v1/fleet`. Agents tell and ask, readers see the list (docs/fleet.md)."""

from dataclasses import asdict

from flask import Blueprint, Response, request
from pydantic import BaseModel
from spectree import Response as Described

from central.api import GATEWAYS, PREFIX, READING, answer, described, faults, parsed, refuse_other_protocols
from central.bodies import read_body
from central.context import plant
from central.diagnosis import take_diagnosis
from central.digits import whole_number
from central.doors import asking_gateway
from central.errors import FileAbsent, RequestRefused, RightRefused
from central.file_api import RangeAsked, asked_first, piece_of
from central.files import HASH
from central.fleet import bundle_path, take_report
from central.fleet_limits import FLEET_REPORT_BYTES_MAX
from central.fleet_lines import fleet
from central.read_api import READERS
from central.rollouts import bundle_wished
from sync.wire import DIAGNOSIS_BYTES_MAX, FleetReport, FleetWish

NUMBER_DIGITS_MAX = 9


class HealthTold(BaseModel):
    """`level`: bad, warn, good or unseen; `faults`: keys."""

    level: str
    faults: list[str]


class FleetLineTold(BaseModel):
    """One gateway. Times are seconds since 1970; null and empty: it was not told."""

    name: str
    line: str
    model: str
    slot: str
    release: str
    health: HealthTold
    waiting: int
    waiting_since: float | None
    clock_good: bool | None
    disk_free_bytes: int | None
    disk_bytes: int | None
    disk_worn_percent: int | None
    temperature: float | None
    under_voltage: str
    network: str
    address: str
    last_seen: float | None
    update_state: str
    update_version: str
    update_reason: str
    settings_number: int
    settings_state: str
    settings_reason: str


class FleetTold(BaseModel):
    """Every gateway that is not revoked."""

    gateways: list[FleetLineTold]


def blueprint() -> Blueprint:
    """The routes."""
    routes = Blueprint("fleet_api", __name__, url_prefix=f"{PREFIX}/fleet")
    routes.post("")(report)
    routes.get("")(fleet_told)
    routes.get("/bundles/<sha256>")(bundle)
    routes.put("/diagnosis/<number>")(put_diagnosis)
    return routes


@described(resp=Described(HTTP_200=FleetTold, **faults(401, 403)), tags=[READERS], security=READING)
def fleet_told() -> Response:
    """The fleet: release, slot, health, queue, clock, card, network and last seen of each gateway."""
    here = plant()
    with here.database.read() as session:
        found = fleet(session, here.database.plant, here.now())
    return answer(FleetTold.model_validate({"gateways": [asdict(each) for each in found]}))


@described(
    json=FleetReport,
    resp=Described(HTTP_200=FleetWish, **faults(401, 403, 413)),
    tags=[GATEWAYS],
    security={"gateway": []},
)
def report() -> Response:
    """What an update agent tells, against what is wished of its gateway."""
    here = plant()
    gateway_name = asking_gateway(request, here)
    refuse_other_protocols()
    told = parsed(FleetReport, read_body(request, FLEET_REPORT_BYTES_MAX))
    if told.gateway != gateway_name:
        raise RightRefused(f"this credential is of {gateway_name}, the report claims another name")
    with here.database.write() as session:
        wish = take_report(session, here.database.plant, gateway_name, told, here.now())
    return answer(wish)


@described(
    path_parameter_descriptions={"sha256": "The bundle's SHA-256."},
    headers=RangeAsked,
    resp=Described("HTTP_206", **faults(401, 404, 416)),
    tags=[GATEWAYS],
    security={"gateway": []},
)
def bundle(sha256: str) -> Response:
    """A range of the bundle that is wished of this gateway. At most 256 KiB come; `Content-Range` says which."""
    here = plant()
    gateway_name = asking_gateway(request, here)
    if not HASH.fullmatch(sha256):
        raise RequestRefused("a bundle is named by its SHA-256, 64 hexadecimal digits")
    first = asked_first("bundle")
    with here.database.read() as session:
        wish = bundle_wished(session, here.database.plant, gateway_name, here.now())
    path = bundle_path(here.config.folder, sha256)
    if wish is None or wish.sha256 != sha256 or not path.is_file():
        raise FileAbsent("this bundle is not wished of this gateway now", "A roll-out that runs offers it again.")
    return piece_of(path, first)


@described(
    path_parameter_descriptions={"number": "The request's number."},
    resp=Described(HTTP_200=FleetWish, **faults(401, 404, 413, 415)),
    tags=[GATEWAYS],
    security={"gateway": []},
)
def put_diagnosis(number: str) -> Response:
    """A diagnosis bundle that was asked for: a zip file."""
    here = plant()
    gateway_name = asking_gateway(request, here)
    refuse_other_protocols()
    asked = whole_number(number, NUMBER_DIGITS_MAX)
    content = read_body(request, DIAGNOSIS_BYTES_MAX)
    with here.database.write() as session:
        take_diagnosis(session, here.database.plant, here.config.folder, gateway_name, asked or 0, content, here.now())
    return answer(FleetWish(diagnosis=asked or 0))
