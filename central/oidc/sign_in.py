"""The session of who the identity provider says is there: an account of this plant, with this plant's rights."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from central.accounts import NAME, add_account, change_account
from central.audit import NOBODY, record_act, record_failed_sign_in
from central.database import Database
from central.errors import IdentityRefused
from central.models import AccountRow
from central.oidc.limits import OIDC_GROUPS_MAX
from central.oidc.settings import OidcSettings
from central.rights import grants_of
from central.sessions import PROVIDER, Caller, open_session

SUBJECT_CHARACTERS_MAX = 100
"""Of the provider's own name of a person, as the audit log has it."""


def roles_of(claims: Mapping[str, Any], settings: OidcSettings) -> tuple[str, ...]:
    """The roles that the groups of somebody give; empty where none does, or none is asked for."""
    found = claims.get(settings.groups_claim) if settings.groups_claim else None
    groups = [found] if isinstance(found, str) else found if isinstance(found, list) else []
    given = [role for group in groups[:OIDC_GROUPS_MAX] for role in settings.roles.get(str(group), ())]
    return tuple(map(str, grants_of(given)))


def sign_in_as(
    database: Database, settings: OidcSettings, claims: Mapping[str, Any], now: float, caller: Caller
) -> str:
    """The session's token. Raises IdentityRefused, and the audit log tells it."""
    told = claims.get(settings.account_claim)
    name = told if isinstance(told, str) and NAME.fullmatch(told) else ""
    roles = roles_of(claims, settings)
    with database.write() as session:
        row = session.get(AccountRow, (database.plant, name), with_for_update=True) if name else None
        refused = _refusal(settings, name, row, roles)
        if refused is None:
            detail = {"means": PROVIDER, "subject": str(claims["sub"])[:SUBJECT_CHARACTERS_MAX]}
            _set_up(session, database.plant, name, row, roles, now, caller)
            token = open_session(session, database.plant, name, now, caller, PROVIDER)
            record_act(session, database.plant, name, "sign_in.done", name, detail, now, caller.address)
        else:
            who = name if row is not None else NOBODY
            record_failed_sign_in(session, database.plant, who, PROVIDER, now, caller.address)
    if refused is not None:
        raise refused
    return token


def _refusal(
    settings: OidcSettings, name: str, row: AccountRow | None, roles: tuple[str, ...]
) -> IdentityRefused | None:
    if not name or (row is None and not settings.create_accounts):
        return IdentityRefused("there is no account of the name that the provider says", "unknown")
    if row is not None and not row.enabled:
        return IdentityRefused("the account is disabled", "disabled")
    if settings.roles and not roles:
        return IdentityRefused("no group of the provider gives a role here", "no_role")
    return None


def _set_up(
    session: Session, plant: str, name: str, row: AccountRow | None, roles: tuple[str, ...], now: float, caller: Caller
) -> None:
    """Makes the account, or gives it the roles of its groups, where that is so configured."""
    if row is None:
        given = roles or ("operator",)
        add_account(session, plant, name, given, PROVIDER, now)
        record_act(session, plant, PROVIDER, "user.added", name, {"roles": given}, now, caller.address)
    elif roles and roles != tuple(row.roles.split()):
        before = [*row.roles.split(), row.person]
        change_account(session, plant, name, roles, row.person)
        detail = {"roles": roles, "person": row.person, "before": before}
        record_act(session, plant, PROVIDER, "user.changed", name, detail, now, caller.address)
