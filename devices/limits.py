"""Every bound of this folder by name (I10). Reaching one is an event: a Garbled, a Lost or a counted report."""

from __future__ import annotations

from typing import Final

# The longest label that is accepted. GS1 DataMatrix in use on the floor stays below 200; 512 is the security
# checklist's figure and is held by refusing while reading, not afterwards.
SCAN_BYTES_MAX: Final = 512
# How much of an offence is kept to show to a person.
GARBLED_START_BYTES_MAX: Final = 32
# One read of a port or socket; a burst of 20 labels fits.
READ_BYTES_MAX: Final = 4096
# A wireless button's message; zigbee2mqtt sends below 400 bytes.
MESSAGE_BYTES_MAX: Final = 2048
# Messages waiting between the MQTT client's thread and the reader thread.
MESSAGE_QUEUE_MAX: Final = 64
# Scanners that may be connected to one listening port at once.
TCP_PEERS_MAX: Final = 8
# Frames that one source may hold after one read of the kernel (one read of 64 input events).
PENDING_FRAMES_MAX: Final = 512
# Sub-devices (peers) that one decoder keeps unfinished lines for; one more drops the stalest, as Garbled.
LINE_BUFFERS_MAX: Final = 32
# Signals waiting for a slow lamp. The oldest is dropped: an old beep is of no use.
SIGNAL_QUEUE_MAX: Final = 16
# Digits of one character typed by its number with Alt; 0x10FFFF has seven, and one leading zero.
ALT_DIGITS_MAX: Final = 8
# Buttons of one device; one more is told as Garbled "unknown_key".
BUTTONS_MAX: Final = 32
# A device name as configured, and with its peer behind a colon.
NAME_CHARS_MAX: Final = 64

# Every `Garbled.reason` there is.
TOO_LONG: Final = "too_long"
INCOMPLETE: Final = "incomplete"
UNKNOWN_KEY: Final = "unknown_key"
CONTROL: Final = "control"
DROPPED: Final = "dropped"
UNKNOWN_MESSAGE: Final = "unknown_message"
CROWDED: Final = "crowded"
GARBLED_REASONS: Final = frozenset({TOO_LONG, INCOMPLETE, UNKNOWN_KEY, CONTROL, DROPPED, UNKNOWN_MESSAGE, CROWDED})
# Connections accepted in one go before peers are heard again.
PEERS_PER_READ_MAX: Final = 8
# At most one remark about peers turned away in this time.
CROWDED_REMARK_SECONDS: Final = 60.0
# Stations that may share one light; a gateway has at most eight.
LIGHT_STATIONS_MAX: Final = 16
# A button's name, as the settings allow it.
BUTTON_CHARS_MAX: Final = 32
# Inputs that one frame may complete: a frame of READ_BYTES_MAX holds at most that many one-character labels.
INPUTS_PER_FRAME_MAX: Final = 2048
# Devices that are listed as plugged in; a gateway has at most a few dozen.
DETECTED_MAX: Final = 64
