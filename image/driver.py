"""Our own driver of the Pi's firmware (`kernel/`), made for exactly the kernel of an image.

Debian's compiler makes it, of the same lists as the image, in a root that is thrown away: no image has a compiler.
It is made once for each kernel and lies in the cache.
"""

import shutil
from pathlib import Path

from image.debian import PACKAGES, DebianCache, fetch, known
from image.initrd import kernel_modules
from image.programs import recipe_name, run
from image.recipe import Architecture, Recipe
from image.slots import unpacked

SOURCES = Path(__file__).parent / "kernel"
NAME = "lineside_tryboot"
PLACE = Path("usr/lib/lineside") / f"{NAME}.ko"
COMPILE = """set -eu
# A root that nobody set up lacks the link that Debian's alternatives make, and this device.
ln -s mawk "$1/usr/bin/awk"
mkdir -p "$1/dev" && touch "$1/dev/null" && mount --bind /dev/null "$1/dev/null"
exec chroot "$1" /bin/sh -euc 'make -C "$1" M=/sources CONFIG_DEBUG_INFO_BTF_MODULES= modules
    strip --strip-debug "/sources/$2.ko"' compile "$2" "$3"
"""


def install_driver(tree: Path, recipe: Recipe, debian: DebianCache, cache: Path) -> None:
    """Put the driver into an unpacked root whose boards have that firmware. Raises RuntimeError, LookupError."""
    if not recipe.architecture.firmware_driver:
        return
    release = kernel_modules(tree).name
    folder = cache / f"driver-{recipe.architecture.name}"
    words = command_of(recipe.architecture, release)
    sources = [path.read_bytes() for path in sorted(SOURCES.iterdir())]
    made = folder / f"{recipe_name(repr(words), COMPILE, *sources)}.ko"
    if not made.exists():
        make_driver(words, release, debian.lists, made)
    (tree / PLACE).parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(made, tree / PLACE)


def command_of(architecture: Architecture, release: str) -> list[str]:
    """mmdebstrap's command line for compiler and headers. Nothing is set up in that root: under emulation that would
    take minutes, and only the compiler runs there."""
    lines = (PACKAGES / "driver.txt").read_text("utf-8").splitlines()
    names = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    return [
        *("mmdebstrap", "--quiet", "--mode=root", "--format=tar", "--variant=extract"),
        f"--architectures={architecture.name}",
        f"--include={','.join([*names, f'linux-headers-{release}'])}",
        *('--aptopt=Acquire::Languages "none"', "--aptopt=Acquire::Retries 3"),
        *("--aptopt=APT::Install-Recommends false", "--skip=download/empty"),
    ]


def make_driver(words: list[str], release: str, lists: Path, made: Path) -> None:
    """Compile the driver for a kernel. Raises RuntimeError."""
    packages = made.parent / "packages"
    packages.mkdir(parents=True, exist_ok=True)
    tar = made.parent / "root.tar"
    fetch([*words, *known(lists)], packages, tar)
    with unpacked(tar) as root:
        shutil.copytree(SOURCES, root / "sources")
        path = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}
        headers = f"/usr/lib/modules/{release}/build"
        run("unshare", "--mount", "sh", "-c", COMPILE, "compile", root, headers, NAME, environment=path)
        draft = made.with_suffix(".new")
        shutil.copyfile(root / "sources" / f"{NAME}.ko", draft)
        draft.replace(made)
    tar.unlink()
