"""What every command of `lineside central` has around its own part."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from central.limits import CODE_DAYS_MAX

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from central.config import CentralConfig
    from central.database import Database

days_option = click.option(
    "--days",
    type=click.IntRange(0, CODE_DAYS_MAX),
    default=0,
    help="How long the code works, for a card that is carried to its place; 0: ten minutes.",
)


def configured(command: Callable[..., None]) -> Callable[..., None]:
    """Every command takes `--config FILE`, or options alone."""

    def wrapped(config: Path | None, folder: Path | None, port: int | None, host: str | None, **rest: Any) -> None:
        from central.config import read_config
        from central.errors import CentralError

        try:
            command(config=read_config(config, {"folder": folder, "port": port, "host": host}), **rest)
        except CentralError as fault:
            raise click.ClickException(f"{fault}\n{fault.hint}") from fault

    wrapped.__doc__ = command.__doc__
    wrapped.__name__ = command.__name__
    wrapped.__dict__ |= command.__dict__
    for option in (
        click.option("--host", help="Address to listen at; default 127.0.0.1."),
        click.option("--port", type=click.IntRange(0, 65_535), help="Port of the server; 0 takes a free one."),
        click.option("--folder", type=click.Path(path_type=Path), help="The server's folder."),
        click.option("--config", type=click.Path(path_type=Path, exists=True), help="The TOML file."),
    ):
        wrapped = option(wrapped)
    return wrapped


def with_database(config: CentralConfig, act: Callable[[Database], Any]) -> Any:
    """What `act` gives, over the plant's database. Raises what it raises."""
    from central.opening import open_database

    database = open_database(config)
    try:
        return act(database)
    finally:
        database.close()


@contextmanager
def reading(config: CentralConfig) -> Iterator[Session]:
    """A look into the plant's database."""
    from central.opening import open_database

    database = open_database(config)
    try:
        with database.read() as session:
            yield session
    finally:
        database.close()


@contextmanager
def acting(config: CentralConfig) -> Iterator[tuple[Session, Callable[..., None]]]:
    """One transaction of who is at this shell. `note(action, subject, **detail)` puts what was done into the audit log
    with it."""
    from central.audit import SHELL, record_act
    from central.opening import open_database

    database = open_database(config)
    try:
        with database.write() as session:

            def note(action: str, subject: str, **detail: object) -> None:
                record_act(session, config.plant, SHELL, action, subject, detail, time.time())

            yield session, note
    finally:
        database.close()


def tell_code(code: str, name: str, until: float, more: str = "") -> None:
    """Print a one-time code, and beside it for whom and how long it is."""
    click.echo(f"code: {code}")
    click.echo(f"for {name}, once, until {clock(until)}{more}", err=True)


def clock(moment: float) -> str:
    """A moment as a person at this terminal reads it."""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(moment))
