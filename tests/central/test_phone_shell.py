"""What a phone keeps: files of one version, headers, manifest, icons, the decoder as it came; and what a label is."""

import hashlib
import io
import json
import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image

from central.pages import phone_pages
from central.phone.acts import REFUSALS
from central.phone.scanned import KINDS, scanned
from central.phone.shell import FILES, PAGES, shell
from central.texts import TEXTS
from floor.example import example_plant
from tests.central.memory_office import MemoryOffice
from tests.central.page_client import application, signed_in
from tests.central.phone_plant import OPERATION, STATION, PhonePlant
from tests.central.test_pages import HOSTILE

ROOT = Path(__file__).parents[2]
PHONE = ROOT / "central/phone/files"
PERSON = example_plant().people[0]
ORDER = example_plant().work_orders[0]


@pytest.fixture
def office() -> MemoryOffice:
    office = MemoryOffice()
    office.publish(example_plant(), 0, "planner")
    return office


@pytest.fixture
def pages(office: MemoryOffice) -> Flask:
    """The pages over an office in memory: what belongs to nobody needs no database."""
    return application(office)


def version_of(client: FlaskClient) -> str:
    found = re.search(r'const VERSION = "([0-9a-f]{16})"', client.get("/sw.js").text)
    assert found
    return found[1]


def test_the_worker_names_every_file_of_its_version(pages: Flask) -> None:
    client = pages.test_client()
    with client.get("/sw.js") as answer:
        assert answer.mimetype == "text/javascript" and answer.headers["Cache-Control"] == "no-cache"
        text = answer.text
    version = version_of(client)
    named = json.loads(text[text.index("const FILES = ") + 14 : text.index("];") + 1])
    assert set(named) == {f"/phone/files/{version}/{name}" for name in FILES} | {
        f"/phone/{page}?language={each}" for page in ("shell", "offline") for each in ("zh", "en")
    }
    for path in named:
        with client.get(path) as answer:
            assert answer.status_code == 200, path
            assert "Set-Cookie" not in answer.headers, path
    asked = {name for page in PAGES for name in re.findall(r"{{ shell_files }}/([\w.-]+)", template(page))}
    asked |= {name for path in PHONE.glob("*.js") for name in re.findall(r'"\./([\w.-]+)"', path.read_text("utf-8"))}
    assert asked <= set(FILES) and {"phone.js", "queue.js", "lineside.css"} <= asked


def template(name: str) -> str:
    return (ROOT / "central/templates" / name).read_text("utf-8")


def test_a_file_has_one_address_for_good_and_of_another_release_there_is_none(pages: Flask) -> None:
    client, version = pages.test_client(), shell(repr((phone_pages.OPEN_PAGES, sorted(TEXTS.items())))).version
    with client.get(f"/phone/files/{version}/phone.js") as answer:
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'self'")
        assert "wasm-unsafe-eval" not in answer.headers["Content-Security-Policy"]
    for path in (f"{'0' * 16}/phone.js", f"{version}/sw.js", f"{version}/../acts.py", f"{version}/zxing/ORIGIN.md"):
        assert client.get(f"/phone/files/{path}").status_code == 404


def test_another_content_is_another_version() -> None:
    assert shell("one text").version != shell("another text").version
    assert shell("one text").version == shell("one text").version


def test_webassembly_runs_in_the_decoders_worker_alone(pages: Flask, office: MemoryOffice) -> None:
    client = signed_in(pages, "leader")
    with client.get(f"/phone/files/{version_of(client)}/decode.js") as answer:
        assert "script-src 'self' 'wasm-unsafe-eval'" in answer.headers["Content-Security-Policy"]
    for path in ("/phone", "/scan", "/phone/shell", "/board"):
        with client.get(path) as answer:
            assert "unsafe" not in answer.headers["Content-Security-Policy"]
            camera = "(self)" if path.startswith("/phone") else "()"
            assert f"camera={camera}" in answer.headers["Permissions-Policy"], path


def test_the_kept_pages_are_of_nobody(pages: Flask) -> None:
    client = signed_in(pages, "leader")
    for path in ("/phone/shell", "/phone/offline"):
        for each, html, word in (("zh", "zh-CN", "待发送" if "shell" in path else "没有网络"), ("en", "en", "network")):
            page = client.get(f"{path}?language={each}").text
            assert f'<html lang="{html}"' in page and word in page
            assert "leader<" not in page and not re.search(r"[0-9a-f]{64}", page)
    assert '<html lang="zh-CN"' in client.get("/phone/shell?language=xx").text


