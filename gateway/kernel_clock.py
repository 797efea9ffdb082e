"""The kernel's own word on its clock, through adjtimex(2)."""

import ctypes
import math

_STATUS_OFFSET = {8: 40, 4: 20}
"""Where `status` lies in struct timex: after modes, offset, freq, maxerror and esterror, by size of a long."""

_MAX_ERROR_OFFSET = {8: 24, 4: 12}
"""And `maxerror`, in microseconds: set by who keeps the clock, growing by 500 a second since."""

_UNSYNCHRONISED = 0x0040
"""STA_UNSYNC: the kernel's clock is not synchronised."""

_TIMEX_BYTES = 512
"""More than struct timex on any platform (208 bytes on 64 bits)."""


def error_bound() -> float:
    """Seconds that the wall clock is wrong by at most, as the kernel counts; infinite where nothing keeps it, or the
    call is refused."""
    libc = ctypes.CDLL(None, use_errno=True)
    buffer = ctypes.create_string_buffer(_TIMEX_BYTES)
    if libc.adjtimex(buffer) < 0:
        return math.inf
    size = ctypes.sizeof(ctypes.c_long)
    if ctypes.c_int.from_buffer(buffer, _STATUS_OFFSET[size]).value & _UNSYNCHRONISED:
        return math.inf
    return ctypes.c_long.from_buffer(buffer, _MAX_ERROR_OFFSET[size]).value / 1e6
