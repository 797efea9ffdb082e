"""Every bound of the gateway by name, with its reason. Reaching one is an event (I10)."""

INBOX_INPUTS_MAX = 4_096
"""Inputs waiting for the main loop. A burst is 20 scans a second; this is minutes of a stalled card."""

INPUTS_PER_COMMIT_MAX = 64
"""Inputs committed together when several wait; measured, 100 per commit gain little over 64."""

JOURNAL_BYTES_MAX = 768 * 1024 * 1024
"""900,000 records (30 days of 30,000) at 660 measured bytes a record, plus 25 %."""

JOURNAL_RESERVE_FRACTION = 0.05
"""The last part of the cap is for reports and calls: telemetry may not use it (I11)."""

UPKEEP_BYTES = 16 * 1024 * 1024
"""Above the cap, for marks, pruning and the folded state alone: three states of the largest plant at 5 MB. Without it a
full journal could never be drained (I11)."""

SNAPSHOT_ROOM_BYTES = 32 * 1024 * 1024
"""Free space beyond FREE_BYTES_MIN that a new snapshot needs: twice the 12 MB of the largest plant, and some. With less
the station keeps the version it has, and looks again with each receipt."""

FREE_BYTES_MIN = 8 * 1024 * 1024
"""Below this much free space scans are refused aloud, so that marks can still be written and the log drained."""

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
"""How far MQTT may fall behind before it skips (I5): about a week of a full day's records."""

REJECTED_SCANS_PER_MINUTE_MAX = 60
"""Rejected scans that are journalled; more are counted in one limit.reached event a minute."""

RECENT_RESULTS_MAX = 20
"""Results a station's screen remembers."""

STATIONS_MAX = 8
"""Stations of one gateway."""

DEVICES_PER_STATION_MAX = 16
"""Scanners, buttons and lights of one station."""

SNAPSHOT_BYTES_MAX = 64 * 1024 * 1024
"""The text of a snapshot: 50,000 operations and 2,000 people are about 12 MB."""

OPERATIONS_KEPT_MAX = 60_000
"""Operations whose totals the folded state remembers: the 50,000 of the largest plant and a fifth more."""

SHARES_OPEN_MAX = 10_000
"""Shares that were started and not yet finished; the one begun longest ago by who began first is forgotten."""

CALLS_OPEN_MAX = 500
"""Open calls: one for each type and station, so only buttons named at random reach this."""

HELD_MAX = 200
"""People one station holds at once; the one longest without a scan goes."""

REPORTS_PER_PERSON_MAX = 10
"""Reports one person can take back at one station, the newest first."""

REPORT_STACKS_MAX = 2_000
"""(station, person) pairs whose reports can be taken back."""

LABELS_SEEN_MAX = 128
"""Labels in the double-scan memory: twice what 20 scans a second make in 3 s."""

WORK_LINES_MAX = 20
"""Shares a station's screen lists; more people than that do not stand at one station."""

QUANTITY_DIGITS_MAX = 6
"""Digits of a quantity given by cards: 999,999 is just below what an event carries."""

PIECES_MAX = 1_000_000
"""floor.events.Pieces; a page's number is looked at before an event is made of it."""
