"""Labels that a plant already has: templates, what they refuse, and what a label is by them."""

import re
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from floor.errors import LabelRefused, MasterFileRefused
from floor.example import example_plant
from floor.label_patterns import ALL_PARTS, matched, parsed
from floor.labels import Label, LabelKind, classify, decode
from floor.limits import LABEL_PATTERNS_MAX
from floor.master import MasterData
from floor.master_files import read_csv, read_toml, read_xlsx, write_toml
from floor.master_sheets import write_xlsx
from floor.rows import LabelPattern, Person
from tests.corpus.hostile import labels

PATTERNS = (
    LabelPattern(name="gs1-part", kind="component", read="elements", pattern="(01){item}(10){lot}", place=40),
    LabelPattern(name="iso-ticket", kind="ticket", read="elements", pattern="(1K){order}(4K){number}", place=5),
    LabelPattern(name="gs1-ticket", kind="ticket", read="elements", pattern="(240)WO-{order:4}(21){number}", place=6),
    LabelPattern(name="erp", kind="ticket", pattern="WO={order};OP={number}", place=10),
    LabelPattern(name="fixed", kind="ticket", pattern="0000{order:7}{number:4}", symbology="]C0", place=20),
    LabelPattern(name="by-id", kind="ticket", pattern="{any}/op/{operation}", place=21),
    LabelPattern(name="by-ticket", kind="ticket", pattern="ticket:{ticket}", place=22),
    LabelPattern(name="hr", kind="badge", pattern="EMP{person}#{any}", place=30),
    LabelPattern(name="hr-badge", kind="badge", pattern="{{{badge}}}", place=31),
)
MASTER = example_plant().model_copy(update={"label_patterns": PATTERNS})


def found(raw: bytes | str) -> Label:
    label = decode(raw.encode() if isinstance(raw, str) else raw)
    assert label is not None
    return classify(label, MASTER)


@pytest.mark.parametrize(
    ("raw", "pattern", "ticket"),
    [
        ("WO=WO-1001;OP=20", "erp", "T-WO-1001-20"),
        ("WO=WO-1001;OP=0020", "erp", "T-WO-1001-20"),
        ("]Q1WO=WO-1001;OP=20", "erp", "T-WO-1001-20"),
        ("]C00000WO-10010020", "fixed", "T-WO-1001-20"),
        ("http://erp.plant/op/WO-1002-10", "by-id", "T-WO-1002-10"),
        ("ticket:T-WO-1002-10", "by-ticket", "T-WO-1002-10"),
        (b"[)>\x1e06\x1d1KWO-1001\x1d4K10\x1dQ5\x1e\x04", "iso-ticket", "T-WO-1001-10"),
    ],
)
def test_a_ticket_of_the_plant_is_our_ticket(raw: bytes | str, pattern: str, ticket: str) -> None:
    label = found(raw)
    assert (label.kind, label.pattern, label.text) == (LabelKind.TICKET, pattern, ticket)
    own = classify(Label(LabelKind.TEXT, ticket), MASTER)
    assert label.operation is own.operation is not None


def test_a_gs1_label_with_a_template_inside_an_element() -> None:
    label = found(b"]d2240WO-1001\x1d2120")
    # The four behind WO- are no order of the plant; they still are a ticket, which the station keeps as unknown.
    assert (label.kind, label.pattern, label.text) == (LabelKind.UNKNOWN_TICKET, "gs1-ticket", "T-1001-20")


@pytest.mark.parametrize(
    ("raw", "kind", "text"),
    [
        ("WO=WO-9999;OP=20", LabelKind.UNKNOWN_TICKET, "T-WO-9999-20"),
        ("WO=WO-1001;OP=77", LabelKind.UNKNOWN_TICKET, "T-WO-1001-77"),
        ("ticket:NEW-1", LabelKind.UNKNOWN_TICKET, "NEW-1"),
        ("EMPP01#2026", LabelKind.BADGE, "B-P01"),
        ("EMPX99#2026", LabelKind.UNKNOWN_BADGE, "B-X99"),
        ("{B-P02}", LabelKind.BADGE, "B-P02"),
        ("{nobody}", LabelKind.UNKNOWN_BADGE, "nobody"),
        # No pattern: a number that is none, an empty part, a name that could stand on no label of ours.
        ("WO=WO-1001;OP=x", LabelKind.UNKNOWN, "WO=WO-1001;OP=x"),
        ("WO=;OP=1", LabelKind.UNKNOWN, "WO=;OP=1"),
        ("WO=WO-1001;OP=", LabelKind.UNKNOWN, "WO=WO-1001;OP="),
        ("WO=工单;OP=1", LabelKind.UNKNOWN, "WO=工单;OP=1"),
        ("wo=WO-1001;OP=1", LabelKind.UNKNOWN, "wo=WO-1001;OP=1"),
        (f"WO={'A' * 62};OP=10", LabelKind.UNKNOWN, f"WO={'A' * 62};OP=10"),
        (f"WO={'A' * 65};OP=10", LabelKind.UNKNOWN, f"WO={'A' * 65};OP=10"),
        ("0000WO-10010020", LabelKind.UNKNOWN, "0000WO-10010020"),  # the scanner says no symbology
        ("]d10000WO-10010020", LabelKind.UNKNOWN, "0000WO-10010020"),
        # Our own labels are what they always were.
        ("T-WO-1001-10", LabelKind.TICKET, "T-WO-1001-10"),
        ("T-ELSEWHERE", LabelKind.UNKNOWN_TICKET, "T-ELSEWHERE"),
    ],
)
def test_what_else_a_label_of_the_plant_is(raw: str, kind: LabelKind, text: str) -> None:
    label = found(raw)
    assert (label.kind, label.text) == (kind, text)


