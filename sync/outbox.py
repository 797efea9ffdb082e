"""Reports that wait for room in the main loop's inbox. Pure."""

from collections import deque

from sync.errors import PortMisused
from sync.limits import PENDING_REPORTS_MAX
from sync.ports import PositionMoved, Post, Report, SinkState


class Outbox:
    """Keeps the order of reports while the inbox is full. Of states and positions only the newest one waits.

    Who tells more while `flush` says False would fill it: pumps stop first, so reaching the bound is a fault.
    """

    def __init__(self, post: Post) -> None:
        self._post = post
        self._waiting: deque[Report] = deque()

    def tell(self, report: Report) -> None:
        """Post it now or with the next `flush`."""
        if isinstance(report, SinkState | PositionMoved):
            self._waiting = deque(each for each in self._waiting if type(each) is not type(report))
        if len(self._waiting) >= PENDING_REPORTS_MAX:
            raise PortMisused("more reports were told than the inbox took")
        self._waiting.append(report)
        self.flush()

    def flush(self) -> bool:
        """Whether nothing waits any more."""
        while self._waiting:
            if not self._post(self._waiting[0]):
                return False
            self._waiting.popleft()
        return True

    @property
    def empty(self) -> bool:
        """Whether every report was taken."""
        return not self._waiting
