"""The Debian underneath: a root file system as a tar, from packages that are fetched once.

The lists and packages that a build used stay in a cache. The next build uses exactly those and downloads nothing, until
it is told to look for newer ones. Debian comes from mmdebstrap's default mirrors.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

from gateway.durable import digest_of_file
from image.programs import recipe_name, run
from image.recipe import SOURCE_DATE, SUITE, Recipe

PACKAGES = Path(__file__).parent / "packages"
COMPONENTS = "main non-free-firmware"
LEFT_OUT = (
    *("/usr/share/man/*", "/usr/share/locale/*", "/usr/share/info/*", "/usr/share/doc/*", "/usr/share/lintian/*"),
    # An initrd of our own takes the place of the one that these scripts make, twice, for minutes under emulation.
    # The firmware package's own stays: its installation calls it by name, and without an initrd it does nothing.
    "/etc/kernel/postinst.d/initramfs-tools",
)
KEPT = ("/usr/share/doc/*/copyright",)


@dataclass(frozen=True)
class DebianCache:
    """Folders of one architecture and variant: apt's lists, packages, and finished root file systems."""

    folder: Path

    @property
    def lists(self) -> Path:
        """What apt knew of the mirrors."""
        return self.folder / "lists"

    @property
    def packages(self) -> Path:
        """Packages as they were fetched; apt checks each against the signed lists."""
        return self.folder / "packages"

    def name(self, recipe: Recipe) -> str:
        """The name of the root file system that this cache gives: what is asked for, and the lists it is taken from."""
        lists = sorted(path for path in self.lists.glob("*InRelease") if path.is_file())
        return recipe_name(repr(command_of(recipe)), *[digest_of_file(path) for path in lists])


def wanted(recipe: Recipe) -> list[str]:
    """Names of packages, sorted."""
    names = ["base", recipe.architecture.name]
    if recipe.variant.name != "headless":
        names.append(recipe.variant.name)
    lines = [line for name in names for line in (PACKAGES / f"{name}.txt").read_text("utf-8").splitlines()]
    return sorted({line.strip() for line in lines if line.strip() and not line.startswith("#")})


def command_of(recipe: Recipe) -> list[str]:
    """mmdebstrap's command line but for the cache and where the tar goes."""
    return [
        *("mmdebstrap", "--quiet", "--mode=root", "--format=tar", "--variant=minbase"),
        f"--architectures={recipe.architecture.name}",
        f"--components={COMPONENTS}",
        f"--include={','.join(wanted(recipe))}",
        *(f"--dpkgopt=path-exclude={each}" for each in LEFT_OUT),
        *(f"--dpkgopt=path-include={each}" for each in KEPT),
        *(
            '--aptopt=Acquire::Languages "none"',
            "--aptopt=Acquire::Retries 3",
            "--aptopt=APT::Install-Recommends false",
        ),
        *("--skip=download/empty", "--skip=essential/unlink"),
    ]


def debian_root(recipe: Recipe, cache: DebianCache, refresh: bool = False) -> Path:
    """The tar, made if it is not there. `refresh` looks for newer packages first. Raises RuntimeError."""
    for folder in (cache.lists, cache.packages):
        folder.mkdir(parents=True, exist_ok=True)
    fresh = refresh or not any(cache.lists.glob("*InRelease"))
    made = cache.folder / f"root-{cache.name(recipe)}.tar"
    if not fresh and made.exists():
        return made
    draft = cache.folder / "draft.tar"
    make_root(recipe, cache, draft, fresh)
    made = cache.folder / f"root-{cache.name(recipe)}.tar"
    for earlier in cache.folder.glob("root-*.tar"):
        earlier.unlink()
    draft.rename(made)
    return made


def make_root(recipe: Recipe, cache: DebianCache, target: Path, fresh: bool) -> None:
    """Build the tar: with `fresh` from the mirrors as they are now, else from the cache alone."""
    command = command_of(recipe)
    if fresh:
        command.append(f"--customize-hook=sync-out /var/lib/apt/lists {cache.lists}")
    else:
        command += known(cache.lists)
    fetch(command, cache.packages, target)
    tidied(cache.lists)


def known(lists: Path) -> list[str]:
    """Words for mmdebstrap: take the packages that these lists name, and look for no newer ones."""
    return ["--skip=update", f"--setup-hook=sync-in {lists} /var/lib/apt/lists"]


def fetch(command: list[str], packages: Path, target: Path) -> None:
    """Run mmdebstrap with a folder of packages: what lies there is not downloaded, what is downloaded stays there."""
    program, *words = command
    run(
        program,
        '--setup-hook=mkdir -p "$1/var/cache/apt/archives" "$1/var/lib/apt/lists"',
        f"--setup-hook=sync-in {packages} /var/cache/apt/archives",
        f"--customize-hook=sync-out /var/cache/apt/archives {packages}",
        *words,
        SUITE,
        target,
        environment={"SOURCE_DATE_EPOCH": str(SOURCE_DATE)},
    )
    tidied(packages)


def tidied(folder: Path) -> None:
    """Take away what apt only needs while it runs."""
    shutil.rmtree(folder / "partial", ignore_errors=True)
    (folder / "lock").unlink(missing_ok=True)