def test_a_component_says_what_its_elements_mean() -> None:
    label = found(b"]C1010400638133393110LOT7\x1d2199")
    assert (label.kind, label.pattern) == (LabelKind.PART, "gs1-part")
    assert label.elements == (("item", "04006381333931"), ("lot", "LOT7"))


def test_an_exact_match_comes_before_every_pattern_and_the_lowest_place_first() -> None:
    both = tuple(
        LabelPattern(name=name, kind="badge", pattern=pattern, place=place)
        for name, pattern, place in (
            ("later", "X{badge}", 2),
            ("first", "{badge:2}{any}", 1),
            ("same", "{badge:1}{any}", 1),
        )
    )
    master = MasterData(people=(Person(id="P", name="n", badge="XY"),), label_patterns=both)
    assert classify(Label(LabelKind.TEXT, "XY"), master).pattern == ""
    assert classify(Label(LabelKind.TEXT, "XYZ"), master).pattern == "first"


def test_revoked_people_are_known_by_their_own_badge() -> None:
    master = MasterData(
        people=(Person(id="P", name="n", badge="B-P", active=False),),
        label_patterns=(LabelPattern(name="hr", kind="badge", pattern="EMP{person}"),),
    )
    label = classify(Label(LabelKind.TEXT, "EMPP"), master)
    assert (label.kind, label.text) == (LabelKind.UNKNOWN_BADGE, "B-P")


