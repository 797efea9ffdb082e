"""How a gateway keeps its client certificate good: `/api/v1/certificate`."""

from typing import Annotated

from flask import Blueprint, Response, request
from pydantic import BaseModel, Field
from spectree import Response as Described

from central.api import GATEWAYS, PREFIX, answer, described, faults, new_certificate, parsed, queried
from central.asking import asking_address
from central.audit import record_act
from central.authority import authority_of
from central.bodies import read_body
from central.context import plant
from central.credentials import certificate_of, is_due
from central.doors import asking_gateway, is_certified
from central.limits import JSON_BODY_BYTES_MAX
from sync.wire import CertificateAsked, CertificateGiven, CertificateStanding


class SerialAsked(BaseModel):
    """Of which certificate: its serial number, hexadecimal without leading zeros; empty where there is none yet."""

    serial: Annotated[str, Field(max_length=48, pattern=r"^[0-9a-f]*$")] = ""


def blueprint() -> Blueprint:
    """The routes."""
    routes = Blueprint("credential_api", __name__, url_prefix=PREFIX)
    routes.get("/certificate")(standing)
    routes.post("/certificate")(certificate)
    return routes


@described(
    query=SerialAsked,
    resp=Described(HTTP_200=CertificateStanding, **faults(401)),
    tags=[GATEWAYS],
    security={"gateway": []},
)
def standing() -> Response:
    """Whether a gateway should ask for another certificate. The server's clock judges it: a gateway's may be off."""
    here = plant()
    gateway_name = asking_gateway(request, here)
    serial = queried(SerialAsked).serial
    authority = authority_of(here.config.folder, here.database.plant, here.now())
    with here.database.read() as session:
        row = certificate_of(session, here.database.plant, serial) if serial else None
        renew = is_due(row, gateway_name, authority, here.now())
    return answer(CertificateStanding(renew=renew, seen=bool(serial) and is_certified(request, here, serial)))


@described(
    json=CertificateAsked,
    resp=Described(HTTP_200=CertificateGiven, **faults(401, 413, 429)),
    tags=[GATEWAYS],
    security={"gateway": []},
)
def certificate() -> Response:
    """Another client certificate, over a key that was made on the gateway. Those before it stay good until they end."""
    here = plant()
    gateway_name = asking_gateway(request, here)
    asked = parsed(CertificateAsked, read_body(request, JSON_BODY_BYTES_MAX))
    with here.database.write() as session:
        made = new_certificate(session, here, gateway_name, asked.certificate_request)
        name, who = here.database.plant, f"gateway:{gateway_name}"
        told = {"serial": made.serial}
        record_act(session, name, who, "gateway.certified", gateway_name, told, here.now(), asking_address())
    return answer(CertificateGiven(certificate=made.pem, ends_at=made.ends_at), {"Cache-Control": "no-store"})
