"""The pages of tasks, comments and problems over the real application, with hostile texts, files and numbers."""

import io
import re
from typing import Any
from urllib.parse import unquote

import pytest
import zxingcpp
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select
from werkzeug.test import TestResponse

from central.accounts import add_account, first_sign_in, invite_account
from central.context import Plant
from central.limits import ATTACHMENT_BYTES_MAX
from central.pages.comment_pages import COMMENT_BYTES_MAX
from central.printing.symbols import Symbology, encoded
from central.problems import problem_of
from central.snapshots import publish
from central.task_tables import AttachmentRow, CommentRow, ProblemRow, TaskRow
from floor.events import AndonRaised, AndonResolved
from tests.central.card import Card
from tests.central.conftest import enrol_gateway
from tests.central.local_plant import app
from tests.central.page_client import FORM_TOKEN, PASSWORD, first_administrator, signed_in, submit
from tests.central.task_plant import BUYER, DEPUTY, OPERATION, OWNER, take_in, task_master
from tests.central.test_pages import HOSTILE
from tests.floor.pictures import jpeg, pdf, png

__all__ = ["app"]

DUE = "2027-03-01T12:30"


@pytest.fixture
def plant(app: Flask) -> Plant:
    here: Plant = app.extensions["lineside"]
    with here.database.write() as session:
        publish(session, task_master(), "test", here.now(), here.database.plant)
    return here


@pytest.fixture
def admin(app: Flask, plant: Plant) -> FlaskClient:
    return first_administrator(app)


def user(app: Flask, name: str, person: str, *roles: str) -> FlaskClient:
    """Somebody with a password, who is a person of the master data."""
    here: Plant = app.extensions["lineside"]
    now = here.now()
    with here.database.write() as session:
        add_account(session, here.database.plant, name, roles or ("planner",), "test", now, person)
        code, _ = invite_account(session, here.database.plant, name, "test", now)
    first_sign_in(here.database, name, code, PASSWORD, now)
    return signed_in(app, name)


def make(client: FlaskClient, **fields: Any) -> str:
    """A new task by its form; its page."""
    told = {"title": "换刀片", "owner": OWNER, "due": DUE, "reply_way": "done", "priority": "2", **fields}
    answer = submit(client, "/tasks/new", "/tasks/new", **told)
    assert answer.status_code == 303, answer.text
    return str(answer.location)


def task(plant: Plant, page: str) -> TaskRow:
    with plant.database.read() as session:
        row = session.get(TaskRow, (plant.database.plant, int(page.rpartition("/")[2])))
    assert row is not None
    return row


def act(client: FlaskClient, plant: Plant, page: str, path: str = "/tasks/act", **fields: Any) -> Any:
    row = task(plant, page)
    return submit(client, page, path, **{"task": row.number, "edition": row.edition, **fields})


def call_on(plant: Plant, cause: str = "sensor") -> str:
    """The name of a resolved call of the type equipment at S1."""
    enrol_gateway(plant.database, "one")
    card = Card("one")
    call = card.keep(AndonRaised(call_type="equipment", person=OWNER, operation=OPERATION.id))
    card.keep(AndonResolved(call=call, call_type="equipment", person=OWNER, cause=cause))
    take_in(plant.database, card, plant.now())
    return f"one/{call}"


def test_every_page_of_an_empty_plant(app: Flask) -> None:
    client = first_administrator(app)
    for path in ("/tasks", "/tasks?by=department", "/tasks?by=owner&show=overdue", "/tasks/new", "/tasks/rules",
                 "/problems", "/problems/new", "/problems?show=closed"):  # fmt: skip
        assert client.get(path).status_code == 200, path
    for path in ("/tasks/1", "/tasks/" + "9" * 30, "/tasks/1/print", "/problems/1", "/problems/new?call=x",
                 "/tasks/new?call=one/" + "a" * 32 + "/1", "/attachments/1", "/comments/song/1", "/comments/order/none",
                 "/comments/operation/none", "/attachments/" + "9" * 30):  # fmt: skip
        assert client.get(path).status_code == 404, path
    stranger = app.test_client()
    for path in ("/tasks", "/tasks/new", "/tasks/1", "/tasks/rules", "/problems", "/attachments/1", "/comments/task/1"):
        assert stranger.get(path).location.startswith("/sign-in"), path


