"""What was beeped, and the verdict on it. It lives in the test, outside the gateway, and hears only the light."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class Oracle:
    """Labels by what the light said. Each label is scanned once, so each kept one is one record that names it."""

    prefix: str = "T-F"
    number: int = 0
    kept: list[str] = field(default_factory=list)
    silent: list[str] = field(default_factory=list)
    lost: set[str] = field(default_factory=set)
    doubled: set[str] = field(default_factory=set)

    def next(self, count: int = 1) -> list[str]:
        """New labels."""
        first = self.number + 1
        self.number += count
        return [f"{self.prefix}{number:06d}" for number in range(first, first + count)]

    def hear(self, labels: Sequence[str], signals: Sequence[str]) -> None:
        """The nth signal is the nth label's; a label without one stays silent."""
        assert len(signals) <= len(labels)
        for label, signal in zip(labels, [*signals, *[""] * (len(labels) - len(signals))], strict=True):
            (self.kept if signal == "kept" else self.silent).append(label)

    def judge(self, found: Iterable[str]) -> int:
        """Note what is lost or doubled among the labels that were found; how many were lost since the last time."""
        counted = Counter(found)
        gone = {label for label in self.kept if label not in self.lost and counted[label] == 0}
        self.lost |= gone
        self.doubled |= {label for label in (*self.kept, *self.silent) if counted[label] > 1}
        return len(gone)

    def result(self) -> dict[str, int]:
        """For a row of the fault matrix."""
        return {"acknowledged": len(self.kept), "lost": len(self.lost), "doubled": len(self.doubled)}

    def assert_kept(self) -> None:
        """The promise: nothing that was beeped is lost, nothing is counted twice."""
        assert self.lost == set(), f"beeped, and lost: {sorted(self.lost)[:10]}"
        assert self.doubled == set(), f"counted twice: {sorted(self.doubled)[:10]}"


def labels_in(contents: Iterable[str]) -> list[str]:
    """The tickets of work.started among the records' texts, in their order."""
    events = (json.loads(content) for content in contents)
    return [each["data"]["operation"] for each in events if each["type"] == "work.started"]
