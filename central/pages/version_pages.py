"""The history of the master data: every version with what it changed, who has it, who has read it, and the way back."""

from flask import Blueprint, Response, redirect, request
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from central import drafts, snapshots
from central.context import plant
from central.delivery import Holding, holdings
from central.digits import VERSION_DIGITS_MAX, whole_number
from central.limits import VERSIONS_SHOWN_MAX
from central.models import MasterVersion
from central.pages.cell_words import changed_word
from central.pages.frame import for_accounts, for_action, language, render, signed_in
from central.pages.notice_pages import READINGS_MAX, NoticeReport, reports
from central.pages.office import RecordQuery
from central.pages.port import Office
from central.rights import Action
from central.texts import text
from floor.master import MasterData
from floor.master_changes import RowChange, row_changes
from floor.master_edit import difference
from floor.master_tables import tables_of
from floor.notices import INSTRUCTION, NOTICE

ROWS_SHOWN_MAX = 60
"""Changed rows of one table that the page of a version lists."""


def add_routes(pages: Blueprint, office: Office) -> None:
    """Registers the pages."""

    @pages.get("/master/versions")
    @for_accounts
    def versions() -> Response:
        return _history()

    @pages.get("/master/versions/<int:version>")
    @for_accounts
    def version(version: int) -> Response:
        return _one(office, version)

    @pages.post("/master/versions/restore")
    @for_action(Action.RELEASE)
    def restore_version() -> BaseResponse:
        version = whole_number(request.form.get("version", ""), VERSION_DIGITS_MAX)
        if version is None:
            raise NotFound
        return _restore(office, version)


def _history() -> Response:
    here = plant()
    before = whole_number(request.args.get("before", ""), VERSION_DIGITS_MAX)
    with here.database.read() as session:
        newest, _ = snapshots.current_head(session, here.database.plant)
        rows = _rows(session, here.database.plant, before)
        held = holdings(session, here.database.plant, newest)
    return render(
        "master_versions.html",
        rows=rows[:VERSIONS_SHOWN_MAX],
        more=len(rows) > VERSIONS_SHOWN_MAX,
        newest=newest,
        holdings=held,
        having=_having(held),
    )


def _rows(session: Session, name: str, before: int | None) -> list[tuple[int, float, str, str]]:
    """(version, when, by whom, note), newest first, without their bodies; one more than a page."""
    row = MasterVersion
    asked = select(row.version, row.made_at, row.made_by, row.note).where(row.plant == name)
    if before is not None:
        asked = asked.where(row.version < before)
    found = session.execute(asked.order_by(row.version.desc()).limit(VERSIONS_SHOWN_MAX + 1))
    return [(each.version, each.made_at, each.made_by, each.note) for each in found]


def _having(held: list[Holding]) -> dict[int, list[str]]:
    """The gateways that have each version."""
    found: dict[int, list[str]] = {}
    for each in held:
        if each.version is not None:
            found.setdefault(each.version, []).append(each.gateway)
    return found


def _one(office: Office, number: int, *, fault: str = "", status: int = 200) -> Response:
    here = plant()
    with here.database.read() as session:
        name = here.database.plant
        newest, _ = snapshots.current_head(session, name)
        master = snapshots.master_of(session, number, name)
        if master is None:
            raise NotFound
        before = snapshots.master_of(session, number - 1, name) or MasterData()
        row = MasterVersion
        about = session.execute(
            select(row.made_at, row.made_by, row.note).where(row.plant == name, row.version == number)
        ).one()
        held = holdings(session, name, newest)
    rows = row_changes(tables_of(before), tables_of(master))
    return render(
        "master_version.html",
        status,
        number_=number,
        newest=newest,
        about=about,
        rows=rows,
        rows_max=ROWS_SHOWN_MAX,
        word=changed_word,
        having=_having(held).get(number, []),
        notices=_readings(office, master, rows),
        fault=fault,
        done=request.args.get("done", "")[:16],
    )


def _readings(office: Office, master: MasterData, rows: tuple[RowChange, ...]) -> list[NoticeReport]:
    """The notices and instructions that a version brought, with who read them back."""
    prefixes = {"notices": NOTICE, "instructions": INSTRUCTION}
    keys = {prefixes[each.table] + each.key for each in rows if each.table in prefixes and each.after is not None}
    if not keys:
        return []
    read = office.records(RecordQuery("", "notice.read", "", None), READINGS_MAX)
    misread = office.records(RecordQuery("", "notice.misread", "", None), READINGS_MAX)
    return [each for each in reports(master, read, misread) if each.key in keys]


def _restore(office: Office, number: int) -> BaseResponse:
    here = plant()
    owner = signed_in().name
    with here.database.write() as session:
        name = here.database.plant
        if drafts.read_draft(session, name, owner) is not None:
            taken = True
        else:
            taken = False
            wanted = snapshots.master_of(session, number, name)
            if wanted is None:
                raise NotFound
            current = snapshots.current_master(session, name)
            edits = difference(tables_of(current), tables_of(wanted))
            note = text(language(), "versions.restored", n=number)
            drafts.change(session, name, owner, edits, here.now(), note)
    if taken:
        return _one(office, number, fault="versions.has_draft", status=409)
    return redirect("/master/review", 303)
