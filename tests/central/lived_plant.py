"""A plant that people have worked in: the sample plant after two weeks, with what the office did about it.

One moment is now for everything in it, so that its pages say the same whenever they are looked at.
"""

import dataclasses
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Final

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from central import accounts, api_tokens, audit, comments, drafts, information_owners, problems, task_rules, tasks
from central.alarms import sign_off
from central.application import create_app
from central.cases import save_case
from central.channels.port import Channel, Outcome
from central.config import CentralConfig
from central.context import Plant
from central.database import Database
from central.history import Actor
from central.ingest import ingest
from central.models import Call
from central.notify.contacts import save_contact
from central.notify.links import make_token as link_token
from central.notify.pump import DeliveryPump
from central.notify.tables import Delivery, Notification
from central.plant_days import plant_today
from central.problem_states import ProblemAction
from central.sessions import Caller, open_session
from central.snapshots import current_envelope, current_master, publish
from central.task_states import TaskAction
from central.task_tables import TaskRow
from central.work import Worker, pumps_of
from docs.sources.gallery import OPERATOR, READER
from floor.events import ScanRejected
from floor.instructions import with_instruction
from floor.master import MasterData
from floor.rows import Instruction
from floor.sample import sample_plant
from tests.central.conftest import enrol_gateway
from tests.central.lived_fleet import tell_of_machines
from tests.central.lived_floor import Story, picture, send, tell_all
from tests.central.memory_channel import MemoryChannel
from tests.central.page_client import PASSWORD
from tests.floor.pictures import pdf

ZONE: Final = "Asia/Shanghai"
NOW: Final = datetime(2026, 11, 26, 10, 24, tzinfo=timezone(timedelta(hours=8))).timestamp()
"""A Thursday in the early shift. The process has to be in ZONE: the server's time zone is the plant's."""

HOUR: Final = 3_600.0
DAY: Final = 24 * HOUR
WAITING: Final = "zhang.cheng"
"""Who has a one-time code, and no password yet."""

STEPS: Final = (311, 189, 60, 29.5, 24, 20, 12, 3.7, 2, 1, 0.5, 0.255, 0.085, 0.06, 0.0)
"""Hours ago at which gateways sent and the worker worked."""

SILENT: Final = "gw3"
SILENT_SINCE: Final = NOW - 200
"""Whom nobody has heard since then."""

ROUNDS: Final = 4
"""A message that is refused goes another way in the next round."""

PHONE: Final = Caller(
    "10.20.3.41", "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/142.0.0.0 Mobile Safari/537.36"
)
OFFICE_PC: Final = Caller(
    "10.20.1.17", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0"
)

PEOPLE: Final = (
    (READER, ("admin", "planner", "leader"), "P06"),
    ("wang.jianguo", ("leader@plant/machining/L1",), "P01"),
    ("han.mei", ("leader",), "P16"),
    ("cao.ying", ("leader",), "P26"),
    ("tao.ran", ("maintainer",), "P31"),
    ("zhang.cheng", ("planner", "manager"), "P40"),
    (OPERATOR, ("operator",), "P02"),
    ("bai.song", ("operator",), "P37"),
)
CONTACTS: Final = (
    ("P01", {"channel": "dingtalk", "mention": "13800000001", "place": "1"}),
    ("P01", {"channel": "mail", "address": "wang.jianguo@plant.example", "place": "2"}),
    ("P16", {"channel": "wecom", "mention": "hanmei", "place": "1", "quiet_from": "22:30", "quiet_to": "06:00"}),
    ("P26", {"channel": "feishu", "address": "", "mention": "ou_caoying", "place": "1"}),
    ("P31", {"channel": "ntfy", "address": "maintenance", "place": "1"}),
    ("P36", {"channel": "mail", "address": "stores@plant.example", "place": "1"}),
    ("P06", {"channel": "mail", "address": "zhao.min@plant.example", "place": "1", "quiet_from": "22:00",
             "quiet_to": "06:30"}),
)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Lived:
    """The application, and what stands for the changing parts of its addresses."""

    app: Flask
    places: dict[str, str]

    @property
    def here(self) -> Plant:
        """The plant behind the pages."""
        found = self.app.extensions["lineside"]
        assert isinstance(found, Plant)
        return found

    def session(self, name: str) -> str:
        """A session of somebody, as a sign-in gives it."""
        with self.here.database.write() as session:
            return open_session(session, self.here.database.plant, name, NOW, OFFICE_PC)


