"""`python -m simulation.lossyfs IMAGE MOUNT SOCKET`: mounts a card that loses what was never flushed.

IMAGE is the folder that says what the card holds; the files live in memory until `cut` writes the survivors back and
ends the process. Commands come as one JSON object a line on the Unix socket, and each is answered by one:
`{"cmd": "cut", "policy": P, "seed": N}`, `{"cmd": "cut_at", "n": N}`, `{"cmd": "fail", "call": C, "errno": E}`,
`{"cmd": "heal"}`, `{"cmd": "quota", "bytes": B}`, `{"cmd": "settle"}`, `{"cmd": "stats"}`.
Needs root, /dev/fuse, libfuse3 and the package mfusepy; `simulation.lossy_mount` starts it.
"""

import argparse
import errno
import json
import os
import socket
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import mfusepy

from simulation.lossy_card import ROOM_BYTES, CardFault, LossyCard, Node, Order, Write

BLOCK_BYTES: Final = 4096
PUNCH_HOLE: Final = 2


class LossyFiles(mfusepy.Operations):  # type: ignore[misc]
    """What the kernel asks, answered by the card. One lock: FUSE and the control socket are different threads."""

    use_ns = True

    def __init__(self, card: LossyCard) -> None:
        self.card = card
        self.guard = threading.RLock()

    def getattr(self, path: str, fh: int | None = None) -> dict[str, int]:
        """Size, mode, times."""
        with self.guard:
            node = self._answered(self.card.node, path)
            at, kind = node.changed_ns, stat.S_IFDIR if node.is_folder else stat.S_IFREG
            return {
                "st_mode": kind | node.mode,
                "st_nlink": 2 if node.is_folder else 1,
                "st_size": len(node.content),
                "st_blocks": (len(node.content) + 511) // 512,
                "st_uid": os.getuid(),
                "st_gid": os.getgid(),
                "st_mtime": at,
                "st_atime": at,
                "st_ctime": at,
            }

    def readdir(self, path: str, fh: int) -> list[str]:
        """The names in a folder."""
        with self.guard:
            prefix = path.rstrip("/") + "/"
            names = [each[len(prefix) :] for each in self.card.nodes if each.startswith(prefix) and each != "/"]
            return [".", "..", *(name for name in names if "/" not in name)]

    def open(self, path: str, flags: int) -> int:
        """Refused by a frozen card; else there is nothing to do."""
        with self.guard:
            self._answered(self.card.node, path)
            self._answered(self.card.gate, "open", False)
            return 0

    def create(self, path: str, mode: int, fi: Any = None) -> int:
        """A new file."""
        with self.guard:
            self._answered(self.card.make, path, Node(mode=mode & 0o777))
            return 0

    def mkdir(self, path: str, mode: int) -> int:
        """A new folder."""
        with self.guard:
            self._answered(self.card.make, path, Node(is_folder=True, mode=mode & 0o777))
            return 0

    def unlink(self, path: str) -> int:
        """Remove a file."""
        with self.guard:
            self._answered(self.card.remove, path)
            return 0

    def rmdir(self, path: str) -> int:
        """Remove a folder."""
        return self.unlink(path)

    def rename(self, old: str, new: str) -> int:
        """Move a file over another name."""
        with self.guard:
            self._answered(self.card.rename, old, new)
            return 0

    def read(self, path: str, size: int, offset: int, fh: int) -> bytes:
        """What programs see, durable or not."""
        with self.guard:
            self._answered(self.card.gate, "read", False)
            return bytes(self._answered(self.card.node, path).content[offset : offset + size])

    def write(self, path: str, data: bytes, offset: int, fh: int) -> int:
        """Change bytes."""
        with self.guard:
            written: int = self._answered(self.card.write, path, bytes(data), offset)
            return written

    def truncate(self, path: str, length: int, fh: int | None = None) -> int:
        """Change the length."""
        with self.guard:
            self._answered(self.card.resize, path, length)
            return 0

    def fallocate(self, path: str, mode: int, offset: int, size: int, fh: int) -> int:
        """Room in advance, or a hole."""
        with self.guard:
            if mode & PUNCH_HOLE:
                node = self._answered(self.card.node, path)
                size = max(0, min(size, len(node.content) - offset))
                node.change(Write(offset, bytes(size)))
            elif mode:
                raise mfusepy.FuseOSError(errno.EOPNOTSUPP)
            else:
                self._answered(self.card.allocate, path, offset, size)
            return 0

    def fsync(self, path: str, datasync: int, fh: int) -> int:
        """The flush of a file."""
        with self.guard:
            self._answered(self.card.flush, path)
            return 0

    def fsyncdir(self, path: str, datasync: int, fh: int) -> int:
        """The flush of names."""
        with self.guard:
            self._answered(self.card.gate, "fsync")
            if not self.card.lie:
                self.card.flush_names()
            return 0

    def opendir(self, path: str) -> int:
        """Nothing to do."""
        return 0

    def flush(self, path: str, fh: int) -> int:
        """Called at close, which makes nothing durable."""
        return 0

    def release(self, path: str, fh: int) -> int:
        """Nothing to do."""
        return 0

    def chmod(self, path: str, mode: int) -> int:
        """Rights are not kept over a cut."""
        with self.guard:
            self._answered(self.card.node, path).mode = mode & 0o777
            return 0

    def chown(self, path: str, uid: int, gid: int) -> int:
        """Owners are not kept."""
        return 0

    def utimens(self, path: str, times: Any = None) -> int:
        """Times are not kept."""
        return 0

    def statfs(self, path: str) -> dict[str, int]:
        """Free room by the quota."""
        with self.guard:
            total = self.card.quota_bytes
            free = max(0, total - self.card.used_bytes()) // BLOCK_BYTES
            blocks = total // BLOCK_BYTES
            return {
                "f_bsize": BLOCK_BYTES,
                "f_frsize": BLOCK_BYTES,
                "f_blocks": blocks,
                "f_bfree": free,
                "f_bavail": free,
            }

    def _answered(self, call: Callable[..., Any], *arguments: Any) -> Any:
        try:
            return call(*arguments)
        except CardFault as fault:
            raise mfusepy.FuseOSError(fault.errno) from fault