def test_a_task_from_its_form_to_its_end(app: Flask, plant: Plant, admin: FlaskClient) -> None:
    name = task_master().person_by_id[OWNER].name
    page = make(
        admin, owner=f"{name} ({OWNER})", checklist="断电\r\n挂牌", confirm="1", reply_way="text", text="两行\r\n要求"
    )
    shown = admin.get(page).text
    assert all(each in shown for each in ("换刀片", name, "断电", "挂牌", "机加", "待接受", "两行<br>要求"))
    owner, other = user(app, "wang", OWNER), user(app, "li", DEPUTY, "leader")
    assert act(owner, plant, page, step="accept").status_code == 303
    for item, text in enumerate(("断电", "挂牌")):
        assert act(owner, plant, page, "/tasks/tick", item=item, text=text, done="1").status_code == 303
    assert act(owner, plant, page, "/tasks/answer", reply="换好了").status_code == 303
    assert "等待另一人确认" in owner.get(page).text
    assert act(owner, plant, page, step="confirm").status_code == 409
    assert act(other, plant, page, step="confirm").status_code == 303
    assert task(plant, page).state == "done"
    history = admin.get(page).text
    assert "127.0.0.1" in history and "wang" in history and "换好了" in history
    assert page.rpartition("/")[2] in owner.get("/tasks?show=done").text
    assert "没有符合条件的任务" in owner.get("/tasks?show=mine").text


def test_a_stranger_to_a_task_may_comment_and_nothing_else(app: Flask, plant: Plant, admin: FlaskClient) -> None:
    page = make(admin)
    other = user(app, "zhao", BUYER)
    assert "您可以评论" in other.get(page).text
    assert act(other, plant, page, step="accept").status_code == 403
    assert act(other, plant, page, "/tasks/assign", owner=BUYER).status_code == 403
    assert submit(other, page, "/comments", kind="task", subject="1", text="看到了").location == "/tasks/1#comments"
    for path in ("/problems/new", "/problems/act", "/problems/edit", "/problems/call", "/tasks/rules/add",
                 "/tasks/rules/usual", "/tasks/rules/enable", "/tasks/rules/remove", "/tasks/owners/add",
                 "/tasks/owners/remove"):  # fmt: skip
        assert submit(other, page, path).status_code == 403, path


def test_who_comes_second_sees_what_was_changed(app: Flask, plant: Plant, admin: FlaskClient) -> None:
    page = make(admin)
    row = task(plant, page)
    other = user(app, "li", DEPUTY, "leader")
    edit = {
        "task": row.number,
        "edition": row.edition,
        "owner": OWNER,
        "title": "新标题",
        "reply_way": "done",
        "priority": 2,
    }
    assert submit(other, page, "/tasks/edit", **edit).status_code == 303
    answer = submit(admin, page, "/tasks/edit", **(edit | {"title": "另一个"}))
    assert answer.status_code == 409 and "有人在您打开之后改过" in answer.text and DEPUTY in answer.text
    assert task(plant, page).title == "新标题"


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_stay_texts(app: Flask, plant: Plant, admin: FlaskClient, text: str) -> None:
    clean = text.replace("\x00", "")
    page = make(admin, title=clean, text=clean, checklist=clean, station=clean, operation=clean, work_order=clean)
    submit(admin, page, "/comments", kind="task", subject="1", text=clean + " @" + clean)
    submit(admin, "/problems/new", "/problems/new", title=clean, owner=OWNER, why1=clean, cause=clean)
    rule = {"event": "call_raised", "title": clean, "owner": OWNER, "otherwise": OWNER, "minutes": 5}
    submit(admin, "/tasks/rules", "/tasks/rules/add", **rule)
    act(admin, plant, page, step="wait", note=clean)
    paths = (page, f"{page}/print", "/tasks", "/tasks/new", "/tasks/rules", "/problems", "/problems/1")
    for path in paths:
        for asked in ({}, {"search": clean, "by": "owner"}, {"operation": clean, "paper": clean}):
            shown = admin.get(path, query_string=asked).text
            assert "<script>alert" not in shown and "<img src=x" not in shown and "<svg/onload" not in shown, path
            # What a form sends back is the text itself; nobody is led astray by it.
            seen = re.sub(r"<(?:option|input|button)[^>]*>|<textarea.*?</textarea>", "", shown, flags=re.S)
            assert "\u202e" not in seen, path
    assert submit(admin, page, "/comments", kind="task", subject="1", text="\x00").status_code == 400


