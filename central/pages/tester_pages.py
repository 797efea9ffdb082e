"""The tester: scan or type any label and see how a station understands it, and why it refuses one."""

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from central.label_trial import Trial, signs, tried, typed_bytes
from central.pages.frame import for_accounts, language, render
from central.pages.port import Office
from floor import texts as floor_texts
from floor.master import MasterData
from floor.texts import LANGUAGES

TYPED_CHARACTERS_MAX = 4_096
"""More than any label; the field's own bound."""


def add_routes(pages: Blueprint, office: Office) -> None:
    """Registers the page."""

    @pages.get("/codes/tester")
    @for_accounts
    def label_tester() -> BaseResponse:
        published = office.master()
        return redirect("/master", 303) if published is None else _show()

    @pages.post("/codes/tester")
    @for_accounts
    def try_label() -> BaseResponse:
        published = office.master()
        if published is None:
            return redirect("/master", 303)
        return _tried(published.master, request.form.get("label", "")[:TYPED_CHARACTERS_MAX])


def _tried(master: MasterData, typed: str) -> Response:
    as_hex = request.form.get("form") == "hex"
    try:
        raw = typed_bytes(typed, as_hex)
    except ValueError:
        return _show(as_hex=as_hex, no_hex=True, status=422)
    found = tried(raw, master)
    return _show(found, as_hex, empty=found is None)


def _show(
    trial: Trial | None = None, as_hex: bool = False, *, empty: bool = False, no_hex: bool = False, status: int = 200
) -> Response:
    def rejection_word(reason: str) -> str:
        return floor_texts.name(floor_texts.REJECTION_NAMES, reason, language())

    return render(
        "label_tester.html",
        status,
        trial=trial,
        as_hex=as_hex,
        empty=empty,
        no_hex=no_hex,
        typed_max=TYPED_CHARACTERS_MAX,
        rejection_word=rejection_word,
        signs=signs,
        name_of_element=lambda element: element.names[LANGUAGES.index(language())],
    )
