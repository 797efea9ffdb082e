"""Tasks, problems and comments in a real browser: WCAG 2.2 AA, nothing wider than a phone, paper that scans."""

import time
from collections.abc import Iterator

import pypdfium2
import pytest
import zxingcpp
from flask import Flask
from playwright.sync_api import Browser, Page

from central.comments import Upload, add_comment, store
from central.context import Plant
from central.information_owners import name_owner
from central.problems import Analysis, make_problem
from central.task_pumps import TimePump
from central.task_rules import add_rule, usual_rules
from central.task_states import TaskAction
from central.tasks import Wanted, act, make_task, task_of, tick
from floor.events import AndonRaised, WorkStarted
from tests.accessibility import barriers
from tests.central.card import Card
from tests.central.conftest import enrol_gateway
from tests.central.local_plant import app
from tests.central.page_client import first_administrator, launched, served
from tests.central.task_plant import BUYER, DEPUTY, LI, OPERATION, OWNER, WANG, publish_master, take_in, task_master
from tests.central.test_pages_browser import sign_in, width
from tests.floor.pictures import pdf, png

__all__ = ["app"]

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as opened:
        yield opened


def fill(here: Plant) -> list[str]:
    """A plant in the middle of its work; the pages to look at."""
    now, database = time.time(), here.database
    plant, master = database.plant, publish_master(here.database, task_master(away=(OWNER,)))
    enrol_gateway(database, "one")
    card = Card("one", wall=now - 7_200)
    call = "one/" + card.keep(AndonRaised(call_type="material", person=OWNER, operation=OPERATION.id))
    card.keep(WorkStarted(person=OWNER, operation=OPERATION.id))
    take_in(database, card, now - 7_000)
    stored = store(here.files, [Upload("主轴 传感器.png", png()), Upload("说明书.pdf", pdf())])
    items, links = ("断电挂牌", "试运行 10 件"), (OPERATION.work_order, OPERATION.id, "S1")
    text = "先断电挂牌。\n换完拍照。"
    first = Wanted("换主轴传感器并复位", OWNER, text, now + 5_400, "text", True, items, 4, "MACH", call, *links)
    with database.write() as session:
        for rule in usual_rules(master, OWNER):
            add_rule(session, plant, rule, "admin", now)
        name_owner(session, plant, "operation", OPERATION.id, BUYER, 60, "admin", now)
        make_task(session, plant, first, WANG, now - 9_000, "call")
        row = task_of(session, plant, 1)
        assert row is not None
        act(session, row, TaskAction.ACCEPT, LI, now - 8_000, row.edition)
        tick(session, row, 0, "断电挂牌", True, LI, now - 7_000)
        make_task(session, plant, Wanted("采购螺栓", BUYER, due=now - 7_800, priority=3), WANG, now - 90_000)
        for kind, subject, files in (("task", "1", stored), ("call", call, [])):
            add_comment(session, plant, kind, subject, "@采购值班 请看\n@夜班电工 晚上看", LI, now, files)
        make_problem(session, plant, Analysis("传感器", OWNER, "sensor"), [], WANG, now)
        make_task(session, plant, Wanted("加防护罩", DEPUTY, problem=1, reply_way="yes_no"), WANG, now, "problem")
    TimePump(database).step(now)
    listed = ["/tasks", "/tasks?by=department", "/tasks/1", "/tasks/3", "/tasks/new", "/tasks/rules", "/tasks/1/print"]
    return [
        *listed,
        "/problems",
        "/problems/1",
        "/problems/new",
        f"/calls/{call}",
        f"/comments/operation/{OPERATION.id}",
    ]


@pytest.mark.parametrize(
    ("wide", "language"),
    [pytest.param(390, "zh", id="phone-zh"), pytest.param(1280, "en", id="office-en", marks=pytest.mark.nightly)],
)
def test_every_page_can_be_read_and_fits(app: Flask, browser: Browser, wide: int, language: str) -> None:
    paths = fill(app.extensions["lineside"])
    first_administrator(app)
    found = {}
    with served(app) as address:
        context = browser.new_context(viewport={"width": wide, "height": 800})
        context.add_cookies([{"name": "lineside_language", "value": language, "url": address}])
        page = context.new_page()
        sign_in(page, address)
        for path in paths:
            page.goto(address + path)
            for summary in page.locator("summary").all():
                summary.click()
            found[path] = barriers(page)
            if not path.endswith("/print"):
                assert width(page) <= wide, path
        context.close()
    assert [f"{path} {each}" for path in found for each in found[path]] == []


def test_a_card_on_paper_is_one_page_and_its_code_opens_the_task(app: Flask, browser: Browser) -> None:
    fill(app.extensions["lineside"])
    first_administrator(app)
    with served(app) as address:
        context = browser.new_context()
        page = context.new_page()
        sign_in(page, address)
        for paper, millimetres in (("a6", (105, 148)), ("a5", (148, 210))):
            for symbology in ("qr", "datamatrix"):
                page.goto(f"{address}/tasks/1/print?paper={paper}&symbology={symbology}")
                told, size = _printed(page)
                assert told == f"{address}/tasks/1" and size == pytest.approx(millimetres, abs=0.6)
        page.goto(told)
        assert "#1" in page.locator("h1").inner_text()
        context.close()


def _printed(page: Page) -> tuple[str, tuple[float, ...]]:
    """What the code of the only page says, and the paper's size in millimetres."""
    document = pypdfium2.PdfDocument(page.pdf(prefer_css_page_size=True))
    assert len(document) == 1
    (code,) = zxingcpp.read_barcodes(document[0].render(scale=300 / 72).to_pil().convert("L"))
    return code.text, tuple(points / 72 * 25.4 for points in document[0].get_size())
