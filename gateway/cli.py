"""The console script `lineside`: it loads its subcommands from the entry-point group `lineside.commands`."""

from importlib.metadata import EntryPoint, entry_points

import click

from floor import __version__

GROUP = "lineside.commands"
EXTRA_OF_PACKAGE = {"central": "central", "simulation": "simulation"}
"""Which extra brings the libraries of a package that a Pi does not need."""


class Commands(click.Group):
    """Subcommands by entry point, imported only when asked for: `lineside gateway` never imports the office."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_found())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        entry = _found().get(cmd_name)
        if entry is None:
            return None
        try:
            command: click.Command = entry.load()
        except ModuleNotFoundError as error:
            return _missing(cmd_name, entry, error)
        return command


def _found() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=GROUP)}


def _missing(name: str, entry: EntryPoint, error: ModuleNotFoundError) -> click.Command:
    extra = EXTRA_OF_PACKAGE.get(entry.module.partition(".")[0])
    hint = f"pip install 'lineside[{extra}]'" if extra else "install lineside anew"
    text = f"`lineside {name}` needs {error.name}, which is not installed: {hint}"

    @click.command(name, help=f"Not installed: {hint}", context_settings={"ignore_unknown_options": True})
    @click.argument("rest", nargs=-1)
    def missing(rest: tuple[str, ...]) -> None:
        raise click.ClickException(text)

    return missing


@click.group(cls=Commands)
@click.version_option(__version__, prog_name="lineside")
def main() -> None:
    """Lineside: when the station beeps, the report is kept."""


if __name__ == "__main__":
    main()
