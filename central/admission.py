"""Before any route runs: may who asks come in? The one place that reads the table of routes and decides by it.

A page that is refused sends a stranger to the sign-in page and tells others that their role does not allow it; a
machine gets 401 for a credential that opens nothing and 403 for one that opens other things.
"""

import logging

from flask import g, request
from werkzeug.exceptions import Forbidden, InternalServerError
from werkzeug.wrappers import Response

from central import api_tokens, doors
from central.context import Plant, plant
from central.errors import CredentialRefused, RightRefused
from central.pages.frame import NotAllowed, account, to_sign_in
from central.pages.protection import from_own_origin, is_loopback
from central.proxy import shown_certificate
from central.route_rules import ROUTES, Rule

READING = ("GET", "HEAD", "OPTIONS")
log = logging.getLogger(__name__)


def admit() -> Response | None:
    """None lets the request in. Raises what refuses it: also for a route without a rule, which nobody may ask."""
    if request.endpoint is None:
        return None
    rule = ROUTES.get(request.endpoint)
    if rule is None:
        log.error("the route %s has no rule in central/route_rules.py", request.endpoint)
        raise InternalServerError
    if rule.public:
        return None
    if request.endpoint.startswith("pages."):
        return _admit_reader(rule)
    _admit_machine(rule, plant())
    return None


def _admit_reader(rule: Rule) -> Response | None:
    who = account()
    if rule.here and is_loopback(request):
        return None
    if who is None:
        return to_sign_in()
    if rule.action is None:
        raise Forbidden
    if not who.can(rule.action):
        raise NotAllowed(rule.action)
    return None


def _admit_machine(rule: Rule, here: Plant) -> None:
    if rule.here and is_loopback(request):
        return
    if doors.bearer(request):
        _admit_bearer(rule, here)
        return
    if rule.gateway_token and shown_certificate(request) is not None:
        doors.asking_gateway(request, here)
        return
    if not rule.here and rule.action is None:
        raise CredentialRefused
    who = account() if rule.action is not None else None
    if who is None or rule.action is None:
        raise RightRefused("sign in, or ask at the server itself" if rule.here else "sign in, or bring a token")
    if not who.can(rule.action):
        raise RightRefused(f"your role does not allow {rule.action}")
    if request.method not in READING and not from_own_origin(request):
        raise RightRefused("a session changes something from our own pages alone")


def _admit_bearer(rule: Rule, here: Plant) -> None:
    if not doors.bearer(request).startswith(api_tokens.PREFIX):
        doors.asking_gateway(request, here)
        if not rule.gateway_token:
            raise RightRefused("a gateway's credential does not open this")
        return
    found = doors.asking_token(request, here)
    if rule.scope is None:
        raise RightRefused("no token opens this")
    if rule.scope not in found.scopes:
        raise RightRefused(f"the token {found.name} lacks the scope {rule.scope}")


def asker_name() -> str:
    """Who asks, as what they change is signed: a user, or a machine's token. Only after they were let in."""
    who = account()
    return who.name if who is not None else f"token {g.asking_token}"
