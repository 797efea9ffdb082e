"""Every bound of this folder by name (I10). Those of the protocol itself are in sync/wire.py."""

from dataclasses import dataclass
from typing import Final

from sync.wire import BATCH_BYTES_MAX, RECORDS_PER_BATCH_MAX, STREAMS_PER_BATCH_MAX

# A reply to a batch: 20,000 stream receipts are about 2 MB. A longer reply of any kind is refused, and said in the log.
RECEIPT_BYTES_MAX: Final = 8 * 1024 * 1024
# 200 facts; a fact is a few hundred bytes.
FACTS_BYTES_MAX: Final = 2 * 1024 * 1024
# 50,000 operations and 2,000 people are about 12 MB of text.
SNAPSHOT_BYTES_MAX: Final = 64 * 1024 * 1024
# What is read of an error page, to show its first words.
ERROR_BYTES_MAX: Final = 4 * 1024
# The same in a log line and on a page; the rest is cut off.
ERROR_CHARACTERS_SHOWN_MAX: Final = 200

# Measured: a client without time-outs sees nothing of a half-open connection; with 3 s it is back within a second.
CONNECT_SECONDS_MAX: Final = 3.0
# Between two pieces of a reply.
READ_SECONDS_MAX: Final = 10.0
# A whole reply, so that one that drips cannot hold the thread.
REPLY_SECONDS_MAX: Final = 120.0

# Retries: full jitter, so that a whole plant does not come back in one second after an outage. Ten seconds are what a
# person who watches the number fall is ready to wait; 200 gateways are then 40 short requests a second at the most.
RETRY_SECONDS_MIN: Final = 0.5
# The pause between two tries never grows beyond it.
RETRY_SECONDS_MAX: Final = 10.0
# Where a person has to act first.
REFUSED_RETRY_SECONDS: Final = 60.0
# A full inbox of the main loop.
POST_RETRY_SECONDS: Final = 0.1
# Reports kept while the inbox is full; a pump stops before it makes more. One more is a bug and ends the process.
PENDING_REPORTS_MAX: Final = 32

# An offer without new records, which also carries the health and brings facts (G3).
HEARTBEAT_SECONDS: Final = 60.0
# Small offers are at least this far apart: at 20 scans a second two requests instead of twenty. Measured, a request
# costs as much CPU as three scans.
OFFER_INTERVAL_SECONDS: Final = 0.5
# A nudge brings the next offer forward, but never closer than this to the one before: a flood of them costs one small
# request every two seconds.
NUDGE_INTERVAL_SECONDS: Final = 2.0
# A stream the server does not move on with.
HELD_BACK_RETRY_SECONDS: Final = 60.0

# How often the office is asked whether this gateway's certificate is still good for long.
CERTIFICATE_LOOK_SECONDS: Final = 21_600.0
# The same after a refusal; the token goes on working meanwhile.
CERTIFICATE_RETRY_SECONDS: Final = 300.0

# How often the office is asked which of the files it confirmed it still holds, and a refused file is tried again.
FILES_ASK_SECONDS: Final = 3_600.0
# How often a file that the office does not have, or that came damaged, is asked for again.
FILE_RETRY_SECONDS: Final = 60.0
# The answer to such a question: 1,000 hashes.
FILES_ANSWER_BYTES_MAX: Final = 128 * 1024
# What the office wishes of one gateway: its settings and some words.
FLEET_WISH_BYTES_MAX: Final = 128 * 1024

# Measured with paho: 20 is as fast as 100, 1000 is slower by half.
MQTT_WINDOW_MAX: Final = 20
# Records read from the journal at once for MQTT.
MQTT_READ_RECORDS_MAX: Final = 500
# A PUBACK that does not come means a broken connection.
MQTT_ACKNOWLEDGE_SECONDS_MAX: Final = 10.0
# CONNACK.
MQTT_CONNECT_SECONDS_MAX: Final = 10.0
# Half-open connections are noticed within twice this time.
MQTT_KEEPALIVE_SECONDS: Final = 10
# Positions are told at most this often, or after so many records: each telling costs the main loop a write.
POSITION_INTERVAL_SECONDS: Final = 0.5
# The same by number.
POSITION_RECORDS_MAX: Final = 500
# How far MQTT may fall behind before it skips (I5): about a week of a full day's records. Each skip is
# a notice.skipped event.
NOTICE_BACKLOG_RECORDS_MAX: Final = 200_000
# The retained state is told again after this time, changed or not: it carries (epoch, last) as an outside witness.
STATE_SECONDS: Final = 60.0
# A message from the broker; states of neighbours are below 32 kB. A longer one is not heard, and said in the log.
HEARD_BYTES_MAX: Final = 64 * 1024
# Saying good-bye at the end of the process.
FAREWELL_SECONDS_MAX: Final = 1.0
# How long a pump steps aside for whoever goes first, and in which steps it looks again: while records are kept without
# a pause, each pump still makes fifty steps a second.
ASIDE_SECONDS: Final = 0.002
# Then a pump steps whoever else is busy.
ASIDE_SECONDS_MAX: Final = 0.02
# Steps with hardly a wait between them before a pump steps aside at all: one record and its answer take two.
QUICK_STEPS_MAX: Final = 4


@dataclass(frozen=True, slots=True)
class PumpLimits:
    """The bounds of one pump to the office; tests make them small."""

    records_max: int = RECORDS_PER_BATCH_MAX
    streams_max: int = STREAMS_PER_BATCH_MAX
    batch_bytes_max: int = BATCH_BYTES_MAX
    heartbeat_seconds: float = HEARTBEAT_SECONDS
    offer_interval_seconds: float = OFFER_INTERVAL_SECONDS
    nudge_interval_seconds: float = NUDGE_INTERVAL_SECONDS
    retry_seconds_min: float = RETRY_SECONDS_MIN
    retry_seconds_max: float = RETRY_SECONDS_MAX
    refused_retry_seconds: float = REFUSED_RETRY_SECONDS
    held_back_retry_seconds: float = HELD_BACK_RETRY_SECONDS


@dataclass(frozen=True, slots=True)
class NoticeLimits:
    """The bounds of one pump to a broker."""

    window: int = MQTT_WINDOW_MAX
    read_records_max: int = MQTT_READ_RECORDS_MAX
    acknowledge_seconds_max: float = MQTT_ACKNOWLEDGE_SECONDS_MAX
    connect_seconds_max: float = MQTT_CONNECT_SECONDS_MAX
    position_interval_seconds: float = POSITION_INTERVAL_SECONDS
    position_records_max: int = POSITION_RECORDS_MAX
    backlog_records_max: int = NOTICE_BACKLOG_RECORDS_MAX
    state_seconds: float = STATE_SECONDS
    retry_seconds_min: float = RETRY_SECONDS_MIN
    retry_seconds_max: float = RETRY_SECONDS_MAX
    refused_retry_seconds: float = REFUSED_RETRY_SECONDS


def retry_pause(limits: PumpLimits | NoticeLimits, failures: int, jitter: float) -> float:
    """Seconds until the next try: full jitter (0 to 1) between the least and a bound that doubles with each failure,
    so that a plant does not come back in one second."""
    least = limits.retry_seconds_min
    bound = min(limits.retry_seconds_max, least * 2.0 ** min(failures, 30))
    return least + jitter * (bound - least)
