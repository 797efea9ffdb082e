"""Every bound of the station page by name. Reaching one is answered with a status and a text for a person (I10)."""

from typing import Final

from devices.limits import SCAN_BYTES_MAX

BODY_BYTES_MAX: Final = 4096
"""The body of a POST; the longest honest one, a label of 512 escaped bytes, is below 3.2 kB. Answer: 413."""

PIECE_BYTES_MAX: Final = 256 * 1024
"""A piece of a photo: half of what the page's server holds in memory for one request. Answer: 413."""

PHOTO_UPLOADS_REMEMBERED_MAX: Final = 64
"""Photos announced and not yet whole; the one announced first is forgotten, and its page begins again."""

HEADER_BYTES_MAX: Final = 16_384
"""The head of a request. Answer: 431."""

TYPED_BYTES_MAX: Final = SCAN_BYTES_MAX
"""A typed or wedged label in UTF-8, the same bound as a scanner's. Answer: 413."""

STREAMS_MAX_DEFAULT: Final = 16
"""Open event streams: 8 stations with two screens each. Each one holds a thread. Answer: 503."""

SPARE_THREADS: Final = 16
"""Threads beside those of the streams: a page loads with at most six connections at once per browser."""

CONNECTIONS_SPARE: Final = 64
"""Open connections beyond the threads, idle ones included; more wait in the kernel's queue."""

OUTPUT_BYTES_MAX: Final = 262_144
"""Bytes waiting for one slow browser; then its stream waits, and nobody else does."""

PEER_SILENT_SECONDS_MAX: Final = 20
"""A peer that acknowledges nothing so long is closed by the kernel, and its stream's place is free again."""

COMMENT_SECONDS: Final = 5.0
"""A stream without news says so little that often: both ends notice a dead connection."""

CLOSE_SECONDS_MAX: Final = 10.0
"""Closing waits so long for the server's thread."""

PIECES_MAX: Final = 1_000_000
"""Pieces in one report, as in `floor.events.Pieces`."""

CODE_CHARS_MAX: Final = 96
"""An operation, call, cause or reason as the page sends it back; a call is epoch/seq, 32 + 1 + 20 characters."""

LOOK_SECONDS: Final = 1.0
"""How often the page's server looks at connections that went silent; whatever comes in wakes it at once."""

DEVICE_KEY_CHARS_MAX: Final = 600
"""What the set-up page names a plugged-in device by: at most five of its own words."""
