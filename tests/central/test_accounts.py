"""Accounts, sessions and one-time codes."""

import pytest
from sqlalchemy import select

from central import accounts, sessions
from central.database import Database
from central.enrolment import invite_gateway, mosquitto_hash
from central.errors import CodeRefused, NameRefused, SignInRefused, TooManyAttempts
from central.limits import LOCK_SECONDS, PASSWORD_FAILURES_MAX, SESSION_SECONDS, SESSIONS_PER_ACCOUNT_MAX
from central.models import AccountRow, AccountSession, OneTimeCode
from central.snapshots import publish
from floor.master import MasterData
from floor.rows import Station

NOW = 1_800_000_000.0
PASSWORD = "a long enough phrase"


def first(database: Database) -> str:
    with database.write() as session:
        code, _ = accounts.administrator_code(session, "plant", NOW)
    return accounts.first_sign_in(database, "admin", code, PASSWORD, NOW)


def who(database: Database, token: str, now: float = NOW) -> accounts.SignedIn | None:
    with database.read() as session:
        return accounts.account_of(session, "plant", token, now)


def test_the_first_administrator_comes_in_by_a_code(database: Database) -> None:
    with database.read() as session:
        assert accounts.needs_administrator(session, "plant")
    token = first(database)
    with database.read() as session:
        assert not accounts.needs_administrator(session, "plant")
        stored = session.scalars(select(AccountRow)).one().password_hash
        assert stored is not None and stored.startswith("$argon2id$") and PASSWORD not in stored
        assert token not in session.scalars(select(AccountSession)).one().token_hash
    assert who(database, token) == accounts.SignedIn("admin", ("admin",), "")
    assert who(database, token, NOW + SESSION_SECONDS + 1) is None
    assert who(database, token[:-1] + "x") is None and who(database, "") is None


def test_a_code_works_once_and_only_its_hash_is_kept(database: Database) -> None:
    with database.write() as session:
        code, _ = accounts.administrator_code(session, "plant", NOW)
        assert code.replace("-", "") not in session.scalars(select(OneTimeCode)).one().code_hash
    accounts.first_sign_in(database, "admin", code, PASSWORD, NOW)
    with pytest.raises(CodeRefused):
        accounts.first_sign_in(database, "admin", code, PASSWORD, NOW)


def test_weak_passwords_are_refused(database: Database) -> None:
    with database.write() as session:
        code, _ = accounts.administrator_code(session, "plant", NOW)
    for weak in ("short", "x" * 300, "my admin password"):
        with pytest.raises(SignInRefused):
            accounts.first_sign_in(database, "admin", code, weak, NOW)
    accounts.first_sign_in(database, "admin", code, PASSWORD, NOW)


def test_wrong_passwords_rest_the_name_for_a_while(database: Database) -> None:
    first(database)
    for _ in range(PASSWORD_FAILURES_MAX):
        with pytest.raises(SignInRefused):
            accounts.sign_in(database, "admin", "wrong", NOW)
    with pytest.raises(TooManyAttempts):
        accounts.sign_in(database, "admin", PASSWORD, NOW)
    assert who(database, accounts.sign_in(database, "admin", PASSWORD, NOW + LOCK_SECONDS + 1))


def test_a_clock_that_went_back_locks_nobody_for_years(database: Database) -> None:
    first(database)
    for _ in range(PASSWORD_FAILURES_MAX):
        with pytest.raises(SignInRefused):
            accounts.sign_in(database, "admin", "wrong", NOW + 1e8)
    assert who(database, accounts.sign_in(database, "admin", PASSWORD, NOW))


def test_unknown_names_and_disabled_users_are_told_the_same(database: Database) -> None:
    first(database)
    with database.write() as session:
        accounts.add_account(session, "plant", "eva", ("planner",), "admin", NOW)
        code, _ = accounts.invite_account(session, "plant", "eva", "admin", NOW)
    token = accounts.first_sign_in(database, "eva", code, PASSWORD, NOW)
    with database.write() as session:
        accounts.enable_account(session, "plant", "eva", False)
    assert who(database, token) is None
    told = set()
    for name in ("eva", "nobody", "x" * 60):
        with pytest.raises(SignInRefused) as raised:
            accounts.sign_in(database, name, PASSWORD, NOW)
        told.add(str(raised.value))
    assert len(told) == 1


def test_sessions_of_a_name_are_bounded_and_end_on_sign_out(database: Database) -> None:
    first(database)
    tokens = [accounts.sign_in(database, "admin", PASSWORD, NOW + number) for number in range(3)]
    with database.write() as session:
        sessions.sign_out(session, "plant", tokens[0])
    assert [bool(who(database, token, NOW + 5)) for token in tokens] == [False, True, True]
    with database.read() as session:
        assert len(session.scalars(select(AccountSession)).all()) <= SESSIONS_PER_ACCOUNT_MAX


def test_names_are_checked(database: Database) -> None:
    with database.write() as session:
        for name in ("", "-x", "a b", "x" * 49, "a\n", "王"):
            with pytest.raises(NameRefused):
                accounts.add_account(session, "plant", name, ("leader",), "admin", NOW)
            with pytest.raises(NameRefused):
                invite_gateway(session, "plant", name, "admin", NOW)
        with pytest.raises(NameRefused):
            accounts.add_account(session, "plant", "eva", ("king",), "admin", NOW)
        with pytest.raises(NameRefused):
            invite_gateway(session, "plant", "reader", "admin", NOW)


def test_a_gateway_cannot_take_the_name_of_a_station_of_another(database: Database) -> None:
    with database.write() as session:
        publish(session, MasterData(stations=(Station(id="S1", gateway="one"),)), "x", NOW)
        with pytest.raises(NameRefused):
            invite_gateway(session, "plant", "S1", "admin", NOW)
        invite_gateway(session, "plant", "one", "admin", NOW)


def test_the_broker_password_is_as_mosquitto_stores_it() -> None:
    # The test of the broker holds mosquitto itself to it; this holds the layout: iterations, salt, 64 bytes.
    made = mosquitto_hash("secret", bytes(range(12)))
    assert made.startswith("$7$101$AAECAwQFBgcICQoL$") and len(made.split("$")[4]) == 88
