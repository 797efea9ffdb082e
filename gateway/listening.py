"""Listening for devices on the set-up page: what they send is shown and counted nowhere, for a bounded time.

The station's own devices come through the main loop, which asks `active` and calls `hear`; devices that are plugged in
and not configured are read here, by threads that end with the listening.
"""

import contextlib
import logging
import queue
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from devices.clock import boottime
from devices.detection import Detected, Hardware
from devices.errors import DeviceError
from devices.intake import decode
from devices.keymap import ENTER
from devices.reader import Posted, Reader
from devices.types import Decoder, Frame, Garbled, Input, KeyEvent, Press, Scan
from floor.label_texts import shown_bytes

log = logging.getLogger("lineside.listening")

SECONDS_MAX: Final = 120.0
"""Listening ends by itself so long after it was asked for: nobody's scans are lost to a forgotten page."""

HEARD_MAX: Final = 30
"""What is shown of what was heard; the oldest goes."""

KEYS_MAX: Final = 3
"""More keys than these without an Enter are half a label and no button."""

LOOK_SECONDS: Final = 1.0
"""How often it is looked for devices that were plugged in meanwhile."""

TURN_SECONDS: Final = 0.1
"""How soon it is seen that a label has ended by silence, or that listening has."""

READERS_MAX: Final = 32
"""Devices that are read at once while listening."""


@dataclass(frozen=True, slots=True)
class Heard:
    """Something a device sent. `device`: its configured name; `detected`: its key, where it is not configured.

    `kind`: label, key, press or garbled; `shown` is the text made safe, `code` the key's number or the button's name.
    """

    number: int
    kind: str
    shown: str
    device: str = ""
    detected: str = ""
    code: str = ""


@dataclass(slots=True)
class Listening:
    """Which station listens, until when, and what was heard. From any thread."""

    hardware: Hardware = field(default_factory=Hardware)
    free: Callable[[list[Detected]], list[Detected]] = lambda detected: detected
    """Those of the detected devices that no station uses: only they are read here."""
    clock: Callable[[], float] = boottime
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _station: str = ""
    _until: float = 0.0
    _number: int = 0
    _heard: deque[Heard] = field(default_factory=lambda: deque(maxlen=HEARD_MAX))
    _ears: "_Ears | None" = None

    def start(self, station: str, seconds: float) -> None:
        """Listen at this station, at most SECONDS_MAX; at another one no longer."""
        self.stop()
        with self._lock:
            self._station, self._until = station, self.clock() + min(max(seconds, 0.0), SECONDS_MAX)
            self._heard.clear()
            self._ears = _Ears(self.hardware, self.free, self._note)
            self._ears.start()

    def stop(self) -> None:
        """Listen no longer. Never waits for a device."""
        with self._lock:
            self._until = 0.0
            ears, self._ears = self._ears, None
        if ears is not None:
            ears.stop()

    def active(self, station: str) -> bool:
        """Whether what this station's devices send is no work now."""
        return self._station == station and self.clock() < self._until

    def seconds_left(self, station: str) -> float:
        """How long it still listens at this station."""
        return max(0.0, self._until - self.clock()) if self._station == station else 0.0

    def ended(self) -> bool:
        """True once after the time is over."""
        if not self._until or self.clock() < self._until:
            return False
        self.stop()
        return True

    def wake(self) -> float | None:
        """When the time is over."""
        return self._until or None

    def heard(self) -> list[Heard]:
        """What was heard, newest first."""
        with self._lock:
            return list(reversed(self._heard))

    def hear(self, given: Input) -> None:
        """What a configured device sent."""
        if isinstance(given, Scan):
            self._note("label", shown_bytes(given.data), device=given.device)
        elif isinstance(given, Press):
            self._note("press", given.button, device=given.device, code=given.button)
        elif isinstance(given, Garbled):
            self._note("garbled", given.reason, device=given.device)

    def _note(self, kind: str, shown: str, device: str = "", detected: str = "", code: str = "") -> None:
        with self._lock:
            self._number += 1
            self._heard.append(Heard(self._number, kind, shown, device, detected, code))


class _Ears:
    """One thread that reads every free device through readers of its own, until it is stopped."""

    def __init__(
        self,
        hardware: Hardware,
        free: Callable[[list[Detected]], list[Detected]],
        note: Callable[..., None],
    ) -> None:
        self._hardware = hardware
        self._free = free
        self._note = note
        self._posted: queue.Queue[tuple[str, Posted]] = queue.Queue(maxsize=1000)
        self._readers: dict[str, Reader] = {}
        self._rows: dict[str, _Row] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="set-up-listening", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()

    def _run(self) -> None:
        try:
            self._listen()
        except BaseException as fault:
            _died("set-up-listening", fault)
        finally:
            for reader in self._readers.values():
                reader.stop()

    def _listen(self) -> None:
        look_at = boottime()
        while not self._stopping.is_set():
            if boottime() >= look_at:
                self._look()
                look_at = boottime() + LOOK_SECONDS
            with contextlib.suppress(queue.Empty):
                self._take(*self._posted.get(timeout=TURN_SECONDS))
            for row in self._rows.values():
                due = row.decoder.wake()
                if due is not None and due <= boottime():
                    self._tell(row, row.decoder.step(boottime()))

    def _take(self, key: str, posted: Posted) -> None:
        row = self._rows[key]
        if isinstance(posted, Frame) and isinstance(posted.data, KeyEvent) and posted.data.value:
            row.codes.append(posted.data.code)
        self._tell(row, decode(row.decoder, posted))

    def _look(self) -> None:
        """Read what is new; a reader whose device went away looks for it by itself."""
        for each in self._free(self._hardware.detect()):
            if each.key in self._readers or not each.readable or len(self._readers) >= READERS_MAX:
                continue
            try:
                source, decoder = self._hardware.listen(each, f"heard{len(self._readers)}", boottime)
            except DeviceError:
                continue
            self._rows[each.key] = _Row(each.key, decoder)
            self._readers[each.key] = Reader(source, self._taker(each.key), boottime, _died)
            self._readers[each.key].start()

    def _taker(self, key: str) -> Callable[[Posted], bool]:
        def take(posted: Posted) -> bool:
            try:
                self._posted.put_nowait((key, posted))
            except queue.Full:
                return False
            return True

        return take

    def _tell(self, row: "_Row", inputs: tuple[Input, ...]) -> None:
        for each in inputs:
            if isinstance(each, Scan):
                self._note("label", shown_bytes(each.data), detected=row.key)
            elif isinstance(each, Garbled) and 1 <= len(row.codes) <= KEYS_MAX:
                self._key(row)
            elif isinstance(each, Garbled):
                self._note("garbled", each.reason, detected=row.key)
            row.codes.clear()
        if row.codes == [ENTER]:
            # An Enter with nothing before it ends no label: it is a button of its own.
            self._key(row)
            row.codes.clear()

    def _key(self, row: "_Row") -> None:
        from devices.key_names import key_name

        self._note("key", key_name(row.codes[0]), detected=row.key, code=str(row.codes[0]))


def _died(name: str, fault: BaseException) -> None:
    """A fault while listening costs what would have been heard, and no station."""
    log.error("%s ended by a fault", name, exc_info=fault)


@dataclass(slots=True)
class _Row:
    """A device that is read: its decoder and the keys that went down since its last input."""

    key: str
    decoder: Decoder
    codes: list[int] = field(default_factory=list)
