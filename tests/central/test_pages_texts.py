"""The catalogue of texts: complete in both languages, no idle key, and every key that a page asks for is there."""

import ast
import re
import string
from pathlib import Path

import pytest

from central.texts import TEXTS, text, text_or
from floor.events import EVENTS
from floor.texts import LANGUAGES

CENTRAL = Path(__file__).parents[2] / "central"
TEMPLATES = sorted((CENTRAL / "templates").glob("*.html"))
PAGES = sorted((CENTRAL / "pages").glob("*.py"))
SENDERS = [CENTRAL / "notify" / "words.py", CENTRAL / "notify" / "sending.py"]
"""What messages say is asked for where they are made."""
KEY = re.compile(r"""['"]([a-z_]+(?:\.[a-z0-9_]+)*)(\.?)['"]""")


def fields(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


@pytest.mark.parametrize("key", TEXTS)
def test_both_languages_say_the_same_with_the_same_values(key: str) -> None:
    chinese, english = TEXTS[key]
    assert chinese.strip() and english.strip()
    assert fields(chinese) == fields(english)


def test_no_key_stands_in_two_catalogues() -> None:
    """Where one did, the later catalogue's words would show on the other's page."""
    found: dict[str, set[str]] = {}
    for path in sorted(CENTRAL.glob("*texts.py")):
        for each in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(each, ast.Dict):
                keys = [key.value for key in each.keys if isinstance(key, ast.Constant)]
                for key in keys:
                    found.setdefault(str(key), set()).add(f"{path.name}:{each.lineno}")
    assert {key: places for key, places in found.items() if key in TEXTS and len(places) > 1} == {}


def test_languages_are_what_they_say() -> None:
    han = re.compile(r"[\u4e00-\u9fff]")
    other_way = {"language.other"}
    for key in TEXTS.keys() - other_way:
        assert not han.search(TEXTS[key][1]), key
        assert han.search(TEXTS[key][0]) or not re.search(r"[A-Za-z]{3}", TEXTS[key][0]), key


def asked_keys() -> tuple[set[str], set[str]]:
    """Keys and beginnings of keys (`'state.' ~ each`) that templates and pages name."""
    whole, beginnings = set(), set()
    for path in [*TEMPLATES, *PAGES, *SENDERS]:
        source = path.read_text(encoding="utf-8")
        for start, dot in KEY.findall(source):
            (beginnings if dot else whole).add(start + dot)
        beginnings |= set(re.findall(r'f"([a-z_]+\.)\{', source))
    return whole, beginnings


def test_every_key_that_a_template_asks_for_is_there() -> None:
    for path in TEMPLATES:
        source = path.read_text(encoding="utf-8")
        for key in re.findall(r"""\bt\('([a-z0-9_.]+)'\s*[,)]""", source):
            assert key in TEXTS, f"{path.name}: {key}"


def test_no_key_is_idle() -> None:
    whole, beginnings = asked_keys()
    idle = [key for key in TEXTS if key not in whole and not any(key.startswith(each) for each in beginnings)]
    assert idle == []


def test_every_alarm_of_the_server_has_a_text() -> None:
    kinds = set()
    for path in CENTRAL.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "AlarmRaised":
                first = node.args[0]
                kinds |= {first.value} if isinstance(first, ast.Constant) else set()
    assert kinds, "the server raises alarms"
    assert [kind for kind in sorted(kinds) if f"alarm.{kind}" not in TEXTS] == []


def test_every_field_of_an_event_has_a_word() -> None:
    named = {name for event in EVENTS.values() for name in event.model_fields} - {"person", "operation", "flags"}
    assert [name for name in sorted(named) if f"field.{name}" not in TEXTS] == []


def test_no_template_has_a_text_of_its_own() -> None:
    """Words between tags come from the catalogue; only names of the product stand in a template."""
    ours = {"线边", "Lineside"}
    for path in TEMPLATES:
        source = path.read_text(encoding="utf-8")
        source = re.sub(r"\{% block (page|root) %\}.*", "", source)
        source = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", " ", source, flags=re.S)
        bare = re.sub(r"<[^>]*>", " ", source)
        words = set(re.findall(r"[\u4e00-\u9fff]+|[A-Za-z]{2,}", bare)) - ours
        assert words == set(), f"{path.name}: {words}"


def test_no_template_asks_another_host_or_runs_inline_script() -> None:
    files = [*TEMPLATES, *(CENTRAL / "static").iterdir()]
    for path in files:
        source = path.read_text(encoding="utf-8").replace('xmlns="http://www.w3.org/2000/svg"', "")
        assert not re.search(r"https?:|//[a-z]+\.[a-z]", source), path.name
        assert not re.search(r"\son[a-z]+=|\sstyle=|<script(?![^>]*\ssrc=)|\|\s*safe", source), path.name


def test_text_and_text_or() -> None:
    assert [text(each, "board.scrap", n=3) for each in LANGUAGES] == ["报废 3", "Scrap 3"]
    assert text_or("en", "alarm.of_a_newer_release", "of_a_newer_release") == "of_a_newer_release"
    with pytest.raises(KeyError):
        text("zh", "nothing.here")