def comment_by_hand(client: FlaskClient, content: bytes) -> TestResponse:
    """The body as a browser makes it; the test client would leave its own large file open."""
    token = FORM_TOKEN.search(client.get("/tasks/1").text)
    assert token
    told = {"form_token": token[1], "kind": "task", "subject": "1", "text": "x"}
    parts = [f'--x\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n' for key, value in told.items()]
    head = '--x\r\nContent-Disposition: form-data; name="file"; filename="big.jpg"\r\n\r\n'
    body = ("".join(parts) + head).encode() + content + b"\r\n--x--\r\n"
    headers = {"Origin": "http://localhost", "Content-Type": "multipart/form-data; boundary=x"}
    return client.post("/comments", data=body, headers=headers)


def test_files_are_bounded_and_come_back_under_a_safe_name(plant: Plant, admin: FlaskClient) -> None:
    page = make(admin)

    def comment(*files: tuple[bytes, str]) -> str:
        sent = [(io.BytesIO(content), name) for content, name in files]
        answer = submit(admin, page, "/comments", kind="task", subject="1", text="看照片", file=sent)
        return str(answer.location)

    assert comment((png(), "..\\x 照片.html"), (pdf(), "a.exe")) == "/tasks/1#comments"
    assert "comment=type" in comment((b"<script>alert(1)</script>", "a.png"))
    assert "comment=type" in comment((b"GIF89a", "a.gif"))
    assert "comment=full" in comment_by_hand(admin, jpeg(ATTACHMENT_BYTES_MAX + 1)).location
    assert comment_by_hand(admin, jpeg(COMMENT_BYTES_MAX)).status_code == 413
    assert "comment=full" in comment(*[(png(more=bytes([at])), "a.png") for at in range(4)])
    with plant.database.read() as session:
        rows = session.scalars(select(AttachmentRow).order_by(AttachmentRow.number)).all()
        assert len(session.scalars(select(CommentRow)).all()) == 1
    assert [row.name for row in rows] == ["x_照片.png", "a.pdf"]
    with admin.get(f"/attachments/{rows[0].number}") as picture:
        assert picture.data == png() and picture.mimetype == "image/png"
        assert picture.headers["Content-Disposition"].startswith("inline;")
    with admin.get(f"/attachments/{rows[1].number}") as paper:
        said = paper.headers["Content-Disposition"]
        assert said.startswith("attachment;") and "a.pdf" in unquote(said) and paper.mimetype == "application/pdf"
        assert "sandbox" in paper.headers["Content-Security-Policy"]
    assert admin.get(page).text.count("/attachments/") == 3


def test_a_photo_answers_and_an_answer_without_one_keeps_nothing(plant: Plant, admin: FlaskClient) -> None:
    page = make(admin, reply_way="photo")
    assert act(admin, plant, page, "/tasks/answer", reply="x").status_code == 409
    bad = (io.BytesIO(b"no picture"), "a.jpg")
    assert act(admin, plant, page, "/tasks/answer", reply="x", file=bad).status_code == 415
    assert act(admin, plant, page, "/tasks/answer", reply="x", file=(io.BytesIO(png()), "a.png")).status_code == 303
    assert task(plant, page).state == "done" and "/attachments/1" in admin.get(page).text


def test_a_task_is_made_from_a_call_and_a_comment_stands_on_its_page(plant: Plant, admin: FlaskClient) -> None:
    call = call_on(plant)
    page = f"/calls/{call}"
    shown = admin.get(page).text
    assert f"/tasks/new?call={call}" in shown and f"/problems/new?call={call}" in shown
    form = admin.get(f"/tasks/new?call={call}").text
    assert f'name="call" value="{call}"' in form and OPERATION.id in form and OPERATION.work_order in form
    made = make(admin, call=call)
    assert task(plant, made).source == "call" and page in admin.get(made).text
    sent = submit(admin, page, "/comments", kind="call", subject=call, text="@采购值班 看")
    assert sent.location == f"{page}#comments"
    assert "@采购值班" in admin.get(page).text
    for kind, subject in (("operation", OPERATION.id), ("order", OPERATION.work_order)):
        where = f"/comments/{kind}/{subject}"
        shown = f"/orders/{subject}" if kind == "order" else where
        sent = submit(admin, where, "/comments", kind=kind, subject=subject, text="在做")
        assert sent.location == f"{shown}#comments"
        assert "在做" in admin.get(where).text and "在做" in admin.get(shown).text
    assert submit(admin, page, "/comments", kind="call", subject="one/x/1", text="x").status_code == 404


