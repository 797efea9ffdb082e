"""docs/pages.md: every page of the office with its picture and what it is for, by who works with it.

The same table says what the tests look at and take pictures of (`tests/central/page_pictures.py`).
"""

from dataclasses import dataclass
from typing import Final

from docs.sources.code import page

FOLDER: Final = "screenshots/office"
"""Of the pictures, below docs/."""

READER: Final = "zhao.min"
"""Who looks: a planner who is administrator, too."""

OPERATOR: Final = "li.xiuying"
"""Who may read, and do what is theirs."""

NOBODY: Final = ""
LANGUAGES: Final = ("zh", "en")


@dataclass(frozen=True)
class Shown:
    """A page as somebody sees it. `path` has places of a plant in braces (`tests/central/lived_plant.py`).

    `by`: who looks. `phone`: it stands in the gallery so as well. `fill` (field, value) and `press`: a form that is
    sent to come there.
    """

    name: str
    endpoint: str
    path: str
    words: str
    by: str = READER
    status: int = 200
    phone: bool = False
    fill: tuple[tuple[str, str], ...] = ()
    press: str = ""


EVERYBODY: Final = (
    Shown("board", "board", "/board", "What is made, by whom, and who calls for help; a change shows within a second.",
          phone=True),
    Shown("board-wall", "board", "/board?tv=1", "The same on a screen on the wall; its pages turn by themselves."),
    Shown("flow", "flow", "/flow",
          "Operations by line and state, the oldest first: where work piles up."),
    Shown("flow-departments", "flow", "/flow?by=department", "The same by department."),
    Shown("flow-wall", "flow", "/flow?tv=1", "The flow on the wall, one line at a time."),
    Shown("orders", "orders", "/orders", "Every order with how far it is and when it is due.", phone=True),
    Shown("order", "one_order", "/orders/WO-1009",
          "One order: its flow with the step where it is stuck, what was made each day, calls, photos, records.",
          phone=True),
    Shown("trace-serial", "trace", "/trace?q=AX2-2605",
          "From a serial number to people, machine, lots and revision, and from a lot to products."),
    Shown("trace-lot", "trace", "/trace?q=L-2611-07", "A lot: in which products it went."),
    Shown("records", "records", "/records", "The log, newest first, and how sure each time is."),
    Shown("notices", "notices", "/notices", "Who has read which notice, and which hand-over nobody took yet."),
    Shown("codes-badges", "codes", "/codes", "Badges, tickets and cards to print, as the master data has them."),
    Shown("codes-tickets", "codes", "/codes?sheet=tickets&order=WO-1013", "The traveller of one order."),
    Shown("label-tester", "label_tester", "/codes/tester", "What a station would make of a label, and why.",
          fill=(("label", "T-WO-1013-20"),), press="main form button"),
    Shown("account", "own_account", "/account", "One's own password, PIN and sessions."),
)  # fmt: skip

LEADERS: Final = (
    Shown("calls", "calls", "/calls",
          "Open calls with their time, photos and notes; take one, or close it with a cause.",
          phone=True),
    Shown("call", "one_call", "/calls/{call}",
          "One call: its steps, photos, what ended calls like it before, and who shall have it.", phone=True),
    Shown("call-ended", "one_call", "/calls/{ended_call}",
          "One that is over: save it as a past case, or make a problem."),
    Shown("call-measures", "call_analysis", "/calls/analysis",
          "Which causes, how long until somebody came, and what comes again."),
    Shown("tasks", "tasks", "/tasks?show=all", "Tasks: one owner each, when it is due, how one replies.",
          phone=True),
    Shown("task", "task", "/tasks/{task}", "One task: checklist, answer, comments, files, and who did what when.",
          phone=True),
    Shown("task-print", "print_task", "/tasks/{task}/print", "The same on paper, with its code."),
    Shown("task-new", "new_task", "/tasks/new", "A task by hand."),
    Shown("task-rules", "rules_of_tasks", "/tasks/rules",
          "What makes tasks by itself, and who answers for word of which operation."),
    Shown("comments", "comments", "/comments/order/WO-1013",
          "What was said about something, with @names of people and duties."),
    Shown("problems", "all_problems", "/problems", "Problems: calls that deserve more than a repair."),
    Shown("problem", "problem", "/problems/{problem}",
          "Why five times, eight disciplines, and whether the measures held."),
    Shown("problem-new", "new_problem", "/problems/new", "A problem by hand, or of a call."),
    Shown("phone", "phone", "/phone",
          "Calls on the way: take, close, photo with a note; what is offline waits and is sent once.",
          phone=True),
    Shown("phone-offline", "phone_offline", "/phone/offline", "What the phone shows when it has never been online.",
          by=NOBODY, phone=True),
    Shown("scan", "scan", "/scan?label=T-WO-1009-20", "What a label stands for, by camera or typed.", phone=True),
    Shown("inbox", "show_inbox", "/inbox?show=all", "One's own messages, and the answers they want.", phone=True),
    Shown("message-link", "open_link", "/n/{token}", "Behind the link in a message: the call, and one button.",
          by=NOBODY, phone=True),
    Shown("message-answered", "link_done", "/n/done?what=taken", "After the button.", by=NOBODY, phone=True),
)  # fmt: skip

