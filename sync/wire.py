"""The wire protocol that gateway and server share: records, batches, receipts, snapshots and facts.

Pure: values in, values out. docs/wire.md tells the protocol in prose; steps G1-G7 and S1-S7 are named there.
Records are opaque here: `content` is text, and its digest covers that text byte by byte.
"""

import hashlib
import re
from typing import Annotated, Any, Final, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

PROTOCOL = 1
"""Raised when an older reader would misunderstand; readers ignore unknown members within one protocol."""

NO_DIGEST = "0" * 64
"""`previous_digest` of the first record a gateway ever made."""

CONTENT_CHARACTERS_MAX = 8_192
"""A record's text. The largest event has about 2,000 characters; the rest is room for later releases."""

RECORDS_PER_BATCH_MAX = 1_000
"""Measured: a drain with 1,000 is a quarter faster than with 500, of which a third was the cost of the request."""

STREAMS_PER_BATCH_MAX = 20_000
"""Epochs in one offer. A gateway restarted once a day for 50 years has 18,000."""

BATCH_BYTES_MAX = 8 * 1024 * 1024
"""A request's body after decompression; 1,000 records of 8,000 bytes and their digests fit."""

RANGES_PER_RECEIPT_MAX = 100
"""Missing ranges of one stream in one receipt; the others follow when these have come."""

FACTS_PER_FETCH_MAX = 200
"""Facts in one reply."""

FILE_PIECE_BYTES_MAX = 256 * 1024
"""A piece of a file in one request: on a line of 1 Mbit/s two seconds, after which a cut costs one piece."""

FILES_PER_ASK_MAX = 1_000
"""Hashes in one question about files."""

PIN_PATTERN = r"^sha256//[A-Za-z0-9+/]{43}=$"
"""How a server's key is pinned, as curl's --pinnedpubkey writes it: SHA-256 of its SubjectPublicKeyInfo, base64."""

REQUEST_CHARACTERS_MAX = 4_096
"""A request for a certificate, PEM; one over a P-256 key has 400."""

CertificateRequest = Annotated[str, Field(max_length=REQUEST_CHARACTERS_MAX)]
BUNDLE_BYTES_MAX = 2 * 1024 * 1024 * 1024
"""A release's bundle: an image of a whole slot is a third of it."""

WISH_GOOD_SECONDS = 900
"""A wished release is wished for so long after the answer; agents ask once a minute. A gateway whose line is cut does
not hear of a pause, and restarts for it no later than this."""

SETTINGS_CHARACTERS_MAX = 32_768
"""Settings that the office wishes, or the configuration a gateway tells of, as JSON."""

DIAGNOSIS_BYTES_MAX = 1024 * 1024
"""A diagnosis bundle: the end of the logs and what the gateway knows of itself, packed."""

REASON_CHARACTERS_MAX = 400
"""Why an update or settings were not taken; the rest is cut off."""

Epoch = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Seq = Annotated[int, Field(ge=0, le=2**53)]
GatewayName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,47}$")]


class Record(NamedTuple):
    """One kept record. Identity is (gateway, epoch, seq) (I3); on the wire it travels inside its stream."""

    gateway_name: str
    epoch: str
    seq: int
    previous_digest: str
    digest: str
    content: str


def digest_of(gateway_name: str, epoch: str, seq: int, previous_digest: str, content: str) -> str:
    """SHA-256 over identity, predecessor and content, as 64 hexadecimal digits (I3)."""
    text = f"{gateway_name}\n{epoch}\n{seq}\n{previous_digest}\n{content}"
    return hashlib.sha256(text.encode()).hexdigest()


