"""The table of what is kept how long, in docs/central.md, from the policy itself."""

from central.retention import KINDS
from central.retention_settings import DAYS_MIN, RetentionConfig
from docs.sources.code import table


def blocks() -> dict[str, str]:
    """Text of each generated block of the page, by its name."""
    lines = []
    for kind in KINDS:
        field = RetentionConfig.model_fields[kind.setting]
        what = str(field.description).rpartition("; least")[0]
        usual = f"{field.default} days" if field.default else "for ever"
        lines.append((f"`{kind.setting}`", what, usual, f"{DAYS_MIN[kind.setting]} days"))
    return {"retention": table(("setting", "what", "kept", "least"), lines)}
