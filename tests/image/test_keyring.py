"""What RAUC itself makes of the image's keyring settings: a signer's certificate has to hold when it signed."""

import configparser
import os
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from image.bundle import make_bundle, make_keys
from image.programs import run
from image.recipe import ARCHITECTURES, VARIANTS, Recipe
from simulation.processes import wait_for

SETTINGS = Path(__file__).parent.parent.parent / "image/rauc.conf"
VALID_SECONDS = 8.0


def keyring() -> configparser.SectionProxy:
    told = configparser.ConfigParser()
    told.read_string(SETTINGS.read_text("utf-8"))
    return told["keyring"]


def test_the_keyring_asks_for_the_time_of_signing() -> None:
    assert keyring().getboolean("use-bundle-signing-time")
    assert keyring()["check-purpose"] == "codesign"


@pytest.mark.image
def test_a_bundle_that_was_signed_in_time_is_good_at_any_time(tmp_path: Path) -> None:
    """A clock that is years behind cannot be had here; one after the certificate's end asks the same question."""
    keys = make_keys(tmp_path / "keys")
    (tmp_path / "ca.cnf").write_text(
        f"[ca]\ndefault_ca=d\n[d]\ndatabase={tmp_path}/index\nrand_serial=yes\nnew_certs_dir={tmp_path}\n"
        "default_md=sha256\npolicy=p\nunique_subject=no\n[p]\norganizationName=supplied\ncommonName=supplied\n"
        "[uses]\nbasicConstraints=CA:FALSE\nkeyUsage=digitalSignature\n"
        "extendedKeyUsage=codeSigning,emailProtection\n"
    )
    (tmp_path / "index").touch()
    run("openssl", "req", "-new", "-key", keys.key, "-subj", "/O=Lineside/CN=builder", "-out", tmp_path / "csr")
    until = datetime.now(UTC) + timedelta(seconds=VALID_SECONDS)
    run(
        *("openssl", "ca", "-batch", "-notext", "-config", tmp_path / "ca.cnf", "-extensions", "uses"),
        *("-cert", keys.authority, "-keyfile", keys.folder / "authority.key", "-in", tmp_path / "csr"),
        *("-startdate", "20250101000000Z", "-enddate", f"{until:%Y%m%d%H%M%SZ}", "-out", keys.certificate),
    )
    slots = tmp_path / "slots"
    slots.mkdir()
    for name in ("root.squashfs", "boot.vfat"):
        (slots / name).write_bytes(os.urandom(100_000))
    make_bundle(Recipe(ARCHITECTURES["arm64"], VARIANTS["headless"], "1.0.0"), slots, keys, tmp_path / "new.raucb")
    wait_for("the certificate's end", lambda: datetime.now(UTC) > until + timedelta(seconds=1), 4 * VALID_SECONDS)
    assert looked_at(tmp_path, "true") == (0, "")
    code, said = looked_at(tmp_path, "false")
    assert code != 0 and "certificate has expired" in said


def looked_at(folder: Path, signing_time: str) -> tuple[int, str]:
    """How RAUC ends with the image's keyring settings but for that one, and what it says of the signature."""
    lines = ["[system]", "compatible=x", "bootloader=noop", "[keyring]"]
    told = dict(keyring()) | {"path": f"{folder}/keys/authority.pem", "use-bundle-signing-time": signing_time}
    (folder / "system.conf").write_text("\n".join([*lines, *(f"{name}={value}" for name, value in told.items()), ""]))
    command = ["rauc", "-c", str(folder / "system.conf"), "info", str(folder / "new.raucb")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, "".join(line for line in done.stderr.splitlines() if "certificate" in line)
