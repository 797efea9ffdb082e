"""The one table of the station: what an input does, by what the station waits for and what the label is.

Pure data. A key is (situation, label, whose, when):

situation  nobody         nobody is signed in and the station waits for nothing
           signed_in      somebody is, and it waits for nothing
           quantity       a number is being given, card by card
           confirm_rule   a broken rule of error-proofing wants its confirm card
           same_piece     after a start: is this the scan that was already kept?
           cause          a call wants its cause card
           choose         pause, resume or set-up wants a ticket
           read_back      key facts of a notice or a hand-over are said back
           counter        the digits of a machine's counter are being given
           handover       whoever hands over has to sign with their badge
           assign         a call that is to be handed over wants a leader's badge
label      what was scanned: see LABELS. `doubtful` is the label whose beep nobody knows of after a start,
           `leader_badge` a leader's while a call here waits to be taken, `own_badge` the current person's,
           `held_badge` that of another whom the station holds, `new_badge` any other.
whose      same: the current person is who was current right after this label was last taken; other: is not, or it
           was never taken
when       inside or outside the double-scan window since this label was last taken

Each value is the name of an action of `gateway/station.py`. `anew` drops what the station waited for and looks again.
"""

from itertools import product
from typing import Final, get_args

from floor.cells import CommandName

SITUATIONS: Final = (
    "nobody",
    "signed_in",
    "quantity",
    "confirm_rule",
    "same_piece",
    "cause",
    "choose",
    "assign",
    "read_back",
    "handover",
    "counter",
)
BADGES: Final = ("own_badge", "held_badge", "new_badge", "leader_badge")
TICKETS: Final = ("ticket", "unknown_ticket")
CARDS: Final[tuple[str, ...]] = get_args(CommandName)
PARTS: Final = ("part", "product", "unknown")
STRANGERS: Final = ("unknown_badge", "unknown_command", "station", *PARTS)
LABELS: Final = (*BADGES, *TICKETS, "doubtful", *CARDS, *STRANGERS)
WHOSE: Final = ("same", "other")
WHEN: Final = ("inside", "outside")

Key = tuple[str, str, str, str]

_SIGNED_IN: Final[dict[str, str]] = {
    "own_badge": "sign_out_badge",
    "held_badge": "sign_in",
    "new_badge": "sign_in",
    "leader_badge": "acknowledge",
    "ticket": "work",
    "unknown_ticket": "work",
    "doubtful": "ask_same",
    "digit": "refuse_digit",
    "good": "enter_good",
    "scrap": "enter_scrap",
    "confirm": "refuse_confirm",
    "cancel": "cancel_call",
    "undo": "undo",
    "pause": "pause",
    "resume": "resume",
    "sign_out": "sign_out_card",
    "same": "refuse_unasked",
    "another": "refuse_unasked",
    "cause": "resolve",
    "call": "raise",
    "handover": "hand_over",
    "partial": "enter_partial",
    "rework": "enter_rework",
    "setup": "set_up",
    "assign": "assign",
    "stop": "stop",
    **dict.fromkeys(STRANGERS, "refuse_label"),
    **dict.fromkeys(PARTS, "scan_part"),
}
"""What each label does when somebody is signed in and nothing is waited for. The other columns say how they differ."""

# Calls go out whatever else is going on, and strangers never disturb what is.
_UNDISTURBED: Final = {
    label: _SIGNED_IN[label]
    for label in ("leader_badge", "cause", "call", "assign", "stop", "doubtful", *STRANGERS, "same", "another")
}
_ANEW: Final = dict.fromkeys(LABELS, "anew")

