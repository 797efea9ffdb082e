"""What kind of file some bytes are, by their first bytes alone: a name says nothing, and a sender may say anything.

Pure: values in, values out.

Only these kinds are taken. None of them is markup that a browser would run, and each is served under the kind found
here with `nosniff`, so that a page hidden behind a picture's first bytes stays a picture.
"""

from typing import Final

JPEG: Final = "image/jpeg"
PNG: Final = "image/png"
WEBP: Final = "image/webp"
PDF: Final = "application/pdf"

PHOTO_TYPES: Final = frozenset({JPEG, PNG, WEBP})
INSTRUCTION_TYPES: Final = frozenset({*PHOTO_TYPES, PDF})

HEAD_BYTES: Final = 32
"""So many first bytes are looked at."""

_PNG_HEAD: Final = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
_WEBP_CHUNKS: Final = frozenset({b"VP8 ", b"VP8L", b"VP8X"})


def media_type_of(head: bytes, size: int) -> str:
    """The kind of a file of `size` bytes that begins with `head` (all of it, or HEAD_BYTES); empty: none we take."""
    if head.startswith(_PNG_HEAD) and size > len(_PNG_HEAD):
        return PNG
    # After the start of a picture a JPEG goes on with a marker: a table, a frame, an application's part or a comment.
    if head.startswith(b"\xff\xd8\xff") and len(head) > 3 and (0xC0 <= head[3] <= 0xFE) and head[3] not in b"\xd8\xd9":
        return JPEG
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP" and head[12:16] in _WEBP_CHUNKS:
        # The length of the whole stands in the file: one that was cut short is not taken.
        return WEBP if int.from_bytes(head[4:8], "little") + 8 <= size else ""
    if head.startswith(b"%PDF-") and head[5:6] in (b"1", b"2") and head[6:7] == b".":
        return PDF
    return ""
