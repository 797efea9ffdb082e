"""A virtual serial scanner to type into: `python -m devices.typed_scanner --link ./scanner`.

It prints the path of its pseudo-terminal, for the setting `path` of the kind `serial`; each line typed is one label.
"""

from __future__ import annotations

import sys

import click

from devices.errors import DeviceGone
from devices.virtual import VirtualSerialScanner


@click.command()
@click.option("--link", default="./virtual-scanner", show_default=True, help="Lasting name of the pseudo-terminal.")
def main(link: str) -> None:
    """Be a serial scanner: print the port's path, then send each line of the input as a label."""
    scanner = VirtualSerialScanner(link)
    try:
        click.echo(f"{scanner.path} ({link})")
        for line in sys.stdin:
            try:
                scanner.scan(line.rstrip("\n").encode())
            except DeviceGone as gone:
                click.echo(str(gone), err=True)
    finally:
        scanner.close()


if __name__ == "__main__":
    main()
