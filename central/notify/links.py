"""The link in a message: signed, for one delivery and so for one person and one call, over after a day, used once.

The token is the delivery's key, when it is over, and a signature over both. Nothing of it is kept: the signature says
that we gave it, the delivery's row says whether it was used.
"""

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.change import note_change
from central.limits import LINK_SECONDS
from central.notify.tables import Contact, Delivery, Notification

TOKEN = re.compile(r"([0-9a-f]{32})\.([0-9a-f]{1,10})\.([A-Za-z0-9_-]{22})")
PATH = "/n/"


@dataclass(frozen=True, slots=True)
class Opened:
    """What a token leads to. `state`: good, used, expired.

    `shared`: the message went to a group, so the link alone does not say who presses.
    """

    state: str
    delivery: Delivery
    note: Notification
    shared: bool


def make_token(secret: str, key: str, made_at: float) -> str:
    """The token of a delivery: the same at each attempt."""
    until = f"{int(made_at + LINK_SECONDS):x}"
    return f"{key}.{until}.{_signature(secret, key, until)}"


def _signature(secret: str, key: str, until: str) -> str:
    said = f"link\n{key}\n{until}".encode()
    whole = hmac.new(secret.encode(), said, hashlib.sha256).digest()
    return base64.urlsafe_b64encode(whole[:16]).decode().rstrip("=")


def link_of(public_url: str, secret: str, key: str, made_at: float) -> str:
    """The absolute address; empty where the plant has not said how its pages are reached."""
    return f"{public_url.rstrip('/')}{PATH}{make_token(secret, key, made_at)}" if public_url else ""


def open_token(
    session: Session, plant: str, secret: str, token: str, now: float, *, lock: bool = False
) -> Opened | None:
    """What a token leads to; None for one that we never gave, or whose message is purged.

    `lock`: for who acts on it, behind the head row as everybody who moves deliveries; without it nothing is changed.
    """
    found = TOKEN.fullmatch(token)
    if found is None or not hmac.compare_digest(_signature(secret, found[1], found[2]), found[3]):
        return None
    if lock:
        note_change(session, plant)
    wanted = select(Delivery).where(Delivery.plant == plant, Delivery.key == found[1])
    row = session.scalar(wanted.with_for_update() if lock else wanted)
    note = session.get(Notification, row.notification) if row else None
    if row is None or note is None:
        return None
    state = "used" if row.link_used_at is not None else "expired" if now > int(found[2], 16) else "good"
    contact = session.get(Contact, row.contact) if row.contact else None
    return Opened(state, row, note, contact is None or not contact.address)
