"""A connection to the office, as every process of a gateway makes it."""

from gateway.config import Config
from sync.central_sink import HttpExchange


def office_exchange(config: Config, token: str) -> HttpExchange:
    """A connection of one thread's own: by token, and by the gateway's certificate once it has one."""
    office = config.central
    return HttpExchange(
        office.url,
        token,
        ca_file=str(office.ca_file or ""),
        pins=office.pin,
        client_file=str(config.client_path),
    )
