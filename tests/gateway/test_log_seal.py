"""The key that judges the seals of a log: told until it was taken, then off the card."""

from pathlib import Path

import pytest

from gateway.updates.log_seal import BYTES_MAX, FILE_NAME, LogSeal

KEY = "13a4f2-e11b90-0b9c1d-5a3e77/1c2f3a-35a4e900"


def test_it_is_told_until_it_was_taken(tmp_path: Path) -> None:
    seal = LogSeal(tmp_path)
    assert seal.to_tell() == ""
    seal.was_told()
    (tmp_path / FILE_NAME).write_text(KEY + "\n")
    assert seal.to_tell() == KEY
    assert seal.to_tell() == KEY, "the office did not answer"
    seal.was_told()
    assert not (tmp_path / FILE_NAME).exists() and seal.to_tell() == ""


def test_a_key_that_was_made_while_another_was_told_stays(tmp_path: Path) -> None:
    seal = LogSeal(tmp_path)
    assert seal.to_tell() == ""
    (tmp_path / FILE_NAME).write_text(KEY)
    seal.was_told()
    assert seal.to_tell() == KEY


@pytest.mark.parametrize("text", ["", "no key", KEY.upper(), KEY + "\x00", KEY + "\n" + KEY, KEY * BYTES_MAX, "\udcff"])
def test_what_is_no_key_is_not_told_and_not_removed(tmp_path: Path, text: str) -> None:
    path = tmp_path / FILE_NAME
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    seal = LogSeal(tmp_path)
    assert seal.to_tell() == ""
    seal.was_told()
    assert path.exists()