def channels() -> dict[str, Channel]:
    """Five ways out, in memory; each answers in its provider's manner, not always with a yes."""
    refused = Outcome("refused", "310000", "keywords not in content")
    slow = Outcome("limited", "11232", "frequency limited", retry_after_seconds=60)
    answers: dict[str, Sequence[Outcome | Exception]] = {
        "mail": (Outcome("accepted", "250", "2.0.0 Ok: queued as 4F2A"),),
        "dingtalk": (Outcome("accepted", "0", "ok"), refused, Outcome("accepted", "0", "ok")),
        "feishu": (slow, Outcome("accepted", "0", "success")),
        "wecom": (Outcome("accepted", "0", "ok"), Outcome("unknown", "answer", "no whole answer came")),
        "ntfy": (Outcome("unreachable", "connection", "connection refused"),),
    }
    return {name: MemoryChannel(answers[name], name if name != "mail" else "email") for name in answers}


class _Work:
    """The work process of the plant, stepped by hand."""

    def __init__(self, here: Plant) -> None:
        pumps = pumps_of(here.database, here.config, channels())
        self._worker = Worker(here.database, pumps, "work")
        self._sending = next(each for each in pumps if isinstance(each, DeliveryPump))

    def step(self, now: float) -> None:
        """Until nothing is under way."""
        for _ in range(ROUNDS):
            self._worker.step(now)
            flying = self._sending.under_way()
            for each in flying:
                each.exception(20)
            if not flying:
                break
        self._sending.close(now)


def lived_plant(folder: Path) -> Lived:
    """The application over a plant in `folder`; whoever asks for it ends it with `close_app`."""
    told = {"public_url": "https://lineside.plant.example", "terminals": ["127.0.0.0/8"]}
    config = CentralConfig.model_validate({"folder": folder, **told, "backup": {"interval_seconds": 3 * DAY}})
    app = create_app(config, clock=lambda: NOW)
    lived = Lived(app, {})
    here = lived.here
    master = sample_plant(plant_today(NOW))
    _begin(here, master)
    story = Story(master, NOW)
    tell_all(story)
    for hours in STEPS:
        _pass(here, story, NOW - hours * HOUR)
        if hours == 24:
            _yesterday(here, story)
    _today(here, story)
    _fleet(here, story)
    tell_of_machines(here, READER, NOW)
    _step(here, NOW)
    with here.database.write() as session:
        sign_off(session, here.database.plant, "", "notices_late", "", "tao.ran", NOW)
    lived.places.update(_places(here, story))
    return lived


def _pass(here: Plant, story: Story, at: float) -> None:
    story.keep((NOW - at) / HOUR)
    for name, card in story.cards.items():
        if name != SILENT or at < SILENT_SINCE:
            send(here.database, card, at)
    _step(here, at)


def _step(here: Plant, at: float) -> None:
    _Work(here).step(at)


