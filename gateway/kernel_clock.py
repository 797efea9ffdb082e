"""The kernel's own word on its clock, through adjtimex(2)."""

import ctypes

_STATUS_OFFSET = {8: 40, 4: 20}
"""Where `status` lies in struct timex: after modes, offset, freq, maxerror and esterror, by size of a long."""

_TIMEX_BYTES = 512
"""More than struct timex on any platform (208 bytes on 64 bits)."""


def adjtimex_status() -> int:
    """The status word of adjtimex(2); the unsynchronised bit alone where the call is refused."""
    libc = ctypes.CDLL(None, use_errno=True)
    buffer = ctypes.create_string_buffer(_TIMEX_BYTES)
    if libc.adjtimex(buffer) < 0:
        return 0x0040
    return ctypes.c_int.from_buffer(buffer, _STATUS_OFFSET[ctypes.sizeof(ctypes.c_long)]).value
