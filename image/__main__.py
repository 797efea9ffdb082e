"""The command line of scripts/build-image."""

import argparse
import os
import sys
from pathlib import Path

from floor.versions import version_key
from image.build import Build
from image.bundle import make_keys
from image.emulation import require_programs_of
from image.product import ROOT
from image.programs import locked
from image.recipe import ARCHITECTURES, VARIANTS, Recipe


def release(text: str) -> str:
    """A version that stations can compare: any other could neither be installed over a release, nor be updated."""
    if version_key(text) is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no version: numbers with dots, such as 0.3.1 or 0.4.0rc1")
    return text


def arguments() -> argparse.Namespace:
    """What was asked for."""
    words = argparse.ArgumentParser(
        prog="scripts/build-image", description="Build the Pi image, a bundle and a bill of materials."
    )
    words.add_argument(
        "--arch", choices=ARCHITECTURES, default="arm64", help="arm64 for a Pi, amd64 for a virtual machine"
    )
    words.add_argument("--variant", choices=VARIANTS, default="headless", help="kiosk has a browser on its screen")
    words.add_argument("--release", type=release, help="the release's number; default: the product's own")
    words.add_argument("--keys", type=Path, help="folder of the keys that sign updates; made when it is not there")
    words.add_argument("--out", type=Path, default=ROOT / "var/image/out", help="where releases go, each in its folder")
    words.add_argument(
        "--cache", type=Path, default=ROOT / "var/image/cache", help="packages, wheels and Debian's root"
    )
    words.add_argument(
        "--refresh", action="store_true", help="look for newer Debian packages; else the cached ones are used"
    )
    words.add_argument(
        "--check-reproducible", action="store_true", help="build twice from the cache and compare the bytes"
    )
    return words.parse_args()


def main() -> int:
    """0 when it was built; 1 with the reason."""
    given = arguments()
    if os.geteuid() != 0:
        sys.stderr.write("build-image: needs root: it unpacks files of root and starts programs of the image\n")
        return 1
    from floor import __version__

    recipe = Recipe(ARCHITECTURES[given.arch], VARIANTS[given.variant], given.release or __version__)
    try:
        with locked(given.cache):
            require_programs_of(recipe.architecture)
            keys = make_keys(given.keys or given.cache / "keys")
            build = Build(recipe, given.cache, given.out, keys, say)
            folder = build.all(given.refresh)
            if given.check_reproducible:
                differences = build.differences()
                if differences:
                    sys.stderr.write(f"build-image: not the same twice: {', '.join(differences)}\n")
                    return 1
                say("built twice more from the cache: the same bytes")
    except (RuntimeError, LookupError, OSError) as error:
        sys.stderr.write(f"build-image: {error}\n")
        return 1
    say(f"{recipe.name} is in {folder}")
    return 0


def say(line: str) -> None:
    """To a person, at once."""
    sys.stdout.write(f"build-image: {line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
