"""The page of a gateway's card: replace, import, retire, as a maintainer meets them."""

import re
import time

import pytest
from flask import Flask
from flask.testing import FlaskClient

from central.context import Plant
from central.credentials import REPLACED, Former, tell_old_card
from tests.central.conftest import enrol_gateway
from tests.central.local_plant import admin, app
from tests.central.page_client import submit

__all__ = ["admin", "app"]

CARD = "/gateways/line-1/card"


@pytest.fixture
def here(app: Flask) -> Plant:
    found = app.extensions["lineside"]
    assert isinstance(found, Plant)
    enrol_gateway(found.database, "line-1")
    return found


def test_a_dead_card_is_replaced_and_a_gateway_retired(here: Plant, app: Flask, admin: FlaskClient) -> None:
    here.config = here.config.model_copy(update={"server_pins": ("sha256//" + "A" * 43 + "=",)})
    assert 'href="/gateways/line-1/card"' in admin.get("/gateways/line-1").text
    page = admin.get(CARD).text
    assert "没有，只用令牌" in page and "import-card" in page
    made = submit(admin, CARD, "/gateways/replace", name="line-1", days="7")
    assert made.status_code == 200 and made.headers["Cache-Control"] == "no-store"
    code = re.search(r"code = &#34;([A-Z0-9-]+)&#34;|code = \"([A-Z0-9-]+)\"", made.text)
    assert code and "pin = [" in made.text
    assert "等待新卡登记" in admin.get(CARD).text
    asked = {"gateway": "line-1", "code": code[1] or code[2]}
    assert app.test_client().post("/api/v1/enrol", json=asked).status_code == 200
    page = admin.get(CARD).text
    assert "等待新卡登记" not in page
    with here.database.write() as session:
        tell_old_card(session, here.database.plant, Former("line-1", time.time(), REPLACED), time.time())
    assert "旧卡又在运行" in admin.get(CARD).text
    wrong = submit(admin, CARD, "/gateways/retire", name="line-1", typed="line-2")
    assert wrong.status_code == 400 and "没有停用" in wrong.text and "<details open>" in wrong.text
    done = submit(admin, CARD, "/gateways/retire", name="line-1", typed="line-1")
    assert done.status_code == 303
    page = admin.get(CARD).text
    assert "停用。记录保留" in page and "/gateways/replace" not in page and "/gateways/retire" not in page
    again = submit(admin, "/gateways", "/gateways/replace", name="line-1")
    assert again.status_code == 409 and "was retired" in again.text
    assert submit(admin, "/gateways", "/gateways/enrol", name="line-1").status_code == 400
    acts = admin.get("/audit").text
    for word in ("生成换卡登记码", "停用网关"):
        assert word in acts


def test_a_replacement_is_waited_for_as_long_as_its_code_works(here: Plant, admin: FlaskClient) -> None:
    submit(admin, CARD, "/gateways/replace", name="line-1", days="0")
    assert "等待新卡登记" in admin.get(CARD).text
    assert submit(admin, "/gateways", "/gateways/enrol", name="line-1").status_code == 200
    assert "等待新卡登记" not in admin.get(CARD).text, "an ordinary code takes it back"
    assert "换卡即取消" in admin.get(CARD).text and "取消等待中的换卡" in admin.get("/gateways").text


def test_what_is_no_gateway_has_no_card(here: Plant, admin: FlaskClient) -> None:
    assert admin.get("/gateways/nobody/card").status_code == 404
    for path in ("/gateways/replace", "/gateways/retire"):
        assert submit(admin, CARD, path, name="../etc").status_code == 404
        assert submit(admin, CARD, path, name="nobody", typed="nobody").status_code in (404, 409)
