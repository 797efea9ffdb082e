"""The guest: a plain Debian with Python, the wheel of this checkout and its locked dependencies, as one ext4 image.

Made in three steps, each kept in a folder outside git under a name that is the hash of its recipe: the packages of
Debian, the image with the product in it, and (see `saved_state`) the state of the machine after its start. Debian comes
from the client's default mirror. Needs root, as the files of the guest belong to root.
"""

import platform
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from floor.example import example_plant
from floor.master_files import write_toml
from image.programs import locked, recipe_name, run

ROOT = Path(__file__).parent.parent.parent
CACHE = ROOT / "var/vm"
GUEST = Path(__file__).parent / "guest"
# The guest has the Python of this checkout: what is compiled here fits there.
SUITES = {"3.11": "bookworm", "3.13": "trixie"}
PACKAGES = ("systemd-sysv", "udev", "kmod", "python3", "e2fsprogs", "mount", "linux-image-cloud-amd64")
LEFT_OUT = ("man", "locale", "doc")
IMAGE_BYTES = 1_500 * 2**20


@dataclass(frozen=True)
class GuestImage:
    """What a machine starts from. The image must never change: saved states refer to it."""

    disk: Path
    kernel: Path
    initrd: Path
    name: str


@contextmanager
def locked_cache() -> Iterator[Path]:
    """The folder of everything made here, for one run at a time; what a killed run left half made is removed."""
    with locked(CACHE):
        shutil.rmtree(CACHE / "making", ignore_errors=True)
        yield CACHE


def forget_others(kept: Path, prefix: str) -> None:
    """Remove what earlier recipes or commits left beside `kept`: each is hundreds of megabytes."""
    for folder in kept.parent.glob(f"{prefix}*"):
        if folder != kept:
            shutil.rmtree(folder)


def guest_image() -> GuestImage:
    """The image for this checkout, made if it is not there yet."""
    scratch = CACHE / "making"
    scratch.mkdir()
    try:
        debian, debian_name = _debian(scratch)
        wheel = _wheel(scratch)
        lock = (ROOT / "requirements/gateway.txt").read_bytes()
        own = [path.read_bytes() for path in sorted(GUEST.iterdir()) if path.is_file()]
        name = recipe_name(debian_name, wheel.read_bytes(), lock, *own, Path(__file__).read_bytes())
        folder = CACHE / f"image-{name}"
        if not folder.exists():
            _make_image(debian, wheel, scratch)
            (scratch / "made").rename(folder)
        forget_others(folder, "image-")
    finally:
        shutil.rmtree(scratch)
    return GuestImage(folder / "root.ext4", folder / "kernel", folder / "initrd", name)


def _debian(scratch: Path) -> tuple[Path, str]:
    """The root file system without the product, as a tar."""
    suite = SUITES.get(".".join(platform.python_version_tuple()[:2]))
    if suite is None:
        raise RuntimeError(f"the guest needs Python {' or '.join(SUITES)}: PYTHON=python3.11 scripts/setup --vm")
    command = ["mmdebstrap", "--quiet", "--mode=root", "--variant=minbase", f"--include={','.join(PACKAGES)}"]
    command += [f"--dpkgopt=path-exclude=/usr/share/{each}/*" for each in LEFT_OUT]
    command += ['--aptopt=Acquire::Languages "none"', "--aptopt=Acquire::Retries 3", suite]
    name = recipe_name(*command)
    made = CACHE / f"debian-{name}.tar"
    if not made.exists():
        run(*command, scratch / "debian.tar")
        (scratch / "debian.tar").rename(made)
    return made, name


def _wheel(scratch: Path) -> Path:
    """The wheel of this checkout; the same content makes the same file."""
    run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", scratch, ROOT)
    (built,) = scratch.glob("*.whl")
    return built


def _make_image(debian: Path, wheel: Path, scratch: Path) -> None:
    tree, made = scratch / "tree", scratch / "made"
    tree.mkdir()
    made.mkdir()
    run("tar", "-C", tree, "-xpf", debian, "--xattrs", "--xattrs-include=*", "--exclude=./dev/*")
    _install(tree, wheel)
    for kind, target in (("vmlinuz", "kernel"), ("initrd.img", "initrd")):
        (found,) = (tree / "boot").glob(f"{kind}-*")
        shutil.copyfile(found, made / target)
    with (made / "root.ext4").open("wb") as disk:
        disk.truncate(IMAGE_BYTES)
    run("mke2fs", "-q", "-t", "ext4", "-d", tree, "-L", "root", made / "root.ext4")


def _install(tree: Path, wheel: Path) -> None:
    """The product and what it needs, and the program that plays the station."""
    (library,) = (tree / "usr/lib").glob("python3.*")
    site = tree / "usr/local/lib" / library.name / "dist-packages"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "-q", "--no-deps", "--target", site]
    # The wheel first: pip leaves a folder of commands alone that is there already.
    run(*pip, wheel)
    run(*pip, "--require-hashes", "--no-build-isolation", "-r", ROOT / "requirements/gateway.txt")
    command = tree / "usr/local/bin/lineside"
    script = (site / "bin/lineside").read_text().splitlines(keepends=True)
    command.write_text("#!/usr/bin/python3\n" + "".join(script[1:]))
    command.chmod(0o755)
    run("chroot", tree, "python3", "-m", "compileall", "-q", f"/{site.relative_to(tree)}")
    station = tree / "opt/station"
    shutil.copytree(GUEST, station, ignore=shutil.ignore_patterns("__pycache__"))
    (station / "master.toml").write_text(write_toml(example_plant()), encoding="utf-8")
    units = tree / "etc/systemd/system"
    shutil.copy(GUEST / "station.service", units)
    (units / "multi-user.target.wants/station.service").symlink_to("/etc/systemd/system/station.service")
    (tree / "etc/machine-id").write_text("")
    (tree / "etc/hostname").write_text("station\n")
