"""`lineside journal`: look at a journal, check it, export it. Reads only; the running gateway is not disturbed."""

import hashlib
import json
import os
import sys
import threading
from collections import Counter
from pathlib import Path

import click

from floor.events import cloud_event
from gateway.config import read as read_config
from gateway.durable import digest_of_file
from gateway.errors import GatewayError, JournalCorrupt
from gateway.journal import FILE_NAME
from gateway.journal_reader import JournalReader, check
from gateway.salvage import damaged_folders
from sync.wire import Record

EXPORT_RECEIPT = "export-receipt.json"
FOLLOW_SECONDS = 0.2


class Failure(click.ClickException):
    """A fault with its hint, on standard error."""

    def __init__(self, error: GatewayError) -> None:
        super().__init__(f"{error}\nhint: {error.hint}")


def folder_option(function: click.decorators.FC) -> click.decorators.FC:
    """--folder, or the folder that --config names."""
    function = click.option("--config", type=click.Path(path_type=Path), help="The gateway's configuration.")(function)
    return click.option(
        "--folder", type=click.Path(path_type=Path), help="The gateway's folder. [default: /var/lib/lineside]"
    )(function)


def opened(folder: Path | None, config: Path | None) -> JournalReader:
    """The journal that the options name. Ends the command with a hint where there is none."""
    try:
        if folder is None:
            folder = read_config(config).gateway.folder if config else Path("/var/lib/lineside")
        return JournalReader(folder / FILE_NAME)
    except GatewayError as error:
        raise Failure(error) from error


@click.group("journal")
def journal_group() -> None:
    """Look at a journal, check it, export it."""


@journal_group.command()
@folder_option
@click.option("-n", "count", default=10, show_default=True, help="How many of the newest records.")
@click.option("-f", "--follow", is_flag=True, help="Go on with new ones until interrupted.")
def tail(folder: Path | None, config: Path | None, count: int, follow: bool) -> None:
    """Print the newest records as CloudEvents, one a line."""
    with opened(folder, config) as reader:
        newest = reader.newest()
        for record in reader.newest_records(count):
            click.echo(_line(record), nl=False)
        while follow:
            for position, record in reader.read_after(newest, 500):
                click.echo(_line(record), nl=False)
                newest = position
            sys.stdout.flush()
            threading.Event().wait(FOLLOW_SECONDS)


@journal_group.command()
@folder_option
def verify(folder: Path | None, config: Path | None) -> None:
    """Check every record: digest, link, number. Exit code 1 when one does not hold."""
    with opened(folder, config) as reader:
        faults = list(check(reader))
        for fault in faults:
            click.echo(fault)
        total = sum(entry.last - entry.floor for entry in reader.epochs())
        newest = reader.newest_records(1)
    for record in newest:
        # What the office's page of completeness shows of this gateway when it holds everything.
        click.echo(f"newest {record.epoch}/{record.seq} {record.digest}")
    click.echo(f"{total} records, {len(faults)} faults")
    for each in damaged_folders(reader.folder):
        click.echo(f"a damaged journal is kept in {each}")
    if faults:
        click.echo(f"hint: {JournalCorrupt.hint}", err=True)
        raise SystemExit(1)


@journal_group.command()
@folder_option
def stats(folder: Path | None, config: Path | None) -> None:
    """What the journal holds, what waits for the office, and the bytes per record, as JSON."""
    with opened(folder, config) as reader:
        entries = reader.epochs()
        types = Counter(json.loads(record.content).get("type", "?") for _, record in reader.walk())
        positions = reader.positions()
    held = sum(types.values())
    path = (folder or (read_config(config).gateway.folder if config else Path("/var/lib/lineside"))) / FILE_NAME
    size = path.stat().st_size
    click.echo(
        json.dumps(
            {
                "gateway": reader.gateway_name,
                "epochs": len(entries),
                "records_held": held,
                "records_pruned": sum(entry.floor for entry in entries),
                "waiting_for_office": sum(max(0, entry.last - max(entry.mark, entry.floor)) for entry in entries),
                "in_office_backup": sum(min(entry.safe, entry.last) for entry in entries),
                "sinks": positions,
                "file_bytes": size,
                "bytes_per_record": round(size / held) if held else None,
                "types": dict(types.most_common()),
            },
            indent=2,
        )
    )


@journal_group.command()
@folder_option
@click.argument("target", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--after", default=0, help="Only records after this journal position.")
def export(folder: Path | None, config: Path | None, target: Path, after: int) -> None:
    """Write the records as CloudEvents, one a line, and read the file back.

    Where no server is configured the verified file is the receipt (I5): the running gateway finds it and may then
    prune what was exported. Keep the file: it is the only copy.
    """
    with opened(folder, config) as reader:
        journal_folder = folder or (read_config(config).gateway.folder if config else Path("/var/lib/lineside"))
        faults = list(check(reader, after))
        if faults:
            raise Failure(JournalCorrupt("; ".join(faults[:5])))
        position, count, digest = _write(reader, target, after)
        if digest_of_file(target) != digest:
            raise Failure(JournalCorrupt(f"{target} does not read back as it was written", "Use another medium."))
        last = reader.newest_records(1)
    _tell(journal_folder, after, position, digest, last)
    click.echo(f"{count} records up to position {position} in {target}\nsha256 {digest}")


def _line(record: Record) -> str:
    return cloud_event(record.gateway_name, record.epoch, record.seq, record.content) + "\n"


def _write(reader: JournalReader, target: Path, after: int) -> tuple[int, int, str]:
    whole, position, count = hashlib.sha256(), after, 0
    with target.open("w", encoding="utf-8") as file:
        for position, record in reader.walk(after):  # noqa: B007 - the last one is the receipt
            line = _line(record)
            file.write(line)
            whole.update(line.encode())
            count += 1
        file.flush()
        os.fsync(file.fileno())
    return position, count, whole.hexdigest()


def _tell(folder: Path, after: int, position: int, digest: str, last: tuple[Record, ...]) -> None:
    """Leave the receipt where the gateway's main loop, the only writer (I6), finds it."""
    receipt = {"after": after, "position": position, "sha256": digest, "digest": last[0].digest if last else ""}
    aside = folder / f"{EXPORT_RECEIPT}.new"
    try:
        aside.write_text(json.dumps(receipt))
        aside.replace(folder / EXPORT_RECEIPT)
    except OSError as error:
        click.echo(f"the gateway cannot be told ({error}): run this as the gateway's user", err=True)
