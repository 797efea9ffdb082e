"""The disk that is flashed: the device partition, two slots of which the first is filled, and the data partition."""

import shutil
import tempfile
from pathlib import Path

from image.programs import run
from image.recipe import BOOT_MIB, DATA_MIB, DEVICE_MIB, Recipe
from image.slots import CLOCK, make_boot

TABLE = Path(__file__).parent / "genimage.cfg"
AUTOBOOT = b"[all]\ntryboot_a_b=1\nboot_partition=2\n[tryboot]\nboot_partition=3\n"
"""The firmware reads at most 512 bytes of it. Slot A is the usual one, B the one that is tried."""


def make_disk(recipe: Recipe, slots: Path, boot: dict[str, bytes], target: Path) -> None:
    """The disk of a release whose images lie in `slots`. Needs no mount and no rights."""
    root_mib = recipe.variant.root_mib
    size = (slots / "root.squashfs").stat().st_size
    if size > root_mib * 2**20:
        raise RuntimeError(f"the root has {size} bytes, its slot {root_mib} MiB")
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        scratch = Path(folder)
        for name in ("in", "out", "empty", "tmp"):
            (scratch / name).mkdir()
        for name in ("root.squashfs", "boot.vfat"):
            (scratch / "in" / name).symlink_to((slots / name).resolve())
        # A Pi 3 has no boot loader of its own: it reads bootcode.bin from the first partition.
        device = {"autoboot.txt": AUTOBOOT} | {name: boot[name] for name in ("bootcode.bin",) if name in boot}
        make_boot(device, scratch / "in/device.vfat", DEVICE_MIB, "LINESIDE", "4c494e01")
        text = TABLE.read_text("utf-8")
        sizes = {"DEVICE": DEVICE_MIB, "BOOT": BOOT_MIB, "ROOT": root_mib, "DATA": DATA_MIB}
        for name, mib in sizes.items():
            text = text.replace(f"@{name}@", str(mib))
        (scratch / "genimage.cfg").write_text(text, "utf-8")
        words = {
            "config": "genimage.cfg",
            "inputpath": "in",
            "outputpath": "out",
            "rootpath": "empty",
            "tmppath": "tmp",
        }
        run("genimage", *(f"--{name}={scratch / place}" for name, place in words.items()), environment=CLOCK)
        shutil.move(scratch / "out/disk.img", target)
