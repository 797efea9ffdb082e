"""The test tiers and what each is for. Standard library only: scripts/test asks it before anything is installed.

A test belongs to the tier of its marker; without one it belongs to `default`. With two it belongs to the one that
stands later in the table.
"""

import sys

TIERS = {
    "default": "everything that is not marked otherwise; below 25 minutes on two cores; what a change must pass",
    "faults": "real processes killed, cut off and filled up, with their records compared afterwards",
    "simulation": "whole plants from seeds, with power cuts and lossy networks",
    "image": "builds the Pi image and looks inside it",
    "vm": "boots the image in an emulator, cuts its power, updates it",
    "nightly": "long runs of anything",
}
DEFAULT_TIER_MINUTES = 25
BUDGET_MINUTES = 80


def tier_of(markers: set[str]) -> str:
    """The tier of a test with these marker names."""
    return next((tier for tier in reversed(TIERS) if tier in markers), "default")


def refusal(name: str) -> str | None:
    """Why `name` is no tier, or None when it is one."""
    return None if name in TIERS else f"unknown tier {name!r}; there are: {', '.join(TIERS)}"


def main(arguments: list[str]) -> int:
    """Without arguments lists the tiers; with one exits 2 when it names no tier."""
    if not arguments:
        for name, meaning in TIERS.items():
            sys.stdout.write(f"{name:12} {meaning}\n")
        return 0
    reason = refusal(arguments[0])
    if reason is not None:
        sys.stderr.write(f"test: {reason}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
