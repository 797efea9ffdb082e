"""The tables of the audit log, of machines' tokens and of PINs."""

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from central.models import Table


def _plant() -> Mapped[str]:
    return mapped_column(String(32), primary_key=True, comment="plant id")


class AuditHead(Table):
    """The end of the audit log; the row every writer of it locks."""

    __tablename__ = "audit_head"
    __table_args__ = ({"comment": "End of the audit log, and what was purged of its beginning."},)
    plant: Mapped[str] = _plant()
    position: Mapped[int] = mapped_column(comment="position of the newest act")
    digest: Mapped[str] = mapped_column(comment="digest of that act")
    purged: Mapped[int] = mapped_column(comment="acts up to this position are gone by retention")
    purged_digest: Mapped[str] = mapped_column(comment="digest of that act: the first one kept names it")


class AuditRow(Table):
    """An act of a person or of a token."""

    __tablename__ = "audit"
    plant: Mapped[str] = _plant()
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, comment="from 1 without a gap")
    at: Mapped[float]
    who: Mapped[str] = mapped_column(comment="user; shell; token:NAME; gateway:NAME")
    address: Mapped[str] = mapped_column(comment="where the request came from; empty: not by a request")
    action: Mapped[str] = mapped_column(comment="what was done, as user.disabled")
    subject: Mapped[str] = mapped_column(comment="to what")
    detail: Mapped[str] = mapped_column(comment="JSON")
    previous_digest: Mapped[str]
    digest: Mapped[str] = mapped_column(comment="SHA-256 over previous_digest and the other columns")
    __table_args__ = (
        Index("audit_who", "plant", "who", "position"),
        Index("audit_action", "plant", "action", "position"),
        Index("audit_at", "plant", "at"),
        {"comment": "The audit log. Rows are only ever added; each is tied to the one before it."},
    )


class ApiToken(Table):
    """A token of a machine."""

    __tablename__ = "api_token"
    plant: Mapped[str] = _plant()
    name: Mapped[str] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(comment="SHA-256 of the token, which nobody keeps")
    scopes: Mapped[str] = mapped_column(comment="blank between them")
    made_at: Mapped[float]
    made_by: Mapped[str]
    expires_at: Mapped[float]
    used_at: Mapped[float | None] = mapped_column(comment="last used, to the minute")
    revoked_at: Mapped[float | None]
    revoked_by: Mapped[str | None]
    __table_args__ = (
        Index("api_token_hash", "token_hash"),
        {"comment": "Tokens with which machines read and write, each with its own scopes and end."},
    )


class AccountPin(Table):
    """The PIN that goes with a person's badge."""

    __tablename__ = "account_pin"
    __table_args__ = ({"comment": "PINs for shared terminals; which badge they go with is in the master data."},)
    plant: Mapped[str] = _plant()
    account: Mapped[str] = mapped_column(primary_key=True)
    pin_hash: Mapped[str] = mapped_column(comment="argon2id")
    failures: Mapped[int] = mapped_column(comment="wrong PINs since the last right one")
    locked_until: Mapped[float]
    set_at: Mapped[float]
