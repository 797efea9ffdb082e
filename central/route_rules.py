"""Who may ask each route of the server. A route that is not in this table answers nobody (`central/admission.py`).

Pure: values in, values out.
"""

from dataclasses import dataclass
from typing import Final

from central.rights import Action, Scope


@dataclass(frozen=True, slots=True)
class Rule:
    """Whom a route is open to. Each thing named opens it by itself; what is not named does not.

    `here`: a reader at the machine itself. `action`: a person who may do that. `gateway_token`: a gateway's own
    credential, token or certificate. `scope`: a machine's token with that scope.
    """

    public: bool = False
    here: bool = False
    action: Action | None = None
    gateway_token: bool = False
    scope: Scope | None = None


PUBLIC: Final = Rule(public=True)
HERE_OR_SIGNED_IN: Final = Rule(here=True, action=Action.READ)
SIGNED_IN: Final = Rule(action=Action.READ)
OWN: Final = Rule(action=Action.OWN_ACCOUNT)
GATEWAY: Final = Rule(gateway_token=True)


def _readers(scope: Scope) -> Rule:
    return Rule(here=True, action=Action.READ, gateway_token=True, scope=scope)


_INTERFACE: Final = {
    "openapi_document": PUBLIC,
    "health.health": PUBLIC,
    "health.metrics": Rule(here=True, scope=Scope.METRICS),
    # The one-time code is the credential.
    "api.enrol": PUBLIC,
    "api.take_batch": GATEWAY,
    "api.snapshot": GATEWAY,
    "api.facts": GATEWAY,
    "credential_api.standing": GATEWAY,
    "credential_api.certificate": GATEWAY,
    "files.held_part": GATEWAY,
    "files.take_piece": GATEWAY,
    "files.missing_files": GATEWAY,
    "files.file": GATEWAY,
    "read_api.board": _readers(Scope.READ_BOARD),
    "read_api.records": _readers(Scope.READ_RECORDS),
    "read_api.completeness_told": _readers(Scope.READ_RECORDS),
    "notify_api.deliveries": Rule(here=True, action=Action.NOTIFICATIONS, scope=Scope.READ_RECORDS),
    "audit_api.acts": Rule(action=Action.AUDIT, scope=Scope.READ_AUDIT),
}

_DOORS: Final = {
    "pages.static": PUBLIC,
    "pages.sign_in_page": PUBLIC,
    "pages.sign_in": PUBLIC,
    "pages.first_page": PUBLIC,
    "pages.first_sign_in": PUBLIC,
    "pages.badge_page": PUBLIC,
    "pages.badge_sign_in": PUBLIC,
    # The provider's word, checked, is the credential.
    "pages.go_to_provider": PUBLIC,
    "pages.back_from_provider": PUBLIC,
    "pages.sign_out": PUBLIC,
    "pages.choose_language": PUBLIC,
    "pages.own_account": OWN,
    "pages.change_password": OWN,
    "pages.set_pin": OWN,
    "pages.end_own_session": OWN,
    "pages.end_other_sessions": OWN,
}

_PLANT: Final = {
    "pages.root": HERE_OR_SIGNED_IN,
    "pages.board": HERE_OR_SIGNED_IN,
    "pages.board_fragment": HERE_OR_SIGNED_IN,
    "pages.board_stream": HERE_OR_SIGNED_IN,
    "pages.calls": SIGNED_IN,
    "pages.calls_fragment": SIGNED_IN,
    "pages.one_call": SIGNED_IN,
    "pages.call_analysis": SIGNED_IN,
    "pages.save_case": Rule(action=Action.SAVE_CASE),
    "pages.acknowledge_call": Rule(action=Action.ACKNOWLEDGE),
    "pages.assign_call": Rule(action=Action.ASSIGN),
    "pages.resolve_call": Rule(action=Action.RESOLVE),
    "pages.codes": SIGNED_IN,
    "pages.codes_pdf": SIGNED_IN,
    "pages.codes_zpl": SIGNED_IN,
    "pages.codes_escpos": SIGNED_IN,
    "pages.label_tester": SIGNED_IN,
    "pages.try_label": SIGNED_IN,
    "pages.stored_file": SIGNED_IN,
    "pages.notices": SIGNED_IN,
    "pages.records": SIGNED_IN,
    "pages.records_csv": SIGNED_IN,
    "pages.master": SIGNED_IN,
    "pages.download_master": SIGNED_IN,
    "pages.instructions": SIGNED_IN,
    "pages.check_master": Rule(action=Action.PUBLISH),
    "pages.apply_master": Rule(action=Action.PUBLISH),
    "pages.add_instruction": Rule(action=Action.PUBLISH),
    "pages.remove_instruction": Rule(action=Action.PUBLISH),
    "pages.gateways": SIGNED_IN,
    "pages.gateway_page": SIGNED_IN,
    "pages.gateway_completeness": SIGNED_IN,
    "pages.enrol_gateway": Rule(action=Action.ENROL),
    "pages.revoke_gateway": Rule(action=Action.ENROL),
    "pages.gateway_card": Rule(action=Action.ENROL),
    "pages.replace_gateway": Rule(action=Action.ENROL),
    "pages.retire_gateway": Rule(action=Action.ENROL),
    "pages.sign_off_alarm": Rule(action=Action.SIGN_OFF),
}

