"""The phone page: its shell, which a phone keeps, the state that it shows, and the acts that it sends."""

import functools
import re
from dataclasses import replace
from hashlib import sha256
from typing import Final

from flask import Blueprint, Response, abort, g, jsonify, request

from central.asking import asking_address
from central.context import plant
from central.errors import FilesFull
from central.limits import (
    CALL_NOTE_CHARACTERS_MAX,
    PHONE_ACTS_WAITING_MAX,
    PHONE_PHOTO_BYTES_MAX,
    PHONE_PHOTO_PIXELS_MAX,
)
from central.pages.formats import clock
from central.pages.frame import OPEN_PAGES, for_accounts, for_action, language, render, signed_in
from central.pages.office import Account
from central.pages.phone_state import calls_told
from central.pages.port import Office
from central.pages.protection import HEADERS, form_token
from central.phone.acts import ACTIONS, REFUSALS, Act, Doer, do_once
from central.phone.pictures import bare_jpeg
from central.phone.shell import Shell, media_type, shell, worker_text
from central.projector import catch_up_all
from central.rights import Action
from central.texts import HTML_LANGUAGE, TEXTS, text
from floor.label_texts import shown
from floor.master import MasterData
from floor.texts import LANGUAGES, Language

ACT_PATH: Final = "/phone/act"
ACT_BYTES_MAX: Final = PHONE_PHOTO_BYTES_MAX + 64 * 1024
"""A photo and what the form adds to it."""

KEY: Final = re.compile(r"[0-9a-f]{32}")
CALL: Final = re.compile(r"[0-9a-f]{32}/[1-9][0-9]{0,15}")
GATEWAY: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,47}")
AGE: Final = re.compile(r"[0-9]{1,9}")
ABOUT_CHARACTERS_MAX: Final = 128
"""A cause or an owner."""

CLIENT_REFUSALS: Final = ("role", "photo", "form")
"""What a phone says by itself, from the status of an answer."""

_FOREVER: Final = "public, max-age=31536000, immutable"
_WORKER_POLICY: Final = HEADERS["Content-Security-Policy"] + "; script-src 'self' 'wasm-unsafe-eval'"
_CAMERA_POLICY: Final = HEADERS["Permissions-Policy"].replace("camera=()", "camera=(self)")


def add_routes(pages: Blueprint, office: Office) -> None:
    """Registers the pages."""
    _add_shell(pages)

    @pages.get("/phone")
    @for_accounts
    def phone() -> Response:
        return _page("phone.html")

    @pages.get("/phone/state")
    @for_accounts
    def phone_state() -> Response:
        return _state(office)

    @pages.post(ACT_PATH)
    @for_action(Action.ACKNOWLEDGE)
    def phone_act() -> Response:
        return _act()


def _add_shell(pages: Blueprint) -> None:
    """The same for everybody, and open to everybody: a browser fetches these without saying who is signed in."""

    @pages.get("/sw.js")
    def service_worker() -> Response:
        return Response(worker_text(_shell()), mimetype="text/javascript", headers={"Cache-Control": "no-cache"})

    @pages.get("/manifest.webmanifest")
    def manifest() -> Response:
        return _manifest()

    @pages.get("/icon-180.png")
    def touch_icon() -> Response:
        return Response(_shell().contents["icon-180.png"], mimetype="image/png", headers={"Cache-Control": "no-cache"})

    @pages.get("/phone/files/<version>/<path:name>")
    def phone_file(version: str, name: str) -> Response:
        return _file(version, name)

    @pages.get("/phone/shell")
    def phone_shell() -> Response:
        return _kept_page("phone.html")

    @pages.get("/phone/offline")
    def phone_offline() -> Response:
        return _kept_page("phone_offline.html")


@functools.cache
def _shell() -> Shell:
    """Read once in a process: its files and words are those of the release."""
    return shell(repr((OPEN_PAGES, sorted(TEXTS.items()))))


def shell_address(name: str) -> str:
    """Where a file of the shell is, for pages beside the phone's."""
    return f"/phone/files/{_shell().version}/{name}"


def _file(version: str, name: str) -> Response:
    """A file of this release. Of another one there is none: two releases never meet on one page."""
    found = _shell()
    if version != found.version or name not in found.contents:
        abort(404)
    headers = {"Cache-Control": _FOREVER}
    if name == "decode.js":
        # A worker has the policy of its own file: it alone may compile WebAssembly, no page may.
        headers["Content-Security-Policy"] = _WORKER_POLICY
    return Response(found.contents[name], mimetype=media_type(name), headers=headers)


