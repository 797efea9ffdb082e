"""What every page has around its own part: language, account, guards, and the words its template may use."""

import functools
import re
import time
from collections.abc import Callable, Collection
from typing import Any, Final
from urllib.parse import quote

from flask import Response, current_app, g, redirect, render_template, request
from markupsafe import Markup
from werkzeug.exceptions import Forbidden, Unauthorized
from werkzeug.wrappers import Response as BaseResponse

from central.notify.acting import unseen
from central.pages import formats
from central.pages.office import Account, CallLine, GatewayLine
from central.pages.protection import FORM_TOKEN, LANGUAGE_COOKIE, SESSION_COOKIE, cookie, form_token, is_loopback
from central.rights import Action
from central.texts import DEFAULT_LANGUAGE, HTML_LANGUAGE, TEXTS, text, text_or
from floor import texts as floor_texts
from floor.texts import LANGUAGES, Language

OPEN_PAGES: Final = (
    "board",
    "flow",
    "orders",
    "calls",
    "tasks",
    "notices",
    "master",
    "gateways",
    "records",
)
PART_OF: Final = {
    "fleet": "gateways",
    "trace": "orders",
    "problems": "tasks",
    "comments": "tasks",
    "deliveries": "inbox",
    "contacts": "inbox",
}
"""Pages that are reached from another one, which is marked in the bar."""

NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,47}")
"""A gateway's name (sync/wire.py) and a user's name."""

OFFICE: Final = "lineside_office"
"""Where the application keeps the office that its pages ask."""

View = Callable[..., Any]


def language() -> Language:
    """The reader's language: what the page itself is for, their choice, what their browser prefers, else Chinese."""
    chosen = g.get("language") or cookie(LANGUAGE_COOKIE) or request.accept_languages.best_match(LANGUAGES)
    return next((each for each in LANGUAGES if each == chosen), DEFAULT_LANGUAGE)


def account() -> Account | None:
    """Who is signed in."""
    if "account" not in g:
        token = cookie(SESSION_COOKIE)
        office = current_app.extensions[OFFICE]
        g.account = office.account_of(token) if token else None
    found: Account | None = g.account
    return found


def signed_in() -> Account:
    """Who is signed in; Unauthorized where a guard was forgotten."""
    found = account()
    if found is None:
        raise Unauthorized
    return found


class NotAllowed(Forbidden):
    """Somebody may not do this, or not there; the page names who may. `places` as `site/area/line/station`."""

    def __init__(self, action: str, places: Collection[str] = ()) -> None:
        super().__init__()
        self.action, self.places = action, tuple(sorted(places))


def refuse_elsewhere(action: Action, places: Collection[str]) -> None:
    """The one question about a thing that is somewhere: may who is signed in do this to it? Raises NotAllowed."""
    if not signed_in().can_at(action, places):
        raise NotAllowed(action, places)


# The table of central/route_rules.py decides before a page runs (central/admission.py). These say it again beside the
# route, where who writes the page sees it: a slip in one of the two opens nothing.


def readable(view: View) -> View:
    """A page that anybody may read at the machine itself, and who is signed in elsewhere."""

    @functools.wraps(view)
    def guarded(**values: Any) -> Any:
        if account() is None and not is_loopback(request):
            return to_sign_in()
        return view(**values)

    return guarded


def for_accounts(view: View) -> View:
    """A page for whoever is signed in."""

    @functools.wraps(view)
    def guarded(**values: Any) -> Any:
        return to_sign_in() if account() is None else view(**values)

    return guarded


def for_action(action: Action) -> Callable[[View], View]:
    """A page for those who may do something, somewhere at least; 403 for others who are signed in."""

    def guard(view: View) -> View:
        @functools.wraps(view)
        def guarded(**values: Any) -> Any:
            found = account()
            if found is None:
                return to_sign_in()
            if not found.can(action):
                raise NotAllowed(action)
            return view(**values)

        return guarded

    return guard


def to_sign_in() -> BaseResponse:
    """Sends a reader to the sign-in page and back; what a script fetches gets a plain 401."""
    if request.headers.get("Sec-Fetch-Mode", "navigate") != "navigate":
        raise Unauthorized
    back = request.full_path.rstrip("?") if request.method == "GET" else "/board"
    return redirect(f"/sign-in?next={quote(back, safe='/')}", 303)


