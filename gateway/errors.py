"""What can go wrong at a gateway, by who has to act."""


class GatewayError(Exception):
    """The gateway met a fault."""

    hint = "Run `lineside doctor` on the gateway and send its output to who maintains it."

    def __init__(self, message: str = "", hint: str = "") -> None:
        super().__init__(message or (self.__class__.__doc__ or "").strip().splitlines()[0])
        if hint:
            self.hint = hint


class ConfigRefused(GatewayError):
    """The configuration cannot be used; every fault of it is listed."""

    hint = "The maintainer mends the file; docs/configuration.md lists each setting."


class PhotoRefused(GatewayError):
    """A photo was not taken. `key` is the page's word for why."""

    hint = "The page says why; nothing of the photo was kept, and scanning goes on."

    def __init__(self, key: str) -> None:
        super().__init__(f"the photo was not taken: {key}")
        self.key = key


class JournalFull(GatewayError):
    """There is no room to keep another record, so the station refuses scans."""

    hint = "Free space on the gateway's data partition or bring the server back; the station goes on by itself."


class JournalReadOnly(GatewayError):
    """The journal's file system cannot be written, so the station refuses scans."""

    hint = "The maintainer checks the card: a file system that turned read-only often means a dying card."


class JournalBroken(GatewayError):
    """Reading or writing the journal failed, so it was closed and is opened anew."""

    hint = "If it stays so, the maintainer replaces the card; what is kept stays on the old one."


class JournalCorrupt(GatewayError):
    """The journal holds a record whose digest or number does not fit."""

    hint = "Stop the gateway, keep the file, and run `lineside journal verify` on a copy."


class JournalDamaged(JournalCorrupt):
    """The journal is not what was written: its card forgot, changed or mixed up what it had."""

    hint = "It is salvaged at the next start by itself; see docs/damaged-journal.md."


class JournalLocked(GatewayError):
    """Another process has this journal open."""

    hint = "One gateway process per folder: stop the other one, or give this one its own folder."


class MasterRefused(GatewayError):
    """The master data cannot be used; the station keeps the version it has."""

    hint = "The planner mends the rows named and imports again."


class SecretUnreadable(GatewayError):
    """A credential lies on the card and cannot be read, so what needs it stands; the station works on."""

    hint = "The maintainer gives the file to the gateway's user (chown), or enrols again, and restarts the gateway."


class EnrolmentRefused(GatewayError):
    """The server did not accept the enrolment code."""

    hint = "Ask the office for a new code: it is valid for ten minutes, once, and for this gateway's name only."


class BundleRefused(GatewayError):
    """The release's bundle cannot be installed; the slot that runs is as it was."""

    hint = "Whoever builds the releases makes a bundle that fits this gateway; docs/fleet.md lists each reason."


class SlotBroken(GatewayError):
    """A slot could not be read or written; the slot that runs is as it was."""

    hint = "It is tried again. If it stays so, the maintainer looks at the card's room and health."


class BundleUntimely(SlotBroken):
    """The bundle's certificate does not hold at this gateway's time, which nothing synchronises: nothing is decided."""

    hint = "It is looked at again once the clock is synchronised; the maintainer looks at NTP and the network."