_FLEET: Final = {
    "fleet_api.report": GATEWAY,
    "fleet_api.bundle": GATEWAY,
    "fleet_api.put_diagnosis": GATEWAY,
    "fleet_api.fleet_told": _readers(Scope.READ_BOARD),
    "pages.fleet": SIGNED_IN,
    "pages.fleet_fragment": SIGNED_IN,
    "pages.fleet_device": SIGNED_IN,
    "pages.rollouts": SIGNED_IN,
    "pages.fleet_settings": SIGNED_IN,
    "pages.start_rollout": Rule(action=Action.FLEET),
    "pages.act_on_rollout": Rule(action=Action.FLEET),
    "pages.drop_release": Rule(action=Action.FLEET),
    "pages.preview_settings": Rule(action=Action.FLEET),
    "pages.publish_settings": Rule(action=Action.FLEET),
    "pages.roll_settings_back": Rule(action=Action.FLEET),
    "pages.ask_diagnosis": Rule(action=Action.FLEET),
    "pages.diagnosis_bundle": Rule(action=Action.FLEET),
}

_ORDERS: Final = {
    "order_api.order": _readers(Scope.READ_BOARD),
    "order_api.trace": _readers(Scope.READ_RECORDS),
    "pages.flow": HERE_OR_SIGNED_IN,
    "pages.flow_fragment": HERE_OR_SIGNED_IN,
    "pages.orders": SIGNED_IN,
    "pages.orders_fragment": SIGNED_IN,
    "pages.one_order": SIGNED_IN,
    "pages.order_fragment": SIGNED_IN,
    "pages.trace": SIGNED_IN,
}

_MASTER: Final = {
    "master_api.master": Rule(action=Action.READ, scope=Scope.WRITE_MASTER),
    "master_api.table_rows": Rule(action=Action.READ, scope=Scope.WRITE_MASTER),
    "master_api.check": Rule(action=Action.PUBLISH, scope=Scope.WRITE_MASTER),
    "master_api.put_master": Rule(action=Action.PUBLISH, scope=Scope.WRITE_MASTER),
    "pages.used_where": SIGNED_IN,
    "pages.kit": SIGNED_IN,
    "pages.skill_matrix": SIGNED_IN,
    "pages.master_table": SIGNED_IN,
    "pages.download_table": SIGNED_IN,
    "pages.master_row": SIGNED_IN,
    "pages.save_row": Rule(action=Action.PUBLISH),
    "pages.delete_row": Rule(action=Action.PUBLISH),
    "pages.restore_row": Rule(action=Action.PUBLISH),
    "pages.paste_rows": Rule(action=Action.PUBLISH),
    "pages.route_order": Rule(action=Action.PUBLISH),
    "pages.review_draft": Rule(action=Action.RELEASE),
    "pages.undo_row": Rule(action=Action.RELEASE),
    "pages.settle_clashes": Rule(action=Action.RELEASE),
    "pages.discard_draft": Rule(action=Action.RELEASE),
    "pages.release_draft": Rule(action=Action.RELEASE),
    "pages.versions": SIGNED_IN,
    "pages.version": SIGNED_IN,
    "pages.restore_version": Rule(action=Action.RELEASE),
}

