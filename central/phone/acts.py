"""What a leader does from a phone: take a call, close it, hand it over, put a note to it. Each act is done once.

The phone makes a key for each act and sends it until it has an answer. The act and its answer are written in one
transaction, so a key that comes again is answered the same and changes nothing.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Final

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from central.audit import record_act
from central.board import person_name
from central.cases import OTHER_CAUSE
from central.change import note_change
from central.errors import TooManyAttempts
from central.facts import OPEN_STATES, acknowledge_call, assign_call, resolve_call
from central.fold_rows import identity_of
from central.limits import CALL_NOTES_MAX, PHONE_ACT_SECONDS_MAX, PHONE_KEYS_PER_ACCOUNT_MAX
from central.models import Call, LogHead
from central.phone.tables import CallNote, PhoneAct
from central.rights import Action
from central.snapshots import current_master
from floor.master import MasterData
from floor.owners import owners

ACTIONS: Final = {
    "acknowledge": Action.ACKNOWLEDGE,
    "resolve": Action.RESOLVE,
    "assign": Action.ASSIGN,
    "note": Action.ACKNOWLEDGE,
}
"""What one must be allowed for each kind of act, where the call is."""

_TOLD: Final = {"acknowledge": "acknowledged", "resolve": "resolved", "assign": "assigned", "note": "noted"}
_ABOUT: Final = {"resolve": "cause", "assign": "owner"}

REFUSALS: Final = ("gone", "elsewhere", "taken", "closed", "cause", "owner", "same", "old", "full", "key")
"""gone: no such call; elsewhere: the account's roles do not hold there; taken, closed: somebody was first; same: it is
with them already; key: used for another act."""


@dataclass(frozen=True, slots=True)
class Act:
    """An act as a phone sends it. `call`: epoch/seq. `about`: the cause, the owner or the note. `sha256`: its photo."""

    key: str
    kind: str
    gateway_name: str
    call: str
    about: str = ""
    sha256: str = ""
    age_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of an act. `refusal` is empty where it was done; `who` was first, where somebody was."""

    refusal: str = ""
    who: str = ""


@dataclass(frozen=True, slots=True)
class Doer:
    """Who does it. `person`: their id in the master data, empty where they have none; `can` says what they may at a
    station; `address`: where they ask from."""

    account: str
    person: str
    can: Callable[[Action, str, MasterData], bool]
    address: str = ""


@dataclass(frozen=True, slots=True)
class _Asked:
    """One act with everything it is judged by."""

    session: Session
    plant: str
    act: Act
    by: Doer
    person: str
    person_name: str
    master: MasterData
    now: float


def do_once(session: Session, plant: str, act: Act, by: Doer, now: float) -> Answer:
    """Do an act, or say again what came of it. The session writes. Raises TooManyAttempts where keys are used up."""
    # The head is what every writer of calls locks: the same act sent twice at one moment waits here for itself.
    session.execute(select(LogHead.position).where(LogHead.plant == plant).with_for_update())
    digest = _digest(act)
    known = session.get(PhoneAct, (plant, by.account, act.key))
    if known is not None:
        return Answer(known.refusal, known.who) if known.digest == digest else Answer("key")
    mine = (PhoneAct.plant == plant, PhoneAct.account == by.account)
    if (session.scalar(select(func.count()).select_from(PhoneAct).where(*mine)) or 0) >= PHONE_KEYS_PER_ACCOUNT_MAX:
        raise TooManyAttempts
    master = current_master(session, plant)
    person = master.person_by_id.get(by.person)
    who = (person.id, person.name) if person else (by.account, by.account)
    answer = _done(_Asked(session, plant, act, by, *who, master, now))
    row = {"digest": digest, "refusal": answer.refusal, "who": answer.who, "answered_at": now}
    session.add(PhoneAct(plant=plant, account=by.account, key=act.key, **row))
    if not answer.refusal:
        about = {_ABOUT[act.kind]: act.about} if act.kind in _ABOUT else {}
        subject = f"{act.gateway_name} {act.call}"
        record_act(session, plant, by.account, f"call.{_TOLD[act.kind]}", subject, about, now, by.address)
    return answer


