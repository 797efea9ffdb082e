"""The tables of the fleet: what update agents tell, releases, roll-outs, wished settings and diagnosis bundles.

Times are seconds since 1970 by the server's clock. JSON is kept as text.
"""

from sqlalchemy import Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from central.models import Table


def _plant() -> Mapped[str]:
    return mapped_column(String(32), primary_key=True, comment="plant id")


def _number(comment: str) -> Mapped[int]:
    return mapped_column(primary_key=True, autoincrement=False, comment=comment)


class FleetDevice(Table):
    """What a gateway's update agent told last, and what is asked of it."""

    __tablename__ = "fleet_device"
    __table_args__ = ({"comment": "One row for each gateway whose update agent has spoken."},)
    plant: Mapped[str] = _plant()
    gateway: Mapped[str] = mapped_column(primary_key=True)
    told_at: Mapped[float]
    release: Mapped[str] = mapped_column(comment="of the slot that runs")
    slot: Mapped[str] = mapped_column(comment="empty: it has none, and takes no releases")
    update_state: Mapped[str]
    update_rollout: Mapped[int] = mapped_column(comment="0: none, or one from a stick")
    update_version: Mapped[str]
    update_reason: Mapped[str]
    settings_number: Mapped[int] = mapped_column(comment="that it has looked at")
    settings_state: Mapped[str]
    settings_reason: Mapped[str]
    configuration: Mapped[str] = mapped_column(comment="its own file as JSON without secrets")
    configuration_digest: Mapped[str]
    diagnosis_asked: Mapped[int] = mapped_column(comment="number of the newest request; 0: none yet")
    diagnosis_asked_at: Mapped[float | None]
    diagnosis_asked_by: Mapped[str]
    diagnosis_came: Mapped[int] = mapped_column(comment="number of the newest bundle")
    diagnosis_came_at: Mapped[float | None]


class FleetLogSeal(Table):
    """A key that judges the seals of a station's log."""

    __tablename__ = "fleet_log_seal"
    __table_args__ = ({"comment": "Keys for journalctl --verify-key; the station has them no more."},)
    plant: Mapped[str] = _plant()
    gateway: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    told_at: Mapped[float]


class FleetRelease(Table):
    """A bundle that gateways can fetch."""

    __tablename__ = "fleet_release"
    __table_args__ = ({"comment": "Bundles in the server's folder of bundles, by their hash."},)
    plant: Mapped[str] = _plant()
    version: Mapped[str] = mapped_column(primary_key=True)
    sha256: Mapped[str]
    size: Mapped[int] = mapped_column(comment="bytes")
    added_at: Mapped[float]
    added_by: Mapped[str]


class Rollout(Table):
    """A release on its way over the fleet."""

    __tablename__ = "fleet_rollout"
    __table_args__ = ({"comment": "Roll-outs; at most one is not over."},)
    plant: Mapped[str] = _plant()
    number: Mapped[int] = _number("counts from 1")
    version: Mapped[str]
    sha256: Mapped[str]
    size: Mapped[int]
    state: Mapped[str] = mapped_column(comment="central/rollout_states.py")
    stage: Mapped[str] = mapped_column(comment="canary, part, all")
    stage_since: Mapped[float | None] = mapped_column(comment="since when every one of the stage is good")
    failures_max: Mapped[int] = mapped_column(Integer, comment="with one more it stops")
    soak_seconds: Mapped[float] = mapped_column(comment="a stage is good for so long before the next one")
    window_from: Mapped[int | None] = mapped_column(Integer, comment="minute of the plant's day; null: any time")
    window_until: Mapped[int | None] = mapped_column(Integer)
    line: Mapped[str] = mapped_column(comment="empty: every line")
    made_at: Mapped[float]
    made_by: Mapped[str]
    ended_at: Mapped[float | None]
    reason: Mapped[str]


class RolloutMember(Table):
    """A gateway of a roll-out."""

    __tablename__ = "fleet_rollout_member"
    plant: Mapped[str] = _plant()
    number: Mapped[int] = _number("fleet_rollout.number")
    gateway: Mapped[str] = mapped_column(primary_key=True)
    stage: Mapped[str] = mapped_column(comment="canary, part, all: when it is its turn")
    state: Mapped[str] = mapped_column(comment="waiting, or what its agent says; good, returned and refused are ends")
    reason: Mapped[str]
    offered_at: Mapped[float | None]
    changed_at: Mapped[float]
    __table_args__ = (
        Index("fleet_rollout_member_gateway", "plant", "gateway", "number"),
        {"comment": "Who takes part in a roll-out, in which stage, and what became of it."},
    )


class WishedSettings(Table):
    """Settings that go over gateways' own files."""

    __tablename__ = "fleet_settings"
    __table_args__ = ({"comment": "Settings as they were published; never changed."},)
    plant: Mapped[str] = _plant()
    number: Mapped[int] = _number("counts from 1; a newer one takes the place of an older one as a whole")
    settings: Mapped[str] = mapped_column(comment="JSON: a part of the tables of gateway.toml")
    note: Mapped[str]
    made_at: Mapped[float]
    made_by: Mapped[str]


class SettingsTarget(Table):
    """A gateway for which settings were published."""

    __tablename__ = "fleet_settings_target"
    plant: Mapped[str] = _plant()
    number: Mapped[int] = _number("fleet_settings.number")
    gateway: Mapped[str] = mapped_column(primary_key=True)
    before: Mapped[int] = mapped_column(comment="the number that was wished before; 0: none")
    state: Mapped[str] = mapped_column(comment="published, waiting, trying, applied, refused")
    reason: Mapped[str]
    changed_at: Mapped[float]
    __table_args__ = (
        Index("fleet_settings_target_gateway", "plant", "gateway", "number"),
        {"comment": "What became of settings at each gateway; the newest number of a gateway is wished."},
    )