PLANNERS: Final = (
    Shown("master", "master", "/master",
          "Master data: its tables, the version in force, and who has it."),
    Shown("master-table", "master_table", "/master/work_orders",
          "One table: search, sort, edit, paste from a spreadsheet."),
    Shown("master-row", "master_row", "/master/work_orders/row?key=WO-1012", "One row as a form."),
    Shown("review", "review_draft", "/master/review",
          "A draft before its release: what changes, at which station, and who must know."),
    Shown("versions", "versions", "/master/versions", "Every version, by whom, and the way back."),
    Shown("version", "version", "/master/versions/2", "One version: what it changed."),
    Shown("instructions", "instructions", "/master/instructions", "Work instructions and the files behind them."),
    Shown("where-used", "used_where", "/master/where-used?item=SEAL-22", "In which products and orders an item is."),
    Shown("kit", "kit", "/master/kit", "Which orders lack material."),
    Shown("skills", "skill_matrix", "/master/skill-matrix", "Who may do what, and until when."),
)  # fmt: skip

MESSAGES: Final = (
    Shown("deliveries", "deliveries", "/deliveries", "Every message with its own state and the provider's own words."),
    Shown("delivery", "delivery", "/deliveries/{delivery}", "One message: each step on its way."),
    Shown("message-rules", "rules", "/deliveries/rules", "What happens, who is told, and who next when nobody comes."),
    Shown("message-rule", "rule", "/deliveries/rules/1", "One rule."),
    Shown("contacts", "contacts", "/contacts", "How people are reached."),
    Shown("contact", "contacts_of_person", "/contacts/person?id=P01", "One person's ways, and quiet hours."),
)  # fmt: skip

MAINTAINERS: Final = (
    Shown("gateways", "gateways", "/gateways",
          "Gateways: alive, how far held, what is missing; alarms on top."),
    Shown("gateway", "gateway_page", "/gateways/gw2", "One gateway: its epochs, and each missing range."),
    Shown("gateway-code", "enrol_gateway", "/gateways", "The one-time code and the command for a new gateway.",
          fill=(("name", "gw5"),), press="form[action='/gateways/enrol'] button"),
    Shown("gateway-card", "gateway_card", "/gateways/gw2/card",
          "A gateway's certificate and card: replace a dead one, retire it."),
    Shown("fleet", "fleet", "/fleet", "Every machine: release, health, what waits, disk, temperature, network.",
          phone=True),
    Shown("fleet-wall", "fleet", "/fleet?tv=1", "The same on the wall."),
    Shown("fleet-machine", "fleet_device", "/fleet/gateways/gw2",
          "One machine: what is wrong with it, its update, its settings, a bundle of logs on request."),
    Shown("rollouts", "rollouts", "/fleet/rollouts",
          "A release goes to a canary, then to some, then to all; it stops by itself where one comes back."),
    Shown("fleet-settings", "fleet_settings", "/fleet/settings",
          "Settings for gateways: checked and shown before they are published, and rolled back."),
    Shown("completeness", "gateway_completeness", "/gateways/completeness",
          "The proof that nothing is missing, by gateway."),
)  # fmt: skip