def purge_answers(session: Session, plant: str, before: float) -> None:
    """Answers older than that, which no phone asks for any more."""
    session.execute(delete(PhoneAct).where(PhoneAct.plant == plant, PhoneAct.answered_at < before))


def _digest(act: Act) -> str:
    """Of everything but its age, which grows from one try to the next."""
    told = json.dumps(asdict(replace(act, age_seconds=0.0)), ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()


def _done(asked: _Asked) -> Answer:
    row = _call(asked)
    if row is None:
        return Answer("gone")
    if not asked.by.can(ACTIONS[asked.act.kind], row.station, asked.master):
        return Answer("elsewhere")
    if asked.act.kind == "note":
        return _put_note(asked, row)
    if asked.act.age_seconds > PHONE_ACT_SECONDS_MAX:
        return Answer("old")
    if row.state not in OPEN_STATES:
        return Answer("closed", person_name(row.ended_by, asked.master))
    return {"acknowledge": _acknowledge, "resolve": _resolve, "assign": _assign}[asked.act.kind](asked, row)


def _call(asked: _Asked) -> Call | None:
    identity = identity_of(asked.act.call)
    return None if identity is None else asked.session.get(Call, (asked.plant, asked.act.gateway_name, *identity))


def _acknowledge(asked: _Asked, row: Call) -> Answer:
    first = row.acknowledged_by if row.state == "acknowledged" else ""
    if first == asked.person:
        return Answer()
    act = asked.act
    done = acknowledge_call(
        asked.session, asked.plant, act.gateway_name, act.call, asked.person, asked.person_name, asked.now
    )
    return Answer() if done else Answer("taken", person_name(first, asked.master))


def _resolve(asked: _Asked, row: Call) -> Answer:
    kind = asked.master.call_type_by_id.get(row.call_type)
    causes = kind.causes if kind and kind.causes else tuple(asked.master.reason_by_id)
    act = asked.act
    if act.about != OTHER_CAUSE and act.about not in causes:
        return Answer("cause")
    resolve_call(
        asked.session, asked.plant, act.gateway_name, act.call, act.about, asked.person, asked.person_name, asked.now
    )
    return Answer()


def _assign(asked: _Asked, row: Call) -> Answer:
    act = asked.act
    if act.about not in owners(asked.master, row.call_type):
        return Answer("owner")
    done = assign_call(
        asked.session, asked.plant, act.gateway_name, act.call, act.about, asked.person, asked.person_name, asked.now
    )
    return Answer() if done else Answer("same")


def _put_note(asked: _Asked, row: Call) -> Answer:
    """Also to a call that is over: what was seen stays worth telling. Its key is kept with it for good."""
    session, act = asked.session, asked.act
    again = select(CallNote.number).where(
        CallNote.plant == asked.plant, CallNote.account == asked.by.account, CallNote.key == act.key
    )
    if session.scalar(again) is not None:
        return Answer()
    mine = (
        CallNote.plant == asked.plant,
        CallNote.gateway == row.gateway,
        CallNote.epoch == row.epoch,
        CallNote.seq == row.seq,
    )
    last = session.scalar(select(func.max(CallNote.number)).where(*mine)) or 0
    if last >= CALL_NOTES_MAX:
        return Answer("full")
    session.add(
        CallNote(
            plant=asked.plant,
            gateway=row.gateway,
            epoch=row.epoch,
            seq=row.seq,
            number=last + 1,
            account=asked.by.account,
            key=act.key,
            person=asked.person,
            text=act.about,
            sha256=act.sha256,
            made_at=asked.now - act.age_seconds,
            received_at=asked.now,
        )
    )
    note_change(session, asked.plant)
    return Answer()