def render(template: str, status: int = 200, **values: Any) -> Response:
    """A page as a response, with the server's time for its script."""
    now = _now()
    chosen = language()
    words = _words(chosen, now)
    answer = Response(render_template(template, **words, **values), status, mimetype="text/html")
    answer.headers["X-Unseen"] = str(words["unseen"])
    answer.headers["X-Server-Time"] = f"{now:.3f}"
    answer.headers["Content-Language"] = HTML_LANGUAGE[chosen]
    answer.headers["Vary"] = "Cookie, Accept-Language"
    return answer


def _now() -> float:
    """The plant's clock, which everything on the page goes by; the machine's where pages are shown without a plant."""
    found = current_app.extensions.get("lineside")
    return time.time() if found is None else float(found.now())


def _words(chosen: Language, now: float) -> dict[str, Any]:
    other = LANGUAGES[1 - LANGUAGES.index(chosen)]
    who = account()
    pages = (*OPEN_PAGES, "users") if who and who.can(Action.USERS) else OPEN_PAGES
    asked = request.path.split("/")[1].split(".")[0] or "board"
    return {
        "t": functools.partial(text, chosen),
        "t_other": functools.partial(text, other),
        "language": chosen,
        "html_language": HTML_LANGUAGE[chosen],
        "other_language": other,
        "other_html_language": HTML_LANGUAGE[other],
        "day_word": formats.DAY_WORD[chosen],
        "now": now,
        "account": who,
        "unseen": _unseen(who),
        "open_pages": pages,
        "current_page": PART_OF.get(asked, asked),
        "here": request.full_path.rstrip("?") if request.method == "GET" else "/board",
        "form_token_field": _form_token_field,
        "span": functools.partial(formats.span, chosen),
        "ago": functools.partial(formats.ago, chosen),
        "as_of": functools.partial(formats.as_of, now=now),
        "clock": formats.clock,
        "date_clock": formats.date_clock,
        "number": formats.number,
        "visible": formats.visible,
        **_floor_words(chosen),
    }


def _unseen(who: Account | None) -> int:
    """Messages that the reader has not seen, for the mark in the bar; 0 where pages are shown without a plant."""
    found = current_app.extensions.get("lineside")
    if who is None or not who.person or found is None:
        return 0
    with found.database.read() as session:
        return unseen(session, found.database.plant, who.person)


def _floor_words(chosen: Language) -> dict[str, Any]:
    """The words for values of the floor: in the catalogue, in the master data, or as they are."""

    def cause_of(call: CallLine, cause: str = "") -> str:
        wanted = cause or call.cause
        for identity, name, name_en in call.causes:
            if identity == wanted:
                return _named(chosen, name, name_en) or identity
        return text_or(chosen, f"cause.{wanted}", wanted)

    return {
        "name_of": lambda call: _named(chosen, call.name, call.name_en) or call.call_type,
        "cause_of": cause_of,
        "step_word": lambda kind: text_or(chosen, f"step.{kind}", formats.visible(kind)),
        "source_word": lambda source: text_or(chosen, f"source.{source}", formats.visible(source)),
        "gateway_state": gateway_state,
        "fact_word": lambda name: text_or(chosen, f"fact.{name}", formats.visible(name, 40)),
        "event_word": lambda kind: formats.visible(floor_texts.name(floor_texts.EVENT_NAMES, kind, chosen)),
        "flag_word": lambda flag: formats.visible(floor_texts.name(floor_texts.FLAG_NAMES, flag, chosen)),
        "alarm_word": lambda kind: text_or(chosen, f"alarm.{kind}", formats.visible(kind)),
    }


def _named(chosen: str, name: str, name_en: str) -> str:
    return (name_en or name) if chosen == "en" else name


def gateway_state(line: GatewayLine) -> str:
    """online, offline or unseen."""
    if line.last_seen is None:
        return "unseen"
    return "online" if line.online else "offline"


def _form_token_field() -> Markup:
    return Markup('<input type="hidden" name="{}" value="{}">').format(FORM_TOKEN, form_token())


def is_known_text(key: str) -> bool:
    """Whether a key, perhaps from a query, is a text of the catalogue."""
    return key in TEXTS
