"""The two images of one release: the root, a squashfs that is never written, and the boot partition that starts it."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from image.initrd import initrd
from image.programs import run
from image.recipe import BOOT_MIB, MIB, SLOTS, SOURCE_DATE, Recipe, kernel_words

CLOCK = {
    "SOURCE_DATE_EPOCH": str(SOURCE_DATE),
    # Older e2fsprogs know only words of their own.
    "E2FSPROGS_FAKE_TIME": str(SOURCE_DATE),
    "E2FSCK_TIME": str(SOURCE_DATE),
    "MTOOLS_SKIP_CHECK": "1",
    "TZ": "UTC",
}
PI_SETTINGS = Path(__file__).parent / "config.txt"
FIRMWARE = ("start4*.elf", "fixup4*.dat", "start.elf", "fixup.dat", "start_cd.elf", "fixup_cd.dat", "bootcode.bin")
BOARDS = ("bcm2711-rpi-4*", "bcm2711-rpi-cm4*", "bcm2711-rpi-400*", "bcm2837-rpi-*", "bcm2712-rpi-*")
"""Device trees of the boards that may be tried; docs/deploy.md says which of them were."""


@contextmanager
def unpacked(tar: Path) -> Iterator[Path]:
    """The root file system as a folder, with attributes of files and without device nodes; removed afterwards. It lies
    where TMPDIR says: in memory all of this is several times as fast."""
    tree = Path(tempfile.mkdtemp(prefix="root-"))
    try:
        run("tar", "-C", tree, "-xpf", tar, "--xattrs", "--xattrs-include=*", "--exclude=./dev/*")
        tree.chmod(0o755)
        yield tree
    finally:
        shutil.rmtree(tree)


def boot_files(tree: Path, recipe: Recipe) -> dict[str, bytes]:
    """Everything of a boot partition by name: kernel, initrd, command lines, and for a Pi its firmware."""
    kernels = sorted((tree / "boot").glob("vmlinuz-*"))
    if len(kernels) != 1:
        raise LookupError(f"the image must hold exactly one kernel, it holds {len(kernels)}")
    files = {"vmlinuz": kernels[0].read_bytes(), "initrd.img": initrd(tree, recipe.architecture)}
    files["config.txt"] = PI_SETTINGS.read_bytes()
    for slot in SLOTS:
        files[f"cmdline-{slot}.txt"] = f"{kernel_words(slot, recipe.architecture)}\n".encode()
    files["cmdline.txt"] = files["cmdline-A.txt"]
    if recipe.architecture.name == "arm64":
        (firmware,) = tree.glob("usr/lib/raspi-firmware")
        (trees,) = tree.glob("usr/lib/linux-image-*/broadcom")
        found = [path for pattern in FIRMWARE for path in firmware.glob(pattern)]
        found += [path for pattern in BOARDS for path in trees.glob(f"{pattern}.dtb")]
        files |= {path.name: path.read_bytes() for path in found}
    return files


def make_boot(
    files: dict[str, bytes], target: Path, mib: int = BOOT_MIB, label: str = "BOOT", serial: str = "4c494e02"
) -> None:
    """A FAT image with these files, sorted, all of one time: the same files give the same bytes."""
    target.unlink(missing_ok=True)
    with target.open("wb") as image:
        image.truncate(mib * MIB)
    kind = ("-F", "32") if mib >= 64 else ("-F", "16")
    run("mkfs.vfat", *kind, "-n", label, "-i", serial, "--invariant", target)
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        for name, content in files.items():
            (Path(folder) / name).write_bytes(content)
            os.utime(Path(folder) / name, (SOURCE_DATE, SOURCE_DATE))
        run("mcopy", "-i", target, "-m", *(Path(folder) / name for name in sorted(files)), "::", environment=CLOCK)


def make_root(tree: Path, target: Path) -> None:
    """The squashfs of a folder."""
    target.unlink(missing_ok=True)
    date = str(SOURCE_DATE)
    packing = ("-comp", "zstd", "-Xcompression-level", "3", "-noappend", "-no-progress", "-quiet", "-exit-on-error")
    # mksquashfs takes its times from the environment or from words, never from both.
    run("mksquashfs", tree, target, *packing, "-mkfs-time", date, "-all-time", date)
