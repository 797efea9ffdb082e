"""Orders and traces as data, for whatever reads the plant by program."""

from typing import Annotated, Literal

from flask import Blueprint, Response
from pydantic import BaseModel, Field, RootModel
from spectree import Response as Described

from central.api import PREFIX, READING, Fault, answer, described, faults, queried
from central.context import plant
from central.order_fold import catch_up_all
from central.order_view import OrderDetail, order_of
from central.read_api import READERS
from central.snapshots import current_master
from central.trace import Pass, StepLine, Subject, Use, look_up, subjects_of

STEPS_PER_ANSWER_MAX = 100
PASSES_PER_ANSWER_MAX = 20


class OrderTold(RootModel[OrderDetail]):
    """An order with its operations, measures and where it is stuck. Times: seconds since 1970; spans: seconds."""


class TraceAsked(BaseModel):
    """`q`: a serial, lot, order, person, badge or station. `kind`: which of them; empty: the first that it is."""

    q: Annotated[str, Field(min_length=1, max_length=128)]
    kind: Literal["", "serial", "lot", "order", "person", "station"] = ""
    before: Annotated[int, Field(ge=0, le=2**53)] | None = None


class TraceTold(BaseModel):
    """What the text is, and the steps of the one subject that was chosen, newest first.

    `passes`: where a serial or lot of a product was identified. `uses`: where it was built in, as a component.
    `older`: ask again with it as `before` for what comes before; null: there is no more.
    """

    subjects: list[Subject]
    chosen: Subject | None
    steps: list[StepLine]
    passes: list[Pass]
    uses: list[Use]
    older: int | None


def blueprint() -> Blueprint:
    """The routes."""
    routes = Blueprint("order_api", __name__, url_prefix=PREFIX)
    routes.get("/orders/<order>")(order)
    routes.get("/trace")(trace)
    return routes


@described(resp=Described(HTTP_200=OrderTold, **faults(401, 403, 404)), tags=[READERS], security=READING)
def order(order: str) -> Response:
    """One order: operations with people, quantities, times, calls, photos, notes and flags, and its measures."""
    here = plant()
    catch_up_all(here.database)
    with here.database.read() as session:
        found = order_of(session, here.database.plant, order, here.now())
    if found is None:
        fault = Fault(error="no such order", hint="The page of orders lists those that the plant knows.")
        return Response(fault.model_dump_json(), 404, mimetype="application/json")
    return answer(OrderTold(found))


@described(query=TraceAsked, resp=Described(HTTP_200=TraceTold, **faults(401, 403)), tags=[READERS], security=READING)
def trace() -> Response:
    """From a product to people, stations, components, calls and photos; from a component to every product with it."""
    here = plant()
    asked = queried(TraceAsked)
    catch_up_all(here.database)
    return answer(_traced(asked))


def _traced(asked: TraceAsked) -> TraceTold:
    here = plant()
    name = here.database.plant
    with here.database.read() as session:
        subjects = subjects_of(session, name, asked.q, current_master(session, name))
        chosen = next((each for each in subjects if asked.kind in ("", each.kind)), None)
        if chosen is None:
            return TraceTold(subjects=subjects, chosen=None, steps=[], passes=[], uses=[], older=None)
        bounded = PASSES_PER_ANSWER_MAX if chosen.kind in ("serial", "lot") else STEPS_PER_ANSWER_MAX
        found = look_up(session, name, chosen, bounded, asked.before, here.now())
    return TraceTold(
        subjects=subjects,
        chosen=chosen,
        steps=list(found.page.steps),
        passes=list(found.passes),
        uses=list(found.uses),
        older=found.older,
    )
