"""The way to the identity provider and back. Without `[oidc]` in the configuration there is neither."""

import functools
import hmac
import logging

from flask import Blueprint, abort, current_app, redirect, request
from werkzeug.wrappers import Response

from central import errors
from central.audit import NOBODY, record_failed_sign_in
from central.context import Plant, plant
from central.oidc.attempt import Attempt, begin_attempt, read_attempt
from central.oidc.limits import OIDC_ATTEMPT_SECONDS
from central.oidc.provider import BACK_PATH, Provider
from central.oidc.sign_in import sign_in_as
from central.pages.account_pages import sign_in_form, too_many, welcome
from central.pages.port import Office
from central.pages.protection import cookie, safe_path, set_cookie
from central.sessions import PROVIDER, Caller

ATTEMPT_COOKIE = "lineside_oidc"
"""Binds the way back to the browser that began; it opens nothing."""

log = logging.getLogger("lineside.central")


def add_routes(pages: Blueprint, office: Office) -> None:
    """Registers the pages."""

    @pages.get("/sign-in/oidc")
    def go_to_provider() -> Response:
        here, provider = _configured()
        attempt = begin_attempt(_key(), safe_path(request.args.get("next", "")), here.now())
        try:
            address = provider.address(attempt)
        except errors.ProviderUnreachable as fault:
            return _away(office, fault)
        answer = redirect(address, 303)
        set_cookie(answer, ATTEMPT_COOKIE, attempt.cookie, round(OIDC_ATTEMPT_SECONDS), lax=True)
        return answer

    @pages.get(BACK_PATH)
    def back_from_provider() -> Response:
        here, provider = _configured()
        answer = _come_back(office, here, provider)
        answer.delete_cookie(ATTEMPT_COOKIE, path="/")
        return answer


def _configured() -> tuple[Plant, Provider]:
    here = plant()
    if here.provider is None:
        abort(404)
    return here, here.provider


def _key() -> bytes:
    key = current_app.config["SECRET_KEY"]
    return key if isinstance(key, bytes) else str(key).encode()


def _come_back(office: Office, here: Plant, provider: Provider) -> Response:
    caller = Caller(request.remote_addr or "", request.headers.get("User-Agent", ""))
    try:
        here.attempts.refuse(caller.address, here.now())
    except errors.TooManyAttempts:
        return too_many(functools.partial(sign_in_form, office, with_code=False))
    attempt = read_attempt(_key(), cookie(ATTEMPT_COOKIE), here.now())
    if attempt is None or not hmac.compare_digest(attempt.state.encode(), request.args.get("state", "").encode()):
        return sign_in_form(office, with_code=False, fault="oidc.again", status=400)
    if "error" in request.args:
        return sign_in_form(office, with_code=False, fault="oidc.denied", status=403)
    try:
        token = _identified(here, provider, attempt, caller)
    except errors.ProviderUnreachable as fault:
        return _away(office, fault)
    except errors.IdentityRefused as fault:
        log.warning("sign-in by the identity provider is refused: %s", fault)
        _count(here, caller)
        return sign_in_form(office, with_code=False, fault=f"oidc.{fault.reason}", status=403)
    return welcome(office, token, to=safe_path(attempt.next))


def _identified(here: Plant, provider: Provider, attempt: Attempt, caller: Caller) -> str:
    try:
        claims = provider.claims(attempt, request.args.get("code", ""), request.args.get("iss"))
    except errors.IdentityRefused:
        with here.database.write() as session:
            record_failed_sign_in(session, here.database.plant, NOBODY, PROVIDER, here.now(), caller.address)
        raise
    return sign_in_as(here.database, provider.settings, claims, here.now(), caller)


def _count(here: Plant, caller: Caller) -> None:
    """One more refused attempt of an address; the one beyond the bound is told at its next."""
    try:
        here.attempts.count(caller.address, here.now())
    except errors.TooManyAttempts:
        log.warning("too many refused sign-ins of one address")


def _away(office: Office, fault: errors.ProviderUnreachable) -> Response:
    log.warning("the identity provider cannot be used: %s", fault)
    return sign_in_form(office, with_code=False, fault="oidc.away", status=503)
