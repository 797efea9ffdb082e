"""The key that judges the seals of this station's log, on its way to the office: told once, and then off the card.

Made at the first start by a unit of the image (image/root/usr/lib/lineside/seal). While it lies here, who has the card
could seal what was changed; so it goes as soon as the office has answered, and not before.
"""

import logging
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from gateway.durable import flush
from sync.wire import LogSealKey

log = logging.getLogger("lineside.log_seal")

FILE_NAME = "log-seal"
BYTES_MAX = 256
"""More than any key has; a file that is longer is no key."""


class LogSeal:
    """The file of the key in the gateway's folder, if there is one."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE_NAME
        self._told = ""

    def to_tell(self) -> str:
        """The key; empty when the office has it, or none was made here."""
        self._told = self._read()
        return self._told

    def was_told(self) -> None:
        """The office has what `to_tell` gave. Raises OSError."""
        if self._told:
            self._path.unlink(missing_ok=True)
            flush(self._path.parent)
            self._told = ""
            log.info("the key that judges the seals of the log is at the office, and off the card")

    def _read(self) -> str:
        try:
            with self._path.open("rb") as file:
                text = file.read(BYTES_MAX).decode("ascii", "replace").strip()
            return TypeAdapter(LogSealKey).validate_python(text)
        except FileNotFoundError:
            return ""
        except (OSError, ValidationError) as error:
            log.warning("the key of the log's seals cannot be read: %s", error)
            return ""
