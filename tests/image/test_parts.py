"""Parts of the builder that need neither packages nor rights: initrd, locked libraries, bill, recipe."""

import configparser
import json
import lzma
import re
import stat
import subprocess
from pathlib import Path

import pytest

from gateway.journal_versions import ADDITIVE, MIGRATIONS, journal_heard
from image.bill import copyright_names, package, stated_licences
from image.bundle import make_keys, manifest
from image.debian import command_of, wanted
from image.driver import PLACE, SOURCES
from image.driver import command_of as driver_command
from image.initrd import Entry, archive, driver_name, needed_drivers, unpacked
from image.libraries import locked_for
from image.product import GATEWAY_UNITS, KIOSK, OVERLAY, STARTED, lay, put
from image.programs import locked, recipe_name, run
from image.recipe import ARCHITECTURES, DISK_SIGNATURE, PARTITIONS, VARIANTS, Recipe, kernel_words, part_uuid

ROOT = Path(__file__).parent.parent.parent
ARM = Recipe(ARCHITECTURES["arm64"], VARIANTS["headless"], "1.0.0")
LOCK = """# Written by scripts/lock.
evdev==2.0.0 ; sys_platform == 'linux' \\
    --hash=sha256:aa
flask==3.1.3 \\
    --hash=sha256:bb \\
    --hash=sha256:cc
older==1.0 ; python_full_version < '3.12' \\
    --hash=sha256:dd
newer==1.1 ; python_full_version >= '3.12' \\
    --hash=sha256:ee
only-intel==1 ; platform_machine == 'x86_64' \\
    --hash=sha256:ff
"""


def test_conditions_of_the_lock_are_judged_for_the_image() -> None:
    kept = locked_for(LOCK, ARCHITECTURES["arm64"])
    names = [line.split("==")[0] for line in kept.splitlines() if "==" in line]
    assert names == ["flask", "newer"]
    assert ";" not in kept and kept.count("--hash") == 3
    assert "only-intel==1" in locked_for(LOCK, ARCHITECTURES["amd64"])


def test_the_lock_of_the_gateway_is_read_whole() -> None:
    text = (ROOT / "requirements/gateway.txt").read_text("utf-8")
    kept = locked_for(text, ARCHITECTURES["arm64"])
    for name in ("flask", "gpiod", "pydantic-core", "systemd-watchdog"):
        assert kept.count(f"\n{name}==") == 1, name
    assert "\nevdev==" not in kept and "\npip==" not in kept


def modules(folder: Path) -> Path:
    (folder / "kernel").mkdir(parents=True)
    (folder / "modules.dep").write_text(
        "kernel/ext4.ko.xz: kernel/jbd2.ko.xz kernel/crc16.ko.xz\nkernel/jbd2.ko.xz:\nkernel/crc16.ko.xz:\n"
        "kernel/sd-mod.ko.xz: kernel/scsi.ko.xz\nkernel/scsi.ko.xz:\n"
    )
    (folder / "modules.builtin").write_text("kernel/fs/squashfs.ko\n")
    for name in ("ext4", "jbd2", "crc16", "sd-mod", "scsi"):
        (folder / f"kernel/{name}.ko.xz").write_bytes(lzma.compress(name.encode()))
    return folder


def test_drivers_come_after_what_they_need(tmp_path: Path) -> None:
    found = needed_drivers(modules(tmp_path), ("ext4", "squashfs", "sd_mod"))
    names = [driver_name(str(path)) for path in found]
    assert names.index("ext4") > max(names.index("jbd2"), names.index("crc16"))
    assert names.index("sd_mod") > names.index("scsi")
    assert unpacked(found[names.index("ext4")]) == b"ext4"
    with pytest.raises(LookupError, match="no driver floppy"):
        needed_drivers(tmp_path, ("floppy",))


