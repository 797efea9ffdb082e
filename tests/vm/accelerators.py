"""Which accelerator really runs a Linux guest here.

That /dev/kvm exists and answers says little: some hosts offer a KVM that starts a machine and then stops an ordinary
kernel in its first milliseconds. So the guest's own kernel is started until it says that it comes to its first program.
"""

import tempfile
from pathlib import Path

from tests.vm.machine import Machine, MachineFailed

KVM = ("-accel", "kvm", "-cpu", "host")
EMULATED = ("-accel", "tcg,thread=multi", "-cpu", "max")
PROBE_SECONDS_MAX = 60.0
FIRST_PROGRAM = "Run /init as init process"


def kvm_works(kernel: Path, initrd: Path) -> bool:
    """Whether KVM brings this kernel as far as its first program."""
    command = ["qemu-system-x86_64", *KVM, "-M", "q35", "-m", "512", "-nodefaults", "-no-reboot"]
    command += ["-kernel", str(kernel), "-initrd", str(initrd), "-append", "console=ttyS0 panic=-1"]
    with tempfile.TemporaryDirectory(prefix="kvm") as folder:
        try:
            with Machine(command, Path(folder)) as machine:
                machine.wait_console(FIRST_PROGRAM, PROBE_SECONDS_MAX)
        except (MachineFailed, OSError, StopIteration):
            return False
    return True


def accelerator(kernel: Path, initrd: Path) -> tuple[str, ...]:
    """QEMU's options for the fastest accelerator that works."""
    usable = Path("/dev/kvm").exists() and kvm_works(kernel, initrd)
    return KVM if usable else EMULATED
