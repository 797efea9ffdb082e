"""Audit log, tokens of machines, PINs, and where a session came from"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _plant() -> sa.Column[str]:
    return sa.Column("plant", sa.String(32), primary_key=True, nullable=False, comment="plant id")


def _text(name: str, comment: str | None = None, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable, comment=comment)


def _number(name: str, comment: str) -> sa.Column[int]:
    return sa.Column(name, NUMBER, nullable=False, comment=comment)


def _moment(name: str, comment: str | None = None, nullable: bool = False) -> sa.Column[float]:
    return sa.Column(name, sa.Double(), nullable=nullable, comment=comment)


def upgrade() -> None:
    """The tables of `central/rights_tables.py`, and three columns of sessions."""
    _audit()
    _tokens_and_pins()
    where = sa.Column("address", sa.Text(), nullable=False, server_default="", comment="where the sign-in came from")
    op.add_column("account_session", where)
    what = sa.Column("browser", sa.Text(), nullable=False, server_default="", comment="as it names itself")
    op.add_column("account_session", what)
    how = sa.Column("means", sa.Text(), nullable=False, server_default="password", comment="password, or badge and PIN")
    op.add_column("account_session", how)
    if op.get_bind().dialect.supports_comments:
        op.alter_column("account", "roles", comment="blank between them; one for a place as leader@site/area/line")


def _audit() -> None:
    op.create_table(
        "audit_head",
        _plant(),
        _number("position", "position of the newest act"),
        _text("digest", "digest of that act"),
        _number("purged", "acts up to this position are gone by retention"),
        _text("purged_digest", "digest of that act: the first one kept names it"),
        comment="End of the audit log, and what was purged of its beginning.",
    )
    op.create_table(
        "audit",
        _plant(),
        sa.Column(
            "position",
            NUMBER,
            primary_key=True,
            autoincrement=False,
            nullable=False,
            comment="from 1 without a gap",
        ),
        _moment("at"),
        _text("who", "user; shell; token:NAME; gateway:NAME"),
        _text("address", "where the request came from; empty: not by a request"),
        _text("action", "what was done, as user.disabled"),
        _text("subject", "to what"),
        _text("detail", "JSON"),
        _text("previous_digest"),
        _text("digest", "SHA-256 over previous_digest and the other columns"),
        comment="The audit log. Rows are only ever added; each is tied to the one before it.",
    )
    op.create_index("audit_who", "audit", ["plant", "who", "position"])
    op.create_index("audit_action", "audit", ["plant", "action", "position"])
    op.create_index("audit_at", "audit", ["plant", "at"])


def _tokens_and_pins() -> None:
    op.create_table(
        "api_token",
        _plant(),
        sa.Column("name", sa.Text(), primary_key=True, nullable=False),
        _text("token_hash", "SHA-256 of the token, which nobody keeps"),
        _text("scopes", "blank between them"),
        _moment("made_at"),
        _text("made_by"),
        _moment("expires_at"),
        _moment("used_at", "last used, to the minute", nullable=True),
        _moment("revoked_at", nullable=True),
        _text("revoked_by", nullable=True),
        comment="Tokens with which machines read and write, each with its own scopes and end.",
    )
    op.create_index("api_token_hash", "api_token", ["token_hash"])
    op.create_table(
        "account_pin",
        _plant(),
        sa.Column("account", sa.Text(), primary_key=True, nullable=False),
        _text("pin_hash", "argon2id"),
        _number("failures", "wrong PINs since the last right one"),
        _moment("locked_until"),
        _moment("set_at"),
        comment="PINs for shared terminals; which badge they go with is in the master data.",
    )
