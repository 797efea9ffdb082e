"""A channel in memory: keeps what it was asked to send and answers what the test says, also never or with a fault."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from central.channels.port import Address, Message, Outcome

SENT = Outcome("accepted", "0", "ok", "provider-1")


@dataclass
class MemoryChannel:
    """`answers` are given in their order, the last one over and over. With `gate` closed no answer comes."""

    answers: Sequence[Outcome | Exception] = (SENT,)
    kind: str = "memory"
    repeats_safely: bool = False
    sent: list[tuple[Message, Address]] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)
    asked: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.gate.set()

    def send(self, message: Message, address: Address) -> Outcome:
        self.sent.append((message, address))
        answer = self.answers[min(len(self.sent), len(self.answers)) - 1]
        self.asked.set()
        assert self.gate.wait(30), "the test has to open the gate"
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def keys(self) -> list[str]:
        return [message.key for message, _ in self.sent]
