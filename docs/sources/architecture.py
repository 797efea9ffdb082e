"""The diagrams of docs/architecture.md: who imports whom, and the tables that decide, drawn from the code itself."""

import ast
from collections.abc import Iterable

from docs.sources.code import PACKAGES, first_line, load, modules, table


def mermaid(text: str) -> str:
    return f"```mermaid\n{text.rstrip()}\n```\n"


def _imported(tree: ast.Module) -> Iterable[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def package_arrows() -> set[tuple[str, str]]:
    """(from, to) over the packages; `to` is sync.wire where only that module is imported."""
    arrows = set()
    for package in PACKAGES:
        names = {name for _, tree in modules(package) for name in _imported(tree)}
        for other in PACKAGES:
            used = {name for name in names if name.split(".")[0] == other}
            if other == package or not used:
                continue
            only_wire = other == "sync" and all(name.startswith("sync.wire") for name in used)
            arrows.add((package, "sync.wire" if only_wire else other))
    return arrows


def packages_diagram() -> str:
    lines = ["flowchart LR", '    subgraph sync["sync/"]', '        wire["sync.wire"]', "    end"]
    lines += [f"    {source} --> {target.removeprefix('sync.')}" for source, target in sorted(package_arrows())]
    return mermaid("\n".join(lines))


def modules_table(package: str) -> str:
    """Each module of a package with its first sentence; subfolders are one row each."""
    rows = []
    for dotted, tree in modules(package):
        parts = dotted.split(".")
        if len(parts) == 1:
            continue
        said = first_line(ast.get_docstring(tree))
        if said:
            rows.append((f"`{'/'.join(parts)}.py`" if _is_file(package, dotted) else f"`{'/'.join(parts)}/`", said))
    return table(("module", "holds"), rows)


def _is_file(package: str, dotted: str) -> bool:
    from docs.sources.code import ROOT

    return (ROOT / f"{dotted.replace('.', '/')}.py").is_file()


def state_diagrams() -> str:
    """One diagram for every module with a function diagram(), which draws its own table."""
    parts = []
    for package in PACKAGES:
        for dotted, tree in modules(package):
            if not any(isinstance(node, ast.FunctionDef) and node.name == "diagram" for node in tree.body):
                continue
            module = load(dotted)
            assert module is not None
            parts.append(f"#### {first_line(module.__doc__)}\n\nFrom `{dotted}`:\n\n{mermaid(module.diagram())}")
    return "\n".join(parts)


def blocks() -> dict[str, str]:
    """Text of each generated block of the page, by its name."""
    found = {"packages": packages_diagram(), "states": state_diagrams()}
    return found | {f"modules {package}": modules_table(package) for package in PACKAGES}
