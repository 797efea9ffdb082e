"""One day of a plant, seen by everybody who works there: planner, operators, leader, and the manager before the screen.

Real processes: the server, its worker, the broker, a gateway with three stations. The robots of three messengers are
fakes that refuse what their vendors refuse. Everything at the office is done in a browser.
"""

import io
import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from simulation.check import scan
from simulation.plant import Plant
from simulation.processes import wait_for
from tests.central.channels.kits import ROBOTS, http_fake, settings_for
from tests.central.page_client import PASSWORD, launched

pytestmark = [pytest.mark.process, pytest.mark.broker, pytest.mark.browser]

SHOWN_MS = 30_000
ORDER, PIECES = "WO-2001", 30
ALL_MADE = re.compile(rf"{PIECES}\s*/\s*{PIECES}")
SOME_SECONDS = re.compile(r"^\s*0:(00:0[5-9]|00:[1-5]\d|0[1-9])")
STEPS = ((10, "下料", "S1", "B-P02"), (20, "车削", "S2", "B-P03"), (30, "检验", "S3", "B-P04"))
WORDS = {
    "zh": {"taken": "已响应", "calm": "没有未关闭的呼叫", "done": "已完成"},
    "en": {"taken": "is coming", "calm": "No open calls", "done": "done"},
}


class Office(Plant):
    """A plant whose server knows three messengers."""

    channels: str = ""

    def _write_central_config(self) -> None:
        super()._write_central_config()
        text = self.central_config.read_text()
        address = f"http://127.0.0.1:{self.ports.central}"
        self.central_config.write_text(f"public_url = {json.dumps(address)}\n{text}{self.channels}")
        self.central_config.chmod(0o600)


def toml(kind: str, settings: dict[str, Any]) -> str:
    rows = {name: value for name, value in settings.items() if value is not None}
    return f"\n[channels.{kind}]\n" + "".join(f"{name} = {json.dumps(value)}\n" for name, value in rows.items())


@dataclass
class Day:
    """The plant, its messengers, and the browser windows of its people."""

    plant: Office
    fakes: dict[str, Any]
    browser: Browser
    language: str
    address: str = ""

    def window(self, name: str = "", code: str = "", width: int = 1280, height: int = 720) -> Page:
        """A window of somebody, signed in; a first sign-in by a code."""
        context = self.browser.new_context(viewport={"width": width, "height": height}, locale="zh-CN")
        context.add_cookies([{"name": "lineside_language", "value": self.language, "url": self.address}])
        page = context.new_page()
        page.set_default_timeout(SHOWN_MS)
        page.goto(f"{self.address}/sign-in{'/first' if code else ''}")
        page.fill("[name=name]", name)
        page.fill("[name=password]", PASSWORD)
        if code:
            page.fill("[name=code]", code)
            page.fill("[name=repeat]", PASSWORD)
        page.click("main button")
        page.wait_for_url(f"{self.address}/board")
        return page

    def user(self, admin: Page, name: str, roles: tuple[str, ...], person: str) -> None:
        """The administrator adds a user, who belongs to a person; the user signs in for the first time."""
        admin.goto(f"{self.address}/users")
        admin.fill("form[action='/users/add'] [name=name]", name)
        for role in roles:
            admin.check(f"form[action='/users/add'] [name=role][value={role}]")
        admin.click("form[action='/users/add'] button")
        code = admin.locator(".onetime").inner_text()
        admin.goto(f"{self.address}/users/{name}")
        admin.fill("[name=person]", person)
        admin.locator("form:has([name=person]) button").first.click()
        self.window(name, code).context.close()

    def raw(self, kind: str) -> list[dict[str, Any]]:
        """Events of a kind, from the server's table of records by plain SQL."""
        file = self.plant.central_folder / "central.sqlite3"
        with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as connection:
            rows = connection.execute("SELECT content FROM record ORDER BY position").fetchall()
        connection.close()
        found = [json.loads(row[0]) for row in rows]
        return [each for each in found if each["type"] == kind]


