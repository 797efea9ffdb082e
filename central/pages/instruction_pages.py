"""Work instructions: their files, and which operation or item each is for.

A new file is a new version of the master data, which is how gateways hear of it.
"""

import hashlib

from flask import Blueprint, Response, redirect, request
from pydantic import ValidationError
from werkzeug.wrappers import Response as BaseResponse

from central import errors
from central.digits import POSITION_DIGITS_MAX, whole_number
from central.pages.formats import visible
from central.pages.frame import for_accounts, for_action, render, signed_in
from central.pages.port import Office
from central.rights import Action
from floor.instructions import with_instruction, without_instruction
from floor.limits import INSTRUCTION_BYTES_MAX
from floor.master import MasterData
from floor.media import HEAD_BYTES, INSTRUCTION_TYPES, media_type_of
from floor.rows import Instruction

UPLOAD_PATH = "/master/instructions/add"
UPLOAD_BYTES_MAX = INSTRUCTION_BYTES_MAX + 64 * 1024
"""The file and what a form adds to it."""

ITEMS_OFFERED_MAX = 500
COLUMNS = ("id", "revision", "title", "operation", "item")


def add_routes(pages: Blueprint, office: Office) -> None:
    """Registers the pages."""

    @pages.get("/master/instructions")
    @for_accounts
    def instructions() -> Response:
        return _show(office)

    @pages.post(UPLOAD_PATH)
    @for_action(Action.PUBLISH)
    def add_instruction() -> BaseResponse:
        return _add(office)

    @pages.post("/master/instructions/remove")
    @for_action(Action.PUBLISH)
    def remove_instruction() -> BaseResponse:
        published = office.master()
        if published is None:
            return _show(office, fault="instructions.no_master", status=409)
        changed = without_instruction(published.master, request.form.get("id", "")[:64])
        return _publish(office, published.master, changed)


def _add(office: Office) -> BaseResponse:
    published = office.master()
    if published is None:
        return _show(office, fault="instructions.no_master", status=409)
    content = _uploaded()
    if not content:
        return _show(office, fault="instructions.no_file", status=400)
    media_type = media_type_of(content[:HEAD_BYTES], len(content))
    if media_type not in INSTRUCTION_TYPES:
        return _show(office, fault="instructions.bad_type", status=415)
    if len(content) > INSTRUCTION_BYTES_MAX:
        return _show(office, fault="instructions.too_large", status=413)
    told = {name: request.form.get(name, "").strip()[:128] for name in COLUMNS}
    try:
        # Judged before anything is stored: a row that cannot be published leaves no file behind.
        named = {"sha256": hashlib.sha256(content).hexdigest(), "media_type": media_type, "bytes": len(content)}
        changed = with_instruction(published.master, Instruction.model_validate({**told, **named}))
        office.store_file(content)
    except ValidationError as refused:
        faults = [f"{'.'.join(map(str, each['loc']))} {each['msg']}" for each in refused.errors(include_input=False)]
        return _show(office, faults=faults, status=422)
    except errors.FilesFull:
        return _show(office, fault="instructions.full", status=507)
    return _publish(office, published.master, changed)


def _uploaded() -> bytes:
    """One byte more than the bound is read, so that the bound is seen to be passed."""
    upload = request.files.get("file")
    if upload is None:
        return b""
    with upload.stream:
        return upload.stream.read(INSTRUCTION_BYTES_MAX + 1)


def _publish(office: Office, before: MasterData, changed: MasterData) -> BaseResponse:
    try:
        version = office.publish(changed, before.version, signed_in().name)
    except errors.MasterDataStale:
        return _show(office, fault="instructions.stale", status=409)
    return redirect(f"/master/instructions?applied={version}", 303)


def _show(office: Office, *, fault: str = "", faults: list[str] | None = None, status: int = 200) -> Response:
    published = office.master()
    master = published.master if published is not None else MasterData()
    applied = request.args.get("applied", "")
    items = dict.fromkeys(row.item for row in master.work_orders if row.item)
    return render(
        "instructions.html",
        status,
        rows=master.instructions,
        stored={row.sha256 for row in master.instructions if row.sha256 and office.file(row.sha256) is not None},
        items=list(items)[:ITEMS_OFFERED_MAX],
        version=master.version,
        applied="" if whole_number(applied, POSITION_DIGITS_MAX) is None else applied,
        fault=fault,
        faults=[visible(each, 300) for each in faults or []],
        given={name: request.form.get(name, "")[:128] for name in COLUMNS} if fault or faults else {},
        megabytes=INSTRUCTION_BYTES_MAX // (1024 * 1024),
    )
