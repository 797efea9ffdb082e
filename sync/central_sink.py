"""The office over HTTP: one session, used by one thread. Fits `Exchange`.

Every reply is bounded in bytes and in time; a redirect is never followed and the environment's proxies are not asked,
so that the credential goes to the configured address only.
"""

import contextlib
import gzip
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeVar
from urllib.parse import urlsplit

import requests
from pydantic import BaseModel, ValidationError
from requests.adapters import BaseAdapter
from urllib3.exceptions import HTTPError

from sync import limits
from sync.errors import ReplyRefused, ServerKeyRefused, ServerUnproven, SettingsRefused, SinkRefused, SinkUnreachable
from sync.file_downlink import FilePiece
from sync.pinned import PlantAdapter, pin_fault, pinned_context
from sync.tls import is_by_date, tls_context
from sync.wire import (
    CONTENT_RANGE,
    FILE_PIECE_BYTES_MAX,
    PROTOCOL,
    Batch,
    CertificateAsked,
    CertificateGiven,
    CertificateStanding,
    Enrolled,
    Enrolment,
    Facts,
    FileHeld,
    FilesAsked,
    FilesMissing,
    FleetReport,
    FleetWish,
    Receipt,
    SnapshotEnvelope,
)

SYNC_PATH: Final = "/api/v1/sync"
SNAPSHOT_PATH: Final = "/api/v1/snapshot"
FACTS_PATH: Final = "/api/v1/facts"
ENROL_PATH: Final = "/api/v1/enrol"
CERTIFICATE_PATH: Final = "/api/v1/certificate"
FILES_PATH: Final = "/api/v1/files"
FLEET_PATH: Final = "/api/v1/fleet"

_COMPRESS_BYTES_MIN: Final = 1_024
"""Below this a compressed body saves no packet."""

_TELLING_BYTES_MIN: Final = 64 * 1_024
"""A body of this size tells how quick the line is."""

_QUICK_SECONDS_MAX: Final = 0.1
_SLOW_SECONDS_MIN: Final = 0.25
"""An exchange of a telling body on a plant's network takes 20 ms; on one with 10 Mbit/s 0.3 s."""

_HINTS: Final[Mapping[int, str]] = {
    401: "The office enrols this gateway again: its credential is unknown there.",
    403: "The office enrols this gateway again: its credential was withdrawn or belongs to another name.",
    404: "The maintainer checks the server's address: this path is not known there.",
    413: "Whoever maintains the plant compares the releases: the server takes smaller batches than this gateway makes.",
    422: "Send the reason to whoever maintains the software: the server could not read the batch.",
    426: "Whoever maintains the plant updates the older one of gateway and server.",
}
_PASSING: Final = frozenset({408, 409, 425, 429})
"""Refusals that pass by themselves."""


class _Fault(BaseModel):
    error: str = ""
    hint: str = ""


_Reply = TypeVar("_Reply", bound=BaseModel)


