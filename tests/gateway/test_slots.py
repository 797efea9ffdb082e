"""The contract of slots over folders, and over RAUC's words; and what bundles of folders refuse."""

import os
import tarfile
from pathlib import Path

import pytest

from gateway.errors import BundleRefused, BundleUntimely, SlotBroken
from gateway.updates.bundle_shelf import Sticks
from gateway.updates.bundles import (
    CUT_SHORT,
    TAMPERED,
    WRONG_SIGNATURE,
    build_bundle,
    open_bundle,
    trusted_keys,
    unpack,
)
from gateway.updates.directory_slots import BOOT, DirectorySlots, boot
from tests.gateway.slot_benches import DirectoryBench, RaucBench
from tests.gateway.slot_contract import SlotBench, SlotContract


class TestDirectorySlots(SlotContract):
    @pytest.fixture
    def bench(self, tmp_path: Path) -> SlotBench:
        return DirectoryBench(tmp_path)


class TestRaucWords(SlotContract):
    """RAUC itself runs in the tests with a machine; here its words and its JSON."""

    @pytest.fixture
    def bench(self, tmp_path: Path) -> SlotBench:
        return RaucBench(tmp_path)


def test_a_certificate_is_not_judged_by_a_clock_that_nobody_has_set(tmp_path: Path) -> None:
    """A board without a battery starts at the time its system was made, before the signer's key was."""
    bench = RaucBench(tmp_path)
    bundle = bench.bundle("2.0", "untimely")
    bench.is_clock_good = False
    for look in (bench.slots.inspect, bench.slots.install):
        with pytest.raises(BundleUntimely, match="not yet valid"):
            look(bundle)
    stick = tmp_path / "stick"
    stick.mkdir()
    there = bench.bundle("2.0", "untimely").rename(stick / "2.0.raucb")
    sticks = Sticks([stick], lambda path: bench.slots.inspect(path))
    assert sticks.newest("1.0") is None
    state = there.stat()
    there.write_text(there.read_text().replace("untimely", "        "))
    os.utime(there, ns=(state.st_atime_ns, state.st_mtime_ns))
    found = sticks.newest("1.0")
    assert found is not None and found.version == "2.0", "the same file, once the clock is set"
    bench.is_clock_good = True
    for look in (bench.slots.inspect, bench.slots.install):
        with pytest.raises(BundleRefused, match="not yet valid"):
            look(bench.bundle("2.0", "untimely"))


@pytest.fixture
def folders(tmp_path: Path) -> DirectoryBench:
    return DirectoryBench(tmp_path)


@pytest.mark.parametrize(
    ("fault", "words"), [("signature", WRONG_SIGNATURE), ("payload", TAMPERED), ("cut", CUT_SHORT)]
)
def test_each_fault_of_a_bundle_has_its_own_words(folders: DirectoryBench, fault: str, words: str) -> None:
    with pytest.raises(BundleRefused, match=words):
        folders.slots.install(folders.bundle("2.0", fault))
    assert not (folders.root / "b").exists()


@pytest.mark.parametrize("kept", [0, 1, 511, 512, 1024, 2000, 2600])
def test_a_bundle_that_was_cut_anywhere_is_refused(folders: DirectoryBench, kept: int) -> None:
    bundle = folders.bundle("2.0")
    with bundle.open("rb+") as file:
        file.truncate(kept)
    with pytest.raises(BundleRefused):
        folders.slots.install(bundle)


def test_the_tree_arrives_as_it_was_and_the_same_tree_gives_the_same_bundle(folders: DirectoryBench) -> None:
    bundle = folders.bundle("2.0")
    assert bundle.read_bytes() == folders.bundle("2.0").read_bytes()
    folders.slots.install(bundle)
    there = folders.root / "b"
    assert (there / "notes.txt").read_text() == (folders.tree("2.0") / "notes.txt").read_text()
    assert os.access(there / "bin/run", os.X_OK)
    assert (there / "current").readlink() == Path("bin/run")


def test_an_install_that_was_cut_leaves_nothing_that_boots(folders: DirectoryBench) -> None:
    folders.slots.install(folders.bundle("2.0"))
    (folders.root / "b/release.json").unlink()
    with pytest.raises(SlotBroken, match="no whole release"):
        folders.slots.restart(trial=True)
    (folders.root / BOOT).write_text('{"default": "a", "trying": "b"}')
    assert boot(folders.root).name == "a"


def test_no_folder_of_keys_trusts_nobody(folders: DirectoryBench, tmp_path: Path) -> None:
    slots = DirectorySlots(folders.root, tmp_path / "none", "lineside", folders.requests)
    with pytest.raises(BundleRefused, match=WRONG_SIGNATURE):
        slots.inspect(folders.bundle("2.0"))


def test_the_next_key_is_trusted_beside_the_old_one(folders: DirectoryBench) -> None:
    (folders.keys / "next.pem").write_bytes((folders.home / "stranger.pem").read_bytes())
    assert folders.slots.inspect(folders.bundle("2.0", "signature")).version == "2.0"


@pytest.mark.parametrize("name", ["../outside", "/outside", "link/inside"])
def test_a_payload_writes_nowhere_else(folders: DirectoryBench, tmp_path: Path, name: str) -> None:
    """Signed by a good key all the same: a builder's mistake must not reach outside of its slot."""
    import gateway.updates.bundles as bundles

    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "file").write_text("x")
    out = tmp_path / "hostile.lineside"

    def pack(_: Path, payload: Path) -> None:
        with tarfile.open(payload, "w:gz") as inner:
            link = tarfile.TarInfo("link")
            link.type, link.linkname = tarfile.SYMTYPE, str(tmp_path)
            inner.addfile(link)
            inner.addfile(tarfile.TarInfo(name))

    honest, bundles._pack = bundles._pack, pack
    try:
        build_bundle(tree, out, "2.0", "lineside", folders.home / "vendor.key", (), ())
    finally:
        bundles._pack = honest
    opened = open_bundle(out, trusted_keys(folders.keys))
    with pytest.raises(BundleRefused, match=r"outside|through a link"):
        unpack(out, opened, tmp_path / "into")
    assert not (tmp_path / "outside").exists() and not (tmp_path / "inside").exists()
