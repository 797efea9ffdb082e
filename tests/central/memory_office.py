"""An office in memory with a small plant in it: for tests of pages in states that a database takes long to reach."""

import dataclasses
import hashlib
import itertools
import threading
import time
from collections.abc import Iterator, Mapping, Sequence

from flask import Response

from central.errors import CodeRefused, MasterDataStale, NameRefused, SignInRefused
from central.files import StoredFile
from central.pages.office import (
    Account,
    Alarm,
    Board,
    CallDetail,
    CallLine,
    CallStepLine,
    CaseLine,
    GatewayLine,
    OneTimeCode,
    OperationCard,
    OrderLine,
    PhotoLine,
    Published,
    RecordLine,
    RecordQuery,
    StreamLine,
    UserLine,
)
from floor.master import MasterData

CAUSES = (("tool", "刀具", "Tool worn"), ("material", "缺料", "No material"))


def orders(now: float) -> tuple[OrderLine, ...]:
    """Three orders in all states."""
    first = OrderLine(
        "WO-2026-0117",
        "轴承座 BZ-40",
        "6 月批次",
        500,
        "2026-11-25",
        operations=(
            OperationCard("WO-2026-0117-10", 10, "车削", "done", good=500, scrap=4, planned=500),
            OperationCard("WO-2026-0117-20", 20, "铣平面", "running", ("李明",), "cnc-2", now - 3725, 318, 2, 500),
            OperationCard(
                "WO-2026-0117-30",
                30,
                "钻孔攻丝",
                "running",
                ("王芳", "陈伟", "赵磊"),
                "drill-1",
                now - 940,
                120,
                0,
                500,
            ),
            OperationCard("WO-2026-0117-40", 40, "去毛刺", "setup", ("孙丽",), "bench-1", now - 300, planned=500),
            OperationCard("WO-2026-0117-50", 50, "终检", "idle", planned=500),
        ),
    )
    second = OrderLine(
        "WO-2026-0121",
        "法兰 FL-80",
        "",
        200,
        "2026-11-27",
        operations=(
            OperationCard("WO-2026-0121-10", 10, "下料", "done", good=204, planned=200, flagged=1),
            OperationCard(
                "WO-2026-0121-20", 20, "焊接", "paused", ("刘洋",), "weld-1", now - 1500, 60, 7, 200, rework=3
            ),
            OperationCard("WO-2026-0121-30", 30, "喷涂", "idle", planned=200),
        ),
    )
    third = OrderLine(
        "WO-2026-0130",
        "支架 ZJ-12",
        "",
        1200,
        "2026-12-01",
        "held",
        operations=(OperationCard("WO-2026-0130-10", 10, "冲压", "idle", planned=1200),),
    )
    return first, second, third


def calls(now: float) -> tuple[CallLine, ...]:
    """A stopped line nobody has taken, and a slower one that somebody has."""
    return (
        CallLine(
            "line-1", "a" * 32 + "/7", "machine", "设备故障", "Machine down", "stop", "cnc-2", "raised", now - 312,
            "李明", "WO-2026-0117-20", causes=CAUSES, tier=1, owner="车间主任",
        ),
        CallLine(
            "line-2", "b" * 32 + "/9", "material", "缺料", "No material", "slow", "weld-1", "acknowledged", now - 1260,
            "刘洋", "WO-2026-0121-20", "张班长", now - 900, causes=CAUSES,
        ),
    )  # fmt: skip


def gateways(now: float) -> tuple[GatewayLine, ...]:
    """One well, one offline with trouble, one never seen."""
    return (
        GatewayLine("line-1", True, now - 2, "0.1.0", now - 2, epoch="a" * 32, contiguous=1200, clock_good=True),
        GatewayLine("line-2", False, now - 4000, "0.1.0", now - 4000, 37, 3, 1, 0, "b" * 32, 11, False),
        GatewayLine("line-3"),
    )


