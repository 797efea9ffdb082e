"""`python -m benchmarks.bare_server PORT FILE`: the baseline of an office. A batch is a JSON list of rows
[position, epoch_number, previous_digest, digest, content], stored in one transaction of WAL and FULL."""

import sqlite3
import sys
import threading

from flask import Flask, Response, request
from flask import json as flask_json
from waitress import serve

TABLE = (
    "CREATE TABLE IF NOT EXISTS record(position INTEGER PRIMARY KEY, epoch_number INTEGER NOT NULL,"
    " previous_digest TEXT NOT NULL, digest TEXT NOT NULL, content TEXT NOT NULL)"
)


def create_app(path: str) -> Flask:
    """The application. One connection for each of waitress's threads."""
    app = Flask("bare")
    mine = threading.local()

    def connection() -> sqlite3.Connection:
        if not hasattr(mine, "connection"):
            mine.connection = sqlite3.connect(path, timeout=30)
            mine.connection.execute("PRAGMA journal_mode=WAL")
            mine.connection.execute("PRAGMA synchronous=FULL")
            mine.connection.execute(TABLE)
        found: sqlite3.Connection = mine.connection
        return found

    @app.post("/rows")
    def rows() -> Response:
        came = flask_json.loads(request.get_data())
        here = connection()
        here.executemany("INSERT INTO record VALUES (?, ?, ?, ?, ?)", came)
        here.commit()
        return Response(flask_json.dumps({"count": len(came)}), mimetype="application/json")

    return app


if __name__ == "__main__":
    serve(create_app(sys.argv[2]), host="127.0.0.1", port=int(sys.argv[1]), threads=4, ident=None)
