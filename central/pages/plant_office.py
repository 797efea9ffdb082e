"""The office that the pages ask, answered from the plant's database."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from central import accounts, alarms, enrolment, facts, models, readers, snapshots
from central.asking import asking_address
from central.audit import record_act
from central.board import BoardCall, board_call, board_version, current_board, ended_calls, open_calls
from central.call_history import call_steps
from central.cases import case_id, save_case
from central.context import Plant
from central.errors import CaseRefused, RightRefused
from central.files import HASH, StoredFile
from central.fold_rows import identity_of
from central.limits import PHOTOS_OF_CALLS_MAX
from central.pages import plant_board
from central.pages.office import (
    Account,
    Alarm,
    Board,
    CallDetail,
    CallLine,
    OneTimeCode,
    OrderLine,
    PhotoLine,
    Published,
    RecordLine,
    RecordQuery,
    StreamLine,
    UserLine,
)
from central.projector import catch_up_all, catch_up_for_page
from central.record_text import data_in
from central.release import refuse_short
from central.rights import Action, grants_of
from central.sessions import Caller, sign_out
from central.station_roles import draft_roles
from floor.cases import situation_of
from floor.limits import CASES_SHOWN_MAX
from floor.master import MasterData
from floor.owners import owners
from floor.rows import CallType, Reason

BOARD_SECONDS_MAX = 2.0
"""A board is read again after this time even when nothing changed: gateways go offline by silence alone."""


class PlantOffice:
    """Answers `central.pages.port.Office`. Thread-safe: it keeps only the newest board."""

    def __init__(self, plant: Plant) -> None:
        self._plant = plant
        self._database = plant.database
        self._name = plant.database.plant
        self._lock = threading.Lock()
        self._board = Board()
        self._planned: dict[str, OrderLine] = {}
        self._planned_digest = ""
        self._board_version = -1
        self._board_read = 0.0
        self._board_began = float("-inf")

    # Accounts

    def account_of(self, token: str) -> Account | None:
        """Who is signed in with a session's token."""
        with self._database.read() as session:
            found = accounts.account_of(session, self._name, token, self._plant.now())
        return Account(found.name, found.roles, found.person) if found else None

    def needs_administrator(self) -> bool:
        """Whether nobody has become administrator yet."""
        with self._database.read() as session:
            return accounts.needs_administrator(session, self._name)

    def sign_in(self, name: str, password: str, address: str, browser: str = "") -> str:
        """A new session's token. Raises SignInRefused, TooManyAttempts."""
        now = self._plant.now()
        self._plant.attempts.count(address, now)
        return accounts.sign_in(self._database, name, password, now, Caller(address, browser))

    def first_sign_in(self, name: str, code: str, password: str, address: str, browser: str = "") -> str:
        """A new session's token, the password set. Raises CodeRefused, SignInRefused, TooManyAttempts."""
        now = self._plant.now()
        self._plant.attempts.count(address, now)
        return accounts.first_sign_in(self._database, name, code, password, now, Caller(address, browser))

    def sign_out(self, token: str) -> None:
        """Ends a session."""
        with self._database.write() as session:
            name = sign_out(session, self._name, token)
            if name:
                self._note(session, name, "sign_out.done", name)

    def users(self) -> Sequence[UserLine]:
        """Every user by name."""
        with self._database.read() as session:
            found = accounts.list_accounts(session, self._name)
        return [UserLine(each.name, each.roles, each.state, each.person) for each in found]

    def add_user(self, name: str, roles: tuple[str, ...], by: str) -> OneTimeCode:
        """A user and the code of their first sign-in. Raises NameRefused."""
        now = self._plant.now()
        with self._database.write() as session:
            accounts.add_account(session, self._name, name, roles, by, now)
            code = OneTimeCode(*accounts.invite_account(session, self._name, name, by, now))
            self._note(session, by, "user.added", name, roles=list(roles))
        return code

    def renew_code(self, name: str, by: str) -> OneTimeCode:
        """Another code to set a password. Raises NameRefused."""
        with self._database.write() as session:
            code = OneTimeCode(*accounts.invite_account(session, self._name, name, by, self._plant.now()))
            self._note(session, by, "user.invited", name)
        return code

    def enable_user(self, name: str, enabled: bool, by: str) -> bool:
        """Lets a user in again or keeps them out; whether that changes what their badge may, once it is released."""
        with self._database.write() as session:
            user = accounts.one_account(session, self._name, name)
            accounts.enable_account(session, self._name, name, enabled)
            self._note(session, by, "user.enabled" if enabled else "user.disabled", name)
            if user is None or enabled is not (user.state == "disabled"):
                return False
            held = grants_of(user.roles)
            before, after = ((), held) if enabled else (held, ())
            return draft_roles(session, self._name, by, user.person, before, after, self._plant.now())

    def note_export(self, what: str, by: Account, **detail: object) -> None:
        """Somebody takes data out of the plant: what, and how much of it."""
        with self._database.write() as session:
            self._note(session, by.name, "data.exported", what, **detail)

    def _note(self, session: Session, who: str, action: str, subject: str, **detail: object) -> None:
        """An act in the audit log, in the transaction of what it tells."""
        record_act(session, self._name, who, action, subject, detail, self._plant.now(), asking_address())

    # Board and calls

    def board(self) -> Board:
        """The newest board. Who waits while others read shares a reading that began after they asked: while a plant
        records, the board differs from one moment to the next, and each reader would otherwise read it once more."""
        asked = time.monotonic()
        with self._lock:
            if self._board_began >= asked:
                return self._board
            now = self._plant.now()
            with self._database.read() as session:
                version = board_version(session, self._name)
            fresh = self._board.complete and 0 <= now - self._board_read < BOARD_SECONDS_MAX
            if version != self._board_version or not fresh:
                self._read_board(now)
            return self._board

    def _read_board(self, now: float) -> None:
        began = time.monotonic()
        raw = current_board(self._database, now, untouched=False)
        with self._database.read() as session:
            master = snapshots.current_master(session, self._name)
        if master.digest != self._planned_digest:
            self._planned, self._planned_digest = plant_board.planned_orders(master), master.digest
        self._board = plant_board.board_of(raw, master, self._planned, now)
        self._board_version, self._board_read, self._board_began = raw.version, now, began

    def stream(self) -> Response:
        """The event stream that tells when the board changed."""
        return self._plant.live.response()

    def open_calls(self) -> Sequence[CallLine]:
        """Calls that are not over. The board has the same; who shows nothing else of it need not read the rest."""
        catch_up_for_page(self._database, self._plant.now())
        return self._call_lines(open_calls)

    def ended_calls(self) -> Sequence[CallLine]:
        """Calls that are over, newest first."""
        return self._call_lines(ended_calls)

    def _call_lines(self, read: Callable[[Session, float, str], Sequence[BoardCall]]) -> Sequence[CallLine]:
        now = self._plant.now()
        with self._database.read() as session:
            found = read(session, now, self._name)
            master = snapshots.current_master(session, self._name)
        return [plant_board.call_line(each, master, now) for each in found]

    def call(self, gateway_name: str, epoch: str, seq: int, note: str = "") -> CallDetail | None:
        """One call, open or over, with its steps and the cases like it and `note`. None for one that nobody knows."""
        now = self._plant.now()
        catch_up_all(self._database)
        with self._database.read() as session:
            row = session.get(models.Call, (self._name, gateway_name, epoch, seq))
            if row is None:
                return None
            master = snapshots.current_master(session, self._name)
            steps = call_steps(session, self._name, row)
        own = case_id(row)
        what = situation_of(master, row.call_type, row.station, row.operation, note)
        like = [each.case for each in master.case_book.ranked(what) if each.case.id != own][:CASES_SHOWN_MAX]
        return CallDetail(
            plant_board.call_line(board_call(row, master, now), master, now),
            plant_board.step_lines(steps, master),
            next((each.fix for each in master.cases if each.id == own), ""),
            tuple(plant_board.case_line(each, master) for each in like),
            owners(master, row.call_type),
        )

    def owners(self, call_type: str) -> Sequence[str]:
        """Whom a call of the type can be handed to."""
        with self._database.read() as session:
            return owners(snapshots.current_master(session, self._name), call_type)

    def save_case(self, gateway_name: str, epoch: str, seq: int, fix: str, by: Account) -> bool:
        """A resolved call becomes a past case. True when the oldest one went for it.

        Raises CaseRefused, RightRefused.
        """
        with self._database.write() as session:
            row = session.get(models.Call, (self._name, gateway_name, epoch, seq))
            if row is None:
                raise CaseRefused("there is no such call")
            self._refuse_elsewhere(session, by, Action.SAVE_CASE, row)
            gone = save_case(session, self._name, row, fix, by.name, self._plant.now())
            self._note(session, by.name, "call.case_saved", f"{gateway_name} {epoch}/{seq}", fix=fix)
        return gone

    def acknowledge(self, gateway_name: str, call: str, by: Account) -> bool:
        """Takes a call for somebody. False when somebody took it before. Raises RightRefused."""
        with self._database.write() as session:
            self._refuse_elsewhere(session, by, Action.ACKNOWLEDGE, self._call_row(session, gateway_name, call))
            person, name = self._person(session, by)
            done = facts.acknowledge_call(session, self._name, gateway_name, call, person, name, self._plant.now())
            if done:
                self._note(session, by.name, "call.acknowledged", f"{gateway_name} {call}")
        return done

    def assign(self, gateway_name: str, call: str, owner: str, by: Account) -> bool:
        """Hands a call to another owner. False when it is closed, or with them already. Raises RightRefused."""
        with self._database.write() as session:
            self._refuse_elsewhere(session, by, Action.ASSIGN, self._call_row(session, gateway_name, call))
            person, name = self._person(session, by)
            done = facts.assign_call(session, self._name, gateway_name, call, owner, person, name, self._plant.now())
            if done:
                self._note(session, by.name, "call.assigned", f"{gateway_name} {call}", owner=owner)
        return done

    def resolve(self, gateway_name: str, call: str, cause: str, by: Account) -> bool:
        """Closes a call with its cause. False when it was closed before. Raises RightRefused."""
        with self._database.write() as session:
            self._refuse_elsewhere(session, by, Action.RESOLVE, self._call_row(session, gateway_name, call))
            person, name = self._person(session, by)
            done = facts.resolve_call(session, self._name, gateway_name, call, cause, person, name, self._plant.now())
            if done:
                self._note(session, by.name, "call.resolved", f"{gateway_name} {call}", cause=cause)
        return done

    def _call_row(self, session: Session, gateway_name: str, call: str) -> models.Call | None:
        identity = identity_of(call)
        return None if identity is None else session.get(models.Call, (self._name, gateway_name, *identity))

    def _refuse_elsewhere(self, session: Session, by: Account, action: Action, row: models.Call | None) -> None:
        """Who has a role for a place does nothing at another one. Raises RightRefused."""
        if row is None:
            return
        place = snapshots.current_master(session, self._name).place_of(row.station)
        if not by.can(action, place):
            raise RightRefused(f"the roles of {by.name} do not hold at station {row.station}", action, [place])

    def _person(self, session: Session, account: Account) -> tuple[str, str]:
        """Who the floor is told: the person of the account, else the account itself."""
        person = snapshots.current_master(session, self._name).person_by_id.get(account.person)
        return (person.id, person.name) if person else (account.name, account.name)

    # Gateways

    def streams(self, gateway_name: str) -> Sequence[StreamLine]:
        """The epochs of a gateway, newest first."""
        with self._database.read() as session:
            found = readers.held_streams(session, self._name, gateway_name)
        return [
            StreamLine(
                each.epoch,
                each.previous_epoch,
                each.mark,
                each.claimed,
                each.safe,
                each.missing,
                each.conflicts,
                each.forked,
            )
            for each in found
        ]

    def enrol(self, gateway_name: str, by: str, days: int = 0) -> OneTimeCode:
        """A one-time code for a gateway of this name. Raises NameRefused."""
        with self._database.write() as session:
            made = enrolment.invite_gateway(session, self._name, gateway_name, by, self._plant.now(), days)
            self._note(session, by, "gateway.invited", gateway_name)
        return OneTimeCode(*made, pins=self._plant.config.server_pins)

    def revoke(self, gateway_name: str, by: str) -> None:
        """Voids a gateway's credential."""
        with self._database.write() as session:
            enrolment.revoke(session, self._name, gateway_name, self._plant.now())
            self._note(session, by, "gateway.revoked", gateway_name)

    def sign_off(self, alarm: Alarm, by: str) -> bool:
        """Somebody has dealt with an alarm."""
        with self._database.write() as session:
            stood = alarms.sign_off(
                session, self._name, alarm.gateway_name, alarm.kind, alarm.subject, by, self._plant.now()
            )
            if stood:
                about = f"{alarm.gateway_name} {alarm.subject}".strip()
                self._note(session, by, "alarm.signed_off", about, kind=alarm.kind)
        return stood

    # Master data and records

    def master(self) -> Published | None:
        """The version in force."""
        with self._database.read() as session:
            newest = snapshots.versions(session, self._name, 1)
            if not newest:
                return None
            return Published(snapshots.current_master(session, self._name), newest[0].made_at, newest[0].made_by)

    def publish(self, master: MasterData, base_version: int, by: str) -> int:
        """Publishes master data over the version it was compared with. Raises MasterDataStale, KitShort."""
        now = self._plant.now()
        with self._database.write() as session:
            if self._plant.config.kit_check == "refuse":
                refuse_short(session, self._name, master, now)
            return snapshots.publish(session, master, by, now, self._name, base_version)

    def records(self, query: RecordQuery, count: int) -> Sequence[RecordLine]:
        """The newest records that match. The first page is read after the log is folded to its end."""
        if query.before is None:
            catch_up_for_page(self._database, self._plant.now())
        with self._database.read() as session:
            found = readers.newest_records(
                session,
                self._name,
                count,
                before=query.before,
                gateway_name=query.gateway_name,
                type_name=query.type,
                operation=query.operation,
            )
            master = snapshots.current_master(session, self._name)
        return [self._with_photo(record_line(each, master)) for each in found]

    def photos_of_calls(self) -> Mapping[tuple[str, str], Sequence[PhotoLine]]:
        """The newest photos of calls by (gateway, call), each call's in the order they were taken."""
        found: dict[tuple[str, str], list[PhotoLine]] = {}
        for record in reversed(self.records(RecordQuery(type="photo.kept"), PHOTOS_OF_CALLS_MAX)):
            call = record.data.get("call")
            if record.photo is not None and isinstance(call, str) and call:
                found.setdefault((record.gateway_name, call), []).append(record.photo)
        return found

    def file(self, sha256: str) -> StoredFile | None:
        """A stored file by its hash."""
        return self._plant.files.find(sha256)

    def store_file(self, content: bytes) -> str:
        """Keeps a file; its hash. Raises FileRefused, FilesFull."""
        return self._plant.files.keep(content)

    def _with_photo(self, record: RecordLine) -> RecordLine:
        """What a hostile gateway calls a hash may be anything."""
        sha256 = record.data.get("sha256") if record.type == "photo.kept" else None
        if not isinstance(sha256, str) or HASH.fullmatch(sha256) is None:
            return record
        return replace(record, photo=PhotoLine(sha256, not self._plant.files.missing([sha256])))


