"""`recorded.py RESULTS TARGET`: keep the newest complete result of the fault lab for the page that shows it."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path


def newest(results: Path) -> Path | None:
    """The result written last; of a changed tree none, since nobody could run it again."""
    found = [path for path in results.glob("faults-*.json") if not path.stem.endswith(("dirty", "nogit"))]
    return max(found, key=lambda path: path.stat().st_mtime, default=None)


def main(results: Path, target: Path) -> int:
    """0 when it was written, 1 with the reason when there is nothing worth keeping."""
    path = newest(results)
    if path is None:
        sys.stderr.write("record-faults: no result of a committed tree; run scripts/test --tier faults\n")
        return 1
    run = json.loads(path.read_text("utf-8"))
    if not run["complete"]:
        sys.stderr.write(f"record-faults: {path.name} is not complete; run scripts/test --tier faults again\n")
        return 1
    date = datetime.fromtimestamp(path.stat().st_mtime, UTC).date().isoformat()
    rows = sorted(run["rows"], key=lambda row: str(row["test"]))
    target.parent.mkdir(parents=True, exist_ok=True)
    content = {"commit": run["commit"], "date": date, "python": run["python"], "rows": rows}
    target.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", "utf-8")
    sys.stdout.write(f"{len(rows)} rows of {path.name} in {target.name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
