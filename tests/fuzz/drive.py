"""One target under the coverage-guided fuzzer: `python -m tests.fuzz.drive TARGET FOLDER [libFuzzer options]`.

FOLDER holds the inputs to begin with and gets those that reached something new. The process ends with another code than
0 where a target raised, and leaves the input as a file `crash-...` in its own folder (`-artifact_prefix=`).
"""

import sys

import atheris

with atheris.instrument_imports(include=["devices", "floor", "gateway", "sync", "tests.fuzz.targets"]):
    from tests.fuzz import targets


def main(name: str, options: list[str]) -> None:
    """Fuzz until the options say enough."""
    target = targets.planted if name == "planted" else targets.TARGETS[name]
    atheris.Setup([sys.argv[0], *options], target)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
