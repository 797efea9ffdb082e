"""The composition root: the parts of a gateway put together. Read it as a table of contents."""

import logging
import random
import sys
import threading
import time
from dataclasses import replace
from typing import Any

from devices.detection import Hardware
from floor.events import GatewayStopped
from gateway import limits
from gateway.assigned import with_assigned
from gateway.busy import busy_with
from gateway.clock import MachineClock, boottime, machine_clock, synchronised
from gateway.config import Config
from gateway.device_checks import check_words
from gateway.ending import on_end_signal
from gateway.equipment import Equipment, build_equipment
from gateway.errors import GatewayError, JournalLocked, MasterRefused
from gateway.file_room import FileRoom
from gateway.inbox import Inbox
from gateway.instruction_shelf import InstructionShelf
from gateway.joining import Joining
from gateway.journal import Journal
from gateway.keeping import Keeping, NewMaster, Noted
from gateway.line import build_line
from gateway.listening import Listening
from gateway.local_socket import LocalSocket
from gateway.loop import Loop, Met, Stop
from gateway.machine import Machine
from gateway.master_store import from_file, save, saved, seal
from gateway.photo_shelf import PhotoShelf
from gateway.screen.live import ViewFeed
from gateway.service import ServiceNotice
from gateway.set_up import SetUp
from gateway.sinks import Sinks, build_sinks
from gateway.station_desk import StationRules
from gateway.storage import Storage
from gateway.told import Telling
from gateway.upkeep import Upkeep
from gateway.viewing import Viewing
from gateway.wished_settings import with_wished
from sync.wire import SnapshotEnvelope

log = logging.getLogger("lineside")


