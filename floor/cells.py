"""What a cell of master data may hold, and what every row of it is.

Pure: values in, values out.
"""

from datetime import date
from typing import Annotated, ClassVar, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
)

from floor.grown import Grown
from floor.limits import CELL_CHARACTERS_MAX
from floor.rights import PLACE

Code = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,47}$", description="letters, digits, . _ / -")]
PLAIN = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\uFFFE\uFFFF]*$"
"""No character that a workbook or a database cannot hold: what was imported must be storable and come out again."""

Title = Annotated[str, Field(max_length=120, pattern=PLAIN)]
Note = Annotated[str, Field(max_length=CELL_CHARACTERS_MAX, pattern=PLAIN)]
LabelText = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[\x20-\x7e]+$")]
Segment = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,47}$", description="one level of an MQTT topic")]

LineRole = Annotated[
    str,
    Field(
        pattern=f"^(leader|maintainer)@{PLACE}$",
        description="a role for a place, as leader@site/area/line",
    ),
]


def _day(text: str) -> str:
    if text:
        date.fromisoformat(text)
    return text


Day = Annotated[str, Field(pattern=r"^([0-9]{4}-[0-9]{2}-[0-9]{2})?$"), AfterValidator(_day)]
"""A day at the plant, as 2027-01-31; empty: none."""

_CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9]"
Clock = Annotated[str, Field(pattern=rf"^{_CLOCK}$", description="a time of day at the plant, as 06:30")]
Span = Annotated[str, Field(pattern=rf"^{_CLOCK}-{_CLOCK}$", description="from and to, as 09:00-09:15")]

FactName = Literal["quantity", "due", "revision"]
"""A key fact. quantity: what the operation plans; due: month and day, as 1231; revision: the work instruction's."""

CommandName = Literal[
    "digit",
    "good",
    "scrap",
    "confirm",
    "cancel",
    "undo",
    "pause",
    "resume",
    "sign_out",
    "same",
    "another",
    "cause",
    "call",
    "handover",
    "partial",
    "rework",
    "setup",
    "assign",
    "stop",
]


class Row(BaseModel):
    """A row of master data: frozen, and an unknown column is an error that names it."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    key_columns: ClassVar[int] = 1

    @property
    def key(self) -> str:
        """What tells the row from the others of its table: its first column, or its first two."""
        return " ".join(str(getattr(self, name)) for name in list(type(self).model_fields)[: self.key_columns])


class GrownRow(Row, Grown):
    """A row with columns that came after 0.1.0."""
