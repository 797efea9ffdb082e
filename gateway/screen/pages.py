"""The Flask application of the station page. Imported only by the server's own thread: Flask takes a while on a Pi."""

import functools
import hashlib
import json
import secrets
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import Flask, Response, g, redirect, render_template, request
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from gateway.instruction_shelf import InstructionShelf
from gateway.photo_shelf import PhotoShelf
from gateway.screen import instruction_pages, photo_pages
from gateway.screen.bodies import BODIES, TypedTooLong
from gateway.screen.guard import ANSWER_HEADERS, COOKIE, TOKEN_HEADER, Guard
from gateway.screen.inputs import PageInput
from gateway.screen.limits import BODY_BYTES_MAX, PIECE_BYTES_MAX
from gateway.screen.live import PageStream, StreamPlaces, ViewFeed
from gateway.screen.set_up_texts import SET_UP_TEXTS
from gateway.screen.shown import LANGUAGES, Texts, line_content, station_content, station_of
from gateway.screen.texts import TEXTS
from gateway.set_up_state import SetUpState
from gateway.view import GatewayView

FOLDER = Path(__file__).parent


@dataclass(slots=True)
class PageParts:
    """What the application stands on; the server makes it."""

    publish: ViewFeed
    post: Callable[[PageInput], bool]
    clock: Callable[[], float]
    guard: Guard
    places: StreamPlaces
    closing: threading.Event
    texts: Texts
    language: str = "zh"
    metrics: Callable[[], str | bytes] | None = None
    health: Callable[[], Mapping[str, Any]] | None = None
    counts: Counter[str] = field(default_factory=Counter)
    set_up: SetUpState | None = None
    photos: PhotoShelf | None = None
    instructions: InstructionShelf | None = None


def build(parts: PageParts) -> Flask:
    """The WSGI application."""
    app = Flask("gateway.screen", root_path=str(FOLDER), static_folder="static", template_folder="templates")
    app.config["MAX_CONTENT_LENGTH"] = BODY_BYTES_MAX
    app.jinja_env.globals.update(
        labels=TEXTS,
        set_up_labels=TEXTS | SET_UP_TEXTS,
        languages=LANGUAGES,
        language=parts.language,
        release=release(),
    )
    _guard(app, parts)
    _pages(app, parts)
    _streams(app, parts)
    _posts(app, parts)
    _photos(app, parts)
    _watch(app, parts)
    _set_up(app, parts)
    return app


@functools.cache
def release() -> str:
    """A digest of the page's own files: a browser that holds other ones loads the page anew."""
    digest = hashlib.sha256()
    for path in sorted(path for folder in ("static", "templates") for path in (FOLDER / folder).iterdir()):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    digest.update(json.dumps([TEXTS, SET_UP_TEXTS], sort_keys=True).encode())
    return digest.hexdigest()[:16]


def refusal(status: int, key: str, detail: str = "") -> Response:
    """An answer that took nothing: its reason as a key and in words; `detail` says what exactly."""
    words = TEXTS.get(key) or SET_UP_TEXTS[key]
    return _json({"error": key, **words, **({"detail": detail} if detail else {})}, status)


def _json(content: Mapping[str, Any], status: int = 200) -> Response:
    return Response(json.dumps(content), status=status, mimetype="application/json")


def _guard(app: Flask, parts: PageParts) -> None:
    @app.before_request
    def _check() -> Response | None:
        if not parts.guard.host_allowed(request.host):
            return refusal(403, "refused_host")
        if request.method == "POST":
            is_piece = request.endpoint == "take_piece"
            request.max_content_length = PIECE_BYTES_MAX if is_piece else BODY_BYTES_MAX
            return _check_post(parts, photo_pages.OCTETS if is_piece else "application/json")
        return None

    @app.after_request
    def _seal(answer: Response) -> Response:
        # What an answer says of itself stands: a file of an instruction, and what may be kept.
        for name, value in ANSWER_HEADERS.items():
            answer.headers.setdefault(name, value)
        if request.endpoint != "static":
            answer.headers.setdefault("Cache-Control", "no-store")
        parts.counts[f"answers_{answer.status_code}"] += 1
        return answer

    @app.errorhandler(HTTPException)
    def _http(fault: HTTPException) -> Response:
        status = fault.code or 500
        key = {404: "refused_path", 405: "refused_path", 413: "too_long"}.get(status, "refused_body")
        return refusal(status, "broken" if status >= 500 else key)


def _check_post(parts: PageParts, media_type: str) -> Response | None:
    origin, site = request.headers.get("Origin", ""), request.headers.get("Sec-Fetch-Site", "")
    if not parts.guard.origin_allowed(origin, request.host, site):
        return refusal(403, "refused_origin")
    if not parts.guard.token_valid(request.cookies.get(COOKIE, ""), request.headers.get(TOKEN_HEADER, "")):
        return refusal(403, "refused_token")
    if request.mimetype != media_type:
        return refusal(415, "refused_body")
    return None


