"""Error-proofing: which rules there are, and what the station does about a broken one unless the plant says otherwise.

A start, a sign-in or a component not built in yet has not happened, so it is refused; a finish has, so it is kept and
flagged (I12). Pure.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from floor.master import MasterData

Policy = Literal["refuse", "confirm", "flag"]
"""Refuse: nothing is started or counted, and a `scan.refused` tells it. Confirm: warn, and keep it with the confirm
card. Flag: keep it, and say so."""

Moment = Literal["start", "finish", "use"]
"""A sign-in counts as a start. Use: a component is about to be built in, or a piece to be named by its serial."""

RuleName = Literal[
    "badge_revoked",
    "badge_expired",
    "skill_missing",
    "skill_expired",
    "wrong_station",
    "order_closed",
    "order_held",
    "earlier_short",
    "nothing_left",
    "over_quantity",
    "early",
    "not_started",
    "handover_open",
    "notice_unread",
    "instruction_unread",
    "wrong_material",
    "wrong_lot",
    "lot_missing",
    "serial_repeated",
    "component_missing",
    "serial_missing",
    "counter_rolled",
]

DEFAULTS: Final[dict[tuple[str, Moment], Policy]] = {
    ("badge_revoked", "start"): "refuse",
    ("badge_expired", "start"): "refuse",
    ("skill_missing", "start"): "refuse",
    ("skill_expired", "start"): "refuse",
    ("wrong_station", "start"): "refuse",
    ("order_closed", "start"): "refuse",
    ("order_held", "start"): "refuse",
    ("earlier_short", "start"): "refuse",
    ("nothing_left", "start"): "refuse",
    ("handover_open", "start"): "refuse",
    ("notice_unread", "start"): "refuse",
    ("instruction_unread", "start"): "refuse",
    ("badge_revoked", "finish"): "flag",
    ("badge_expired", "finish"): "flag",
    ("skill_missing", "finish"): "flag",
    ("skill_expired", "finish"): "flag",
    ("wrong_station", "finish"): "flag",
    ("order_closed", "finish"): "flag",
    ("order_held", "finish"): "flag",
    ("earlier_short", "finish"): "flag",
    ("over_quantity", "finish"): "flag",
    ("early", "finish"): "confirm",
    ("not_started", "finish"): "flag",
    ("wrong_material", "use"): "refuse",
    ("wrong_lot", "use"): "refuse",
    ("lot_missing", "use"): "refuse",
    ("serial_repeated", "use"): "refuse",
    ("component_missing", "finish"): "flag",
    ("serial_missing", "finish"): "confirm",
    ("counter_rolled", "finish"): "confirm",
}
"""Every moment a rule is asked at. What a rule cannot know, like an earlier operation out of reach, it only flags."""

READ_BACK: Final = frozenset({"handover_open", "notice_unread", "instruction_unread"})
"""Refused until the key facts are read back: the station asks for them at once."""

UNKNOWN: Final = frozenset(
    {"unknown_operation", "earlier_unknown", "earlier_short_hearsay", "expiry_unknown", "calendar_unknown"}
)
"""Flags of what cannot be judged here and now: no policy refuses for ignorance (I12), nor on hearsay."""


def asked(rules: Iterable[str], moment: Moment) -> tuple[str, ...]:
    """Those of the rules that are asked at this moment, and what cannot be judged at any."""
    return tuple(rule for rule in rules if rule in UNKNOWN or (rule, moment) in DEFAULTS)


def policy_of(master: "MasterData", rule: str, moment: Moment) -> Policy:
    """What the plant wants of this rule at this moment."""
    return master.policies.get((rule, moment)) or DEFAULTS[rule, moment]


def split(master: "MasterData", broken: Iterable[str], moment: Moment) -> dict[Policy, tuple[str, ...]]:
    """The broken rules by what is to be done about them."""
    found: dict[Policy, list[str]] = {"refuse": [], "confirm": [], "flag": []}
    for rule in broken:
        found["flag" if rule in UNKNOWN else policy_of(master, rule, moment)].append(rule)
    return {policy: tuple(rules) for policy, rules in found.items()}
