"""What the power cuts of this commit came to: a row for each program, in results/ and, when recorded, in the docs.

`python -m tests.vm.results` copies the rows of this commit to docs/reliability/vm.json.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

from tests.tier_run import commit_name
from tests.vm.guest_image import ROOT
from tests.vm.power_cuts import Ledger

RECORDED = ROOT / "docs/reliability/vm.json"


def result_path(commit: str) -> Path:
    """Where the rows of a commit go."""
    return ROOT / "results" / f"vm-power-cuts-{commit}.json"


def row_of(ledger: Ledger, outcome: str, expected_loss: bool) -> dict[str, Any]:
    """A campaign as one row."""
    return {
        "fault": f"power cut of a virtual machine, {ledger.program} gateway",
        "count": len(ledger.rows),
        "acknowledged": len(ledger.acknowledged),
        "lost": sum(row.lost for row in ledger.rows),
        "doubled": sum(row.doubled for row in ledger.rows),
        "recoveries": sum(row.recovered for row in ledger.rows),
        "outcome": outcome,
        "expected_loss": expected_loss,
        "seconds": round(sum(row.seconds for row in ledger.rows), 1),
    }


def write_row(ledger: Ledger, outcome: str, expected_loss: bool) -> None:
    """Put the row beside those of the other programs on the same commit."""
    path = result_path(ledger.commit)
    path.parent.mkdir(exist_ok=True)
    row = row_of(ledger, outcome, expected_loss)
    before = json.loads(path.read_text("utf-8"))["rows"] if path.exists() else []
    rows = [each for each in before if each["fault"] != row["fault"]]
    content = {
        "commit": ledger.commit,
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "accelerator": ledger.accelerator,
        "rows": [*rows, row],
    }
    path.write_text(json.dumps(content, indent=1) + "\n", "utf-8")


def main() -> int:
    """Record the rows of this commit."""
    commit = commit_name(ROOT)
    path = result_path(commit)
    if commit.endswith("dirty") or not path.exists():
        sys.stderr.write(f"results: there is no run of {commit}; scripts/test --tier vm makes one\n")
        return 1
    RECORDED.parent.mkdir(exist_ok=True)
    RECORDED.write_text(path.read_text("utf-8"), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
