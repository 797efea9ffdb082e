"""How people are reached: their addresses by channel, in their order, with quiet hours. At the server alone."""

import ipaddress
import json
import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from central.channels.settings import CHANNEL_NAME
from central.digits import whole_number
from central.errors import NotifyRefused
from central.limits import ADDRESS_CHARACTERS_MAX, CONTACTS_PER_PERSON_MAX, PUSH_CHARACTERS_MAX
from central.notify.rules import IN_APP, OWN
from central.notify.tables import Contact

CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
MENTION_CHARACTERS_MAX = 64
WEB_PUSH = "web_push"
PUSH_PLACE = 50
BASE64URL = re.compile(r"[A-Za-z0-9_-]{8,200}={0,2}")


def contacts_of(session: Session, plant: str, person: str) -> Sequence[Contact]:
    """A person's contacts in their order."""
    wanted = select(Contact).where(Contact.plant == plant, Contact.person == person)
    return session.scalars(wanted.order_by(Contact.place, Contact.id).limit(CONTACTS_PER_PERSON_MAX)).all()


def save_contact(
    session: Session,
    plant: str,
    person: str,
    values: dict[str, str],
    by: str,
    now: float,
    identity: int = 0,
) -> Contact:
    """Keep a contact: a new one, or the one with this id. Raises NotifyRefused, which says what does not fit.

    `values`: channel, address, mention, place, quiet_from, quiet_to, language.
    """
    checked = _checked(values)
    standing = contacts_of(session, plant, person)
    row = next((each for each in standing if each.id == identity), None)
    if identity and row is None:
        raise NotifyRefused("there is no such contact")
    same = (checked["channel"], checked["address"])
    if any((each.channel, each.address) == same and each is not row for each in standing):
        raise NotifyRefused("this address is there already")
    if row is None:
        if len(standing) >= CONTACTS_PER_PERSON_MAX:
            raise NotifyRefused(f"a person has at most {CONTACTS_PER_PERSON_MAX} contacts")
        row = Contact(plant=plant, person=person)
        session.add(row)
    for name, value in checked.items():
        setattr(row, name, value)
    row.changed_at, row.changed_by = now, by
    session.flush()
    return row


def _checked(values: dict[str, str]) -> dict[str, Any]:
    channel = values.get("channel", "").strip()
    if not CHANNEL_NAME.fullmatch(channel) or channel in (IN_APP, OWN):
        raise NotifyRefused("a channel is named as in the configuration: small letters, digits, hyphen")
    address, mention = values.get("address", "").strip(), values.get("mention", "").strip()
    if len(address) > ADDRESS_CHARACTERS_MAX or len(mention) > MENTION_CHARACTERS_MAX:
        raise NotifyRefused("the address or the mention is too long")
    if not (address + mention).isprintable():
        raise NotifyRefused("the address or the mention has characters that show nothing")
    if channel == WEB_PUSH:
        address = push_address(address)
    quiet = [values.get(name, "").strip() for name in ("quiet_from", "quiet_to")]
    if any(each and not CLOCK.fullmatch(each) for each in quiet) or bool(quiet[0]) != bool(quiet[1]):
        raise NotifyRefused("quiet hours have a begin and an end, as 22:00 and 06:00")
    language = values.get("language", "")
    place = values.get("place", "").strip() or "10"
    number = whole_number(place, 3)
    if language not in ("", "zh", "en") or number is None:
        raise NotifyRefused("the order is a number, the language zh or en")
    found: dict[str, Any] = {"channel": channel, "address": address, "mention": mention, "place": number}
    return found | {"quiet_from": quiet[0], "quiet_to": quiet[1], "language": language}


def push_address(raw: str) -> str:
    """A browser's push subscription in one canonical text: endpoint and keys alone. Raises NotifyRefused.

    The endpoint is where the server will send to, so it has to be a name on the internet over TLS.
    """
    if len(raw) > PUSH_CHARACTERS_MAX:
        raise NotifyRefused("the subscription is too long")
    try:
        given = json.loads(raw)
        endpoint, keys = given["endpoint"], given["keys"]
        chosen = {name: keys[name] for name in ("p256dh", "auth")}
    except (ValueError, KeyError, TypeError, RecursionError):
        raise NotifyRefused("a push subscription has an endpoint and the keys p256dh and auth") from None
    if not all(isinstance(each, str) and BASE64URL.fullmatch(each) for each in chosen.values()):
        raise NotifyRefused("the keys of a push subscription are base64url")
    if not isinstance(endpoint, str) or not _is_public(endpoint):
        raise NotifyRefused("the endpoint of a push subscription is an https address on the internet")
    return json.dumps({"endpoint": endpoint, "keys": chosen}, separators=(",", ":"), sort_keys=True)


def _is_public(endpoint: str) -> bool:
    try:
        found = urlsplit(endpoint)
        host, port = found.hostname or "", found.port
    except ValueError:
        return False
    if found.scheme != "https" or found.username or found.password or port not in (None, 443):
        return False
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return "." in host and not host.endswith((".local", ".internal", ".localhost", ".")) and endpoint.isprintable()
    return False


def save_push(session: Session, plant: str, person: str, raw: str, by: str, now: float) -> None:
    """Keep a browser's subscription; where there are as many contacts as may be, the oldest push goes for it."""
    address = push_address(raw)
    standing = contacts_of(session, plant, person)
    if any((each.channel, each.address) == (WEB_PUSH, address) for each in standing):
        return
    pushes = sorted((each for each in standing if each.channel == WEB_PUSH), key=lambda each: each.changed_at)
    if len(standing) >= CONTACTS_PER_PERSON_MAX and pushes:
        session.delete(pushes[0])
        session.flush()
    values = {"channel": WEB_PUSH, "address": address, "place": str(PUSH_PLACE)}
    save_contact(session, plant, person, values, by, now)


def forget_push(session: Session, plant: str, person: str, endpoint: str) -> None:
    """Forget a browser's subscription by its endpoint; nothing where there is none."""
    for each in contacts_of(session, plant, person):
        if each.channel == WEB_PUSH and json.loads(each.address).get("endpoint") == endpoint:
            session.delete(each)


def forget_contact(session: Session, plant: str, person: str, identity: int) -> None:
    """Forget a contact; nothing where there is none."""
    mine = (Contact.plant == plant, Contact.person == person, Contact.id == identity)
    session.execute(delete(Contact).where(*mine))