@pytest.mark.parametrize(
    ("language", "html", "name"), [("zh", "zh-CN", "线边 · 班组长"), ("en", "en", "Lineside for leaders")]
)
def test_the_manifest_speaks_the_language_of_its_address(pages: Flask, language: str, html: str, name: str) -> None:
    client = pages.test_client()
    told = json.loads(client.get(f"/manifest.webmanifest?language={language}").data)
    assert (told["lang"], told["name"], told["start_url"], told["scope"]) == (html, name, "/phone", "/")
    assert told["display"] == "standalone" and re.fullmatch("#[0-9a-f]{6}", told["theme_color"])
    sizes = {}
    for icon in told["icons"]:
        with client.get(icon["src"]) as answer:
            assert answer.mimetype == icon["type"] == "image/png"
            picture = Image.open(io.BytesIO(answer.data))
        assert "x".join(map(str, picture.size)) == icon["sizes"]
        sizes[icon["purpose"], icon["sizes"]] = picture
    assert set(sizes) == {("any", "192x192"), ("any", "512x512"), ("maskable", "512x512")}
    corner = sizes["maskable", "512x512"].convert("RGBA").getpixel((0, 0))
    assert corner == (0x45, 0x5A, 0x64, 255), "a mask may cut anything away, so the ground reaches every edge"


def test_every_page_names_the_manifest(pages: Flask) -> None:
    page = signed_in(pages, "admin").get("/board", headers={"Accept-Language": "en"}).text
    assert '<link rel="manifest" href="/manifest.webmanifest?language=en">' in page


def test_the_decoder_is_the_one_whose_hash_is_noted() -> None:
    origin = (PHONE / "zxing/ORIGIN.md").read_text("utf-8")
    noted = dict(re.findall(r"\| `([\w.]+)` \| `[\w/.]+` \| `([0-9a-f]{64})` \|", origin))
    assert set(noted) == {"reader.js", "zxing_reader.wasm"}
    for name, digest in noted.items():
        assert hashlib.sha256((PHONE / "zxing" / name).read_bytes()).hexdigest() == digest
    assert "Permission is hereby granted" in (PHONE / "zxing/LICENSE-zxing-wasm").read_text("utf-8")
    assert "Apache License" in (PHONE / "zxing/LICENSE-zxing-cpp").read_text("utf-8")


def test_no_script_of_ours_names_another_host_or_makes_markup() -> None:
    for path in PHONE.glob("*.js"):
        source = path.read_text("utf-8")
        assert not re.search(r"https?:|innerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function", source), (
            path
        )


def test_every_refusal_has_words_that_name_who_was_first() -> None:
    for each in (*REFUSALS, *phone_pages.CLIENT_REFUSALS):
        assert all("{who}" in text for text in TEXTS[f"refusal.{each}"]) == (each in ("taken", "closed"))


# What a label is


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (OPERATION.ticket, "operation"),
        (f"]Q1{OPERATION.ticket}", "operation"),
        (f"]d1{OPERATION.ticket}", "operation"),
        (OPERATION.id, "operation"),
        (ORDER.id, "order"),
        (PERSON.badge, "person"),
        (f"S-{STATION.id}", "station"),
        (STATION.id, "station"),
        ("C-PAUSE", "card"),
        ("]C10101234567890128", "part"),
        ("4006381333931", "part"),
        ("T-GONE-10", "unknown"),
        ("hello", "unknown"),
        ("a\x07b", "unreadable"),
        ("x" * 513, "unreadable"),
    ],
)
def test_what_a_label_stands_for(text: str, kind: str) -> None:
    found = scanned(text.encode(), example_plant())
    assert found is not None and found.kind == kind and kind in KINDS
    assert (found.operation is not None) == (kind == "operation")


def test_an_empty_label_is_nothing() -> None:
    assert scanned(b"  ", example_plant()) is None


def test_every_kind_of_label_has_a_word() -> None:
    for each in KINDS:
        assert f"scan.kind.{each}" in TEXTS


@pytest.fixture
def plant(tmp_path: Path, app: Flask) -> PhonePlant:
    return PhonePlant(app)


def test_a_scanned_ticket_shows_its_operation_and_its_open_call(plant: PhonePlant) -> None:
    call = plant.raise_call()
    page = plant.admin.get("/scan", query_string={"label": f"]Q1{OPERATION.ticket}"}).text
    assert OPERATION.work_order in page and f'href="/phone#call/gateway/{call}"' in page
    assert f'data-operation="{OPERATION.id}"' in page
    for label in (ORDER.id, f"S-{STATION.id}"):
        assert f"#call/gateway/{call}" in plant.admin.get("/scan", query_string={"label": label}).text
    person = plant.admin.get("/scan", query_string={"label": PERSON.badge}).text
    assert PERSON.name in person and "没有未关闭的呼叫" in person
    assert plant.app.test_client().get("/scan?label=x").location == "/sign-in?next=/scan%3Flabel%3Dx"


@pytest.mark.parametrize(
    "text", [*HOSTILE, "]Q1<script>alert(1)</script>", "\x1d\x1e\x04", "%s{{7*7}}", "'; drop table x"]
)
def test_hostile_labels_stay_text(pages: Flask, text: str) -> None:
    client = signed_in(pages, "leader")
    answer = client.get("/scan", query_string={"label": text})
    assert answer.status_code in (200, 400)
    page = answer.text
    assert "<script>alert" not in page and "<img src=x" not in page and "<svg/onload" not in page
    assert "\u202e" not in page and "49" not in re.sub(r"[0-9a-f]{16,}|\d+\.\d+", "", page)