class WireModel(BaseModel):
    """Unknown members are ignored: a newer peer may say more."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class WireRecord(NamedTuple):
    """A record in its stream, as a JSON array to keep a batch small."""

    seq: int
    previous_digest: str
    digest: str
    content: str


class Stream(WireModel):
    """One epoch on the card and the next records of it (G3).

    `floor`: every seq up to it was pruned from the card. `last`: the newest seq. `records`: ascending in seq.
    """

    epoch: Epoch
    previous_epoch: Epoch | None = None
    previous_last: Seq = 0
    last: Seq
    floor: Seq = 0
    records: Annotated[tuple[WireRecord, ...], Field(max_length=RECORDS_PER_BATCH_MAX)] = ()


class Batch(WireModel):
    """One exchange upwards: `POST /api/v1/sync`. Idempotent.

    `streams` holds the open epochs, in order. Closed ones (all of it at the office, safe and pruned) are covered
    by `closed_digest`; when the server does not know that digest it answers `offer_all` and the next batch holds
    every epoch with `whole=True`.
    """

    protocol: int = PROTOCOL
    gateway: GatewayName
    release: str = ""
    whole: bool = False
    closed_count: Seq = 0
    closed_digest: Digest = NO_DIGEST
    streams: Annotated[tuple[Stream, ...], Field(max_length=STREAMS_PER_BATCH_MAX)] = ()
    status: dict[str, Any] = Field(default_factory=dict)
    """Health for the fleet page: clock state, disk, waiting records, stations. Small and informative only."""


class StreamReceipt(WireModel):
    """What the server holds of one epoch (S4): contiguous up to `mark`, in a confirmed backup up to `safe`, but for
    the `missing` ranges [first, last], which it asks for."""

    epoch: Epoch
    mark: Seq
    safe: Seq
    missing: Annotated[tuple[tuple[int, int], ...], Field(max_length=RANGES_PER_RECEIPT_MAX)] = ()


class Receipt(WireModel):
    """The answer to a batch, after the server's commit. Any other status than 200 means: nothing was taken."""

    protocol: int = PROTOCOL
    server: str
    """The database's own identity; another one is another server."""
    streams: tuple[StreamReceipt, ...] = ()
    offer_all: bool = False
    snapshot_version: int = 0
    snapshot_digest: str = ""
    facts_last: int = 0
    server_time: float = 0
    """Seconds since 1970 by the server's clock, an anchor for the clock correction (I9)."""


class SnapshotEnvelope(WireModel):
    """`GET /api/v1/snapshot`: the master data, whole or absent (I8). `digest` is SHA-256 of `body`."""

    version: int
    digest: Digest
    body: str
    """The JSON text of the master data."""


class Fact(WireModel):
    """Something that happened elsewhere, number `number` in this gateway's list."""

    number: int
    kind: str
    content: dict[str, Any]


class Facts(WireModel):
    """`GET /api/v1/facts?after=N`: the next facts, in order, without a gap."""

    facts: tuple[Fact, ...] = ()
    last: int = 0


class Enrolment(WireModel):
    """`POST /api/v1/enrol`: a one-time code, bound to a gateway's name, against a token."""

    gateway: GatewayName
    code: Annotated[str, Field(min_length=8, max_length=64)]
    certificate_request: CertificateRequest = ""
    """PKCS#10 over a key that was made on the gateway and never leaves it; empty: it has none."""


class Enrolled(WireModel):
    """The gateway's own credential: HTTP bearer and MQTT password. Told once, kept hashed by the server."""

    gateway: GatewayName
    token: str
    mqtt_host: str = ""
    mqtt_port: int = 0
    certificate: str = ""
    """The client certificate for the request that came, PEM; empty where none came."""


class CertificateAsked(WireModel):
    """`POST /api/v1/certificate`: another client certificate, with the credential that is still good."""

    certificate_request: Annotated[str, Field(min_length=1, max_length=REQUEST_CHARACTERS_MAX)]


class CertificateGiven(WireModel):
    """The new certificate, PEM. `ends_at`: seconds since 1970 by the server's clock."""

    certificate: str
    ends_at: float


class CertificateStanding(WireModel):
    """`GET /api/v1/certificate?serial=HEX`: what the server thinks of the certificate with that serial number.

    `renew`: ask for another one now. The server judges that by its own clock, for a gateway's may be years off.
    `seen`: whether this very request came with it, so that the proxy is set up for certificates.
    """

    renew: bool
    seen: bool = False


class FileHeld(WireModel):
    """`GET` and `PUT /api/v1/files/HASH/part`: how much of a file the server holds. `whole`: all, and its hash fits."""

    offset: Annotated[int, Field(ge=0, le=2**53)]
    whole: bool = False


