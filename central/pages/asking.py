"""Who asks, from where, and what a form holds: people by name, times of the plant's clock, files."""

import datetime
import re
from collections.abc import Callable, Mapping
from typing import Final, Protocol

from flask import request
from sqlalchemy.orm import Session
from werkzeug.exceptions import BadRequest

from central.asking import asking_address
from central.audit import record_act
from central.board import person_name
from central.comments import Upload
from central.context import plant
from central.digits import whole_number
from central.history import Actor
from central.limits import ATTACHMENT_BYTES_MAX, ATTACHMENTS_PER_COMMENT_MAX
from central.pages.frame import signed_in
from central.plant_days import moment
from central.snapshots import current_master
from floor.master import MasterData

UPLOAD_BYTES_MAX: Final = ATTACHMENTS_PER_COMMENT_MAX * ATTACHMENT_BYTES_MAX + 64 * 1024
"""The files of one form and what else it holds."""

DEVICE_CHARACTERS_MAX: Final = 60
SYSTEMS: Final = ("Android", "iPhone", "iPad", "Windows", "Macintosh", "CrOS", "Linux")
BROWSERS: Final = (
    ("MicroMessenger", "WeChat"),
    ("DingTalk", "DingTalk"),
    ("Lark", "Lark"),
    ("Edg/", "Edge"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)


class Named(Protocol):
    """A row of master data with a name in both languages."""

    @property
    def name(self) -> str: ...
    @property
    def name_en(self) -> str: ...


def actor() -> Actor:
    """Who is signed in, and where they sit."""
    account = signed_in()
    return Actor(account.name, account.person, device_of(request.user_agent.string), request.remote_addr or "")


def note_act(session: Session, action: str, subject: str, **detail: object) -> None:
    """What who is signed in did, in the audit log, in the transaction of what it tells."""
    here = plant()
    record_act(session, here.database.plant, signed_in().name, action, subject, detail, here.now(), asking_address())


def device_of(user_agent: str) -> str:
    """What a browser says it is, in two words: `Chrome · Android`."""
    browser = next((name for sign, name in BROWSERS if sign in user_agent), "")
    system = next((name for name in SYSTEMS if name in user_agent), "")
    return " · ".join(filter(None, (browser, system))) or user_agent[:DEVICE_CHARACTERS_MAX]


def master_now() -> MasterData:
    """The master data in force."""
    here = plant()
    with here.database.read() as session:
        return current_master(session, here.database.plant)


def who(master: MasterData) -> Callable[[str], str]:
    """A person's name by their id; the id of somebody who is not in the master data."""
    return lambda person: person_name(person, master)


def named_in(rows: Mapping[str, Named]) -> Callable[[str, str], str]:
    """(id, language) -> the name of a row; the id of what is not in the master data."""

    def name(identity: str, language: str) -> str:
        row = rows.get(identity)
        if row is None:
            return identity
        return ((row.name_en or row.name) if language == "en" else row.name) or identity

    return name


def person_label(master: MasterData, person: str) -> str:
    """How a person stands in a list to choose from."""
    found = master.person_by_id.get(person)
    return f"{found.name} ({found.id})" if found is not None and found.name else person


def people_offered(master: MasterData) -> list[str]:
    """Everybody who can own something."""
    return [person_label(master, row.id) for row in master.people if row.active]


def person_in(master: MasterData, written: str) -> str:
    """The id that somebody chose or typed: an id, a name that one person has, or `name (id)`; empty: nobody."""
    text = written.strip()
    if text in master.person_by_id:
        return text
    bracketed = re.search(r"\(([^()]+)\)$", text)
    if bracketed is not None and bracketed[1] in master.person_by_id:
        return bracketed[1]
    named = [row.id for row in master.people if row.active and row.name == text]
    return named[0] if len(named) == 1 else ""


def time_field(name: str) -> float | None:
    """Seconds since 1970 of a field of date and time, by this server's zone; None: it is empty. 400: it is no time."""
    written = request.form.get(name, "").strip()
    if not written:
        return None
    try:
        return datetime.datetime.fromisoformat(written[:40]).astimezone().timestamp()
    except (ValueError, OverflowError, OSError) as fault:
        raise BadRequest from fault


def field_time(wall: float | None) -> str:
    """What such a field shows."""
    found = moment(wall) if wall is not None else None
    return found.strftime("%Y-%m-%dT%H:%M") if found else ""


def number_field(name: str, usual: int = 0) -> int:
    """A whole number of a form; `usual` where it is none."""
    found = whole_number(request.form.get(name, "").strip(), 15)
    return usual if found is None else found


def uploads(name: str = "file") -> list[Upload]:
    """The files of a form. One byte more than the bound is read, so that it is seen to be passed."""
    found = []
    for each in request.files.getlist(name)[: ATTACHMENTS_PER_COMMENT_MAX + 1]:
        with each.stream:
            content = each.stream.read(ATTACHMENT_BYTES_MAX + 1)
        if each.filename or content:
            found.append(Upload(each.filename or "", content))
    return found


def plain(name: str, characters_max: int) -> str:
    """A text of a form with one kind of line end. One more than the bound is kept, so that it is seen to be passed."""
    return request.form.get(name, "").replace("\r\n", "\n").strip()[: characters_max + 1]