ADMINISTRATORS: Final = (
    Shown("users", "users", "/users", "People who may sign in, and their roles."),
    Shown("user", "one_user", "/users/wang.jianguo", "One of them: roles by line, sessions, PIN."),
    Shown("user-code", "renew_code", "/users", "The one-time code of somebody who signs in for the first time.",
          press="form[action='/users/code'] button"),
    Shown("tokens", "tokens", "/tokens", "Tokens of programs, each with what it opens and until when."),
    Shown("token-once", "make_token", "/tokens", "A new token, told this once.",
          fill=(("name", "mes-board{again}"), ("scope", "read:board")), press="form[action='/tokens/make'] button"),
    Shown("audit", "audit", "/audit",
          "Who changed what, when, from where; linked, so that nothing is taken out unseen."),
)  # fmt: skip

DOORS: Final = (
    Shown("sign-in", "sign_in_page", "/sign-in", "The door.", by=NOBODY, phone=True),
    Shown("sign-in-first", "first_page", "/sign-in/first", "The first time, with a one-time code.", by=NOBODY),
    Shown("sign-in-badge", "badge_page", "/sign-in/badge", "At a shared terminal, with badge and PIN.", by=NOBODY),
    Shown("not-found", "", "/orders/WO-9999", "What is not there.", status=404),
    Shown("not-allowed", "", "/users", "What one's role does not open.", by=OPERATOR, status=403),
)  # fmt: skip

PARTS: Final = (
    ("Everybody", EVERYBODY),
    ("Team leaders and supervisors", LEADERS),
    ("Planners and engineers", PLANNERS),
    ("Who looks after messages", MESSAGES),
    ("Maintainers", MAINTAINERS),
    ("Administrators", ADMINISTRATORS),
    ("At the door", DOORS),
)
GALLERY: Final = tuple(each for _, part in PARTS for each in part)

NO_PAGES: Final = {
    "root": "leads to the board",
    "static": "a file",
    "go_to_provider": "leads to the company's own sign-in",
    "back_from_provider": "leads from there to the board",
    "board_fragment": "part of the board",
    "board_stream": "events for the board's script",
    "calls_fragment": "part of a page",
    "flow_fragment": "part of a page",
    "orders_fragment": "part of a page",
    "order_fragment": "part of a page",
    "inbox_fragment": "part of a page",
    "fleet_fragment": "part of a page",
    "diagnosis_bundle": "a download",
    "codes_pdf": "a download",
    "codes_zpl": "a download",
    "codes_escpos": "a download",
    "records_csv": "a download",
    "download_master": "a download",
    "download_table": "a download",
    "stored_file": "a photo or an instruction",
    "attachment": "a file",
    "service_worker": "for the browser",
    "manifest": "for the browser",
    "touch_icon": "for the browser",
    "phone_file": "for the browser",
    "phone_shell": "the phone page, as the browser keeps it",
    "phone_state": "for the phone's script",
}
"""Routes that answer a GET and are no page that a person opens, and why."""


def pictures(each: Shown) -> list[tuple[str, str, int]]:
    """(file, language, width) of its pictures in the gallery."""
    widths = (("", 1280), ("-phone", 390)) if each.phone else (("", 1280),)
    return [(f"{each.name}{word}-{language}.png", language, width) for word, width in widths for language in LANGUAGES]


def _part(title: str, part: tuple[Shown, ...]) -> str:
    return f"## {title}\n\n" + "\n\n".join(_entry(each) for each in part)


def _entry(each: Shown) -> str:
    shown = " ".join(f"![{name.removesuffix('.png')}]({FOLDER}/{name})" for name, _, _ in pictures(each))
    return f"### `{each.path}`\n\n{each.words}\n\n{shown}"


def pages() -> dict[str, str]:
    """The gallery by its path in the checkout."""
    told = (
        "Every page of the office in Chinese and in English, in a sample plant after two weeks of work. "
        "The tests open each of them in a browser and take these pictures: `scripts/screenshots --office` takes them "
        "anew. What the pages do is told in [the office pages](office-pages.md)."
    )
    return {"docs/pages.md": page("The office in pictures", told, *(_part(*each) for each in PARTS))}
