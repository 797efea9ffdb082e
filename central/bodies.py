"""Reading a request's body with a bound, also where it is compressed: a small body must not unpack to a large one."""

import zlib

from flask import Request

from central.errors import BodyTooLarge, RequestRefused

PIECE_BYTES = 256 * 1024


def read_body(asked: Request, bytes_max: int) -> bytes:
    """The body after decompression. Raises BodyTooLarge and RequestRefused."""
    asked.max_content_length = bytes_max
    declared = asked.content_length
    if declared is not None and declared > bytes_max:
        raise BodyTooLarge(f"the body has {declared} bytes, at most {bytes_max} are taken")
    encoding = asked.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding == "identity":
        body: bytes = asked.get_data(cache=False)
        return body
    if encoding != "gzip":
        raise RequestRefused(f"content encoding {encoding[:32]!r} is not taken; gzip is")
    return _unpacked(asked.get_data(cache=False), bytes_max)


def _unpacked(packed: bytes, bytes_max: int) -> bytes:
    unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        body = unpacker.decompress(packed, bytes_max + 1)
    except zlib.error as fault:
        raise RequestRefused(f"the body is no gzip: {fault}") from None
    if len(body) > bytes_max or unpacker.unconsumed_tail:
        raise BodyTooLarge(f"the body unpacks to more than {bytes_max} bytes")
    if not unpacker.eof or unpacker.unused_data:
        raise RequestRefused("the compressed body is cut short or goes on behind its end")
    return body
