"""Tasks: the table of states, one owner and their deputy, guards against two hands, history, mentions."""

import json
from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from sqlalchemy import select

from central import tasks
from central.comments import add_comment, safe_name, thread
from central.database import Database
from central.duties import Mention, meant_by, mentions
from central.errors import ChangedMeanwhile, CommentRefused, TaskRefused
from central.history import SERVER, Actor, events_of, folded
from central.limits import CHECKLIST_ITEMS_MAX, COMMENTS_PER_SUBJECT_MAX, TASK_TITLE_CHARACTERS_MAX
from central.task_lists import Selection, lanes, selected
from central.task_states import TABLE, TaskAction, TaskState, after, allowed, diagram
from central.task_tables import CommentRow, TaskEvent, TaskRow
from central.tasks import Wanted, make_task
from floor.duty import Deputy
from tests.central.task_plant import BUYER, DAY, DEPUTY, LI, NOW, OWNER, WANG, publish_master, task_master

S, A = TaskState, TaskAction
EXPECTED = {
    S.OPEN: {A.ACCEPT: S.ACCEPTED, A.WAIT: S.WAITING, A.REPLY: S.REPLIED, A.FINISH: S.DONE, A.ASSIGN: S.OPEN,
             A.CANCEL: S.CANCELLED},
    S.ACCEPTED: {A.WAIT: S.WAITING, A.REPLY: S.REPLIED, A.FINISH: S.DONE, A.ASSIGN: S.OPEN, A.CANCEL: S.CANCELLED},
    S.WAITING: {A.ACCEPT: S.ACCEPTED, A.REPLY: S.REPLIED, A.FINISH: S.DONE, A.ASSIGN: S.OPEN, A.CANCEL: S.CANCELLED},
    S.REPLIED: {A.CONFIRM: S.DONE, A.RETURN: S.ACCEPTED, A.CANCEL: S.CANCELLED},
    S.DONE: {A.REOPEN: S.OPEN},
    S.CANCELLED: {A.REOPEN: S.OPEN},
}  # fmt: skip


@pytest.mark.parametrize(("state", "action"), list(product(S, A)))
def test_what_may_follow_what(state: TaskState, action: TaskAction) -> None:
    follows = EXPECTED[state].get(action)
    assert allowed(state, action) == (follows is not None)
    if follows is None:
        with pytest.raises(TaskRefused):
            after(state, action)
    else:
        assert after(state, action) is follows


def test_the_diagram_is_the_table() -> None:
    drawn = diagram()
    assert all(f"    {state} --> {follows}: {action}\n" in drawn for (state, action), follows in TABLE.items())


def made(database: Database, **changes: Any) -> int:
    """A task that somebody makes by hand."""
    usual: dict[str, Any] = {"title": "换刀片", "owner": OWNER, "due": NOW + DAY}
    with database.write() as session:
        number = make_task(session, database.plant, Wanted(**(usual | changes)), WANG, NOW)
    assert number is not None
    return number


def row_of(database: Database, number: int) -> TaskRow:
    with database.read() as session:
        row = tasks.task_of(session, database.plant, number)
    assert row is not None
    return row


def do(
    database: Database, number: int, action: TaskAction, by: Actor = WANG, note: str = "why", seen: int = -1
) -> None:
    with database.write() as session:
        row = tasks.task_of(session, database.plant, number)
        assert row is not None
        tasks.act(session, row, action, by, NOW, row.edition if seen < 0 else seen, note)


def give(database: Database, number: int, reply: str, by: Actor = WANG) -> None:
    with database.write() as session:
        row = tasks.task_of(session, database.plant, number)
        assert row is not None
        tasks.answer(session, row, reply, by, NOW, row.edition)


def kinds(database: Database, subject: str) -> list[str]:
    with database.read() as session:
        return [each.kind for each in reversed(events_of(session, database.plant, subject))]


# Owners


def test_a_task_has_one_owner_of_the_master_data(database: Database) -> None:
    publish_master(database)
    row = row_of(database, made(database))
    assert (row.owner, row.acting, row.state) == (OWNER, OWNER, "open")
    for nobody in ("", "P-none", "采购值班"):
        with pytest.raises(TaskRefused):
            made(database, owner=nobody)


