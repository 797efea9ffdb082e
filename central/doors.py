"""Who asks: a gateway by its certificate or its token, a machine by its token. Who may ask what is decided in
`central/admission.py`."""

from typing import NoReturn

from flask import Request, g

from central import api_tokens, credentials
from central.api_tokens import Bearer
from central.change import note_change
from central.context import Plant
from central.credentials import ENROLLED_AGAIN, Former, Shown
from central.enrolment import gateway_of
from central.errors import CredentialRefused, RightRefused
from central.proxy import shown_certificate

CERTIFICATE_HINT = (
    "The maintainer looks whether the proxy asks for client certificates (systemd/nginx-lineside.conf); a gateway that"
    " has none is enrolled again."
)
TOKEN_HINT = "Have an administrator make another token at /tokens; tokens end, and are shown once."


def bearer(asked: Request) -> str:
    """The token of the Authorization header; empty where there is none."""
    header = asked.headers.get("Authorization", "")
    scheme, _, token = header.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def asking_gateway(asked: Request, plant: Plant) -> str:
    """The gateway that asks, looked up once for each request. Raises CredentialRefused."""
    if "asking_gateway" not in g:
        certified = _certified(shown_certificate(asked), plant)
        token = bearer(asked)
        if certified is None:
            g.asking_gateway = _by_token(token, plant)
        else:
            g.asking_gateway = certified
            if token and _by_token(token, plant, beside=True) not in ("", certified):
                raise RightRefused(f"the certificate is of {certified}, the token of another gateway")
    found: str = g.asking_gateway
    return found


def is_certified(asked: Request, plant: Plant, serial: str) -> bool:
    """Whether the request came with that certificate, and it is good."""
    shown = shown_certificate(asked)
    return shown is not None and shown.serial == serial and _certified(shown, plant) is not None


def _certified(shown: Shown | None, plant: Plant) -> str | None:
    """Whose certificate the proxy verified; None where there is none that counts. Raises CardReplaced."""
    if shown is None:
        return None
    name, now = plant.database.plant, plant.now()
    with plant.database.read() as session:
        found = credentials.holder_of(session, name, shown, now)
    if isinstance(found, Former):
        _refuse_old(found, plant)
    if found is None:
        return None
    if found.used_at is None:
        with plant.database.write() as session:
            credentials.note_use(session, name, found.serial, now)
    return found.gateway


def _by_token(token: str, plant: Plant, beside: bool = False) -> str:
    """Whose token it is. `beside`: a certificate was good already, so one that opens nothing is passed over: empty.

    Raises CredentialRefused, and CardReplaced for one that was voided.
    """
    name = plant.database.plant
    if not token:
        raise CredentialRefused
    with plant.database.read() as session:
        former = credentials.former_of(session, name, token)
        if former is None:
            try:
                found = gateway_of(session, name, token)
            except CredentialRefused:
                if beside:
                    return ""
                raise
    if former is not None:
        _refuse_old(former, plant)
    if plant.config.gateway_certificates == "required" and not beside:
        raise CredentialRefused("this plant asks for a gateway's certificate", CERTIFICATE_HINT)
    return found


def _refuse_old(former: Former, plant: Plant) -> NoReturn:
    """A voided credential came: a person is told once a minute at most. Raises CardReplaced."""
    name, now = plant.database.plant, plant.now()
    if former.ended_for != ENROLLED_AGAIN:
        with plant.database.read() as session:
            told = credentials.is_told(session, name, former, now)
        if not told:
            with plant.database.write() as session:
                credentials.tell_old_card(session, name, former, now)
                note_change(session, name)
    raise credentials.refusal_of(former)


def asking_token(asked: Request, plant: Plant) -> Bearer:
    """The machine's token that is brought, its use noted. Raises CredentialRefused."""
    name, now = plant.database.plant, plant.now()
    with plant.database.read() as session:
        found = api_tokens.bearer_of(session, name, bearer(asked), now)
    if found is None:
        raise CredentialRefused("the token is unknown, over or revoked", TOKEN_HINT)
    if api_tokens.is_use_worth_noting(found, now):
        with plant.database.write() as session:
            api_tokens.note_use(session, name, found.name, now)
    g.asking_token = found.name
    return found
