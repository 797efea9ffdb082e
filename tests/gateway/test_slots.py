"""The contract of slots over folders, and over RAUC's words; and what bundles of folders refuse."""

import os
import resource
import signal
import tarfile
from pathlib import Path

import pytest

from gateway.errors import BundleRefused, BundleUntimely, SlotBroken
from gateway.journal_room import free_bytes
from gateway.journal_versions import MIGRATIONS
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


def test_a_release_without_room_is_not_unpacked_and_leaves_nothing(folders: DirectoryBench) -> None:
    """The journal is on the same card: its room is kept, and half a release does not stay."""
    small = DirectorySlots(folders.root, folders.keys, "lineside", folders.requests, free_bytes(folders.root))
    before = {each.name for each in folders.root.iterdir()}
    with pytest.raises(SlotBroken, match="must stay free for the journal"):
        small.install(folders.bundle("2.0"))
    assert {each.name for each in folders.root.iterdir()} == before


def test_an_installation_that_fails_half_way_leaves_nothing(folders: DirectoryBench) -> None:
    """As on a card that fills up meanwhile: the last file does not fit."""
    bundle, tree, large = folders.bundle("2.0"), folders.tree("2.1"), folders.home / "large.lineside"
    (tree / "zz").write_bytes(bytes(400_000))
    build_bundle(tree, large, "2.1", "lineside", folders.home / "vendor.key", MIGRATIONS, ())
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limit[1]))
    try:
        with pytest.raises(SlotBroken, match="cannot be put into its slot"):
            folders.slots.install(large)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        signal.signal(signal.SIGXFSZ, before)
    assert not (folders.root / "new").exists()
    folders.slots.install(bundle)


def test_a_file_with_two_names_is_packed_twice(folders: DirectoryBench) -> None:
    tree = folders.tree("2.0")
    os.link(tree / "notes.txt", tree / "same.txt")
    folders.slots.install(folders.bundle("2.0"))
    assert (folders.root / "b/same.txt").read_text() == (tree / "notes.txt").read_text()
    os.mkfifo(tree / "pipe")
    with pytest.raises(ValueError, match="neither file, folder nor link"):
        folders.bundle("2.0")


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