def workbook() -> bytes:
    """The planner's file: one order and its operations, in the columns of the tables."""
    book = openpyxl.Workbook()
    orders = book.active
    orders.title = "work_orders"
    orders.append(["id", "item", "name", "quantity", "due"])
    orders.append([ORDER, "AX-200", "阀体 AX-200", str(PIECES), "2030-01-31"])
    operations = book.create_sheet("operations")
    operations.append(["id", "work_order", "number", "name", "planned", "ticket", "stations"])
    for number, name, station, _ in STEPS:
        row = [f"{ORDER}-{number}", ORDER, str(number), name, str(PIECES), f"T-{ORDER}-{number}", station]
        operations.append(row)
    held = io.BytesIO()
    book.save(held)
    return held.getvalue()


@pytest.fixture(params=["zh", pytest.param("en", marks=pytest.mark.nightly)])
def day(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Day]:
    with ExitStack() as stack:
        fakes = {kind: stack.enter_context(fake) for kind in ROBOTS for fake in [real_time(kind)]}
        plant = Office(tmp_path, usual_ports=False)
        plant.channels = "".join(toml(kind, settings_for(fake)) for kind, fake in fakes.items())
        stack.callback(plant.stop)
        plant.start()
        browser = stack.enter_context(launched())
        yield Day(plant, fakes, browser, request.param, plant.board_url.removesuffix("/board"))
        assert plant.dead() == []


def real_time(kind: str) -> Any:
    """A messenger whose clock is the real one, as that of the worker's process is."""
    import time

    return http_fake(kind, time.time)  # type: ignore[arg-type]


def import_order(planner: Page, day: Day) -> None:
    """The planner's file becomes a draft, is looked at, and released."""
    planner.goto(f"{day.address}/master")
    planner.select_option("[name=mode]", "merge")
    file = {"name": "orders.xlsx", "mimeType": "application/vnd.ms-excel", "buffer": workbook()}
    planner.set_input_files("[name=file]", files=[file])  # type: ignore[list-item]
    planner.locator("form:has([name=file]) button").last.click()
    expect(planner.locator("main")).to_contain_text(f"{ORDER}-30")
    planner.locator("form[action='/master/review/release'] button").last.click()
    planner.goto(f"{day.address}/orders/{ORDER}")
    expect(planner.locator("h1")).to_contain_text(ORDER)


def has_version_2(plant: Plant) -> bool:
    metrics = requests.get(f"{plant.screen_url}metrics", timeout=5).text
    return re.search(r"^lineside_master_version [2-9]", metrics, re.MULTILINE) is not None


CONTACTS = (("P01", "dingtalk"), ("P05", "feishu"), ("P06", "wecom"), ("P03", "dingtalk"))
"""Who is reached over which messenger: the leaders, who is told besides, and the next level."""


def messages_for(planner: Page, day: Day) -> None:
    """Everybody's messenger; and stops of the equipment go to one more person at once, and soon to the next level."""
    for person, kind in CONTACTS:
        planner.goto(f"{day.address}/contacts/person?id={person}")
        planner.fill("form[action='/contacts/save'] [name=channel]", kind)
        planner.locator("form[action='/contacts/save'] button").click()
        expect(planner.locator("table")).to_contain_text(kind)
    planner.goto(f"{day.address}/deliveries/rules/0")
    planner.fill("[name=name]", "设备停机")
    planner.select_option("[name=kind]", "andon.raised")
    planner.select_option("[name=person_1]", "P05")
    planner.fill("[name=minutes_1]", "0.1")
    planner.select_option("[name=person_2]", "P03")
    planner.select_option("[name=priority]", "urgent")
    planner.check("[name=acknowledge]")
    planner.locator("form:has([name=channels]) button").first.click()
    planner.wait_for_url("**/deliveries/rules?saved=1")


def received(day: Day, kind: str) -> list[Any]:
    return [each for each in day.fakes[kind].received if each.link]


def a_task_comes_of_it(day: Day, leader: Page, planner: Page) -> None:
    """From the call: made by the leader, spoken about, and done by the planner."""
    leader.goto(f"{day.address}/calls")
    leader.get_by_role("link", name=re.compile("详情|Details|More|更多")).first.click()
    leader.locator("a[href^='/tasks/new?call=']").click()
    leader.fill("[name=title]", "换传感器")
    leader.fill("[name=owner]", "P06")
    leader.locator("form[action='/tasks/new'] button").click()
    leader.wait_for_url(re.compile(r"/tasks/\d+"))
    task = leader.url
    leader.fill("form[action='/comments'] [name=text]", "@赵敏 请备件")
    leader.locator("form[action='/comments'] button").click()
    planner.goto(task)
    expect(planner.locator(".mention")).to_contain_text("赵敏")
    planner.fill("form[action='/tasks/answer'] [name=reply]", "已备")
    planner.locator("form[action='/tasks/answer'] button").click()
    expect(planner.locator("h1")).to_contain_text(WORDS[day.language]["done"])


