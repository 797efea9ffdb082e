"""Deliveries as data: who was told what, over which channel, and what became of it, by whose word."""

from typing import Annotated

from flask import Blueprint, Response
from pydantic import BaseModel, Field
from spectree import Response as Described

from central.api import PREFIX, READING, answer, described, faults, queried
from central.context import plant
from central.limits import DELIVERIES_PER_READ_MAX
from central.notify.lists import Asked, Line, list_deliveries
from central.notify.states import DeliveryState
from central.read_api import READERS

Number = Annotated[int, Field(ge=0, le=2**53)]
Seconds = Annotated[float, Field(ge=0, le=253_402_300_000, allow_inf_nan=False)]


class DeliveriesAsked(BaseModel):
    """Which deliveries, the newest first; empty texts and 0 mean any. `before`: only those with a smaller id.

    `since` and `until`: when they were made, seconds since 1970.
    """

    state: DeliveryState | Annotated[str, Field(pattern=r"^$")] = ""
    person: Annotated[str, Field(max_length=64)] = ""
    channel: Annotated[str, Field(max_length=32)] = ""
    since: Seconds = 0
    until: Seconds = 0
    before: Number = 0
    limit: Annotated[int, Field(ge=1, le=DELIVERIES_PER_READ_MAX)] = 100


class DeliveryTold(BaseModel):
    """One delivery. Times are seconds since 1970; empty where it has not come to that."""

    id: int
    key: str
    notification: int
    rule: int
    kind: str
    subject: str
    level: int
    person: str
    channel: str
    priority: str
    state: DeliveryState
    possibly_repeated: bool
    attempts: int
    code: str
    told: str
    provider_id: str
    happened_at: float
    made_at: float
    next_at: float | None
    accepted_at: float | None
    shown_at: float | None
    acknowledged_at: float | None
    closed_at: float | None
    closed_by: str


class DeliveriesTold(BaseModel):
    """The newest that match."""

    deliveries: list[DeliveryTold]


def blueprint() -> Blueprint:
    """The route."""
    routes = Blueprint("notify_api", __name__, url_prefix=PREFIX)
    routes.get("/deliveries")(deliveries)
    return routes


@described(
    query=DeliveriesAsked, resp=Described(HTTP_200=DeliveriesTold, **faults(401, 403)), tags=[READERS], security=READING
)
def deliveries() -> Response:
    """What became of messages: for who looks after them, and at the machine itself."""
    here = plant()
    asked = queried(DeliveriesAsked)
    wanted = Asked(str(asked.state), asked.person, asked.channel, asked.since, asked.until, asked.before)
    with here.database.read() as session:
        found = list_deliveries(session, here.database.plant, wanted, asked.limit)
    return answer(DeliveriesTold(deliveries=[_told(each) for each in found]))


def _told(line: Line) -> DeliveryTold:
    row, note = line.delivery, line.note
    return DeliveryTold(
        id=row.id,
        key=row.key,
        notification=note.id,
        rule=row.rule,
        kind=note.kind,
        subject=note.subject,
        level=row.level,
        person=row.person,
        channel=row.channel,
        priority=row.priority,
        state=DeliveryState(row.state),
        possibly_repeated=bool(row.repeated),
        attempts=row.attempts,
        code=row.code,
        told=row.told,
        provider_id=row.provider_id,
        happened_at=note.happened_at,
        made_at=row.made_at,
        next_at=row.next_at,
        accepted_at=row.accepted_at,
        shown_at=row.shown_at,
        acknowledged_at=row.acknowledged_at,
        closed_at=note.closed_at,
        closed_by=note.closed_by,
    )