def _pages(app: Flask, parts: PageParts) -> None:
    @app.get("/")
    def _stations() -> AnyResponse:
        _, view = parts.publish.latest()
        stations = () if view is None else view.stations
        if len(stations) == 1:
            return redirect(f"/station/{stations[0].station}", 303)
        answer = Response(render_template("stations.html", stations=stations, started=view is not None))
        answer.headers["Refresh"] = "15" if stations else "2"
        return answer

    @app.get("/station/<station>")
    def _station(station: str) -> AnyResponse:
        _, view = parts.publish.latest()
        if view is None:
            return redirect("/", 303)
        if (found := station_of(view, station)) is None:
            answer = Response(render_template("stations.html", stations=view.stations, started=True), 404)
            return answer
        answer = Response(render_template("station.html", station=found))
        _keep_cookie(answer, parts)
        return answer

    @app.get("/line")
    def _line() -> AnyResponse:
        _, view = parts.publish.latest()
        if view is None:
            return redirect("/", 303)
        return Response(render_template("line.html"))


def _keep_cookie(answer: Response, parts: PageParts) -> None:
    if not parts.guard.cookie_valid(request.cookies.get(COOKIE, "")):
        g.cookie = secrets.token_hex(16)
        answer.set_cookie(COOKIE, g.cookie, httponly=True, samesite="Strict", path="/")


def _streams(app: Flask, parts: PageParts) -> None:
    @app.get("/station/<station>/events")
    def _events(station: str) -> Response:
        _, view = parts.publish.latest()
        if view is not None and station_of(view, station) is None:
            return refusal(404, "refused_path")
        return _stream(parts, "station", lambda view: station_content(view, station, parts.texts))

    @app.get("/line/events")
    def _line_events() -> Response:
        return _stream(parts, "line", line_content)


def _stream(parts: PageParts, name: str, content: Callable[[GatewayView], Any]) -> Response:
    if not parts.places.take():
        return refusal(503, "refused_many")
    hello = {"token": parts.guard.token(request.cookies.get(COOKIE, "")), "release": release()}
    stream = PageStream(name, content, parts.publish, parts.clock, hello, parts.closing)
    answer = Response(iter(stream), mimetype="text/event-stream")
    answer.call_on_close(parts.places.give_back)
    return answer


def _posts(app: Flask, parts: PageParts) -> None:
    @app.post("/station/<station>/<kind>")
    def _post(station: str, kind: str) -> Response:
        _, view = parts.publish.latest()
        body_class = BODIES.get(kind)
        if view is None or station_of(view, station) is None or body_class is None:
            return refusal(404, "refused_path")
        try:
            happened = body_class.model_validate_json(request.get_data()).as_input(station)
        except TypedTooLong:
            return refusal(413, "too_long")
        except ValidationError as fault:
            long = any(each["type"] == "string_too_long" for each in fault.errors(include_input=False))
            return refusal(413, "too_long") if long else refusal(400, "refused_body")
        except UnicodeEncodeError:
            return refusal(400, "refused_body")
        if not parts.post(happened):
            parts.counts["inbox_full"] += 1
            return refusal(503, "inbox_full")
        return _json({"taken": True}, 202)


def _set_up(app: Flask, parts: PageParts) -> None:
    if parts.set_up is None:
        return
    from gateway.screen.set_up_pages import SetUpPages

    def keep_cookie(answer: Response) -> None:
        _keep_cookie(answer, parts)

    pages = SetUpPages(parts.set_up, parts.publish, parts.post, parts.guard, refusal, keep_cookie, release())
    pages.add_to(app)


def _photos(app: Flask, parts: PageParts) -> None:
    def station_is_known(station: str) -> bool:
        _, view = parts.publish.latest()
        return view is not None and station_of(view, station) is not None

    if parts.photos is not None:
        desk = photo_pages.PhotoDesk(parts.photos, parts.post, station_is_known, refusal, _json, parts.counts)
        photo_pages.add_routes(app, desk)
    if parts.instructions is not None:
        instruction_pages.add_routes(app, parts.instructions, refusal)


def _watch(app: Flask, parts: PageParts) -> None:
    @app.get("/healthz")
    def _health() -> Response:
        _, view = parts.publish.latest()
        content: dict[str, Any] = {
            "ok": view is not None and not view.refusing,
            "refusing": "" if view is None else view.refusing,
            "office": "none" if view is None else view.office,
            "waiting": 0 if view is None else view.waiting,
            "streams": parts.places.taken,
        }
        if parts.health is not None:
            more = dict(parts.health())
            content = {**content, **more, "ok": bool(content["ok"] and more.get("ok", True))}
        return _json(content, 200 if content["ok"] else 503)

    @app.get("/metrics")
    def _metrics() -> Response:
        if parts.metrics is None:
            return refusal(404, "refused_path")
        return Response(parts.metrics(), content_type="text/plain; version=0.0.4; charset=utf-8")
