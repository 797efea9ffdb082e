"""docs/errors.md from the error classes of every package."""

import inspect
from types import ModuleType

from docs.sources.code import PACKAGES, cell, load, page, table

ENDINGS = {
    "Unreachable": "is tried again by itself",
    "Refused": "is set aside for a person",
    "Corrupt": "stops and shows",
}


def classes(module: ModuleType) -> list[type[Exception]]:
    """The error classes that a module defines, as they stand in it."""
    found = [
        value
        for value in vars(module).values()
        if inspect.isclass(value) and issubclass(value, Exception) and value.__module__ == module.__name__
    ]
    return sorted(found, key=lambda each: inspect.getsourcelines(each)[1])


def _row(kind: type[Exception]) -> tuple[str, ...]:
    ending = next((said for ending, said in ENDINGS.items() if kind.__name__.endswith(ending)), "")
    return f"`{kind.__name__}`", cell(inspect.getdoc(kind) or ""), ending, cell(getattr(kind, "hint", ""))


def pages() -> dict[str, str]:
    parts = []
    for package in PACKAGES:
        module = load(f"{package}.errors")
        if module is not None:
            rows = [_row(kind) for kind in classes(module)]
            parts += [f"## {package}/", table(("error", "says", "so it", "who does what"), rows)]
    text = (
        "Each error says what happened; its hint says who can do what. Names in `Unreachable` are tried again, "
        "in `Refused` set aside for a person, in `Corrupt` they stop and are shown."
    )
    return {"docs/errors.md": page("Errors", text, *parts)}
