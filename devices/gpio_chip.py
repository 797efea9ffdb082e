"""The seam to libgpiod 2: the module itself, loaded when a pin is really used.

What is used of it, and what virtual_gpio.VirtualGpiod therefore implements: request_lines, LineSettings,
line.Direction, line.Edge, line.Bias, line.Value, EdgeEvent.Type, and of a request fd, set_values, read_edge_events,
release.
"""

from __future__ import annotations

from typing import Any, Final

from devices.errors import DeviceExtraMissing, DeviceGone

CONSUMER: Final = "lineside"


def load_gpiod() -> Any:
    """The library. Raises DeviceExtraMissing when it is not installed, or is version 1 with its other interface."""
    try:
        import gpiod
        import gpiod.line
    except ImportError as fault:
        raise DeviceExtraMissing("Pins need libgpiod: pip install lineside[gpio]") from fault
    if not hasattr(gpiod, "request_lines"):
        raise DeviceExtraMissing("Pins need libgpiod 2, an older one is installed: pip install lineside[gpio]")
    return gpiod


def request_inputs(gpiod: Any, chip: str, offsets: tuple[int, ...], bias: str, active_low: bool) -> Any:
    """Lines that report both edges. Raises DeviceGone."""
    settings = gpiod.LineSettings(
        direction=gpiod.line.Direction.INPUT,
        edge_detection=gpiod.line.Edge.BOTH,
        bias=getattr(gpiod.line.Bias, bias.upper()),
        active_low=active_low,
    )
    return _request(gpiod, chip, offsets, settings)


def request_outputs(gpiod: Any, chip: str, offsets: tuple[int, ...], active_low: bool) -> Any:
    """Lines that are driven, all off at first. Raises DeviceGone."""
    settings = gpiod.LineSettings(
        direction=gpiod.line.Direction.OUTPUT, active_low=active_low, output_value=gpiod.line.Value.INACTIVE
    )
    return _request(gpiod, chip, offsets, settings)


def _request(gpiod: Any, chip: str, offsets: tuple[int, ...], settings: Any) -> Any:
    try:
        return gpiod.request_lines(chip, config={offsets: settings}, consumer=CONSUMER)
    except (OSError, ValueError) as fault:
        raise DeviceGone(f"{chip} lines {', '.join(map(str, offsets))}: {fault}") from fault
