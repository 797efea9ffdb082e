"""The JSON bodies of the set-up page's POSTs. Pure."""

from typing import Annotated, Literal

from pydantic import Field

from devices.types import Signal
from gateway.screen.bodies import Body
from gateway.screen.limits import CODE_CHARS_MAX, DEVICE_KEY_CHARS_MAX


class ListenBody(Body):
    """Listen for devices."""


class StopBody(Body):
    """Listen no longer."""


class AssignBody(Body):
    """Assign a detected device to this station; `code` and `call_type` name one of its keys as a button."""

    key: Annotated[str, Field(min_length=1, max_length=DEVICE_KEY_CHARS_MAX)]
    role: Literal["scanner", "button"]
    code: Annotated[str, Field(pattern=r"^[0-9]{0,4}$")] = ""
    call_type: Annotated[str, Field(max_length=CODE_CHARS_MAX)] = ""


class RemoveBody(Body):
    """Take an assignment back."""

    name: Annotated[str, Field(min_length=1, max_length=64)]


class SignalBody(Body):
    """Try a signal."""

    signal: Annotated[Signal, Field(strict=False)]


class RestartBody(Body):
    """Start the gateway again."""


SET_UP_BODIES: dict[str, type[Body]] = {
    "listen": ListenBody,
    "stop": StopBody,
    "assign": AssignBody,
    "remove": RemoveBody,
    "signal": SignalBody,
    "restart": RestartBody,
}
