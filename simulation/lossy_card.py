"""The content of a card that loses what was never flushed: files, what of them is durable, and a power cut.

Everything is visible to programs at once, but durable only after fsync of the file. A cut drops, tears or reorders the
rest, as a card may. With `lie` the card answers a flush at once and still holds the last operations of a file back.
"""

import errno
import os
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, get_args

SECTOR_BYTES: Final = 512
ROOM_BYTES: Final = 1 << 30
"""The size of the card, unless a quota makes it smaller."""

Policy = Literal["drop", "keep", "prefix", "subset"]
"""What survives of the unflushed operations: none, all, a prefix with its last one torn, or each sector by chance."""
POLICIES: Final = get_args(Policy)


class CardFault(OSError):
    """The card answers with an errno: it is frozen, full, or was told to fail."""

    def __init__(self, number: int) -> None:
        super().__init__(number, os.strerror(number))


@dataclass(frozen=True, slots=True)
class Write:
    """Bytes at an offset."""

    offset: int
    content: bytes

    def apply(self, buffer: bytearray) -> None:
        """As the page cache does."""
        end = self.offset + len(self.content)
        if end > len(buffer):
            buffer.extend(bytes(end - len(buffer)))
        buffer[self.offset : end] = self.content

    def apply_some(self, buffer: bytearray, survives: Callable[[], bool]) -> None:
        """Each sector of it on its own."""
        at, end = self.offset, self.offset + len(self.content)
        while at < end:
            following = min((at // SECTOR_BYTES + 1) * SECTOR_BYTES, end)
            if survives():
                Write(at, self.content[at - self.offset : following - self.offset]).apply(buffer)
            at = following


@dataclass(frozen=True, slots=True)
class Resize:
    """A new length."""

    length: int

    def apply(self, buffer: bytearray) -> None:
        """Cut off, or lengthen with zeros."""
        if self.length < len(buffer):
            del buffer[self.length :]
        else:
            buffer.extend(bytes(self.length - len(buffer)))

    def apply_some(self, buffer: bytearray, survives: Callable[[], bool]) -> None:
        """All or nothing."""
        if survives():
            self.apply(buffer)


@dataclass(slots=True)
class Node:
    """A file or folder: what programs see, what is durable, and what waits between the two."""

    is_folder: bool = False
    content: bytearray = field(default_factory=bytearray)
    durable: bytearray = field(default_factory=bytearray)
    waiting: list[Write | Resize] = field(default_factory=list)
    mode: int = 0o644
    changed_ns: int = field(default_factory=time.time_ns)

    def change(self, operation: Write | Resize) -> None:
        """Visible now, durable later."""
        operation.apply(self.content)
        self.waiting.append(operation)
        self.changed_ns = time.time_ns()

    def flush(self, held_back: int) -> None:
        """Durable, but for the newest `held_back` operations."""
        count = max(0, len(self.waiting) - held_back)
        for operation in self.waiting[:count]:
            operation.apply(self.durable)
        del self.waiting[:count]

    def survivors(self, policy: Policy, chance: random.Random) -> bytes:
        """What the card holds of it after the cut."""
        buffer = bytearray(self.durable)
        if policy == "keep":
            for operation in self.waiting:
                operation.apply(buffer)
        elif policy == "prefix" and self.waiting:
            whole = chance.randrange(len(self.waiting) + 1)
            for operation in self.waiting[:whole]:
                operation.apply(buffer)
            if whole < len(self.waiting) and isinstance(torn := self.waiting[whole], Write):
                torn_bytes = torn.content[: chance.randrange(len(torn.content) + 1)]
                if torn_bytes:
                    Write(torn.offset, torn_bytes).apply(buffer)
        elif policy == "subset":
            part = chance.choice((0.2, 0.5, 0.8))
            for operation in self.waiting:
                operation.apply_some(buffer, lambda: chance.random() < part)
        return bytes(buffer)


@dataclass(slots=True)
class Order:
    """Calls to fail: of one kind, after some went well, so often."""

    call: str
    number: int
    after: int = 0
    count: int = 1


@dataclass(slots=True)
class LossyCard:
    """All files of one power-on. Paths are absolute within the card."""

    image: Path
    lie: int = 0
    """So many operations of each file are still volatile after a flush that was answered."""
    strict_names: bool = False
    """Only fsync of the folder makes names durable, as POSIX promises; else any fsync does, as ext4's journal does."""
    nodes: dict[str, Node] = field(default_factory=dict)
    durable_nodes: dict[str, Node] = field(default_factory=dict)
    waiting_names: list[tuple[str, str, Node | None]] = field(default_factory=list)
    """(path, new path, node): created, removed (no node), renamed (both paths)."""
    frozen: bool = False
    countdown: int | None = None
    """The card freezes before so many changing operations from now."""
    quota_bytes: int = ROOM_BYTES
    orders: list[Order] = field(default_factory=list)
    counters: Counter[str] = field(default_factory=Counter)

    def load(self) -> None:
        """Read what the card holds."""
        self.nodes["/"] = Node(is_folder=True, mode=0o755)
        for path in sorted(self.image.rglob("*")):
            name = "/" + path.relative_to(self.image).as_posix()
            if path.is_dir():
                self.nodes[name] = Node(is_folder=True, mode=0o755)
            else:
                content = path.read_bytes()
                self.nodes[name] = Node(content=bytearray(content), durable=bytearray(content))
        self.durable_nodes = dict(self.nodes)

    def node(self, path: str) -> Node:
        """The node at a path. Raises CardFault."""
        found = self.nodes.get(path)
        if found is None:
            raise CardFault(errno.ENOENT)
        return found

    def gate(self, call: str, changes: bool = True) -> None:
        """Before each call: whether the card still answers. Raises CardFault."""
        if self.frozen:
            raise CardFault(errno.EIO)
        for order in self.orders:
            if order.call == call and order.count > 0:
                if order.after > 0:
                    order.after -= 1
                else:
                    order.count -= 1
                    self.counters["failed"] += 1
                    raise CardFault(order.number)
        if changes:
            self.counters["changes"] += 1
            if self.countdown is not None:
                self.countdown -= 1
                if self.countdown <= 0:
                    self.frozen = True
                    raise CardFault(errno.EIO)

    def used_bytes(self) -> int:
        """The sizes of all files."""
        return sum(len(node.content) for node in self.nodes.values())

    def make(self, path: str, node: Node) -> None:
        """A new name."""
        self.gate("create")
        self.nodes[path] = node
        self.waiting_names.append((path, "", node))

    def remove(self, path: str) -> None:
        """A name less."""
        self.gate("unlink")
        self.node(path)
        del self.nodes[path]
        self.waiting_names.append((path, "", None))

    def rename(self, old: str, new: str) -> None:
        """Another name for the same node."""
        self.gate("rename")
        node = self.node(old)
        self.nodes[new] = self.nodes.pop(old)
        self.waiting_names.append((old, new, node))

    def write(self, path: str, content: bytes, offset: int) -> int:
        """Change bytes."""
        self.gate("write")
        node = self.node(path)
        growth = offset + len(content) - len(node.content)
        if growth > 0 and self.used_bytes() + growth > self.quota_bytes:
            raise CardFault(errno.ENOSPC)
        node.change(Write(offset, content))
        return len(content)

    def resize(self, path: str, length: int) -> None:
        """Change the length."""
        self.gate("truncate")
        self.node(path).change(Resize(length))

    def allocate(self, path: str, offset: int, size: int) -> None:
        """Lengthen with zeros, as fallocate does."""
        self.gate("write")
        node = self.node(path)
        if (growth := offset + size - len(node.content)) > 0:
            if self.used_bytes() + growth > self.quota_bytes:
                raise CardFault(errno.ENOSPC)
            node.change(Resize(offset + size))

    def flush(self, path: str) -> None:
        """fsync of a file."""
        self.gate("fsync")
        self.node(path).flush(self.lie)
        self.counters["flushes"] += 1
        if not self.strict_names and not self.lie:
            self.flush_names()

    def flush_names(self) -> None:
        """fsync of a folder: every name that is seen now is durable."""
        self.waiting_names.clear()
        self.durable_nodes = dict(self.nodes)

    def settle(self) -> None:
        """Everything is durable, as after an orderly end."""
        for node in self.nodes.values():
            node.flush(0)
        self.flush_names()

    def cut(self, policy: Policy | Literal["mixed"], seed: int) -> dict[str, object]:
        """The power goes: write what survives back to the image. What was unflushed is told."""
        self.frozen = True
        chance = random.Random(seed)
        chosen: Policy = chance.choice(POLICIES) if policy == "mixed" else policy
        names = self._surviving_names(chosen, chance)
        unflushed = sum(len(node.waiting) for node in names.values())
        kept = {path: node.survivors(chosen, chance) for path, node in names.items() if not node.is_folder}
        for path in sorted(self.image.rglob("*"), reverse=True):
            if path.is_file():
                path.unlink()
        for name, content in kept.items():
            path = self.image / name[1:]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return {"policy": chosen, "unflushed": unflushed, **self.counters}

    def _surviving_names(self, policy: Policy, chance: random.Random) -> dict[str, Node]:
        if policy == "keep":
            return dict(self.nodes)
        names = dict(self.durable_nodes)
        if policy in ("prefix", "subset"):
            for path, new, node in self.waiting_names[: chance.randrange(len(self.waiting_names) + 1)]:
                names.pop(path, None)
                if node is not None:
                    names[new or path] = node
        return names
