"""Acts of threads that wait for their turn to write share one transaction: a group commit.

Two hundred gateways each send their last record alone. A transaction for each would wait for a turn and for a flush of
its own; here whoever has the turn does what the others wait for as well.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from central.errors import DatabaseCorrupt, DatabaseUnreachable
from central.limits import TOGETHER_SECONDS_MAX

Result = TypeVar("Result")


@dataclass(slots=True, eq=False)
class _Act:
    """One that waits. `woken`: it is over, or it is the one to lead."""

    run: Callable[[Session], Any]
    woken: threading.Event = field(default_factory=threading.Event)
    is_done: bool = False
    result: Any = None
    fault: Exception | None = None

    def is_over(self) -> bool:
        return self.is_done or self.fault is not None


class Together:
    """`write`: begins a session that writes, and commits at its end."""

    def __init__(self, write: Callable[[], AbstractContextManager[Session]]) -> None:
        self._write = write
        self._guard = threading.Lock()
        self._waiting: deque[_Act] = deque()
        self._is_led = False

    def do(self, run: Callable[[Session], Result]) -> Result:
        """What `run` returns, after the commit of what it wrote.

        It may run in another thread, and once more where one beside it failed: each is then done alone. Raises what
        `run` raises, and DatabaseUnreachable.
        """
        act = _Act(run)
        with self._guard:
            self._waiting.append(act)
            leads, self._is_led = not self._is_led, True
        if not leads:
            act.woken.wait()
        if not act.is_over():
            self._lead()
        if act.fault is not None:
            raise act.fault
        result: Result = act.result
        return result

    def _lead(self) -> None:
        """One group, with the act of this thread first. Whoever came meanwhile leads the next one, so that nobody works
        for the others without an end."""
        group = [self._next()]
        try:
            self._work(group)
        finally:
            with self._guard:
                self._is_led = bool(self._waiting)
                following = [self._waiting[0]] if self._waiting else []
            for act in group:
                if not act.is_over():
                    act.fault = DatabaseUnreachable("the server ended before this was written")
            for act in (*group, *following):
                act.woken.set()

    def _next(self) -> _Act:
        with self._guard:
            return self._waiting.popleft()

    def _work(self, group: list[_Act]) -> None:
        try:
            with self._write() as session:
                self._run(session, group)
        except (DatabaseUnreachable, DatabaseCorrupt) as fault:
            # Those who wait would each wait as long for the same.
            with self._guard:
                group += self._waiting
                self._waiting.clear()
            for act in group:
                act.fault = type(fault)(*fault.args)
        except Exception:
            for act in group:
                self._alone(act)
        else:
            for act in group:
                act.is_done = True

    def _run(self, session: Session, group: list[_Act]) -> None:
        group[0].result = group[0].run(session)
        # From here on: the first act may have waited for the lock of another process.
        until = time.monotonic() + TOGETHER_SECONDS_MAX
        while self._waiting and time.monotonic() < until:
            session.flush()
            # The next one reads what the database says, not what the one before had in its hands.
            session.expire_all()
            group.append(self._next())
            group[-1].result = group[-1].run(session)

    def _alone(self, act: _Act) -> None:
        try:
            with self._write() as session:
                act.result = act.run(session)
            act.is_done = True
        except Exception as fault:
            act.fault = fault