def _begin(here: Plant, master: MasterData) -> None:
    """Accounts, contacts, gateways and the first version of master data, two weeks ago."""
    then, name = NOW - 14 * DAY, here.database.plant
    with here.database.write() as session:
        publish(session, master, READER, then, name, note="样板工厂 sample plant")
        audit.record_act(session, name, READER, "master.published", "1", {"version": 1}, then, OFFICE_PC.address)
        for account, roles, person in PEOPLE:
            accounts.add_account(session, name, account, roles, READER, then, person)
            audit.record_act(session, name, READER, "user.added", account, {"roles": roles}, then + 60, "10.20.1.17")
        for person, values in CONTACTS:
            save_contact(session, name, person, values, READER, then)
        for rule in task_rules.usual_rules(master, "P06"):
            asks = rule.event != task_rules.KIT_SHORT
            task_rules.add_rule(session, name, dataclasses.replace(rule, enabled=asks), READER, then)
        information_owners.name_owner(session, name, "department", "machining", "P01", 90, READER, then)
        information_owners.name_owner(session, name, "operation", "WO-1009-20", "P09", 60, READER, then)
    for account, *_ in PEOPLE:
        if account == WAITING:
            continue
        with here.database.write() as session:
            code, _ = accounts.invite_account(session, name, account, READER, then)
        accounts.first_sign_in(here.database, account, code, PASSWORD, then + 60, OFFICE_PC)
    with here.database.write() as session:
        accounts.enable_account(session, name, "bai.song", False)
    for each in ("gw1", "gw2", "gw3", "gw4"):
        enrol_gateway(here.database, each)
    here.files.keep(picture("scratch"))
    here.files.keep(picture("chips"))


def _yesterday(here: Plant, story: Story) -> None:
    """A second version with an instruction, a case saved, the press brake's sensor as a problem."""
    at, name = NOW - 23 * HOUR, here.database.plant
    content = pdf("AX-200 Turning, revision B")
    sheet = Instruction(
        id="WI-AX200", item="AX-200", revision="B", title="阀体车削 Turning of valve bodies",
        sha256=here.files.keep(content), media_type="application/pdf", bytes=len(content),
    )  # fmt: skip
    with here.database.write() as session:
        changed = with_instruction(current_master(session, name), sheet)
        publish(session, changed, "zhang.cheng", at, name, note="AX-200 指导书 B 版：换塞规")
        audit.record_act(session, name, "zhang.cheng", "master.published", "2", {"version": 2}, at, "10.20.1.22")
        save_case(session, name, _call(session, story.named("ended-10")), "换刀片，重新对刀", "wang.jianguo", at)
        envelope = current_envelope(session, name)
        assert envelope is not None
        story.name(f"version {envelope.version}", envelope.digest)
    by = Actor("han.mei", "P16", *_phone())
    told = problems.Analysis(
        "S7 折弯机接近开关反复失灵", "P31", "sensor", due=NOW + 5 * DAY, check_at=NOW + 20 * DAY,
        whys=("接近开关无信号", "感应面吸附铁屑", "防护罩缺失", "改装时未列入清单", ""),
        steps=("陶然、韩梅、杨帆", "折弯机停机 3.6 小时 / 两周", "每班清理感应面", "缺防护罩，铁屑进入",
               "加防护罩，点检表增加一项", "", "", ""),
    )  # fmt: skip
    with here.database.write() as session:
        number = problems.problem_of_call(session, name, f"gw3/{story.named('ended-1')}")
        row = problems.problem_of(session, name, number or 0)
        assert row is not None, "a rule makes a problem of what stopped the line"
        problems.edit(session, row, told, by, at, row.edition)
        problems.act(session, row, ProblemAction.SUBMIT, by, at + HOUR, row.edition, "防护罩已装")


def _call(session: Session, identity: str) -> Call:
    epoch, _, seq = identity.partition("/")
    found = session.scalar(select(Call).where(Call.epoch == epoch, Call.seq == int(seq)))
    assert found is not None
    return found