def test_a_day(day: Day) -> None:
    words, plant = WORDS[day.language], day.plant
    admin = day.window("admin", plant.admin_code)
    day.user(admin, "wang", ("leader",), "P01")
    day.user(admin, "zhao", ("planner",), "P06")
    planner, leader = day.window("zhao"), day.window("wang", width=390, height=844)
    screen = day.window("admin", width=1920, height=1080)
    messages_for(planner, day)
    import_order(planner, day)
    wait_for("the new order at the gateway", lambda: has_version_2(plant), 120)

    # The manager looks at the wall screen from here on; it changes by itself.
    screen.goto(f"{day.address}/board?tv=1&show=all&search={ORDER}")
    for number, _, station, badge in STEPS:
        scan(plant, badge, station)
        scan(plant, f"T-{ORDER}-{number}", station)
        card = screen.locator(f'[data-operation="{ORDER}-{number}"]')
        expect(card).to_have_class(re.compile("running"), timeout=SHOWN_MS)
        # The same label within three seconds is one scan.
        expect(card.locator("[data-since]")).to_have_text(SOME_SECONDS, timeout=SHOWN_MS)
        if number != STEPS[-1][0]:
            scan(plant, f"T-{ORDER}-{number}", station)
            expect(card.locator(".made")).to_have_text(ALL_MADE, timeout=SHOWN_MS)

    # The last station calls; the call reaches the leader's phone, three messengers, and then the next level.
    scan(plant, "C-CALL-EQUIPMENT", "S3")
    expect(screen.locator(".call.stop")).to_be_visible(timeout=SHOWN_MS)
    leader.goto(f"{day.address}/inbox")
    expect(leader.locator(".message").first).to_be_visible(timeout=SHOWN_MS)
    for kind in ROBOTS:
        wait_for(f"a message at {kind}", lambda kind=kind: bool(received(day, kind)))  # type: ignore[misc]
    wait_for("the next level", lambda: len(received(day, "dingtalk")) >= 2)
    planner.goto(f"{day.address}/deliveries?person=P03")
    expect(planner.locator("table").first).to_contain_text("dingtalk")

    # A preview of the link changes nothing; the leader's press takes the call.
    link = received(day, "dingtalk")[0].link
    assert requests.get(link, timeout=20).status_code == 200 and day.raw("andon.acknowledged") == []
    leader.goto(link)
    leader.locator("main form button").click()
    wait_for("the acknowledgement at the station", lambda: bool(acknowledged(day)), 150)
    expect(screen.locator(".call")).to_contain_text(words["taken"], timeout=SHOWN_MS)

    a_task_comes_of_it(day, leader, planner)

    # The call is over, the last operation is reported, the screen is calm; totals are those of the raw events.
    leader.goto(f"{day.address}/calls")
    leader.select_option("form[action='/calls/resolve'] [name=cause]", "sensor")
    leader.locator("form[action='/calls/resolve'] button").click()
    scan(plant, f"T-{ORDER}-30", "S3")
    last = screen.locator(f'[data-operation="{ORDER}-30"]')
    expect(last.locator(".made")).to_have_text(ALL_MADE, timeout=SHOWN_MS)
    expect(screen.locator("body")).to_contain_text(words["calm"], timeout=SHOWN_MS)
    made = sum(each["data"]["good"] for each in day.raw("report.finished"))
    assert made == PIECES * len(STEPS)
    told = requests.get(f"{day.address}/api/v1/board", timeout=20).json()
    assert sum(each["good"] for each in told["operations"] if each["order"] == ORDER) == made


def acknowledged(day: Day) -> list[dict[str, Any]]:
    """What the gateway made of the office's word, which it hears at its next exchange: it alone writes records."""
    return [each for kind in ("fact.received", "andon.acknowledged") for each in day.raw(kind)]
