"""What grows and may go, kind by kind: what is old goes, what is young or still at work stays, and evidence always."""

import itertools
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest
from pydantic import ValidationError
from sqlalchemy import func, select

from central.audit import record_act, verify_acts
from central.config import CentralConfig
from central.database import Database
from central.limits import PHONE_KEY_SECONDS, PURGED_PER_STEP_MAX
from central.models import (
    AccountSession,
    Alarm,
    Call,
    MasterVersion,
    OneTimeCode,
    Record,
    Stream,
    Table,
)
from central.notify.tables import Delivery, DeliveryStep, Notification, OfficeEvent
from central.order_tables import FlowCard, OrderCard
from central.phone.tables import CallNote, PhoneAct
from central.planning_tables import MasterDraft
from central.retention import KINDS, RetentionPump
from central.retention_settings import DAYS_MIN, RetentionConfig
from central.rights_tables import ApiToken, AuditRow
from central.task_tables import AttachmentRow, CommentRow, ProblemCall, ProblemRow, TaskEvent, TaskRow
from tests.central.grown_plant import blank_row

NOW = 1_800_000_000.0
DAY = 86_400.0
KEPT = 400
"""Days that each kind is kept here; more than any least."""

OLD, YOUNG = NOW - (KEPT + 2) * DAY, NOW - (KEPT - 2) * DAY
NUMBERS = itertools.count(1)
FOR_EVER = {kind.setting: 0 for kind in KINDS}
Kept = TypeVar("Kept", bound=Table)


@pytest.fixture
def database(module_config: CentralConfig) -> Iterator[Database]:
    """In one database, each test with a plant of its own."""
    made = Database(module_config.database_url, secrets.token_hex(8))
    made.begin_plant(NOW)
    yield made
    made.close()


def row(model: type[Kept], **values: Any) -> Kept:
    """A row of which only what matters is named."""
    return model(**blank_row(model, **values))


@dataclass(frozen=True)
class Filling:
    """Rows of a kind. `goes` of those of the age that is given; `stays` at any age. `left`: what is there, counted."""

    goes: Callable[[str, float], list[Table]]
    stays: Callable[[str, float], list[Table]]
    counted: tuple[type[Table], ...]


def alarms(plant: str, at: float) -> list[Table]:
    return [row(Alarm, plant=plant, kind="fork", subject=str(at), signed_off_at=at, signed_off_by="x")]


def messages(plant: str, at: float) -> list[Table]:
    number = next(NUMBERS)
    return [
        row(Notification, id=number, plant=plant, source=str(at), made_at=at),
        row(Delivery, id=number, plant=plant, key=str(at), notification=number, made_at=at),
        row(DeliveryStep, plant=plant, delivery=number, number=1),
        row(OfficeEvent, id=number, plant=plant, handled_at=at),
    ]


def tasks(state: str) -> Callable[[str, float], list[Table]]:
    def made(plant: str, at: float) -> list[Table]:
        number = next(NUMBERS)
        talk = {"plant": plant, "kind": "task", "subject": str(number), "number": number}
        return [
            row(TaskRow, plant=plant, number=number, state=state, changed_at=at),
            row(TaskEvent, plant=plant, subject=f"task/{number}", number=1),
            row(CommentRow, **talk),
            row(AttachmentRow, **talk),
        ]

    return made


def problems(state: str) -> Callable[[str, float], list[Table]]:
    def made(plant: str, at: float) -> list[Table]:
        number = next(NUMBERS)
        talk = {"plant": plant, "kind": "problem", "subject": str(number), "number": number}
        return [
            row(ProblemRow, plant=plant, number=number, state=state, changed_at=at),
            row(ProblemCall, plant=plant, call=f"{at}{state}", problem=number),
            row(TaskEvent, plant=plant, subject=f"problem/{number}", number=1),
            row(CommentRow, **talk),
            row(AttachmentRow, **talk),
        ]

    return made


def call(plant: str, at: float, state: str) -> Call:
    epoch = ("e" if state == "raised" else "a") * 32
    return row(Call, plant=plant, gateway="one", epoch=epoch, seq=int(at), state=state)


def said(plant: str, at: float, kind: str, subject: str) -> list[Table]:
    number = next(NUMBERS)
    about = {"plant": plant, "kind": kind, "subject": subject, "number": number}
    return [row(CommentRow, at=at, **about), row(AttachmentRow, at=at, comment_number=number, **about)]


