"""Comments below what they are about, and the files that came with them."""

from typing import Any
from urllib.parse import quote

from flask import Blueprint, Response, abort, current_app, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from central.comments import KINDS, SUBJECT_CHARACTERS_MAX, add_comment, is_known, path_of, store, thread
from central.context import plant
from central.errors import CommentRefused, FileRefused, FilesFull
from central.file_answers import file_answer
from central.limits import ATTACHMENT_BYTES_MAX, ATTACHMENTS_PER_COMMENT_MAX, TASK_TEXT_CHARACTERS_MAX
from central.pages.asking import UPLOAD_BYTES_MAX, actor, master_now, people_offered, plain, uploads, who
from central.pages.frame import for_accounts, render
from central.pages.port import Office
from central.task_tables import AttachmentRow

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
    @for_accounts
    def comment() -> BaseResponse:
        kind, subject = request.form.get("kind", ""), request.form.get("subject", "")
        _refuse_unknown(kind, subject)
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


def thread_values(kind: str, subject: str) -> dict[str, Any]:
    """What the macro `thread` of comment_parts.html needs; nothing over an office that has no database of its own."""
    if "lineside" not in current_app.extensions:
        return {}
    here = plant()
    with here.database.read() as session:
        said = thread(session, here.database.plant, kind, subject)
    master = master_now()
    fault = request.args.get("comment", "")
    return {
        "thread": said,
        "thread_kind": kind,
        "thread_subject": subject,
        "thread_fault": fault if fault in REFUSALS else "",
        "callable_names": [*master.duties_of, *people_offered(master)][:CALLABLE_MAX],
        "who": who(master),
        "text_max": TASK_TEXT_CHARACTERS_MAX,
        "files_max": ATTACHMENTS_PER_COMMENT_MAX,
        "file_megabytes": ATTACHMENT_BYTES_MAX // 1024**2,
    }


CALLABLE_MAX = 60
"""Duties and people that are shown as who can be called; any other can be, too."""
