"""Comments on tasks, problems, calls, orders and operations: who is meant by an @, and the files that come along."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from central.board import person_name
from central.call_names import call_of
from central.change import note_change
from central.digits import whole_number
from central.duties import mentions
from central.errors import CommentRefused, FileRefused
from central.files import HASH, FileStore
from central.history import Actor
from central.limits import (
    ATTACHMENT_BYTES_MAX,
    ATTACHMENTS_PER_COMMENT_MAX,
    COMMENTS_PER_SUBJECT_MAX,
    TASK_TEXT_CHARACTERS_MAX,
)
from central.models import Operation
from central.snapshots import current_master
from central.task_tables import AttachmentRow, CommentRow, ProblemRow, TaskRow
from central.tasks import tell
from floor.master import MasterData
from floor.media import HEAD_BYTES, INSTRUCTION_TYPES, media_type_of

KINDS: Final = ("task", "problem", "call", "order", "operation")
SUBJECT_CHARACTERS_MAX: Final = 120
NAME_CHARACTERS_MAX: Final = 80
ENDINGS: Final = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "application/pdf": "pdf"}


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as a sender called it."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Said:
    """A comment for a page: its text in pieces of (text, person or None); a person of "" is a duty that nobody had."""

    number: int
    at: float
    account: str
    person: str
    device: str
    pieces: tuple[tuple[str, str | None], ...]
    files: tuple[AttachmentRow, ...] = ()


def number_in(subject: str) -> int:
    """A task's or problem's number; 0 for what is none."""
    return whole_number(subject, 15) or 0


def path_of(kind: str, subject: str) -> str:
    """The page on which a subject is shown with its comments."""
    if kind in ("task", "problem", "call", "order"):
        return f"/{kind}s/{subject}"
    return f"/comments/{kind}/{subject}"


def is_known(session: Session, plant: str, kind: str, subject: str) -> bool:
    """Whether there is such a thing to speak about."""
    if kind in ("task", "problem"):
        model = TaskRow if kind == "task" else ProblemRow
        return session.get(model, (plant, number_in(subject))) is not None
    if kind == "call":
        return call_of(session, plant, subject) is not None
    master = current_master(session, plant)
    if kind == "operation":
        return subject in master.operation_by_id or session.get(Operation, (plant, subject)) is not None
    if kind != "order" or not subject:
        return False
    mine = (Operation.plant == plant, Operation.work_order == subject)
    return subject in master.order_by_id or session.scalar(select(Operation.id).where(*mine).limit(1)) is not None


def safe_name(name: str, media_type: str) -> str:
    """A name that no system takes for a path, another kind of file or a header: letters, digits, dot, _ and -."""
    stem = re.split(r"[/\\]", name)[-1].rpartition(".")[0] or re.split(r"[/\\]", name)[-1]
    plain = re.sub(r"[^\w.-]+", "_", stem).strip("._-")[:NAME_CHARACTERS_MAX]
    return f"{plain or 'file'}.{ENDINGS[media_type]}"


def checked_files(uploads: Sequence[Upload]) -> None:
    """Raises CommentRefused, FileRefused before anything is stored."""
    if len(uploads) > ATTACHMENTS_PER_COMMENT_MAX:
        raise CommentRefused(f"at most {ATTACHMENTS_PER_COMMENT_MAX} files")
    for each in uploads:
        if len(each.content) > ATTACHMENT_BYTES_MAX:
            raise CommentRefused(f"a file has at most {ATTACHMENT_BYTES_MAX} bytes")
        if media_type_of(each.content[:HEAD_BYTES], len(each.content)) not in INSTRUCTION_TYPES:
            raise FileRefused


def attach(
    session: Session,
    plant: str,
    kind: str,
    subject: str,
    stored: Sequence[tuple[Upload, str]],
    by: Actor,
    now: float,
    comment_number: int | None = None,
) -> None:
    """Rows for files that are in the store already, each with its hash. The caller holds the plant's head row."""
    last = session.scalar(select(func.max(AttachmentRow.number)).where(AttachmentRow.plant == plant)) or 0
    for place, (upload, sha256) in enumerate(stored, start=1):
        assert HASH.fullmatch(sha256), "the store names files"
        kept = media_type_of(upload.content[:HEAD_BYTES], len(upload.content))
        row = AttachmentRow(plant=plant, number=last + place, kind=kind, subject=subject, at=now, account=by.account)
        row.comment_number, row.sha256, row.media_type = comment_number, sha256, kept
        row.name, row.bytes = safe_name(upload.name, kept), len(upload.content)
        session.add(row)
    session.flush()


