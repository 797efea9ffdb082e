"""What `lineside simulate --result FILE` found, kept for docs/reliability.md.

`python -m tests.simulation.results FILE...` adds each file to docs/reliability/simulation.json: days as a slice of
seeds, a run with a planted bug as that bug with the days it took. A slice that was continued takes its own place.
"""

import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
RECORDED = ROOT / "docs/reliability/simulation.json"
COUNTS = ("days", "inputs", "acknowledged", "faults", "boots", "records")


def slice_of(result: dict[str, Any]) -> dict[str, Any]:
    """One result as the page keeps it."""
    seeds = {"commit": result["commit"], "first_seed": result["first_seed"], "last_seed": result["next_seed"] - 1}
    return {**seeds, **{key: result[key] for key in COUNTS}, "violations": len(result["failed"])}


def added(recorded: dict[str, Any], result: dict[str, Any]) -> dict[str, Any]:
    """With one more result. Raises ValueError where seeds were lived by another slice already."""
    if result["planted"]:
        found = {"bug": result["planted"], "days": result["days"], "found": bool(result["failed"])}
        kept = [each for each in recorded["mutants"] if each["bug"] != found["bug"]]
        return {**recorded, "mutants": sorted([*kept, found], key=lambda each: str(each["bug"]))}
    new = slice_of(result)
    others = [each for each in recorded["slices"] if each["first_seed"] != new["first_seed"]]
    for each in others:
        if each["first_seed"] <= new["last_seed"] and new["first_seed"] <= each["last_seed"]:
            raise ValueError(f"seeds {new['first_seed']} to {new['last_seed']} overlap with {each['first_seed']}")
    return {**recorded, "slices": sorted([*others, new], key=lambda each: int(each["first_seed"]))}


def main(paths: list[Path]) -> int:
    """Record the files."""
    recorded = json.loads(RECORDED.read_text("utf-8")) if RECORDED.exists() else {"slices": [], "mutants": []}
    for path in paths:
        recorded = added(recorded, json.loads(path.read_text("utf-8")))
    RECORDED.parent.mkdir(exist_ok=True)
    RECORDED.write_text(json.dumps(recorded, indent=1) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main([Path(each) for each in sys.argv[1:]]))
