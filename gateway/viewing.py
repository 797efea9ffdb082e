"""What the screens are told: one `GatewayView` after a round in which something changed."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from floor.events import Instant
from floor.master import MasterData
from floor.rights import Right, may_somewhere
from floor.rows import Person
from gateway.config import Config
from gateway.journal import Journal
from gateway.journal_upkeep import used_fraction
from gateway.keeping import Keeping
from gateway.limits import DOUBT_SHOWN_SECONDS
from gateway.line import Line
from gateway.salvage import DOUBT, Doubt
from gateway.station_desk import Desk, StationRules
from gateway.station_view import station_view
from gateway.storage import Storage
from gateway.view import Doubtful, GatewayView, LastScan, StationView, WorkLine

PUBLISH_SECONDS = 0.1
"""Views are not published more often than this; a page is live within 200 ms all the same."""

WAITING_LOOK_SECONDS = 1.0
"""How often the oldest waiting record is looked up."""

ROOM_LOOK_SECONDS = 30.0
"""How often the days until the cap are worked out."""

DAY_SECONDS = 86_400.0

SINK_ERROR_CHARS_MAX = 300
"""What is shown of a sink's last error."""


@dataclass(slots=True)
class Viewing:
    """Collects what the loop learns about devices and sinks, and publishes views."""

    config: Config
    put: Callable[[GatewayView], None]
    line: Line | None = None
    """What the others of the line are told, and what is heard of them."""
    unsent_files: Callable[[], frozenset[str]] = frozenset
    """Files of records that are not at the office."""
    files_here: Callable[[], frozenset[str]] = frozenset
    """Files of instructions that have come."""
    devices: dict[str, dict[str, bool]] = field(default_factory=dict)
    sinks: dict[str, bool] = field(default_factory=dict)
    sink_errors: dict[str, str] = field(default_factory=dict)
    listening: Callable[[str], bool] = lambda station: False
    joining: Callable[[], str] = lambda: ""
    """Why this gateway is not enrolled yet."""
    office_seen_wall: float | None = None
    latest: GatewayView | None = None
    _dirty: bool = True
    _published: float = float("-inf")
    _waiting_since: float | None = None
    _looked: float = float("-inf")
    _room: float | None = None
    _room_looked: float = float("-inf")
    _maintained: tuple[MasterData, bool] | None = None

    def changed(self) -> None:
        """Something of the view may be different now."""
        self._dirty = True
        if self.line is not None:
            self.line.changed()

    def heard(self, keeping: Keeping, instant: Instant) -> int:
        """Another gateway of the line spoke. Returns how many messages were not taken since the last time."""
        self._dirty = True
        return 0 if self.line is None else self.line.hear(keeping, instant)

    def device_state(self, station: str, name: str, there: bool) -> bool:
        """Note a device's coming or going; True when it is news."""
        known = self.devices.setdefault(station, {})
        new = known.get(name) != there
        known[name] = there
        self._dirty = self._dirty or new
        return new

    def sink_state(self, sink: str, online: bool, detail: str = "") -> bool:
        """Note a sink's coming or going; True when it is news."""
        new = self.sinks.get(sink) != online
        self.sinks[sink] = online
        self.sink_errors[sink] = "" if online else detail[:SINK_ERROR_CHARS_MAX]
        self._dirty = self._dirty or new
        return new

    def sink_error(self, sink: str, detail: str) -> None:
        """A sink said why it takes nothing."""
        self.sink_errors[sink] = detail[:SINK_ERROR_CHARS_MAX]
        self._dirty = True

    def receipt(self, instant: Instant) -> None:
        """The office answered just now."""
        self.office_seen_wall = instant.wall
        self._dirty = True

    def wake(self) -> float | None:
        """When a changed view may be published, or the line told."""
        times = [self._published + PUBLISH_SECONDS] if self._dirty else []
        told = None if self.line is None else self.line.wake()
        return min([*times, *([] if told is None else [told])], default=None)

    def publish(self, keeping: Keeping, storage: Storage, instant: Instant) -> None:
        """Put a new view out, if something changed and the last one is old enough; and tell the line in its time."""
        if self.line is not None:
            self.line.tell(keeping, instant, storage.reason)
        if not self._dirty or instant.boottime < self._published + PUBLISH_SECONDS:
            return
        self._dirty, self._published = False, instant.boottime
        self.latest = self._view(keeping, storage, instant)
        self.put(self.latest)

    def _view(self, keeping: Keeping, storage: Storage, instant: Instant) -> GatewayView:
        journal = storage.journal
        stations = tuple(self._station(each.id, keeping, journal, instant) for each in self.config.station)
        waiting = journal.waiting() if self.config.central.url else 0
        room_days = self._days_left(journal, instant)
        return GatewayView(
            gateway_name=self.config.gateway.name,
            stations=stations,
            kept=journal.newest(),
            waiting=waiting,
            waiting_since_wall=self._oldest(journal, instant) if waiting else None,
            office=self._online("central", bool(self.config.central.url)),
            office_seen_wall=self.office_seen_wall,
            joining=self.joining(),
            broker=self._online("mqtt", bool(self.config.mqtt.host)),
            refusing=storage.reason,
            doubt=_doubtful(journal, instant),
            days_left=None if self.config.central.url else room_days,
            clock_synchronised=instant.synchronised,
            master_version=keeping.master.version,
            wall=instant.wall,
            line=None if self.line is None else self.line.view(keeping, instant, storage.reason),
            room_days=room_days,
            office_error=self.sink_errors.get("central", ""),
            broker_error=self.sink_errors.get("mqtt", ""),
            maintainers=self._maintainers(keeping.master),
            photos_waiting=len(self.unsent_files()),
        )

    def _maintainers(self, master: MasterData) -> bool:
        """Looked up once for each version of the master data."""
        if self._maintained is None or self._maintained[0] is not master:
            self._maintained = master, any(_may_set_up(each) for each in master.people)
        return self._maintained[1]

    def _online(self, sink: str, configured: bool) -> str:
        if not configured:
            return "none"
        return "online" if self.sinks.get(sink) else "offline"

    def _station(self, station: str, keeping: Keeping, journal: Journal, instant: Instant) -> StationView:
        desk, rules = keeping.desks.get(station, Desk(station)), keeping.rules.get(station, StationRules())
        view = station_view(keeping.floor, desk, keeping.master, station, instant, rules)
        marks = {row.epoch: row.mark for row in journal.epochs.values()}
        unsent = self.unsent_files()
        return replace(
            view,
            last=None if view.last is None else marked(view.last, marks, unsent),
            recent=tuple(marked(each, marks, unsent) for each in view.recent),
            devices=tuple(sorted(self.devices.get(station, {}).items())),
            listening=self.listening(station),
            work=tuple(with_file(each, self.files_here()) for each in view.work),
        )

    def _oldest(self, journal: Journal, instant: Instant) -> float | None:
        """Wall time of the oldest record that the office does not have."""
        if instant.boottime - self._looked >= WAITING_LOOK_SECONDS and journal.is_open:
            self._looked = instant.boottime
            positions = [row.base + max(row.mark, row.floor) for row in journal.epochs.values() if row.last > row.mark]
            if positions:
                row = journal.connection.execute(
                    "SELECT content FROM record WHERE position > ? ORDER BY position LIMIT 1", (min(positions),)
                ).fetchone()
                self._waiting_since = float(json.loads(row[0])["walltime"]) if row else None
        return self._waiting_since

    def _days_left(self, journal: Journal, instant: Instant) -> float | None:
        """Days until the cap at the rate since the oldest record held; None while it cannot be told."""
        if instant.boottime - self._room_looked >= ROOM_LOOK_SECONDS and journal.is_open:
            self._room_looked = instant.boottime
            self._room = _days_until_cap(journal, instant)
        return self._room if journal.is_open else None


