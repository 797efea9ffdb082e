"""What a gateway says about its stations by MQTT, retained, for the others of its line: the words of both who tells and
who hears.

Pure: values in, values out. It is hearsay to whoever reads it (never counted, never journalled as one's own), so a
reader takes what it knows within bounds (I10) and leaves the rest. 0.1.0 tells only the first five fields.
"""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from floor.cells import Segment
from floor.label_texts import shown
from floor.limits import STATE_COUNTS_MAX, STATE_LINES_MAX, STATE_STATIONS_MAX, STATE_TEXT_CHARACTERS_MAX

Text = Annotated[str, Field(max_length=STATE_TEXT_CHARACTERS_MAX), AfterValidator(shown)]
"""What a screen may show: whoever wrote it, no controls and no marks that turn a line around."""
Key = Annotated[str, Field(min_length=1, max_length=STATE_TEXT_CHARACTERS_MAX)]
COUNT_MAX = 10**9
SECONDS_MAX = 1e9
WALL_MAX = 1e12
Count = Annotated[int, Field(ge=0, le=COUNT_MAX)]
Seconds = Annotated[float, Field(ge=0, le=SECONDS_MAX)]


class Told(BaseModel):
    """No coercion; an unknown member is left alone, as a newer release may say more."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore", allow_inf_nan=False)


class ToldWork(Told):
    """An operation with open shares at the station. `good` and `scrap`: this gateway's own count of it."""

    operation: Key
    title: Text = ""
    planned: Count | None = None
    good: Count = 0
    scrap: Count = 0
    running: bool = True


class ToldCall(Told):
    """An open call, and how long it had been open at the time of the document."""

    call_type: Key
    name: Text = ""
    name_en: Text = ""
    impact: Text = ""
    acknowledged: bool = False
    acknowledged_by: Text = ""
    tier: Count = 0
    owner: Text = Field("", description="who has to know since the newest tier")
    elapsed_seconds: Seconds = 0.0


class ToldStation(Told):
    """One station. `more`: how many people, operations and calls found no room in the lists."""

    station: Segment
    name: Text = ""
    people: Annotated[tuple[Text, ...], Field(max_length=STATE_LINES_MAX)] = ()
    work: Annotated[tuple[ToldWork, ...], Field(max_length=STATE_LINES_MAX)] = ()
    calls: Annotated[tuple[ToldCall, ...], Field(max_length=STATE_LINES_MAX)] = ()
    more: Count = 0


class GatewayState(Told):
    """What a gateway says about itself, retained; its last will is the same with `online` false and nothing more."""

    gateway: Segment
    online: bool
    release: Text = ""
    epoch: Text = Field("", description="the newest epoch; empty before its first record")
    last: Annotated[int, Field(ge=0, le=2**53)] = Field(0, description="the newest seq of that epoch")
    age_seconds: Seconds = Field(0.0, description="how old the rest was when this was sent, by the sender's boot clock")
    walltime: Annotated[float, Field(ge=0, le=WALL_MAX)] = Field(
        0.0, description="the wall time the rest is of, in seconds since 1970; see clockstate"
    )
    clockstate: Text = Field("unsynchronised", description="how well `walltime` is known, as in events")
    refusing: Text = Field("", description="why nothing can be kept now; empty when it can")
    stations: Annotated[tuple[ToldStation, ...], Field(max_length=STATE_STATIONS_MAX)] = ()
    counts: Annotated[tuple[tuple[Key, Count, Count], ...], Field(max_length=STATE_COUNTS_MAX)] = Field(
        (), description="operation, good, scrap: this gateway's own count of those it touched last"
    )


def state_schema() -> dict[str, Any]:
    """The JSON Schema of the document, in one piece: it also stands inside another document."""
    schema = GatewayState.model_json_schema()
    schema.pop("title", None)
    parts = schema.pop("$defs")
    whole = _inlined(schema, parts)
    assert isinstance(whole, dict)
    return {**whole, "additionalProperties": True}


def _inlined(node: Any, parts: dict[str, Any]) -> Any:
    """The node with each reference replaced by what it stands for; none of them goes round in a circle."""
    if isinstance(node, list):
        return [_inlined(each, parts) for each in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return _inlined(parts[node["$ref"].rpartition("/")[2]], parts)
    return {key: _inlined(value, parts) for key, value in node.items()}
