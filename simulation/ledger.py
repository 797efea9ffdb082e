"""What stands outside of the plant and writes down every record that a card ever confirmed.

The checkers compare the plant with this; nothing of the plant reads it.
"""

import json
from dataclasses import dataclass, field

Identity = tuple[str, str, int]
"""Gateway, epoch, seq (I3)."""


class Violation(Exception):
    """A promise was broken. The text begins with the invariant's number."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A record that a commit confirmed.

    `made_at`: true seconds, None where a torn commit left it. `label`: the unique ticket that it started, or empty.
    """

    identity: Identity
    digest: str
    content: str
    made_at: float | None
    label: str


@dataclass(slots=True)
class CardBook:
    """What one card holds or held, in its own order. A copied card begins with a copy of this."""

    order: list[Identity] = field(default_factory=list)

    def copy(self) -> "CardBook":
        """For an image, or a clone."""
        return CardBook(list(self.order))


@dataclass(slots=True)
class Ledger:
    """All confirmed records, and which losses no protocol can prevent."""

    entries: dict[Identity, Entry] = field(default_factory=dict)
    forgiven: set[Identity] = field(default_factory=set)
    """Records of cards that were destroyed or put back to an image before they had left it (P3)."""
    safe: set[Identity] = field(default_factory=set)
    """Records that were in a confirmed backup of a server at some time."""
    announced: dict[Identity, float] = field(default_factory=dict)
    """Records whose QoS 1 message a broker acknowledged."""
    beeped: dict[str, Identity] = field(default_factory=dict)
    """Unique labels that got their positive signal."""

    def confirm(self, book: CardBook, identity: Identity, digest: str, content: str, now: float | None) -> None:
        """A commit returned with this record in it. Raises Violation where its identity is taken (I3)."""
        known = self.entries.get(identity)
        if known is None:
            self.entries[identity] = Entry(identity, digest, content, now, _label_of(content))
        elif known.digest != digest:
            raise Violation(f"I3: {_name(identity)} was given to two different records")
        book.order.append(identity)

    def beep(self, label: str, book: CardBook, before: int) -> None:
        """A station was told that `label` is kept. `before`: how many records the card had when it was scanned."""
        for identity in book.order[before:]:
            if self.entries[identity].label == label:
                self.beeped[label] = identity
                return
        raise Violation(f"I1: the station beeped for {label}, and no commit had confirmed a record of it")

    def destroy(self, held: set[Identity], left: CardBook | None = None) -> None:
        """A card is gone, or back at an older image; of what it `held`, nothing can bring back the rest (P3).

        What it had deleted before is another matter: that was in a backup, and the office must at least name it.
        """
        self.forgiven |= held - set(left.order if left else ())


LOST_BEGINNING = '{"type":"record.lost"'
"""A record that stands for one that was lost."""


def _label_of(content: str) -> str:
    if not content.startswith('{"type":"work.started"'):
        return ""
    operation = str(json.loads(content)["data"]["operation"])
    return operation if operation.startswith("T-N") else ""


def _name(identity: Identity) -> str:
    return f"{identity[0]} {identity[1][:8]}/{identity[2]}"


name_of = _name
