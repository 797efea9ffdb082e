"""Photos on the office pages: with their call and their record, and while the file is still on its way."""

import hashlib

import pytest
from flask import Flask

from central.board import ended_calls
from central.context import Plant
from central.ingest import ingest
from floor.events import AndonRaised, AndonResolved
from floor.photo_events import PhotoKept
from tests.central.card import Card
from tests.central.conftest import enrol_gateway
from tests.central.local_plant import app
from tests.central.page_client import first_administrator, launched, served
from tests.floor.pictures import jpeg, png

__all__ = ["app"]

HERE, COMING = png(320, 200), jpeg(5_000)


def named(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def photo(content: bytes, **about: str) -> PhotoKept:
    return PhotoKept.model_validate(
        {"sha256": named(content), "bytes": len(content), "media_type": "image/png", "person": "P02", **about}
    )


@pytest.fixture
def plant(app: Flask) -> Plant:
    """An open call with two photos, one of which has come; a resolved one with one; and one of an operation."""
    here: Plant = app.extensions["lineside"]
    enrol_gateway(here.database, "one")
    card = Card("one")
    call = card.keep(AndonRaised(call_type="quality", person="P02"))
    ended = card.keep(AndonRaised(call_type="equipment", person="P02"), "S2")
    card.keep(photo(HERE, call=call))
    card.keep(photo(COMING, call=call))
    card.keep(photo(HERE, call=ended), "S2")
    card.keep(AndonResolved(call=ended, call_type="equipment", cause="sensor"), "S2")
    card.keep(photo(HERE, operation="WO-1001-10"))
    card.keep_text(card.records[card.epochs[-1].epoch, 3].content.replace(named(HERE), "../../etc/passwd"))
    card.drain(lambda batch: ingest(here.database, "one", batch, here.now()))
    here.files.keep(HERE)
    return here


def test_a_calls_photos_stand_with_the_call(app: Flask, plant: Plant) -> None:
    client = first_administrator(app)
    page = client.get("/calls").text
    opened, ended = page.split("data-head", 1)[0], page.split("data-head", 1)[1]
    assert opened.count(f'<img src="/files/{named(HERE)}"') == 1
    assert named(COMING) not in page
    assert opened.count("照片未到") == 1
    assert ended.count(f'<img src="/files/{named(HERE)}"') == 1
    with plant.database.read() as session:
        call = next(each.call for each in ended_calls(session, plant.now(), plant.database.plant))
    one = client.get(f"/calls/one/{call}").text
    assert one.count(f'<img src="/files/{named(HERE)}"') == 1


def test_a_record_shows_its_photo_and_a_strange_hash_shows_nothing(app: Flask, plant: Plant) -> None:
    page = first_administrator(app).get("/records?type=photo.kept").text
    assert page.count(f'<img src="/files/{named(HERE)}"') == 3
    assert page.count("照片未到") == 1
    assert '"/files/..' not in page


@pytest.mark.browser
def test_the_pictures_are_painted_and_nothing_is_asked_elsewhere(app: Flask, plant: Plant) -> None:
    with served(app) as address, launched() as browser:
        for size in ((1280, 720), (390, 844)):
            context = browser.new_context(viewport={"width": size[0], "height": size[1]}, locale="zh-CN")
            tab = context.new_page()
            asked: list[str] = []
            tab.on("request", lambda request, asked=asked: asked.append(request.url))  # type: ignore[misc]
            client = first_administrator(app) if size[0] == 1280 else None
            if client is not None:
                session = client.get_cookie("lineside_session")
                assert session is not None
                token = session.value
            context.add_cookies([{"name": "lineside_session", "value": token, "url": address}])
            for path in ("/calls", "/records?type=photo.kept"):
                tab.goto(address + path)
                tab.wait_for_function(
                    "() => [...document.images].some((each) => each.complete && each.naturalWidth === 320)"
                )
                wide = tab.evaluate("document.documentElement.scrollWidth")
                assert wide <= size[0], f"{path} is {wide} px wide"
            assert all(url.startswith((address, "data:")) for url in asked)
            context.close()
