"""The set-up page: for a maintainer whose badge the station holds, and for the first set-up at the gateway itself."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Flask, Response, render_template, request
from pydantic import ValidationError

from floor.events import Event
from gateway.listening import SECONDS_MAX
from gateway.screen.bodies import Body
from gateway.screen.guard import COOKIE, Guard, set_up_person
from gateway.screen.inputs import PageInput, SetUpDone, SetUpListen, SetUpRestart, SetUpSignal, SetUpStop
from gateway.screen.live import ViewFeed
from gateway.screen.set_up_bodies import SET_UP_BODIES, AssignBody, ListenBody, RemoveBody, SignalBody, StopBody
from gateway.screen.shown import station_of
from gateway.set_up import SetUpRefused, Wanted
from gateway.set_up_state import SetUpState
from gateway.view import GatewayView, StationView

Refusal = Callable[..., Response]


@dataclass(frozen=True, slots=True)
class SetUpPages:
    """What the routes stand on."""

    state: SetUpState
    feed: ViewFeed
    post: Callable[[PageInput], bool]
    guard: Guard
    refusal: Refusal
    keep_cookie: Callable[[Response], None]
    release: str

    def add_to(self, app: Flask) -> None:
        """Add the page, its state and its actions."""
        app.add_url_rule("/station/<station>/set-up", "set_up", self._page, methods=["GET"])
        app.add_url_rule("/station/<station>/set-up/state", "set_up_state", self._state, methods=["GET"])
        app.add_url_rule("/station/<station>/set-up/<act>", "set_up_act", self._act, methods=["POST"])

    def _page(self, station: str) -> Response:
        """The page holds nothing by itself: what it shows comes with its state, which needs the right."""
        view, shown = self._found(station)
        if shown is None:
            return self.refusal(404, "refused_path") if view else self.refusal(503, "starting")
        answer = Response(render_template("set_up.html", station=shown))
        self.keep_cookie(answer)
        return answer

    def _state(self, station: str) -> Response:
        view, shown = self._found(station)
        if view is None:
            return self.refusal(503, "starting")
        if shown is None:
            return self.refusal(404, "refused_path")
        person = set_up_person(view, shown, request.remote_addr or "")
        if person is None:
            return self.refusal(403, "set_up_refused")
        names = {each.person: each.name for each in shown.people}
        content = self.state.of(view, shown) | {
            "person": {"id": person, "name": names.get(person, "")},
            "station": shown.station,
            "name": shown.name,
            "token": self.guard.token(request.cookies.get(COOKIE, "")),
            "release": self.release,
        }
        return Response(json.dumps(content), mimetype="application/json")

    def _act(self, station: str, act: str) -> Response:
        view, shown = self._found(station)
        body_class = SET_UP_BODIES.get(act)
        if view is None or shown is None or body_class is None:
            return self.refusal(404, "refused_path")
        person = set_up_person(view, shown, request.remote_addr or "")
        if person is None:
            return self.refusal(403, "set_up_refused")
        try:
            body = body_class.model_validate_json(request.get_data())
        except ValidationError:
            return self.refusal(400, "refused_body")
        try:
            self._do(station, person, body)
        except SetUpRefused as refused:
            return self.refusal(503 if refused.key == "inbox_full" else 409, refused.key, refused.detail)
        return Response(json.dumps({"taken": True}), status=202, mimetype="application/json")

    def _do(self, station: str, person: str, body: Body) -> None:
        """Raises SetUpRefused."""

        def keep(event: Event) -> bool:
            return self.post(SetUpDone(station, event))

        set_up = self.state.set_up
        if isinstance(body, AssignBody):
            set_up.assign(station, person, Wanted(body.key, body.role, body.code, body.call_type), keep)
        elif isinstance(body, RemoveBody):
            set_up.remove(person, body.name, lambda where, event: self.post(SetUpDone(where, event)))
        elif not self.post(_input(station, person, body)):
            raise SetUpRefused("inbox_full")

    def _found(self, station: str) -> tuple[GatewayView | None, StationView | None]:
        _, view = self.feed.latest()
        return view, None if view is None else station_of(view, station)


def _input(station: str, person: str, body: Any) -> PageInput:
    if isinstance(body, ListenBody):
        return SetUpListen(station, person, SECONDS_MAX)
    if isinstance(body, StopBody):
        return SetUpStop(station)
    if isinstance(body, SignalBody):
        return SetUpSignal(station, person, body.signal.value)
    return SetUpRestart(station, person)
