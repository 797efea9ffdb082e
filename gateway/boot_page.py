"""The page before there is a station: the code in large figures, what is wrong, and who does what, in both languages.

It shows itself again every two seconds, and then becomes the station page at the same address.
"""

import html
import logging
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from gateway.boot_codes import BY_KEY

log = logging.getLogger("lineside.boot_page")

HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "Cache-Control": "no-store",
    "Refresh": "2",
}
STYLE = (
    "body{font:1.4rem system-ui,sans-serif;margin:0;padding:6vmin;background:#10151c;color:#f2f5f8}"
    "h1{font-size:2.4rem;margin:.2em 0}.number{font-size:18vmin;font-weight:700;line-height:1;color:#ffc94d}"
    "pre{white-space:pre-wrap;overflow-wrap:anywhere;background:#1c2530;padding:1rem;border-radius:.5rem;font-size:1.1rem}"
    "p{max-width:44em}[lang=en]{color:#b9c4d0}"
)
FAULTS_SHOWN_MAX = 20


def page_of(key: str, faults: tuple[str, ...]) -> str:
    """The page for a code; without one, that the device starts."""
    code = BY_KEY.get(key)
    number = f'<p class="number">{code.number}</p>' if code else ""
    zh, en = (code.zh, code.en) if code else ("正在启动", "Starting")
    act_zh, act_en = (code.act_zh, code.act_en) if code else ("请稍候。", "One moment.")
    told = html.escape("\n".join(faults[:FAULTS_SHOWN_MAX]))
    listed = f"<pre>{told}</pre>" if told else ""
    return (
        f'<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>线边 · Lineside</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head><body><main>{number}'
        f"<h1>{html.escape(zh)}</h1><p>{html.escape(act_zh)}</p>{listed}"
        f'<div lang="en"><h2>{html.escape(en[:1].upper() + en[1:])}</h2><p>{html.escape(act_en)}</p></div>'
        f"</main></body></html>"
    )


class BootPage:
    """Serves at 127.0.0.1 until closed. `port` 0: no page at all."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._content = b""
        self._server: ThreadingHTTPServer | None = None

    def show(self, key: str, faults: tuple[str, ...]) -> None:
        """Show this from now on. A port that is taken is told in the log; the light blinks all the same."""
        self._content = page_of(key, faults).encode()
        if self._server is None and self._port:
            try:
                self._server = ThreadingHTTPServer(("127.0.0.1", self._port), self._answering())
            except OSError as error:
                log.warning("there is no page at port %d: %s", self._port, error)
                self._port = 0
                return
            threading.Thread(target=self._server.serve_forever, name="boot-page", daemon=True).start()

    def close(self) -> None:
        """The port is free again."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None
        self._port = 0

    def _answering(self) -> type[BaseHTTPRequestHandler]:
        page = self

        class Answering(BaseHTTPRequestHandler):
            timeout = 5

            def do_GET(self) -> None:
                self.send_response(200)
                for name, value in HEADERS.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(page._content)))
                self.end_headers()
                self.wfile.write(page._content)

            def log_message(self, format: str, *arguments: Any) -> None:
                """Nothing."""

        return Answering
