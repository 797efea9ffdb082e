"""The rows of master data about products: items, revisions of their bills, routings, and what is in stock.

Pure: values in, values out. The lines of a bill are `floor/rows.py`'s Component.
"""

from typing import Annotated, Literal

from pydantic import Field

from floor.cells import Code, Day, Note, Row, Segment, Title
from floor.limits import MINIMUM_SECONDS_MAX, NUMBER_MAX

ItemName = Annotated[Title, Field(min_length=1)]


class Item(Row):
    """Something that is made, bought or built in. `revision` is its drawing's."""

    id: ItemName
    name: Title = ""
    name_en: Title = ""
    unit: Title = ""
    drawing: Title = ""
    revision: Title = ""


class BomRevision(Row):
    """A revision of a product's bill: its lines are the components that name it.

    A released one holds from day `valid_from` (empty: at once) until a later one does. Orders that have begun keep
    theirs.
    """

    key_columns = 2
    product: ItemName
    revision: ItemName
    state: Literal["draft", "released", "withdrawn"] = "draft"
    valid_from: Day = ""
    note: Note = ""


class RoutingStep(Row):
    """One step of how an item is made: the template of an operation. Rows of one item and revision are its routing.

    `checks`: what is looked at, separated by semicolons.
    """

    key_columns = 3
    item: ItemName
    revision: Title = ""
    number: Annotated[int, Field(ge=0, le=NUMBER_MAX)] = 10
    name: Title = ""
    minimum_seconds: Annotated[float, Field(ge=0, le=MINIMUM_SECONDS_MAX)] = 0
    stations: tuple[Segment, ...] = ()
    skill: Code | Literal[""] = ""
    capture: Literal["serial", "lot", ""] = ""
    checks: Note = ""


class Stock(Row):
    """What is there of an item, and on which day more is expected. An item without a row is not watched."""

    item: ItemName
    available: Annotated[float, Field(ge=0, le=1_000_000_000)] = 0
    expected: Annotated[float, Field(ge=0, le=1_000_000_000)] = 0
    expected_day: Day = ""
