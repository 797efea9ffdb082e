"""A one-time code against this gateway's own credential."""

from collections.abc import Sequence

from pydantic import ValidationError

from sync.central_sink import HttpExchange
from sync.errors import SettingsRefused
from sync.wire import Enrolled, Enrolment


def enrol(
    url: str, gateway_name: str, code: str, *, ca_file: str = "", pins: Sequence[str] = (), request: str = ""
) -> Enrolled:
    """Ask the office for the credential; `request`: PKCS#10 as PEM, for a certificate beside the token.

    Raises SettingsRefused, SinkUnreachable or SinkRefused; ServerKeyRefused before anything is sent.
    """
    try:
        enrolment = Enrolment(gateway=gateway_name, code=code, certificate_request=request)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise SettingsRefused(f"{where}: {error.errors()[0]['msg']}") from error
    exchange = HttpExchange(url, "", ca_file=ca_file, pins=pins)
    try:
        enrolled = exchange.enrol(enrolment)
    finally:
        exchange.close()
    if enrolled.gateway != gateway_name:
        raise SettingsRefused("the office answered with a credential for another gateway")
    return enrolled
