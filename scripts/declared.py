"""Print the sha256 of everything in pyproject.toml that decides the locks: dependencies, extras, groups, Python."""

import hashlib
import json
import sys
import tomllib
from pathlib import Path


def declared(pyproject: str) -> str:
    """The hex digest; two files that declare the same requirements give the same one."""
    table = tomllib.loads(pyproject)
    project = table["project"]
    parts = {
        "python": project["requires-python"],
        "dependencies": project["dependencies"],
        "extras": project["optional-dependencies"],
        "groups": table["dependency-groups"],
        "build": table["build-system"]["requires"],
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


if __name__ == "__main__":
    sys.stdout.write(declared((Path(__file__).parent.parent / "pyproject.toml").read_text("utf-8")) + "\n")
