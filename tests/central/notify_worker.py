"""A worker process for tests: `python -m tests.central.notify_worker FOLDER DATABASE AHEAD ANSWER`.

The real worker over a channel `chat` that writes each key to the file `sent` and then answers ANSWER, or for `hang`
never. AHEAD: seconds that its clock is ahead.
"""

import sys
import threading
import time
from pathlib import Path
from typing import Any

from central.channels.port import Address, Message, Outcome
from central.config import CentralConfig
from central.ending import Ending
from central.opening import open_database
from central.work import Worker, pumps_of

STEP_SECONDS = 0.05


class FileChannel:
    """Says in a file what it was asked to send."""

    kind = "file"
    repeats_safely = False

    def __init__(self, path: Path, answer: Any) -> None:
        self._path = path
        self._answer = answer

    def send(self, message: Message, address: Address) -> Outcome:
        with self._path.open("a") as file:
            file.write(message.key + "\n")
        if self._answer == "hang":
            threading.Event().wait(3_600)
        return Outcome(self._answer, "0", "ok")


def main() -> None:
    folder, url, ahead, answer = sys.argv[1:]
    config = CentralConfig.model_validate({"folder": folder, "database": url, "port": 0})
    database = open_database(config)
    channel = FileChannel(Path(folder) / "sent", answer)
    worker = Worker(database, pumps_of(database, config, {"chat": channel}), f"worker {ahead}")
    pause = Ending()
    while True:
        worker.step(time.time() + float(ahead))
        if pause.wait(STEP_SECONDS):
            break
    worker.close(time.time() + float(ahead))
    database.close()


if __name__ == "__main__":
    main()