def _today(here: Plant, story: Story) -> None:
    """Tasks in every state, a draft of master data, tokens, a few sign-ins."""
    name, database = here.database.plant, here.database
    planner, leader = Actor(READER, "P06", "Edge · Windows", "10.20.1.17"), Actor("cao.ying", "P26", *_phone())
    with database.write() as session:
        call = f"gw1/{story.named('scratched')}"
        for wanted, at in _wanted(call):
            assert tasks.make_task(session, name, wanted, planner, at) is not None
    with database.write() as session:
        listed = session.scalars(select(TaskRow).where(TaskRow.plant == name, TaskRow.made_by == READER)).all()
        rows = {each.title[:2]: each for each in listed}
        tasks.act(session, rows["核对"], TaskAction.ACCEPT, leader, NOW - 2 * HOUR, rows["核对"].edition)
        for item in ("夹爪清理前后各拍一张", "第 1 至 14 件端面复检"):
            at = [text for text, _ in tasks.checklist_of(rows["核对"])].index(item)
            tasks.tick(session, rows["核对"], at, item, True, leader, NOW - HOUR)
        waits = rows["催密"]
        tasks.act(session, waits, TaskAction.WAIT, planner, NOW - HOUR, waits.edition, "供应商下午回复到货时间")
        tasks.answer(session, rows["点检"], "12.4", Actor("tao.ran", "P31"), NOW - HOUR, rows["点检"].edition)
        number = str(rows["核对"].number)
        told = "端面划痕 0.02 以内可返修，@曹颖 Cao Ying 请确认；@设备科 夹爪要换新。"
        comments.add_comment(session, name, "task", number, told, planner, NOW - 0.8 * HOUR, [])
        photo = comments.Upload("夹爪.jpg", picture("chips"))
        stored = comments.store(here.files, [photo])
        comments.add_comment(session, name, "task", number, "夹爪照片见附件。", leader, NOW - 0.5 * HOUR, stored)
        comments.add_comment(session, name, "order", "WO-1013", "客户同意延期一天。", planner, NOW - HOUR, [])
        edits = _draft(current_master(session, name))
        drafts.change(session, name, READER, edits, NOW - 0.3 * HOUR, "本周急单与技能更新")
    _doors(database)


def _phone() -> tuple[str, str]:
    return "Chrome · Android", PHONE.address


def _wanted(call: str) -> list[tuple[tasks.Wanted, float]]:
    """Tasks as people write them, and when."""
    checklist = ("夹爪清理前后各拍一张", "第 1 至 14 件端面复检", "返修件重新测气密")
    more: dict[str, Any] = {"work_order": "WO-1013", "operation": "WO-1013-30", "station": "S3"}
    return [
        (tasks.Wanted("核对 WO-1013 端面划痕", "P26", "第 15 件起划痕，先隔离再判。", NOW + 3 * HOUR, "text", True,
                      checklist, 4, "quality", call, **more), NOW - 2.5 * HOUR),
        (tasks.Wanted("催密封圈 SEAL-22 到货", "P06", due=NOW + 6 * HOUR, priority=3, department="logistics",
                      work_order="WO-1019"), NOW - 20 * HOUR),
        (tasks.Wanted("点检 S4 主轴跳动", "P31", due=NOW + HOUR, reply_way="number", confirm=True,
                      department="maintenance", station="S4"), NOW - 26 * HOUR),
        (tasks.Wanted("夹爪备件下单", "P12", due=NOW + 2 * DAY, department="machining"), NOW - 3 * HOUR),
        (tasks.Wanted("更新 AX-210 首检记录表", "P26", due=NOW - 3 * HOUR, reply_way="photo",
                      department="quality"), NOW - 30 * HOUR),
        (tasks.Wanted("周五盘点通知各班组", "P06", due=NOW + DAY, reply_way="yes_no", priority=1,
                      department="planning"), NOW - 5 * HOUR),
    ]  # fmt: skip


def _draft(master: MasterData) -> dict[str, dict[str, Any]]:
    """An order more urgent and larger, a skill renewed, a station renamed."""
    orders, stations = master.order_by_id, master.station_by_id
    return {
        "work_orders": {
            "WO-1012": orders["WO-1012"].model_copy(update={"priority": 1, "quantity": 90}),
            "WO-1019": orders["WO-1019"].model_copy(update={"due": "2026-12-04"}),
        },
        "stations": {"S8": stations["S8"].model_copy(update={"name": "工位 8 机器人焊接 Robot welding"})},
    }