def test_whoever_is_away_is_stood_in_for_and_both_are_shown(database: Database) -> None:
    publish_master(database, task_master(away=(OWNER,)))
    row = row_of(database, made(database))
    assert (row.owner, row.acting) == (OWNER, DEPUTY)
    with database.read() as session:
        mine = selected(session, database.plant, Selection("mine"), DEPUTY, "li", NOW)
        theirs = selected(session, database.plant, Selection("mine"), OWNER, "wang", NOW)
        others = selected(session, database.plant, Selection("mine"), BUYER, "zhao", NOW)
    assert [mine[1], theirs[1], others[1]] == [1, 1, 0]


def test_another_owner_has_not_accepted_yet_and_the_change_is_kept(database: Database) -> None:
    publish_master(database)
    number = made(database)
    do(database, number, A.ACCEPT)
    with database.write() as session:
        row = tasks.task_of(session, database.plant, number)
        assert row is not None
        tasks.assign(session, row, BUYER, LI, NOW, row.edition)
        with pytest.raises(TaskRefused):
            tasks.assign(session, row, "nobody", LI, NOW, row.edition)
    row = row_of(database, number)
    assert (row.owner, row.acting, row.state) == (BUYER, BUYER, "open")
    with database.read() as session:
        told, changed, *_ = events_of(session, database.plant, f"task/{number}")
    assert (changed.kind, changed.note, changed.account, changed.person) == (
        "assign",
        f"{OWNER} → {BUYER}",
        "li",
        DEPUTY,
    )
    assert (changed.device, changed.address) == ("Edge · Windows", "192.0.2.8")
    assert told.kind == "task.assigned" and json.loads(told.note)["people"] == [BUYER]


# Answers


@pytest.mark.parametrize(
    ("way", "good", "bad"),
    [
        ("done", ["", "完成"], ["x" * 501]),
        ("text", ["换好了"], ["", "  "]),
        ("number", ["3", "-0.5", "1,5", "+2"], ["", "nan", "三", "1e5", "٣", "--1", "."]),
        ("yes_no", ["yes", "no"], ["", "maybe"]),
        ("photo", [], ["", "a text"]),
    ],
)
def test_an_answer_is_given_in_the_way_that_was_asked_for(
    database: Database, way: str, good: list[str], bad: list[str]
) -> None:
    publish_master(database)
    for reply in bad:
        with pytest.raises(TaskRefused):
            give(database, made(database, reply_way=way), reply)
    for reply in good:
        number = made(database, reply_way=way)
        give(database, number, reply)
        row = row_of(database, number)
        assert (row.state, row.reply, row.done_at) == ("done", reply, NOW)


def test_an_answer_is_confirmed_by_somebody_else(database: Database) -> None:
    publish_master(database)
    number = made(database, confirm=True)
    give(database, number, "好了")
    assert row_of(database, number).state == "replied"
    with pytest.raises(TaskRefused, match="somebody else"):
        do(database, number, A.CONFIRM, WANG)
    do(database, number, A.RETURN, LI, "再看一次")
    give(database, number, "看过了")
    do(database, number, A.CONFIRM, LI)
    assert row_of(database, number).state == "done"


def test_what_needs_a_reason_is_not_done_without_one(database: Database) -> None:
    publish_master(database)
    number = made(database)
    for action in (A.WAIT, A.CANCEL):
        with pytest.raises(TaskRefused):
            do(database, number, action, note=" ")
    for action in (A.ASSIGN, A.FINISH, A.REPLY):
        with pytest.raises(TaskRefused):
            do(database, number, action)


def test_a_checklist_is_done_before_the_answer_and_two_people_may_tick(database: Database) -> None:
    publish_master(database)
    number = made(database, checklist=("断电", " 挂牌 ", ""))
    assert tasks.checklist_of(row_of(database, number)) == [("断电", False), ("挂牌", False)]
    with pytest.raises(TaskRefused, match="checklist"):
        give(database, number, "")
    with database.write() as session:
        row = tasks.task_of(session, database.plant, number)
        assert row is not None
        tasks.tick(session, row, 0, "断电", True, WANG, NOW)
        tasks.tick(session, row, 1, "挂牌", True, LI, NOW)
        tasks.tick(session, row, 1, "挂牌", True, LI, NOW)
        for item, text in ((2, "挂牌"), (0, "挂牌"), (-1, "挂牌")):
            with pytest.raises(ChangedMeanwhile):
                tasks.tick(session, row, item, text, False, LI, NOW)
    give(database, number, "")
    assert kinds(database, f"task/{number}").count("tick") == 2


