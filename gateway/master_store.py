"""Master data on the card: the last snapshot, whole or absent (I8), and the file it starts from without a server."""

import hashlib
from pathlib import Path

from pydantic import ValidationError

from floor.master import MasterData
from gateway import limits
from gateway.durable import write_durably
from gateway.errors import MasterRefused
from sync.wire import SnapshotEnvelope

FILE_NAME = "master.json"


def open_envelope(envelope: SnapshotEnvelope) -> MasterData:
    """The master data of a snapshot. Raises MasterRefused when its digest or a row does not hold."""
    if len(envelope.body) > limits.SNAPSHOT_BYTES_MAX:
        raise MasterRefused(f"the snapshot has {len(envelope.body)} characters, more than {limits.SNAPSHOT_BYTES_MAX}")
    if hashlib.sha256(envelope.body.encode()).hexdigest() != envelope.digest:
        raise MasterRefused(f"snapshot {envelope.version} does not fit its digest")
    try:
        # A newer office may say more than this release knows; what it knows must hold.
        master = MasterData.model_validate_json(envelope.body, extra="ignore")
    except ValidationError as error:
        raise MasterRefused(f"snapshot {envelope.version}: {error}") from error
    master = master.model_copy(update={"version": envelope.version})
    # Indexed here, in the thread that fetched it, so that the first call does not make the main loop do it (I6).
    assert master.case_book
    return master


def seal(master: MasterData) -> SnapshotEnvelope:
    """The snapshot of some master data."""
    body = master.model_dump_json()
    return SnapshotEnvelope(version=master.version, digest=hashlib.sha256(body.encode()).hexdigest(), body=body)


def save(envelope: SnapshotEnvelope, folder: Path) -> None:
    """Put the snapshot in place of the one before. Raises OSError; then the one before is still there."""
    folder.mkdir(parents=True, exist_ok=True)
    write_durably(folder / FILE_NAME, envelope.model_dump_json().encode())


def saved(folder: Path) -> tuple[SnapshotEnvelope, MasterData] | None:
    """The snapshot on the card with its data, or None. Raises MasterRefused when it is damaged."""
    path = folder / FILE_NAME
    if not path.exists():
        return None
    try:
        envelope = SnapshotEnvelope.model_validate_json(path.read_bytes())
    except (ValidationError, OSError) as error:
        raise MasterRefused(
            f"{path}: {error}", "Delete the file: it comes again from the server or its source."
        ) from error
    return envelope, open_envelope(envelope)


def from_file(path: Path, folder: Path) -> MasterData:
    """The master data of a planner's file. It becomes a new version when it differs from the one on the card."""
    from floor.errors import FloorError
    from floor.master_files import read_path_texts

    try:
        master = read_path_texts(path.suffix.lower(), _contents(path))
    except FloorError as error:
        raise MasterRefused(f"{path}: {error}") from error
    before = saved(folder)
    if before is not None and before[1].digest == master.digest:
        return before[1]
    return master.model_copy(update={"version": before[1].version + 1 if before else max(1, master.version)})


def _contents(path: Path) -> dict[str, bytes]:
    files = sorted(path.glob("*.csv")) if path.is_dir() else [path]
    try:
        if sum(file.stat().st_size for file in files) > limits.SNAPSHOT_BYTES_MAX:
            raise MasterRefused(f"{path} is larger than {limits.SNAPSHOT_BYTES_MAX} bytes")
        return {file.name: file.read_bytes() for file in files}
    except OSError as error:
        raise MasterRefused(f"{path}: {error}") from error
