"""What everything that holds slots must do. A bench brings slots, a boot, and bundles; a machine brings RAUC."""

from dataclasses import replace
from pathlib import Path
from typing import Protocol

import pytest

from gateway.errors import BundleRefused, SlotBroken
from gateway.updates.slots import Slots, refuse_unfit


class SlotBench(Protocol):
    """A machine with two slots, of which release 1.0 runs in the first."""

    @property
    def slots(self) -> Slots: ...

    def bundle(self, version: str, fault: str = "") -> Path:
        """A bundle; `fault`: signature, payload, cut, compatible, silent (says nothing of the journal)."""

    def boot(self) -> None:
        """What was asked for happens; without a request a plain boot, as after a power cut."""


class SlotContract:
    """Inherit, and give the fixture `bench`."""

    def test_a_release_is_tried_once_and_a_cut_brings_the_old_one_back(self, bench: SlotBench) -> None:
        first = bench.slots.state()
        bench.slots.install(bench.bundle("2.0"))
        assert bench.slots.state() == first, "installing changes nothing of what runs"
        bench.slots.restart(trial=True)
        bench.boot()
        second = bench.slots.state()
        assert (second.booted, second.version) != (first.booted, first.version)
        assert second.version == "2.0"
        assert second.boot != first.boot
        assert (first.on_trial, second.on_trial) == (False, True)
        bench.boot()
        assert bench.slots.state().booted == first.booted, "nobody said that it is good"

    def test_a_release_that_is_good_stays(self, bench: SlotBench) -> None:
        bench.slots.install(bench.bundle("2.0"))
        bench.slots.restart(trial=True)
        bench.boot()
        bench.slots.mark_good()
        bench.slots.mark_good()
        assert not bench.slots.state().on_trial
        for _ in range(2):
            bench.boot()
            assert bench.slots.state().version == "2.0"

    def test_the_other_slot_is_used_next_time(self, bench: SlotBench) -> None:
        for version in ("2.0", "3.0"):
            bench.slots.install(bench.bundle(version))
            bench.slots.restart(trial=True)
            bench.boot()
            bench.slots.mark_good()
        assert bench.slots.state().version == "3.0"
        bench.slots.install(bench.bundle("4.0"))
        bench.boot()
        assert bench.slots.state().version == "3.0", "a boot that nobody asked to be a trial is none"

    def test_what_was_given_up_is_not_tried(self, bench: SlotBench) -> None:
        bench.slots.install(bench.bundle("2.0"))
        bench.slots.give_up()
        bench.slots.give_up()
        bench.boot()
        assert bench.slots.state().version == "1.0"

    def test_a_trial_that_came_back_can_be_given_up_and_another_one_tried(self, bench: SlotBench) -> None:
        bench.slots.install(bench.bundle("2.0"))
        bench.slots.restart(trial=True)
        bench.boot()
        bench.boot()
        bench.slots.give_up()
        bench.boot()
        assert bench.slots.state().version == "1.0"
        bench.slots.install(bench.bundle("3.0"))
        bench.slots.restart(trial=True)
        bench.boot()
        assert bench.slots.state().version == "3.0"

    @pytest.mark.parametrize("fault", ["signature", "cut"])
    def test_what_is_not_signed_or_not_whole_is_refused_before_anything(self, bench: SlotBench, fault: str) -> None:
        bundle = bench.bundle("2.0", fault)
        with pytest.raises(BundleRefused):
            bench.slots.inspect(bundle)
        with pytest.raises((BundleRefused, SlotBroken)):
            bench.slots.install(bundle)
        bench.boot()
        assert bench.slots.state().version == "1.0"

    def test_a_payload_that_is_not_what_was_signed_never_runs(self, bench: SlotBench) -> None:
        """RAUC's look at a bundle does not see it; its install does."""
        with pytest.raises((BundleRefused, SlotBroken)):
            bench.slots.install(bench.bundle("2.0", "payload"))
        bench.boot()
        assert bench.slots.state().version == "1.0"

    def test_what_does_not_fit_is_refused_by_what_is_signed(self, bench: SlotBench) -> None:
        state = bench.slots.state()
        known = bench.slots.inspect(bench.bundle("2.0")).journal
        assert known
        for version, fault, word in (
            ("1.0", "", "not newer"),
            ("0.9", "", "not newer"),
            ("2.0", "compatible", "this gateway is"),
            ("2.0", "silent", "which journal"),
        ):
            with pytest.raises(BundleRefused, match=word):
                refuse_unfit(bench.slots.inspect(bench.bundle(version, fault)), state, known)
        refuse_unfit(bench.slots.inspect(bench.bundle("2.0")), state, known)
        for version in ("", "0.4.0+3"):
            with pytest.raises(BundleRefused, match="cannot be compared"):
                refuse_unfit(bench.slots.inspect(bench.bundle("2.0")), replace(state, version=version), known)