# Two hands, one card


def test_the_second_of_two_people_is_told_who_was_first(database: Database) -> None:
    publish_master(database)
    number = made(database)
    seen = row_of(database, number).edition
    do(database, number, A.ACCEPT, LI, seen=seen)
    with pytest.raises(ChangedMeanwhile, match=DEPUTY):
        do(database, number, A.WAIT, WANG, seen=seen)
    wanted = Wanted("another", OWNER)
    with database.write() as session:
        row = tasks.task_of(session, database.plant, number)
        assert row is not None
        with pytest.raises(ChangedMeanwhile):
            tasks.edit(session, row, wanted, WANG, NOW, seen)
        tasks.edit(session, row, replace(wanted, due=NOW + 5), WANG, NOW, row.edition)
    assert (row_of(database, number).title, row_of(database, number).due) == ("another", NOW + 5)


def test_the_row_is_the_sum_of_its_events(database: Database) -> None:
    publish_master(database)
    number = made(database, checklist=("a", "b"), confirm=True)
    do(database, number, A.ACCEPT)
    do(database, number, A.WAIT)
    with database.write() as session:
        row = tasks.task_of(session, database.plant, number)
        assert row is not None
        for item, text in enumerate(("a", "b")):
            tasks.tick(session, row, item, text, True, WANG, NOW)
    give(database, number, "x")
    do(database, number, A.CONFIRM, LI)
    do(database, number, A.REOPEN)
    row = row_of(database, number)
    with database.read() as session:
        events = list(reversed(events_of(session, database.plant, f"task/{number}")))
    assert [each.number for each in events] == list(range(1, len(events) + 1))
    left = folded(events)
    assert left == {name: getattr(row, name) for name in left}
    assert set(left) | {"plant", "number", "edition", "changed_at"} == {each.name for each in TaskRow.__table__.columns}


def test_what_one_key_stands_for_is_made_once(database: Database) -> None:
    publish_master(database)
    with database.write() as session:
        wanted = Wanted("once", OWNER)
        numbers = [make_task(session, database.plant, wanted, SERVER, NOW, "rule", "key") for _ in range(3)]
    assert numbers == [1, None, None]


@pytest.mark.parametrize(
    "wrong",
    [
        {"title": " "},
        {"title": "x" * (TASK_TITLE_CHARACTERS_MAX + 1)},
        {"text": "x" * 2_001},
        {"checklist": ("x",) * (CHECKLIST_ITEMS_MAX + 1)},
        {"checklist": ("x" * 121,)},
        {"reply_way": "song"},
        {"priority": 9},
    ],
)
def test_what_is_over_a_bound_is_refused(database: Database, wrong: dict[str, Any]) -> None:
    publish_master(database)
    with pytest.raises(TaskRefused):
        made(database, **wrong)
    with database.read() as session:
        assert session.scalars(select(TaskEvent)).all() == []


def test_lanes_count_and_name_what_is_late(database: Database) -> None:
    publish_master(database)
    for due in (NOW - 5, NOW + 5, None):
        made(database, due=due, department="MACH")
    made(database, owner=BUYER, due=None, title="50% 的_料")
    with database.read() as session:
        found = lanes(session, database.plant, Selection(by="department"), "", "", NOW)
        assert [(each.key, each.count, each.overdue) for each in found] == [("MACH", 3, 1), ("", 1, 0)]
        assert [each.due for each in found[0].rows] == [NOW - 5, NOW + 5, None]
        by_owner = lanes(session, database.plant, Selection(by="owner"), "", "", NOW)
        assert {each.key: each.count for each in by_owner} == {OWNER: 3, BUYER: 1}
        for search, count in (("50%", 1), ("%", 1), ("_", 1), ("#4", 1), ("刀", 3), ("'", 0)):
            assert selected(session, database.plant, Selection(search=search), "", "", NOW)[1] == count, search
        assert selected(session, database.plant, Selection("overdue"), "", "", NOW)[1] == 1
        assert selected(session, database.plant, Selection(department="-"), "", "", NOW)[1] == 1