class Control:
    """Takes commands on a Unix socket, one connection at a time each in a thread."""

    def __init__(self, files: LossyFiles, address: Path) -> None:
        self._files = files
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(address))
        self._listener.listen(4)

    def serve(self) -> None:
        """Until the process ends."""
        while True:
            connection, _ = self._listener.accept()
            with connection, connection.makefile("rw") as lines:
                for line in lines:
                    command = json.loads(line)
                    with self._files.guard:
                        answer = self._obey(command)
                    lines.write(json.dumps(answer) + "\n")
                    lines.flush()
                    if command["cmd"] == "cut":
                        os._exit(0)

    def _obey(self, command: dict[str, Any]) -> dict[str, object]:
        card = self._files.card
        match command:
            case {"cmd": "cut", "policy": policy, "seed": seed}:
                return card.cut(policy, seed)
            case {"cmd": "cut_at", "n": count}:
                card.countdown = count
            case {"cmd": "fail", "call": call, "errno": name}:
                number = getattr(errno, name)
                card.orders.append(Order(call, number, command.get("after", 0), command.get("count", 1)))
            case {"cmd": "heal"}:
                card.orders.clear()
                card.quota_bytes = ROOM_BYTES
            case {"cmd": "quota", "bytes": count}:
                card.quota_bytes = count
            case {"cmd": "settle"}:
                card.settle()
            case {"cmd": "stats"}:
                return {"frozen": card.frozen, **card.counters}
            case _:
                return {"error": f"unknown command {command!r}"}
        return {"done": True}


def main() -> None:
    """Mount, and serve until the cut."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("image", type=Path)
    parser.add_argument("mount", type=Path)
    parser.add_argument("socket", type=Path)
    parser.add_argument("--lie", type=int, default=0, help="operations of a file that a flush leaves volatile")
    parser.add_argument("--strict-names", action="store_true", help="names are durable by fsync of the folder only")
    given = parser.parse_args()
    card = LossyCard(given.image, given.lie, given.strict_names)
    card.load()
    files = LossyFiles(card)
    control = Control(files, given.socket)
    threading.Thread(target=control.serve, name="control", daemon=True).start()
    mfusepy.FUSE(
        files,
        str(given.mount),
        foreground=True,
        nothreads=True,
        fsname="lossyfs",
        attr_timeout=0,
        entry_timeout=0,
        negative_timeout=0,
        hard_remove=True,
    )


if __name__ == "__main__":
    main()
