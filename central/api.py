"""The interface that gateways use: `/api/v1`. docs/wire.md tells it in prose, /api/v1/openapi.json for programs."""

import logging
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from flask import Blueprint, Flask, Response, jsonify, request
from pydantic import BaseModel, Field, ValidationError
from spectree import Response as Described
from spectree import SpecTree
from spectree.models import InType, SecureType, SecurityScheme, SecuritySchemeData, Tag
from sqlalchemy.orm import Session

from central.asked_keys import proven_key
from central.asking import asking_address
from central.audit import record_act
from central.authority import Issued, authority_of
from central.bodies import read_body
from central.context import Plant, plant
from central.credentials import give
from central.digits import whole_number
from central.doors import asking_gateway
from central.enrolment import enrol as enrol_gateway
from central.enrolment import enrol_or_refuse
from central.errors import AuthorityUnusable, RequestRefused, RightRefused
from central.facts import read_facts
from central.ingest import ingest
from central.limits import JSON_BODY_BYTES_MAX
from central.pages.protection import SESSION_COOKIE
from central.snapshots import current_envelope, current_head
from floor import __version__
from sync.wire import BATCH_BYTES_MAX, PROTOCOL, Batch, Enrolled, Enrolment, Facts, Receipt, SnapshotEnvelope

log = logging.getLogger("lineside.central")

PREFIX = "/api/v1"


class Fault(BaseModel):
    """What went wrong, and who can do what about it."""

    error: str
    hint: str


class FactsAsked(BaseModel):
    """Which facts: those behind this number."""

    after: Annotated[int, Field(ge=0, le=2**53)] = 0


GATEWAYS = Tag(
    name="gateways", description="What a gateway asks. Idempotent; any other status than 200: nothing taken."
)

spec = SpecTree(
    "flask",
    title="Lineside",
    version=__version__,
    description="The server of a plant. Bodies are JSON; errors are {error, hint}. Records are opaque texts.",
    page_templates={},
    mode="strict",
    naming_strategy=lambda model: str(model.__name__),
    nested_naming_strategy=lambda _, child: child,
    # Routes check their bodies themselves and say what is wrong with one like everything else.
    validation_error_status=400,
    validation_error_model=Fault,
    security_schemes=[
        SecurityScheme(
            name="gateway",
            data=SecuritySchemeData(type=SecureType.HTTP, scheme="bearer", description="A gateway's own credential."),
        ),
        SecurityScheme(
            name="token",
            data=SecuritySchemeData(
                type=SecureType.HTTP,
                scheme="bearer",
                description="A machine's token, made by an administrator; each route says the scope it needs.",
            ),
        ),
        SecurityScheme(
            name="session",
            data=SecuritySchemeData(type=SecureType.API_KEY, name=SESSION_COOKIE, field_in=InType.COOKIE),
        ),
    ],
)


READING: list[dict[str, list[str]]] = [{"token": []}, {"gateway": []}, {"session": []}, {}]
"""What opens a route for readers: any one of these; the last is being at the machine itself."""

READERS_OF_ACTS: list[dict[str, list[str]]] = [{"token": []}, {"session": []}]

View = TypeVar("View", bound=Callable[..., Response])
Query = TypeVar("Query", bound=BaseModel)


def described(**models: Any) -> Callable[[View], View]:
    """Describes a route. Bodies are read by the routes themselves, which bound and check them once."""
    found: Callable[[View], View] = spec.validate(skip_validation=True, **models)
    return found


def faults(*statuses: int) -> dict[str, Any]:
    """The statuses a route may answer besides 200. Any may find the database away; 400 is told of all (`spec`)."""
    return {f"HTTP_{status}": Fault for status in (*statuses, 503)}


def blueprint() -> Blueprint:
    """The routes."""
    routes = Blueprint("api", __name__, url_prefix=PREFIX)
    routes.post("/sync")(take_batch)
    routes.get("/snapshot")(snapshot)
    routes.get("/facts")(facts)
    routes.post("/enrol")(enrol)
    return routes


def describe(app: Flask) -> None:
    """Serve the OpenAPI document of the described routes."""
    spec.app = app
    app.add_url_rule(f"{PREFIX}/openapi.json", "openapi_document", lambda: jsonify(spec.spec))


def answer(model: BaseModel, headers: dict[str, str] | None = None) -> Response:
    """A model as JSON."""
    return Response(model.model_dump_json(), 200, headers, "application/json")


def refuse_other_protocols() -> None:
    """A newer gateway that this server would misunderstand. Raises RequestRefused."""
    told = request.headers.get("Lineside-Protocol", str(PROTOCOL))
    if told != str(PROTOCOL):
        raise RequestRefused(f"protocol {told[:16]!r}; this server speaks {PROTOCOL}", "Update the server.")


