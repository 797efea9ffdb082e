"""Two network namespaces of our own joined by a pair of virtual links: a gateway in one, the server in the other.

Every rule and link lives inside them, so removing them takes all of it away; no address of the machine is touched.
"""

import os
import subprocess
from typing import ClassVar


class Namespaces:
    """`at_gateway` and `at_office` go before a command that is to run there."""

    GATEWAY: ClassVar = "192.0.2.1"
    OFFICE: ClassVar = "192.0.2.2"

    def __init__(self) -> None:
        name = f"ls{os.getpid() % 100_000}"
        self._near, self._far = f"{name}g", f"{name}o"
        self.at_gateway = ("ip", "netns", "exec", self._near)
        self.at_office = ("ip", "netns", "exec", self._far)

    def make(self) -> None:
        """Both, joined and up."""
        self._ip("netns", "add", self._near)
        self._ip("netns", "add", self._far)
        self._ip(*f"link add near netns {self._near} type veth peer name far netns {self._far}".split())
        for space, link, address in ((self._near, "near", self.GATEWAY), (self._far, "far", self.OFFICE)):
            self._ip("-n", space, "addr", "add", f"{address}/24", "dev", link)
            self._ip("-n", space, "link", "set", link, "up")
            self._ip("-n", space, "link", "set", "lo", "up")

    def remove(self) -> None:
        """With all links and rules in them."""
        for space in (self._near, self._far):
            subprocess.run(["ip", "netns", "del", space], check=False, capture_output=True)

    def link_down(self) -> None:
        """The cable is pulled at the server's side."""
        self._ip("-n", self._far, "link", "set", "far", "down")

    def link_up(self) -> None:
        """And put in again."""
        self._ip("-n", self._far, "link", "set", "far", "up")

    def drop_at_gateway(self) -> None:
        """What the gateway sends arrives; what comes back does not."""
        self._filter(self.at_gateway, "drop")

    def drop_at_office(self) -> None:
        """What the gateway sends does not arrive."""
        self._filter(self.at_office, "drop")

    def reset_at_office(self) -> None:
        """Whatever the gateway sends is answered by a reset."""
        self._filter(self.at_office, "reject with tcp reset")

    def let_pass(self) -> None:
        """No rule is left."""
        for place in (self.at_gateway, self.at_office):
            self._run(*place, "nft", "flush", "ruleset")

    def _filter(self, place: tuple[str, ...], verdict: str) -> None:
        rules = (
            "add table inet lab; add chain inet lab in { type filter hook input priority 0; };"
            f" add rule inet lab in meta l4proto tcp {verdict}"
        )
        self._run(*place, "nft", rules)

    def _ip(self, *words: str) -> None:
        self._run("ip", *words)

    @staticmethod
    def _run(*command: str) -> None:
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        assert done.returncode == 0, f"{command}: {done.stderr}"