def test_a_call_becomes_a_problem_that_is_judged(plant: Plant, admin: FlaskClient) -> None:
    call = call_on(plant)
    form = admin.get(f"/problems/new?call={call}").text
    assert call in form and "sensor" in form
    told = {"title": "传感器", "owner": OWNER, "cause": "sensor", "calls": call, "why1": "铁屑", "threshold": "1"}
    page = submit(admin, "/problems/new", "/problems/new", **told).location
    assert page == "/problems/1"
    assert submit(admin, "/problems/new", "/problems/new", **told).status_code == 409
    assert admin.get(f"/problems/new?call={call}").location == page
    measure = make(admin, problem="1")
    assert "换刀片" in admin.get(page).text and task(plant, measure).problem == 1

    def send(path: str, **fields: Any) -> int:
        with plant.database.read() as session:
            row = problem_of(session, plant.database.plant, 1)
        assert row is not None
        return int(submit(admin, page, path, problem=1, edition=row.edition, **fields).status_code)

    assert send("/problems/act", step="submit") == 409
    del told["calls"]
    fields = {**told, "check_at": "2037-01-01T00:00", "d1": "王\n李", "d8": "x" * 2_001}
    assert send("/problems/edit", **fields) == 409
    assert send("/problems/edit", **(fields | {"d8": "谢谢"})) == 303
    assert send("/problems/edit", **(fields | {"d8": "谢谢", "due": "never"})) == 400
    assert send("/problems/act", step="submit") == 303
    assert "待确认效果" in admin.get(page).text
    assert send("/problems/act", step="recur") == 400
    assert send("/problems/act", step="effective") == 303
    shown = admin.get(page).text
    assert "已关闭" in shown and "谢谢" in shown and "铁屑" in shown
    assert "传感器" in admin.get("/problems?show=closed").text and "传感器" not in admin.get("/problems").text


def test_a_call_that_is_named_twice_is_one_call_of_its_problem(plant: Plant, admin: FlaskClient) -> None:
    call = call_on(plant)
    told = {"title": "孔径", "owner": OWNER, "calls": f"{call}\n{call}"}
    page = submit(admin, "/problems/new", "/problems/new", **told)
    assert page.status_code == 303
    assert admin.get(str(page.location)).text.count(f'href="/calls/{call}"') == 1


def test_rules_and_information_owners_are_kept_by_leaders(app: Flask, plant: Plant, admin: FlaskClient) -> None:
    usual = submit(admin, "/tasks/rules", "/tasks/rules/usual", otherwise=OWNER)
    assert usual.status_code == 303
    shown = admin.get("/tasks/rules").text
    assert "采购值班" in shown and "质量值班" in shown and shown.count("/tasks/rules/remove") == 3
    submit(admin, "/tasks/rules", "/tasks/rules/enable", rule=1)
    submit(admin, "/tasks/rules", "/tasks/rules/remove", rule=2)
    assert admin.get("/tasks/rules").text.count("/tasks/rules/remove") == 2 and "停用" in admin.get("/tasks/rules").text
    rule = {"event": "call_raised", "title": "x", "owner": "duty:采购值班", "otherwise": OWNER, "minutes": 5}
    for wrong in ({"owner": "duty:none"}, {"otherwise": ""}, {"event": "x"}, {"minutes": "0"}, {"title": " "},
                  {"makes": "problem"}, {"call_type": "none"}, {"impact": "x"}, {"priority": "7"}):  # fmt: skip
        assert submit(admin, "/tasks/rules", "/tasks/rules/add", **(rule | wrong)).status_code == 400, wrong
    owner = {"kind": "department", "subject": "MACH", "person": OWNER, "minutes": "30"}
    assert submit(admin, "/tasks/rules", "/tasks/owners/add", **owner).location == "/tasks/rules#owners"
    for wrong in ({"subject": "none"}, {"person": "none"}, {"minutes": ""}, {"kind": "x"}):
        assert submit(admin, "/tasks/rules", "/tasks/owners/add", **(owner | wrong)).status_code == 400, wrong
    assert "/tasks/owners/remove" not in user(app, "zhao", BUYER).get("/tasks/rules").text
    submit(admin, "/tasks/rules", "/tasks/owners/remove", kind="department", subject="MACH")
    assert "还没有信息负责人" in admin.get("/tasks/rules").text


