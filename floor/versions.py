"""Which of two releases is the newer one. Versions are numbers with dots, perhaps with a mark such as rc1."""

import re
from typing import Final

VERSION: Final = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,6}){0,3})(?:[.-]?(a|b|rc|dev)([0-9]{1,6}))?")
MARKS: Final = {"dev": 0, "a": 1, "b": 2, "rc": 3}
"""What stands before the release of the same numbers, in this order."""

Key = tuple[tuple[int, ...], int, int]


def version_key(version: str) -> Key | None:
    """What versions are compared by; None for a text that is no version."""
    found = VERSION.fullmatch(version)
    if found is None:
        return None
    numbers = [int(each) for each in found[1].split(".")]
    numbers += [0] * (4 - len(numbers))
    return tuple(numbers), MARKS.get(found[2] or "", len(MARKS)), int(found[3] or 0)


def is_newer(version: str, than: str) -> bool:
    """Whether `version` comes after `than`. A text that is no version is neither newer nor older than anything: who
    meets one says so, and does not take every other release for its successor."""
    one, other = version_key(version), version_key(than)
    return one is not None and other is not None and one > other
