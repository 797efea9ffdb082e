"""SIGTERM and SIGINT become one call, from a thread that waits for them.

A Python signal handler runs between two steps of the main thread. One that hands something to the inbox there may do so
after the loop has looked for items and before it waits: the loop then waits for a message that has already come.
"""

import signal
import threading
from collections.abc import Callable

END_SIGNALS = frozenset({signal.SIGTERM, signal.SIGINT})


def on_end_signal(tell: Callable[[str], object]) -> None:
    """From now on `tell` gets the signal's name, in a thread of its own. Before any other thread is started: they take
    over that the signals are not theirs."""
    signal.pthread_sigmask(signal.SIG_BLOCK, END_SIGNALS)

    def wait() -> None:
        while True:
            tell(signal.Signals(signal.sigwait(END_SIGNALS)).name)

    threading.Thread(target=wait, name="signals", daemon=True).start()
