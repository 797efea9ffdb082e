"""One power-on of the lossy card: mounted for a `with` block, and unmounted whatever happens."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final, Self

from simulation.processes import Process, ProcessDied, wait_for

ANSWER_SECONDS_MAX: Final = 60.0


class LossyMount:
    """`image` is what the card holds, `mount` where it is seen. `cut` ends the power-on."""

    def __init__(self, image: Path, mount: Path, *options: str) -> None:
        self.image = image
        self.mount = mount
        self._folder = Path(tempfile.mkdtemp(prefix="lossy-"))
        self._address = self._folder / "control"
        command = [sys.executable, "-m", "simulation.lossyfs", str(image), str(mount), str(self._address), *options]
        self._process = Process("lossyfs", command, self._folder / "log")

    def __enter__(self) -> Self:
        self.image.mkdir(parents=True, exist_ok=True)
        self.mount.mkdir(parents=True, exist_ok=True)
        try:
            self._process.start()
            wait_for("the lossy card", self._is_mounted, step_seconds=0.005)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        # Lazily: a program that is still there must not keep the folder busy for ever.
        subprocess.run(["umount", "-l", self.mount], stderr=subprocess.DEVNULL, check=False)
        self._process.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def ask(self, cmd: str, **words: object) -> dict[str, Any]:
        """A command of simulation.lossyfs and its answer."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(ANSWER_SECONDS_MAX)
            connection.connect(str(self._address))
            connection.sendall((json.dumps({"cmd": cmd, **words}) + "\n").encode())
            answer: dict[str, Any] = json.loads(connection.makefile().readline())
        if "error" in answer:
            raise ProcessDied(str(answer["error"]))
        return answer

    def cut(self, policy: str, seed: int) -> dict[str, Any]:
        """The power goes. The survivors are in the image when this returns."""
        return self.ask("cut", policy=policy, seed=seed)

    def _is_mounted(self) -> bool:
        if not self._process.alive:
            raise ProcessDied(f"lossyfs ended with {self._process.code}:\n{self._process.tail()}")
        return os.path.ismount(self.mount) and self._address.exists()
