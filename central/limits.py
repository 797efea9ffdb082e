"""Every bound of the server by name (I10). Those of the protocol are in sync/wire.py."""

from typing import Final

ERROR_CHARACTERS_MAX: Final = 2_000
"""A fault told to a client."""

JSON_BODY_BYTES_MAX: Final = 64 * 1024
"""A body of the API other than a batch."""

FILES_BODY_BYTES_MAX: Final = 128 * 1024
"""A question about 1,000 files."""

FILES_BYTES_MAX: Final = 20 * 1024**3
"""Photos and instructions together, unless the configuration says otherwise: 10,000 photos of 2 MB. A file beyond it is
not taken; the gateway keeps it and sends it again, and the alarm `files_full` tells it."""

FILE_PARTS_MAX: Final = 2
"""Files that one gateway has begun and not finished; the part begun longest ago is deleted, and sent anew."""

STATUS_CHARACTERS_MAX: Final = 4_096
"""A gateway's health as kept; a larger one is not kept, which is an alarm."""

RELEASE_CHARACTERS_MAX: Final = 64
"""A gateway's release as it says it; the rest is cut off."""

DETAIL_CHARACTERS_MAX: Final = 500
"""What an alarm says."""

STREAMS_PER_GATEWAY_MAX: Final = 40_000
"""Epochs of one gateway: twice what one offer may name. More is refused: a gateway has one epoch for each start."""

RANGES_PER_BATCH_MAX: Final = 10_000
"""Missing ranges over all streams of one receipt."""

RANGES_PER_STREAM_MAX: Final = 2_000
"""Missing ranges of one epoch. A stream with more waits, and a person is told: no card has so many holes."""

CONFLICTS_PER_GATEWAY_MAX: Final = 1_000
"""Rows kept of conflicting and refused records of one gateway; later ones are counted in the alarm alone."""

ALARMS_PER_GATEWAY_MAX: Final = 200
"""Alarms of one gateway; the one that says `alarms_full` is the last."""

ALARM_REPEAT_SECONDS: Final = 60.0
"""A standing alarm's row is written again at most this often."""

SILENT_SECONDS_MAX: Final = 180.0
"""A gateway says something at least once a minute; one with an open call that has missed three is an alarm."""

ANNOUNCED_SECONDS_MAX: Final = 86_400.0
"""S7: a record that was announced and has not come for a day is an alarm."""

FOLD_RECORDS_MAX: Final = 1_000
"""Records folded in one transaction."""

CATCH_UP_RECORDS_MAX: Final = 5_000
"""Records a board read folds before it shows; beyond it the board says that it is behind."""

OPERATIONS_ON_BOARD_MAX: Final = 60_000
"""Operations read for one board: section 7's 50,000 and some."""

CALLS_ON_BOARD_MAX: Final = 1_000
"""Open calls read for one board, the oldest first."""

ALARMS_ON_BOARD_MAX: Final = 500
"""Alarms read for one board, the oldest first."""

CALL_STEPS_MAX: Final = 200
"""Steps of one call that its page lists, the first; the records have them all."""

CALL_STEPS_READ_MAX: Final = 1_000
"""Records looked at for the steps of one call."""

PHOTOS_OF_CALLS_MAX: Final = 200
"""Photos that the page of calls looks for, the newest; older ones are on the page of records."""

ENDED_CALLS_MAX: Final = 200
"""Ended calls that the page of calls lists, the newest first."""

CALLS_MEASURED_MAX: Final = 20_000
"""Calls of one period that are measured, the newest; the page says when there are more."""

REPEATS_SHOWN_MAX: Final = 12
"""Calls that came back, the most frequent first."""

MISSING_RANGES_TOLD_MAX: Final = 50
"""Missing ranges of a gateway that the page of completeness names; all of them are counted."""

RECORDS_PER_READ_MAX: Final = 1_000
"""Records in one answer to a reader of the log."""

CODE_MINUTES: Final = 10
"""How long a one-time code works."""

CODE_ATTEMPTS_MAX: Final = 5
"""Wrong tries before a code is void."""

CODES_MAX: Final = 1_000
"""Codes that wait at one time."""

ENROL_ATTEMPTS_PER_MINUTE_MAX: Final = 30
"""Attempts to enrol or sign in from one address."""

REFUSED_PER_MINUTE_MAX: Final = 300
"""Pages without a right, or that are not there, asked for from one address; beyond it each gets 429 for that minute."""

ADDRESSES_WATCHED_MAX: Final = 10_000
"""Addresses whose attempts are counted at one time."""

PASSWORD_CHARACTERS_MIN: Final = 10
"""A shorter password is refused, and the page says so."""

PASSWORD_CHARACTERS_MAX: Final = 256
"""A longer one is refused before it is hashed."""

PERSON_CHARACTERS_MAX: Final = 64
"""The id of a person that an account names; the rest is cut off."""

PASSWORD_FAILURES_MAX: Final = 10
"""Wrong passwords in a row before a name rests for LOCK_SECONDS."""

LOCK_SECONDS: Final = 300.0
"""How long a name rests after too many wrong passwords; the page says so."""

