"""What runs in the guest: the real gateway on the card, a scanner, and ears for its light.

The host orders by lines of JSON on a virtio serial port. A label goes to the host only after the gateway's own light
has said `kept`. Standard library only, but for the check of the journal, which is the product's own.
"""

import contextlib
import fcntl
import json
import os
import queue
import re
import struct
import subprocess
import sys
import threading
import time
import traceback
from pathlib import Path

PORT = "/dev/virtio-ports/lineside.vm"
DISK, CARD = Path("/dev/vdb"), Path("/mnt/card")
CONFIG = Path("/run/gateway.toml")
HERE = Path(__file__).parent
BADGES = {"S1": "B-P02", "S2": "B-P03"}
"""A station and the badge of who works there. Two of them, so that some commits hold records of both."""
ANSWER_SECONDS_MAX = 300.0
LIGHT = re.compile(r"light '(?P<station>\w+)\.log': (?P<word>\w+)")
RNDADDENTROPY, RNDRESEEDCRNG = 0x40085203, 0x5207


class Host:
    """The line to the host."""

    def __init__(self) -> None:
        self._port = os.open(PORT, os.O_RDWR)
        self._speaking = threading.Lock()
        self._unread = b""

    def say(self, what: str, **more: object) -> None:
        """One line."""
        with self._speaking:
            os.write(self._port, json.dumps({"said": what, **more}).encode() + b"\n")

    def order(self) -> dict:
        """The next order. While the host is not connected, as after a resume, the port reads as ended."""
        while b"\n" not in self._unread:
            received = os.read(self._port, 65_536)
            self._unread += received
            if not received:
                time.sleep(0.02)
        line, _, self._unread = self._unread.partition(b"\n")
        return json.loads(line)


class Gateway:
    """The gateway's process and what its lights say."""

    def __init__(self, command: list[str], host: Host) -> None:
        self.host = host
        self.heard: dict[str, queue.SimpleQueue] = {station: queue.SimpleQueue() for station in BADGES}
        self.ready = threading.Event()
        self.ending = False
        self.last_lines: list[str] = []
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        for line in self.process.stderr:
            self.last_lines = [*self.last_lines[-20:], line]
            if " ready: " in line:
                self.ready.set()
            found = LIGHT.search(line)
            if found and found["word"] not in ("online", "offline"):
                self.heard[found["station"]].put(found["word"])
        code = self.process.wait()
        if not self.ending:
            self.host.say("failed", why=f"the gateway ended with {code}: {''.join(self.last_lines)}")

    def scan(self, station: str, label: str) -> str:
        """Scan a label or a badge; the light's word."""
        descriptor = os.open(scanner(station), os.O_WRONLY | os.O_NOCTTY)
        os.write(descriptor, label.encode() + b"\r")
        os.close(descriptor)
        return answer_to(label, self.heard[station])

    def end(self) -> None:
        """SIGTERM, and wait."""
        self.ending = True
        self.process.terminate()
        self.process.wait()


def answer_to(label: str, words: queue.SimpleQueue) -> str:
    """The light's word for this label. A badge is noted; beside any other label that word tells of something else, as
    of a bound that was reached, and whoever took it for the answer would be a label ahead from then on."""
    while (word := words.get(timeout=ANSWER_SECONDS_MAX)) == "noted" and label not in BADGES.values():
        pass
    return word


def scanner(station: str) -> Path:
    return Path(f"/run/scanner-{station}")


def write_config(folder: Path) -> None:
    lines = [f'[gateway]\nname = "gw1"\nfolder = "{folder}"\n', "[screen]\nenabled = false\n"]
    lines.append(f'[master]\nfile = "{HERE}/master.toml"\n')
    for station in BADGES:
        lines.append(f'[[station]]\nid = "{station}"')
        lines.append(f'[[station.scanner]]\nkind = "pty"\nlink = "{scanner(station)}"\n')
    CONFIG.write_text("\n".join(lines))


