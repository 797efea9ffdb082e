"""How long something has gone on, when the clock that counts begins anew with each boot (I9).

Pure: values in, values out.
"""

from dataclasses import dataclass

from floor.events import Instant


@dataclass(slots=True)
class Elapsed:
    """How long something has gone on, over reboots: `seconds` until boottime `since` of `boot`."""

    seconds: float = 0.0
    since: float = 0.0
    boot: str = ""
    uncertain: bool = False

    def at(self, last: Instant | None, now: Instant) -> "Elapsed":
        """What it comes to now. `last`: the last instant that is known of the boot it counts in.

        What passed since a boot began counts in any case; the gap before it by the wall clock, where both of its sides
        were synchronised, else as nothing (N03).
        """
        if now.boot == self.boot:
            return Elapsed(self.seconds + max(0.0, now.boottime - self.since), now.boottime, now.boot, self.uncertain)
        if last is None or last.boot != self.boot:
            return Elapsed(self.seconds + now.boottime, now.boottime, now.boot, uncertain=True)
        within = max(0.0, last.boottime - self.since)
        sure = last.synchronised and now.synchronised and now.wall >= last.wall
        gap = max(now.boottime, now.wall - last.wall) if sure else now.boottime
        return Elapsed(self.seconds + within + gap, now.boottime, now.boot, self.uncertain or not sure)
