"""The tables of docs/rights.md: what each role may do, and who may ask each route."""

from central.rights import ALLOWED, PERSONAL_ACTIONS, PLACED_ACTIONS, ROLES, Action
from central.route_rules import ROUTES, Rule
from docs.sources.code import table

WORDS = {
    Action.READ: "read every page but those below",
    Action.OWN_ACCOUNT: "own account: password, PIN, sessions",
    Action.TASKS: "make tasks, work on one's own, comment",
    Action.LEAD_TASKS: "work on other people's tasks",
    Action.PROBLEMS: "make problems of calls, work on problems",
    Action.TASK_RULES: "rules that make tasks, owners of news",
    Action.ACKNOWLEDGE: "take a call",
    Action.ASSIGN: "hand a call over",
    Action.RESOLVE: "resolve a call",
    Action.SAVE_CASE: "save a call as a past case",
    Action.PUBLISH: "change and publish master data",
    Action.RELEASE: "release to the floor",
    Action.NOTIFICATIONS: "set up notifications",
    Action.SIGN_OFF: "sign alarms off",
    Action.ENROL: "enrol and revoke gateways",
    Action.FLEET: "roll out releases, publish settings, fetch diagnosis",
    Action.USERS: "users and their sessions",
    Action.TOKENS: "tokens of machines",
    Action.AUDIT: "read the audit log",
}


def _where(action: Action) -> str:
    """Where a role that is given for a line allows it."""
    if action in PERSONAL_ACTIONS:
        return "everywhere"
    return "there" if action in PLACED_ACTIONS else "nowhere"


def _who(rule: Rule) -> str:
    """Whom a rule lets in, in words."""
    if rule.public:
        return "everybody"
    told = (
        "at the machine itself" if rule.here else "",
        f"`{rule.action}`" if rule.action else "",
        "a gateway's credential" if rule.gateway_token else "",
        f"a token with `{rule.scope}`" if rule.scope else "",
    )
    return ", or ".join(filter(None, told))


def blocks() -> dict[str, str]:
    """What goes between the marks of docs/rights.md."""
    roles = [
        (f"`{action}`", WORDS[action], _where(action), *("yes" if action in ALLOWED[role] else "" for role in ROLES))
        for action in Action
    ]
    routes = [(f"`{endpoint}`", _who(rule)) for endpoint, rule in ROUTES.items()]
    return {
        "roles": table(("action", "what", "a role for a line", *ROLES), roles),
        "routes": table(("endpoint", "who may ask"), routes),
    }
