"""The plant's network: every request of a gateway goes to the real application, or not, or the reply does not come.

It fits as an adapter of `requests`, so that the gateway's own HTTP code runs: compression, bounds, status codes.
"""

import io
import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3 import HTTPResponse
from werkzeug.test import EnvironBuilder, run_wsgi_app

Application = Callable[..., Any]


@dataclass(slots=True)
class Line:
    """One gateway's way to the office, with the chance of each mishap."""

    chance: random.Random
    cut: bool = False
    lose_request: float = 0.0
    lose_reply: float = 0.0
    cut_reply: float = 0.0
    deliver_again: float = 0.0
    stranger: float = 0.0
    """The office is of a newer release: it says more than this gateway knows."""


class Network(BaseAdapter):
    """Carries requests to whatever `office()` gives; None: nobody listens. `later(act)`: a late second delivery."""

    def __init__(
        self,
        line: Line,
        office: Callable[[], Application | None],
        later: Callable[[Callable[[], None]], None],
    ) -> None:
        super().__init__()
        self.line = line
        self._office = office
        self._later = later
        self._build = HTTPAdapter()

    def send(self, request: requests.PreparedRequest, *_: object, **__: object) -> requests.Response:
        """One exchange, or a requests.ConnectionError at one of two points."""
        line = self.line
        application = self._office()
        if line.cut or application is None or line.chance.random() < line.lose_request:
            raise requests.ConnectionError("the request was lost")
        if request.method == "POST" and line.chance.random() < line.deliver_again:
            # A copy that was on its way when the connection was given up, and arrives all the same.
            self._later(lambda: self._deliver_late(request))
        status, headers, body = ask(application, request)
        if line.chance.random() < line.lose_reply:
            raise requests.ConnectionError("the reply was lost")
        if status == 200 and line.chance.random() < line.stranger:
            body = _of_a_newer_release(body)
            headers = {**headers, "Content-Length": str(len(body))}
        if line.chance.random() < line.cut_reply:
            body = body[: line.chance.randrange(len(body) + 1)]
        return self._response(request, status, headers, body)

    def _response(
        self, request: requests.PreparedRequest, status: int, headers: Mapping[str, str], body: bytes
    ) -> requests.Response:
        raw = HTTPResponse(
            body=io.BytesIO(body), headers=headers, status=status, preload_content=False, request_method=request.method
        )
        return self._build.build_response(request, raw)

    def _deliver_late(self, request: requests.PreparedRequest) -> None:
        application = self._office()
        if application is not None:
            ask(application, request)

    def close(self) -> None:
        """Nothing is held."""


def ask(application: Application, request: requests.PreparedRequest) -> tuple[int, dict[str, str], bytes]:
    """The application's own answer: status, headers, body."""
    body = request.body if isinstance(request.body, bytes) else (request.body or "").encode()
    builder = EnvironBuilder(
        path=request.path_url.partition("?")[0],
        query_string=request.path_url.partition("?")[2],
        method=request.method or "GET",
        headers=list(request.headers.items()),
        input_stream=io.BytesIO(body),
        content_length=len(body),
        base_url="http://office.plant",
    )
    try:
        pieces, status, headers = run_wsgi_app(application, builder.get_environ(), buffered=True)
        return int(status.split()[0]), dict(headers.items()), b"".join(pieces)
    finally:
        builder.close()


def _of_a_newer_release(body: bytes) -> bytes:
    """Members that this release does not know, at every level of an object."""

    def more(value: Any) -> Any:
        if isinstance(value, dict):
            return {**{key: more(each) for key, each in value.items()}, "of_a_newer_release": [1, {"x": None}]}
        return [more(each) for each in value] if isinstance(value, list) else value

    told = json.loads(body)
    if "body" in told:  # A snapshot's body is a text with a digest of its own.
        return json.dumps({**told, "of_a_newer_release": True}).encode()
    return json.dumps(more(told)).encode()
