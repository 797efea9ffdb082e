"""Every bound of the gateway by name, with its reason. Reaching one is an event (I10)."""

INBOX_INPUTS_MAX = 4_096
"""Inputs waiting for the main loop. A burst is 20 scans a second; this is minutes of a stalled card.
More are not taken, and counted in one limit.reached event a minute: a scan is refused aloud once there is room, what a
pump reports is told again."""

INPUTS_PER_COMMIT_MAX = 64
"""Inputs committed together when several wait; measured, 100 per commit gain little over 64.
More wait for the next commit."""

JOURNAL_BYTES_MAX = 768 * 1024 * 1024
"""900,000 records (30 days of 30,000) at 660 bytes a record, plus 25 %. Reports measure 512, starts and reports in
turns 480 (`record_bytes` in docs/benchmarks.md). With no part of it left scans are refused aloud."""

JOURNAL_RESERVE_FRACTION = 0.05
"""The last part of the cap is for reports and calls: telemetry and rejected scans may not use it (I11). They are
counted in one limit.reached event a minute."""

UPKEEP_BYTES = 16 * 1024 * 1024
"""Above the cap, for marks, pruning and the folded state alone: three states of the largest plant at 5 MB. Without it a
full journal could never be drained (I11)."""

SNAPSHOT_ROOM_BYTES = 32 * 1024 * 1024
"""Free space beyond FREE_BYTES_MIN that a new snapshot needs: twice the 12 MB of the largest plant, and some. With less
the station keeps the version it has, and looks again with each receipt."""

PINS_MAX = 4
"""Keys of the server that are trusted: the one in use, and the next ones."""

JOINING_RETRY_SECONDS_MIN = 2.0
"""Between the first two tries to enrol; it doubles."""

JOINING_RETRY_SECONDS_MAX = 300.0
"""Between two tries to enrol, whatever is wrong: a server that comes back finds its gateways within five minutes."""

JOINING_LOOK_SECONDS = 2.0
"""How often it is looked whether somebody brought a code, and a configuration before that."""

TOKEN_ROOM_BYTES = 4_096
"""Taken on the card before the office is asked for a token of 43 characters: one block of a file system."""

CLIENT_ROOM_BYTES = 8_192
"""The same for the key and the certificate, which are below 2 KiB together."""

BOOT_FILE_BYTES_MAX = 256 * 1024
"""A configuration or a code found at the first boot; a larger file is refused with its name."""

FREE_BYTES_MIN = 8 * 1024 * 1024
"""Below this much free space scans are refused aloud, so that marks can still be written and the log drained. How many
were is told by a limit.reached event afterwards."""

BALLAST_BYTES = 2 * 1024 * 1024
"""Given back to the file system when even that is gone: with no free byte not even a mark can be moved."""

WAL_BYTES_MAX = 8 * 1024 * 1024
"""The write-ahead log is copied into the database when idle, and at this size even when busy: it stays short."""

QUIET_SECONDS = 0.002
"""So long after a commit the journal still counts as busy, and sinks step aside: what waits is usually kept next."""

CHECKPOINT_RECORDS = 2_000
"""After this many records the folded state is written, so that start-up folds no more than that."""

TAIL_RECORDS_CHECKED = 200
"""Records whose digests are checked at every open. `lineside journal verify` checks them all."""

PRUNE_RECORDS = 500
"""Records deleted in one transaction, so that a scan never waits long behind a clean-up (I6)."""

FLUSH_SECONDS = 1.0
"""Marks and positions wait this long for a record's commit to ride along with."""

REOPEN_SECONDS_MAX = 2.0
"""How long a closed journal waits before it is opened again."""

NOTICE_BACKLOG_RECORDS_MAX = 200_000
"""How far MQTT may fall behind before it skips (I5): about a week of a full day's records. Each skip is
a notice.skipped event."""

REJECTED_SCANS_PER_MINUTE_MAX = 60
"""Rejected scans that are journalled; more are counted in one limit.reached event a minute."""

RECENT_RESULTS_MAX = 20
"""Results a station's screen remembers; older ones are in the journal."""

