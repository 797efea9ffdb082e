"""What the server's processes say of themselves: a line for a person, or an object for a program that reads logs."""

import json
import logging
from datetime import UTC, datetime

LINE = "%(levelname)s %(name)s: %(message)s"
MESSAGE_CHARACTERS_MAX = 8_000


class JsonLines(logging.Formatter):
    """One JSON object a line: time (RFC 3339, UTC), level, logger, message, and the traceback where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        """Never more than one line, whatever the message holds."""
        told = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage()[:MESSAGE_CHARACTERS_MAX],
        }
        if record.exc_info:
            told["traceback"] = self.formatException(record.exc_info)[-MESSAGE_CHARACTERS_MAX:]
        return json.dumps(told, ensure_ascii=False)


def begin_log(kind: str) -> None:
    """`kind`: text or json. To standard error, which systemd keeps."""
    to = logging.StreamHandler()
    to.setFormatter(JsonLines() if kind == "json" else logging.Formatter(LINE))
    logging.basicConfig(level=logging.INFO, handlers=[to])
    logging.getLogger("alembic").setLevel(logging.WARNING)
