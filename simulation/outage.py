"""An outage that one can toggle: real sockets are closed in proxies between the gateway, the broker and the server."""

import select
import sys
import threading

import click

from simulation.plant import Plant


class Outage:
    """Enter on the terminal cuts the network, Enter again heals it."""

    def __init__(self, plant: Plant) -> None:
        self._plant = plant
        self._stopping = threading.Event()
        self._cut = False
        self._thread = threading.Thread(target=self._listen, name="outage", daemon=True)

    def start(self) -> None:
        """Listen for Enter, where there is a terminal."""
        if sys.stdin.isatty():
            click.echo("  Enter cuts the network between gateway and office; Enter again heals it.")
            self._thread.start()

    def stop(self) -> None:
        """Stop listening."""
        self._stopping.set()

    def toggle(self) -> bool:
        """Cut or heal; True when it is cut now."""
        self._cut = not self._cut
        for proxy in self._plant.proxies:
            if self._cut:
                proxy.cut()
            else:
                proxy.heal()
        return self._cut

    def _listen(self) -> None:
        while not self._stopping.is_set():
            ready, _, _ = select.select([sys.stdin], [], [], 0.5)
            if ready and sys.stdin.readline():
                cut = self.toggle()
                click.echo("network cut: stations go on alone" if cut else "network healed: everything arrives once")
