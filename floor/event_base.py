"""What every event is made of: the base class and the kinds of field.

Pure: values in, values out.
"""

from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from floor.grown import Grown

Name = Annotated[str, Field(min_length=1, max_length=64)]
Text = Annotated[str, Field(max_length=512)]
Pieces = Annotated[int, Field(ge=0, le=1_000_000)]
FileHash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of a file, which is its name")]
Identity = Annotated[
    str, Field(pattern=r"^[0-9a-f]{32}/[1-9][0-9]*$", description="epoch/seq of a record of this gateway")
]


class Event(BaseModel):
    """What happened, as data. `type_name` is its CloudEvents type; the fields are its `data`."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    type_name: ClassVar[str] = ""


class GrownEvent(Event, Grown):
    """An event with fields that came after 0.1.0."""
