"""Whether somebody at a station is in the midst of something that an update would interrupt.

Pure: values in, values out.
"""

from gateway.view import GatewayView


def busy_with(view: GatewayView | None) -> str:
    """What is open, in words for the maintainer; empty when nothing is."""
    if view is None:
        return "the gateway is starting"
    for station in view.stations:
        if station.handover is not None:
            return f"a hand-over is open at {station.station}"
        if station.prompt.kind != "none":
            return f"an input is not finished at {station.station}: {station.prompt.kind}"
        if station.listening:
            return f"{station.station} is being set up"
    return ""


def idle_seconds(view: GatewayView | None, wall: float) -> float:
    """Since the last input at any station, by the wall clock `wall`; as long as one likes when there was none."""
    newest = [station.last.wall for station in view.stations if station.last is not None] if view is not None else []
    return max(0.0, wall - max(newest)) if newest else 86_400.0
