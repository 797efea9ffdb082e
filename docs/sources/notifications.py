"""The state diagram of docs/notifications.md, drawn from the table of deliveries."""

from central.notify.states import diagram
from docs.sources.architecture import mermaid


def blocks() -> dict[str, str]:
    """Text of each generated block of the page, by its name."""
    return {"deliveries": mermaid(diagram())}
