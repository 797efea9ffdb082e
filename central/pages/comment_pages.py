"""Comments below what they are about, and the files that came with them."""

from typing import Any
from urllib.parse import quote

from flask import Blueprint, Response, abort, current_app, redirect, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from central.comments import (
    KINDS,
    SUBJECT_CHARACTERS_MAX,
    add_comment,
    is_called,
    is_known,
    number_in,
    path_of,
    store,
    thread,
)
from central.context import plant
from central.errors import CommentRefused, FileRefused, FilesFull
from central.file_answers import file_answer
from central.limits import ATTACHMENT_BYTES_MAX, ATTACHMENTS_PER_COMMENT_MAX, TASK_TEXT_CHARACTERS_MAX
from central.pages.asking import UPLOAD_BYTES_MAX, actor, master_now, people_offered, plain, uploads, who
from central.pages.frame import account, for_accounts, for_action, refuse_elsewhere, render, signed_in
from central.pages.port import Office
from central.places import places_of
from central.rights import Action
from central.task_tables import AttachmentRow, TaskRow
from central.tasks import task_of

COMMENT_PATH = "/comments"
COMMENT_BYTES_MAX = UPLOAD_BYTES_MAX
REFUSALS = ("text", "type", "full")


def add_routes(pages: Blueprint, office: Office) -> None:
    """Registers the pages."""

    @pages.get("/comments/<kind>/<path:subject>")
    @for_accounts
    def comments(kind: str, subject: str) -> Response:
        _refuse_unknown(kind, subject)
        return render("comments.html", **thread_values(kind, subject))

    @pages.post(COMMENT_PATH)
    @for_action(Action.TASKS)
    def comment() -> BaseResponse:
        kind, subject = request.form.get("kind", ""), request.form.get("subject", "")
        _refuse_unknown(kind, subject)
        here = plant()
        with here.database.read() as session:
            if not _is_asked(session, here.database.plant, kind, subject):
                refuse_elsewhere(Action.TASKS, places_of(session, here.database.plant, kind, subject))
        fault = _add(kind, subject)
        back = quote(path_of(kind, subject), safe="/")
        return redirect(f"{back}?comment={fault}#comments" if fault else f"{back}#comments", 303)

    @pages.get("/attachments/<int:number>")
    @for_accounts
    def attachment(number: int) -> Response:
        here = plant()
        row = None
        if number < 10**16:
            with here.database.read() as session:
                row = session.get(AttachmentRow, (here.database.plant, number))
        found = here.files.find(row.sha256) if row is not None else None
        if row is None or found is None:
            abort(404)
        answer = file_answer(found, row.sha256)
        shown = "inline" if found.media_type.startswith("image/") else "attachment"
        plain_name = f"{row.sha256[:12]}.{row.name.rpartition('.')[2]}"
        told = f"{shown}; filename={plain_name}; filename*=UTF-8''{quote(row.name, safe='')}"
        answer.headers["Content-Disposition"] = told
        return answer


def _refuse_unknown(kind: str, subject: str) -> None:
    here = plant()
    if kind not in KINDS or not 0 < len(subject) <= SUBJECT_CHARACTERS_MAX:
        abort(404)
    with here.database.read() as session:
        if not is_known(session, here.database.plant, kind, subject):
            abort(404)


def _add(kind: str, subject: str) -> str:
    """Keeps the comment of the form; which refusal there was, as a word of REFUSALS, or empty."""
    here = plant()
    text, by = plain("text", TASK_TEXT_CHARACTERS_MAX), actor()
    if not 0 < len(text) <= TASK_TEXT_CHARACTERS_MAX:
        return "text"
    try:
        stored = store(here.files, uploads())
        with here.database.write() as session:
            add_comment(session, here.database.plant, kind, subject, text, by, here.now(), stored)
    except (FileRefused, FilesFull):
        return "type"
    except CommentRefused:
        return "full"
    return ""


def is_own(row: TaskRow) -> bool:
    """Whether a task is one's own, wherever it is: to do, to do for its owner, or made by oneself."""
    mine = signed_in()
    return row.made_by == mine.name or bool(mine.person and mine.person in (row.owner, row.acting))


def _is_asked(session: Session, plant_name: str, kind: str, subject: str) -> bool:
    """Whether it is one's own task, or somebody called one by name here: that wants an answer, wherever it is."""
    if kind == "task":
        row = task_of(session, plant_name, number_in(subject))
        if row is not None and is_own(row):
            return True
    return is_called(session, plant_name, kind, subject, signed_in().person)


def _may_comment(session: Session, plant_name: str, kind: str, subject: str) -> bool:
    return _is_asked(session, plant_name, kind, subject) or signed_in().can_at(
        Action.TASKS, places_of(session, plant_name, kind, subject)
    )


def thread_values(kind: str, subject: str) -> dict[str, Any]:
    """What the macro `thread` of comment_parts.html needs; nothing over an office that has no database of its own."""
    if "lineside" not in current_app.extensions:
        return {}
    here = plant()
    with here.database.read() as session:
        said = thread(session, here.database.plant, kind, subject)
        may_comment = account() is not None and _may_comment(session, here.database.plant, kind, subject)
    master = master_now()
    fault = request.args.get("comment", "")
    return {
        "thread": said,
        "thread_kind": kind,
        "thread_subject": subject,
        "may_comment": may_comment,
        "thread_fault": fault if fault in REFUSALS else "",
        "callable_names": [*master.duties_of, *people_offered(master)][:CALLABLE_MAX],
        "who": who(master),
        "text_max": TASK_TEXT_CHARACTERS_MAX,
        "files_max": ATTACHMENTS_PER_COMMENT_MAX,
        "file_megabytes": ATTACHMENT_BYTES_MAX // 1024**2,
    }


CALLABLE_MAX = 60
"""Duties and people that are shown as who can be called; any other can be, too."""
