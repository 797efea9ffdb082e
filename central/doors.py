"""Who may ask: a gateway by its bearer token, a person by their session, and readers at the machine itself."""

from flask import Request

from central.accounts import SignedIn, account_of
from central.context import Plant
from central.enrolment import gateway_of
from central.errors import CredentialRefused, RightRefused
from central.pages.protection import SESSION_COOKIE, cookie, from_own_origin, is_loopback


def bearer(asked: Request) -> str:
    """The token of the Authorization header; empty where there is none."""
    header = asked.headers.get("Authorization", "")
    scheme, _, token = header.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def asking_gateway(asked: Request, plant: Plant) -> str:
    """The gateway that asks. Raises CredentialRefused."""
    token = bearer(asked)
    if not token:
        raise CredentialRefused
    with plant.database.read() as session:
        return gateway_of(session, plant.database.plant, token)


def refuse_strangers(asked: Request, plant: Plant) -> None:
    """Passes whoever is signed in, a gateway, and a reader at the machine itself. Raises RightRefused."""
    if is_loopback(asked):
        return
    if bearer(asked):
        asking_gateway(asked, plant)
        return
    token = cookie(SESSION_COOKIE)
    with plant.database.read() as session:
        if not token or account_of(session, plant.database.plant, token, plant.now()) is None:
            raise RightRefused("sign in, or ask at the server itself")


def asking_person(asked: Request, plant: Plant) -> SignedIn:
    """Who is signed in and asks from a program of our own origin. Raises CredentialRefused, RightRefused."""
    token = cookie(SESSION_COOKIE)
    with plant.database.read() as session:
        found = account_of(session, plant.database.plant, token, plant.now()) if token else None
    if found is None:
        raise CredentialRefused("nobody is signed in", "Sign in at /sign-in and send the session's cookie.")
    # A browser that some other site made ask sends the cookie along; it also says where it comes from.
    if asked.method not in ("GET", "HEAD") and not from_own_origin(asked):
        raise RightRefused("the request comes from another site")
    return found


def asking_planner(asked: Request, plant: Plant) -> SignedIn:
    """The same for a planner or administrator. Raises CredentialRefused, RightRefused."""
    found = asking_person(asked, plant)
    if not {"planner", "admin"} & set(found.roles):
        raise RightRefused("only a planner may change master data")
    return found


def refuse_other_machines(asked: Request) -> None:
    """Passes readers at the machine itself alone. Raises RightRefused."""
    if not is_loopback(asked):
        raise RightRefused("this is answered at the server itself alone")
