"""The tables of master data on pages: list, form, paste, download. What is changed goes into the planner's draft."""

from urllib.parse import urlencode

from flask import Blueprint, Response, redirect, request
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from central import drafts
from central.context import plant
from central.digits import whole_number
from central.drafts import Desk, open_desk
from central.errors import DraftRefused
from central.pages.cell_words import cell_word
from central.pages.frame import for_accounts, for_action, language, render, signed_in
from central.pages.master_exchange import KINDS_OUT
from central.pages.port import Office
from central.pages.table_form import Field, fields_of, row_values, typed_row, with_fault
from central.pages.table_list import SEARCH_CHARACTERS_MAX, listed
from central.rights import Action
from central.texts import text_or
from floor.cells import Row
from floor.errors import MasterFileRefused
from floor.limits import CELL_CHARACTERS_MAX
from floor.master_edit import Edits, difference, merged, row_of
from floor.master_files import read_pasted, write_csv
from floor.master_sheets import write_sheets
from floor.master_tables import TABLES, tables_of, whole
from floor.product_rows import RoutingStep
from floor.routing import operations_from, routing_for
from floor.rows import WorkOrder

EDITABLE = tuple(table for table in TABLES if table != "instructions")
"""Instructions have a page of their own: their files go with them."""

PASTE_BYTES_MAX = 2 * 1024 * 1024
"""Some thousand rows copied out of a spreadsheet; more is a file."""

PASTE_PATHS = tuple(f"/master/{table}/paste" for table in EDITABLE)
KEY_CHARACTERS_MAX = 3 * CELL_CHARACTERS_MAX
FAULTS_SHOWN_MAX = 200
WHOLE_FAULTS_SHOWN_MAX = 8


def add_routes(pages: Blueprint, office: Office) -> None:
    """Registers the pages."""

    @pages.get("/master/<table>")
    @for_accounts
    def master_table(table: str) -> Response:
        return _list(_known(table))

    @pages.get("/master/<table>/download.<kind>")
    @for_accounts
    def download_table(table: str, kind: str) -> Response:
        return _download(_known(table), kind)

    @pages.get("/master/<table>/row")
    @for_accounts
    def master_row(table: str) -> Response:
        desk = _desk()
        key = request.args.get("key", "")[:KEY_CHARACTERS_MAX]
        row = row_of(desk.tables, _known(table), key)
        if key and row is None:
            raise NotFound
        return _form(table, desk, key, fields_of(table, desk.tables, row))

    @pages.post("/master/<table>/row")
    @for_action(Action.PUBLISH)
    def save_row(table: str) -> BaseResponse:
        return _save(_known(table))

    @pages.post("/master/<table>/delete")
    @for_action(Action.PUBLISH)
    def delete_row(table: str) -> BaseResponse:
        key = request.form.get("key", "")[:KEY_CHARACTERS_MAX]
        return _kept(_known(table), {table: {key: None}}, "deleted")

    @pages.post("/master/<table>/restore")
    @for_action(Action.PUBLISH)
    def restore_row(table: str) -> BaseResponse:
        key = request.form.get("key", "")[:KEY_CHARACTERS_MAX]
        return _kept(table, {table: {key: row_of(tables_of(_desk().current), _known(table), key)}}, "")

    @pages.post("/master/<table>/paste")
    @for_action(Action.PUBLISH)
    def paste_rows(table: str) -> BaseResponse:
        return _paste(_known(table))

    @pages.post("/master/work_orders/routing")
    @for_action(Action.PUBLISH)
    def route_order() -> BaseResponse:
        return _route()


def _known(table: str) -> str:
    """A table that has a page here. Raises NotFound."""
    if table not in EDITABLE:
        raise NotFound
    return table


def _desk() -> Desk:
    here = plant()
    with here.database.read() as session:
        return open_desk(session, here.database.plant, signed_in().name)


