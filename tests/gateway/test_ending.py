"""A signal that arrives at the worst moment: after the loop looked for items, before it waits for one."""

import signal
import subprocess
import sys

LATE = """
import os, signal, sys
from gateway.ending import on_end_signal
from gateway.inbox import Inbox

inbox = Inbox()
on_end_signal(inbox.put)
wait = inbox._changed.wait

def late(timeout=None):
    os.kill(os.getpid(), signal.{name})
    return wait(timeout)

inbox._changed.wait = late
print(inbox.take(1, None))
"""

RAISED = """
import os, signal, threading
from central.ending import Ended, RaisedEnding

first = threading.Event()
RaisedEnding(first.set)
try:
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait()
except Ended:
    print(first.wait(20))
"""

ASKED = """
import os, signal
from central.ending import Ending

ending = Ending()
print(ending.wait(0))
os.kill(os.getpid(), signal.SIGTERM)
os.kill(os.getpid(), signal.SIGINT)
print(ending.wait(), ending.wait(0))
"""


def output(program: str) -> list[str]:
    """What it prints; a program that waits for ever is ended and fails the test."""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.split()


def test_a_signal_between_look_and_wait_is_heard() -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        assert output(LATE.format(name=number.name)) == [f"['{number.name}']"]


def test_the_office_remembers_that_it_was_asked() -> None:
    assert output(ASKED) == ["False", "True", "True"]


def test_the_office_closes_its_live_pages_and_ends() -> None:
    assert output(RAISED) == ["True"]
