"""What programs of others send for a message, written to `recorded.json`: run by hand, as `docs/channels.md` says.

None of them is a dependency of ours. Each is pointed at a socket that takes whatever comes; the clock stands still, so
that signatures can be compared. Their names and versions go into the file.
"""

import base64
import importlib
import importlib.metadata
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

FILE = Path(__file__).with_name("recorded.json")
AT = 1_800_000_000.0
TOKEN = "0a1b2c3d" * 8
SECRET = "SEC" + TOKEN
PUSH_NAME = "recorded-subscription"
BROWSER = 0x1F2E3D4C5B6A798897A6B5C4D3E2F1001122334455667788990011223344556
AUTH = bytes(range(16))
TITLE, TEXT = "安灯：缺料", "物料 A-100 缺 20 件"
PUSHED = {"title": TITLE, "text": TEXT, "link": "", "link_text": "", "key": "d41d8cd98f"}
ANSWER = {"errcode": 0, "errmsg": "ok", "code": 0, "msg": "success", "id": "x", "event": "message"}
KEPT_HEADERS = ("content-type", "content-encoding", "authorization", "ttl", "urgency", "topic")


class Taking(BaseHTTPRequestHandler):
    """Takes everything."""

    taken: dict[str, Any]

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        headers = {name.lower(): value for name, value in self.headers.items()}
        Taking.taken = {
            "path": self.path,
            "headers": {name: headers[name] for name in KEPT_HEADERS if name in headers},
            "body": base64.b64encode(body).decode(),
        }
        answer = json.dumps(ANSWER).encode()
        self.send_response(201 if "encryption" in str(headers) or "ttl" in headers else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)


def dingtalk(address: str) -> None:
    robot = importlib.import_module("dingtalkchatbot.chatbot").DingtalkChatbot
    url = f"{address}/robot/send?access_token={TOKEN}"
    robot(url, secret=SECRET).send_markdown(title=TITLE, text=TEXT, at_mobiles=["13800138000"])


def feishu(address: str) -> None:
    client = importlib.import_module("lark_webhook_notify.client").LarkWebhookNotifier
    element = {"tag": "div", "text": {"tag": "plain_text", "content": TEXT}}
    header = {"title": {"tag": "plain_text", "content": TITLE}, "template": "red"}
    url = f"{address}/open-apis/bot/v2/hook/{TOKEN}"
    client(webhook_url=url, webhook_secret=SECRET).send_raw_content({"header": header, "elements": [element]})


def wecom(address: str) -> None:
    made = importlib.import_module("apprise.plugins.wecombot").NotifyWeComBot(key=TOKEN)
    made.api_url = f"{address}/cgi-bin/webhook/send?key={TOKEN}"
    made.send(body=TEXT, title=TITLE)


def ntfy(address: str) -> None:
    module = importlib.import_module("apprise.plugins.ntfy")
    host, port = address.removeprefix("http://").split(":")
    module.NotifyNtfy(
        targets=["line-1"], mode="private", auth="token", token=f"tk_{TOKEN[:20]}", host=host, port=int(port)
    ).send(body=TEXT, title=TITLE)


def web_push(address: str) -> None:
    vapid = importlib.import_module("py_vapid").Vapid02()
    vapid.generate_keys()
    browser = ec.derive_private_key(BROWSER, ec.SECP256R1()).public_key().public_numbers()
    point = b"\4" + browser.x.to_bytes(32, "big") + browser.y.to_bytes(32, "big")
    keys = {
        "p256dh": base64.urlsafe_b64encode(point).rstrip(b"=").decode(),
        "auth": base64.urlsafe_b64encode(AUTH).rstrip(b"=").decode(),
    }
    importlib.import_module("pywebpush").webpush(
        {"endpoint": f"{address}/push/v1/{PUSH_NAME}", "keys": keys},
        json.dumps(PUSHED, ensure_ascii=False),
        vapid,
        {"sub": "mailto:it@plant.example", "aud": "https://push.example", "exp": int(AT) + 3_600},
        ttl=60,
        headers={"topic": "t1", "urgency": "high"},
    )


def webhook(address: str) -> None:
    """It signs and does not send."""
    library = importlib.import_module("standardwebhooks").Webhook("whsec_" + base64.b64encode(b"k" * 32).decode())
    moment = datetime.fromtimestamp(AT, UTC)
    Taking.taken = {"id": "msg_1", "body": TEXT, "signature": library.sign("msg_1", moment, TEXT)}


RECORDED: dict[str, tuple[str, Callable[[str], None]]] = {
    "dingtalk": ("DingtalkChatbot", dingtalk),
    "feishu": ("lark-webhook-notify", feishu),
    "wecom": ("apprise", wecom),
    "ntfy": ("apprise", ntfy),
    "web_push": ("pywebpush", web_push),
    "webhook": ("standardwebhooks", webhook),
}


@contextmanager
def standing_clock() -> Iterator[None]:
    """The clock of this process shows AT."""
    moving = time.time
    time.time = lambda: AT
    try:
        yield
    finally:
        time.time = moving


def main() -> None:
    """Ask each of them once."""
    server = HTTPServer(("127.0.0.1", 0), Taking)
    Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    found: dict[str, Any] = {}
    for kind, (library, send) in RECORDED.items():
        with standing_clock():
            send(address)
        found[kind] = {"by": f"{library} {importlib.metadata.version(library)}", **Taking.taken}
    FILE.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    server.shutdown()


if __name__ == "__main__":
    main()