def _list(table: str, *, status: int = 200, fault: str = "", faults: tuple[str, ...] = ()) -> Response:
    desk = _desk()
    search = request.args.get("search", "")[:SEARCH_CHARACTERS_MAX]
    sort = request.args.get("sort", "")[:64]
    falling = request.args.get("falling") == "1"
    page = whole_number(request.args.get("page", ""), 7)
    rows = tables_of(desk.current)
    found = listed(table, rows, desk.tables, desk.edits, search.casefold(), sort, falling, 1 if page is None else page)

    def address(**values: object) -> str:
        asked = {"search": search, "sort": sort, "falling": "1" if falling else "", **values}
        query = urlencode({name: value for name, value in asked.items() if value})
        return f"/master/{table}?{query}" if query else f"/master/{table}"

    return render(
        "master_table.html",
        status,
        table=table,
        tables=TABLES,
        desk=desk,
        found=found,
        search=search,
        sort=sort,
        falling=falling,
        address=address,
        row_address=lambda key: f"/master/{table}/row?{urlencode({'key': key})}",
        said=cell_word,
        done=request.args.get("done", "")[:16],
        routed=request.args.get("routed", "")[:6],
        fault=fault,
        faults=[each.partition(": ")[::2] for each in faults[:FAULTS_SHOWN_MAX]],
        whole_faults=_whole_faults(desk) if request.args.get("done") else [],
        columns=" ".join(TABLES[table].model_fields),
        kinds=("csv", "xlsx"),
        pasted=request.form.get("text", "") if faults else "",
    )


def _whole_faults(desk: Desk) -> list[str]:
    try:
        whole(desk.tables)
    except MasterFileRefused as refused:
        return [each.partition(": ")[2] or each for each in refused.faults[:WHOLE_FAULTS_SHOWN_MAX]]
    return []


def _form(table: str, desk: Desk, key: str, fields: list[Field], status: int = 200) -> Response:
    row = row_of(desk.tables, table, key) if key else None
    edits = desk.edits.get(table, {})
    return render(
        "master_row.html",
        status,
        table=table,
        key=key,
        fields=fields,
        faults=sum(1 for each in fields if each.fault),
        is_changed=key in edits,
        can_route=isinstance(row, WorkOrder) and bool(_missing_operations(desk, row)),
        said=cell_word,
        hints={name: text_or(language(), f"hint.{name}", "") for name in TABLES[table].model_fields},
    )


def _save(table: str) -> BaseResponse:
    desk = _desk()
    key = request.form.get("key", "")[:KEY_CHARACTERS_MAX]
    row, fields = typed_row(table, desk.tables, request.form)
    if row is None:
        return _form(table, desk, key, fields, 422)
    if row.key != key and row_of(desk.tables, table, row.key) is not None:
        first = next(iter(row_values(row)))
        return _form(table, desk, key, with_fault(fields, first, "fault.twice"), 422)
    edits: dict[str, Row | None] = {row.key: row}
    if key and key != row.key:
        edits[key] = None
    return _kept(table, {table: edits}, "saved")


def _kept(table: str, edits: Edits, done: str, **more: str) -> BaseResponse:
    here = plant()
    try:
        with here.database.write() as session:
            drafts.change(session, here.database.plant, signed_in().name, edits, here.now())
    except DraftRefused:
        return _list(table, status=409, fault="table.draft_full")
    query = urlencode({name: value for name, value in {"done": done, **more}.items() if value})
    return redirect(f"/master/{table}" + (f"?{query}" if query else ""), 303)


def _paste(table: str) -> BaseResponse:
    text = request.form.get("text", "")
    try:
        tables = read_pasted(table, text.replace("\r\n", "\n").strip("\n"))
    except MasterFileRefused as refused:
        return _list(table, status=422, faults=refused.faults)
    current = _desk().tables
    edits = merged(current, tables) if request.form.get("mode") != "replace" else difference(current, tables)
    return _kept(table, edits, "saved")


def _download(table: str, kind: str) -> Response:
    if kind not in ("csv", "xlsx"):
        raise NotFound
    current = _desk().current
    rows = getattr(current, table)
    body = write_csv(table, rows).encode() if kind == "csv" else write_sheets({table: rows})
    answer = Response(body, mimetype="text/csv" if kind == "csv" else KINDS_OUT[kind])
    answer.headers["Content-Disposition"] = f"attachment; filename=lineside-{table}-{current.version}.{kind}"
    return answer


def _missing_operations(desk: Desk, order: WorkOrder) -> tuple[Row, ...]:
    """The operations of the routing that the order has not yet."""
    held = {row.key for row in desk.tables.get("operations", ())}
    routings = [row for row in desk.tables.get("routings", ()) if isinstance(row, RoutingStep)]
    try:
        made = operations_from(routing_for(routings, order), order)
    except ValueError:
        return ()
    return tuple(row for row in made if row.key not in held)


def _route() -> BaseResponse:
    desk = _desk()
    order = row_of(desk.tables, "work_orders", request.form.get("key", "")[:KEY_CHARACTERS_MAX])
    made = _missing_operations(desk, order) if isinstance(order, WorkOrder) else ()
    if not made:
        return _list("work_orders", status=409, fault="table.no_routing")
    return _kept("operations", {"operations": {row.key: row for row in made}}, "", routed=str(len(made)))