@pytest.mark.parametrize(
    ("kind", "read", "pattern", "said"),
    [
        ("ticket", "text", "WO={order}", "a ticket needs"),
        ("ticket", "text", "WO={order};OP={number};{person}", "a ticket needs"),
        ("ticket", "text", "no part at all", "a ticket needs"),
        ("badge", "text", "E{order}", "a badge needs {person} or {badge}"),
        ("component", "text", "C{any}", "a component has parts of {item} and {lot}"),
        ("ticket", "text", "{ticket}", "any label at all would fit"),
        ("ticket", "text", "{order}{number}", "give {order} a length"),
        ("ticket", "text", "A{any}{ticket}", "give {any} a length"),
        ("ticket", "text", "A{order};{order};{number}", "stands twice"),
        ("ticket", "text", "A{ordre}", "there is no part {ordre}; there are {badge}"),
        ("ticket", "text", "A{ticket", "a brace that is no part's"),
        ("ticket", "text", "A}{ticket}", "a brace that is no part's"),
        ("ticket", "text", "A{ticket:0}", "a length is from 1 to 64"),
        ("ticket", "text", "A{ticket:65}", "a length is from 1 to 64"),
        ("ticket", "text", "A{ticket}" + "-{any}" * 8, "more than 8 parts"),
        ("ticket", "text", "", "the template is empty"),
        ("ticket", "elements", "WO={ticket}", "elements are written as"),
        ("ticket", "elements", "(240)", "the template is empty"),
        ("ticket", "elements", "(240){order}(240){number}", "an element stands twice"),
        ("ticket", "elements", "x(240){ticket}", "elements are written as"),
    ],
)
def test_a_pattern_that_cannot_be_used_says_what_to_mend(kind: str, read: str, pattern: str, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        parsed(pattern, kind, read)


def test_faults_of_patterns_are_named_by_cell() -> None:
    header = "name,kind,read,pattern,symbology,place\n"
    rows = 'a,ticket,,WO={order},,\nb,badge,,E{person},Q1,\nc,door,,"E{person}",,\nd,badge,text,E{person},]Q1,x\n'
    with pytest.raises(MasterFileRefused) as refused:
        read_csv({"label_patterns.csv": header + rows})
    faults = "\n".join(refused.value.faults)
    assert "label_patterns.csv, row 2, column pattern: " in faults and "a ticket needs {number} and {order}" in faults
    for place in ("row 3, column symbology", "row 4, column kind", "row 5, column place"):
        assert f"label_patterns.csv, {place}: " in faults
    with pytest.raises(MasterFileRefused, match=r"label_patterns\[1\], column pattern: .*stands twice"):
        read_toml("[[label_patterns]]\nname='a'\nkind='badge'\npattern='{badge}-{badge}'")


def test_faults_between_patterns_and_the_rest() -> None:
    twice = "work_order = 'W'\nplanned = 1\nnumber = 10\n"
    text = (
        "[[work_orders]]\nid='W'\nquantity=1\n"
        f"[[operations]]\nid='W-1'\nticket='A'\n{twice}[[operations]]\nid='W-2'\nticket='B'\n{twice}"
    )
    assert read_toml(text)
    with pytest.raises(MasterFileRefused, match="order 'W' has 2 operations with number 10, and label pattern 'p'"):
        read_toml(text + "[[label_patterns]]\nname='p'\nkind='ticket'\npattern='{order}/{number}'\n")
    with pytest.raises(MasterFileRefused, match="label pattern 'p' stands 2 times"):
        read_toml("[[label_patterns]]\nname='p'\nkind='badge'\npattern='E{badge}'\n" * 2)
    many = "".join(
        f"[[label_patterns]]\nname='p{n}'\nkind='badge'\npattern='E{{badge}}'\n" for n in range(LABEL_PATTERNS_MAX + 1)
    )
    with pytest.raises(MasterFileRefused, match="more than 64"):
        read_toml(many)


def test_patterns_go_into_every_kind_of_file_and_an_empty_table_into_no_snapshot() -> None:
    master = MasterData(label_patterns=PATTERNS)
    assert read_toml(write_toml(master)).label_patterns == PATTERNS
    assert read_xlsx(write_xlsx(master)).label_patterns == PATTERNS
    assert "label_patterns" not in example_plant().model_dump_json()
    assert MasterData.model_validate_json(master.model_dump_json()) == master


def documented() -> list[tuple[str, str, str, str]]:
    """(kind, read, pattern, label) of each example in docs/labels.md."""
    page = (Path(__file__).parents[2] / "docs" / "labels.md").read_text("utf-8")
    rows = re.findall(r"^\| (badge|ticket|component) \| (text|elements) \| `(.+?)` \| `(.+?)` \|$", page, re.M)
    return [(kind, read, pattern, label) for kind, read, pattern, label in rows]


def test_the_examples_of_the_docs() -> None:
    assert len(documented()) == 7
    for kind, read, pattern, written in documented():
        row = LabelPattern.model_validate({"name": "p", "kind": kind, "read": read, "pattern": pattern})
        master = example_plant().model_copy(update={"label_patterns": (row,)})
        raw = written.replace("<GS>", "\x1d").replace("<RS>", "\x1e").replace("<EOT>", "\x04").encode()
        label = decode(raw)
        assert label is not None
        label = classify(label, master)
        assert label.pattern == "p", written
        assert (label.operation is not None) == (kind == "ticket") and (label.person is not None) == (kind == "badge")
        assert kind != "component" or label.elements == (("item", "AX-1"), ("lot", "LOT7"))


# Properties.

WORDS = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=20)


@given(WORDS, st.integers(0, 999_999_999), WORDS)
def test_what_a_template_writes_it_reads_back(order: str, number: int, rest: str) -> None:
    pattern = parsed("<{order}>[{number}]{any}", "ticket", "text")
    values = {"order": order, "number": str(number)}
    assert matched(pattern, f"<{order}>[{number}]{rest}", ()) == values


@given(st.text(max_size=60), st.sampled_from(["ticket", "badge", "component"]), st.sampled_from(["text", "elements"]))
def test_any_pattern_is_taken_or_refused_in_words(pattern: str, kind: str, read: str) -> None:
    try:
        parsed(pattern, kind, read)
    except ValueError as refused:
        assert str(refused)


@given(st.sampled_from(labels()) | st.binary(max_size=60))
def test_any_bytes_are_classified_or_refused(raw: bytes) -> None:
    try:
        label = decode(raw)
    except LabelRefused:
        return
    if label is not None:
        classified = classify(label, MASTER)
        assert classified.text == label.text or (classified.pattern and len(classified.text) <= 64)


def test_no_label_makes_a_pattern_slow() -> None:
    """The worst that a label and a pattern can be, all 64 of them: far below what a scan may take."""
    worst = tuple(
        LabelPattern(name=f"p{n}", kind="ticket", pattern="{any}A" * 7 + "{ticket}!") for n in range(LABEL_PATTERNS_MAX)
    )
    master = MasterData(label_patterns=worst)
    label = Label(LabelKind.TEXT, "A" * 512)
    classify(label, master)
    began = time.process_time()
    for _ in range(10):
        assert classify(label, master).kind is LabelKind.UNKNOWN
    assert time.process_time() - began < 1


def test_every_part_is_told() -> None:
    with pytest.raises(ValueError, match="there are") as refused:
        parsed("A{x}", "ticket", "text")
    assert all(f"{{{part}}}" in str(refused.value) for part in ALL_PARTS)