class FilesAsked(WireModel):
    """`POST /api/v1/files/missing`: which of these files does the server not hold?"""

    files: Annotated[tuple[Digest, ...], Field(max_length=FILES_PER_ASK_MAX)]


class FilesMissing(WireModel):
    """The answer, a part of what was asked about."""

    files: Annotated[tuple[Digest, ...], Field(max_length=FILES_PER_ASK_MAX)] = ()


Word = Annotated[str, Field(max_length=64)]
Reason = Annotated[str, Field(max_length=REASON_CHARACTERS_MAX)]


class UpdateTold(WireModel):
    """How far a gateway is with an update. `rollout` 0: one from a stick. `state`: gateway/updates/states.py."""

    state: Word = "idle"
    rollout: Seq = 0
    version: Word = ""
    reason: Reason = ""


class SettingsTold(WireModel):
    """What became of wished settings. `state`: none, waiting, trying, applied or refused."""

    number: Seq = 0
    state: Word = "none"
    reason: Reason = ""


LogSealKey = Annotated[str, Field(max_length=128, pattern=r"^(([0-9a-f]{6}-){3}[0-9a-f]{6}/[0-9a-f]+-[0-9a-f]+)?$")]
"""What `journalctl --setup-keys` prints: a seed, a slash, the first interval and its length in microseconds."""


class FleetReport(WireModel):
    """`POST /api/v1/fleet`: what the update agent of a gateway tells. Idempotent; answered with a `FleetWish`.

    `configuration` is JSON of the maintainer's own file without its secrets, sent when the office does not know its
    digest. `diagnosis`: the newest request that was answered. `log_seal`: the key that judges the seals of its log,
    told until the office has answered.
    """

    gateway: GatewayName
    release: Word = ""
    slot: Word = ""
    update: UpdateTold = UpdateTold()
    settings: SettingsTold = SettingsTold()
    configuration_digest: Annotated[str, Field(max_length=64)] = ""
    configuration: Annotated[str, Field(max_length=SETTINGS_CHARACTERS_MAX)] = ""
    diagnosis: Seq = 0
    log_seal: LogSealKey = ""


class BundleWish(WireModel):
    """The release that a gateway should run, by the roll-out of this number. The gateway decides when, within
    `good_seconds` from the answer on; seconds, as the two clocks may differ. Who does not say means the default.
    """

    rollout: Seq
    version: Word
    sha256: Digest
    size: Annotated[int, Field(gt=0, le=BUNDLE_BYTES_MAX)]
    bytes_per_second: Annotated[int, Field(gt=0)] = 1024 * 1024
    good_seconds: Annotated[int, Field(gt=0)] = WISH_GOOD_SECONDS


class SettingsWish(WireModel):
    """The settings that go over the maintainer's own file: JSON, a part of the tables of gateway.toml."""

    number: Seq
    settings: Annotated[str, Field(max_length=SETTINGS_CHARACTERS_MAX)]


class FleetWish(WireModel):
    """What the office publishes for one gateway; none of it is a command. `diagnosis`: the newest request for one."""

    bundle: BundleWish | None = None
    settings: SettingsWish | None = None
    diagnosis: Seq = 0
    configuration_wanted: bool = False


def closed_digest_of(closed: "list[tuple[str, int]]") -> str:
    """A digest of the closed epochs (epoch, last), in the order of the card; NO_DIGEST for none."""
    if not closed:
        return NO_DIGEST
    text = "\n".join(f"{epoch} {last}" for epoch, last in closed)
    return hashlib.sha256(text.encode()).hexdigest()


def content_digest_of(body: str) -> str:
    """SHA-256 of a text: the digest of a snapshot's body (I8)."""
    return hashlib.sha256(body.encode()).hexdigest()


CONTENT_RANGE: Final = re.compile(r"bytes ([0-9]{1,12})-([0-9]{1,12})/([0-9]{1,12})")
"""Of a piece of a file: first and last byte, and how many there are in all (RFC 9110, 14.4)."""
