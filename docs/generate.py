"""Writes the generated pages of docs/ from the code; with --check says which are out of date and writes nothing."""

import argparse
import difflib
import re
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from docs.sources import (  # noqa: E402
    architecture,
    commands,
    configuration,
    enrolment,
    error_proofing,
    errors,
    events,
    gallery,
    limits,
    notifications,
    reliability,
    retention,
    rights,
    tasks,
)

# Pages written by hand with blocks that are filled in.
FILLED = {
    "docs/architecture.md": architecture.blocks,
    "docs/central.md": retention.blocks,
    "docs/enrolment.md": enrolment.blocks,
    "docs/notifications.md": notifications.blocks,
    "docs/reliability.md": reliability.blocks,
    "docs/rights.md": rights.blocks,
    "docs/station-rules.md": error_proofing.blocks,
    "docs/tasks.md": tasks.blocks,
}
# Folders whose every file is generated: what the code no longer has is taken away.
WHOLE_FOLDERS = ("docs/schemas",)
DIFF_LINES_MAX = 40


def filled(text: str, blocks: dict[str, str]) -> str:
    """The page with the content of each `<!-- generated: NAME -->` ... `<!-- end -->` replaced. Unknown names raise."""

    def put(found: re.Match[str]) -> str:
        return f"<!-- generated: {found.group(1)} -->\n\n{blocks[found.group(1)].strip()}\n\n<!-- end -->"

    return re.sub(r"<!-- generated: ([^>]+?) -->.*?<!-- end -->", put, text, flags=re.DOTALL)


def generated() -> dict[str, str]:
    """The text of every generated page by its path in the checkout."""
    pages: dict[str, str] = {}
    for source in (configuration, events, errors, limits, commands, gallery):
        pages |= source.pages()
    for path, blocks in FILLED.items():
        handwritten = ROOT / path
        if handwritten.is_file():
            pages[path] = filled(handwritten.read_text("utf-8"), blocks())
    return pages


def leftovers(pages: dict[str, str]) -> list[str]:
    """Files in generated folders that no page stands for any more."""
    present = (
        path.relative_to(ROOT).as_posix() for folder in WHOLE_FOLDERS for path in sorted((ROOT / folder).glob("*"))
    )
    return [path for path in present if path not in pages]


def stale(pages: dict[str, str]) -> dict[str, str]:
    """What is out of date: path -> the text that is there now."""
    now = {path: (ROOT / path).read_text("utf-8") if (ROOT / path).is_file() else "" for path in pages}
    return {path: text for path, text in now.items() if text != pages[path]}


def check(pages: dict[str, str]) -> int:
    old = stale(pages)
    for path, text in old.items():
        print(f"{path} is out of date: run docs/generate.py", file=sys.stderr)
        lines = list(
            difflib.unified_diff(text.splitlines(), pages[path].splitlines(), "written", "code", lineterm="", n=0)
        )
        print("\n".join(lines[:DIFF_LINES_MAX]), file=sys.stderr)
    extra = leftovers(pages)
    for path in extra:
        print(f"{path} stands for nothing in the code any more: run docs/generate.py", file=sys.stderr)
    return 1 if old or extra else 0


def write(pages: dict[str, str]) -> int:
    for path in stale(pages):
        (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / path).write_text(pages[path], "utf-8")
        print(f"wrote {path}")
    for path in leftovers(pages):
        (ROOT / path).unlink()
        print(f"removed {path}")
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only say what is out of date")
    pages = generated()
    return check(pages) if parser.parse_args().check else write(pages)


if __name__ == "__main__":
    sys.exit(main())