def _checked(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SettingsRefused(f"not an address of a server: {url[:200]!r}")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise SettingsRefused("the server's address holds more than scheme, host, port and path")
    return url.rstrip("/")


def _brief(error: BaseException) -> str:
    """The last cause of a connection error in one line."""
    while (deeper := error.__cause__ or error.__context__) is not None:
        error = deeper
    return _shown(str(error)) or type(error).__name__


def _shown(text: str) -> str:
    """Somebody else's text in one short printable line."""
    line = " ".join(text.split())
    return "".join(each if each.isprintable() else "?" for each in line)[: limits.ERROR_CHARACTERS_SHOWN_MAX]


def session_of(
    ca_file: str = "",
    certificate_file: str = "",
    key_file: str = "",
    pins: Sequence[str] = (),
    client_file: str = "",
    encrypted: bool = True,
) -> requests.Session:
    """A session that asks no proxy, and trusts `pins` alone, else `ca_file` alone, where one is given. `client_file`:
    see HttpExchange. `encrypted`: whether the address is https. Raises SettingsRefused."""
    session = requests.Session()
    session.trust_env = False
    session.verify = not pins and (ca_file or True)
    session.cert = (certificate_file, key_file) if certificate_file else None
    if ca_file or certificate_file or key_file:
        # Read at once, so that a wrong file is told at the start. The system's own authorities take long to load, and a
        # plain http address never needs them.
        tls_context(ca_file, certificate_file, key_file)
    if ca_file or (encrypted and (pins or client_file)):
        context = pinned_context() if pins else tls_context(ca_file, certificate_file, key_file)
        session.mount("https://", PlantAdapter(context, pins, client_file))
    session.headers["User-Agent"] = "lineside"
    session.headers["Accept"] = "application/json"
    return session


class HttpExchange:
    """`token`: this gateway's bearer. `ca_file`: PEM of the plant's own authority.

    `certificate_file` and `key_file`: PEM, where the server asks for a client's certificate. `pins`: the server's keys
    (`wire.PIN_PATTERN`); with them the key alone counts, neither a name nor a date: no clock is needed. `client_file`:
    key and certificate in one PEM, used by each new connection that finds it there. `adapter`: what carries requests
    instead of a connection, the seam for simulation.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        ca_file: str = "",
        certificate_file: str = "",
        key_file: str = "",
        pins: Sequence[str] = (),
        client_file: str = "",
        connect_seconds_max: float = limits.CONNECT_SECONDS_MAX,
        read_seconds_max: float = limits.READ_SECONDS_MAX,
        reply_seconds_max: float = limits.REPLY_SECONDS_MAX,
        clock: Callable[[], float] = time.monotonic,
        adapter: BaseAdapter | None = None,
    ) -> None:
        self._url = _checked(url)
        self._timeout = (connect_seconds_max, read_seconds_max)
        self._reply_seconds_max = reply_seconds_max
        self._clock = clock
        self._quick_line = False
        if pins and self._url.startswith("http://"):
            raise SettingsRefused("a pin is of a server's key, which a plain http address does not have")
        encrypted = self._url.startswith("https://")
        self._session = session_of(ca_file, certificate_file, key_file, pins, client_file, encrypted)
        if adapter is not None:
            self._session.mount(self._url, adapter)
        if token:
            self._session.headers["Authorization"] = f"Bearer {token}"

    def offer(self, batch: Batch) -> Receipt:
        """`POST /api/v1/sync`."""
        body = batch.model_dump_json().encode()
        return self._asked("POST", SYNC_PATH, Receipt, limits.RECEIPT_BYTES_MAX, body)

    def snapshot(self) -> SnapshotEnvelope:
        """`GET /api/v1/snapshot`."""
        return self._asked("GET", SNAPSHOT_PATH, SnapshotEnvelope, limits.SNAPSHOT_BYTES_MAX)

    def facts(self, after: int) -> Facts:
        """`GET /api/v1/facts?after=N`."""
        return self._asked("GET", f"{FACTS_PATH}?after={after:d}", Facts, limits.FACTS_BYTES_MAX)

    def enrol(self, enrolment: Enrolment) -> Enrolled:
        """`POST /api/v1/enrol`."""
        body = enrolment.model_dump_json().encode()
        return self._asked("POST", ENROL_PATH, Enrolled, limits.ERROR_BYTES_MAX, body)

    def certificate_standing(self, serial: str) -> CertificateStanding:
        """`GET /api/v1/certificate?serial=HEX`."""
        return self._asked("GET", f"{CERTIFICATE_PATH}?serial={serial}", CertificateStanding, limits.ERROR_BYTES_MAX)

    def certificate(self, request: str) -> CertificateGiven:
        """`POST /api/v1/certificate`."""
        body = CertificateAsked(certificate_request=request).model_dump_json().encode()
        return self._asked("POST", CERTIFICATE_PATH, CertificateGiven, limits.ERROR_BYTES_MAX, body)

    def file_held(self, sha256: str) -> FileHeld:
        """`GET /api/v1/files/HASH/part`."""
        return self._asked("GET", f"{FILES_PATH}/{sha256}/part", FileHeld, limits.ERROR_BYTES_MAX)

    def put_piece(self, sha256: str, offset: int, size: int, piece: bytes) -> FileHeld:
        """`PUT /api/v1/files/HASH/part`. Pictures are compressed already, so the piece goes as it is."""
        headers = {
            "Content-Type": "application/octet-stream",
            "Content-Range": f"bytes {offset}-{offset + len(piece) - 1}/{size}",
        }
        return self._asked("PUT", f"{FILES_PATH}/{sha256}/part", FileHeld, limits.ERROR_BYTES_MAX, piece, headers)

    def files_missing(self, hashes: tuple[str, ...]) -> tuple[str, ...]:
        """`POST /api/v1/files/missing`."""
        body = FilesAsked(files=hashes).model_dump_json().encode()
        return self._asked("POST", f"{FILES_PATH}/missing", FilesMissing, limits.FILES_ANSWER_BYTES_MAX, body).files

    def file_piece(self, sha256: str, offset: int) -> FilePiece:
        """`GET /api/v1/files/HASH` with `Range: bytes=OFFSET-`."""
        return self._piece(f"{FILES_PATH}/{sha256}", offset)

    def fleet(self, report: FleetReport) -> FleetWish:
        """`POST /api/v1/fleet`."""
        body = report.model_dump_json().encode()
        return self._asked("POST", FLEET_PATH, FleetWish, limits.FLEET_WISH_BYTES_MAX, body)

    def bundle_piece(self, sha256: str, offset: int) -> FilePiece:
        """`GET /api/v1/fleet/bundles/HASH` with `Range: bytes=OFFSET-`."""
        return self._piece(f"{FLEET_PATH}/bundles/{sha256}", offset)

    def put_diagnosis(self, number: int, content: bytes) -> FleetWish:
        """`PUT /api/v1/fleet/diagnosis/NUMBER`: a packed bundle."""
        headers = {"Content-Type": "application/octet-stream"}
        path = f"{FLEET_PATH}/diagnosis/{number:d}"
        return self._asked("PUT", path, FleetWish, limits.FLEET_WISH_BYTES_MAX, content, headers)

    def _piece(self, path: str, offset: int) -> FilePiece:
        headers = {"Range": f"bytes={offset}-"}
        reply, content = self._exchanged("GET", path, FILE_PIECE_BYTES_MAX, None, headers, good_status=206)
        told = CONTENT_RANGE.fullmatch(reply.headers.get("Content-Range", ""))
        if told is None or int(told[1]) != offset or len(content) != int(told[2]) - offset + 1:
            raise ReplyRefused("the reply is not the range that was asked for")
        return FilePiece(content, int(told[3]))

    def close(self) -> None:
        """Close the kept connections."""
        self._session.close()

    def _asked(
        self,
        method: str,
        path: str,
        model: type[_Reply],
        bytes_max: int,
        body: bytes | None = None,
        about_body: Mapping[str, str] | None = None,
    ) -> _Reply:
        """`about_body`: the headers of a body that is not JSON, which goes as it is."""
        _, text = self._exchanged(method, path, bytes_max, body, about_body)
        try:
            return model.model_validate_json(text)
        except ValidationError as error:
            raise ReplyRefused(f"the reply is not a {model.__name__}: {error.errors()[0]['msg']}") from error

    def _exchanged(
        self,
        method: str,
        path: str,
        bytes_max: int,
        body: bytes | None,
        more_headers: Mapping[str, str] | None,
        good_status: int = 200,
    ) -> tuple[requests.Response, bytes]:
        """The reply and its body, of the good status. `more_headers`: None makes the body JSON."""
        headers = {"Lineside-Protocol": str(PROTOCOL), **(more_headers or {})}
        size = len(body or b"")
        if body is not None and more_headers is None:
            headers["Content-Type"] = "application/json"
            if size >= _COMPRESS_BYTES_MIN and not self._quick_line:
                headers["Content-Encoding"] = "gzip"
                body = gzip.compress(body, 1)
        began = self._clock()
        deadline = began + self._reply_seconds_max
        try:
            with self._session.request(
                method,
                self._url + path,
                data=body,
                headers=headers,
                timeout=self._timeout,
                allow_redirects=False,
                stream=True,
            ) as reply:
                good = reply.status_code == good_status
                text = self._body(reply, bytes_max if good else limits.ERROR_BYTES_MAX, deadline, cut=not good)
        except requests.exceptions.SSLError as error:
            wrong = pin_fault(error)
            if wrong is not None:
                raise ServerKeyRefused(str(wrong)) from error
            raise ServerUnproven(f"TLS: {_brief(error)}", by_date=is_by_date(error)) from error
        except (requests.RequestException, HTTPError, OSError) as error:
            self._quick_line = False
            raise SinkUnreachable(_brief(error)) from error
        self._judge_line(size, self._clock() - began)
        if not good:
            raise self._fault(reply, text)
        return reply, text

    def _judge_line(self, size: int, seconds: float) -> None:
        """On a quick line compressing costs more time than it saves, at both ends; elsewhere it saves most of it."""
        if size >= _TELLING_BYTES_MIN:
            self._quick_line = seconds < (_SLOW_SECONDS_MIN if self._quick_line else _QUICK_SECONDS_MAX)

    def _body(self, reply: requests.Response, bytes_max: int, deadline: float, cut: bool) -> bytes:
        """The reply's bytes after decompression; more than `bytes_max` is refused, or left unread when `cut`."""
        pieces: list[bytes] = []
        room = bytes_max
        # read1 comes back with what is there, so that a reply that drips meets the deadline.
        while piece := reply.raw.read1(64 * 1024, decode_content=True):
            if len(piece) > room:
                if cut:
                    pieces.append(piece[:room])
                    break
                raise ReplyRefused(f"the reply is larger than {bytes_max} bytes")
            room -= len(piece)
            pieces.append(piece)
            if self._clock() > deadline:
                raise SinkUnreachable("the reply took too long")
        return b"".join(pieces)

    def _fault(self, reply: requests.Response, text: bytes) -> SinkRefused | SinkUnreachable:
        """The server tells {error, hint} in JSON; a proxy between tells anything."""
        status = reply.status_code
        told = _Fault()
        with contextlib.suppress(ValidationError):
            told = _Fault.model_validate_json(text)
        words = _shown(told.error or text.decode("utf-8", "replace"))
        reason = f"the server answered {status}: {words}" if words else f"the server answered {status}"
        if status >= 500 or status in _PASSING:
            return SinkUnreachable(reason, status=status)
        if status < 400:
            return ReplyRefused(f"the server answered {status} instead of 200", status=status)
        return SinkRefused(reason, hint=_shown(told.hint) or _HINTS.get(status, ""), status=status)
