"""The fleet: agents, releases, roll-outs, settings"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """What update agents tell, and what is wished of them."""
    op.create_table(
        "fleet_device",
        sa.Column("plant", sa.String(32), nullable=False, comment="plant id"),
        sa.Column("gateway", sa.Text(), nullable=False),
        sa.Column("told_at", sa.Double(), nullable=False),
        sa.Column("release", sa.Text(), nullable=False, comment="of the slot that runs"),
        sa.Column("slot", sa.Text(), nullable=False, comment="empty: it has none, and takes no releases"),
        sa.Column("update_state", sa.Text(), nullable=False),
        sa.Column("update_rollout", NUMBER, nullable=False, comment="0: none, or one from a stick"),
        sa.Column("update_version", sa.Text(), nullable=False),
        sa.Column("update_reason", sa.Text(), nullable=False),
        sa.Column("settings_number", NUMBER, nullable=False, comment="that it has looked at"),
        sa.Column("settings_state", sa.Text(), nullable=False),
        sa.Column("settings_reason", sa.Text(), nullable=False),
        sa.Column("configuration", sa.Text(), nullable=False, comment="its own file as JSON without secrets"),
        sa.Column("configuration_digest", sa.Text(), nullable=False),
        sa.Column("diagnosis_asked", NUMBER, nullable=False, comment="number of the newest request; 0: none yet"),
        sa.Column("diagnosis_asked_at", sa.Double(), nullable=True),
        sa.Column("diagnosis_asked_by", sa.Text(), nullable=False),
        sa.Column("diagnosis_came", NUMBER, nullable=False, comment="number of the newest bundle"),
        sa.Column("diagnosis_came_at", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("plant", "gateway"),
        comment="One row for each gateway whose update agent has spoken.",
    )
    op.create_table(
        "fleet_release",
        sa.Column("plant", sa.String(32), nullable=False, comment="plant id"),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size", NUMBER, nullable=False, comment="bytes"),
        sa.Column("added_at", sa.Double(), nullable=False),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("plant", "version"),
        comment="Bundles in the server's folder of bundles, by their hash.",
    )
    op.create_table(
        "fleet_rollout",
        sa.Column("plant", sa.String(32), nullable=False, comment="plant id"),
        sa.Column("number", NUMBER, autoincrement=False, nullable=False, comment="counts from 1"),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size", NUMBER, nullable=False),
        sa.Column("state", sa.Text(), nullable=False, comment="central/rollout_states.py"),
        sa.Column("stage", sa.Text(), nullable=False, comment="canary, part, all"),
        sa.Column("stage_since", sa.Double(), nullable=True, comment="since when every one of the stage is good"),
        sa.Column("failures_max", sa.Integer(), nullable=False, comment="with one more it stops"),
        sa.Column(
            "soak_seconds", sa.Double(), nullable=False, comment="a stage is good for so long before the next one"
        ),
        sa.Column("window_from", sa.Integer(), nullable=True, comment="minute of the plant's day; null: any time"),
        sa.Column("window_until", sa.Integer(), nullable=True),
        sa.Column("line", sa.Text(), nullable=False, comment="empty: every line"),
        sa.Column("made_at", sa.Double(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.Double(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("plant", "number"),
        comment="Roll-outs; at most one is not over.",
    )
    op.create_table(
        "fleet_rollout_member",
        sa.Column("plant", sa.String(32), nullable=False, comment="plant id"),
        sa.Column("number", NUMBER, autoincrement=False, nullable=False, comment="fleet_rollout.number"),
        sa.Column("gateway", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False, comment="canary, part, all: when it is its turn"),
        sa.Column(
            "state",
            sa.Text(),
            nullable=False,
            comment="waiting, or what its agent says; good, returned and refused are ends",
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("offered_at", sa.Double(), nullable=True),
        sa.Column("changed_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("plant", "number", "gateway"),
        comment="Who takes part in a roll-out, in which stage, and what became of it.",
    )
    op.create_index("fleet_rollout_member_gateway", "fleet_rollout_member", ["plant", "gateway", "number"])
    op.create_table(
        "fleet_settings",
        sa.Column("plant", sa.String(32), nullable=False, comment="plant id"),
        sa.Column(
            "number",
            NUMBER,
            autoincrement=False,
            nullable=False,
            comment="counts from 1; a newer one takes the place of an older one as a whole",
        ),
        sa.Column("settings", sa.Text(), nullable=False, comment="JSON: a part of the tables of gateway.toml"),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("made_at", sa.Double(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("plant", "number"),
        comment="Settings as they were published; never changed.",
    )
    op.create_table(
        "fleet_settings_target",
        sa.Column("plant", sa.String(32), nullable=False, comment="plant id"),
        sa.Column("number", NUMBER, autoincrement=False, nullable=False, comment="fleet_settings.number"),
        sa.Column("gateway", sa.Text(), nullable=False),
        sa.Column("before", NUMBER, nullable=False, comment="the number that was wished before; 0: none"),
        sa.Column("state", sa.Text(), nullable=False, comment="published, waiting, trying, applied, refused"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("plant", "number", "gateway"),
        comment="What became of settings at each gateway; the newest number of a gateway is wished.",
    )
    op.create_index("fleet_settings_target_gateway", "fleet_settings_target", ["plant", "gateway", "number"])
