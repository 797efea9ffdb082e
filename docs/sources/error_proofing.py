"""The table of error-proofing rules in docs/station-rules.md."""

from docs.sources.code import table
from floor.error_proofing import DEFAULTS
from floor.texts import FLAG_NAMES

WORDS = {"refuse": "refused", "confirm": "asks for the confirm card", "flag": "kept, flagged"}


def blocks() -> dict[str, str]:
    """What goes between the marks of docs/station-rules.md."""
    rows = []
    for rule in dict.fromkeys(rule for rule, _ in DEFAULTS):
        chinese, english = FLAG_NAMES[rule]
        usual = [DEFAULTS.get((rule, moment)) for moment in ("start", "finish", "use")]
        rows.append((f"`{rule}`", f"{english} · {chinese}", *(WORDS[each] if each else "not asked" for each in usual)))
    return {"error-proofing": table(("rule", "what is broken", "sign-in or start", "finish", "use of a part"), rows)}
