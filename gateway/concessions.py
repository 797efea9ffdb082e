"""What is given up first when room runs out, in order (I11). docs/limits.md is written from it.

Pure. Nothing here decides: each row names the bound at which the part that owns it gives way, and tests on real files
hold the parts to the order.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Concession:
    """`given_up` at `bound`, a name in gateway/limits.py; `told` to whom and how; what is `kept` all the same."""

    given_up: str
    bound: str
    when: str
    told: str
    kept: str


ORDER: Final = (
    Concession(
        "new photos",
        "PHOTOS_BYTES_MAX",
        "so many bytes of photos, or PHOTOS_MAX of them, and none that the office has; or beside one more the journal "
        "could no longer grow to its cap",
        "the worker, by the page; `limit.reached` photos or photo_room, an alarm at the office",
        "every photo that is unsent, everything in the journal, and all the room it is promised",
    ),
    Concession(
        "records of rejected scans",
        "REJECTED_SCANS_PER_MINUTE_MAX",
        "more than so many in a minute, however much room there is",
        "`limit.reached` rejected_scans with their number, once a minute; an alarm at the office",
        "the refusal's sound and light at each scan",
    ),
    Concession(
        "MQTT notices of the oldest records",
        "NOTICE_BACKLOG_RECORDS_MAX",
        "the broker is further behind than that",
        "`notice.skipped` with the range; an alarm at the office",
        "the records themselves; subscribers replay the range from the server",
    ),
    Concession(
        "new master data",
        "SNAPSHOT_ROOM_BYTES",
        "less free space than that beside FREE_BYTES_MIN",
        "`limit.reached` snapshot_room; an alarm at the office",
        "the version the station has; facts, such as calls taken by phone",
    ),
    Concession(
        "records of devices that come and go, and of all rejected scans",
        "JOURNAL_RESERVE_FRACTION",
        "no more than this part of the cap is left",
        "`limit.reached` telemetry and rejected_scans with their number, once a minute; an alarm at the office",
        "sessions, work, reports, calls, facts: the reserve is theirs",
    ),
    Concession(
        "new records of any kind",
        "JOURNAL_BYTES_MAX",
        "the cap is used up",
        "each scan aloud by light, sound and screen; then `limit.reached` journal_room with their number, an alarm at "
        "the office",
        "everything on the card; marks, the folded state and pruning have UPKEEP_BYTES above the cap, so it drains",
    ),
    Concession(
        "new records of any kind",
        "FREE_BYTES_MIN",
        "less free space than that on the card's file system, whoever used it",
        "as in the row before",
        "everything on the card; marks still move in the space that is left",
    ),
    Concession(
        "the ballast file",
        "BALLAST_BYTES",
        "with the row before; also at the start on a card without a free byte",
        "the station refuses already; the file is laid down again when there is room",
        "everything on the card: a journal without a free byte can be opened, sent and pruned",
    ),
)
"""From what is missed least to what is missed most. Records that no confirmed backup holds stand in no row: they are
never given up."""