def test_the_archive_is_one_that_the_kernel_reads() -> None:
    entries = [Entry("init", stat.S_IFREG | 0o755, b"#!"), Entry("bin", stat.S_IFDIR | 0o755)]
    content = archive(entries)
    assert content == archive(entries[::-1]), "sorted: the order of finding does not matter"
    at, names = 0, []
    while True:
        fields = [int(content[at + 6 + 8 * each : at + 14 + 8 * each], 16) for each in range(13)]
        assert content[at : at + 6] == b"070701"
        length, size = fields[11], fields[6]
        name = content[at + 110 : at + 110 + length - 1].decode()
        at += 110 + length
        at += -at % 4
        if name == "TRAILER!!!":
            break
        names.append((name, fields[1], content[at : at + size]))
        at += size + -size % 4
    assert names == [("bin", stat.S_IFDIR | 0o755, b""), ("init", stat.S_IFREG | 0o755, b"#!")]


def test_licences_are_told_as_they_stand(tmp_path: Path) -> None:
    path = tmp_path / "copyright"
    path.write_text(
        "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\n"
        "Files: *\nLicense: GPL-2+ or Expat\n\nLicense: BSD-3-clause\n text\n"
    )
    assert copyright_names(path) == ["BSD-3-clause", "Expat", "GPL-2+"]
    path.write_text("You may do as you like.\n")
    assert copyright_names(path) == []
    known = package("deb", "a", "1", ["GPL-2+", "Expat"], "pkg:deb/debian/a@1")
    assert known["licenseDeclared"] == "GPL-2.0-or-later AND MIT"
    unknown = package("deb", "a", "1", ["GPL-2+", "ours"], "pkg:deb/debian/a@1")
    assert (unknown["licenseDeclared"], unknown["licenseComments"]) == ("NOASSERTION", "GPL-2+, ours")
    assert json.loads(json.dumps(known)) == known


def test_a_library_without_an_expression_is_told_by_its_classifier() -> None:
    from email.parser import HeaderParser

    fields = HeaderParser().parsestr("Name: x\nClassifier: License :: OSI Approved :: MIT License\n")
    assert stated_licences(fields) == ["MIT License"]


def test_headless_has_no_browser_and_kiosk_does() -> None:
    assert "chromium" not in wanted(ARM)
    kiosk = Recipe(ARM.architecture, VARIANTS["kiosk"], "1.0.0")
    assert {"chromium", "cage"} <= set(wanted(kiosk))
    assert kiosk.compatible != ARM.compatible
    assert not any(word in name for name in wanted(kiosk) for word in ("gcc", "-dev", "build-essential", "sudo"))
    assert not any("://" in word for word in command_of(ARM)), "mirrors are the client's own"


def test_only_a_pi_has_a_driver_for_its_firmware_and_it_is_made_for_one_kernel() -> None:
    words = driver_command(ARM.architecture, "6.12.0-arm64")
    (include,) = (word for word in words if word.startswith("--include="))
    assert include.endswith(",linux-headers-6.12.0-arm64") and "--variant=extract" in words
    assert not any("://" in word for word in words), "mirrors are the client's own"
    assert not ARCHITECTURES["amd64"].firmware_driver
    unit = (OVERLAY / "usr/lib/systemd/system/lineside-firmware.service").read_text("utf-8")
    assert f"ExecStart=/usr/sbin/insmod /{PLACE}\n" in unit and "lineside-firmware" in STARTED
    assert f"obj-m := {PLACE.stem}.o\n" == (SOURCES / "Makefile").read_text("utf-8")


def test_files_of_the_image_name_the_partitions_of_the_recipe() -> None:
    rules = (OVERLAY / "usr/lib/udev/rules.d/69-lineside-card.rules").read_text("utf-8")
    named = dict(re.findall(r'^ATTR{partition}=="(\d)", SYMLINK\+="(.*)"$', rules, re.MULTILINE))
    assert named == {str(number): f"lineside/{name.replace('_', '-')}" for name, number in PARTITIONS.items()}
    rauc = (OVERLAY.parent / "rauc.conf").read_text("utf-8")
    for name in ("root-a", "root-b", "boot-a", "boot-b"):
        assert f"device=/dev/lineside/{name}\n" in rauc
    assert f"0x{DISK_SIGNATURE}" in (OVERLAY.parent / "genimage.cfg").read_text("utf-8")
    for slot in "AB":
        words = kernel_words(slot, ARM.architecture)
        assert f"root=PARTUUID={part_uuid(f'root_{slot.lower()}')}" in words and f"rauc.slot={slot}" in words
    assert len(set(PARTITIONS.values())) == len(PARTITIONS)


