"""What protects every office page: response headers, forms bound to the visitor, and who counts as loopback."""

import hashlib
import hmac
import ipaddress
import secrets
from urllib.parse import urlsplit

from flask import Request, Response, abort, current_app, g, request
from werkzeug.wrappers import Response as BaseResponse

from central.loopback import is_loopback_name

SESSION_COOKIE = "lineside_session"
"""Holds the session's token after sign-in."""

VISITOR_COOKIE = "lineside_visitor"
"""Binds a form to a browser that has not signed in; it opens nothing."""

LANGUAGE_COOKIE = "lineside_language"
FORM_TOKEN = "form_token"
COOKIE_CHARACTERS_MAX = 256

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def add_headers(response: Response) -> Response:
    """The same headers on every page; pages are private and never cached, static files are checked for change."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    is_static = request.endpoint is not None and request.endpoint.endswith("static")
    response.headers.setdefault("Cache-Control", "no-cache" if is_static else "no-store")
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    fresh = g.get("fresh_visitor")
    if fresh:
        set_cookie(response, VISITOR_COOKIE, fresh)
    return response


def set_cookie(response: BaseResponse, name: str, value: str, seconds: int | None = None, *, lax: bool = False) -> None:
    """A cookie that scripts cannot read, for this site only, over TLS only where the page came over TLS."""
    response.set_cookie(
        name,
        value,
        max_age=seconds,
        httponly=True,
        secure=request.is_secure,
        samesite="Lax" if lax else "Strict",
        path="/",
    )


def cookie(name: str) -> str:
    """A cookie's value; empty where there is none or it is longer than any of ours."""
    value = request.cookies.get(name, "")
    return value if len(value) <= COOKIE_CHARACTERS_MAX else ""


def _visitor() -> str:
    """What forms are bound to: the session where there is one, else the visitor's cookie, made at first sight."""
    session_token = cookie(SESSION_COOKIE)
    if session_token:
        return session_token
    known: str = cookie(VISITOR_COOKIE) or g.get("fresh_visitor", "")
    if not known:
        known = secrets.token_urlsafe(24)
        g.fresh_visitor = known
    return known


def form_token() -> str:
    """The token each form carries: HMAC of what identifies the browser, under the server's secret."""
    key = current_app.config["SECRET_KEY"]
    secret = key if isinstance(key, bytes) else str(key).encode()
    return hmac.new(secret, b"form\n" + _visitor().encode(), hashlib.sha256).hexdigest()


def refuse_forged_forms() -> None:
    """Aborts with 400 unless a changing request comes from our own page: same origin, and the form's token.

    A form with a NUL character did not come from a keyboard, and PostgreSQL refuses to look one up.
    """
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return
    if not from_own_origin(request):
        abort(400)
    # Reading the form of an oversized body raises 413 here, before any of it is used.
    if not hmac.compare_digest(request.form.get(FORM_TOKEN, "").encode(), form_token().encode()):
        abort(400)
    if any("\x00" in value for _, value in request.form.items(multi=True)):
        abort(400)


def from_own_origin(asked: Request) -> bool:
    """Whether the browser says that the request comes from our own host. A browser always says one of the three."""
    origin = asked.headers.get("Origin")
    if origin is not None:
        return host_of(origin) == asked.host
    site = asked.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    referrer = asked.headers.get("Referer")
    return referrer is None or host_of(referrer) == asked.host


def host_of(url: str) -> str:
    """Host and port of an address that a browser names; empty for what is none, which is no host of ours."""
    try:
        return urlsplit(url).netloc
    except ValueError:
        return ""


def is_loopback(asked: Request) -> bool:
    """Whether the reader sits at this machine itself.

    A proxy on this machine also connects from loopback, so a forwarded request never counts; and the name asked for
    must be a loopback name, or another site could point its own name here.
    """
    if is_forwarded(asked):
        return False
    try:
        near = ipaddress.ip_address(asked.remote_addr or "").is_loopback
    except ValueError:
        return False
    return near and is_loopback_name(urlsplit(f"//{asked.host}").hostname or "")


def is_forwarded(asked: Request) -> bool:
    """Whether a proxy says that it passes the request on for somebody else."""
    return any(name in asked.headers for name in ("X-Forwarded-For", "Forwarded", "X-Real-Ip", "Via"))


def safe_path(wanted: str) -> str:
    """A path on this host to go on to; anything else becomes the board."""
    is_ours = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and len(wanted) <= 512
    return wanted if is_ours and wanted.isprintable() and "\\" not in wanted else "/board"
