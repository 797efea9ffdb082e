"""What can go wrong with the station page. None of it touches a scan (I6)."""

from gateway.errors import GatewayError


class ScreenUnreachable(GatewayError):
    """The station page cannot listen on its address."""

    hint = "The maintainer frees the port or sets another one for the screen; scanning goes on without the page."


class ScreenBroken(GatewayError):
    """The station page stopped serving."""

    hint = "The maintainer reads the cause in the gateway's log; scanning goes on without the page."
