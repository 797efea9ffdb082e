"""What a release of the image is made of, looked at without starting it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.durable import digest_of_file
from image.build import Build
from image.programs import run
from image.recipe import BOOT_MIB, MIB
from tests.image.test_flash import on_device
from tests.wheels import ROOT

pytestmark = [pytest.mark.image, pytest.mark.root]
PACKED_BYTES_MAX = 700 * 10**6
PROGRAMS = ("usr/bin", "usr/sbin", "usr/local/bin", "usr/local/sbin", "opt/lineside/bin")
MAKERS = ("cc", "gcc", "g++", "c++", "clang", "tcc", "ld", "as", "make", "cmake", "go", "rustc", "cargo", "pip", "pip3")
RAISING = {"mount", "umount", "su", "newgrp", "chsh", "chfn", "gpasswd", "passwd", "unix_chkpwd", "expiry", "chage"}
RAISING |= {"dbus-daemon-launch-helper", "ssh-keysign", "ssh-agent"}
"""Programs of Debian that run with more rights than who starts them; another one has to be looked at first."""
TIMEOUT = pytest.mark.timeout(2_400)


@TIMEOUT
def test_sizes_are_within_their_bounds(release: Build, capsys: pytest.CaptureFixture[str]) -> None:
    told = json.loads((release.folder / "build.json").read_text("utf-8"))
    with capsys.disabled():
        sizes = ", ".join(f"{name} {each['bytes'] / 1e6:.0f} MB" for name, each in told["files"].items())
        times = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in told["seconds"].items())
        sys.stdout.write(f"\nimage: {sizes}\nimage: {times}\n")
    assert release.packed.stat().st_size < PACKED_BYTES_MAX
    assert (release.folder / "root.squashfs").stat().st_size < 0.8 * release.recipe.variant.root_mib * MIB
    free = run("mdir", "-i", release.folder / "boot.vfat", "::").split()[-3:]
    assert (release.folder / "boot.vfat").stat().st_size == BOOT_MIB * MIB, free


def test_nobody_has_a_password(tree: Path) -> None:
    lines = [line.split(":") for line in (tree / "etc/shadow").read_text().splitlines()]
    assert lines and all(fields[1] in ("*", "!", "!*", "!!") for fields in lines)
    assert not list(tree.glob("etc/ssh/ssh_host_*")), "a host key in an image would be everybody's"
    assert not list(tree.glob("root/.ssh/*")) and not (tree / "etc/sudoers").exists()
    assert (tree / "etc/machine-id").read_text() == ""


def test_nothing_in_it_makes_programs(tree: Path) -> None:
    found = [f"{folder}/{name}" for folder in PROGRAMS for name in MAKERS if (tree / folder / name).exists()]
    assert found == []
    assert not (tree / "usr/include/stdio.h").exists()
    assert list(tree.glob("opt/lineside/lib/python3.*/site-packages/pip")) == []


def test_programs_with_more_rights_are_those_that_are_known(tree: Path) -> None:
    raising = [path for folder in ("usr", "opt") for path in (tree / folder).rglob("*") if is_raising(path)]
    assert {path.name for path in raising} <= RAISING


def is_raising(path: Path) -> bool:
    return path.is_file() and not path.is_symlink() and bool(path.stat().st_mode & 0o6000)


def test_the_product_is_whole_and_compiled(tree: Path) -> None:
    asked = "import evdev, gpiod, gateway.main, sys; print(evdev.__file__, gateway.main.__file__, sys.prefix)"
    places = run("chroot", tree, "/opt/lineside/bin/python3", "-I", "-c", asked).split()
    assert places[0].startswith("/usr/lib/python3/dist-packages/evdev"), "Debian's, as it has no wheels"
    assert places[1].startswith("/opt/lineside/lib/") and places[2] == "/opt/lineside"
    assert "Usage" in run("chroot", tree, "/opt/lineside/bin/lineside", "--help")
    (site,) = tree.glob("opt/lineside/lib/python3.*/site-packages")
    sources = {path for path in (site / "gateway").rglob("*.py")}
    assert len(list((site / "gateway").rglob("*.pyc"))) == len(sources)


def test_units_are_right_where_they_are(tree: Path) -> None:
    ours = sorted(path.name for path in (tree / "usr/lib/systemd/system").glob("lineside-*") if path.is_file())
    assert {"lineside-gateway.service", "lineside-settle.service", "lineside-grow.service"} <= set(ours)
    names = [name.replace("@.", "@sda1.") for name in ours]
    command = ["chroot", str(tree), "systemd-analyze", "verify", "--man=no", "--recursive-errors=no", *names]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, [line for line in done.stderr.splitlines() if "lineside" in line]) == (0, [])


def test_what_starts_is_what_was_chosen(tree: Path) -> None:
    def state(unit: str) -> str:
        command = ["systemctl", f"--root={tree}", "is-enabled", unit]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()

    assert {state(f"{name}.service") for name in ("lineside-gateway", "chrony", "nftables", "lineside-settle")} == {
        "enabled"
    }
    assert state("mosquitto.service") == "disabled"
    assert {state(name) for name in ("getty@.service", "serial-getty@.service", "rauc-mark-good.service")} == {"masked"}


def test_the_bill_names_every_package_with_version_and_licence(release: Build, tree: Path) -> None:
    bill = json.loads((release.folder / "bill.spdx.json").read_text("utf-8"))
    assert bill["spdxVersion"] == "SPDX-2.3"
    packages = bill["packages"]
    asked = "dpkg-query", "-W", "-f", "${Package} ${Version}\n"
    installed = set(run("chroot", tree, *asked).splitlines())
    told = {f"{each['name']} {each['versionInfo']}" for each in packages if "-deb-" in each["SPDXID"]}
    assert told == installed
    python = {each["name"].lower() for each in packages if "-python-" in each["SPDXID"]}
    assert {"flask", "pydantic", "lineside"} <= python
    assert len({each["SPDXID"] for each in packages}) == len(packages)
    silent = [each["name"] for each in packages if each["licenseComments"].startswith("no readable")]
    assert len(silent) < len(packages) / 4, silent


def test_the_disk_has_the_partitions_that_the_firmware_and_the_slots_need(release: Build) -> None:
    table = json.loads(run("sfdisk", "--json", release.disk))["partitiontable"]
    assert (table["label"], table["id"]) == ("dos", "0x4c494e45")
    kinds = [each["type"] for each in table["partitions"]]
    assert [kind for kind in kinds if kind == "c"] == ["c"] * 3 and len(kinds) == 7
    assert "boot_partition=2" in on_device(release.disk, "autoboot.txt")


@TIMEOUT
def test_a_second_build_downloads_nothing_and_gives_the_same_bytes(release: Build, tmp_path: Path) -> None:
    """Without any network: what is not in the cache cannot come from anywhere. By a builder who keeps files private."""
    command = ("scripts/build-image", "--arch", "amd64", "--release", "1.0.0", "--check-reproducible")
    private = ("sh", "-c", 'umask 077; exec "$@"', "sh")
    run(*private, "unshare", "--net", *command, "--out", tmp_path, "--cache", release.cache, folder=ROOT)
    again = tmp_path / release.recipe.name
    for name in ("root.squashfs", "boot.vfat", "bill.spdx.json", "disk.img"):
        assert digest_of_file(again / name) == digest_of_file(release.folder / name), name
