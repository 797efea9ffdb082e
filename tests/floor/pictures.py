"""Small files of each kind that is taken, made here: a browser shows them."""

import struct
import zlib


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width: int = 64, height: int = 48, more: bytes = b"") -> bytes:
    """A picture with a gradient; `more` makes it another one, in a chunk that nobody shows."""
    rows = b"".join(
        b"\0" + b"".join(bytes((x * 255 // width, y * 255 // height, 120)) for x in range(width)) for y in range(height)
    )
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = [_chunk(b"IHDR", head), *([_chunk(b"teXt", more)] if more else []), _chunk(b"IDAT", zlib.compress(rows))]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts) + _chunk(b"IEND", b"")


def jpeg(size: int = 0) -> bytes:
    """A JPEG of one grey pixel; `size`: padded behind its end to so many bytes, as cameras do with their own parts."""
    head = bytes.fromhex(
        "ffd8ffe000104a46494600010100000100010000ffdb004300" + "01" * 64 + "ffc0000b080001000101011100ffc400140001"
        "0000000000000000000000000000000008ffc40014100100000000000000000000000000000000ffda0008010100003f00"
        "37ffd9"
    )
    return head + b"\0" * max(0, size - len(head))


def webp() -> bytes:
    """A lossless WebP of one pixel."""
    return bytes.fromhex("524946461a000000574542505650384c0d0000002f00000010071011118888fe0700")


def pdf(text: str = "Lineside") -> bytes:
    """A PDF of one page with one line."""
    stream = f"BT /F1 36 Tf 60 700 Td ({text}) Tj ET".encode("ascii")
    bodies = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out, places = bytearray(b"%PDF-1.4\n"), []
    for number, body in enumerate(bodies, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"xref\n0 6\n0000000000 65535 f \n" + table
    return bytes(out) + b"trailer << /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % out.index(b"xref\n0 6")
