"""Benches for the contract of slots: folders, and RAUC's words spoken by a small program that keeps a file."""

import json
import sys
from pathlib import Path

from gateway.journal_versions import MIGRATIONS, journal_told
from gateway.updates.boot_requests import PLAIN, TRIAL
from gateway.updates.bundles import build_bundle, make_keys
from gateway.updates.directory_slots import DirectorySlots, boot, first_release
from gateway.updates.rauc_slots import RaucSlots
from gateway.updates.slots import Slots


class DirectoryBench:
    """Slots as folders under `home`; `keys` may sign, `strangers` may not."""

    def __init__(self, home: Path) -> None:
        self.home, self.root = home, home / "slots"
        self.keys, self.requests = home / "keys", home / "requests"
        self.keys.mkdir()
        make_keys(home / "vendor.key", self.keys / "vendor.pem")
        make_keys(home / "stranger.key", home / "stranger.pem")
        first_release(self.root, self.bundle("1.0"), self.keys)
        boot(self.root)
        self._slots = DirectorySlots(self.root, self.keys, "lineside", self.requests)

    @property
    def slots(self) -> Slots:
        return self._slots

    def tree(self, version: str) -> Path:
        tree = self.home / f"tree-{version}"
        if not tree.exists():
            (tree / "bin").mkdir(parents=True)
            (tree / "bin/run").write_text(f"#!/bin/sh\necho {version}\n")
            (tree / "bin/run").chmod(0o755)
            (tree / "current").symlink_to("bin/run")
            (tree / "notes.txt").write_text("线边\n" * 1000)
        return tree

    def bundle(self, version: str, fault: str = "") -> Path:
        out = self.home / f"{version}-{fault}.lineside"
        key = self.home / ("stranger.key" if fault == "signature" else "vendor.key")
        compatible = "toaster" if fault == "compatible" else "lineside"
        build_bundle(self.tree(version), out, version, compatible, key, MIGRATIONS, ())
        raw = bytearray(out.read_bytes())
        if fault == "payload":
            raw[raw.index(b"\x1f\x8b") + 40] ^= 1
        if fault == "cut":
            del raw[600:]
        if fault == "silent":
            return self.silent(version)
        out.write_bytes(raw)
        return out

    def silent(self, version: str) -> Path:
        """A bundle of a builder that says nothing of the journal, signed all the same."""
        import io
        import tarfile

        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        key = load_pem_private_key((self.home / "vendor.key").read_bytes(), None)
        assert isinstance(key, Ed25519PrivateKey)
        manifest = {"compatible": "lineside", "version": version, "payload_sha256": "0" * 64, "payload_size": 0}
        text = json.dumps(manifest).encode()
        out = self.home / f"{version}-silent.lineside"
        with tarfile.open(out, "w", format=tarfile.USTAR_FORMAT) as whole:
            for name, content in (("manifest.json", text), ("manifest.sig", key.sign(text)), ("payload.tar.gz", b"")):
                member = tarfile.TarInfo(name)
                member.size = len(content)
                whole.addfile(member, io.BytesIO(content))
        return out

    def boot(self) -> None:
        for name in (PLAIN, TRIAL):
            (self.requests / name).unlink(missing_ok=True)
        boot(self.root)


class RaucBench:
    """RAUC's commands and JSON as 1.13 has them, and the firmware's tryboot: one flag that a boot uses up."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.card = home / "card.json"
        self.requests = home / "requests"
        self.boots = 0
        self.card.write_text(
            json.dumps({"booted": "A", "default": "A", "pending": "", "versions": {"A": "1.0", "B": ""}})
        )
        program = home / "rauc.py"
        program.write_text(RAUC)
        self._command = (sys.executable, str(program), str(self.card))
        self.is_clock_good = True

    @property
    def slots(self) -> Slots:
        card = json.loads(self.card.read_text())
        version = card["versions"][card["booted"]]
        trial = (*self._command, "on-trial")
        return RaucSlots(
            version, self.requests, self._command, lambda: str(self.boots), trial, lambda: self.is_clock_good
        )

    def bundle(self, version: str, fault: str = "") -> Path:
        out = self.home / f"{version}-{fault}.raucb"
        compatible = "toaster" if fault == "compatible" else "lineside"
        update = {"version": version, "compatible": compatible}
        if fault != "silent":
            update["description"] = journal_told()
        content = {"fault": fault, "update": update}
        out.write_text(json.dumps(content))
        return out

    def boot(self) -> None:
        card = json.loads(self.card.read_text())
        trial = self.requests / TRIAL
        other = "B" if card["default"] == "A" else "A"
        card["booted"] = other if trial.exists() else card["default"]
        for name in (PLAIN, TRIAL):
            (self.requests / name).unlink(missing_ok=True)
        self.boots += 1
        self.card.write_text(json.dumps(card))


RAUC = """
import json, sys
path, verb, *rest = sys.argv[1:]
card = json.load(open(path))
other = "B" if card["booted"] == "A" else "A"

def fail(words):
    sys.stderr.write(words + "\\n")
    sys.exit(1)

def opened(name):
    bundle = json.load(open(name))
    if bundle["fault"] == "signature":
        fail("signature verification failed: Verify error: self-signed certificate")
    if bundle["fault"] == "untimely":
        fail("signature verification failed: Verify error: certificate is not yet valid")
    if bundle["fault"] == "cut":
        fail("Failed to check bundle identifier: bundle size is too small")
    return bundle

if verb == "on-trial":
    sys.exit(card["booted"] == card["default"])
elif verb == "status" and rest and rest[0] == "mark-good":
    if card["booted"] != card["default"]:
        card["default"] = card["booted"]
    card["pending"] = ""
elif verb == "status" and rest and rest[0] == "mark-bad":
    if card["pending"] == other:
        card["pending"] = ""
elif verb == "status":
    primary = card["pending"] or card["default"]
    print(json.dumps({"compatible": "lineside", "booted": card["booted"], "boot_primary": primary}))
elif verb == "info":
    bundle = opened(rest[-1])
    print(json.dumps({"update": bundle["update"]}))
elif verb == "install":
    bundle = opened(rest[-1])
    if bundle["fault"] == "payload":
        fail("Installation error: Failed to copy image: Input/output error")
    card["versions"][other], card["pending"] = bundle["update"]["version"], other
json.dump(card, open(path, "w"))
"""
