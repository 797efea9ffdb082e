"""Photos come in from the page: announced, then piece by piece, then handed to the station as one input.

The pieces are small, so that no request holds more memory than one of them, and a photo goes on where a connection was
cut. What is taken counts as kept only when the station shows its record.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from flask import Flask, Response, request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from floor.limits import PHOTO_BYTES_MAX
from gateway.errors import PhotoRefused
from gateway.photo_shelf import PhotoShelf
from gateway.screen.inputs import PageInput, PagePhoto
from gateway.screen.limits import PHOTO_UPLOADS_REMEMBERED_MAX

OCTETS = "application/octet-stream"
STATUSES: Mapping[str, int] = {
    "photo_large": 413,
    "photo_kind": 415,
    "photo_cut": 409,
    "photo_gone": 404,
    "photo_busy": 503,
    "photo_full": 507,
    "photo_room": 507,
    "photo_broken": 503,
}
"""What each refusal answers; its words are in `gateway/screen/texts.py` under the same key."""


class PhotoAnnounced(BaseModel):
    """Strict, like every body of the page."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)
    kind: Literal["photo"] = "photo"
    bytes: Annotated[int, Field(ge=1)]
    operation: Annotated[str, Field(max_length=64)] = ""
    call: Annotated[str, Field(pattern=r"^([0-9a-f]{32}/[1-9][0-9]{0,15})?$")] = ""


@dataclass(slots=True)
class PhotoDesk:
    """What the routes stand on. `station_is_known`: of this gateway, now."""

    shelf: PhotoShelf
    post: Callable[[PageInput], bool]
    station_is_known: Callable[[str], bool]
    refusal: Callable[[int, str], Response]
    json: Callable[[Mapping[str, object], int], Response]
    counts: Counter[str]


def add_routes(app: Flask, desk: PhotoDesk) -> None:
    """`POST /station/S/photo` announces one; `POST /station/S/photo/UPLOAD?offset=N` brings its pieces."""
    announced: dict[str, tuple[str, PhotoAnnounced]] = {}

    @app.post("/station/<station>/photo")
    def announce_photo(station: str) -> Response:
        if not desk.station_is_known(station):
            return desk.refusal(404, "refused_path")
        try:
            told = PhotoAnnounced.model_validate_json(request.get_data())
        except ValidationError:
            return desk.refusal(400, "refused_body")
        if not (told.operation or told.call):
            return desk.refusal(400, "refused_body")
        if told.bytes > PHOTO_BYTES_MAX:
            return desk.refusal(413, "photo_large")
        try:
            name = desk.shelf.begin(told.bytes)
        except PhotoRefused as refused:
            return _refused(desk, refused)
        announced[name] = (station, told)
        while len(announced) > PHOTO_UPLOADS_REMEMBERED_MAX:
            announced.pop(next(iter(announced)), None)
        return desk.json({"upload": name}, 201)

    @app.post("/station/<station>/photo/<upload>")
    def take_piece(station: str, upload: str) -> Response:
        place, told = announced.get(upload, ("", None))
        offset = request.args.get("offset", "")
        if told is None or place != station:
            return desk.refusal(404, "photo_gone")
        if not (offset.isascii() and offset.isdigit() and len(offset) <= 9):
            return desk.refusal(400, "refused_body")
        try:
            there = desk.shelf.append(upload, int(offset), request.get_data(cache=False))
            if there < told.bytes:
                return desk.json({"offset": there}, 200)
            photo = desk.shelf.finish(upload)
        except PhotoRefused as refused:
            return _refused(desk, refused)
        if not desk.post(PagePhoto(station, photo.sha256, photo.bytes, photo.media_type, told.operation, told.call)):
            # The file is there; the page sends the end again, with no bytes in it.
            desk.counts["inbox_full"] += 1
            return desk.refusal(503, "inbox_full")
        announced.pop(upload, None)
        desk.shelf.forget(upload)
        return desk.json({"taken": True, "offset": there, "sha256": photo.sha256}, 202)


def _refused(desk: PhotoDesk, refused: PhotoRefused) -> Response:
    desk.counts[refused.key] += 1
    return desk.refusal(STATUSES[refused.key], refused.key)