def store(files: FileStore, uploads: Sequence[Upload]) -> list[tuple[Upload, str]]:
    """Each file with the hash under which it is kept. Raises CommentRefused, FileRefused, FilesFull."""
    checked_files(uploads)
    return [(each, files.keep(each.content)) for each in uploads]


def add_comment(
    session: Session,
    plant: str,
    kind: str,
    subject: str,
    text: str,
    by: Actor,
    now: float,
    stored: Sequence[tuple[Upload, str]] = (),
) -> int:
    """A comment; its number. Whom it calls is told. Raises CommentRefused."""
    note_change(session, plant)
    said = text.strip()
    if not said or len(said) > TASK_TEXT_CHARACTERS_MAX:
        raise CommentRefused(f"a comment has 1 to {TASK_TEXT_CHARACTERS_MAX} characters")
    mine = (CommentRow.plant == plant, CommentRow.kind == kind, CommentRow.subject == subject)
    if (session.scalar(select(func.count()).where(*mine)) or 0) >= COMMENTS_PER_SUBJECT_MAX:
        raise CommentRefused(f"there are {COMMENTS_PER_SUBJECT_MAX} comments, which is all there is room for")
    number = (session.scalar(select(func.max(CommentRow.number)).where(CommentRow.plant == plant)) or 0) + 1
    called = mentions(current_master(session, plant), said, now)
    row = CommentRow(plant=plant, number=number, kind=kind, subject=subject, at=now, text=said)
    row.account, row.person, row.device, row.address = by.account, by.person, by.device, by.address
    row.mentions = json.dumps([(each.start, each.end, each.person) for each in called])
    session.add(row)
    session.flush()
    attach(session, plant, kind, subject, stored, by, now, number)
    people = list(dict.fromkeys(each.person for each in called if each.person))
    if people:
        facts: dict[str, Any] = {
            "people": people,
            "title": said[:120],
            "path": path_of(kind, subject),
            "comment": number,
        }
        tell(session, plant, "task.mentioned", f"{kind}/{subject}", facts, now)
    return number


def thread(session: Session, plant: str, kind: str, subject: str) -> list[Said]:
    """The comments on a subject, oldest first."""
    mine = (CommentRow.plant == plant, CommentRow.kind == kind, CommentRow.subject == subject)
    rows = session.scalars(select(CommentRow).where(*mine).order_by(CommentRow.number)).all()
    files = attachments(session, plant, kind, subject)
    master = current_master(session, plant)
    return [
        Said(
            row.number,
            row.at,
            row.account,
            row.person,
            row.device,
            _pieces(row, master),
            tuple(each for each in files if each.comment_number == row.number),
        )
        for row in rows
    ]


def is_called(session: Session, plant: str, kind: str, subject: str, person: str) -> bool:
    """Whether a comment on a subject calls a person."""
    mine = (CommentRow.plant == plant, CommentRow.kind == kind, CommentRow.subject == subject)
    if not person:
        return False
    maybe = CommentRow.mentions.contains(person, autoescape=True)
    found = session.scalars(select(CommentRow.mentions).where(*mine, maybe))
    return any(called == person for each in found for _, _, called in json.loads(each))


def attachments(session: Session, plant: str, kind: str, subject: str) -> Sequence[AttachmentRow]:
    """The files of a subject's comments and answers, oldest first."""
    mine = (AttachmentRow.plant == plant, AttachmentRow.kind == kind, AttachmentRow.subject == subject)
    return session.scalars(select(AttachmentRow).where(*mine).order_by(AttachmentRow.number)).all()


def _pieces(row: CommentRow, master: MasterData) -> tuple[tuple[str, str | None], ...]:
    """The text with each @ as whom it meant: the name they have today, behind what was written when it was a duty."""
    pieces: list[tuple[str, str | None]] = []
    at = 0
    for start, end, person in json.loads(row.mentions):
        if start >= at:
            pieces.append((row.text[at:start], None))
            pieces.append((row.text[start:end], person_name(person, master)))
        else:
            # A second person of the same name.
            pieces.append(("@", person_name(person, master)))
        at = max(at, end)
    pieces.append((row.text[at:], None))
    return tuple(each for each in pieces if each != ("", None))
