"""The parts of the power-cut harness that need no machine."""

import queue
import signal
import subprocess
from pathlib import Path

import pytest

from image import programs
from tests.vm import guest_image
from tests.vm.guest import station
from tests.vm.power_cuts import Cut, Ledger, judged


def test_the_judge_sees_a_loss_and_a_double() -> None:
    assert judged(["a", "b"], ["a", "x", "b"]) == (0, 0)
    assert judged(["a", "b"], ["a"]) == (1, 0)
    assert judged(["a", "b"], ["b", "a", "b"]) == (0, 1)


def test_a_cut_is_judged_by_what_the_next_start_finds(tmp_path: Path) -> None:
    ledger = Ledger("product", "abc")
    ledger.take_found(0, [], [])
    ledger.kept.append(["a", "b"])
    ledger.rows.append(Cut(1, 2, 0, 0, False, 1.0))
    ledger.save(tmp_path / "ledger.json")
    again = Ledger.load(tmp_path / "ledger.json")
    assert again == ledger
    again.take_found(1, ["T-a"], ["a hole"])
    assert (again.rows[-1].lost, again.found, again.newest, again.faults) == (1, ["a"], 1, ["a hole"])


def test_a_recipe_has_one_name() -> None:
    assert programs.recipe_name("a", b"b") == programs.recipe_name("a", "b")
    assert programs.recipe_name("ab") != programs.recipe_name("a", "b")


def test_what_another_commit_left_is_forgotten(tmp_path: Path) -> None:
    for name in ("cuts-x-1", "cuts-x-2", "cuts-y-1"):
        (tmp_path / name).mkdir()
    guest_image.forget_others(tmp_path / "cuts-x-2", "cuts-x-")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cuts-x-2", "cuts-y-1"]


def test_a_program_that_is_given_up_takes_its_children_along() -> None:
    child = subprocess.Popen(
        ["sh", "-c", "sleep 600 & wait"], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    # The pipe ends only when the last process that holds it has ended.
    programs.end_group(child)
    assert child.returncode == -signal.SIGTERM


def test_a_program_that_fails_is_quoted() -> None:
    with pytest.raises(RuntimeError, match="ended with 3"):
        programs.run("sh", "-c", "echo why; exit 3")


def test_a_word_that_answers_no_label_is_never_taken_for_its_answer() -> None:
    words: queue.SimpleQueue[str] = queue.SimpleQueue()
    for word in ("refused", "noted", "noted", "kept", "kept"):
        words.put(word)
    labels = ("T-1", station.BADGES["S1"], "T-1", "T-2")
    assert [station.answer_to(label, words) for label in labels] == ["refused", "noted", "kept", "kept"]
