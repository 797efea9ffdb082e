"""The table of docs/enrolment.md: what can be in the way before a gateway is at its office."""

from docs.sources.code import table
from gateway.boot_codes import CODES


def blocks() -> dict[str, str]:
    """Name of the block -> its text."""
    rows = [(str(code.number), f"{code.en} · {code.zh}", code.act_en) for code in CODES]
    return {"codes": table(("blinks", "what is in the way", "who does what"), rows)}
