"""Master data for programs, as an ERP: read it, try a change, publish it. Rows are as in the files, by column name."""

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from flask import Blueprint, Response, request
from pydantic import BaseModel, ConfigDict, Field
from spectree import Response as Described
from spectree.models import Tag
from sqlalchemy import select
from sqlalchemy.orm import Session

from central.admission import asker_name
from central.api import PREFIX, Fault, answer, described, faults, parsed, queried
from central.bodies import read_body
from central.change import note_change
from central.context import plant
from central.errors import KitShort, MasterDataStale, RequestRefused
from central.limits import MASTER_BODY_BYTES_MAX, MASTER_ROWS_PER_READ_MAX, RELEASE_NOTE_CHARACTERS_MAX
from central.models import MasterVersion
from central.release import Effects, effects
from central.snapshots import current_head, current_master, publish
from floor.errors import MasterFileRefused
from floor.label_texts import shown
from floor.limits import VERSION_MAX
from floor.master import MasterData
from floor.master_changes import TableChange, table_changes
from floor.master_edit import difference, edited, merged
from floor.master_sheets import holds
from floor.master_tables import TABLES, Faults, Tables, TextRow, rows_of, tables_of, unique, whole
from floor.notices import with_notices

PLANNERS = Tag(name="planners", description="For planners, by the session's cookie, and machines with a token.")
WRITING: list[dict[str, list[str]]] = [{"token": []}, {"session": []}]
Number = Annotated[int, Field(ge=0, le=VERSION_MAX)]


class MasterTold(BaseModel):
    """The version in force and how many rows each table has. Times are seconds since 1970."""

    version: int
    digest: str
    made_at: float
    made_by: str
    note: str
    rows: dict[str, int]


class RowsAsked(BaseModel):
    """Rows behind the first `after` of those that hold `search` in any column."""

    search: Annotated[str, Field(max_length=80)] = ""
    after: Number = 0
    limit: Annotated[int, Field(ge=1, le=MASTER_ROWS_PER_READ_MAX)] = 200


class RowsTold(BaseModel):
    """Rows of one table; `total` match."""

    version: int
    table: str
    total: int
    rows: list[dict[str, Any]]


class MasterOffered(BaseModel):
    """A change over version `base_version`.

    `mode`: replace takes the tables that are given in the place of those in force, merge adds and changes rows by
    their key; `removed`: keys of rows that go, by table. `tell`: orders whose quantity or due day changes get a
    notice to be read back.
    """

    model_config = ConfigDict(extra="forbid")
    base_version: Number
    mode: Literal["replace", "merge"] = "merge"
    tables: dict[str, list[dict[str, Any]]] = Field(default_factory=dict)
    removed: dict[str, list[str]] = Field(default_factory=dict)
    note: Annotated[str, Field(max_length=RELEASE_NOTE_CHARACTERS_MAX)] = ""
    tell: bool = False


class TableChanged(BaseModel):
    """Keys of the rows that differ in one table."""

    table: str
    added: list[str]
    changed: list[str]
    removed: list[str]


class ShortageTold(BaseModel):
    """What an order lacks that the change releases."""

    work_order: str
    item: str
    missing: float
    expected_day: str
    late: bool


class StationChanged(BaseModel):
    """What differs for one station; empty: for every station. What only the office reads stands under none."""

    station: str
    changes: list[TableChanged]


class ConfirmationTold(BaseModel):
    """An order that began on revision `kept` of its product, where `now` is in force."""

    work_order: str
    product: str
    kept: str
    now: str


class NoticeTold(BaseModel):
    """A notice that `tell` gives to the floor."""

    id: str
    title: str
    title_en: str


class MasterChecked(BaseModel):
    """What the change would do. `version`: the one it was compared with, or the one that was published."""

    version: int
    changes: list[TableChanged]
    stations: list[StationChanged]
    confirmations: list[ConfirmationTold]
    notices: list[NoticeTold]
    shortages: list[ShortageTold]


class MasterFaults(Fault):
    """Every fault of a change, each with its place."""

    faults: list[str] = Field(default_factory=list)


WRITTEN = {"HTTP_422": MasterFaults, **faults(401, 403, 409, 413)}


def blueprint() -> Blueprint:
    """The routes."""
    routes = Blueprint("master_api", __name__, url_prefix=f"{PREFIX}/master")
    routes.get("")(master)
    routes.get("/<table>")(table_rows)
    routes.post("/check")(check)
    routes.put("")(put_master)
    return routes


@described(resp=Described(HTTP_200=MasterTold, **faults(401, 403)), tags=[PLANNERS], security=WRITING)
def master() -> Response:
    """The version in force."""
    here = plant()
    with here.database.read() as session:
        name = here.database.plant
        version, digest = current_head(session, name)
        found = current_master(session, name)
        row = MasterVersion
        asked = select(row.made_at, row.made_by, row.note).where(row.plant == name, row.version == version)
        about = session.execute(asked).first()
    made_at, made_by, note = about if about else (0.0, "", "")
    counts = {table: len(getattr(found, table)) for table in TABLES}
    told = MasterTold(version=version, digest=digest, made_at=made_at, made_by=made_by, note=note, rows=counts)
    return answer(told)


