"""A small initrd: busybox, the drivers without which there is no root file system, and `init`. Made on the builder's
machine.

initramfs-tools would make one inside the image, for an arm64 image in emulated minutes, of everything it can think
of. The archive is written here in the kernel's own format (newc), entries sorted and times fixed, so the same tree
gives the same bytes.
"""

import io
import lzma
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

from image.recipe import SOURCE_DATE, Architecture

INIT = Path(__file__).parent / "init"
CARD = Path(__file__).parent / "card"
"""What `init` reads in to find its disk."""
FOLDERS = ("bin", "dev", "layers", "modules", "proc", "slot", "sys")


@dataclass(frozen=True)
class Entry:
    """A file of the archive: its mode with the kind, and its content (of a link: where it leads)."""

    name: str
    mode: int
    content: bytes = b""


def initrd(tree: Path, architecture: Architecture) -> bytes:
    """The initrd for the kernel in an unpacked root file system, compressed. Raises RuntimeError, LookupError."""
    entries = [Entry(name, stat.S_IFDIR | 0o755) for name in FOLDERS]
    entries.append(Entry("init", stat.S_IFREG | 0o755, INIT.read_bytes()))
    entries.append(Entry("card", stat.S_IFREG | 0o644, CARD.read_bytes()))
    entries.append(Entry("bin/busybox", stat.S_IFREG | 0o755, (tree / "usr/bin/busybox").read_bytes()))
    entries.append(Entry("bin/sh", stat.S_IFLNK | 0o777, b"busybox"))
    drivers = needed_drivers(kernel_modules(tree), architecture.modules)
    for path in drivers:
        entries.append(Entry(f"modules/{path.name.removesuffix('.xz')}", stat.S_IFREG | 0o644, unpacked(path)))
    order = "".join(f"{path.name.removesuffix('.xz')}\n" for path in drivers)
    entries.append(Entry("modules/order", stat.S_IFREG | 0o644, order.encode()))
    return compressed(archive(entries))


def kernel_modules(tree: Path) -> Path:
    """The folder of drivers of the one kernel in a tree. Raises LookupError when there is none, or more than one."""
    found = sorted(path for path in (tree / "usr/lib/modules").glob("*") if (path / "modules.dep").exists())
    if len(found) != 1:
        raise LookupError(f"the image must hold exactly one kernel, it holds {len(found)}")
    return found[0]


def needed_drivers(modules: Path, names: tuple[str, ...]) -> list[Path]:
    """Files of these drivers and of all that they need, each after what it needs. What the kernel has built in needs no
    file. Raises LookupError for a name that this kernel does not know."""
    lines = (modules / "modules.dep").read_text("utf-8").splitlines()
    needs = {target: rest.split() for target, _, rest in (line.partition(":") for line in lines)}
    by_name = {driver_name(path): path for path in needs}
    built_in = {driver_name(path) for path in (modules / "modules.builtin").read_text("utf-8").splitlines()}
    ordered: list[str] = []

    def take(path: str) -> None:
        for each in reversed(needs[path]):
            if each not in ordered:
                take(each)
        if path not in ordered:
            ordered.append(path)

    for name in names:
        if name in by_name:
            take(by_name[name])
        elif name not in built_in:
            raise LookupError(f"the kernel {modules.name} has no driver {name}")
    return [modules / path for path in ordered]


def driver_name(path: str) -> str:
    """A driver's name as programs spell it: files have - or _, and may be packed."""
    return path.rpartition("/")[2].partition(".ko")[0].replace("-", "_")


def unpacked(path: Path) -> bytes:
    """A driver as the kernel loads it."""
    content = path.read_bytes()
    return lzma.decompress(content) if path.suffix == ".xz" else content


def archive(entries: list[Entry]) -> bytes:
    """The entries in cpio's format newc."""
    out = io.BytesIO()
    for number, entry in enumerate([*sorted(entries, key=lambda each: each.name), Entry("TRAILER!!!", 0)], 1):
        name = entry.name.encode() + b"\0"
        links = 2 if stat.S_ISDIR(entry.mode) else 1
        fields = (number, entry.mode, 0, 0, links, SOURCE_DATE, len(entry.content), 0, 0, 0, 0, len(name), 0)
        out.write(b"070701" + b"".join(b"%08X" % field for field in fields) + name)
        out.write(b"\0" * (-out.tell() % 4))
        out.write(entry.content)
        out.write(b"\0" * (-out.tell() % 4))
    return out.getvalue()


def compressed(content: bytes) -> bytes:
    """By zstd, which every kernel of the suite unpacks."""
    done = subprocess.run(["zstd", "-q", "-9", "-c"], input=content, capture_output=True, check=True)
    return done.stdout
