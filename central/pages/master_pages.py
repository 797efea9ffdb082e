"""Master data: the version in force, its download, and an import that shows what it changes before it changes it."""

import time

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from central import errors
from central.context import plant
from central.digits import POSITION_DIGITS_MAX, whole_number
from central.drafts import change, open_desk
from central.pages.cell_words import changed_word, plain
from central.pages.formats import visible
from central.pages.frame import for_accounts, for_action, render, signed_in
from central.pages.master_exchange import FILES_MAX, KINDS_IN, KINDS_OUT, kind_of, read, read_tables_of, write
from central.pages.master_preview import TABLES, Drafts, Preview
from central.pages.port import Office
from central.release import Effects, effects
from central.rights import Action
from central.snapshots import current_master
from floor.errors import MasterFileRefused
from floor.instructions import carried_over
from floor.master import MasterData
from floor.master_edit import difference, merged
from floor.master_tables import Tables, tables_of
from floor.notices import with_notices

FILE_MEGABYTES_MAX = 16
"""50,000 operations take 6 MB as CSV and 3 MB as XLSX."""
UPLOAD_BYTES_MAX = FILE_MEGABYTES_MAX * 1024 * 1024 + 64 * 1024
FAULTS_SHOWN_MAX = 200
ROWS_SHOWN_MAX = 12


GROUPS = {
    "people": ("people", "skills", "departments", "duties", "absences", "deputies", "shifts"),
    "products": ("items", "bom_revisions", "components", "routings", "instructions", "stock", "blocked_lots"),
    "orders": ("work_orders", "operations", "notices"),
    "calls": ("call_types", "call_tiers", "reasons", "cases"),
    "floor": ("stations", "command_cards", "label_patterns", "error_proofing"),
}
"""The tables as the page shows them."""


def add_routes(pages: Blueprint, office: Office) -> None:
    """Registers the pages."""
    drafts = Drafts(time.monotonic)

    @pages.get("/master")
    @for_accounts
    def master() -> Response:
        return _show(office, applied=whole_number(request.args.get("applied", ""), POSITION_DIGITS_MAX) or 0)

    @pages.post("/master/check")
    @for_action(Action.PUBLISH)
    def check_master() -> BaseResponse:
        return _check(office, drafts)

    @pages.post("/master/apply")
    @for_action(Action.PUBLISH)
    def apply_master() -> BaseResponse:
        draft = drafts.take(request.form.get("preview", "")[:64], signed_in().name)
        if draft is None:
            return _show(office, fault="master.preview_gone", status=409)
        if request.form.get("into") == "draft":
            try:
                return _put(tables_of(draft.master), "replace")
            except errors.DraftRefused:
                return _show(office, fault="table.draft_full", status=409)
        master = draft.master
        if request.form.get("tell"):
            # Another version than the draft was compared with is refused below.
            master = with_notices(master, _effects(master)[1].told)
        try:
            version = office.publish(master, draft.base_version, signed_in().name)
        except errors.MasterDataStale:
            return _show(office, fault="master.preview_gone", status=409)
        except errors.KitShort:
            return _show(office, fault="review.kit_unconfirmed", status=409)
        return redirect(f"/master?applied={version}", 303)

    @pages.get("/master/download.<kind>")
    @for_accounts
    def download_master(kind: str) -> BaseResponse:
        published = office.master()
        if published is None or kind not in KINDS_OUT:
            return redirect("/master", 303)
        office.note_export(f"master.{kind}", signed_in(), version=published.master.version)
        answer = Response(write(kind, published.master), mimetype=KINDS_OUT[kind])
        name = f"lineside-master-{published.master.version}.{kind}"
        answer.headers["Content-Disposition"] = f"attachment; filename={name}"
        return answer


def _put(tables: Tables, mode: str) -> BaseResponse:
    """Tables go into the planner's draft, where they are reviewed with what it changes already. Raises DraftRefused."""
    here = plant()
    owner = signed_in().name
    with here.database.write() as session:
        held = open_desk(session, here.database.plant, owner).tables
        edits = merged(held, tables) if mode == "merge" else difference(held, tables)
        change(session, here.database.plant, owner, edits, here.now())
    return redirect("/master/review?done=put", 303)


def _check(office: Office, drafts: Drafts) -> BaseResponse:
    uploads = [each for each in request.files.getlist("file") if each.filename]
    if not uploads or len(uploads) > FILES_MAX:
        return _show(office, fault="master.no_file", status=400)
    for each in uploads:
        if not kind_of(each.filename or ""):
            return _show(office, fault="master.bad_type", fault_name=visible((each.filename or "")[-60:]), status=400)
    contents = {each.filename or "": each.stream.read(UPLOAD_BYTES_MAX) for each in uploads}
    mode = request.form.get("mode", "whole")
    try:
        if mode in ("replace", "merge"):
            return _put(read_tables_of(contents), mode)
        found = read(contents)
    except MasterFileRefused as refusal:
        return _show(office, faults=refusal.faults, status=422)
    except errors.DraftRefused:
        return _show(office, fault="table.draft_full", status=409)
    current = office.master()
    # A file that says nothing of instructions leaves those that the page of instructions published.
    found = carried_over(found, current.master if current else None)
    before, changed = _effects(found)
    key = drafts.keep(found, before.version, signed_in().name)
    names = {row.id: row.name for row in (*before.stations, *found.stations)}
    return _show(office, preview=Preview(key, changed, names))


def _effects(master: MasterData) -> tuple[MasterData, Effects]:
    """The version in force, and what publishing would change."""
    here = plant()
    with here.database.read() as session:
        before = current_master(session, here.database.plant)
        return before, effects(session, here.database.plant, before, master, here.now())


def _split(fault: str) -> tuple[str, str]:
    """A fault's place and text: `people, row 3, column badge: too long`."""
    where, colon, what = fault.partition(": ")
    return (where, what) if colon else ("", fault)


def _show(
    office: Office,
    *,
    applied: int = 0,
    fault: str = "",
    fault_name: str = "",
    faults: tuple[str, ...] = (),
    preview: Preview | None = None,
    status: int = 200,
) -> Response:
    current = office.master()
    return render(
        "master.html",
        status,
        current=current,
        groups=GROUPS,
        counts={table: len(getattr(current.master, table)) for table in TABLES} if current else {},
        applied=applied,
        fault=fault,
        fault_name=fault_name,
        faults=[_split(each) for each in faults],
        faults_max=FAULTS_SHOWN_MAX,
        preview=preview,
        rows_max=ROWS_SHOWN_MAX,
        word=changed_word,
        person_names={row.id: row.name for row in current.master.people} if current and preview else {},
        plain=plain,
        refuses=plant().config.kit_check == "refuse",
        checks_kit=plant().config.kit_check != "off",
        kinds_out=tuple(KINDS_OUT),
        types=", ".join(each.upper() for each in KINDS_IN),
        accept=",".join(f".{each}" for each in KINDS_IN),
        size=FILE_MEGABYTES_MAX,
    )