@described(
    query=RowsAsked,
    path_parameter_descriptions={"table": "A table's name, as people."},
    resp=Described(HTTP_200=RowsTold, **faults(401, 403)),
    tags=[PLANNERS],
    security=WRITING,
)
def table_rows(table: str) -> Response:
    """Rows of one table of the version in force."""
    here = plant()
    if table not in TABLES:
        raise RequestRefused(f"there is no table {shown(table, 40)!r}; there are {', '.join(TABLES)}")
    asked = queried(RowsAsked)
    with here.database.read() as session:
        found = current_master(session, here.database.plant)
    search = asked.search.casefold()
    rows = [row for row in getattr(found, table) if not search or holds(row, search)]
    page = rows[asked.after : asked.after + asked.limit]
    told = [{name: getattr(row, name) for name in type(row).model_fields} for row in page]
    return answer(RowsTold(version=found.version, table=table, total=len(rows), rows=told))


@described(json=MasterOffered, resp=Described(HTTP_200=MasterChecked, **WRITTEN), tags=[PLANNERS], security=WRITING)
def check() -> Response:
    """Try a change: every fault, or what it would do, and at which station. Nothing is published."""
    here = plant()
    offered = parsed(MasterOffered, read_body(request, MASTER_BODY_BYTES_MAX))
    try:
        with here.database.read() as session:
            before, after = _changed(session, here.database.plant, offered)
            found = effects(session, here.database.plant, before, after, here.now())
    except MasterFileRefused as refused:
        return _refused(refused)
    return answer(_told(before.version, found))


@described(json=MasterOffered, resp=Described(HTTP_200=MasterChecked, **WRITTEN), tags=[PLANNERS], security=WRITING)
def put_master() -> Response:
    """Publish a change as a new version. 409 when another version than `base_version` is in force."""
    here = plant()
    offered = parsed(MasterOffered, read_body(request, MASTER_BODY_BYTES_MAX))
    name = here.database.plant
    try:
        with here.database.write() as session:
            # The lock that publishing takes: nobody's version may come between the reading and this one.
            note_change(session, name)
            before, after = _changed(session, name, offered)
            found = effects(session, name, before, after, here.now())
            if found.short and here.config.kit_check == "refuse":
                raise KitShort
            if offered.tell:
                after = with_notices(after, found.told)
            version = publish(session, after, asker_name(), here.now(), name, offered.base_version, offered.note)
    except MasterFileRefused as refused:
        return _refused(refused)
    return answer(_told(version, found))


def _changed(session: Session, name: str, offered: MasterOffered) -> tuple[MasterData, MasterData]:
    """The version in force and what it becomes. Raises MasterDataStale, and MasterFileRefused with every fault."""
    before = current_master(session, name)
    if before.version != offered.base_version:
        raise MasterDataStale(f"version {before.version} is in force")
    held = tables_of(before)
    given = _rows(offered)
    kept = edited(held, {table: dict.fromkeys(keys) for table, keys in offered.removed.items()})
    edits = merged(kept, given) if offered.mode == "merge" else difference(kept, given)
    return before, whole(edited(kept, edits))


def _rows(offered: MasterOffered) -> Tables:
    found = Faults()
    for table in (*offered.tables, *offered.removed):
        if table not in TABLES:
            found.add(shown(table, 40), f"there is no such table; there are {', '.join(TABLES)}")
    text = {
        table: [TextRow(f"{table}[{place}]", row) for place, row in enumerate(rows, start=1)]
        for table, rows in offered.tables.items()
        if table in TABLES
    }
    return unique(rows_of(text, found))


def _told(version: int, found: Effects) -> MasterChecked:
    return MasterChecked(
        version=version,
        changes=_changes(found.tables),
        stations=[
            StationChanged(station=place, changes=_changes(table_changes(rows, {})))
            for place, rows in found.places.items()
        ],
        confirmations=[
            ConfirmationTold(work_order=each.work_order, product=each.product, kept=each.kept, now=each.now)
            for each in found.confirmations
        ],
        notices=[NoticeTold(id=each.id, title=each.title, title_en=each.title_en) for each in found.told],
        shortages=[
            ShortageTold(
                work_order=each.work_order,
                item=each.item,
                missing=each.missing,
                expected_day=each.expected_day,
                late=each.late,
            )
            for each in found.short
        ],
    )


def _changes(tables: Iterable[TableChange]) -> list[TableChanged]:
    return [
        TableChanged(table=each.table, added=list(each.added), changed=list(each.changed), removed=list(each.removed))
        for each in tables
        if each.any
    ]


def _refused(refused: MasterFileRefused) -> Response:
    told = MasterFaults(error=str(refused)[:2_000], hint=refused.hint, faults=list(refused.faults))
    return Response(told.model_dump_json(), 422, mimetype="application/json")
