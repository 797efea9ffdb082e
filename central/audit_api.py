"""The audit log for programs that keep a copy of it elsewhere, where nobody here can change it."""

from typing import Annotated

from flask import Blueprint, Response, request
from pydantic import BaseModel, Field
from spectree import Response as Described

from central.api import PREFIX, READERS_OF_ACTS, answer, described, faults
from central.audit import acts_behind
from central.context import plant
from central.errors import RequestRefused
from central.limits import AUDIT_READ_MAX
from central.read_api import READERS, Number


class ActsAsked(BaseModel):
    """The acts behind position `after`."""

    after: Number = 0
    limit: Annotated[int, Field(ge=1, le=AUDIT_READ_MAX)] = 200


class ActTold(BaseModel):
    """An act. `digest` is SHA-256 over `previous_digest`, a line feed, and the JSON array of plant, position, at, who,
    address, action, subject and detail. `detail` is JSON as text; `at` is seconds since 1970."""

    position: int
    at: float
    who: str
    address: str
    action: str
    subject: str
    detail: str
    previous_digest: str
    digest: str


class ActsTold(BaseModel):
    """The next acts, in their order."""

    plant: str
    acts: list[ActTold]


def blueprint() -> Blueprint:
    """The route."""
    routes = Blueprint("audit_api", __name__, url_prefix=PREFIX)
    routes.get("/audit")(acts)
    return routes


@described(
    query=ActsAsked, resp=Described(HTTP_200=ActsTold, **faults(401, 403)), tags=[READERS], security=READERS_OF_ACTS
)
def acts() -> Response:
    """Who did what, for administrators and for tokens with the scope `read:audit`."""
    here = plant()
    try:
        asked = ActsAsked.model_validate(request.args.to_dict())
    except ValueError as fault:
        raise RequestRefused(str(fault).splitlines()[0]) from None
    with here.database.read() as session:
        found = acts_behind(session, here.database.plant, asked.after, asked.limit)
    told = [ActTold.model_validate(each, from_attributes=True) for each in found]
    return answer(ActsTold(plant=here.database.plant, acts=told))
