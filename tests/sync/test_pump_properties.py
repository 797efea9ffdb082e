"""Whatever is lost, restored, swapped or restarted: what was kept arrives, once, and unchanged."""

from collections.abc import Callable

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from sync.limits import PumpLimits
from sync.memory import MemoryOffice, OfficeStream
from tests.sync.world import GATEWAY, World


class Plant(RuleBasedStateMachine):
    """Random faults; then the faults stop and the promise is checked."""

    @initialize(records_max=st.integers(1, 7), streams_max=st.integers(2, 50))
    def begin(self, records_max: int, streams_max: int) -> None:
        self.world = World(PumpLimits(records_max=records_max, streams_max=streams_max))
        self.copies: list[dict[str, dict[str, OfficeStream]]] = []
        self.swapped = False
        self.pruned: set[tuple[str, int]] = set()

    def _quietly(self, act: Callable[[], object]) -> None:
        before = self.world.card.kept()
        act()
        self.pruned |= before - self.world.card.kept()

    @rule(count=st.integers(1, 9))
    def scan(self, count: int) -> None:
        self.world.append(count)

    @rule()
    def restart_gateway(self) -> None:
        """What the main loop had not stored is forgotten with the process."""
        self.world.noted = len(self.world.inbox.reports)
        self.world.inbox.reports.clear()
        self.world.noted = 0
        self.world.pump = self.world.fresh_pump()
        self.world.card.start_epoch()

    @rule(fate=st.sampled_from(["pass", "lose_request", "lose_reply"]), seconds=st.sampled_from([0.0, 1.0, 70.0]))
    def run(self, fate: str, seconds: float) -> None:
        self.world.fate = fate  # type: ignore[assignment]
        self.world.run(seconds)

    @rule(stores=st.booleans())
    def slow_main_loop(self, stores: bool) -> None:
        self.world.stores = stores

    @rule()
    def prune(self) -> None:
        if not self.swapped:
            self._quietly(self.world.card.prune)

    @rule()
    def backup(self) -> None:
        self.copies.append(self.world.office.backup())

    @rule(data=st.data())
    def restore(self, data: st.DataObject) -> None:
        if self.copies:
            self.world.office.restore(data.draw(st.sampled_from(self.copies)))

    @rule()
    def swap_server(self) -> None:
        self.swapped = True
        self.copies.clear()
        self.world.exchange.office = self.world.office = MemoryOffice(f"{self.world.office.server}x")

    @invariant()
    def nothing_is_counted_twice_or_changed(self) -> None:
        if not hasattr(self, "world"):
            return
        made = {(each.epoch, each.seq): each.content for each in self.world.card.made()}
        held = self.world.office.held(GATEWAY)
        assert all(made[identity] == content for identity, content in held.items())
        assert not self.world.office.conflicts

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        self.world.fate, self.world.stores = "pass", True
        self.world.run(400.0)
        lost = self.world.missing_at_office()
        assert not lost & self.world.card.kept(), "a record on the card was never taken"
        declared = {
            (epoch, seq)
            for epoch, each in self.world.office.streams.get(GATEWAY, {}).items()
            for first, last in each.missing
            for seq in range(first, last + 1)
        }
        assert lost <= declared, "a record is lost without being declared"


TestPlant = Plant.TestCase
TestPlant.settings = settings(
    max_examples=60, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