class Program:
    """One gateway process. `run` returns its exit code."""

    def __init__(self, config: Config, hardware: Hardware | None = None) -> None:
        config, number, unfit = with_wished(config, check_words)
        self.config, left_out = with_assigned(config, check_words)
        self.left_out = (*unfit, *left_out)
        """Why settings of the office, or devices that the set-up page assigned, are not used; it starts without."""
        self.clock: MachineClock = machine_clock()
        self.inbox = Inbox()
        self.feed = ViewFeed()
        self.notice = ServiceNotice()
        self.fault: tuple[str, BaseException] | None = None
        self.without_sinks = False
        place = self.config.gateway
        self.journal = Journal(
            place.folder, place.name, bytes_max=place.journal_bytes_max, free_bytes_min=place.free_bytes_min
        )
        self.storage = Storage(self.journal)
        self.keeping = Keeping(
            self.journal,
            {station.id: _rules(station) for station in self.config.station},
            # With neither an office nor a line there are no others whose reports could be missed.
            upstream_known=not self.config.central.url and not self.config.mqtt.host,
        )
        self.set_up = SetUp(config, self.config, hardware or Hardware(), check_words)
        self.listening = Listening(self.set_up.hardware, self.set_up.free)
        self.line = build_line(self.config, self.inbox.put, boottime)
        room = FileRoom(
            self.journal.path, place.journal_bytes_max, place.free_bytes_min, place.photos_max, place.photos_bytes_max
        )
        self.photos = PhotoShelf(place.folder, room, boottime, aside=self.journal.is_busy, told=self._bound_met)
        self.instructions = InstructionShelf(
            place.folder,
            replace(room, files_max=limits.INSTRUCTIONS_MAX, bytes_max=place.instructions_bytes_max),
            [station.id for station in self.config.station],
            self._bound_met,
        )
        self.joining = Joining(self.config, self.inbox.put, self._joined, random.random, synchronised)
        self.viewing = Viewing(
            self.config,
            self.feed.put,
            self.line,
            unsent_files=lambda: self.photos.unsent,
            files_here=lambda: self.instructions.here,
            listening=self.listening.active,
            joining=lambda: self.joining.key,
        )
        self.telling = Telling(
            self.config,
            self.clock,
            self.viewing,
            self.storage,
            self.keeping,
            Machine(place.folder, boottime),
            (number, tuple(unfit)),
        )
        self.local = LocalSocket(place.folder, self.telling.health, self._restart)

    def run(self) -> int:
        """Keep reports until told to stop. 0 after an orderly end, 1 after a fault, 2 when it could not start."""
        logging.basicConfig(
            level=self.config.gateway.log_level.upper(), stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s"
        )
        # The programs of a Pi have many small threads; the default stack of 8 MiB each is address space for nothing.
        threading.stack_size(512 * 1024)
        for fault in self.left_out:
            log.error("%s", fault)
        on_end_signal(lambda name: self.inbox.put(Stop(name)))
        source = self._read_master()
        try:
            self._open()
        except JournalLocked as error:
            log.error("%s (%s)", error, error.hint)
            return 2
        if self.master_at[1] and self.journal.settings.get("master_digest") != self.keeping.master.digest:
            self.inbox.put(NewMaster(self.keeping.master, source))
        equipment = build_equipment(self.config, self.inbox.put, self.died)
        sinks = self._sinks()
        self.without_sinks = not self.journal.is_open and bool(self.config.central.url or self.config.mqtt.host)
        loop = self._loop(equipment, sinks)
        for lost in equipment.missing:
            self.inbox.put(lost)
        equipment.start()
        sinks.start()
        screen = self._start_screen()
        self.local.open()
        self.notice.ready()
        log.info("ready: %s keeps reports in %s", self.config.gateway.name, self.journal.path)
        try:
            loop.run()
        finally:
            self._end(loop, equipment, sinks, screen)
        if self.fault is not None:
            log.critical("%s died", self.fault[0], exc_info=self.fault[1])
        return 1 if self.fault else 0

    def died(self, name: str, error: BaseException) -> None:
        """A thread ended by a fault: so does the process, and the next start is the recovery."""
        self.fault = (name, error)
        self.inbox.put(Stop(f"{name} died"))
        self.inbox.wake()

    def _bound_met(self, limit: str) -> None:
        self.inbox.put(Met(limit))

    def _open(self) -> None:
        instant = self.clock()
        try:
            self.storage.ready(self.keeping, instant)
            self.photos.recovered({sha256 for sha256, *_ in self.keeping.floor.photos})
        except JournalLocked:
            raise
        except GatewayError as error:
            self.storage.refuse(error, instant.boottime)
            log.error("the station refuses: %s (%s)", error, error.hint)

    def _read_master(self) -> str:
        """What is on the card, or a planner's file where no server gives master data; where it came from.

        Before the journal is opened: the last scan of the journal is shown by its label.
        """
        folder, source = self.config.gateway.folder, "central"
        try:
            found = saved(folder)
            if self.config.master.file and not self.config.central.url:
                master, source = from_file(self.config.master.file, folder), "file"
                if found is None or found[1].digest != master.digest:
                    found = (seal(master), master)
                    self._save(found[0])
        except MasterRefused as error:
            log.error("%s (%s)", error, error.hint)
            return source
        if found is not None:
            self.keeping.master = found[1]
            self.master_at = (found[0].version, found[0].digest)
            self.instructions.plan(found[1])
        return source

    def _save(self, envelope: SnapshotEnvelope) -> None:
        """A card without room keeps no copy: the planner's file is read again at the next start."""
        try:
            save(envelope, self.config.gateway.folder)
        except OSError as error:
            log.error("the master data cannot be put on the card: %s", error)

    master_at: tuple[int, str] = (0, "")

    def _sinks(self) -> Sinks:
        """None while the journal cannot be opened: they read it, and would end the process that refuses aloud (I11)."""
        if not self.journal.is_open:
            # What MQTT was not told must not be pruned meanwhile.
            return Sinks(notice_sinks=("mqtt",) if self.config.mqtt.host else ())
        return build_sinks(
            self.config,
            self.journal,
            self.storage,
            self.inbox.put,
            self.master_at,
            self.telling.status,
            self.died,
            self.line,
            self.photos,
            self.instructions,
            self.joining,
        )

    def _joined(self) -> None:
        """Every sink begins with a start of the process (I7), the broker's password among them."""
        if self.notice.supervised:
            self.inbox.put(Stop("this gateway is enrolled"))
            self.inbox.wake()
        else:
            log.warning("this gateway is enrolled: start it again")

    def _card_is_back(self) -> None:
        """Records are kept again. Sinks that a bad start left out begin with a start of the process (I7)."""
        if self.without_sinks:
            self.inbox.put(Stop("the card can be used again"))

    def _loop(self, equipment: Equipment, sinks: Sinks) -> Loop:
        record_sink = "central" if self.config.central.url else "export"
        return Loop(
            inbox=self.inbox,
            clock=self.clock,
            keeping=self.keeping,
            storage=self.storage,
            upkeep=Upkeep(self.journal, sinks.notice_sinks, record_sink),
            viewing=self.viewing,
            stations=equipment.stations,
            decoders=equipment.decoders,
            indicators=equipment.indicators,
            kept=sinks.kept,
            file_kept=sinks.file_kept,
            kept_again=self._card_is_back,
            listening=self.listening,
            alive=self.notice.alive,
            alive_seconds=self.notice.interval_seconds,
        )

    def _start_screen(self) -> Any:
        """The page opens after the station is ready: importing Flask takes a second on a Pi."""
        if not self.config.screen.enabled:
            return None
        from gateway.screen.errors import ScreenUnreachable
        from gateway.screen.server import ScreenServer
        from gateway.set_up_state import SetUpState

        screen = self.config.screen
        server = ScreenServer(
            screen.host,
            screen.port,
            self.feed,
            self.inbox.put,
            boottime,
            language=screen.language,
            hosts=screen.allowed_hosts,
            metrics=self._metrics,
            set_up=SetUpState(self.set_up, self.listening, self.notice.supervised),
            photos=self.photos,
            instructions=self.instructions,
        )
        try:
            server.open()
        except ScreenUnreachable as error:
            # A worker with a scanner needs no page: the station goes on without it, aloud.
            log.error("%s (%s)", error, error.hint)
            return None
        print(f"gateway ready {server.url}", flush=True)
        return server

    def _metrics(self) -> bytes:
        from gateway.metrics import metrics_text

        return metrics_text(self.viewing, self.storage, self.inbox, self.keeping)

    def _restart(self) -> str:
        """For settings of the office; not while somebody is in the midst of something."""
        if busy := busy_with(self.viewing.latest):
            return busy
        self.inbox.put(Stop("settings of the office"))
        return ""

    def _end(self, loop: Loop, equipment: Equipment, sinks: Sinks, screen: Any) -> None:
        """Scanners first, then the last record, then the sinks."""
        self.notice.stopping()
        self.local.close()
        self.listening.stop()
        equipment.stop()
        if self.fault is None:
            self._last_record(loop)
        if screen is not None:
            screen.close()
        sinks.stop()
        equipment.dark()
        self.journal.close()
        self.notice.close()

    def _last_record(self, loop: Loop) -> None:
        """What is still in the inbox is kept; then a record that vouches for every signal before it (P4)."""
        instant = self.clock()
        try:
            while len(self.inbox):
                loop.step(self.inbox.take(len(self.inbox), 0), instant)
            if self.journal.is_open and self.journal.current is not None and not self.storage.reason:
                self.keeping.keep([Noted("", GatewayStopped(reason=loop.stopping or ""))], instant)
                loop.upkeep.checkpoint(self.keeping)
                self.journal.flush()
        except GatewayError as error:
            log.error("the end could not be kept: %s", error)


def _rules(station: Any) -> StationRules:
    return StationRules(
        double_scan_seconds=station.double_scan_seconds,
        session_timeout_seconds=station.badge_timeout_minutes * 60,
        same_piece_seconds=station.same_piece_minutes * 60,
        utc_offset_seconds=time.localtime().tm_gmtoff,
    )