def test_nothing_in_the_image_finds_a_disk_by_the_signature_that_every_card_has() -> None:
    files = [path for path in OVERLAY.rglob("*") if path.is_file()]
    named = [path.name for path in (*files, OVERLAY.parent / "rauc.conf") if DISK_SIGNATURE in path.read_text("utf-8")]
    assert named == [], "only the initrd does, which looks where the disk is fastened"


def checkout(folder: Path, umask: str) -> Path:
    """The files of the image as git would write them for somebody with this umask."""
    folder.mkdir()
    words = f'umask {umask}; exec git checkout-index --all --prefix="$1/"'
    run("sh", "-c", words, "sh", folder, folder=ROOT)
    return folder


def test_the_umask_of_who_checked_out_is_not_in_the_image(tmp_path: Path) -> None:
    modes = []
    for umask in ("077", "002"):
        ours = checkout(tmp_path / umask, umask)
        tree = tmp_path / f"{umask}-tree"
        tree.mkdir()
        (tree / "usr").mkdir(mode=0o755)
        lay(ours / "image/root", tree)
        put(ours / "systemd/lineside-gateway.service", tree / "usr/lib/systemd/system/lineside-gateway.service")
        found = {str(path.relative_to(tree)): stat.S_IMODE(path.stat().st_mode) for path in tree.rglob("*")}
        modes.append(found)
    assert modes[0] == modes[1]
    assert set(modes[0].values()) == {0o644, 0o755}
    assert modes[0]["usr/lib/lineside/settle"] == 0o755 and modes[0]["etc/fstab"] == 0o644


def test_one_build_at_a_time(tmp_path: Path) -> None:
    with locked(tmp_path / "cache"), pytest.raises(RuntimeError, match="another run"), locked(tmp_path / "cache"):
        pass
    with locked(tmp_path / "cache"):
        assert recipe_name("a") == recipe_name(b"a")


def test_a_bundle_says_which_migrations_of_the_journal_it_has() -> None:
    told = configparser.ConfigParser()
    told.read_string(manifest(ARM))
    assert told["update"]["compatible"] == "lineside-headless-arm64"
    assert journal_heard(told["update"]["description"]) == (MIGRATIONS, ADDITIVE)
    assert MIGRATIONS


def test_every_unit_of_a_gateway_is_in_the_image_and_started() -> None:
    started = {each if "." in each else f"{each}.service" for each in STARTED}
    for name in GATEWAY_UNITS:
        text = (ROOT / "systemd" / name).read_text("utf-8")
        assert ("[Install]" in text) == (name in started), name


def test_new_keys_sign_for_the_maker_of_bundles_and_for_the_image(tmp_path: Path) -> None:
    keys = make_keys(tmp_path / "keys")
    assert stat.S_IMODE(keys.key.stat().st_mode) == 0o600
    mail = run("openssl", "verify", "-purpose", "smimesign", "-CAfile", keys.authority, keys.certificate)
    assert mail.strip().endswith(": OK")
    assert "Code Signing" in run("openssl", "x509", "-in", keys.certificate, "-noout", "-ext", "extendedKeyUsage")
    made = keys.certificate.read_bytes()
    assert make_keys(tmp_path / "keys").certificate.read_bytes() == made, "made once"


UNITS = sorted(
    each for tree in (OVERLAY, KIOSK) for each in (tree / "usr/lib/systemd/system").glob("lineside-*.service")
)
MORE_EXPOSED = {
    **dict.fromkeys(("lineside-card", "lineside-usb@", "lineside-settle"), 41),
    **dict.fromkeys(("lineside-grow", "lineside-wifi"), 23),
    "lineside-kiosk": 44,
}
"""What mounts for the whole system, writes the table of partitions, keeps the radio, or is a browser with a sandbox of
its own cannot come below 2.0."""


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_the_units_of_the_image_are_as_little_exposed_as_they_can_be(unit: Path) -> None:
    bound = MORE_EXPOSED.get(unit.stem, 19)
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", f"--threshold={bound}", unit]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