STATIONS_MAX = 8
"""Stations of one gateway; a configuration with more is refused."""

DEVICES_PER_STATION_MAX = 16
"""Scanners, buttons and lights of one station; a configuration with more is refused."""

ASSIGNED_DEVICES_MAX = 32
"""Devices that the set-up page assigned; one more is refused there."""

ASSIGNED_BYTES_MAX = 64 * 1024
"""The file of assigned devices; a longer one is not read."""

SNAPSHOT_BYTES_MAX = 64 * 1024 * 1024
"""The text of a snapshot: 50,000 operations and 2,000 people are about 12 MB. A larger one is refused; the station
keeps the version it has."""

OPERATIONS_KEPT_MAX = 60_000
"""Operations whose totals the folded state remembers: the 50,000 of the largest plant and a fifth more.
The one touched longest ago is forgotten: limit.reached floor_kept, as for the bounds below."""

SHARES_OPEN_MAX = 10_000
"""Shares that were started and not yet finished; the one begun longest ago by who began first is forgotten."""

CALLS_OPEN_MAX = 500
"""Open calls: one for each type and station, so only buttons named at random reach this. The oldest is forgotten here;
the office has it."""

HELD_MAX = 200
"""People one station holds at once; the one longest without a scan goes."""

REPORTS_PER_PERSON_MAX = 10
"""Reports one person can take back at one station, the newest first; older ones cannot be taken back there."""

REPORT_STACKS_MAX = 2_000
"""(station, person) pairs whose reports can be taken back; the pair idle longest goes."""

LABELS_SEEN_MAX = 128
"""Labels in the double-scan memory: twice what 20 scans a second make in 3 s. The oldest goes."""

WORK_LINES_MAX = 20
"""Shares a station's screen lists; more people than that do not stand at one station. All of them count."""

PARTS_OPERATIONS_MAX = 500
"""Operations whose scanned components and serials are remembered; the one without a scan longest is forgotten, which
limit.reached floor_kept tells. Then a serial may be repeated there unseen."""

SERIALS_PER_OPERATION_MAX = 2_000
"""Serials remembered for one operation; the oldest goes, as above."""

NOTES_PER_STATION_MAX = 5
"""Notes a station shows again; older ones are in the journal and at the office."""

QUANTITY_DIGITS_MAX = 6
"""Digits of a quantity given by cards: 999,999 is just below what an event carries. Another digit is
refused aloud."""

PIECES_MAX = 1_000_000
"""floor.events.Pieces; a page's number is looked at before an event is made of it, and refused aloud."""

SALVAGE_PAYLOAD_BYTES_MAX = 64 * 1024 * 1024
"""A row that salvage believes in: the folded state of the largest plant is below a third of it."""

DAMAGED_JOURNALS_MAX = 3
"""Damaged journals kept beside the new one. One more is not salvaged before a person has taken one away."""

DOUBT_RANGES_MAX = 20
"""Ranges that a salvage names one by one; the count says how many records there are in all."""

DOUBT_SHOWN_SECONDS = 24 * 3600.0
"""How long stations show that records may be lost."""

PHOTOS_MAX = 300
"""Photos on the card. When no more fit, the oldest that the office confirmed go; without any the station refuses a new
one aloud, and a limit.reached event tells it."""

PHOTOS_BYTES_MAX = 512 * 1024 * 1024
"""The same in bytes: what a card of 8 GB can spare beside a full journal."""

PHOTOS_REMEMBERED_MAX = 1_000
"""Photos whose records the folded state remembers, so that one that comes twice is one record. The oldest go."""

PHOTO_UPLOADS_MAX = 4
"""Photos that come in at one time, over all pages; one more is refused aloud."""

PHOTO_UPLOAD_SECONDS_MAX = 60.0
"""An upload that is silent for so long is given up, and its part of the file deleted."""

PHOTO_SLICE_BYTES = 16 * 1024
"""Written and flushed at once: a scan's flush never waits behind more of a photo than this."""

