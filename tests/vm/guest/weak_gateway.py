"""The gateway, broken on purpose after its journal was opened: with synchronous=NORMAL a commit is not flushed.

Power cuts must lose what this one says is kept; that proves that the harness would see a loss. The product has no such
switch, and reads its setting back before this changes it.
"""

import sys
from pathlib import Path

from gateway.commands import checked
from gateway.main import Program


class WeakProgram(Program):
    """Signals before the record is on the card."""

    def _open(self) -> None:
        super()._open()
        self.journal.connection.execute("PRAGMA synchronous=NORMAL")


if __name__ == "__main__":
    sys.exit(WeakProgram(checked(Path(sys.argv[1]))).run())
