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
    card_pages,
    code_pages,
    comment_pages,
    contact_pages,
    delivery_pages,
    error_pages,
    file_pages,
    fleet_pages,
    flow_pages,
    gateway_pages,
    inbox_pages,
    instruction_pages,
    link_pages,
    master_pages,
    measure_pages,
    notice_pages,
    oidc_pages,
    one_user_pages,
    order_pages,
    own_account_pages,
    phone_pages,
    problem_pages,
    product_pages,
    record_pages,
    review_pages,
    rule_pages,
    scan_pages,
    table_pages,
    task_card_pages,
    task_pages,
    task_rule_pages,
    tester_pages,
    token_pages,
    trace_pages,
    user_pages,
    version_pages,
)
from central.pages.frame import OFFICE
from central.pages.port import Office
from central.pages.protection import add_headers, refuse_forged_forms

FORM_BYTES_MAX = 64 * 1024
"""Every form but the uploads."""

UPLOADS = {
    "/master/check": master_pages.UPLOAD_BYTES_MAX,
    instruction_pages.UPLOAD_PATH: instruction_pages.UPLOAD_BYTES_MAX,
    comment_pages.COMMENT_PATH: comment_pages.COMMENT_BYTES_MAX,
    task_card_pages.ANSWER_PATH: task_card_pages.ANSWER_BYTES_MAX,
    problem_pages.EDIT_PATH: problem_pages.EDIT_BYTES_MAX,
    **dict.fromkeys(table_pages.PASTE_PATHS, table_pages.PASTE_BYTES_MAX),
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
        if request.path in table_pages.PASTE_PATHS:
            request.max_form_memory_size = table_pages.PASTE_BYTES_MAX
        refuse_forged_forms()

    pages.record_once(lambda state: state.app.extensions.__setitem__(OFFICE, office))
    pages.after_app_request(add_headers)
    for each in (
        account_pages,
        audit_pages,
        badge_pages,
        board_pages,
        call_pages,
        card_pages,
        code_pages,
        comment_pages,
        contact_pages,
        delivery_pages,
        file_pages,
        fleet_pages,
        flow_pages,
        gateway_pages,
        inbox_pages,
        instruction_pages,
        link_pages,
        master_pages,
        measure_pages,
        notice_pages,
        oidc_pages,
        one_user_pages,
        order_pages,
        own_account_pages,
        phone_pages,
        problem_pages,
        product_pages,
        record_pages,
        review_pages,
        rule_pages,
        scan_pages,
        table_pages,
        task_card_pages,
        task_pages,
        task_rule_pages,
        tester_pages,
        token_pages,
        trace_pages,
        user_pages,
        version_pages,
    ):
        each.add_routes(pages, office)
    error_pages.add_routes(pages)
    return pages
