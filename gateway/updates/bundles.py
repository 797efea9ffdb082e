"""Signed bundles of releases for directory slots: a tar of a manifest, its Ed25519 signature, and a packed tree.

The signature covers the manifest, the manifest names the payload's SHA-256: nothing is unpacked before both hold.
"""

import gzip
import hashlib
import io
import json
import os
import tarfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gateway import limits
from gateway.durable import digest_of_file
from gateway.errors import BundleRefused, SlotBroken
from gateway.journal_room import free_bytes
from gateway.updates.slots import BundleContent
from sync.wire import BUNDLE_BYTES_MAX, Digest, Word

try:
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
        PublicFormat,
        load_pem_private_key,
        load_pem_public_key,
    )
except ModuleNotFoundError as missing:
    raise SlotBroken("directory slots need the extra `slots`", "pip install 'lineside[slots]'") from missing

MANIFEST, SIGNATURE, PAYLOAD = "manifest.json", "manifest.sig", "payload.tar.gz"
SIGNATURE_BYTES = 64
PIECE_BYTES = 1024 * 1024
BLOCK_BYTES = 4096
"""What the smallest file takes on a card."""

WRONG_SIGNATURE = "no key of this gateway has signed the bundle"
CUT_SHORT = "the bundle is cut short or is none"
TAMPERED = "the payload is not what was signed"
TOO_LARGE = "the payload is larger than a slot takes"


class Manifest(BaseModel):
    """The signed part. A member that this release does not know is ignored: a newer builder may say more."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    compatible: Word
    version: Word
    payload_sha256: Digest
    payload_size: Annotated[int, Field(ge=0, le=BUNDLE_BYTES_MAX)]
    journal: tuple[Word, ...] | None = None
    additive: tuple[Word, ...] = ()

    def content(self) -> BundleContent:
        """What the agent decides by."""
        return BundleContent(self.version, self.compatible, self.journal, self.additive)


@dataclass(frozen=True, slots=True)
class OpenBundle:
    """A bundle whose signature holds. `offset`: where the payload begins in the file."""

    manifest: Manifest
    text: bytes
    offset: int


def make_keys(private: Path, public: Path) -> None:
    """A new pair of keys: the private one for who builds releases, the public one for the gateways' folder of keys."""
    key = Ed25519PrivateKey.generate()
    descriptor = os.open(private, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))


def build_bundle(
    tree: Path, out: Path, version: str, compatible: str, key: Path, journal: Sequence[str], additive: Sequence[str]
) -> Manifest:
    """Pack and sign a tree. The same tree gives the same bundle. Raises OSError, and ValueError for no Ed25519 key."""
    signer = load_pem_private_key(key.read_bytes(), None)
    if not isinstance(signer, Ed25519PrivateKey):
        raise ValueError(f"{key} is no Ed25519 key")
    payload = out.with_suffix(".payload")
    try:
        _pack(tree, payload)
        manifest = Manifest(
            compatible=compatible,
            version=version,
            payload_sha256=digest_of_file(payload),
            payload_size=payload.stat().st_size,
            journal=tuple(journal),
            additive=tuple(additive),
        )
        text = json.dumps(manifest.model_dump(mode="json"), sort_keys=True, indent=1).encode()
        with tarfile.open(out, "w", format=tarfile.USTAR_FORMAT) as whole:
            for name, content in ((MANIFEST, text), (SIGNATURE, signer.sign(text))):
                _add(whole, name, len(content), content)
            with payload.open("rb") as file:
                _add(whole, PAYLOAD, manifest.payload_size, file)
    finally:
        payload.unlink(missing_ok=True)
    return manifest


def _add(whole: tarfile.TarFile, name: str, size: int, content: bytes | IO[bytes]) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o644
    whole.addfile(member, io.BytesIO(content) if isinstance(content, bytes) else content)


