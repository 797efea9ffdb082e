"""docs/limits.md from the bounds of every package and the comment that stands beside each."""

import ast
import importlib

from docs.sources.code import PACKAGES, ROOT, cell, exists, page, table


def _comment_above(lines: list[str], number: int) -> str:
    """The comment lines that end just above a line (counted from 1)."""
    found = []
    index = number - 2
    while index >= 0 and lines[index].lstrip().startswith("#"):
        found.append(lines[index].lstrip("# ").strip())
        index -= 1
    return " ".join(reversed(found))


def bounds(dotted: str) -> list[tuple[str, str, str, str]]:
    """(name, how it is written, value, reason) of each bound in a module, from the comment above or the text below."""
    text = (ROOT / f"{dotted.replace('.', '/')}.py").read_text("utf-8")
    lines, tree, found = text.splitlines(), ast.parse(text), []
    module = importlib.import_module(dotted)
    for statement, following in zip(tree.body, [*tree.body[1:], None], strict=True):
        if isinstance(statement, ast.AnnAssign):
            target = statement.target
        elif isinstance(statement, ast.Assign):
            target = statement.targets[0]
        else:
            continue
        if not isinstance(target, ast.Name) or not target.id.isupper() or statement.value is None:
            continue
        value = getattr(module, target.id)
        if isinstance(value, bool) or not isinstance(value, int | float):
            continue
        reason = _comment_above(lines, statement.lineno)
        if isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant):
            reason = str(following.value.value)
        found.append((target.id, ast.get_source_segment(text, statement.value) or "", f"{value:,}", reason))
    return found


def _order() -> str:
    """What gives way first when room runs out."""
    from gateway.concessions import ORDER

    values = {name: value for name, _, value, _ in bounds("gateway.limits")}
    rows = [
        (str(number), cell(each.given_up), f"`{each.bound}` {values[each.bound]}: {each.when}", each.told, each.kept)
        for number, each in enumerate(ORDER, 1)
    ]
    heads = ("", "is given up", "at", "who is told", "is kept all the same")
    introduction = (
        "When room runs out on a gateway, this gives way, from what is missed least to what is missed most (I11). "
        "Records that no confirmed backup holds stand in no row: they are never given up."
    )
    return f"## When room runs out\n\n{introduction}\n\n{table(heads, rows)}"


def pages() -> dict[str, str]:
    parts = []
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*limits.py")):
            place = path.relative_to(ROOT).with_suffix("")
            found = bounds(".".join(place.parts))
            rows = [(f"`{name}`", value, cell(reason)) for name, _, value, reason in found]
            folder = f"{place.parent}/" if place.name == "limits" else f"{place}.py"
            parts += [f"## {folder}", table(("bound", "value", "why"), rows)]
    text = (
        "Every queue, batch, text and retry has a named bound (I10). Reaching one is an event, and someone is told. "
        "Bounds of the protocol that both ends share stand in `sync/wire.py`."
    )
    if exists("sync.wire"):
        rows = [(f"`{name}`", value, cell(reason)) for name, _, value, reason in bounds("sync.wire")]
        parts += ["## sync/wire.py", table(("bound", "value", "why"), rows)]
    return {"docs/limits.md": page("Limits", text, _order(), *parts)}
