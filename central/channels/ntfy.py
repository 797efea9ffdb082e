"""ntfy, on a server of the plant or elsewhere: published as JSON, because headers carry no Chinese without tricks."""

import json
import re

from central.channels.guard import Guard
from central.channels.port import BAD_ADDRESS, STRANGE_ANSWER, Address, Message, Outcome
from central.channels.posting import LIMITED_SECONDS, Poster, Reply, by_status, retry_after
from central.channels.robot import HEADERS, Clock
from central.channels.settings import NtfySettings
from central.channels.words import clipped, lines_of, link_of, secrets_of, title_of, told

MESSAGE_BYTES_MAX = 4_000
"""A longer text becomes an attachment, which many servers refuse."""
TOPIC = re.compile(r"[-_A-Za-z0-9]{1,64}")


class Ntfy:
    """A server of ntfy. It shows a second message with the same key a second time."""

    kind = "ntfy"
    repeats_safely = False

    def __init__(self, settings: NtfySettings, clock: Clock | None = None) -> None:
        self._url = settings.url.get_secret_value()
        self._topic = settings.topic
        self._token = settings.token.get_secret_value()
        self._secrets = secrets_of(self._url, self._token)
        self._poster = Poster(Guard(settings.private), settings.answer_seconds_max, settings.ca_file, self._secrets)
        self._clock = clock or Clock()

    def send(self, message: Message, address: Address) -> Outcome:
        """Send once to the topic. A topic may be a secret: no outcome names it."""
        topic = address.to or self._topic
        if not TOPIC.fullmatch(topic):
            return Outcome("refused", BAD_ADDRESS, "a topic has 1 to 64 letters, digits, - and _")
        body: dict[str, object] = {
            "topic": topic,
            "title": title_of(message),
            "message": clipped(lines_of(message.text), MESSAGE_BYTES_MAX) or title_of(message),
            "priority": 5 if message.urgent else 3,
        }
        if link := link_of(message):
            body["click"] = link
        headers = HEADERS | ({"Authorization": f"Bearer {self._token}"} if self._token else {})
        reply = self._poster.post(self._url, json.dumps(body, ensure_ascii=False).encode(), headers)
        return reply if isinstance(reply, Outcome) else self._judged(reply, (*self._secrets, topic))

    def _judged(self, reply: Reply, secrets: tuple[str, ...]) -> Outcome:
        now, answer = self._clock.wall(), reply.json()
        by_number = by_status(reply, now, secrets)
        code = answer.get("code")
        if by_number is not None:
            if isinstance(code, int) and by_number.state in ("refused", "limited"):
                state = "limited" if reply.status == 429 else by_number.state
                wait = retry_after(reply, now, LIMITED_SECONDS) if state == "limited" else 0.0
                return Outcome(state, str(code), told(str(answer.get("error", "")), secrets), retry_after_seconds=wait)
            return by_number
        if answer.get("event") == "message" and isinstance(answer.get("id"), str):
            return Outcome("accepted", str(reply.status), provider_id=told(answer["id"]))
        return Outcome("unknown", STRANGE_ANSWER, f"HTTP {reply.status}, not in ntfy's words")