def _pack(tree: Path, payload: Path) -> None:
    def plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
        member.uid = member.gid = 0
        member.uname = member.gname = ""
        member.mtime = 0
        return member

    with (
        payload.open("wb") as raw,
        gzip.GzipFile("", "wb", 6, raw, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as inner,
    ):
        for path in sorted(tree.rglob("*")):
            member = inner.gettarinfo(path, path.relative_to(tree).as_posix())
            if member is not None and member.islnk():
                # The second name of a file: packed as a file of its own, as a slot takes no hard links.
                member.type, member.linkname, member.size = tarfile.REGTYPE, "", path.stat().st_size
            if member is not None and member.isfile():
                with path.open("rb") as file:
                    inner.addfile(plain(member), file)
            elif member is not None and (member.isdir() or member.issym()):
                inner.addfile(plain(member))
            else:
                raise ValueError(f"{path} is neither file, folder nor link: no gateway would install it")


def trusted_keys(folder: Path) -> list[Ed25519PublicKey]:
    """The public keys in a folder (*.pem): the plant's own, the vendor's, and the next one before a change of keys."""
    found = []
    for path in sorted(folder.glob("*.pem"))[: limits.UPDATE_KEYS_MAX]:
        try:
            key = load_pem_public_key(path.read_bytes())
        except (OSError, ValueError, UnsupportedAlgorithm) as error:
            raise BundleRefused(f"the key {path} cannot be read: {error}") from error
        if not isinstance(key, Ed25519PublicKey):
            raise BundleRefused(f"{path} is no Ed25519 key")
        found.append(key)
    return found


def open_bundle(path: Path, keys: Sequence[Ed25519PublicKey]) -> OpenBundle:
    """The signed part of a bundle. Raises BundleRefused; the payload's bytes are not looked at."""
    try:
        with tarfile.open(path, "r:") as whole:
            text = _read(whole, MANIFEST, limits.UPDATE_MANIFEST_BYTES_MAX)
            signature = _read(whole, SIGNATURE, SIGNATURE_BYTES)
            if not any(_is_signed(key, signature, text) for key in keys):
                raise BundleRefused(WRONG_SIGNATURE)
            manifest = Manifest.model_validate_json(text)
            member = whole.next()
    except (tarfile.TarError, EOFError) as error:
        raise BundleRefused(CUT_SHORT) from error
    except ValidationError as error:
        raise BundleRefused(f"the bundle's manifest cannot be read: {error.errors()[0]['msg']}") from error
    except OSError as error:
        raise BundleRefused(f"the bundle cannot be read: {error}") from error
    if member is None or member.name != PAYLOAD or member.size != manifest.payload_size:
        raise BundleRefused(CUT_SHORT)
    return OpenBundle(manifest, text, member.offset_data)


def _is_signed(key: Ed25519PublicKey, signature: bytes, text: bytes) -> bool:
    try:
        key.verify(signature, text)
    except InvalidSignature:
        return False
    return True


def _read(whole: tarfile.TarFile, name: str, bytes_max: int) -> bytes:
    member = whole.next()
    file = whole.extractfile(member) if member is not None and member.name == name and member.isfile() else None
    if file is None or member is None or member.size > bytes_max:
        raise BundleRefused(CUT_SHORT)
    return file.read()


class _Part:
    """The payload as a file of its own: read from its place in the bundle, and no further."""

    def __init__(self, file: IO[bytes], offset: int, size: int) -> None:
        self._file, self._left = file, size
        file.seek(offset)

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        piece = self._file.read(self._left if size < 0 else min(size, self._left))
        self._left -= len(piece)
        return piece


def unpack(path: Path, bundle: OpenBundle, into: Path, spare_bytes: int = 0) -> None:
    """Proves the payload, then unpacks it into a new folder, if it leaves `spare_bytes` free on its card. Raises
    BundleRefused, SlotBroken or OSError."""
    with path.open("rb") as file:
        _prove(file, bundle)
        with _payload(file, bundle) as inner:
            needed = _unpacked_bytes(inner)
        free = free_bytes(into.parent)
        if free < needed + spare_bytes:
            raise SlotBroken(
                f"the release needs {needed} bytes, and {spare_bytes} must stay free for the journal: {free} are free"
            )
        into.mkdir(parents=True)
        with _payload(file, bundle) as inner:
            _unpack_members(inner, into)


def _prove(file: IO[bytes], bundle: OpenBundle) -> None:
    part = _Part(file, bundle.offset, bundle.manifest.payload_size)
    digest, size = hashlib.sha256(), 0
    while piece := part.read(PIECE_BYTES):
        digest.update(piece)
        size += len(piece)
    if size != bundle.manifest.payload_size:
        raise BundleRefused(CUT_SHORT)
    if digest.hexdigest() != bundle.manifest.payload_sha256:
        raise BundleRefused(TAMPERED)


@contextmanager
def _payload(file: IO[bytes], bundle: OpenBundle) -> Iterator[tarfile.TarFile]:
    part = _Part(file, bundle.offset, bundle.manifest.payload_size)
    try:
        with tarfile.open(fileobj=part, mode="r|gz") as inner:  # type: ignore[call-overload]
            yield inner
    except (tarfile.TarError, EOFError) as error:
        raise BundleRefused(f"the payload cannot be unpacked: {error}") from error


def _unpacked_bytes(inner: tarfile.TarFile) -> int:
    """What its members take on a card, in whole blocks. More than a slot takes is not read on."""
    total = 0
    for member in inner:
        total += -(-max(1, member.size) // BLOCK_BYTES) * BLOCK_BYTES
        if total > 2 * limits.UPDATE_UNPACKED_BYTES_MAX:
            raise BundleRefused(TOO_LARGE)
    return total


def _unpack_members(inner: tarfile.TarFile, into: Path) -> None:
    """Files, folders and links within the tree; anything else is refused, also from a builder whose key is good."""
    room = limits.UPDATE_UNPACKED_BYTES_MAX
    for count, member in enumerate(inner):
        place = PurePosixPath(member.name)
        room -= member.size
        if count >= limits.UPDATE_FILES_MAX or room < 0:
            raise BundleRefused(TOO_LARGE)
        if place.is_absolute() or ".." in place.parts or not place.parts:
            raise BundleRefused(f"the payload names a place outside of it: {member.name[:80]!r}")
        target = into / place
        if any(parent.is_symlink() for parent in target.parents if into in parent.parents):
            raise BundleRefused(f"the payload writes through a link: {member.name[:80]!r}")
        if member.isdir():
            target.mkdir(parents=True, exist_ok=True)
        elif member.issym():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.symlink_to(member.linkname)
        elif member.isfile() and (content := inner.extractfile(member)) is not None:
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("xb") as file:
                while piece := content.read(PIECE_BYTES):
                    file.write(piece)
            target.chmod(0o755 if member.mode & 0o100 else 0o644)
        else:
            raise BundleRefused(f"the payload holds what is neither file, folder nor link: {member.name[:80]!r}")
