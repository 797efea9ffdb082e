"""Update bundles: the two images of a release and a manifest, signed, for RAUC. And the keys that sign them.

The private key of the authority signs a signer's certificate once and is then better kept away from the builder's
machine; an image trusts whatever the authority has signed.
"""

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from gateway.journal_versions import journal_told
from image.programs import run
from image.recipe import SOURCE_DATE, Recipe

KEY_DAYS = 7_300
SIGNER_DAYS = 3_650


@dataclass(frozen=True)
class Keys:
    """A folder with the authority (what images trust) and a signer."""

    folder: Path

    @property
    def authority(self) -> Path:
        """The certificate that images carry."""
        return self.folder / "authority.pem"

    @property
    def certificate(self) -> Path:
        """The signer's certificate."""
        return self.folder / "signer.pem"

    @property
    def key(self) -> Path:
        """The signer's private key."""
        return self.folder / "signer.key"


def make_keys(folder: Path) -> Keys:
    """The keys of a folder, made when there are none. Private keys are readable by their owner alone."""
    keys = Keys(folder)
    if keys.authority.exists():
        return keys
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    before = os.umask(0o077)
    try:
        with tempfile.TemporaryDirectory(dir=folder) as name:
            draft = Path(name)
            curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
            run(
                *("openssl", "req", "-x509", *curve, "-days", str(KEY_DAYS), "-subj", "/O=Lineside/CN=releases"),
                *("-addext", "keyUsage=critical,keyCertSign,cRLSign", "-addext", "basicConstraints=critical,CA:TRUE"),
                *("-keyout", draft / "authority.key", "-out", draft / "authority.pem"),
            )
            run(
                *("openssl", "req", *curve, "-subj", "/O=Lineside/CN=builder"),
                *("-keyout", draft / "signer.key", "-out", draft / "signer.csr"),
            )
            # An image asks for code signing. Debian 12's RAUC, which makes bundles, knows only the purpose of mail.
            uses = "basicConstraints=CA:FALSE\nkeyUsage=digitalSignature\n"
            uses += "extendedKeyUsage=codeSigning,emailProtection\n"
            (draft / "uses").write_text(uses)
            run(
                *("openssl", "x509", "-req", "-in", draft / "signer.csr", "-days", str(SIGNER_DAYS)),
                *("-CA", draft / "authority.pem", "-CAkey", draft / "authority.key", "-CAcreateserial"),
                *("-extfile", draft / "uses", "-out", draft / "signer.pem"),
            )
            for path in ("signer.key", "signer.pem", "authority.key", "authority.pem"):
                (draft / path).rename(folder / path)
    finally:
        os.umask(before)
    return keys


def make_bundle(recipe: Recipe, slots: Path, keys: Keys, target: Path) -> None:
    """A signed bundle of the images in `slots`. Raises RuntimeError."""
    with tempfile.TemporaryDirectory(dir=target.parent) as name:
        content, draft = Path(name) / "content", Path(name) / "draft.raucb"
        content.mkdir()
        for image in ("root.squashfs", "boot.vfat"):
            try:
                os.link(slots / image, content / image)
            except OSError:
                shutil.copyfile(slots / image, content / image)
        (content / "manifest.raucm").write_text(manifest(recipe), "utf-8")
        # The root is packed already, the boot image is mostly empty: little packing gains all there is.
        date = f"-mkfs-time {SOURCE_DATE} -all-time {SOURCE_DATE}"
        packing = f"--mksquashfs-args=-comp zstd -Xcompression-level 3 -no-progress {date}"
        signing = (f"--cert={keys.certificate}", f"--key={keys.key}", f"--keyring={keys.authority}")
        run("rauc", "bundle", *signing, packing, content, draft)
        draft.replace(target)


def manifest(recipe: Recipe) -> str:
    """What RAUC reads first, and which migrations of the journal are in it: the update agent installs only what the
    release before can live with. They stand in the description, as older makers of bundles drop sections of our own."""
    return f"""[update]
compatible={recipe.compatible}
version={recipe.version}
description={journal_told()}

[bundle]
format=verity

[image.root]
filename=root.squashfs

[image.boot]
filename=boot.vfat
"""
