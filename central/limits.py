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

AUTHORITY_YEARS: Final = 20
"""How long the plant's own authority is good."""

AUTHORITY_NOTICE_DAYS: Final = 365
"""How long before its end the authority's end is told: a certificate that it signs then may last its whole life."""

CERTIFICATE_DAYS: Final = 180
"""A gateway's certificate. It fetches another one when half of it is over, so it may be away for 90 days."""

CERTIFICATES_PER_DAY_MAX: Final = 20
"""Certificates for one gateway within a day; more are refused. It asks for one in 90 days, and at each enrolment."""

FORMER_TOKENS_PER_GATEWAY_MAX: Final = 50
"""Voided tokens by which an old card is recognised; the oldest goes."""

PINS_MAX: Final = 4
"""Keys of the server that a gateway may trust by their pins: the one in use, and the next ones."""

CARD_FAULTS_MAX: Final = 100
"""Faults told of a card that is imported; the rest are counted."""

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

PAGE_BEHIND_SECONDS_MAX: Final = 1.0
"""How old what a page shows may be while `lineside central work` reads the log; older, and the page says so."""

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

OPERATIONS_PER_ORDER_READ_MAX: Final = 500
"""Operations of one order that its page shows."""

RECORDS_PER_ORDER_READ_MAX: Final = 20_000
"""Records of one order that its page works times, people and notes out from; beyond it the page says so."""

NOTES_PER_OPERATION_MAX: Final = 50
"""Notes and photos of one operation that the page of its order lists."""

CALLS_PER_ORDER_MAX: Final = 200
"""Calls of one order that its page lists."""

PHOTOS_LOOKED_THROUGH_MAX: Final = 2_000
"""Photos that are looked through for those of a call, the newest."""

CALLED_OPERATIONS_MAX: Final = 1_000
"""Operations with an open call that the flow shows."""

COMPONENTS_LOOKED_BACK_MAX: Final = 500
"""Component scans before a product that a trace looks through for what was still in use."""

MASTER_VERSIONS_PER_TRACE_MAX: Final = 3
"""Older versions of the master data that one trace reads to name revisions of instructions."""

PRODUCTS_PER_USE_SHOWN_MAX: Final = 20
"""Products that a trace lists beside one use of a component; a page of its own has all of them."""

RECORDS_PER_READ_MAX: Final = 1_000
"""Records in one answer to a reader of the log."""

CODE_MINUTES: Final = 10
"""How long a one-time code works."""

CODE_AGAIN_SECONDS: Final = 3_600.0
"""How long a used code answers again to the key that used it: a gateway that did not hear the answer asks every five
minutes, and a switch that is changed takes less."""

CODE_DAYS_MAX: Final = 30
"""How long a code may work that is written on a card, which is carried to its place and started there."""

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

AUDIT_READ_MAX: Final = 1_000
"""Acts read at one time, and in one answer to a reader."""

TOKENS_MAX: Final = 200
"""Tokens of machines that are kept, ended ones too; another one is refused."""

TOKEN_DAYS_MAX: Final = 366
"""The longest life of a token; whoever uses it asks for another one in time."""

TOKEN_USED_SECONDS: Final = 60.0
"""How exactly the last use of a token is noted."""

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

TOGETHER_SECONDS_MAX: Final = 0.2
"""How long batches of several gateways go into one transaction."""

WAL_BYTES_MAX: Final = 16 * 1024 * 1024
"""The write-ahead log's file before a writer checkpoints it."""

BROKER_RESTART_SECONDS_MIN: Final = 0.5
"""The first pause before a broker that ended is started again; it doubles."""

BROKER_RESTART_SECONDS_MAX: Final = 30.0
"""That pause never grows beyond it."""

BROKER_MESSAGE_BYTES_MAX: Final = 64 * 1024
"""A longer message is refused by the broker, which ends the connection of who sent it."""

NUDGE_INTERVAL_SECONDS: Final = 2.0
"""Two nudges of one gateway are at least this far apart; what comes between is told by the later one."""

NUDGES_PER_LOOK_MAX: Final = 20
"""Gateways nudged at one look, once a second: a new version reaches 200 gateways in ten seconds, not all at once."""

NUDGE_CONNECT_SECONDS: Final = 2.0
"""How long the office waits for its own broker, and how often it tries; nudges that find none are late."""