PHOTO_PAUSE_RATIO = 7.0
"""After each slice the card is left alone for so many times as long as the slice took."""

PHOTO_PAUSE_SECONDS_MAX = 0.25
"""That pause is never longer, nor does a slice wait longer for scans that are being kept."""

INSTRUCTIONS_MAX = 500
"""Files of work instructions on the card. What no row wants any more goes first, by when it was last shown; what still
does not fit is not fetched, and a limit.reached event tells it."""

INSTRUCTIONS_BYTES_MAX = 256 * 1024 * 1024
"""The same in bytes: those of released orders come first."""

VERIFY_RECORDS = 200
"""Records whose digests are checked in one idle moment, over and over through the whole journal."""

READINGS_KEPT_MAX = 20_000
"""Notices read, by person, that a gateway remembers: 200 people and 100 notices. The oldest is asked for again."""

FACT_CHARACTERS_MAX = 32
"""Of one key fact that is read back."""

HANDOVER_LINES_MAX = 20
"""Operations, calls and notices that a hand-over names, of each."""

NOTICES_SHOWN_MAX = 20
"""Notices on a station's page."""

LINE_GATEWAYS_MAX = 32
"""Gateways of the line that are listened to: four times the largest line known. Others are counted in one
limit.reached event a minute; those that master data names go first."""

LINE_STATIONS_SHOWN_MAX = 64
"""Stations on the line page; how many others there are stands below."""

LINE_MESSAGES_PER_SECOND_MAX = 50
"""States read in one second: 32 gateways that change once a second, and some. More are not read, and counted."""

LINE_TELL_SECONDS = 30.0
"""An unchanged state is told again after this time, by the loop that keeps records: it vouches for that loop too."""

LINE_TELL_SECONDS_MIN = 1.0
"""A changed one at most this often."""

LINE_SILENT_SECONDS = 90.0
"""A gateway that said nothing for so long is silent: three missed states, or one of 0.1.0, which tells each minute."""

LINE_AGE_SECONDS_MAX = 1e9
"""The oldest age that a state can tell; one that is older tells this."""

UPDATE_KEYS_MAX = 8
"""Keys that may sign a release: the plant's and the vendor's, each with its successor. Later files are not read."""

UPDATE_MANIFEST_BYTES_MAX = 64 * 1024
"""The signed part of a bundle; a larger one is refused."""

UPDATE_UNPACKED_BYTES_MAX = 4 * 1024 * 1024 * 1024
"""What a release for directory slots may unpack to; a larger one is refused."""

UPDATE_FILES_MAX = 200_000
"""Files of such a release; more are refused."""

UPDATE_ROOM_BYTES = 64 * 1024 * 1024
"""Free space beyond FREE_BYTES_MIN that must be left once a bundle is here; with less it waits, and says so."""

UPDATE_INSTALLS_MAX = 3
"""Installs of one release that may fail by the machine's trouble before it is refused until the office asks again."""

UPDATE_DOWNLOADS_MAX = 3
"""Downloads of one bundle that may come damaged before it is refused."""

UPDATE_TRIAL_STARTS_MAX = 5
"""Starts of the agent in one trial: a release whose agent dies again and again is not good."""

UPDATE_BOOTS_MAX = 5
"""Boots that are asked for in one trial, or of one return: each one ends the gateway, and a machine that does not boot
by then does not by asking."""

UPDATE_BUSY_SECONDS_MAX = 600.0
"""A release that failed goes back in a quiet moment if there is one within this time; lineside-settle grants it too."""

UPDATE_STICK_BUNDLES_MAX = 20
"""Bundles on a stick that are looked at."""

UPDATE_ASKED_BYTES_MAX = 256
"""A request on the gateway's local socket."""

WISHED_BYTES_MAX = 64 * 1024
"""The file with the settings that the office wishes; a larger one is not read."""

DIAGNOSIS_LINES_MAX = 4_000
"""The newest lines of each log in a diagnosis bundle."""

UPDATE_BEGUN_MAX = 20
"""Updates that are remembered as tried; an older one may be tried again when it is still wished."""
