"""Key codes by the kernel's names for them, from the library's own table."""

from __future__ import annotations

from devices.evdev_library import ecodes


def key_code(name: str) -> int:
    """The code of a key or button, as KEY_F1 or BTN_0. Raises ValueError when the kernel has none of that name."""
    code = ecodes.ecodes.get(name, 0) if name.startswith(("KEY_", "BTN_")) else 0
    # The table of keys leaves out KEY_MAX and KEY_CNT, which are counts; KEY_RESERVED is never sent.
    if not code or code not in ecodes.keys:
        raise ValueError(f"unknown key {name!r}")
    return int(code)


def key_name(code: int) -> str:
    """The kernel's name of a key, as KEY_F1; its number where it has none."""
    found = ecodes.keys.get(code, str(code))
    return str(found if isinstance(found, str) else found[0])