def test_filters_stand_in_the_address_and_pages_follow(plant: Plant, admin: FlaskClient) -> None:
    for at in range(55):
        make(admin, title=f"第{at}件", owner=OWNER if at % 2 else BUYER)
    shown = admin.get("/tasks?show=open").text
    assert "第 1 页，共 2 页" in shown and 'href="/tasks?page=2"' in shown
    assert len(re.findall(r'<td class="whole"><a href="/tasks/', admin.get("/tasks?page=2").text)) == 5
    filtered = admin.get(f"/tasks?owner={OWNER}&by=owner").text
    assert f"owner={OWNER}" in filtered and "另有 19 项" in filtered
    assert "没有符合条件的任务" in admin.get("/tasks?search=nothing").text
    assert admin.get("/tasks?page=99999&show=x&by=y").status_code == 200


def test_what_is_printed_is_read_back(plant: Plant, admin: FlaskClient) -> None:
    page = make(admin, checklist="断电")
    for paper in ("a6", "a5"):
        for symbology in (Symbology.QR, Symbology.DATA_MATRIX):
            shown = admin.get(f"{page}/print?paper={paper}&symbology={symbology}").text
            assert f"task-{paper}" in shown and "断电" in shown
            address = re.search(r'data-code="([^"]+)"', shown)
            assert address and address[1] == f"http://localhost{page}"
            drawn = re.search(r'viewBox="0 0 (\d+) \d+".*?<path d="([^"]+)"', shown)
            assert drawn
            assert zxingcpp.read_barcodes(_picture(int(drawn[1]), drawn[2]))[0].text == address[1]
            assert encoded(address[1], symbology).width_modules == int(drawn[1])


def _picture(modules: int, path: str, scale: int = 4) -> Image.Image:
    """The runs of dark modules of a page's code as pixels."""
    image = Image.new("L", (modules * scale, modules * scale), 255)
    for x, y, count in re.findall(r"M(\d+) ([\d.]+)h(\d+)", path):
        left, top = int(x) * scale, int(float(y)) * scale
        image.paste(0, (left, top, left + int(count) * scale, top + scale))
    return image


def test_tasks_as_data(app: Flask, plant: Plant, admin: FlaskClient) -> None:
    make(admin, title="迟了", due="2020-01-01T00:00", checklist="a")
    make(admin, title="以后", owner=BUYER, operation=OPERATION.id)
    done = make(admin, title="好了")
    assert act(admin, plant, done, "/tasks/answer").status_code == 303
    client = app.test_client()

    def titles(query: str) -> list[str]:
        answer = client.get(f"/api/v1/tasks?{query}")
        assert answer.status_code == 200, answer.text
        return [each["title"] for each in answer.json["tasks"]]

    assert titles("") == ["迟了", "以后"] and titles("show=overdue") == ["迟了"] and titles("show=done") == ["好了"]
    assert titles("show=all&limit=1&after=1") == ["以后"] and titles(f"owner={BUYER}") == ["以后"]
    assert titles(f"operation={OPERATION.id}") == ["以后"] and titles("department=MACH") == ["迟了"]
    assert client.get("/api/v1/tasks").json["tasks"][0]["checklist"] == [{"text": "a", "done": False}]
    for query in ("show=x", "after=-1", "limit=9999", "owner=" + "x" * 60):
        assert client.get(f"/api/v1/tasks?{query}").status_code == 400, query
    there = {"REMOTE_ADDR": "192.168.1.20"}
    assert client.get("/api/v1/tasks", environ_overrides=there).status_code == 403


def test_calls_and_problems_that_are_none_are_refused(plant: Plant, admin: FlaskClient) -> None:
    call = call_on(plant)
    with plant.database.read() as session:
        row = session.scalars(select(ProblemRow)).first()
    assert row is None
    for calls in ("x", "one/" + "a" * 32 + "/1", call + " x"):
        told = {"title": "t", "owner": OWNER, "calls": calls}
        assert submit(admin, "/problems/new", "/problems/new", **told).status_code == 409
    for number in ("", "x", "-1", "1", "9" * 30):
        assert submit(admin, "/problems/new", "/problems/act", problem=number, step="submit").status_code == 404
        assert submit(admin, "/tasks/new", "/tasks/act", task=number, step="accept").status_code == 404
    assert submit(admin, "/tasks/new", "/tasks/act", task="1", step="assign").status_code == 400