LEASE_SECONDS: Final = 30.0
"""A worker that does not renew its lease for so long has lost it."""

CHANNELS_MAX: Final = 64
"""Channels of notifications in the configuration; more is a fault of the file."""

CHANNEL_REPLY_BYTES_MAX: Final = 32 * 1024
"""What is read of a provider's answer. A longer one is read no further and counts as not understood."""

CHANNEL_SECONDS_MAX: Final = 25.0
"""The longest that a channel may be told to wait for one answer. Behind SEND_SECONDS_MAX it would count as lost."""

RETRY_AFTER_SECONDS_MAX: Final = 86_400.0
"""What a provider may ask us to wait. More is taken as a day: a wrong clock silences no channel for good."""

PUSH_SUBSCRIPTION_CHARACTERS_MAX: Final = 2_048
"""A browser's push subscription; a longer one is refused as an address."""
# Messages to people (central/notify).

ANNOUNCED_WAITING_MAX: Final = 10_000
"""Announcements of the office that wait to become notifications. The last one says that it was reached; later ones are
not told, and what they are about stands on its own page all the same."""

ANNOUNCED_FACTS_CHARACTERS_MAX: Final = 4_000
"""Facts of one announcement; longer ones are told without them."""

SUBJECT_CHARACTERS_MAX: Final = 200
"""What a notification is about, as kept."""

NOTIFY_RECORDS_MAX: Final = 1_000
"""Positions of the log read for messages in one transaction."""

NOTIFY_TOLD_MAX: Final = 50
"""Records, and as many announcements, made into notifications in one transaction. Measured, one takes 6 ms, and
gateways and pages wait meanwhile."""

TOLD_LATE_SECONDS_MAX: Final = 12 * 3600.0
"""What happened longer ago, on a gateway that was cut off, sends no message: its pages show it, an alarm counts it."""

PEOPLE_PER_NOTIFICATION_MAX: Final = 50
"""People whom one level of a rule reaches; the page of rules shows how many it is now."""

RULES_MAX: Final = 200
"""Rules of a plant; another one is refused."""

LEVELS_MAX: Final = 3
"""Levels of a rule: who first, who next, who last."""

CONTACTS_PER_PERSON_MAX: Final = 12
"""Ways to reach one person; another one is refused, but a browser's push takes the place of the oldest push."""

ADDRESS_CHARACTERS_MAX: Final = 2_000
"""An address in a channel's own words; a push subscription is the longest."""

SENDERS_MAX: Final = 8
"""Threads that wait for providers."""

SENDS_PER_CHANNEL_MAX: Final = 2
"""Messages of one channel under way at one time: a provider that hangs takes no more threads than these."""

SEND_SECONDS_MAX: Final = 30.0
"""An attempt without an answer for so long is one whose answer was lost."""

CLAIMS_MAX: Final = 200
"""Deliveries looked at in one step."""

FAILURES_MAX: Final = 5
"""Attempts that may fail before the next channel of the person is tried: about two and a half minutes."""

RETRY_DELIVERY_SECONDS_MIN: Final = 5.0
"""The pause before the second attempt; it doubles."""

RETRY_DELIVERY_SECONDS_MAX: Final = 600.0
"""That pause, and the one a provider may ask for, never grow beyond it."""

URGENT_SECONDS_MAX: Final = 300.0
"""An urgent message that no attempt got through in so long goes over the next channel of the person."""

DELIVERY_SECONDS_MAX: Final = 6 * 3600.0
"""So with any other; quiet hours do not count."""

DELIVERY_STEPS_MAX: Final = 100
"""Steps kept of one delivery; the newest state is in the delivery itself."""

COLLAPSE_SECONDS: Final = 600.0
"""The same of the same again within so long is counted on the message that stands, and not sent."""

STORM_SECONDS: Final = 600.0
"""The window of the storm protection; its end sends the summary."""

STORM_MESSAGES: Final = 10
"""Messages of one rule to one person over one channel in that window, unless the rule says otherwise."""

STORM_MESSAGES_MAX: Final = 100
"""What a rule may say at most."""

STORM_STOP_MESSAGES: Final = 60
"""So many at least for a call that stops the line."""

ESCALATIONS_PER_STEP_MAX: Final = 100
"""Notifications taken to their next level in one transaction."""

