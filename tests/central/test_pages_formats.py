"""How times, spans and foreign text are written."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.pages import formats
from central.pages.addresses import address_of
from central.pages.board_selection import page_of, pressing_calls, selection_of
from central.pages.gateway_pages import command
from central.pages.master_preview import DRAFT_SECONDS, DRAFTS_MAX, Drafts
from central.pages.office import CallLine, OneTimeCode, OrderLine
from central.pages.protection import safe_path
from central.pages.record_pages import seconds_bound
from floor.example import example_plant
from floor.master import MasterData
from floor.master_changes import TableChange, row_changes, table_changes
from floor.master_tables import tables_of


def test_an_address_has_only_what_is_not_usual() -> None:
    usual = {"show": "open", "page": 1}
    values = {"show": "open", "search": "open", "page": 1, "tv": True, "before": None, "line": ""}
    assert address_of("/board", values, usual) == "/board?search=open&tv=1"
    assert address_of("/board", {"page": 2, "search": "a&b"}, usual) == "/board?page=2&search=a%26b"
    assert address_of("/board", usual, usual) == "/board"


@pytest.mark.parametrize(
    ("seconds", "chinese", "english"),
    [
        (0, "0:00:00", "0:00:00"),
        (-5, "0:00:00", "0:00:00"),
        (4009, "1:06:49", "1:06:49"),
        (90061, "1 天 1:01", "1 d 1:01"),
    ],
)
def test_span(seconds: float, chinese: str, english: str) -> None:
    assert (formats.span("zh", seconds), formats.span("en", seconds)) == (chinese, english)


@pytest.mark.parametrize(
    ("seconds", "english"),
    [(3, "3 s ago"), (119, "119 s ago"), (121, "2 min ago"), (7300, "2 h ago"), (2e5, "2 d ago")],
)
def test_ago(seconds: float, english: str) -> None:
    assert formats.ago("en", seconds) == english


@pytest.mark.parametrize("wall", [math.inf, -math.inf, math.nan, 1e30, -1e30, None])
def test_a_time_that_no_calendar_holds_is_a_dash(wall: float | None) -> None:
    assert formats.clock(wall) == formats.date_clock(wall) == "–"


def test_as_of_has_its_date_when_it_is_old() -> None:
    assert len(formats.as_of(1_790_000_000, 1_790_000_060)) == 8
    assert len(formats.as_of(1_790_000_000, 1_790_100_000)) == 19


@given(st.text(max_size=300))
def test_visible_text_has_no_control_or_direction_characters(raw: str) -> None:
    shown = formats.visible(raw, 50)
    assert len(shown) <= 51
    assert not any(ord(each) < 32 or each in "\x7f\u202e\u2066\u200f\u2028" for each in shown)


@given(st.text(max_size=50))
def test_a_cell_never_begins_like_a_formula(raw: str) -> None:
    made = formats.cell(raw)
    assert made[:1] not in tuple("=+-@\t\r\n＝＋－＠")
    assert made in (raw, "'" + raw)


def test_numbers_stay_numbers_in_a_cell() -> None:
    assert [formats.cell(each) for each in (-3, 2.5, None, True)] == ["-3", "2.5", "", "True"]


@given(st.text(max_size=60))
def test_safe_path_never_leaves_this_host(wanted: str) -> None:
    path = safe_path(wanted)
    assert path.startswith("/") and not path.startswith(("//", "/\\"))


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0.021, "0.1"), (0.1, "0.1"), (9.91, "10.0"), (12.2, "13"), (3600, "3600")]
)
def test_a_bound_is_rounded_up(seconds: float, shown: str) -> None:
    assert seconds_bound(seconds) == shown


def test_command_is_quoted_for_its_shell() -> None:
    code = OneTimeCode("AB-CD", 0.0, ("sha256/aa=",))
    assert command("http://pi.local/", "line-1", code) == (
        "lineside gateway enrol --url http://pi.local --name line-1 --code AB-CD"
    )
    assert command("https://pi.local/", "line-1", code).endswith(" --pin sha256/aa=")
    assert "'a b;rm'" in command("http://h", "a b;rm", code)


def test_pages_of_the_board_cover_every_order_once() -> None:
    orders = [OrderLine(f"WO-{n}") for n in range(45)]
    seen = [each.order for page in (1, 2, 3) for each in page_of(orders, selection_of("all", "", str(page))).orders]
    assert sorted(seen) == sorted(each.order for each in orders)
    assert page_of(orders, selection_of("all", "", "99")).page == 3
    assert page_of([], selection_of("", "", "-1")).pages == 1


def test_calls_nobody_has_taken_come_first_and_stops_before_others() -> None:
    def call(name: str, impact: str, state: str, raised: float) -> CallLine:
        return CallLine("g", name, "t", "t", "", impact, "s", state, raised)

    # In the order of the log; the clock of the old stop's gateway was ahead (I9).
    found = [
        call("old taken stop", "stop", "acknowledged", 1),
        call("slow", "slow", "raised", 2),
        call("old stop", "stop", "raised", 5),
        call("new stop", "stop", "raised", 3),
        call("over", "stop", "resolved", 0),
    ]
    assert [each.call for each in pressing_calls(found)] == ["old stop", "new stop", "slow", "old taken stop"]


def changes(before: MasterData | None, after: MasterData) -> tuple[TableChange, ...]:
    new = tables_of(after)
    return table_changes(row_changes(tables_of(before) if before else {}, new), new)


def test_changes_name_what_is_added_changed_and_removed() -> None:
    before = example_plant()
    first, second, *others = before.people
    after = before.model_copy(
        update={
            "people": (first.model_copy(update={"name": "另一个"}), *others, second.model_copy(update={"id": "P99"}))
        }
    )
    people = changes(before, after)[0]
    assert (people.added, people.changed, people.removed) == (("P99",), (first.id,), (second.id,))
    assert not any(each.added or each.changed or each.removed for each in changes(before, before))
    assert sum(each.total for each in changes(None, before)) == sum(len(each.added) for each in changes(None, before))


def test_drafts_are_for_their_owner_once_and_bounded() -> None:
    now = [0.0]
    drafts = Drafts(lambda: now[0])
    master = example_plant()
    key = drafts.keep(master, 3, "wang")
    assert drafts.take(key, "li") is None
    found = drafts.take(key, "wang")
    assert found is not None and found.base_version == 3
    assert drafts.take(key, "wang") is None
    keys = [drafts.keep(master, 0, f"user-{n}") for n in range(DRAFTS_MAX + 2)]
    assert [drafts.take(each, f"user-{n}") is None for n, each in enumerate(keys)][:3] == [True, True, False]
    late = drafts.keep(master, 0, "wang")
    now[0] = DRAFT_SECONDS + 1
    assert drafts.take(late, "wang") is None
