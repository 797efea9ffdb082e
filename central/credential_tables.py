"""The tables behind gateways' credentials. Times are seconds since 1970 by the server's clock."""

from sqlalchemy import Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from central.models import Table


class Certificate(Table):
    """A client certificate that the plant's own authority gave to a gateway."""

    __tablename__ = "certificate"
    plant: Mapped[str] = mapped_column(String(32), primary_key=True, comment="plant id")
    serial: Mapped[str] = mapped_column(primary_key=True, comment="hexadecimal, without leading zeros")
    gateway: Mapped[str]
    authority: Mapped[str] = mapped_column(comment="SHA-256 of the authority's certificate that signed it")
    issued_at: Mapped[float]
    ends_at: Mapped[float]
    used_at: Mapped[float | None] = mapped_column(comment="first request that came with it")
    revoked_at: Mapped[float | None]
    revoked_for: Mapped[str] = mapped_column(comment="replaced, enrolled_again, revoked, retired; empty: it is good")
    __table_args__ = (
        Index("certificate_gateway", "plant", "gateway", "issued_at"),
        {"comment": "Client certificates of gateways; the table is the revocation list."},
    )


class FormerToken(Table):
    """A token that opens nothing any more: by it an old card is recognised when it reappears."""

    __tablename__ = "former_token"
    plant: Mapped[str] = mapped_column(String(32), primary_key=True, comment="plant id")
    token_hash: Mapped[str] = mapped_column(primary_key=True, comment="SHA-256 of the token")
    gateway: Mapped[str]
    ended_at: Mapped[float]
    ended_for: Mapped[str] = mapped_column(comment="replaced, enrolled_again, revoked, retired")
    __table_args__ = (
        Index("former_token_gateway", "plant", "gateway", "ended_at"),
        {"comment": "Tokens that were voided, so that who still brings one is told why."},
    )


class Replacement(Table):
    """Another card under a gateway's name, by a person's choice: its own beginning is no second card (I4)."""

    __tablename__ = "replacement"
    __table_args__ = ({"comment": "Cards that take the place of a dead one."},)
    plant: Mapped[str] = mapped_column(String(32), primary_key=True, comment="plant id")
    gateway: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False, comment="from 1")
    asked_at: Mapped[float]
    asked_by: Mapped[str]
    enrolled_at: Mapped[float | None] = mapped_column(comment="null: the code was not used yet")


class Retirement(Table):
    """A gateway that is out of service: its name is closed, its records stay."""

    __tablename__ = "retirement"
    __table_args__ = ({"comment": "Gateways out of service."},)
    plant: Mapped[str] = mapped_column(String(32), primary_key=True, comment="plant id")
    gateway: Mapped[str] = mapped_column(primary_key=True)
    retired_at: Mapped[float]
    retired_by: Mapped[str]