def _may_set_up(person: Person) -> bool:
    """Here or anywhere: once the plant names a maintainer, nobody sets up for being first at the gateway."""
    return person.active and may_somewhere(person.grants, Right.SET_UP)


def _days_until_cap(journal: Journal, instant: Instant) -> float | None:
    """An estimate across boots, so from wall times: only from two that were vouched for (I9)."""
    oldest = journal.connection.execute("SELECT content FROM record ORDER BY position LIMIT 1").fetchone()
    used = used_fraction(journal)
    if oldest is None or used <= 0 or not instant.synchronised:
        return None
    first = json.loads(oldest[0])
    if first["clockstate"] != "synchronised":
        return None
    days = (instant.wall - float(first["walltime"])) / DAY_SECONDS
    return round(days * (1 - used) / used, 1) if days >= 1 else None


def _doubtful(journal: Journal, instant: Instant) -> Doubtful | None:
    """A loss is shown for a day of the boot clock; a restart shows it again, which errs on the side of telling."""
    text = journal.settings.get(DOUBT)
    if not text:
        return None
    told = json.loads(text)
    shown_since = told["at"] if told["boot"] == instant.boot else 0.0
    if instant.boottime - shown_since > DOUBT_SHOWN_SECONDS:
        return None
    doubt = Doubt.from_json(told["doubt"])
    return Doubtful(doubt.lost, doubt.since, doubt.until) if doubt.lost else None


def with_file(work: WorkLine, here: frozenset[str]) -> WorkLine:
    """The line with whether its instruction can be shown."""
    row = work.instruction
    return work if row is None or row.sha256 not in here else replace(work, instruction=replace(row, here=True))


def marked(result: LastScan, marks: dict[str, int], unsent: frozenset[str] = frozenset()) -> LastScan:
    """The result with what is known of its way to the office. A record that names a file waits for it."""
    epoch, _, seq = result.identity.partition("/")
    if not seq:
        return result
    at_office = int(seq) <= marks.get(epoch, 0) and result.file not in unsent
    return result if at_office == result.at_office else replace(result, at_office=at_office)
