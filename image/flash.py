"""The command line of scripts/flash: an image onto a card or into a file, with what this one device must know.

Nothing is believed: after the writing the card's own bytes are read, past the cache of this machine, and compared.
"""

import argparse
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from getpass import getpass
from pathlib import Path
from typing import BinaryIO

from image.device import FOLDER, SETTINGS, DeviceRefused, device_files
from image.partitions import fat_file, mtools_name, table_end
from image.programs import run
from image.recipe import DISK_SIGNATURE, PARTITIONS
from image.slots import CLOCK
from image.targets import Target, TargetRefused, refuse_itself, refuse_used, target_of

PIECE_BYTES = 4 * 2**20
SECTOR_BYTES = 512


def arguments(words: list[str]) -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(prog="scripts/flash", description="Write an image to a card and check it.")
    parser.add_argument("image", type=Path, help="what scripts/build-image made: NAME.img.zst, or disk.img")
    parser.add_argument("target", type=Path, help="the card's device, or a file")
    parser.add_argument("--yes", action="store_true", help="do not ask (only for a file, or with --device-is)")
    parser.add_argument("--device-is", type=int, metavar="BYTES", help="with --yes: the card has exactly this size")
    parser.add_argument("--settings", type=Path, help="a ready gateway.toml instead of the options that make one")
    parser.add_argument("--ssh-key", type=Path, help="public keys that may come in as root; without it SSH stays off")
    parser.add_argument("--station", action="append", default=[], help="a station's id; may be given up to eight times")
    for name, setting in SETTINGS.items():
        parser.add_argument(f"--{name}", help=setting.help, action="append" if setting.many else "store")
    return parser.parse_args(words)


def wanted_files(given: argparse.Namespace) -> dict[str, str]:
    """What goes onto the device partition. Raises DeviceRefused with the faults of what was given."""
    options = {name: getattr(given, name.replace("-", "_")) for name in SETTINGS}
    chosen = {name: value for name, value in options.items() if value is not None}
    if chosen.get("wifi-password") == "-":
        typed = getpass("flash: password of the Wi-Fi: ") if sys.stdin.isatty() else sys.stdin.readline()
        chosen["wifi-password"] = typed.rstrip("\n")
    keys = given.ssh_key.read_text("utf-8") if given.ssh_key else ""
    ready = given.settings.read_text("utf-8") if given.settings else ""
    return device_files(chosen, given.station, keys, ready)


@contextmanager
def opened_image(path: Path) -> Iterator[BinaryIO]:
    """The bytes of an image, unpacked on the way. Raises TargetRefused when it is none."""
    if path.suffix != ".zst":
        with path.open("rb") as file:
            yield file
        return
    with subprocess.Popen(["zstd", "-dcq", str(path)], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        yield child.stdout
        child.stdout.close()
        if child.wait() not in (0, -13):
            raise TargetRefused(f"{path} is damaged: it cannot be unpacked")


def image_size(path: Path) -> int:
    """Bytes of the disk in an image, after a look at its first sector. Raises TargetRefused."""
    with opened_image(path) as file:
        first = file.read(SECTOR_BYTES)
        signature = int.from_bytes(first[440:444], "little")
        if first[510:512] != b"\x55\xaa" or signature != int(DISK_SIGNATURE, 16):
            raise TargetRefused(f"{path} is no image of scripts/build-image")
        size = len(first)
        while piece := file.read(PIECE_BYTES):
            size += len(piece)
    if size < table_end(first):
        raise TargetRefused(f"{path} breaks off: it has {size} bytes, and its partitions {table_end(first)}")
    return size


@contextmanager
def held(target: Target) -> Iterator[BinaryIO]:
    """The target, open for writing. Raises OSError.

    A card is this program's alone until the end, its last look included: the kernel lets nobody mount it, nor a
    partition of it, though a desktop would as soon as it sees the new ones.
    """
    flags = os.O_WRONLY | (os.O_EXCL if target.is_device else os.O_CREAT | os.O_TRUNC)
    with os.fdopen(os.open(target.path, flags, 0o600), "wb", buffering=0) as out:
        yield out


def write(image: Path, out: BinaryIO) -> tuple[int, str]:
    """Copy the image; its bytes and their hash. Raises TargetRefused, OSError."""
    whole, size = hashlib.sha256(), 0
    with opened_image(image) as file:
        while piece := file.read(PIECE_BYTES):
            whole.update(piece)
            size += len(piece)
            left = memoryview(piece)
            while left:
                left = left[out.write(left) :]
    os.fsync(out.fileno())
    return size, whole.hexdigest()


def read_back(target: Target, size: int) -> str:
    """The hash of what the card now holds, from the card."""
    whole = hashlib.sha256()
    with target.path.open("rb", buffering=0) as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        left = size
        while left and (piece := file.read(min(PIECE_BYTES, left))):
            whole.update(piece)
            left -= len(piece)
    return whole.hexdigest()


def place_files(target: Target, files: dict[str, str]) -> None:
    """Put files onto the device partition and read each back. Raises TargetRefused."""
    if target.is_device:
        # What writes here knows nothing of mounts: beneath a mounted file system it would destroy it.
        refuse_used(target.path)
    partition = mtools_name(target.path, PARTITIONS["device"])
    if files:
        run("mmd", "-D", "s", "-i", partition, f"::{FOLDER}", environment=CLOCK)
    for name, text in files.items():
        place = f"::{FOLDER}/{name}"
        run("mcopy", "-o", "-i", partition, "-", place, standard_input=text.encode(), environment=CLOCK)
    descriptor = os.open(target.path, os.O_RDONLY)
    os.fsync(descriptor)
    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(descriptor)
    for name, text in files.items():
        if fat_file(target.path, PARTITIONS["device"], f"{FOLDER}/{name}") != text.encode():
            raise TargetRefused(f"{name} was written and reads back differently: the card is not to be trusted")


def confirmed(target: Target, given: argparse.Namespace) -> bool:
    """Whether a person, or who wrote the command, really means this target."""
    if given.yes:
        if target.is_device and given.device_is != target.size:
            raise TargetRefused(f"{target.words}: --yes needs --device-is {target.size}")
        return True
    sys.stdout.write(f"flash: {target.words}\nflash: write to it? Type its name to go on: {target.path.name} ")
    sys.stdout.flush()
    return sys.stdin.readline().strip() == target.path.name


def flash(given: argparse.Namespace) -> None:
    """Everything in order. Raises TargetRefused, DeviceRefused, OSError, RuntimeError."""
    files = wanted_files(given)
    refuse_itself(given.image, given.target)
    wanted_size = image_size(given.image)
    target = target_of(given.target, wanted_size)
    if not confirmed(target, given):
        raise TargetRefused("nothing was written")
    with held(target) as out:
        size, wanted = write(given.image, out)
        if size != wanted_size:
            raise TargetRefused(f"{given.image} was changed meanwhile: {size} bytes of {wanted_size}; write it again")
        if read_back(target, size) != wanted:
            raise TargetRefused(f"{target.path} reads back differently: the card is not to be trusted")
        place_files(target, files)
    told = ", ".join(files) or "no settings: the station asks for them"
    sys.stdout.write(f"flash: {size / 1e6:.0f} MB written and read back, {told}\n")


def main(words: list[str]) -> int:
    """0 when the card is ready; 1 with the reason."""
    try:
        flash(arguments(words))
    except (TargetRefused, DeviceRefused, OSError, RuntimeError) as error:
        sys.stderr.write(f"flash: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
