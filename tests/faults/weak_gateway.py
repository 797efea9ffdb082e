"""`python -m tests.faults.weak_gateway CONFIG`: the production gateway, broken on purpose after its journal was opened.

With synchronous=NORMAL a commit is not flushed, so power cuts must lose what was beeped: the proof that the lab would
see a loss. The product has no such switch, and reads its setting back before this changes it.
"""

import sys
from pathlib import Path

from gateway.commands import checked
from gateway.main import Program


class WeakProgram(Program):
    """Beeps before the record is on the card."""

    def _open(self) -> None:
        super()._open()
        if self.journal.is_open:
            self.journal.connection.execute("PRAGMA synchronous=NORMAL")


if __name__ == "__main__":
    sys.exit(WeakProgram(checked(Path(sys.argv[1]))).run())
