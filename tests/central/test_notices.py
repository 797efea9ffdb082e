"""Notices and hand-overs at the office: who read what, which signature is missing, and notices of changed orders."""

import io
import re
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from central.application import close_app, create_app
from central.config import CentralConfig
from central.pages.notice_pages import handovers, reports
from floor.example import example_plant
from floor.master import MasterData
from floor.master_files import write_toml
from floor.notices import change_notices, with_notices
from floor.rows import Notice
from tests.central.memory_office import MemoryOffice
from tests.central.page_client import first_administrator, signed_in, submit
from tests.central.test_pages import record

EPOCH = "ab" * 16


@pytest.fixture
def office() -> MemoryOffice:
    return MemoryOffice()


def changed(**orders: dict[str, object]) -> MasterData:
    """The example with other orders; what an order plans its operations plan, too."""
    whole = example_plant().model_dump()
    whole["work_orders"] = [{**row, **orders.get(row["id"], {})} for row in whole["work_orders"]]
    quantity = {row["id"]: row["quantity"] for row in whole["work_orders"]}
    whole["operations"] = [{**row, "planned": quantity[row["work_order"]]} for row in whole["operations"]]
    return MasterData.model_validate(whole)


ORDER = example_plant().work_orders[0]


def told_of(before: MasterData, after: MasterData) -> MasterData:
    return with_notices(after, change_notices(before, after))


def test_a_changed_order_makes_a_notice_and_a_later_change_takes_its_place() -> None:
    before = example_plant()
    (made,) = change_notices(before, changed(**{ORDER.id: {"quantity": ORDER.quantity + 7, "due": "2027-01-02"}}))
    assert made.facts == ("quantity", "due") and made.work_order == ORDER.id
    assert f"{ORDER.quantity} → {ORDER.quantity + 7}" in made.title and "2027-01-02" in made.title_en
    once = told_of(before, changed(**{ORDER.id: {"quantity": 1}}))
    twice = told_of(once, MasterData.model_validate({**changed(**{ORDER.id: {"quantity": 2}}).model_dump()}))
    assert [each.id for each in twice.notices] == [f"CHG-{ORDER.id}"]
    assert "1 → 2" in twice.notices[0].title
    assert once.digest != changed(**{ORDER.id: {"quantity": 1}}).digest, "the notice is in the digest"


def test_a_quantity_is_only_asked_for_where_the_operations_plan_it() -> None:
    before, rows = example_plant(), [row.model_dump() for row in example_plant().work_orders]
    rows[0]["quantity"] += 7
    (made,) = change_notices(before, MasterData.model_validate({**before.model_dump(), "work_orders": rows}))
    assert made.facts == () and f"→ {ORDER.quantity + 7}" in made.title


def test_orders_with_long_names_have_notices_of_their_own() -> None:
    def plant(quantity: int) -> MasterData:
        rows = [{"id": "W" * 47 + end, "quantity": quantity} for end in "AB"]
        return MasterData.model_validate({"work_orders": rows})

    found = told_of(plant(1), plant(2)).notices
    assert len({each.id for each in found}) == 2 and [each.work_order[-1] for each in found] == ["A", "B"]


def test_nothing_is_told_of_what_nobody_knew_or_nobody_starts() -> None:
    before = example_plant()
    assert change_notices(before, before) == ()
    assert change_notices(before, changed(**{ORDER.id: {"quantity": 1, "state": "closed"}})) == ()
    assert change_notices(MasterData(), before) == ()
    assert change_notices(before, changed(**{ORDER.id: {"name": "another name"}})) == ()


def test_who_read_a_notice_and_who_said_it_wrong() -> None:
    master = MasterData(notices=(Notice(id="N1", title="一"), Notice(id="N2", title="二")))
    read = [record(3, type="notice.read", data={"notice": "notice/N1"})]
    wrong = [record(2, type="notice.misread", data={"notice": "notice/N1"})] * 2
    second, first = reports(master, read, wrong)
    assert (first.key, len(first.read), len(first.misread)) == ("notice/N1", 1, 2)
    assert (second.key, second.read, second.misread) == ("notice/N2", (), ())


def test_both_signatures_of_a_hand_over_come_together() -> None:
    offered = [record(n, type="handover.offered") for n in (9, 5)]
    accepted = [record(7, type="handover.accepted", data={"handover": f"{EPOCH}/5"})]
    wrong = [record(6, type="handover.misread", data={"handover": f"{EPOCH}/5"})]
    newer, older = handovers(offered, accepted, wrong)
    assert newer.accepted is None and newer.misread == 0
    assert older.accepted == accepted[0] and older.misread == 1


def test_the_page_tells_it_in_both_languages_and_escapes(app: Flask, office: MemoryOffice) -> None:
    leader = signed_in(app, "leader")
    master = MasterData(notices=(Notice(id="N1", title="<b>数量</b>", title_en="<i>Now</i> 120", facts=("quantity",)),))
    office.publish(master, 0, "planner")
    office.log = [
        record(1, type="notice.read", data={"notice": "notice/N1", "facts": ["quantity=120"]}, person="<u>王"),
        record(2, type="handover.offered", data={"facts": ["operations=2", "calls=1"]}),
    ]
    answer = leader.get("/notices").text
    assert "&lt;b&gt;数量" in answer and "&lt;u&gt;王" in answer and "等待接班" in answer and "<b>数量" not in answer
    leader.set_cookie("lineside_language", "en")
    answer = leader.get("/notices").text
    assert "&lt;i&gt;Now" in answer and "waiting" in answer and "operations" in answer


@pytest.fixture
def app(office: MemoryOffice) -> Flask:
    from tests.central.page_client import application

    return application(office)


@pytest.fixture
def plant_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    made = create_app(CentralConfig(folder=tmp_path_factory.mktemp("office")))
    yield made
    close_app(made)


def published(client: FlaskClient, master: MasterData, **form: str) -> str:
    """What the preview showed; the data is in force afterwards."""
    file = (io.BytesIO(write_toml(master).encode()), "plant.toml")
    preview = submit(client, "/master", "/master/check", file=file).text
    key = re.search(r'name="preview" value="([^"]+)"', preview)
    assert key, preview
    assert submit(client, "/master", "/master/apply", preview=key[1], **form).status_code == 303
    return preview


def test_publishing_a_change_tells_the_floor_when_the_planner_wants_it(plant_app: Flask) -> None:
    planner = first_administrator(plant_app)
    assert 'name="tell"' not in published(planner, example_plant())
    preview = published(planner, changed(**{ORDER.id: {"quantity": 3}}))
    assert 'name="tell"' in preview and f"{ORDER.quantity} → 3" in preview
    assert "CHG-" not in planner.get("/master/download.toml").text
    published(planner, changed(**{ORDER.id: {"quantity": 4}}), tell="1")
    assert f'id = "CHG-{ORDER.id}"' in planner.get("/master/download.toml").text
    assert "3 → 4" in planner.get("/notices").text