SESSION_SECONDS: Final = 14 * 3600.0
"""A sign-in lasts a long shift."""

SESSIONS_PER_ACCOUNT_MAX: Final = 20
"""Sign-ins of one name at one time; the oldest ends."""

BADGE_SESSION_SECONDS: Final = 15 * 60.0
"""A sign-in by badge and PIN lasts for one errand at a shared terminal."""

BROWSER_CHARACTERS_MAX: Final = 200
"""What is kept of an address and of a browser's name for itself; the rest is cut off."""

PIN_FAILURES_MAX: Final = 5
"""Wrong PINs before a PIN rests for LOCK_SECONDS."""

PIN_LOCKS_MAX: Final = 3
"""Rests before a PIN is void: its owner signs in with the password and sets another. 15 tries of 10,000 find little."""

AUDIT_TEXT_CHARACTERS_MAX: Final = 200
"""A name, address or subject in the audit log; the rest is cut off."""

AUDIT_DETAIL_CHARACTERS_MAX: Final = 2_000
"""What the audit log says of one act; the rest is cut off."""

AUDIT_FAILURES_PER_HOUR_MAX: Final = 100
"""Failed sign-ins written in an hour; then one act says that there were more."""

AUDIT_SECONDS_MAX: Final = 3 * 366 * 86_400.0
"""Acts are kept so long; that older ones went is an act."""

AUDIT_READ_MAX: Final = 1_000
"""Acts read at one time, and in one answer to a reader."""

TOKENS_MAX: Final = 200
"""Tokens of machines that are kept, ended ones too; another one is refused."""

TOKEN_DAYS_MAX: Final = 366
"""The longest life of a token; whoever uses it asks for another one in time."""

TOKEN_USED_SECONDS: Final = 60.0
"""How exactly the last use of a token is noted."""

TOKEN_KEPT_SECONDS: Final = 90 * 86_400.0
"""How long a token that ended stays listed."""

HASHES_AT_ONCE_MAX: Final = 2
"""argon2 takes 64 MB for each; a small server has room for two."""

ACCOUNTS_MAX: Final = 10_000
"""Names that may sign in; another one is refused."""

EVENT_STREAMS_MAX: Final = 200
"""Open live streams of one server process; one more gets 503."""

EVENT_BEAT_SECONDS: Final = 5.0
"""A live page hears at least so often that the server is there."""

EVENT_POLL_SECONDS: Final = 0.25
"""How often the server looks whether a live page has something new to show."""

BUSY_SECONDS_MAX: Final = 30.0
"""How long a writer waits for the one before it."""

WAL_BYTES_MAX: Final = 16 * 1024 * 1024
"""The write-ahead log's file before a writer checkpoints it."""

BROKER_RESTART_SECONDS_MIN: Final = 0.5
"""The first pause before a broker that ended is started again; it doubles."""

BROKER_RESTART_SECONDS_MAX: Final = 30.0
"""That pause never grows beyond it."""

BROKER_MESSAGE_BYTES_MAX: Final = 64 * 1024
"""A longer message is refused by the broker, which ends the connection of who sent it."""

LEASE_SECONDS: Final = 30.0
"""A worker that does not renew its lease for so long has lost it."""

CHANNELS_MAX: Final = 64
"""Channels of notifications in the configuration; more is a fault of the file."""

CHANNEL_REPLY_BYTES_MAX: Final = 32 * 1024
"""What is read of a provider's answer. A longer one is read no further and counts as not understood."""

CHANNEL_SECONDS_MAX: Final = 60.0
"""The longest that a channel may be told to wait for one answer: a dead provider must not hold up the others."""

RETRY_AFTER_SECONDS_MAX: Final = 86_400.0
"""What a provider may ask us to wait. More is taken as a day: a wrong clock silences no channel for good."""

PUSH_SUBSCRIPTION_CHARACTERS_MAX: Final = 2_048
"""A browser's push subscription; a longer one is refused as an address."""

PHONE_CALLS_MAX: Final = 100
"""Open calls that a phone is told of; the page of calls has the others, and the phone says how many."""

PHONE_ACTS_WAITING_MAX: Final = 50
"""Acts that wait on one phone for the server. One more is refused there, aloud; none that waits makes room for it."""

PHONE_ACT_SECONDS_MAX: Final = 86_400.0
"""An older act is refused: what it was about has changed. A note is taken at any age."""

PHONE_KEY_SECONDS: Final = 2 * 86_400.0
"""How long the answer to an act is kept: longer than a phone may send it again."""

PHONE_KEYS_PER_ACCOUNT_MAX: Final = 5_000
"""Answers kept for one account; more acts wait on the phone."""

PHONE_PHOTO_PIXELS_MAX: Final = 1_600
"""The longer side of a photo after the phone has scaled it down."""

PHONE_PHOTO_BYTES_MAX: Final = 2 * 1024 * 1024
"""A photo with a note; what a phone sends is scaled down and far below it."""

CALL_NOTE_CHARACTERS_MAX: Final = 500
"""A note on a call."""

CALL_NOTES_MAX: Final = 50
"""Notes on one call; another one is refused."""
