"""What an image is made of: architectures, variants, partitions and sizes.

Pure: values only.
"""

from dataclasses import dataclass

SUITE = "trixie"
PYTHON = "3.13"
"""The Python of the suite: compiled wheels are chosen for it."""
MIB = 2**20
SOURCE_DATE = 1_764_000_000
"""The time of everything in an image whose making would write the time of day: 2025-11-24."""

DISK_SIGNATURE = "4c494e45"
"""Fixed, so that PARTUUIDs are: the signature, a hyphen and the partition's number."""
PARTITIONS = {"device": 1, "boot_a": 2, "boot_b": 3, "root_a": 5, "root_b": 6, "data": 7}
"""Number 4 is the extended partition that holds 5 to 7. `device` is what the firmware reads first; it chooses the
slot and
carries the configuration of this one device, so an update never touches it."""
SLOTS = ("A", "B")

DEVICE_MIB = 16
BOOT_MIB = 128
DATA_MIB = 512
"""The data partition as written; the first start grows it to the end of the card."""


@dataclass(frozen=True)
class Architecture:
    """A Debian architecture as the image needs it."""

    name: str
    wheels: str
    """The name of its processor in wheels."""
    emulator: str
    """What binfmt must know to run its programs on another processor."""
    modules: tuple[str, ...]
    """Drivers that must be there before the root file system is: everything else is loaded from it."""
    console: str
    firmware_driver: bool
    """Whether its boards have the Raspberry Pi's firmware, which is told of a trial by a driver of ours."""


# The checksums of ext4 are asked for by name while it is mounted, so no driver names theirs as needed.
COMMON_MODULES = (
    "squashfs",
    "overlay",
    "crc32c_generic",
    "ext4",
    "virtio_pci",
    "virtio_blk",
    "usb_storage",
    "sd_mod",
    "xhci_pci",
)
ARCHITECTURES = {
    "arm64": Architecture(
        "arm64",
        "aarch64",
        "qemu-aarch64",
        # The card's reader of each Pi and what switches its voltage; without a name's driver the card is not found.
        (
            *(*COMMON_MODULES, "mmc_block", "sdhci_iproc", "bcm2835", "gpio_raspberrypi_exp", "clk_raspberrypi"),
            *("fixed", "gpio_regulator", "reset_raspberrypi", "pcie_brcmstb", "virtio_mmio", "bcm2835_wdt"),
        ),
        "tty1",
        True,
    ),
    "amd64": Architecture("amd64", "x86_64", "qemu-x86_64", COMMON_MODULES, "ttyS0", False),
}


@dataclass(frozen=True)
class Variant:
    """A kind of station. A bundle fits the variant it was made for, on the same architecture."""

    name: str
    root_mib: int
    """The room of one root slot, with some for releases to come."""


VARIANTS = {"headless": Variant("headless", 640), "kiosk": Variant("kiosk", 1_536)}


@dataclass(frozen=True)
class Recipe:
    """One image."""

    architecture: Architecture
    variant: Variant
    version: str
    """The release, as RAUC compares it and the fleet shows it."""

    @property
    def name(self) -> str:
        """For file names."""
        return f"lineside-{self.version}-{self.variant.name}-{self.architecture.name}"

    @property
    def compatible(self) -> str:
        """What RAUC compares before it installs anything."""
        return f"lineside-{self.variant.name}-{self.architecture.name}"


def part_uuid(partition: str) -> str:
    """The PARTUUID of a partition by its name."""
    return f"{DISK_SIGNATURE}-{PARTITIONS[partition]:02d}"


def kernel_words(slot: str, architecture: Architecture) -> str:
    """The kernel's command line in a slot. A kernel that cannot go on starts again, and then the firmware chooses."""
    words = (
        f"root=PARTUUID={part_uuid(f'root_{slot.lower()}')} rauc.slot={slot}",
        f"lineside.data=PARTUUID={part_uuid('data')}",
        f"console={architecture.console} quiet loglevel=4 panic=10 oops=panic",
        # Nobody can log in at a console, so none is opened: a scanner must not type into one.
        "systemd.show_status=0 systemd.getty_auto=no systemd.ssh_auto=no vt.global_cursor_default=0",
        "init_on_alloc=1 slab_nomerge randomize_kstack_offset=on",
    )
    return " ".join(words)
