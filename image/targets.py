"""Whether something may be overwritten by an image: a file, or a whole card that nothing uses."""

import os
import stat
from dataclasses import dataclass
from pathlib import Path

CARD_BYTES_MAX = 512 * 10**9
"""Larger than any card that a station has: more likely somebody's disk."""
SYSTEM = Path("/sys/dev/block")
MOUNTS = Path("/proc/self/mountinfo")


class TargetRefused(Exception):
    """It must not be written to; the message says why."""


@dataclass(frozen=True)
class Target:
    """What is written to. `words` describe it to the person who is asked."""

    path: Path
    is_device: bool
    size: int
    """Bytes; of a file those that it may take."""
    words: str


def target_of(path: Path, image_bytes: int) -> Target:
    """The target behind a path. Raises TargetRefused."""
    if path.is_symlink():
        path = path.resolve()
    try:
        kind = path.stat().st_mode
    except FileNotFoundError:
        if not path.parent.is_dir():
            raise TargetRefused(f"{path.parent} is no folder") from None
        return Target(path, False, image_bytes, f"a new file {path}")
    if stat.S_ISREG(kind):
        return Target(path, False, image_bytes, f"the file {path}, {path.stat().st_size / 1e9:.1f} GB")
    if not stat.S_ISBLK(kind):
        raise TargetRefused(f"{path} is neither a file nor a disk")
    return device_target(path, image_bytes)


def refuse_itself(image: Path, path: Path) -> None:
    """An image that is its own target would be empty before it is read. Raises TargetRefused."""
    if path.exists() and path.samefile(image):
        raise TargetRefused(f"{path} is the image itself: name the card, or another file")


def disk_of(path: Path) -> Path:
    """What the kernel says of a whole disk. Raises TargetRefused for a partition."""
    number = path.stat().st_rdev
    own = SYSTEM / f"{os.major(number)}:{os.minor(number)}"
    if (own / "partition").exists():
        raise TargetRefused(f"{path} is a partition; the image needs the whole card")
    return own.resolve()


def refuse_used(path: Path) -> None:
    """Raises TargetRefused where the disk or a part of it is mounted or otherwise in use."""
    disk = disk_of(path)
    parts = [disk, *(each for each in disk.glob(f"{disk.name}*") if (each / "partition").exists())]
    numbers = {(each / "dev").read_text().strip() for each in parts}
    for line in MOUNTS.read_text().splitlines():
        fields = line.split()
        if fields[2] in numbers:
            raise TargetRefused(f"{path} is in use: {fields[4]} is mounted from it; unmount it first")
    users = [use.name for each in parts for use in (each / "holders").glob("*")]
    if users:
        raise TargetRefused(f"{path} is in use by {', '.join(sorted(users))}")
    names = {f"/dev/{each.name}" for each in parts}
    if any(line.split()[0] in names for line in swaps()):
        raise TargetRefused(f"{path} is in use as swap space")


def device_target(path: Path, image_bytes: int) -> Target:
    """The target behind a block device."""
    disk = disk_of(path)
    refuse_used(path)
    size = int((disk / "size").read_text()) * 512
    if size == 0:
        raise TargetRefused(f"{path} is empty: there is no card in it")
    if size < image_bytes:
        raise TargetRefused(f"{path} has {size / 1e9:.1f} GB, the image needs {image_bytes / 1e9:.1f} GB")
    if size > CARD_BYTES_MAX:
        raise TargetRefused(f"{path} has {size / 1e9:.0f} GB: no card of a station is so large")
    if not looks_like_card(disk):
        raise TargetRefused(f"{path} cannot be taken out of this machine: a disk of its own, not a card")
    model = read(disk / "device/model") or read(disk / "device/name") or disk.name
    return Target(path, True, size, f"{path}: {model}, {size / 1e9:.1f} GB; everything on it will be gone")


def swaps() -> list[str]:
    """Lines of what is used as swap space."""
    try:
        return Path("/proc/swaps").read_text().splitlines()[1:]
    except OSError:
        return []


def looks_like_card(disk: Path) -> bool:
    """A reader of cards, a stick, or a file that plays a disk."""
    removable = read(disk / "removable") == "1"
    return removable or disk.name.startswith(("mmcblk", "loop")) or "/usb" in str(disk)


def read(path: Path) -> str:
    """A word of the kernel; empty when it has none."""
    try:
        return path.read_text("utf-8", errors="replace").strip()
    except OSError:
        return ""
