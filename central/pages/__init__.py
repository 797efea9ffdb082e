"""The office pages: the live board, calls, gateways, master data, records, users and sign-in.

`blueprint(office)` holds all of them; the application factory registers it once.
"""

from flask import Blueprint, request

from central.admission import admit
from central.pages import (
    account_pages,
    audit_pages,
    badge_pages,
    board_pages,
    call_pages,
    code_pages,
    error_pages,
    file_pages,
    gateway_pages,
    instruction_pages,
    master_pages,
    measure_pages,
    notice_pages,
    one_user_pages,
    own_account_pages,
    phone_pages,
    record_pages,
    scan_pages,
    tester_pages,
    token_pages,
    user_pages,
)
from central.pages.frame import OFFICE
from central.pages.port import Office
from central.pages.protection import add_headers, refuse_forged_forms

FORM_BYTES_MAX = 64 * 1024
"""Every form but the uploads."""

UPLOADS = {
    "/master/check": master_pages.UPLOAD_BYTES_MAX,
    instruction_pages.UPLOAD_PATH: instruction_pages.UPLOAD_BYTES_MAX,
    phone_pages.ACT_PATH: phone_pages.ACT_BYTES_MAX,
}


def blueprint(office: Office) -> Blueprint:
    """All office pages over one office."""
    pages = Blueprint(
        "pages", __name__, static_folder="../static", static_url_path="/static", template_folder="../templates"
    )

    pages.before_app_request(admit)

    @pages.before_request
    def protect() -> None:
        request.max_content_length = UPLOADS.get(request.path, FORM_BYTES_MAX)
        refuse_forged_forms()

    pages.record_once(lambda state: state.app.extensions.__setitem__(OFFICE, office))
    pages.after_app_request(add_headers)
    for each in (
        account_pages,
        audit_pages,
        badge_pages,
        board_pages,
        call_pages,
        code_pages,
        file_pages,
        gateway_pages,
        instruction_pages,
        master_pages,
        measure_pages,
        notice_pages,
        one_user_pages,
        own_account_pages,
        phone_pages,
        record_pages,
        scan_pages,
        tester_pages,
        token_pages,
        user_pages,
    ):
        each.add_routes(pages, office)
    error_pages.add_routes(pages)
    return pages
