"""Notifications in browsers by Web Push (RFC 8030). The push service sees neither text nor link."""

import json
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from central.channels.guard import Guard
from central.channels.port import BAD_ADDRESS, GONE, STRANGE_ANSWER, Address, Message, Outcome
from central.channels.posting import Poster, Reply, by_status
from central.channels.push_crypto import PLAIN_BYTES_MAX, decoded, encoded, encrypted, push_key
from central.channels.robot import Clock
from central.channels.settings import WebPushSettings, url_fault
from central.channels.words import clipped, digest, lines_of, link_of, one_line, secrets_of, title_of, told
from central.limits import PUSH_SUBSCRIPTION_CHARACTERS_MAX


@dataclass(frozen=True, slots=True, repr=False)
class Subscription:
    """A browser as it subscribed: where its push service takes messages, its public key, its secret."""

    endpoint: str
    browser: bytes
    auth: bytes


def subscription(text: str, private: bool = False) -> Subscription:
    """From the JSON of a browser's `PushSubscription`. Raises ValueError with words that hold nothing of it."""
    if len(text) > PUSH_SUBSCRIPTION_CHARACTERS_MAX:
        raise ValueError("the subscription is too long")
    try:
        given = json.loads(text)
        endpoint, keys = str(given["endpoint"]), given["keys"]
        browser, auth = decoded(keys["p256dh"]), decoded(keys["auth"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ValueError("this is no subscription of a browser") from None
    if len(browser) != 65 or len(auth) != 16:
        raise ValueError("the subscription's keys have another length")
    if fault := url_fault(endpoint, private):
        raise ValueError(fault)
    return Subscription(endpoint, browser, auth)


class WebPush:
    """The push services of browsers, for whoever subscribed with this plant's key.

    A second message with the same key takes the place of one that still waits for its device; one that was shown is
    shown again, unless the page's own worker knows the key.
    """

    kind = "web_push"
    repeats_safely = False

    def __init__(self, settings: WebPushSettings, folder: Path, clock: Clock | None = None) -> None:
        self._settings = settings
        self._guard = Guard(settings.private)
        self._key = push_key(folder)
        self._clock = clock or Clock()

    @property
    def public_key(self) -> str:
        """What a page hands to `pushManager.subscribe` as `applicationServerKey`."""
        return self._key.public

    def send(self, message: Message, address: Address) -> Outcome:
        """Send once to the subscription in `address.to`, the JSON that a browser gave."""
        try:
            to = subscription(address.to, self._settings.private)
            body = encrypted(payload(message), to.browser, to.auth)
        except ValueError as fault:
            return Outcome("refused", BAD_ADDRESS, told(str(fault)))
        now = self._clock.wall()
        parts = urlsplit(to.endpoint)
        headers = {
            "Content-Type": "application/octet-stream",
            "Content-Encoding": "aes128gcm",
            "TTL": str(self._settings.ttl_seconds),
            "Urgency": "high" if message.urgent else "normal",
            "Topic": topic(message.key),
            "Authorization": self._key.authorization(f"{parts.scheme}://{parts.netloc}", self._settings.contact, now),
        }
        secrets = secrets_of(to.endpoint)
        poster = Poster(self._guard, self._settings.answer_seconds_max, self._settings.ca_file, secrets)
        reply = poster.post(to.endpoint, body, headers)
        return reply if isinstance(reply, Outcome) else _judged(reply, now, secrets)


def _judged(reply: Reply, now: float, secrets: tuple[str, ...]) -> Outcome:
    if reply.status in (404, 410):
        return Outcome("refused", GONE, f"HTTP {reply.status}: the browser ended its subscription")
    by_number = by_status(reply, now, secrets)
    if by_number is not None:
        return by_number
    if reply.status in (201, 202):
        # The place of the message is a secret of the push service; its name is enough for a trace.
        place = urlsplit(reply.headers.get("Location", "")).path.rpartition("/")[2]
        return Outcome("accepted", str(reply.status), provider_id=digest(place).hex()[:16])
    return Outcome("unknown", STRANGE_ANSWER, f"HTTP {reply.status}, not in a push service's words")


def payload(message: Message) -> bytes:
    """What the page's worker gets: JSON. The text is cut so that the whole fits into one record."""
    content = {
        "key": one_line(message.key, 128),
        "title": title_of(message),
        "text": "",
        "link": link_of(message),
        "link_text": one_line(message.link_text, 80),
        "urgent": message.urgent,
    }
    text = lines_of(message.text)
    # A quote or line feed takes two bytes in JSON; the text is cut until it fits.
    room = PLAIN_BYTES_MAX - len(_json(content))
    while len(_json(content | {"text": clipped(text, room)})) > PLAIN_BYTES_MAX and room > 0:
        room -= 64
    return _json(content | {"text": clipped(text, room)})


def _json(content: dict[str, object]) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def topic(key: str) -> str:
    """A name of 32 characters that the push service may know; the key itself it need not."""
    return encoded(digest(key))[:32]