def _doors(database: Database) -> None:
    """Tokens, sessions and what the audit log has of them."""
    name = database.plant
    with database.write() as session:
        api_tokens.make_token(session, name, "erp-orders", ["read:board", "write:master"], 180, READER, NOW - 12 * DAY)
        api_tokens.note_use(session, name, "erp-orders", NOW - 240)
        api_tokens.make_token(session, name, "grafana", ["metrics"], 365, READER, NOW - 9 * DAY)
        api_tokens.make_token(session, name, "old-report", ["read:records"], 90, READER, NOW - 13 * DAY)
        api_tokens.revoke_token(session, name, "old-report", READER, NOW - 8 * DAY)
        for hours, caller in ((52.0, PHONE), (3.5, OFFICE_PC)):
            open_session(session, name, READER, NOW - hours * HOUR, caller)
        open_session(session, name, "wang.jianguo", NOW - 3 * HOUR, PHONE)
        told = (
            (9 * DAY, READER, "token.made", "grafana", {"scopes": ["metrics"]}),
            (8 * DAY, READER, "token.revoked", "old-report", {}),
            (3.5 * HOUR, READER, "sign_in.done", READER, {"means": "password"}),
            (2.6 * HOUR, "han.mei", "call.resolved", "gw3", {"cause": "wrong-part"}),
            (1.1 * HOUR, "tao.ran", "alarm.signed_off", "gw2", {"kind": "limit_reached"}),
        )
        for ago, who, action, subject, detail in told:
            audit.record_act(session, name, who, action, subject, detail, NOW - ago, "10.20.1.17")
        audit.record_failed_sign_in(session, name, "wang.jianguo", "password", NOW - 0.4 * HOUR, "10.20.3.44")


def _fleet(here: Plant, story: Story) -> None:
    """A gateway lost a record with its card and owes another; one has fallen silent with more to send."""
    owing, silent = story.cards["gw2"], story.cards[SILENT]
    stream = owing.running
    assert stream is not None
    owing.lose(stream.epoch, stream.last + 1)
    stream.last += 1
    for _ in range(3):
        owing.keep(ScanRejected(reason="unknown_label", device="scanner-5", shown="A-77"), "S5")
        silent.keep(ScanRejected(reason="garbled_incomplete", device="scanner-8"), "S8")
    del owing.records[stream.epoch, stream.last - 1]
    send(here.database, owing, NOW - 20)
    announced = silent.batch(records_max=0).model_copy(update={"release": "0.2.0"})
    ingest(here.database, SILENT, announced, SILENT_SINCE)
    send(here.database, story.cards["gw1"], NOW - 4)


def _places(here: Plant, story: Story) -> dict[str, str]:
    """What stands in the addresses of pages about one thing."""
    database = here.database
    with database.read() as session:
        task = session.scalar(select(TaskRow.number).where(TaskRow.title.startswith("核对")))
        sensor = f"{SILENT}/{story.named('ended-1')}"
        problem = problems.problem_of_call(session, database.plant, sensor)
        wanted = select(Delivery, Notification).join(Notification, Notification.id == Delivery.notification)
        asked = wanted.where(Delivery.channel != "in_app", Notification.seq > 0, Notification.closed_at.is_(None))
        delivery, note = session.execute(asked.order_by(Delivery.id.desc())).first() or (None, None)
        assert delivery is not None and note is not None and task is not None
        token = link_token(database.secret(), delivery.key, delivery.made_at)
    return {
        "call": f"gw1/{story.named('scratched')}",
        "ended_call": f"gw1/{story.named('ended-10')}",
        "task": str(task),
        "problem": str(problem),
        "delivery": str(delivery.id),
        "token": token,
    }
