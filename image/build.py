"""Building: Debian, the product, the two slot images, the bundle, the disk and the bill of materials.

Everything that takes long lies in a cache outside git. A second build with the same inputs downloads nothing.
"""

import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from gateway.durable import digest_of_file
from image.bill import bill
from image.bundle import Keys, make_bundle
from image.debian import DebianCache, debian_root
from image.debian import make_root as make_debian
from image.disk import make_disk
from image.driver import install_driver
from image.libraries import PIP, libraries
from image.product import ROOT, install_product
from image.programs import run
from image.recipe import SOURCE_DATE, Recipe
from image.slots import boot_files, make_boot, make_root, unpacked

LOCK = ROOT / "requirements/gateway.txt"
SLOT_IMAGES = ("boot.vfat", "root.squashfs")
BILL = "bill.spdx.json"


@contextmanager
def usual_umask() -> Iterator[None]:
    """What programs write into a root is read there by other users, whatever the builder keeps from others at home."""
    before = os.umask(0o022)
    try:
        yield
    finally:
        os.umask(before)


@dataclass
class Build:
    """One build: what it makes, where, and how long each step took."""

    recipe: Recipe
    cache: Path
    out: Path
    keys: Keys
    say: Callable[[str], None]
    finish: Callable[[Path], None] = lambda tree: None
    """What else happens to the root at last: how a test makes a release that does not work."""
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def debian(self) -> DebianCache:
        """The cache of this architecture and variant."""
        return DebianCache(self.cache / f"debian-{self.recipe.variant.name}-{self.recipe.architecture.name}")

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Measure a step and say what it is."""
        self.say(name)
        began = time.monotonic()
        yield
        self.seconds[name] = round(time.monotonic() - began, 1)

    def all(self, refresh: bool = False) -> Path:
        """Everything of a release, in its folder. Raises RuntimeError, LookupError, OSError."""
        folder = self.folder
        boot = self.update(refresh)
        with self.step("disk"):
            make_disk(self.recipe, folder, boot, self.disk)
        with self.step("pack"):
            run("zstd", "-q", "-f", "-3", "-T0", self.disk, "-o", self.packed)
        self.summary()
        return folder

    def update(self, refresh: bool = False) -> dict[str, bytes]:
        """What an update of running stations needs: slot images, bundle, bill. What lies in the boot image."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with usual_umask():
            with self.step("debian"):
                tar = debian_root(self.recipe, self.debian, refresh)
            boot = self.slots(tar, self.folder)
        with self.step("bundle"):
            make_bundle(self.recipe, self.folder, self.keys, self.bundle)
        return boot

    @property
    def folder(self) -> Path:
        """Where the release goes."""
        return self.out / self.recipe.name

    @property
    def bundle(self) -> Path:
        """What updates a station."""
        return self.folder / f"{self.recipe.name}.raucb"

    @property
    def disk(self) -> Path:
        """What is flashed."""
        return self.folder / "disk.img"

    @property
    def packed(self) -> Path:
        """The disk as it is passed on."""
        return self.folder / f"{self.recipe.name}.img.zst"

    def slots(self, tar: Path, folder: Path) -> dict[str, bytes]:
        """The two images of a slot and the bill of materials, from Debian's tar; what lies in the boot image."""
        with self.step("libraries"):
            wheels = libraries(LOCK, self.recipe.architecture, self.cache)
        with tempfile.TemporaryDirectory(prefix="wheel-", dir=self.cache) as name:
            wheel = own_wheel(Path(name))
            with unpacked(tar) as tree:
                boot = boot_files(tree, self.recipe)
                with self.step("driver"):
                    install_driver(tree, self.recipe, self.debian, self.cache)
                with self.step("product"):
                    install_product(tree, self.recipe, wheel, wheels, self.keys.authority)
                    self.finish(tree)
                write_json(folder / BILL, bill(tree, self.recipe))
                with self.step("root"):
                    make_root(tree, folder / "root.squashfs")
        with self.step("boot"):
            make_boot(boot, folder / "boot.vfat")
        return boot

    def summary(self) -> None:
        """Sizes, hashes and times, for people and tests."""
        paths = [self.folder / name for name in (*SLOT_IMAGES, BILL)] + [self.bundle, self.disk, self.packed]
        files = {path.name: {"bytes": path.stat().st_size, "sha256": digest_of_file(path)} for path in paths}
        content = {"release": self.recipe.name, "files": files, "seconds": self.seconds}
        write_json(self.folder / "build.json", content)
        for name, each in files.items():
            self.say(f"{float(each['bytes']) / 1e6:8.1f} MB  {name}  sha256 {str(each['sha256'])[:16]}")

    def differences(self) -> list[str]:
        """Build the slot images twice, from Debian's packages on, without the network; names of those that differ."""
        found = []
        with tempfile.TemporaryDirectory(prefix="twice-", dir=self.cache) as name:
            hashes = []
            for turn in ("first", "second"):
                folder = Path(name) / turn
                folder.mkdir()
                with usual_umask():
                    with self.step(f"{turn} debian"):
                        make_debian(self.recipe, self.debian, folder / "root.tar", fresh=False)
                    self.slots(folder / "root.tar", folder)
                hashes.append({each: digest_of_file(folder / each) for each in (*SLOT_IMAGES, BILL)})
                for each in SLOT_IMAGES:
                    if turn == "first":
                        shutil.move(folder / each, Path(name) / each)
            found = [each for each, first in hashes[0].items() if hashes[1][each] != first]
        return found


def own_wheel(folder: Path) -> Path:
    """The wheel of this checkout."""
    words = ("wheel", "-q", "--no-deps", "--no-build-isolation", "-w", folder, ROOT)
    run(*PIP, *words, environment={"SOURCE_DATE_EPOCH": str(SOURCE_DATE)})
    (built,) = folder.glob("*.whl")
    return built


def write_json(path: Path, content: object) -> None:
    """For people too."""
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", "utf-8")