PURGED_PER_STEP_MAX: Final = 500
"""Things of one kind that are too old deleted in one transaction."""

LINK_SECONDS: Final = 24 * 3600.0
"""How long the link in a message works."""

INBOX_MAX: Final = 100
"""Messages on a person's page, the newest."""

DELIVERIES_PER_READ_MAX: Final = 200
"""Deliveries on one page of the list."""

DELIVERIES_JUDGED_MAX: Final = 5_000
"""The newest deliveries of a week that times and limits are worked out from."""

BREACHES_SHOWN_MAX: Final = 50
"""Messages over their limit that the page lists, the newest."""

PUSH_CHARACTERS_MAX: Final = 2_000
"""A browser's push subscription."""
TASKS_OPEN_MAX: Final = 20_000
"""Tasks that are not over. One more by hand is refused, and one by a rule is the alarm `tasks_full`."""

TASK_TITLE_CHARACTERS_MAX: Final = 120
"""A task's or a problem's title; a longer one is refused."""

TASK_TEXT_CHARACTERS_MAX: Final = 2_000
"""A task's text, a comment, a field of a problem; a longer one is refused."""

TASK_REPLY_CHARACTERS_MAX: Final = 500
"""What a task is answered with, and the reason of a change; a longer one is refused."""

CHECKLIST_ITEMS_MAX: Final = 30
"""Items of one task's checklist; more are refused."""

HISTORY_EVENTS_MAX: Final = 2_000
"""Events of one task or problem; then only the server itself adds some, and people are told to make a new one."""

HISTORY_SHOWN_MAX: Final = 200
"""Events of one task or problem that its page lists, the newest."""

TASK_DUE_SOON_SECONDS: Final = 7_200.0
"""So long before a task is due its owner is told."""

COMMENTS_PER_SUBJECT_MAX: Final = 500
"""Comments on one task, call, order, operation or problem; one more is refused."""

MENTIONS_PER_COMMENT_MAX: Final = 10
"""People and duties that one comment can call; later ones stay plain text."""

ATTACHMENTS_PER_COMMENT_MAX: Final = 3
"""Files of one comment or one answer; more are refused."""

ATTACHMENT_BYTES_MAX: Final = 8 * 1024 * 1024
"""One file of a comment; a larger one is refused."""

TASK_RULES_MAX: Final = 50
"""Rules that make tasks; one more is refused."""

INFORMATION_OWNERS_MAX: Final = 2_000
"""Operations and departments with an owner of their information; one more is refused."""

TASK_RECORDS_MAX: Final = 500
"""Records that the task pump reads in one transaction."""

PROBLEMS_OPEN_MAX: Final = 5_000
"""Problems that are not over; one more by hand is refused, and one by a rule is the alarm `tasks_full`."""

CALLS_PER_PROBLEM_MAX: Final = 500
"""Calls that a problem lists; later ones are counted only."""

RECURRENCE_THRESHOLD: Final = 1
"""So many calls of the same type, station and cause after its measures reopen a problem, unless it names another."""
DRAFT_BYTES_MAX: Final = 16 * 1024 * 1024
"""One draft of master data: 50,000 changed operations. A larger change goes in as a whole file."""

DRAFTS_MAX: Final = 100
"""Drafts of a plant at one time. One more is refused until somebody releases or discards theirs."""

DRAFT_SECONDS_MAX: Final = 90 * 86_400.0
"""A draft that nobody touched for so long gives its place to a new one when all are taken."""

RELEASE_NOTE_CHARACTERS_MAX: Final = 300
"""What somebody says of a version that they release."""

SHORTAGES_MAX: Final = 2_000
"""Orders and items kept as short, the most urgent first; the kit check page says when there are more."""

MASTER_BODY_BYTES_MAX: Final = 40 * 1024 * 1024
"""Master data sent by a program; the same as a file's bound in floor/limits.py."""

MASTER_ROWS_PER_READ_MAX: Final = 1_000
"""Rows of a table in one answer to a program."""

VERSIONS_SHOWN_MAX: Final = 50
"""Versions on one page of the history."""

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

NAMED_IN_REFUSAL_MAX: Final = 5
"""Names, and lines, that the page names to somebody who may not do something; there may be more who can help."""
