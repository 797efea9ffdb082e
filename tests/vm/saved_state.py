"""A guest that was started once; its state is resumed for every cut, in seconds.

Each resume works on an overlay of its own, so the image and the state stay as they are. A saved state belongs to one
build of QEMU, one command line and one image: its name is made of all three.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from image.programs import recipe_name, run
from tests.vm.accelerators import KVM, accelerator
from tests.vm.guest_image import CACHE, GuestImage, forget_others, guest_image
from tests.vm.machine import WAIT_SECONDS_MAX, Machine, MachineFailed

MEMORY_MIB = 512
# A slow guest must not trip systemd's own limits.
KERNEL_WORDS = (
    "console=ttyS0 root=/dev/vda rw quiet loglevel=4 panic=-1 mitigations=off net.ifnames=0 systemd.show_status=0 "
    "systemd.default_timeout_start_sec=600 systemd.default_device_timeout_sec=600 systemd.mask=apt-daily.timer "
    "systemd.mask=apt-daily-upgrade.timer systemd.mask=e2scrub_reap.service systemd.mask=fstrim.timer "
    "systemd.mask=dpkg-db-backup.timer systemd.mask=systemd-timesyncd.service systemd.getty_auto=no"
)
WARM_LABELS = 20


class SavedState:
    """The state, and machines made from it."""

    def __init__(self, image: GuestImage, accelerating: tuple[str, ...]) -> None:
        self.image = image
        self.accelerating = accelerating
        version = run("qemu-system-x86_64", "--version")
        own = [Path(__file__).read_bytes(), Path(__file__).with_name("machine.py").read_bytes()]
        self.folder = CACHE / f"state-{recipe_name(image.name, version, *accelerating, *own)}"
        self.state = self.folder / "state.zst"

    @property
    def accelerator(self) -> str:
        """Its name for the results."""
        return "kvm" if self.accelerating == KVM else "tcg"

    def _command(self, disk: Path) -> list[str]:
        return [
            *("qemu-system-x86_64", *self.accelerating, "-M", "q35", "-smp", "2", "-m", str(MEMORY_MIB)),
            *("-nodefaults", "-no-reboot", "-kernel", str(self.image.kernel), "-initrd", str(self.image.initrd)),
            *("-append", KERNEL_WORDS, "-device", "virtio-rng-pci"),
            *("-drive", f"file={disk},format=qcow2,if=virtio,cache=writeback"),
            *("-device", "pcie-root-port,id=socket0,chassis=1,slot=1"),
        ]

    def make(self) -> None:
        """Start the guest, let it work once in memory, and save its state."""
        if self.state.exists():
            return
        self.folder.mkdir(exist_ok=True)
        forget_others(self.folder, "state-")
        disk, draft = self.folder / "disk.qcow2", self.folder / "draft.zst"
        _overlay(disk, self.image.disk, "raw")
        with Machine(self._command(disk), self.folder / "first") as machine:
            machine.heard("booted")
            machine.order(do="warm", program="product", prefix="W", labels_max=WARM_LABELS)
            machine.heard("warm")
            machine.command_qemu("stop")
            machine.command_qemu("migrate-set-parameters", **{"max-bandwidth": 10**10})
            machine.command_qemu("migrate", uri=f"exec:zstd -1 -q -f -o {draft}")
            deadline = time.monotonic() + WAIT_SECONDS_MAX
            while (status := machine.command_qemu("query-migrate").get("status")) != "completed":
                if status == "failed" or time.monotonic() > deadline:
                    raise MachineFailed(f"the state could not be saved: {status}")
                time.sleep(0.1)
        draft.rename(self.state)

    @contextmanager
    def resumed(self, folder: Path) -> Iterator[Machine]:
        """A machine that goes on from the state; cut at the end of the block at the latest."""
        folder.mkdir(parents=True, exist_ok=True)
        overlay = folder / "overlay.qcow2"
        _overlay(overlay, self.folder / "disk.qcow2", "qcow2")
        incoming = ["-incoming", f"exec:zstd -dc {self.state}"]
        with Machine(self._command(overlay) + incoming, folder) as machine:
            while machine.command_qemu("query-status")["status"] == "inmigrate":
                time.sleep(0.02)
            machine.command_qemu("cont")
            yield machine


def saved_state() -> SavedState:
    """The state for this checkout and this machine, made if it is not there yet."""
    image = guest_image()
    state = SavedState(image, accelerator(image.kernel, image.initrd))
    state.make()
    return state


def _overlay(path: Path, below: Path, kind: str) -> None:
    path.unlink(missing_ok=True)
    command = ["qemu-img", "create", "-q", "-f", "qcow2", "-b", str(below.resolve()), "-F", kind, str(path)]
    run(*command)