_TASKS: Final = {
    "task_api.tasks": _readers(Scope.READ_BOARD),
    "pages.tasks": SIGNED_IN,
    "pages.task": SIGNED_IN,
    "pages.print_task": SIGNED_IN,
    "pages.new_task": Rule(action=Action.TASKS),
    "pages.make_new_task": Rule(action=Action.TASKS),
    # Whose task it is decides the page.
    "pages.answer_task": Rule(action=Action.TASKS),
    "pages.act_on_task": Rule(action=Action.TASKS),
    "pages.assign_task": Rule(action=Action.TASKS),
    "pages.edit_task": Rule(action=Action.TASKS),
    "pages.tick": Rule(action=Action.TASKS),
    "pages.comments": SIGNED_IN,
    "pages.comment": Rule(action=Action.TASKS),
    "pages.attachment": SIGNED_IN,
    "pages.rules_of_tasks": SIGNED_IN,
    "pages.add_rule": Rule(action=Action.TASK_RULES),
    "pages.add_usual_rules": Rule(action=Action.TASK_RULES),
    "pages.enable_rule": Rule(action=Action.TASK_RULES),
    "pages.remove_rule": Rule(action=Action.TASK_RULES),
    "pages.name_owner": Rule(action=Action.TASK_RULES),
    "pages.forget_owner": Rule(action=Action.TASK_RULES),
    "pages.all_problems": SIGNED_IN,
    "pages.problem": SIGNED_IN,
    "pages.new_problem": Rule(action=Action.PROBLEMS),
    "pages.make_new_problem": Rule(action=Action.PROBLEMS),
    "pages.add_call_to_problem": Rule(action=Action.PROBLEMS),
    "pages.edit_problem": Rule(action=Action.PROBLEMS),
    "pages.act_on_problem": Rule(action=Action.PROBLEMS),
}

_MESSAGES: Final = {
    "pages.show_inbox": OWN,
    "pages.inbox_fragment": OWN,
    "pages.mark_seen": OWN,
    "pages.acknowledge": OWN,
    "pages.add_push": OWN,
    "pages.delete_push": OWN,
    # One's own, or anybody's for who looks after messages: the page asks.
    "pages.contacts_of_person": OWN,
    "pages.keep_contact": OWN,
    "pages.delete_contact": OWN,
    "pages.contacts": Rule(action=Action.NOTIFICATIONS),
    "pages.deliveries": Rule(action=Action.NOTIFICATIONS),
    "pages.delivery": Rule(action=Action.NOTIFICATIONS),
    "pages.rules": Rule(action=Action.NOTIFICATIONS),
    "pages.rule": Rule(action=Action.NOTIFICATIONS),
    "pages.keep_rule": Rule(action=Action.NOTIFICATIONS),
    "pages.delete_rule": Rule(action=Action.NOTIFICATIONS),
    # The signed token of the message is the credential.
    "pages.open_link": PUBLIC,
    "pages.answer_link": PUBLIC,
    "pages.link_done": PUBLIC,
}

_PHONE: Final = {
    # The same for everybody: a browser fetches them without saying who asks.
    "pages.service_worker": PUBLIC,
    "pages.manifest": PUBLIC,
    "pages.touch_icon": PUBLIC,
    "pages.phone_file": PUBLIC,
    "pages.phone_shell": PUBLIC,
    "pages.phone_offline": PUBLIC,
    "pages.phone": SIGNED_IN,
    "pages.phone_state": SIGNED_IN,
    "pages.scan": SIGNED_IN,
    # What the act itself asks for, and where, is judged when its call is known (central/phone/acts.py).
    "pages.phone_act": Rule(action=Action.ACKNOWLEDGE),
}

_ADMINISTRATION: Final = {
    "pages.users": Rule(action=Action.USERS),
    "pages.add_user": Rule(action=Action.USERS),
    "pages.renew_code": Rule(action=Action.USERS),
    "pages.disable_user": Rule(action=Action.USERS),
    "pages.enable_user": Rule(action=Action.USERS),
    "pages.one_user": Rule(action=Action.USERS),
    "pages.change_user": Rule(action=Action.USERS),
    "pages.end_user_sessions": Rule(action=Action.USERS),
    "pages.drop_user_pin": Rule(action=Action.USERS),
    "pages.tokens": Rule(action=Action.TOKENS),
    "pages.make_token": Rule(action=Action.TOKENS),
    "pages.revoke_token": Rule(action=Action.TOKENS),
    "pages.audit": Rule(action=Action.AUDIT),
}

ROUTES: Final[dict[str, Rule]] = {
    **_INTERFACE,
    **_DOORS,
    **_PLANT,
    **_FLEET,
    **_ORDERS,
    **_MASTER,
    **_TASKS,
    **_MESSAGES,
    **_PHONE,
    **_ADMINISTRATION,
}
"""endpoint -> rule."""

SCOPES: Final = tuple(scope for scope in Scope if any(rule.scope is scope for rule in ROUTES.values()))
"""The scopes that open something, which are those that a token may be given."""
