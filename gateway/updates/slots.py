"""The seam to what holds two releases and boots one of them: slots.

Pure: values and protocols. A new release is tried once; without `mark_good` the next boot is of the slot before it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from floor.versions import is_newer, version_key
from gateway.errors import BundleRefused


@dataclass(frozen=True, slots=True)
class SlotState:
    """What runs. `boot` is another text after each boot; `version` is that of the booted slot, empty when unknown.
    `on_trial`: the next boot is of the other slot, unless this one is marked good."""

    booted: str
    boot: str
    version: str
    compatible: str
    on_trial: bool = False


@dataclass(frozen=True, slots=True)
class BundleContent:
    """What a bundle's signed part says. `journal`: the journal's migrations that its release has; `additive`: those of
    them that a release without them can live with. None: the bundle does not say."""

    version: str
    compatible: str
    journal: tuple[str, ...] | None = None
    additive: tuple[str, ...] = ()


class Slots(Protocol):
    """Two slots. Methods may raise SlotBroken, which is tried again."""

    def state(self) -> SlotState:
        """What runs now."""

    def inspect(self, bundle: Path) -> BundleContent:
        """What the signed part says; the payload is not looked at. Raises BundleRefused for a wrong signature."""

    def install(self, bundle: Path) -> None:
        """Put it into the slot that does not run. Raises BundleRefused when the payload is not what was signed. What
        runs, and what boots next, stay as they are."""

    def restart(self, trial: bool) -> None:
        """Ask for a boot; returns at once. `trial`: of the other slot, once."""

    def mark_good(self) -> None:
        """The booted slot is what boots from now on. Idempotent."""

    def give_up(self) -> None:
        """The slot that does not run is not tried any more. Idempotent."""


def refuse_unfit(content: BundleContent, state: SlotState, migrations: Sequence[str]) -> None:
    """Raises BundleRefused for a bundle that must not be tried here. `migrations`: the running release's, of its
    journal."""
    if content.compatible != state.compatible:
        raise BundleRefused(f"the bundle is for {content.compatible!r}, this gateway is {state.compatible!r}")
    if version_key(content.version) is None:
        raise BundleRefused(f"{content.version!r} is no version")
    if version_key(state.version) is None:
        raise BundleRefused(f"release {state.version!r}, which runs, cannot be compared: write a new card")
    if not is_newer(content.version, state.version):
        raise BundleRefused(f"release {content.version} is not newer than {state.version}, which runs")
    if content.journal is None:
        raise BundleRefused("the bundle does not say which journal its release writes")
    lost = [each for each in migrations if each not in content.journal]
    if lost:
        raise BundleRefused(f"release {content.version} does not know this journal's {', '.join(lost)}")
    strange = [each for each in content.journal if each not in migrations and each not in content.additive]
    if strange:
        raise BundleRefused(
            f"release {content.version} changes the journal by {', '.join(strange)}, after which this release could "
            "not read it: there would be no way back"
        )
