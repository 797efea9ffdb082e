"""Photos of phones: JPEG, without anything beside the picture. A phone writes where it stood into its photos.

Pure: values in, values out.
"""

from typing import Final

from floor.media import HEAD_BYTES, JPEG, media_type_of

SEGMENTS_MAX: Final = 1_000
"""Segments before the picture itself; more is no photo."""

_COMMENT: Final = 0xFE
_SCAN: Final = 0xDA
_NEEDED: Final = frozenset({0xE0, 0xEE})
"""Of the application's segments APP0 (JFIF) and APP14 (which colours) are part of the picture; EXIF, XMP, IPTC and
colour profiles are not."""


def bare_jpeg(content: bytes) -> bytes:
    """The same picture without places, dates, devices and thumbnails. Empty bytes for what is no JPEG.

    The browser has dropped them already; what it says is not relied on.
    """
    if media_type_of(content[:HEAD_BYTES], len(content)) != JPEG:
        return b""
    kept, at = [content[:2]], 2
    for _ in range(SEGMENTS_MAX):
        if content[at : at + 1] != b"\xff" or at + 4 > len(content):
            return b""
        kind, end = content[at + 1], at + 2 + int.from_bytes(content[at + 2 : at + 4], "big")
        if end > len(content) or end < at + 4:
            return b""
        if kind == _SCAN:
            # Bytes behind the picture's end are a second picture or worse: some phones put a film there.
            last = content.rfind(b"\xff\xd9")
            return b"".join([*kept, content[at : last + 2]]) if last > end else b""
        if kind in _NEEDED or not (0xE0 <= kind <= 0xEF or kind == _COMMENT):
            kept.append(content[at:end])
        at = end
    return b""