def record_line(record: readers.ReadRecord, master: MasterData) -> RecordLine:
    """A record for the pages, with the floor's names."""
    person = master.person_by_id.get(record.person)
    data = data_in(record.content)
    return RecordLine(
        place=record.position,
        gateway_name=record.gateway_name,
        epoch=record.epoch,
        seq=record.seq,
        type=record.type,
        station=record.station,
        wall=record.wall,
        error=record.error_seconds,
        clock_state=record.clock,
        content=record.content,
        person=record.person,
        operation=record.operation,
        data=data,
        flags=record.flags,
        person_name=person.name if person else "",
        names=_names_in(record.type, data, master) | _station_in(record.station, master),
    )


def _station_in(station: str, master: MasterData) -> dict[str, tuple[str, str]]:
    row = master.station_by_id.get(station)
    return {"station": (row.name, "")} if row is not None and row.name else {}


def _names_in(type_name: str, data: dict[str, object], master: MasterData) -> dict[str, tuple[str, str]]:
    """What the floor calls the rows that an event names."""
    found: dict[str, CallType | Reason | None] = {
        "call_type": master.call_type_by_id.get(str(data.get("call_type"))),
        "cause": master.reason_by_id.get(str(data.get("cause"))),
        "scrap_reason": master.reason_by_id.get(str(data.get("scrap_reason"))),
    }
    if type_name in ("work.paused", "rework.reported"):
        # Other reasons are words of the station, not rows of the plant.
        found["reason"] = master.reason_by_id.get(str(data.get("reason")))
    return {key: (row.name, row.name_en) for key, row in found.items() if row is not None}
