"""The reading interface: the board as data, and records for subscribers that replay what they missed."""

from dataclasses import asdict
from typing import Annotated, Any

from flask import Blueprint, Response, jsonify
from pydantic import BaseModel, Field, RootModel
from spectree import Response as Described
from spectree.models import Tag

from central.api import PREFIX, READING, described, faults, queried
from central.board import Board, current_board
from central.completeness import Completeness, completeness
from central.context import plant
from central.errors import RequestRefused
from central.limits import RECORDS_PER_READ_MAX
from central.projector import catch_up_all
from central.readers import StoredRecord, read_log, replay
from floor.events import cloud_event

READERS = Tag(
    name="readers",
    description="Readable at the machine itself, for who is signed in, and with a bearer token: a gateway's, or a "
    "machine's token that has the scope of the route.",
)
Number = Annotated[int, Field(ge=0, le=2**53)]


class RecordsAsked(BaseModel):
    """Either of one epoch (`gateway`, `epoch`, behind seq `after`) or of the whole log (behind position `after`)."""

    gateway: Annotated[str, Field(pattern=r"^([A-Za-z0-9][A-Za-z0-9._-]{0,47})?$")] = ""
    epoch: Annotated[str, Field(pattern=r"^([0-9a-f]{32})?$")] = ""
    after: Number = 0
    limit: Annotated[int, Field(ge=1, le=RECORDS_PER_READ_MAX)] = 200


class RecordTold(BaseModel):
    """A record of the log. `event` is its CloudEvents 1.0 JSON as text, unchanged behind its identity."""

    position: int
    gateway: str
    epoch: str
    seq: int
    previous_digest: str
    digest: str
    received_at: float
    event: str


class BoardTold(RootModel[Board]):
    """The running state of the plant. Times are seconds since 1970; empty where they are not known."""


class CompletenessTold(BaseModel):
    """Every gateway, by name. Times are seconds since 1970; empty where they are not known."""

    gateways: list[Completeness]


class RecordsTold(BaseModel):
    """The next records, in order."""

    records: list[RecordTold]


def blueprint() -> Blueprint:
    """The routes."""
    routes = Blueprint("read_api", __name__, url_prefix=PREFIX)
    routes.get("/board")(board)
    routes.get("/records")(records)
    routes.get("/completeness")(completeness_told)
    return routes


@described(resp=Described(HTTP_200=BoardTold, **faults(401, 403)), tags=[READERS], security=READING)
def board() -> Response:
    """The running state of the plant, folded to the end of the log. Scope `read:board`."""
    here = plant()
    found: dict[str, Any] = asdict(current_board(here.database, here.now()))
    return jsonify(found)


@described(resp=Described(HTTP_200=CompletenessTold, **faults(401, 403)), tags=[READERS], security=READING)
def completeness_told() -> Response:
    """Whether everything that each gateway announced is held, once each (N02), and what a check starts from.

    Scope `read:records`.
    """
    here = plant()
    catch_up_all(here.database)
    with here.database.read() as session:
        told = CompletenessTold(gateways=completeness(session, here.database.plant))
    return Response(told.model_dump_json(), 200, mimetype="application/json")


@described(
    query=RecordsAsked, resp=Described(HTTP_200=RecordsTold, **faults(401, 403)), tags=[READERS], security=READING
)
def records() -> Response:
    """Records to replay: who subscribes to MQTT sees gaps by seq and asks here. Scope `read:records`."""
    here = plant()
    asked = queried(RecordsAsked)
    if bool(asked.gateway) != bool(asked.epoch):
        raise RequestRefused("gateway and epoch go together")
    with here.database.read() as session:
        if asked.gateway:
            found = replay(session, here.database.plant, asked.gateway, asked.epoch, asked.after, asked.limit)
        else:
            found = read_log(session, here.database.plant, asked.after, asked.limit)
    told = RecordsTold(records=[_told(each) for each in found])
    return Response(told.model_dump_json(), 200, mimetype="application/json")


def _told(record: StoredRecord) -> RecordTold:
    return RecordTold(
        position=record.position,
        gateway=record.gateway_name,
        epoch=record.epoch,
        seq=record.seq,
        previous_digest=record.previous_digest,
        digest=record.digest,
        received_at=record.received_at,
        event=cloud_event(record.gateway_name, record.epoch, record.seq, record.content),
    )
