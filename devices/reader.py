"""The thread of one device: open it, tell it was found, post its frames, tell it was lost, look for it again."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

from devices.clock import Clock
from devices.errors import DeviceGone
from devices.limits import LINE_BUFFERS_MAX
from devices.reopen import Reopening
from devices.types import MISSING, Found, Frame, Lost, Source

Posted = Frame | Found | Lost

# A read is called off by closing, so its timeout serves nothing but a look at the stop flag.
READ_TIMEOUT_SECONDS: Final = 60.0
# How long a device must have been there before losing it is answered by a quick look.
STEADY_SECONDS: Final = 5.0
RETELL_SECONDS: Final = 0.1
STOP_TIMEOUT_SECONDS: Final = 10.0


class Reader:
    """Posts Frame, Found and Lost from its own thread. `died` gets the fault of a thread that ends by a bug.

    `post` answers False when it did not take the item (a full inbox); any other answer means it did. A frame that was
    not taken leaves a hole, which is marked with MISSING before the next frame of the same (sub-)device, so that no
    label is made of what is left. Found and Lost are offered again until they are taken.
    """

    def __init__(
        self,
        source: Source,
        post: Callable[[Posted], object],
        clock: Clock,
        died: Callable[[str, BaseException], None],
        reopening: Reopening | None = None,
    ) -> None:
        self._source = source
        self._post = post
        self._clock = clock
        self._died = died
        self._reopening = reopening or Reopening()
        self._stopping = threading.Event()
        self._look = threading.Event()
        self._holes: dict[str, float] = {}
        self._thread = threading.Thread(target=self._run, name=f"reader-{source.name}", daemon=True)

    @property
    def alive(self) -> bool:
        """The thread is running."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Start reading."""
        self._thread.start()

    def look_now(self) -> None:
        """Something was plugged: look for the device at once. From any thread."""
        self._look.set()

    def stop(self) -> None:
        """Stop reading and wait for the thread. Idempotent."""
        self._stopping.set()
        self._look.set()
        self._source.close()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(STOP_TIMEOUT_SECONDS)
        self._source.close()

    def _run(self) -> None:
        try:
            self._serve()
        except BaseException as fault:
            self._died(self._source.name, fault)
        finally:
            self._source.close()

    def _serve(self) -> None:
        wait = self._reopening
        told_lost = False
        found_at = float("inf")
        while not self._stopping.is_set():
            self._look.clear()
            try:
                detail = self._source.open()
                if self._stopping.is_set():
                    return
                self._tell(Found(self._source.name, self._clock(), detail))
                told_lost, found_at = False, self._clock()
                self._read()
            except DeviceGone as gone:
                self._source.close()
                if self._stopping.is_set():
                    return
                if not told_lost:
                    self._tell(Lost(self._source.name, self._clock(), str(gone)))
                told_lost = True
                # A device that comes and goes by a bad contact must not fill the journal: only a steady one is quick.
                if self._clock() - found_at >= STEADY_SECONDS:
                    wait = wait.after_success()
                    found_at = float("inf")
            self._look.wait(wait.delay_seconds)
            wait = wait.after_failure()

    def _read(self) -> None:
        while not self._stopping.is_set():
            frame = self._source.read(READ_TIMEOUT_SECONDS)
            if frame is not None:
                self._hand_on(frame)

    def _tell(self, state: Found | Lost) -> None:
        """A state that was not taken would leave a wrong one standing."""
        while self._post(state) is False and not self._stopping.wait(RETELL_SECONDS):
            pass
        # Both end what was unfinished, holes included.
        self._holes.clear()

    def _hand_on(self, frame: Frame) -> None:
        for device, at in tuple(self._holes.items()):
            if self._post(Frame(device, at, MISSING)) is False:
                break
            del self._holes[device]
        if self._holes or self._post(frame) is False:
            self._holes[frame.device if len(self._holes) < LINE_BUFFERS_MAX else self._source.name] = frame.at
