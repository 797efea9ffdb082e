"""`python -m benchmarks.receipt_server PORT`: answers each batch with a receipt and keeps nothing.

It stands for the office where only the gateway's own cost is measured.
"""

import gzip
import json
import sys
from typing import Any

from flask import Flask, Response, request
from waitress import serve

from sync.central_sink import FACTS_PATH, SYNC_PATH
from sync.wire import Facts, Receipt, StreamReceipt


def create_app() -> Flask:
    """The application."""
    app = Flask("receipts")

    @app.post(SYNC_PATH)
    def take() -> Response:
        raw = request.get_data()
        batch: dict[str, Any] = json.loads(
            gzip.decompress(raw) if request.headers.get("Content-Encoding") == "gzip" else raw
        )
        receipts = []
        for stream in batch["streams"]:
            mark = stream["records"][-1][0] if stream["records"] else stream["last"]
            receipts.append(StreamReceipt(epoch=stream["epoch"], mark=mark, safe=0))
        receipt = Receipt(server="receipts", streams=tuple(receipts))
        return Response(receipt.model_dump_json(), mimetype="application/json")

    @app.get(FACTS_PATH)
    def facts() -> Response:
        return Response(Facts().model_dump_json(), mimetype="application/json")

    return app


if __name__ == "__main__":
    serve(create_app(), host="127.0.0.1", port=int(sys.argv[1]), threads=4, ident=None)
