"""What a file is, by its first bytes: the kinds that are taken, and the many things that only say they are one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from floor.media import HEAD_BYTES, INSTRUCTION_TYPES, JPEG, PDF, PHOTO_TYPES, PNG, WEBP, media_type_of
from tests.floor.pictures import jpeg, pdf, png, webp


def kind(content: bytes) -> str:
    return media_type_of(content[:HEAD_BYTES], len(content))


def test_the_kinds_that_are_taken() -> None:
    assert [kind(each) for each in (jpeg(), png(), webp(), pdf())] == [JPEG, PNG, WEBP, PDF]
    assert PDF not in PHOTO_TYPES
    assert {JPEG, PNG, WEBP, PDF} == INSTRUCTION_TYPES


@pytest.mark.parametrize("marker", [0xDB, 0xE0, 0xE1, 0xEE, 0xFE, 0xC0])
def test_a_camera_may_begin_with_any_marker(marker: int) -> None:
    assert kind(b"\xff\xd8\xff" + bytes([marker]) + b"\0\x10Exif" + b"\0" * 40) == JPEG


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xd8\xff",
        b"\xff\xd8\xff\xd9",
        b"\xff\xd8\xff\x01abcdef",
        b"<!doctype html><script>alert(1)</script>",
        b"  <html>",
        b"\xef\xbb\xbf<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"<?xml version='1.0'?><svg/>",
        b"GIF89a" + jpeg(),
        b"GIF89a/*" + b"\0" * 40,
        b"\n" + png(),
        b"\0" + jpeg(),
        b"MZ" + b"\0" * 60,
        b"\x7fELF" + b"\0" * 60,
        b"PK\x03\x04" + b"\0" * 60,
        b"BM" + b"\0" * 60,
        b"II*\0" + b"\0" * 60,
        b"\0\0\0\x20ftypheic" + b"\0" * 60,
        b"\x89PNG\r\n\x1a\n" + b"<script>" + b"\0" * 40,
        png()[:16],
        webp()[:-1],
        b"RIFF\xff\xff\xff\x7fWEBPVP8 ",
        b"RIFF\x10\0\0\0WAVEfmt " + b"\0" * 20,
        b"RIFF\x10\0\0\0WEBP<svg" + b"\0" * 20,
        b"%PDF",
        b"%PDF-9.9",
        b"%!PS-Adobe" + pdf(),
        b"<html>%PDF-1.7",
    ],
)
def test_what_only_looks_like_one_is_not_taken(content: bytes) -> None:
    assert kind(content) == ""


def test_what_stands_behind_a_picture_does_not_make_it_something_else() -> None:
    """Such a file is taken as the picture it begins as, and is never served as anything else."""
    page = b"<html><script>alert(1)</script></html>"
    assert [kind(each + page) for each in (jpeg(), png(), webp())] == [JPEG, PNG, WEBP]


@given(st.binary(max_size=HEAD_BYTES), st.integers(0, 2**40))
def test_any_bytes_give_a_kind_or_none(head: bytes, size: int) -> None:
    assert media_type_of(head, size) in {"", *INSTRUCTION_TYPES}