@described(
    json=Batch,
    resp=Described(HTTP_200=Receipt, **faults(401, 403, 413)),
    tags=[GATEWAYS],
    security={"gateway": []},
)
def take_batch() -> Response:
    """Records up, marks down (G3, S1 to S4)."""
    here = plant()
    gateway_name = asking_gateway(request, here)
    refuse_other_protocols()
    batch = parsed(Batch, read_body(request, BATCH_BYTES_MAX))
    if batch.gateway != gateway_name:
        raise RightRefused(f"this credential is of {gateway_name}, the batch claims another name")
    if batch.protocol != PROTOCOL:
        raise RequestRefused(f"protocol {batch.protocol}; this server speaks {PROTOCOL}", "Update the server.")
    return answer(ingest(here.database, gateway_name, batch, here.now()))


def parsed(model: Any, body: bytes) -> Any:
    """A body as a model. Raises RequestRefused, which names the first member that does not fit."""
    try:
        return model.model_validate_json(body)
    except ValidationError as fault:
        raise _refused(fault, "body") from None


def queried(model: type[Query]) -> Query:
    """What stands behind the ? of the request, as a model. Raises like `parsed`."""
    try:
        return model.model_validate(request.args.to_dict())
    except ValidationError as fault:
        raise _refused(fault, "query") from None


def _refused(fault: ValidationError, whole: str) -> RequestRefused:
    first = fault.errors(include_input=False, include_url=False, include_context=False)[0]
    where = ".".join(map(str, first["loc"]))
    return RequestRefused(f"{where or whole}: {first['msg']}")


@described(
    resp=Described("HTTP_304", HTTP_200=SnapshotEnvelope, **faults(401, 404)), tags=[GATEWAYS], security={"gateway": []}
)
def snapshot() -> Response:
    """The master data in force, whole (I8). `If-None-Match` with its digest: 304."""
    here = plant()
    asking_gateway(request, here)
    with here.database.read() as session:
        _, digest = current_head(session, here.database.plant)
        if digest and request.if_none_match.contains(digest):
            return Response(status=304, headers={"ETag": f'"{digest}"'})
        envelope = current_envelope(session, here.database.plant)
    if envelope is None:
        fault = Fault(error="no master data was published", hint="A planner imports it on the Master data page.")
        return Response(fault.model_dump_json(), 404, mimetype="application/json")
    return answer(envelope, {"ETag": f'"{envelope.digest}"'})


@described(query=FactsAsked, resp=Described(HTTP_200=Facts, **faults(401)), tags=[GATEWAYS], security={"gateway": []})
def facts() -> Response:
    """What happened elsewhere, behind number `after`, in order."""
    here = plant()
    gateway_name = asking_gateway(request, here)
    after = whole_number(request.args.get("after", "0"), 16)
    if after is None:
        raise RequestRefused("after is a whole number")
    with here.database.read() as session:
        return answer(read_facts(session, here.database.plant, gateway_name, after))


def new_certificate(session: Session, here: Plant, gateway_name: str, request_pem: str) -> Issued:
    """A certificate of the plant's own authority. Raises what `give` raises, and AuthorityUnusable."""
    name, now = here.database.plant, here.now()
    return give(session, authority_of(here.config.folder, name, now), name, gateway_name, request_pem, now)


def _first_certificate(session: Session, here: Plant, asked: Enrolment) -> str:
    """What comes with the token; empty where none was asked for, or none can be made and the token opens by itself.

    Raises what `new_certificate` raises: then nothing is committed, so the code works once the fault is mended.
    """
    if not asked.certificate_request:
        return ""
    try:
        return new_certificate(session, here, asked.gateway, asked.certificate_request).pem
    except AuthorityUnusable as fault:
        if here.config.gateway_certificates == "required":
            raise
        log.error("%s is enrolled without a certificate: %s (%s)", asked.gateway, fault, fault.hint)
        return ""


@described(json=Enrolment, resp=Described(HTTP_200=Enrolled, **faults(403, 409, 413, 429)), tags=[GATEWAYS])
def enrol() -> Response:
    """A one-time code against the gateway's own credential; with a request, also against a certificate. Whoever did not
    hear the answer asks again over the same key within an hour; what was told before is void then."""
    here = plant()
    here.attempts.count(request.remote_addr or "", here.now())
    asked = parsed(Enrolment, read_body(request, JSON_BODY_BYTES_MAX))
    certificate, key = "", proven_key(asked.certificate_request)
    with here.database.write() as session:
        token = enrol_gateway(session, here.database.plant, asked.gateway, asked.code, here.now(), key)
        if token is not None:
            who = f"gateway:{asked.gateway}"
            certificate = _first_certificate(session, here, asked)
            record_act(
                session, here.database.plant, who, "gateway.enrolled", asked.gateway, {}, here.now(), asking_address()
            )
    broker = here.config.broker
    told = Enrolled(
        gateway=asked.gateway,
        token=enrol_or_refuse(token),
        mqtt_host=broker.public_host or broker.host,
        mqtt_port=broker.port,
        certificate=certificate,
    )
    return answer(told, {"Cache-Control": "no-store"})
