"""The audit log for programs that keep a copy of it elsewhere, where nobody here can change it."""

from typing import Annotated

from flask import Blueprint, Response
from pydantic import BaseModel, Field
from spectree import Response as Described

from central.api import PREFIX, READERS_OF_ACTS, answer, described, faults, queried
from central.audit import Act, acts_behind
from central.context import plant
from central.limits import AUDIT_READ_MAX
from central.read_api import READERS, Number


class ActsAsked(BaseModel):
    """The acts behind position `after`."""

    after: Number = 0
    limit: Annotated[int, Field(ge=1, le=AUDIT_READ_MAX)] = 200


class ActsTold(BaseModel):
    """The next acts, in their order."""

    plant: str
    acts: list[Act]


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
    asked = queried(ActsAsked)
    with here.database.read() as session:
        found = acts_behind(session, here.database.plant, asked.after, asked.limit)
    return answer(ActsTold(plant=here.database.plant, acts=list(found)))
