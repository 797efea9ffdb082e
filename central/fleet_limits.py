"""Bounds of the fleet (I10)."""

from typing import Final

ONLINE_SECONDS_MAX: Final = 90.0
"""A gateway offers at least every 60 s (G3); one and a half of that without a word is offline."""

FLEET_RELEASES_MAX: Final = 50
"""Releases that are listed; another one is refused until somebody removes an old one (`lineside fleet remove`)."""

BUNDLES_ROOM_BYTES: Final = 1024**3
"""What the server's disk keeps free beside a bundle that is added: records and backups come every minute."""

ROLLOUT_SILENT_SECONDS_MAX: Final = 1_800.0
"""A gateway that was about to try a release, and whose agent then said nothing for so long, counts as failed; so does
one that was good and has been doubted for so long. A start of a Pi with a trial takes ten minutes at most."""

ROLLOUT_QUIET_SECONDS_MAX: Final = 300.0
"""A gateway that was good is doubted when its agent says nothing for so long: five asks were missed. And a server that
did not look for so long was away: silence, doubt and the watch of a stage count from then on."""

ROLLOUT_BYTES_PER_SECOND: Final = 1024 * 1024
"""How fast one gateway fetches a bundle: 250 MB in four minutes, and a line of 100 Mbit/s has room for ten."""

ROLLOUTS_SHOWN_MAX: Final = 20
"""Roll-outs and published settings that a page lists, the newest."""

TOLD_NUMBER_MAX: Final = 900_000_000
"""Numbers have nine digits. A gateway that tells of a greater one has it from no office, and does not use them up."""

DIAGNOSIS_KEPT_MAX: Final = 3
"""Diagnosis bundles kept of one gateway, the newest."""

LOG_SEALS_MAX: Final = 20
"""Keys of logs kept of one gateway, the oldest: it has one for each card it ever had."""

FLEET_REPORT_BYTES_MAX: Final = 192 * 1024
"""What an update agent tells at one time: its configuration is the most of it."""
