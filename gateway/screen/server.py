"""The thread shell of the station page: a bound socket, then Flask and waitress in a thread of their own.

`open` only binds: Flask is imported by the thread, so the station takes scans while the page is still starting (I6).
"""

import logging
import secrets
import socket
import threading
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from gateway.screen.errors import ScreenBroken, ScreenUnreachable
from gateway.screen.guard import Guard
from gateway.screen.inputs import PageInput
from gateway.screen.limits import (
    CLOSE_SECONDS_MAX,
    CONNECTIONS_SPARE,
    HEADER_BYTES_MAX,
    LOOK_SECONDS,
    OUTPUT_BYTES_MAX,
    PEER_SILENT_SECONDS_MAX,
    PIECE_BYTES_MAX,
    SPARE_THREADS,
    STREAMS_MAX_DEFAULT,
)
from gateway.screen.live import StreamPlaces, ViewFeed
from gateway.screen.shown import Texts

if TYPE_CHECKING:
    from gateway.instruction_shelf import InstructionShelf
    from gateway.photo_shelf import PhotoShelf
    from gateway.screen.pages import PageParts
    from gateway.set_up_state import SetUpState

_log = logging.getLogger("gateway.screen")


class ScreenServer:
    """Serves the station page of one gateway.

    `post` hands an input to the inbox and answers False when that is full; `clock` is float seconds of
    CLOCK_BOOTTIME; `hosts` are names beside localhost under which browsers may come; `metrics` gives the text of
    `/metrics`; `health` adds members to `/healthz` and may say `ok: False`; `texts` default to the
    station's own; `set_up` is what the set-up page stands on, without which there is none; without `photos` none are
    taken, without `instructions` none are shown.
    """

    def __init__(
        self,
        host: str,
        port: int,
        publish: ViewFeed,
        post: Callable[[PageInput], bool],
        clock: Callable[[], float],
        *,
        language: str = "zh",
        hosts: Collection[str] = (),
        streams_max: int = STREAMS_MAX_DEFAULT,
        metrics: Callable[[], str | bytes] | None = None,
        health: Callable[[], Mapping[str, Any]] | None = None,
        texts: Texts | None = None,
        set_up: "SetUpState | None" = None,
        photos: "PhotoShelf | None" = None,
        instructions: "InstructionShelf | None" = None,
    ) -> None:
        self._host = host
        self._port = port
        self._publish = publish
        self._post = post
        self._clock = clock
        self._language = language
        self._hosts = tuple(hosts)
        self._streams_max = streams_max
        self._metrics = metrics
        self._health = health
        self._texts = texts
        self._set_up = set_up
        self._photos = photos
        self._instructions = instructions
        self._places = StreamPlaces(streams_max)
        self._closing = threading.Event()
        self._ready = threading.Event()
        self._thread: threading.Thread | None = None
        self._wake: Callable[[], None] | None = None
        self.counts: Counter[str] = Counter()
        self.fault: ScreenBroken | None = None

    @property
    def port(self) -> int:
        """The port it listens on; known after `open`, also where 0 was asked for."""
        return self._port

    @property
    def url(self) -> str:
        """Where a browser finds it."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}"

    @property
    def streams(self) -> int:
        """Open event streams now."""
        return self._places.taken

    def open(self) -> None:
        """Bind and start serving in the background. Raises ScreenUnreachable when the address cannot be had."""
        listener = self._bound()
        self._port = listener.getsockname()[1]
        self._closing.clear()
        self._ready.clear()
        self._thread = threading.Thread(target=self._run, args=(listener,), name="screen", daemon=True)
        self._thread.start()

    def wait_ready(self, timeout: float) -> bool:
        """Whether pages are served within `timeout` seconds; False also when starting failed (see `fault`)."""
        return self._ready.wait(timeout) and self.fault is None

    def close(self) -> None:
        """Stop serving and let every stream end. Idempotent."""
        thread, self._thread = self._thread, None
        self._closing.set()
        self._publish.wake()
        wake, self._wake = self._wake, None
        if wake is not None and thread is not None and thread.is_alive():
            # The server's thread may have closed its trigger by itself in this moment.
            with suppress(OSError):
                wake()
        if thread is not None:
            thread.join(CLOSE_SECONDS_MAX)

    def _bound(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            # Accepted connections inherit it: a phone that walked away frees its place within this time.
            user_timeout = getattr(socket, "TCP_USER_TIMEOUT", None)
            if user_timeout is not None:
                listener.setsockopt(socket.IPPROTO_TCP, user_timeout, PEER_SILENT_SECONDS_MAX * 1000)
            listener.bind((self._host, self._port))
            listener.listen(128)
        except OSError as fault:
            listener.close()
            raise ScreenUnreachable(f"The station page cannot listen on {self._host}:{self._port}: {fault}") from fault
        return listener

    def _run(self, listener: socket.socket) -> None:
        try:
            self._serve(listener)
        except Exception as fault:
            self.fault = ScreenBroken(f"The station page stopped serving: {fault!r}")
            _log.exception("the station page stopped serving")
        finally:
            listener.close()
            self._ready.set()

    def _serve(self, listener: socket.socket) -> None:
        from waitress import create_server, wasyncore

        from gateway.screen.pages import build

        threads = self._streams_max + SPARE_THREADS
        channels: dict[int, Any] = {}
        server = create_server(
            build(self._parts()),
            map=channels,
            sockets=[listener],
            threads=threads,
            ident=None,
            connection_limit=threads + CONNECTIONS_SPARE,
            channel_timeout=60,
            # Routes take less; a piece of a photo, the longest body, stays in memory. This size itself is refused.
            max_request_body_size=PIECE_BYTES_MAX + 1,
            max_request_header_size=HEADER_BYTES_MAX,
            outbuf_high_watermark=OUTPUT_BYTES_MAX,
            clear_untrusted_proxy_headers=True,
        )
        self._wake = server.pull_trigger
        self._ready.set()
        try:
            while not self._closing.is_set():
                wasyncore.loop(timeout=LOOK_SECONDS, use_poll=True, map=channels, count=1)
        finally:
            self._end(server, channels)

    def _end(self, server: Any, channels: dict[int, Any]) -> None:
        from waitress import wasyncore

        self._publish.wake()
        server.task_dispatcher.shutdown(timeout=2)
        wasyncore.close_all(channels, ignore_all=True)

    def _parts(self) -> "PageParts":
        from gateway.screen.pages import PageParts

        return PageParts(
            publish=self._publish,
            post=self._post,
            clock=self._clock,
            guard=Guard(secrets.token_bytes(32), self._hosts),
            places=self._places,
            closing=self._closing,
            texts=self._message_texts(),
            language=self._language,
            metrics=self._metrics,
            health=self._health,
            counts=self.counts,
            set_up=self._set_up,
            photos=self._photos,
            instructions=self._instructions,
        )

    def _message_texts(self) -> Texts:
        if self._texts is not None:
            return self._texts
        from gateway.station_texts import TEXTS

        return TEXTS
