"""The variant with a screen, on a board that has one: the station page shows itself, and shows what is scanned."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from image.build import Build
from image.recipe import MIB
from simulation.plant import Plant
from tests.vm.board import Board, PiScreenBoard, ScreenBoard
from tests.vm.machine import Machine
from tests.vm.stations import built, flashed, office_in, scan, sign_in, wait_ready

pytestmark = [pytest.mark.nightly, pytest.mark.root, pytest.mark.process, pytest.mark.timeout(3_600)]
BOARDS: dict[str, type[Board]] = {"amd64": ScreenBoard, "arm64": PiScreenBoard}
PAGE_SECONDS = 1_500.0
COLOURS_MIN = 50
"""Letters with soft edges and coloured fields have far more; a blank screen, or a cursor on one, has a few."""
CHANGED_SHARE_MIN = 0.005
HEAD = (4, 4)
STRANGER = "KEYS0001"
"""The serial number of a keyboard that nobody has told the station of."""
LEAVING = (("alt", "esc"), ("ctrl", "w"), ("alt", "f4"))
"""What ends the compositor, closes the page, closes the window."""
STREAMS = (
    "/opt/lineside/bin/python3 -I -c 'import json, urllib.request as web; "
    'print("streams", json.load(web.urlopen("http://127.0.0.1:8088/healthz"))["streams"])\''
)


@dataclass
class Kiosk:
    """A started board with a screen."""

    board: Board
    machine: Machine
    plant: Plant
    folder: Path
    release: Build
    shots: int = 0

    def picture(self) -> Image.Image:
        """What the screen shows now."""
        self.shots += 1
        path = self.folder / f"screen-{self.shots}.ppm"
        self.machine.command_qemu("screendump", filename=str(path))
        with Image.open(path) as shot:
            return shot.convert("RGB")

    def shows_the_page(self) -> bool:
        return is_live(self.picture())


def is_live(picture: Image.Image) -> bool:
    """Whether it is the page with its blue head; the head is red while the page has no connection to the station."""
    colours = picture.getcolors(maxcolors=1 << 24)
    red, _, blue = picture.getpixel(HEAD)
    return colours is not None and len(colours) >= COLOURS_MIN and red < blue


@pytest.fixture(scope="module", params=sorted(BOARDS))
def kiosk(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kiosk]:
    folder = tmp_path_factory.mktemp("kiosk")
    with office_in(folder) as plant:
        release = built(folder, "1.0.0", architecture=request.param, variant="kiosk")
        board = flashed(release.disk, folder, plant, BOARDS[request.param])
        with board.started() as machine:
            wait_ready(board, machine)
            yield Kiosk(board, machine, plant, folder, release)


def test_the_image_fits_its_slot(kiosk: Kiosk, capsys: pytest.CaptureFixture[str]) -> None:
    release = kiosk.release
    root = (release.folder / "root.squashfs").stat().st_size
    with capsys.disabled():
        packed = release.packed.stat().st_size
        sys.stdout.write(f"\n{release.recipe.name}: packed {packed / 1e6:.0f} MB, root {root / 1e6:.0f} MB\n")
    assert root < 0.8 * release.recipe.variant.root_mib * MIB


def changed_share(before: Image.Image, after: Image.Image) -> float:
    """The share of pixels that are not the same any more."""
    counts = ImageChops.difference(before, after).convert("L").histogram()
    return 1 - counts[0] / sum(counts)


def test_the_page_is_on_the_screen_and_shows_what_is_scanned(kiosk: Kiosk) -> None:
    board, machine = kiosk.board, kiosk.machine
    board.wait(machine, "a page on the screen", kiosk.shows_the_page, PAGE_SECONDS)
    board.wait_said(machine, STREAMS, "streams 1", PAGE_SECONDS)
    sign_in(machine, kiosk.plant)
    board.wait(machine, "the page again", kiosk.shows_the_page, PAGE_SECONDS)
    before = kiosk.picture()
    scan(machine, kiosk.plant, "T-KIOSK")

    def shown() -> bool:
        after = kiosk.picture()
        return is_live(after) and changed_share(before, after) > CHANGED_SHARE_MIN

    board.wait(machine, "the scan on the screen", shown, PAGE_SECONDS)


def test_a_page_that_is_lost_comes_back_by_a_new_browser(kiosk: Kiosk) -> None:
    board, machine = kiosk.board, kiosk.machine
    board.wait(machine, "a page on the screen", kiosk.shows_the_page, PAGE_SECONDS)
    begun = "systemctl show lineside-kiosk -p NRestarts --value"
    before = int(board.ssh(begun))
    # What a page leaves that was lost on its way: a browser that runs, and shows nothing.
    board.ssh("pkill -KILL -f type=renderer")
    board.wait(machine, "the screen without the page", lambda: not kiosk.shows_the_page(), PAGE_SECONDS)
    board.wait(machine, "a new browser", lambda: int(board.ssh(begun)) > before, PAGE_SECONDS)
    board.wait(machine, "the page again", kiosk.shows_the_page, PAGE_SECONDS)
    board.wait_said(machine, STREAMS, "streams 1", PAGE_SECONDS)


def test_the_browser_is_another_user_with_a_sandbox(kiosk: Kiosk) -> None:
    board = kiosk.board
    board.wait(kiosk.machine, "a page on the screen", kiosk.shows_the_page, PAGE_SECONDS)
    said = board.ssh("journalctl -b -u lineside-kiosk --no-pager -o cat")
    assert "SEGV" not in said and "oom" not in said.lower().replace("failed to adjust oom score", ""), said
    assert set(board.ssh("ps -o user:20= -C chromium").split()) == {"lineside-kiosk"}
    assert "--no-sandbox" not in board.ssh("ps -o args= -C chromium")
    renderer = "pgrep -o -f type=renderer"
    assert board.ssh(f"grep ^Seccomp: /proc/$({renderer})/status").split() == ["Seccomp:", "2"]
    with pytest.raises(RuntimeError, match="Permission denied"):
        board.ssh("setpriv --reuid lineside-kiosk --clear-groups ls /var/lib/lineside/journal.sqlite")
    groups = board.ssh("id -G -n lineside-kiosk; grep ^Groups: /proc/$(pgrep -o -x cage)/status").splitlines()
    assert "input" not in groups[0]
    number = board.ssh("getent group input | cut -d: -f3").strip()
    assert number not in groups[1].split(), "seatd opens what the page may be touched with"


def test_nothing_that_has_keys_types_into_the_page(kiosk: Kiosk) -> None:
    board, machine = kiosk.board, kiosk.machine
    board.wait(machine, "a page on the screen", kiosk.shows_the_page, PAGE_SECONDS)
    begun = "systemctl show lineside-kiosk -p InvocationID --value"
    before = board.ssh(begun)
    # A keyboard that no station is configured for, so that nothing of ours takes it away from the screen.
    machine.command_qemu("device_add", driver="usb-kbd", id="stranger", bus="usb0.0", serial=STRANGER)
    board.wait_said(machine, f"ls /dev/input/by-id/*{STRANGER}*", "event-kbd")
    keys = f"/dev/input/by-id/*{STRANGER}*-event-kbd"
    board.ssh(f"systemd-run --quiet --unit=heard sh -c 'head -c 24 {keys} >/tmp/heard'")
    board.wait_said(machine, "pgrep -x -a head", "head -c 24")
    for pressed in LEAVING:
        named = [{"type": "qcode", "data": each} for each in pressed]
        machine.command_qemu("send-key", keys=named)
    board.wait_said(machine, "stat -c %s /tmp/heard", "24")
    assert board.ssh(f"sleep 10; {begun}") == before, "neither the compositor nor the browser has ended"
    assert kiosk.shows_the_page()
    opened = board.ssh("ls -l /proc/$(pgrep -o -x seatd)/fd /proc/$(pgrep -o -x cage)/fd")
    assert board.ssh(f"readlink -f {keys}").strip() not in opened
    machine.command_qemu("device_del", id="stranger")
