"""Who asks: a gateway or a machine by its bearer token. Who may ask what is decided in `central/admission.py`."""

from flask import Request, g

from central import api_tokens
from central.api_tokens import Bearer
from central.context import Plant
from central.enrolment import gateway_of
from central.errors import CredentialRefused

TOKEN_HINT = "Have an administrator make another token at /tokens; tokens end, and are shown once."


def bearer(asked: Request) -> str:
    """The token of the Authorization header; empty where there is none."""
    header = asked.headers.get("Authorization", "")
    scheme, _, token = header.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def asking_gateway(asked: Request, plant: Plant) -> str:
    """The gateway that asks, looked up once for each request. Raises CredentialRefused."""
    if "asking_gateway" not in g:
        token = bearer(asked)
        if not token:
            raise CredentialRefused
        with plant.database.read() as session:
            g.asking_gateway = gateway_of(session, plant.database.plant, token)
    found: str = g.asking_gateway
    return found


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
