"""What the pages know of the code: which modules there are, and how they import each other."""

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parent.parent.parent
PACKAGES = ("floor", "devices", "sync", "gateway", "central", "simulation")


def exists(dotted: str) -> bool:
    """True when a module of ours has a file; others are still to be written."""
    base = ROOT / dotted.replace(".", "/")
    return base.with_suffix(".py").is_file() or (base / "__init__.py").is_file()


def load(dotted: str) -> ModuleType | None:
    """The module, or None when it does not exist. One that exists and cannot be imported is an error."""
    return importlib.import_module(dotted) if exists(dotted) else None


def modules(package: str) -> Iterator[tuple[str, ast.Module]]:
    """Every module of a package with its syntax tree, in the order of names."""
    for path in sorted((ROOT / package).rglob("*.py")):
        dotted = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        yield dotted, ast.parse(path.read_text("utf-8"))


def first_line(docstring: str | None) -> str:
    """The first paragraph as one line, safe inside a table."""
    paragraph = (docstring or "").strip().split("\n\n")[0]
    return cell(" ".join(paragraph.split()))


def cell(text: str) -> str:
    """Text for one cell of a Markdown table."""
    return " ".join(text.split()).replace("|", "\\|")


def table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """A Markdown table."""
    lines = [f"| {' | '.join(heads)} |", f"| {' | '.join('---' for _ in heads)} |"]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join(lines) + "\n"


def page(title: str, introduction: str, *parts: str) -> str:
    """A whole generated page."""
    note = "<!-- Written by docs/generate.py from the code. Change the code, then run it again. -->"
    return "\n\n".join([f"# {title}", note, introduction, *(part.rstrip("\n") for part in parts if part)]) + "\n"
