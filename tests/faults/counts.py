"""How often a fault is given: a named count for each, which a quick run of one's own may scale down."""

import os

PART = float(os.environ.get("LINESIDE_FAULTS_PART", "1"))
"""0.02 runs a fiftieth of everything: for a developer's look, never for a record."""


def times(whole: int) -> int:
    """So many cycles, at least one."""
    return max(1, round(whole * PART))
