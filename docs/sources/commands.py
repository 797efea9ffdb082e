"""docs/commands.md from the click commands that pyproject.toml registers."""

import tomllib
from collections.abc import Iterator

import click

from docs.sources.code import ROOT, cell, load, page, table


def registered() -> dict[str, click.Command]:
    """Each command of the group lineside.commands whose module exists, by name."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    found = {}
    for name, place in sorted(project["entry-points"]["lineside.commands"].items()):
        dotted, _, attribute = place.partition(":")
        module = load(dotted)
        if module is not None:
            found[name] = getattr(module, attribute)
    return found


def walk(path: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    """A command and all below it, with the words that call each."""
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None and not inner.hidden:
                yield from walk(f"{path} {name}", inner)


def _default(option: click.Option) -> str:
    value = option.default
    if value is None or callable(value) or option.is_flag or "UNSET" in repr(value).upper():
        return ""
    return f"`{value}`"


def _rows(command: click.Command) -> list[tuple[str, ...]]:
    rows = []
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            names = ", ".join(f"`{name}`" for name in (*parameter.opts, *parameter.secondary_opts))
            rows.append((names, _default(parameter), cell(parameter.help or "")))
        else:
            rows.append(
                (
                    f"`{parameter.make_metavar(click.Context(command))}`",
                    "",
                    "must be given" if parameter.required else "",
                )
            )
    return rows


def _part(path: str, command: click.Command) -> str:
    rows = _rows(command)
    said = "\n".join(line.strip() for line in (command.help or "").replace("\b", "").strip().splitlines())
    return f"## `{path}`\n\n{said}\n" + ("\n" + table(("option", "default", "meaning"), rows) if rows else "")


def pages() -> dict[str, str]:
    parts = [
        _part(path, inner)
        for name, command in registered().items()
        for path, inner in walk(f"lineside {name}", command)
    ]
    text = "Every command of `lineside`. A command whose extra is not installed says which to install."
    return {"docs/commands.md": page("Commands", text, *parts)}
