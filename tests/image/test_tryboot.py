"""The slots as the firmware and RAUC see them: the backend over a folder that stands for the device partition."""

import subprocess
from pathlib import Path

import pytest

from image.disk import AUTOBOOT

SCRIPT = Path(__file__).parent.parent.parent / "image/root/usr/lib/lineside/tryboot"


class Card:
    """A device partition, a boot partition of the other slot, and a kernel that says which slot runs."""

    def __init__(self, folder: Path) -> None:
        self.select, self.boot, self.kept = folder / "select", folder / "boot", folder / "kept"
        self.firmware, self.driver = folder / "firmware", folder / "driver"
        """What a Pi has, and what its kernel has loaded; a board of the tests has neither."""
        for each in (self.select, self.boot, self.kept):
            each.mkdir()
        (self.select / "autoboot.txt").write_bytes(AUTOBOOT)
        for slot in "AB":
            (self.boot / f"cmdline-{slot}.txt").write_text(f"rauc.slot={slot}\n")
        self.words = folder / "cmdline"
        self.start(trial=False)

    def start(self, trial: bool) -> str:
        """What the firmware does: the slot that is started."""
        wanted, section, part = "tryboot" if trial else "all", "", ""
        for line in (self.select / "autoboot.txt").read_text().splitlines():
            if line.startswith("["):
                section = line.strip("[]")
            elif section in ("all", wanted) and line.startswith("boot_partition="):
                part = line.partition("=")[2]
        slot = {"2": "A", "3": "B"}[part]
        self.words.write_text(f"quiet rauc.slot={slot} root=x\n")
        return slot

    def call(self, *words: str, fails: bool = False) -> str:
        done = self.run(*words)
        assert (done.returncode != 0) == fails, done.stderr
        return done.stdout.strip()

    def code(self, *words: str) -> int:
        return self.run(*words).returncode

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        environment = {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "LINESIDE_SELECT": str(self.select),
            "LINESIDE_BOOT": str(self.boot),
            "LINESIDE_KEPT": str(self.kept),
            "LINESIDE_KERNEL_WORDS": str(self.words),
            "LINESIDE_FIRMWARE": str(self.firmware),
            "LINESIDE_DRIVER": str(self.driver),
            "LINESIDE_REBOOT": "echo reboot",
        }
        return subprocess.run(["sh", str(SCRIPT), *words], env=environment, capture_output=True, text=True, check=False)

    def names(self) -> set[str]:
        return {path.name for path in self.select.iterdir()}


@pytest.fixture
def card(tmp_path: Path) -> Card:
    return Card(tmp_path)


def test_a_new_card_runs_its_first_slot(card: Card) -> None:
    assert (card.call("get-primary"), card.call("get-current")) == ("A", "A")
    assert (card.call("get-state", "A"), card.call("get-state", "B")) == ("good", "good")
    card.call("on-trial", fails=True)
    card.call("try", fails=True)


def install(card: Card, slot: str) -> None:
    """What RAUC calls around the writing of a slot."""
    card.call("set-state", slot, "bad")
    assert card.call("get-state", slot) == "bad"
    card.call("set-primary", slot)


def test_a_release_is_tried_and_stays(card: Card) -> None:
    install(card, "B")
    assert (card.call("get-primary"), card.call("get-state", "B")) == ("B", "good")
    assert "rauc.slot=B" in (card.boot / "cmdline.txt").read_text()
    assert card.start(trial=False) == "A", "nothing but a trial starts it"
    assert card.call("try") == "reboot 0 tryboot"
    assert card.start(trial=True) == "B"
    card.call("on-trial")
    card.call("set-state", "B", "good")
    assert card.start(trial=False) == "B"
    card.call("on-trial", fails=True)
    assert card.names() == {"autoboot.txt"}
    assert card.start(trial=True) == "A", "the former one is tried next"


def test_a_release_that_fails_its_trial_is_cleared_and_told(card: Card) -> None:
    install(card, "B")
    card.call("try")
    card.start(trial=True)
    assert card.start(trial=False) == "A", "a power cut, a watchdog, a panic"
    assert "slot B did not hold; slot A goes on" in card.call("settle")
    assert (card.call("get-primary"), card.call("get-state", "B")) == ("A", "bad")
    assert (card.kept / "not-taken").read_text() == "B\n"
    assert card.call("settle") == "", "told once"
    install(card, "B")
    assert not (card.kept / "not-taken").exists()
    assert card.call("get-primary") == "B"


def test_what_was_installed_and_never_tried_stays_ready(card: Card) -> None:
    install(card, "B")
    card.start(trial=False)
    assert card.call("settle") == ""
    assert card.call("get-primary") == "B"


def test_an_installation_that_is_cut_off_leaves_nothing_to_try(card: Card) -> None:
    install(card, "B")
    card.call("set-state", "B", "bad")
    assert card.call("get-primary") == "A"
    card.call("try", fails=True)


def test_only_the_running_slot_is_committed(card: Card) -> None:
    install(card, "B")
    card.call("set-state", "B", "good")
    assert card.start(trial=False) == "A"


def test_going_back_to_the_former_release_on_purpose(card: Card) -> None:
    install(card, "B")
    card.call("try")
    card.start(trial=True)
    card.call("set-state", "B", "good")
    card.start(trial=False)
    card.call("set-primary", "A")
    card.call("try")
    assert card.start(trial=True) == "A"
    card.call("set-state", "A", "good")
    assert card.start(trial=False) == "A"


def test_choosing_the_usual_slot_forgets_what_was_waiting(card: Card) -> None:
    install(card, "B")
    card.call("set-primary", "A")
    assert card.call("get-primary") == "A"
    card.call("try", fails=True)


def test_a_partition_that_cannot_be_read_is_neither_a_trial_nor_none(card: Card) -> None:
    (card.select / "autoboot.txt").write_text("")
    assert card.code("on-trial") == 2
    (card.select / "autoboot.txt").write_bytes(AUTOBOOT)
    assert card.code("on-trial") == 1
    card.start(trial=True)
    assert card.code("on-trial") == 0


@pytest.mark.parametrize("words", [("get-state", "C"), ("set-primary", "../x"), ("nonsense",), ()])
def test_words_that_it_does_not_know_change_nothing(card: Card, words: tuple[str, ...]) -> None:
    card.call(*words, fails=True)
    assert card.names() == {"autoboot.txt"}


def test_what_the_firmware_reads_stays_within_its_bound(card: Card) -> None:
    install(card, "B")
    card.start(trial=True)
    card.call("set-state", "B", "good")
    assert len((card.select / "autoboot.txt").read_bytes()) <= 512


def test_no_trial_is_asked_of_a_firmware_that_cannot_be_told(card: Card) -> None:
    install(card, "B")
    card.firmware.mkdir()
    card.call("try", fails=True)
    assert "tried" not in card.names(), "an ordinary start would count as a release that did not hold"
    card.driver.mkdir()
    assert card.call("try") == "reboot 0 tryboot"


def test_a_commit_that_is_cut_behind_its_first_step_is_finished_by_the_next_start(card: Card) -> None:
    install(card, "B")
    card.call("try")
    assert card.start(trial=True) == "B"
    card.call("set-state", "B", "good")
    for name in ("pending", "tried"):
        (card.select / name).write_text("B\n")
    assert card.start(trial=False) == "B"
    assert card.call("settle") == ""
    assert not {"pending", "tried", "bad-B"} & card.names()
    assert not (card.kept / "not-taken").exists()
