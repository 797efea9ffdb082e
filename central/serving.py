"""`lineside central serve`: the web server, until a signal ends it in order."""

import sys
import time

from waitress.server import MultiSocketServer, create_server

from central.accounts import FIRST_NAME, administrator_code, needs_administrator
from central.application import close_app, create_app
from central.audit import SHELL, record_act
from central.change import note_change
from central.config import CentralConfig
from central.context import Plant
from central.database import Database
from central.ending import RaisedEnding
from central.enrolment import ACCOUNT, has_fresh_code
from central.errors import ConfigRefused
from central.log_lines import begin_log
from central.opening import open_database
from central.proxy import behind
from floor.limits import MASTER_FILE_BYTES_MAX
from sync.wire import BATCH_BYTES_MAX

FORM_BYTES = 1024 * 1024
"""What a form adds to the file in it."""

CONNECTIONS_MAX = 1_000
"""200 gateways, and people."""


def tell(line: str) -> None:
    """One line on standard output, at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def serve_until_signal(config: CentralConfig) -> None:
    """Prints `central ready http://HOST:PORT` once it answers. Raises ConfigRefused when it cannot listen."""
    begin_log(config.log)
    app = create_app(config, open_database(config))
    here = app.extensions["lineside"]
    assert isinstance(here, Plant)
    # Live pages hold threads; ended first, they let the web server end at once.
    RaisedEnding(here.live.close)
    try:
        server = _listening(config, behind(config.trusted_proxy, app.wsgi_app))
        tell_first_administrator(here.database)
        tell(f"central ready http://{_shown(config.host)}:{_port(server)}")
        server.run()
        server.close()
    finally:
        close_app(app)


def _listening(config: CentralConfig, app: object) -> MultiSocketServer:
    try:
        return create_server(
            app,
            host=config.host,
            port=config.port,
            threads=config.threads,
            connection_limit=CONNECTIONS_MAX,
            max_request_body_size=max(MASTER_FILE_BYTES_MAX, BATCH_BYTES_MAX) + FORM_BYTES,
            channel_timeout=60,
            ident=None,
            # central/proxy.py does it, and keeps what a proxy says of client certificates.
            clear_untrusted_proxy_headers=False,
        )
    except OSError as fault:
        raise ConfigRefused(f"cannot listen at {config.host}:{config.port}: {fault}") from fault


def _port(server: object) -> int:
    found = getattr(server, "effective_port", None)
    return int(found if found is not None else server.effective_listen[0][1])  # type: ignore[attr-defined]


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def tell_first_administrator(database: Database) -> None:
    """At the first start: who reads this terminal becomes administrator."""
    now = time.time()
    with database.read() as session:
        wanted = needs_administrator(session, database.plant)
    if not wanted:
        return
    with database.write() as session:
        # Several web processes may start for the first time together: one of them tells the code that works.
        note_change(session, database.plant)
        if has_fresh_code(session, database.plant, ACCOUNT, FIRST_NAME, now):
            sys.stderr.write("first administrator: another process of this server has just told the one-time code\n")
            return
        code, _ = administrator_code(session, database.plant, now)
        record_act(session, database.plant, SHELL, "user.administrator_invited", FIRST_NAME, {}, now)
    # Not on standard output, which scripts read.
    sys.stderr.write(f"first administrator: sign in as admin with the one-time code {code} within 10 minutes\n")
