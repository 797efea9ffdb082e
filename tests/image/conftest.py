"""One build of the image for virtual machines serves all tests of the tier."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from image.build import Build
from image.programs import run
from tests.vm.stations import built


@pytest.fixture(scope="session")
def release(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Everything that scripts/build-image makes, of this checkout."""
    return built(tmp_path_factory.mktemp("release"), "1.0.0")


@pytest.fixture(scope="session")
def tree(release: Build, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The root file system, unpacked from what is flashed."""
    folder = tmp_path_factory.mktemp("unpacked") / "root"
    run("unsquashfs", "-q", "-n", "-d", folder, release.folder / "root.squashfs")
    yield folder
    run("rm", "-rf", "--one-file-system", folder)
