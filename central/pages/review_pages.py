"""A planner's draft of master data: what it changes and for whom, collisions with other versions, and its release."""

from collections.abc import Mapping

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from central import drafts
from central.context import plant
from central.digits import VERSION_DIGITS_MAX, whole_number
from central.errors import KitShort, MasterDataRefused, MasterDataStale
from central.limits import RELEASE_NOTE_CHARACTERS_MAX
from central.pages.cell_words import changed_word, plain
from central.pages.frame import for_action, render, signed_in
from central.pages.port import Office
from central.pages.table_form import row_values
from central.release import Asked, Review, release, review
from central.rights import Action
from central.snapshots import current_master
from floor.limits import CELL_CHARACTERS_MAX
from floor.master_edit import row_of
from floor.master_tables import TABLES, tables_of

ROWS_SHOWN_MAX = 60
"""Changed rows that the review lists of one table; the others are counted."""

CLASHES_SHOWN_MAX = 200
KEY_CHARACTERS_MAX = 3 * CELL_CHARACTERS_MAX


def add_routes(pages: Blueprint, office: Office) -> None:
    """Registers the pages."""

    @pages.get("/master/review")
    @for_action(Action.RELEASE)
    def review_draft() -> Response:
        return _show()

    @pages.post("/master/review/undo")
    @for_action(Action.RELEASE)
    def undo_row() -> BaseResponse:
        return _undo(request.form.get("table", "")[:64], request.form.get("key", "")[:KEY_CHARACTERS_MAX])

    @pages.post("/master/review/settle")
    @for_action(Action.RELEASE)
    def settle_clashes() -> BaseResponse:
        return _settle(request.form)

    @pages.post("/master/review/discard")
    @for_action(Action.RELEASE)
    def discard_draft() -> BaseResponse:
        here = plant()
        with here.database.write() as session:
            drafts.drop_draft(session, here.database.plant, signed_in().name)
        return redirect("/master/review?done=discarded", 303)

    @pages.post("/master/review/release")
    @for_action(Action.RELEASE)
    def release_draft() -> BaseResponse:
        return _release()


def _undo(table: str, key: str) -> BaseResponse:
    here = plant()
    if table in TABLES:
        with here.database.write() as session:
            name, owner = here.database.plant, signed_in().name
            row = row_of(tables_of(current_master(session, name)), table, key)
            drafts.change(session, name, owner, {table: {key: row}}, here.now())
    return redirect("/master/review", 303)


def _settle(form: Mapping[str, str]) -> BaseResponse:
    here = plant()
    owner = signed_in().name
    version = whole_number(form.get("version", ""), VERSION_DIGITS_MAX)
    with here.database.write() as session:
        clashes = drafts.open_desk(session, here.database.plant, owner).clashes
        kept = frozenset(
            (each.table, each.key)
            for place, each in enumerate(clashes)
            if form.get(f"row{place}", form.get("others", "")) == "ours"
        )
        done = drafts.settle(session, here.database.plant, owner, -1 if version is None else version, kept, here.now())
    return redirect("/master/review", 303) if done else _show(fault="review.stale", status=409)


def _release() -> BaseResponse:
    here = plant()
    form = request.form
    asked = Asked(
        form.get("digest", "")[:64],
        form.get("note", "")[:RELEASE_NOTE_CHARACTERS_MAX],
        bool(form.get("tell")),
        bool(form.get("short")),
    )
    try:
        with here.database.write() as session:
            version = release(session, here.database.plant, signed_in().name, asked, here.config.kit_check, here.now())
    except MasterDataRefused:
        return _show(status=422)
    except MasterDataStale:
        return _show(fault="review.stale", status=409)
    except KitShort:
        return _show(fault="review.kit_unconfirmed", status=409)
    return redirect(f"/master/versions/{version}?done=released", 303)


def _show(*, fault: str = "", status: int = 200) -> Response:
    here = plant()
    with here.database.read() as session:
        found = review(session, here.database.plant, signed_in().name, here.now())
    return render(
        "master_review.html",
        status,
        found=found,
        desk=found.desk,
        fault=fault,
        faults=[each.partition(": ")[2] or each for each in found.faults],
        done=request.args.get("done", "")[:16],
        station_names={row.key: getattr(row, "name", "") for row in found.desk.tables.get("stations", ())},
        person_names=_person_names(found),
        values=lambda row: row_values(row) if row is not None else {},
        clashes_max=CLASHES_SHOWN_MAX,
        rows_max=ROWS_SHOWN_MAX,
        word=changed_word,
        plain=plain,
        note_max=RELEASE_NOTE_CHARACTERS_MAX,
        note=request.form.get("note", found.desk.draft.note if found.desk.draft else ""),
        refuses=here.config.kit_check == "refuse",
        checks_kit=here.config.kit_check != "off",
    )


def _person_names(found: Review) -> dict[str, str]:
    return {row.id: row.name for row in found.desk.current.people}