class MemoryOffice:
    """Answers `central.pages.port.Office` from plain attributes that a test sets."""

    def __init__(self) -> None:
        now = time.time()
        self.accounts = {
            "admin": (Account("admin", ("admin",)), "correct horse battery"),
            "leader": (Account("leader", ("leader",), "P1"), "correct horse battery"),
            "planner": (Account("planner", ("planner",)), "correct horse battery"),
        }
        self.codes: dict[str, str] = {}
        self.tokens: dict[str, str] = {}
        self.disabled: set[str] = set()
        self.shown = Board(
            orders(now),
            calls(now),
            gateways(now),
            (Alarm("fork", "line-2", "b" * 32, "two epochs name the same epoch before them", now - 500),),
        )
        self.ended: list[CallLine] = [
            dataclasses.replace(calls(now)[1], state="resolved", cause="tool", ended=now - 60, call="c" * 32 + "/1")
        ]
        self.fix = ""
        self.call_owners: tuple[str, ...] = ("车间主任", "设备科", "张班长")
        self.similar = (
            CaseLine(
                "数控 1 号",
                "AX-200",
                "主轴故障",
                "Spindle fault",
                "主轴异响：轴承缺油，润滑泵滤网堵塞，清洗后恢复",
                "2026-02-17",
            ),
            CaseLine(
                "数控 2 号",
                "AX-210",
                "传感器故障",
                "Sensor fault",
                "接近开关无信号：铁屑吸附，清理并加防护罩",
                "2026-03-28",
            ),
        )
        self.steps: tuple[CallStepLine, ...] = (
            CallStepLine("raised", "李明", "", "", now - 312),
            CallStepLine("escalated", "", "", "车间主任", now - 12),
            CallStepLine("acknowledged", "张班长", "office", "", now - 9, counts=True),
            CallStepLine("acknowledged", "李强", "badge", "", now - 8, evidence=True),
        )
        self.acts: list[tuple[str, ...]] = []
        self.published: Published | None = None
        self.log: list[RecordLine] = []
        self.changed = threading.Condition()
        self.version = 0
        self.is_open = True
        self._numbers = itertools.count(1)

    def account_of(self, token: str) -> Account | None:
        name = self.tokens.get(token)
        return self.accounts[name][0] if name and name not in self.disabled else None

    def needs_administrator(self) -> bool:
        return not self.accounts

    def sign_in(self, name: str, password: str, address: str, browser: str = "") -> str:
        if name not in self.accounts or self.accounts[name][1] != password or name in self.disabled:
            raise SignInRefused
        token = f"token-{next(self._numbers)}-{name}"
        self.tokens[token] = name
        return token

    def first_sign_in(self, name: str, code: str, password: str, address: str, browser: str = "") -> str:
        if not code or self.codes.pop(name, None) != code:
            raise CodeRefused
        known = self.accounts.get(name, (Account(name, ("admin",)), ""))[0]
        self.accounts[name] = (known, password)
        return self.sign_in(name, password, address)

    def sign_out(self, token: str) -> None:
        self.tokens.pop(token, None)

    def users(self) -> Sequence[UserLine]:
        return [
            UserLine(name, account.roles, "disabled" if name in self.disabled else "active" if password else "waiting")
            for name, (account, password) in self.accounts.items()
        ]

    def add_user(self, name: str, roles: tuple[str, ...], by: str) -> OneTimeCode:
        if name in self.accounts:
            raise NameRefused
        self.accounts[name] = (Account(name, roles), "")
        return self.renew_code(name, by)

    def renew_code(self, name: str, by: str) -> OneTimeCode:
        self.codes[name] = f"CODE-{next(self._numbers):04d}-WXYZ"
        return OneTimeCode(self.codes[name], time.time() + 600)

    def enable_user(self, name: str, enabled: bool, by: str) -> bool:
        (self.disabled.discard if enabled else self.disabled.add)(name)
        return False

    def note_export(self, what: str, by: Account, **detail: object) -> None:
        self.acts.append(("export", what, by.name))

    def board(self) -> Board:
        return self.shown

    def show(self, board: Board) -> None:
        """Another board, told to every open stream."""
        with self.changed:
            self.shown = board
            self.version += 1
            self.changed.notify_all()

    def stream(self) -> Response:
        return Response(self._changes(), mimetype="text/event-stream")

    def _changes(self) -> Iterator[str]:
        seen = -1
        while self.is_open:
            yield f"event: {'change' if self.version != seen else 'beat'}\ndata: {self.version}\n\n"
            seen = self.version
            with self.changed:
                self.changed.wait_for(lambda before=seen: self.version != before or not self.is_open, timeout=2)

    def close(self) -> None:
        """Ends every open stream."""
        with self.changed:
            self.is_open = False
            self.changed.notify_all()

    def open(self) -> None:
        """Lets streams be opened again."""
        self.is_open = True

    def open_calls(self) -> Sequence[CallLine]:
        return self.shown.calls

    def ended_calls(self) -> Sequence[CallLine]:
        return self.ended

    def call(self, gateway_name: str, epoch: str, seq: int, note: str = "") -> CallDetail | None:
        wanted = (gateway_name, f"{epoch}/{seq}")
        found = [each for each in (*self.shown.calls, *self.ended) if (each.gateway_name, each.call) == wanted]
        return CallDetail(found[0], self.steps, self.fix, self.similar, self.call_owners) if found else None

    def owners(self, call_type: str) -> Sequence[str]:
        return self.call_owners

    def save_case(self, gateway_name: str, epoch: str, seq: int, fix: str, by: Account) -> bool:
        self.acts.append(("save_case", gateway_name, f"{epoch}/{seq}", fix, by.name))
        self.fix = fix
        return False

    def acknowledge(self, gateway_name: str, call: str, by: Account) -> bool:
        self.acts.append(("acknowledge", gateway_name, call, by.name))
        return True

    def assign(self, gateway_name: str, call: str, owner: str, by: Account) -> bool:
        self.acts.append(("assign", gateway_name, call, owner, by.name))
        return True

    def resolve(self, gateway_name: str, call: str, cause: str, by: Account) -> bool:
        self.acts.append(("resolve", gateway_name, call, cause, by.name))
        return True

    def streams(self, gateway_name: str) -> Sequence[StreamLine]:
        return [
            StreamLine("a" * 32, "", 1200, 1200, 1200),
            StreamLine("b" * 32, "a" * 32, 431, 468, 300, ((12, 14),), 0, True),
        ]

    def enrol(self, gateway_name: str, by: str, days: int = 0) -> OneTimeCode:
        self.acts.append(("enrol", gateway_name, by))
        return OneTimeCode("K7QF-2MXD-9TRB", time.time() + 600)

    def revoke(self, gateway_name: str, by: str) -> None:
        self.acts.append(("revoke", gateway_name, by))

    def sign_off(self, alarm: Alarm, by: str) -> bool:
        self.acts.append(("sign_off", alarm.gateway_name, alarm.kind, by))
        return True

    def master(self) -> Published | None:
        return self.published

    def publish(self, master: MasterData, base_version: int, by: str) -> int:
        version = self.published.master.version if self.published else 0
        if base_version != version:
            raise MasterDataStale
        self.published = Published(master.model_copy(update={"version": version + 1}), time.time(), by)
        return version + 1

    def photos_of_calls(self) -> Mapping[tuple[str, str], Sequence[PhotoLine]]:
        return {}

    def file(self, sha256: str) -> StoredFile | None:
        return None

    def store_file(self, content: bytes) -> str:
        return hashlib.sha256(content).hexdigest()

    def records(self, query: RecordQuery, count: int) -> Sequence[RecordLine]:
        found = [
            each
            for each in reversed(self.log)
            if (not query.gateway_name or each.gateway_name == query.gateway_name)
            and (not query.type or each.type == query.type)
            and (not query.operation or each.operation == query.operation)
            and (query.before is None or each.place < query.before)
        ]
        return found[:count]