def talk_of_closed(plant: str, at: float) -> list[Table]:
    ended = call(plant, at, "resolved")
    order, operation = f"WO-closed-{at}", f"OP-closed-{at}"
    return [
        ended,
        row(OrderCard, plant=plant, id=order, open=0),
        row(FlowCard, plant=plant, operation=operation, work_order=order),
        *said(plant, at, "call", f"one/{ended.epoch}/{ended.seq}"),
        *said(plant, at, "order", order),
        *said(plant, at, "operation", operation),
    ]


def talk_of_open(plant: str, at: float) -> list[Table]:
    """And of a closed order of which somebody spoke lately."""
    still = call(plant, at, "raised")
    order, operation, closed = f"WO-open-{at}", f"OP-open-{at}", f"WO-lately-{at}"
    return [
        still,
        row(OrderCard, plant=plant, id=order, open=1),
        row(OrderCard, plant=plant, id=closed, open=0),
        row(FlowCard, plant=plant, operation=operation, work_order=order),
        *said(plant, at, "call", f"one/{still.epoch}/{still.seq}"),
        *said(plant, at, "order", order),
        *said(plant, at, "operation", operation),
        *said(plant, at, "order", closed),
        *said(plant, NOW, "order", closed),
    ]


def notes(state: str) -> Callable[[str, float], list[Table]]:
    def made(plant: str, at: float) -> list[Table]:
        about = call(plant, at, state)
        note = {"gateway": "one", "epoch": about.epoch, "seq": about.seq, "number": 1, "key": f"{at}{state}"}
        return [about, row(CallNote, plant=plant, received_at=at, **note)]

    return made


def drafts(plant: str, at: float) -> list[Table]:
    return [row(MasterDraft, plant=plant, owner=str(at), changed_at=at)]


def tokens(plant: str, at: float) -> list[Table]:
    return [
        row(ApiToken, plant=plant, name=f"over{at}", token_hash=f"{plant}over{at}", expires_at=at),
        row(ApiToken, plant=plant, name=f"off{at}", token_hash=f"{plant}off{at}", expires_at=NOW + 9, revoked_at=at),
    ]


def nothing(plant: str, at: float) -> list[Table]:
    return []


def open_alarm(plant: str, at: float) -> list[Table]:
    return [row(Alarm, plant=plant, kind="fork", subject=f"open{at}", last_at=at)]


def waiting_event(plant: str, at: float) -> list[Table]:
    return [row(OfficeEvent, id=next(NUMBERS), plant=plant, at=at)]


def living_token(plant: str, at: float) -> list[Table]:
    return [row(ApiToken, plant=plant, name=f"in{at}", token_hash=f"{plant}in{at}", made_at=at, expires_at=NOW + 9)]


TALK = (CommentRow, AttachmentRow)
FILLINGS = {
    "alarms": Filling(alarms, open_alarm, (Alarm,)),
    "messages": Filling(messages, waiting_event, (Notification, Delivery, DeliveryStep, OfficeEvent)),
    "tasks": Filling(tasks("done"), tasks("open"), (TaskRow, TaskEvent, *TALK)),
    "problems": Filling(problems("cancelled"), problems("open"), (ProblemRow, ProblemCall, TaskEvent, *TALK)),
    "comments": Filling(talk_of_closed, talk_of_open, TALK),
    "call_notes": Filling(notes("resolved"), notes("raised"), (CallNote,)),
    "drafts": Filling(drafts, nothing, (MasterDraft,)),
    "tokens": Filling(tokens, living_token, (ApiToken,)),
}


def put(database: Database, rows: list[Table]) -> list[Table]:
    with database.write() as session:
        session.add_all(rows)
    return rows


def left(database: Database, models: tuple[type[Table], ...]) -> list[int]:
    with database.read() as session:
        return [
            session.scalar(select(func.count()).select_from(each).where(each.__table__.c.plant == database.plant)) or 0
            for each in models
        ]


def told(database: Database) -> list[tuple[str, str, str]]:
    with database.read() as session:
        mine = select(AuditRow).where(AuditRow.plant == database.plant).order_by(AuditRow.position)
        return [(each.action, each.subject, each.detail) for each in session.scalars(mine)]