_FRESH: Final[dict[str, dict[str, str]]] = {
    "nobody": _SIGNED_IN
    | dict.fromkeys(
        (
            *TICKETS,
            "digit",
            "good",
            "scrap",
            "confirm",
            "undo",
            "pause",
            "resume",
            "sign_out",
            "handover",
            "partial",
            "rework",
            "setup",
        ),
        "refuse_nobody",
    )
    | dict.fromkeys(PARTS, "refuse_label"),
    "signed_in": _SIGNED_IN,
    "quantity": _ANEW
    | _UNDISTURBED
    | dict.fromkeys(TICKETS, "finish_entered")
    | {
        "digit": "enter_digit",
        "good": "enter_good",
        "scrap": "enter_scrap",
        "partial": "enter_partial",
        "rework": "enter_rework",
        "confirm": "confirm_entered",
        "cancel": "drop",
    },
    "confirm_rule": _ANEW
    | _UNDISTURBED
    | dict.fromkeys(TICKETS, "ask_rule_again")
    | {"confirm": "confirm_rule", "cancel": "drop", "digit": "refuse_digit"},
    "same_piece": _ANEW
    | _UNDISTURBED
    | {"same": "count_once", "another": "count_again", "confirm": "refuse_confirm", "cancel": "drop"},
    "counter": _ANEW
    | _UNDISTURBED
    | dict.fromkeys(TICKETS, "counter_ticket")
    | {"digit": "counter_digit", "confirm": "counter_done", "cancel": "counter_cancel"},
    "cause": _ANEW | _UNDISTURBED | {"cancel": "drop"},
    "assign": _ANEW | _UNDISTURBED | dict.fromkeys(BADGES, "assign_badge") | {"cancel": "drop"},
    "choose": _ANEW | _UNDISTURBED | dict.fromkeys(TICKETS, "choose") | {"cancel": "drop"},
    "read_back": _ANEW
    | _UNDISTURBED
    | {
        "own_badge": "sign_reading",
        "digit": "read_digit",
        "confirm": "read_confirm",
        "unknown": "read_label",
        "cancel": "drop",
    },
    "handover": _ANEW | _UNDISTURBED | {"own_badge": "sign_handover", "cancel": "drop"},
}

NEVER_TAKEN: Final = frozenset({*STRANGERS, "doubtful"} - {*PARTS})
"""These are decided each time: a stranger is refused again, and a doubtful label is asked about again."""


def _action(situation: str, label: str, whose: str, when: str) -> str:
    if (whose, when) == ("same", "inside") and label not in NEVER_TAKEN:
        return "repeat"
    return _FRESH[situation][label]


TABLE: Final[dict[Key, str]] = {key: _action(*key) for key in product(SITUATIONS, LABELS, WHOSE, WHEN)}
"""Every key there is, with its action."""

# What each action leads to, for the diagram only; actions that stay where they are, are left out.
_LEADS_TO: Final = {
    "sign_in": "signed_in",
    "sign_out_badge": "nobody",
    "sign_out_card": "nobody",
    "enter_good": "quantity",
    "enter_scrap": "quantity",
    "enter_partial": "quantity",
    "enter_rework": "quantity",
    "finish_entered": "signed_in",
    "confirm_entered": "signed_in",
    "confirm_rule": "signed_in",
    "counter_ticket": "signed_in",
    "counter_done": "signed_in",
    "ask_same": "same_piece",
    "count_once": "signed_in",
    "count_again": "signed_in",
    "choose": "signed_in",
    "drop": "signed_in",
    "hand_over": "handover",
    "sign_handover": "nobody",
    "sign_reading": "signed_in",
    "assign_badge": "signed_in",
}


def diagram() -> str:
    """How the station moves between its situations, as a Mermaid state diagram (outside the double-scan window)."""
    lines = ["stateDiagram-v2", "    [*] --> nobody"]
    for situation in SITUATIONS:
        moves: dict[str, list[str]] = {}
        for label in LABELS:
            action = TABLE[situation, label, "other", "outside"]
            target = _LEADS_TO.get(action, situation)
            if target != situation:
                moves.setdefault(f"{target}: {action}", []).append(label)
        lines += [f"    {situation} --> {move} ({', '.join(labels)})" for move, labels in moves.items()]
    lines += [
        "    signed_in --> quantity: finish without a planned quantity (ticket)",
        "    signed_in --> counter: counter to be read (ticket)",
        "    signed_in --> confirm_rule: rule broken (ticket)",
        "    signed_in --> read_back: notice or hand-over not read (ticket)",
        "    signed_in --> choose: which one (setup; pause, resume with several shares)",
        "    signed_in --> assign: nobody here may hand it over (assign)",
        "    signed_in --> cause: call already taken (call, button)",
    ]
    return "\n".join(lines) + "\n"
