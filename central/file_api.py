"""Files between gateways and the server: `/api/v1/files`. docs/wire.md tells it in prose."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from flask import Blueprint, Response, request
from pydantic import BaseModel, Field
from spectree import Response as Described

from central.alarms import raise_alarms
from central.api import GATEWAYS, PREFIX, answer, described, faults, parsed, refuse_other_protocols
from central.bodies import read_body
from central.change import note_change
from central.context import Plant, plant
from central.doors import asking_gateway
from central.errors import FileAbsent, FilesFull, RangeRefused, RequestRefused
from central.files import HASH
from central.ingest_rules import AlarmRaised
from central.limits import FILES_BODY_BYTES_MAX
from sync.wire import CONTENT_RANGE, FILE_PIECE_BYTES_MAX, FileHeld, FilesAsked, FilesMissing

ASKED_RANGE = re.compile(r"bytes=([0-9]{1,12})-[0-9]{0,12}")


class RangeAsked(BaseModel):
    """Where in the file to begin."""

    range: Annotated[str, Field(alias="Range", pattern=r"^bytes=[0-9]{1,12}-[0-9]{0,12}$")]


def blueprint() -> Blueprint:
    """The routes."""
    routes = Blueprint("files", __name__, url_prefix=f"{PREFIX}/files")
    routes.get("/<sha256>/part")(held_part)
    routes.put("/<sha256>/part")(take_piece)
    routes.post("/missing")(missing_files)
    routes.get("/<sha256>")(file)
    return routes


def _hash(sha256: str) -> str:
    if not HASH.fullmatch(sha256):
        raise RequestRefused("a file is named by its SHA-256, 64 hexadecimal digits")
    return sha256


@described(
    path_parameter_descriptions={"sha256": "The file's SHA-256."},
    resp=Described(HTTP_200=FileHeld, **faults(401)),
    tags=[GATEWAYS],
    security={"gateway": []},
)
def held_part(sha256: str) -> Response:
    """How much of a file is here: where its sender goes on."""
    here = plant()
    gateway_name = asking_gateway(request, here)
    return answer(here.files.held(gateway_name, _hash(sha256)))


@described(
    path_parameter_descriptions={"sha256": "The file's SHA-256."},
    resp=Described(HTTP_200=FileHeld, **faults(401, 413, 415, 507)),
    tags=[GATEWAYS],
    security={"gateway": []},
)
def take_piece(sha256: str) -> Response:
    """A piece of a file, placed by `Content-Range: bytes FIRST-LAST/SIZE`. The answer says where to go on."""
    here = plant()
    gateway_name = asking_gateway(request, here)
    refuse_other_protocols()
    piece = read_body(request, FILE_PIECE_BYTES_MAX)
    told = CONTENT_RANGE.fullmatch(request.headers.get("Content-Range", ""))
    if told is None:
        raise RequestRefused("a piece says where it belongs: Content-Range: bytes FIRST-LAST/SIZE")
    first, last, size = map(int, told.groups())
    if last - first + 1 != len(piece):
        raise RequestRefused("the piece has not as many bytes as its Content-Range says")
    try:
        held = here.files.take(gateway_name, _hash(sha256), first, size, piece)
    except FilesFull as fault:
        _tell(here, gateway_name, str(fault))
        raise
    if held.whole:
        # Live pages show it now.
        with here.database.write() as session:
            note_change(session, here.database.plant)
    return answer(held)


def _tell(here: Plant, gateway_name: str, detail: str) -> None:
    """The sender tries again by itself; a person makes the room."""
    with here.database.write() as session:
        raise_alarms(session, here.database.plant, gateway_name, [AlarmRaised("files_full", "", detail)], here.now())
        note_change(session, here.database.plant)


@described(
    json=FilesAsked,
    resp=Described(HTTP_200=FilesMissing, **faults(401, 413)),
    tags=[GATEWAYS],
    security={"gateway": []},
)
def missing_files() -> Response:
    """Which of some files are not here: a server that was restored asks so for what it lost."""
    here = plant()
    asking_gateway(request, here)
    asked = parsed(FilesAsked, read_body(request, FILES_BODY_BYTES_MAX))
    return answer(FilesMissing(files=here.files.missing(asked.files)))


@described(
    path_parameter_descriptions={"sha256": "The file's SHA-256."},
    headers=RangeAsked,
    resp=Described("HTTP_206", **faults(401, 404, 416)),
    tags=[GATEWAYS],
    security={"gateway": []},
)
def file(sha256: str) -> Response:
    """A range of a file: `Range: bytes=FIRST-`. At most 256 KiB come; `Content-Range` says which of how much."""
    here = plant()
    asking_gateway(request, here)
    first = asked_first("file")
    found = here.files.find(_hash(sha256))
    if found is None:
        raise FileAbsent
    return piece_of(found.path, first, {"Lineside-Media-Type": found.media_type})


def asked_first(what: str) -> int:
    """Where the range begins that is asked for. Raises RequestRefused, which names `what` it is of."""
    asked = ASKED_RANGE.fullmatch(request.headers.get("Range", ""))
    if asked is None:
        raise RequestRefused(f"ask for a range of the {what}: Range: bytes=FIRST-")
    return int(asked[1])


def piece_of(path: Path, first: int, headers: Mapping[str, str] = {}) -> Response:
    """The piece of a file that begins there, and which of how much it is. Raises RangeRefused."""
    size = path.stat().st_size
    if first >= size:
        raise RangeRefused
    with path.open("rb") as opened:
        opened.seek(first)
        piece = opened.read(FILE_PIECE_BYTES_MAX)
    told = {"Content-Range": f"bytes {first}-{first + len(piece) - 1}/{size}", **headers}
    return Response(piece, 206, told, "application/octet-stream")