def wake_up(order: dict) -> None:
    """Make this resume a start of its own: its own chance, its own boot and the right time.

    Every resume of one saved state has the same state of the kernel's random numbers, and so the same identities, which
    no real start has.
    """
    seed = bytes.fromhex(order["entropy"])
    with open("/dev/urandom", "wb") as chance:
        fcntl.ioctl(chance, RNDADDENTROPY, struct.pack("ii", len(seed) * 8, len(seed)) + seed)
        fcntl.ioctl(chance, RNDRESEEDCRNG)
    time.clock_settime(time.CLOCK_REALTIME, order["wall"])
    Path("/run/boot-id").write_text(order["boot"] + "\n")
    subprocess.run(["mount", "--bind", "/run/boot-id", "/proc/sys/kernel/random/boot_id"], check=True)


def mount_card() -> bool:
    """Mount the card; whether its file system had to be recovered from its journal."""
    deadline = time.monotonic() + ANSWER_SECONDS_MAX
    while not DISK.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    CARD.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "ext4", DISK, CARD], check=True)
    told = subprocess.run(["dmesg"], capture_output=True, text=True, check=True).stdout
    return "recovery complete" in told


def found(folder: Path, after: int) -> dict:
    """What the journal holds after a position, and every fault of it."""
    from gateway.errors import JournalCorrupt
    from gateway.journal_reader import JournalReader, check

    try:
        reader = JournalReader(folder / "journal.sqlite")
    except JournalCorrupt:
        return {"newest": 0, "labels": [], "faults": []}
    with contextlib.closing(reader):
        contents = [json.loads(record.content) for _, record in reader.walk(after)]
        labels = [each["data"]["operation"] for each in contents if each["type"] == "work.started"]
        return {"newest": reader.newest(), "labels": labels, "faults": list(check(reader, after))}


def scan_on(running: Gateway, station: str, prefix: str, labels_max: int) -> None:
    """One new label after the other; each that was kept is told."""
    try:
        for number in range(labels_max):
            label = f"{prefix}-{station}-{number:05d}"
            word = running.scan(station, f"T-{label}")
            if word == "refused":
                # Nobody is signed in: on a new card, and nowhere else.
                running.scan(station, BADGES[station])
                word = running.scan(station, f"T-{label}")
            running.host.say(word, label=label)
    except (OSError, queue.Empty) as error:
        running.host.say("failed", why=f"no scan at {station}: {error!r}")


def work(host: Host, order: dict, folder: Path) -> None:
    """Start the gateway and scan, until the power is cut or so many labels are scanned at each station."""
    write_config(folder)
    command = {
        "product": ["lineside", "gateway", "run", "--config", str(CONFIG)],
        "weak": [sys.executable, str(HERE / "weak_gateway.py"), str(CONFIG)],
    }[order["program"]]
    began = time.monotonic()
    running = Gateway(command, host)
    running.ready.wait(ANSWER_SECONDS_MAX)
    while not all(scanner(station).exists() for station in BADGES):
        time.sleep(0.02)
    host.say("ready", seconds=round(time.monotonic() - began, 2))
    arguments = (order["prefix"], order["labels_max"])
    crew = [threading.Thread(target=scan_on, args=(running, station, *arguments)) for station in BADGES]
    for worker in crew:
        worker.start()
    for worker in crew:
        worker.join()
    running.end()


def obey(host: Host, order: dict) -> None:
    """`warm`: work in memory, so that the saved state has the programs at hand. `work`, `look`: on the card."""
    folder = CARD / "gateway"
    if order["do"] == "warm":
        work(host, order, Path("/run/warm"))
        found(Path("/run/warm"), 0)
        host.say("warm")
        return
    wake_up(order)
    host.say("mounted", recovered=mount_card())
    host.say("found", **found(folder, order["after"]))
    if order["do"] == "work":
        work(host, order, folder)
    else:
        subprocess.run(["umount", CARD], check=True)
        host.say("unmounted")


def main() -> None:
    """Obey for ever."""
    host = Host()
    host.say("booted")
    while True:
        order = host.order()
        try:
            obey(host, order)
        except (OSError, subprocess.SubprocessError, queue.Empty, ValueError, KeyError, LookupError):
            host.say("failed", why=traceback.format_exc())


if __name__ == "__main__":
    main()