def _manifest() -> Response:
    chosen, found = _named_language(), _shell()
    files = f"/phone/files/{found.version}"
    icons = [
        {"src": f"{files}/icon-{size}.png", "sizes": f"{size}x{size}", "type": "image/png", "purpose": "any"}
        for size in (192, 512)
    ]
    icons.append({**icons[-1], "src": f"{files}/icon-maskable-512.png", "purpose": "maskable"})
    told = {
        "id": "/phone",
        "name": text(chosen, "phone.app"),
        "short_name": text(chosen, "product"),
        "lang": HTML_LANGUAGE[chosen],
        "start_url": "/phone",
        "scope": "/",
        "display": "standalone",
        "theme_color": "#455a64",
        "background_color": "#f4f6f7",
        "icons": icons,
        "shortcuts": [{"name": text(chosen, "phone.scan"), "url": "/phone#scan"}],
    }
    answer = jsonify(told)
    answer.mimetype = "application/manifest+json"
    return answer


def _kept_page(template: str) -> Response:
    """A page as a phone keeps it: in the language that its address names, of nobody."""
    g.account = None
    g.language = _named_language()
    return _page(template)


def _named_language() -> Language:
    """The one that the address names, else the reader's."""
    wanted = request.args.get("language", "")
    return next((each for each in LANGUAGES if each == wanted), language())


def _page(template: str) -> Response:
    found = _shell()
    answer = render(
        template,
        version=found.version,
        shell_files=f"/phone/files/{found.version}",
        limits={
            "acts": PHONE_ACTS_WAITING_MAX,
            "note": CALL_NOTE_CHARACTERS_MAX,
            "pixels": PHONE_PHOTO_PIXELS_MAX,
            "bytes": PHONE_PHOTO_BYTES_MAX,
        },
        act_kinds=tuple(ACTIONS),
        refusals=(*REFUSALS, *CLIENT_REFUSALS),
    )
    answer.headers["Permissions-Policy"] = _CAMERA_POLICY
    return answer


def _state(office: Office) -> Response:
    here, who = plant(), signed_in()
    now = here.now()
    calls, more = calls_told(office, here, who, language())
    answer = jsonify(
        account=who.name,
        leader=who.can(Action.ACKNOWLEDGE),
        language=language(),
        form_token=form_token(),
        version=_shell().version,
        as_of=now,
        as_of_clock=clock(now),
        calls=calls,
        more=more,
    )
    return answer


def _act() -> Response:
    """200 with {refusal, who}; 422 for what no phone of ours sends, 415 for a photo that is none, 507 without room."""
    here, who = plant(), signed_in()
    act = _asked()
    if act is None:
        return _told(422)
    photo = _photo()
    if photo:
        bare = bare_jpeg(photo) if len(photo) <= PHONE_PHOTO_BYTES_MAX else b""
        if not bare or act.kind != "note":
            return _told(415)
        act = replace(act, sha256=sha256(bare).hexdigest())
        try:
            # First the file, then what names it: a note never names a photo that is not here.
            here.files.keep(bare)
        except FilesFull:
            return _told(507)
    if act.kind == "note" and not act.about and not act.sha256:
        return _told(422)
    catch_up_all(here.database)
    with here.database.write() as session:
        answer = do_once(session, here.database.plant, act, _doer(who), here.now())
    return jsonify(refusal=answer.refusal, who=answer.who)


def _doer(who: Account) -> Doer:
    """Roles hold at their place: what somebody may is asked again when the call, and so its station, is known."""

    def can(action: Action, station: str, master: MasterData) -> bool:
        return who.can(action, master.place_of(station))

    return Doer(who.name, who.person, can, asking_address())


def _asked() -> Act | None:
    """The act that a form tells; None where a field is not as a phone sends it."""
    form = request.form
    told = {name: form.get(name, "") for name in ("key", "kind", "gateway", "call", "age")}
    fits = KEY.fullmatch(told["key"]) and told["kind"] in ACTIONS and GATEWAY.fullmatch(told["gateway"])
    if not (fits and CALL.fullmatch(told["call"]) and AGE.fullmatch(told["age"])):
        return None
    about, bound = form.get("about", ""), ABOUT_CHARACTERS_MAX
    if told["kind"] == "note":
        bound = CALL_NOTE_CHARACTERS_MAX
        # On one line, and without what would move the text beside it.
        about = shown(" ".join(about.split()), bound + 1)
    if len(about) > bound:
        return None
    return Act(told["key"], told["kind"], told["gateway"], told["call"], about, "", float(told["age"]))


def _photo() -> bytes:
    """One byte more than the bound is read, so that the bound is seen to be passed."""
    upload = request.files.get("photo")
    if upload is None:
        return b""
    with upload.stream:
        return upload.stream.read(PHONE_PHOTO_BYTES_MAX + 1)


def _told(status: int) -> Response:
    answer = jsonify(refusal=str(status), who="")
    answer.status_code = status
    return answer
