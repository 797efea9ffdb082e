"""The diagrams of docs/tasks.md, drawn from the tables that decide."""

from central import problem_states, task_states
from docs.sources.architecture import mermaid


def blocks() -> dict[str, str]:
    """Text of each generated block of the page, by its name."""
    return {"task states": mermaid(task_states.diagram()), "problem states": mermaid(problem_states.diagram())}
