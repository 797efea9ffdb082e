"""The product's own image as tests use it: built, flashed to a file, started on a board, and told its office."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from image.build import Build
from image.bundle import make_keys
from image.emulation import require_programs_of
from image.programs import locked, run
from image.recipe import ARCHITECTURES, VARIANTS, Recipe
from simulation.check import BADGE
from simulation.plant import Plant
from simulation.processes import ProcessDied, wait_for
from tests.process.test_kills import at_office, contents
from tests.vm.board import HOST, SCANNER, Board
from tests.vm.machine import Machine
from tests.wheels import ROOT

CACHE = ROOT / "var/image/cache"
NAME, STATION = "gw1", "S1"
GATEWAY = f"""[gateway]
name = "{NAME}"
folder = "/var/lib/lineside"
site = "plant"
area = "machining"
line = "L1"

[central]
url = "http://{HOST}:@PORT@"

[update]
ask_seconds = 5
quiet_seconds = 5
healthy_seconds = 10
trial_seconds_max = 300

[[station]]
id = "{STATION}"

[[station.scanner]]
kind = "evdev"
serial = "{SCANNER}"

[[station.scanner]]
kind = "serial"
path = "/dev/serial/by-id/usb-QEMU_QEMU_USB_SERIAL_SER0001-if00-port0"
baud = 115200
"""


STICK_BYTES = 900 * 2**20
SCAN_SECONDS, SCANS_MAX = 30.0, 20
READY_AT = "journalctl -b -u lineside-gateway -o short-monotonic --no-pager | grep -m 1 ': Started '"
LIT = "journalctl -b -u lineside-gateway --no-pager -o cat | grep -c \"light 'S1.log': {}\" || true"
"""How often the station's light has shown a signal in this start; with an empty one, any."""
MASTER = (
    "/opt/lineside/bin/python3 -I -c 'import re, urllib.request as web; "
    'page = web.urlopen("http://127.0.0.1:8088/metrics").read().decode(); '
    """print("people", bool(re.search("(?m)^lineside_master_version [1-9]", page)))'"""
)


def built(
    folder: Path,
    version: str,
    finish: Callable[[Path], None] = lambda tree: None,
    whole: bool = True,
    architecture: str = "amd64",
    variant: str = "headless",
) -> Build:
    """A release of this checkout; `whole`: with the disk to flash. Needs root."""
    recipe = Recipe(ARCHITECTURES[architecture], VARIANTS[variant], version)
    with locked(CACHE):
        require_programs_of(recipe.architecture)
        build = Build(recipe, CACHE, folder, make_keys(CACHE / "keys"), lambda line: None, finish)
        if whole:
            build.all()
        else:
            build.update()
    return build


@contextmanager
def office_in(folder: Path) -> Iterator[Plant]:
    """A plant's office on this machine, for stations on boards."""
    plant = Plant(folder / "plant", usual_ports=False)
    try:
        plant.start_office()
        yield plant
    finally:
        plant.stop()


def flashed(disk: Path, folder: Path, plant: Plant, kind: type[Board] = Board, code: str = "", more: str = "") -> Board:
    """A board with a card of this image, which knows its office and a maintainer's key. `code`: the one-time code, a
    fresh one if there is none given; `more`: what else stands in its gateway.toml."""
    folder.mkdir(parents=True, exist_ok=True)
    key, card, settings = folder / "key", folder / "card.img", folder / "gateway.toml"
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key)
    settings.write_text(GATEWAY.replace("@PORT@", str(plant.ports.central)) + more, "utf-8")
    words = (
        "--yes",
        "--settings",
        settings,
        "--code",
        code or plant.enrolment_code(NAME),
        "--ssh-key",
        key.with_suffix(".pub"),
    )
    run(ROOT / "scripts/flash", disk, card, *words)
    return kind(card, folder / "board", key)


def stick_of(files: list[Path], image: Path, folder: str = "") -> Path:
    """A USB stick with these files, in a folder of it if one is named."""
    with image.open("wb") as file:
        file.truncate(max(STICK_BYTES, sum(path.stat().st_size for path in files) + 64 * 2**20))
    run("mkfs.vfat", "-F", "32", "-n", "STICK", image)
    words = {"MTOOLS_SKIP_CHECK": "1"}
    if folder:
        run("mmd", "-i", image, f"::{folder}", environment=words)
    run("mcopy", "-i", image, *files, f"::{folder}", environment=words)
    return image


def sign_in(machine: Machine, plant: Plant) -> None:
    """A person scans a badge; returns once the office knows."""
    typed_until(machine, BADGE, lambda: '"type":"session.opened"' in "".join(contents(plant)))


def scan(machine: Machine, plant: Plant, label: str) -> None:
    """An unknown ticket is scanned; returns once the office has its start."""
    typed_until(machine, label, lambda: label in at_office(plant))


def typed_until(machine: Machine, label: str, there: Callable[[], bool]) -> None:
    """As a person does it: a label that was refused is scanned again. When this machine leaves the emulator waiting in
    the midst of a label, its halves come too far apart, and the station rightly takes neither."""
    for _ in range(SCANS_MAX - 1):
        machine.type_label(label)
        try:
            wait_for(label, there, SCAN_SECONDS)
        except ProcessDied:
            continue
        return
    machine.type_label(label)
    wait_for(f"an effect of {label}, scanned {SCANS_MAX} times", there, SCAN_SECONDS)


def wait_ready(board: Board, machine: Machine, seconds: float = 1_800.0) -> float:
    """Wait until the station takes scans, its people being known; seconds since the kernel's start at which systemd
    first heard that it is ready. A station that was enrolled in this start has started its gateway anew since."""
    board.wait_answer(machine, seconds)
    said = board.wait_said(machine, READY_AT, "Started", seconds)
    board.wait_said(machine, MASTER, "people True", seconds)
    return float(said.split("]")[0].strip("[ "))