# Mentions


def test_an_at_means_a_person_by_name_or_id_or_who_is_on_duty() -> None:
    master = task_master()
    name = master.person_by_id[OWNER].name
    text = f"@{name}请看，@采购值班 和 @{BUYER}x @{DEPUTY.lower()} mail@example @夜班电工!"
    found = mentions(master, text, NOW)
    assert [(text[each.start : each.end], each.person) for each in found] == [
        (f"@{name}", OWNER),
        ("@采购值班", BUYER),
        (f"@{DEPUTY.lower()}", DEPUTY),
        ("@夜班电工", ""),
    ]
    assert mentions(master, "@", NOW) == () and mentions(master, "@@@", NOW) == ()


def test_a_duty_means_the_deputy_of_who_is_away_and_two_of_a_name_are_both_meant() -> None:
    plain = task_master()
    twin = plain.person_by_id[BUYER].model_copy(update={"id": "P-twin", "badge": "B-TWIN"})
    deputies = (*plain.deputies, Deputy(person=BUYER, deputy=OWNER))
    away = task_master(away=(BUYER,)).with_tables(deputies=deputies, people=(*plain.people, twin))
    assert [each.person for each in mentions(away, "@采购值班", NOW)] == [OWNER]
    assert {each.person for each in mentions(away, f"@{twin.name}", NOW)} == {BUYER, "P-twin"}
    assert meant_by(away, "duty:采购值班", NOW) == OWNER
    assert meant_by(away, "department:MACH", NOW) == OWNER
    assert [meant_by(away, each, NOW) for each in ("duty:x", "department:x", "person:x", "", "x:y")] == [""] * 5
    assert Mention(0, 5, OWNER) in mentions(away, "@采购值班@", NOW)


def test_a_comment_tells_whom_it_calls_and_shows_their_names(database: Database) -> None:
    master = publish_master(database)
    number = made(database)
    with database.write() as session:
        add_comment(session, database.plant, "task", str(number), "请 @采购值班 看\n@夜班电工", WANG, NOW)
        (said,) = thread(session, database.plant, "task", str(number))
    name = master.person_by_id[BUYER].name
    assert said.pieces == (("请 ", None), ("@采购值班", name), (" 看\n", None), ("@夜班电工", ""))
    with database.read() as session:
        told = events_of(session, database.plant, f"task/{number}")[0]
    assert told.kind == "task.mentioned"
    assert json.loads(told.note) == {
        "people": [BUYER],
        "title": "请 @采购值班 看\n@夜班电工",
        "path": f"/tasks/{number}",
        "comment": 1,
    }


def test_comments_have_bounds(database: Database) -> None:
    publish_master(database)
    with database.write() as session:
        for text in ("", "  ", "x" * 2_001):
            with pytest.raises(CommentRefused):
                add_comment(session, database.plant, "task", "1", text, WANG, NOW)
        rows = [
            CommentRow(plant=database.plant, number=at, kind="task", subject="1", at=NOW, account="a", person="",
                       device="", address="", text="x", mentions="[]")
            for at in range(1, COMMENTS_PER_SUBJECT_MAX + 1)
        ]  # fmt: skip
        session.add_all(rows)
        with pytest.raises(CommentRefused, match="room"):
            add_comment(session, database.plant, "task", "1", "one more", WANG, NOW)
        assert add_comment(session, database.plant, "task", "2", "elsewhere", WANG, NOW)


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("照片 1.jpg", "照片_1.pdf"),
        ("../../etc/passwd", "passwd.pdf"),
        ("C:\\temp\\a.exe", "a.pdf"),
        ("a\r\nSet-Cookie: x.html", "a_Set-Cookie_x.pdf"),
        ("\u202egpj.exe", "gpj.pdf"),
        ("", "file.pdf"),
        ("....", "file.pdf"),
        ('"><script>.pdf', "script.pdf"),
        ("x" * 300, "x" * 80 + ".pdf"),
    ],
)
def test_names_of_files_become_safe(name: str, safe: str) -> None:
    assert safe_name(name, "application/pdf") == safe