@pytest.mark.parametrize("name", FILLINGS)
def test_what_is_old_goes_and_what_is_young_or_at_work_stays(database: Database, name: str) -> None:
    filling, plant = FILLINGS[name], database.plant
    put(database, filling.goes(plant, YOUNG) + filling.stays(plant, OLD) + filling.stays(plant, YOUNG + 1))
    kept = left(database, filling.counted)
    put(database, filling.goes(plant, OLD))
    with_old = left(database, filling.counted)
    assert all(more > less for more, less in zip(with_old, kept, strict=True))
    RetentionPump(database, RetentionConfig(**FOR_EVER)).step(NOW)
    assert left(database, filling.counted) == with_old, "0 is for ever"
    assert RetentionPump(database, RetentionConfig(**{**FOR_EVER, f"{name}_days": KEPT})).step(NOW) > NOW
    assert left(database, filling.counted) == kept
    (kind,) = (each for each in KINDS if each.name == name)
    acts = [each for each in told(database) if each[0] == "retention.deleted"]
    assert [each[1] for each in acts] == ([name] if kind.told else []), "that evidence went is an act"


def test_acts_go_from_the_beginning_and_the_rest_proves_itself(database: Database) -> None:
    with database.write() as session:
        for at in (OLD, OLD, YOUNG):
            record_act(session, database.plant, "wang", "call.taken", "x", {}, at)
    RetentionPump(database, RetentionConfig(**FOR_EVER)).step(NOW)
    assert len(told(database)) == 3
    RetentionPump(database, RetentionConfig(**{**FOR_EVER, "audit_days": KEPT})).step(NOW)
    assert [each[0] for each in told(database)] == ["call.taken", "audit.purged"]
    with database.read() as session:
        assert verify_acts(session, database.plant).fault == ""


def test_what_is_over_goes_whatever_the_policy_says(database: Database) -> None:
    plant = database.plant
    for ends in (NOW - 1, NOW + 9):
        put(database, [row(AccountSession, plant=plant, token_hash=f"{plant}{ends}", expires_at=ends)])
        put(database, [row(OneTimeCode, plant=plant, purpose="account", subject=str(ends), expires_at=ends)])
    for age in (1.0, -1.0):
        at = NOW - PHONE_KEY_SECONDS - age
        put(database, [row(PhoneAct, plant=plant, account="wang", key=str(age), answered_at=at)])
    RetentionPump(database, RetentionConfig(**FOR_EVER)).step(NOW)
    assert left(database, (AccountSession, OneTimeCode, PhoneAct)) == [1, 1, 1]


def test_evidence_stays_whatever_the_policy_says(database: Database) -> None:
    """Records, the versions that decisions name, and the marks: no setting deletes any of them."""
    plant = database.plant
    stream = row(Stream, plant=plant, gateway="one", epoch="e" * 32, first_seen_at=1.0)
    put(database, [stream])
    with database.read() as session:
        number = session.scalar(select(Stream.id).where(Stream.plant == plant))
    put(database, [row(Record, plant=plant, position=1, stream_id=number, seq=1, received_at=1.0)])
    put(database, [row(MasterVersion, plant=plant, version=1, made_at=1.0), call(plant, 1.0, "resolved")])
    RetentionPump(database, RetentionConfig(**{name: max(1, least) for name, least in DAYS_MIN.items()})).step(NOW)
    assert left(database, (Stream, Record, MasterVersion, Call)) == [1, 1, 1, 1]


def test_much_goes_in_pieces(database: Database) -> None:
    put(database, [each for number in range(PURGED_PER_STEP_MAX + 1) for each in drafts(database.plant, OLD - number)])
    pump = RetentionPump(database, RetentionConfig(**{**FOR_EVER, "drafts_days": KEPT}))
    assert pump.step(NOW) == NOW, "there is more"
    assert left(database, (MasterDraft,)) == [1]
    assert pump.step(NOW) > NOW
    assert left(database, (MasterDraft,)) == [0]


def test_every_kind_has_its_days_its_least_and_its_test() -> None:
    settings = {kind.setting for kind in KINDS}
    assert settings == set(RetentionConfig.model_fields) == set(DAYS_MIN)
    assert {kind.name for kind in KINDS} == {*FILLINGS, "audit"}
    for name, field in RetentionConfig.model_fields.items():
        assert str(field.description).endswith(f"least {DAYS_MIN[name]}")


@pytest.mark.parametrize("name", DAYS_MIN)
def test_fewer_days_than_the_least_are_a_fault_of_the_configuration(name: str, tmp_path: Path) -> None:
    least = DAYS_MIN[name]
    RetentionConfig(**{name: least})
    RetentionConfig(**{name: 0})
    for days in (least - 1, -1, 36_501):
        if days:
            with pytest.raises(ValidationError):
                RetentionConfig(**{name: days})
