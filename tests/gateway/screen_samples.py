"""Views of a small line for the tests and the screenshots: each state that a station's screen can be in."""

from dataclasses import replace

from gateway.view import (
    CallLine,
    Doubtful,
    GatewayView,
    HandoverLine,
    HeldLine,
    InstructionLine,
    LastScan,
    Message,
    NoticeLine,
    PromptLine,
    ReadingLine,
    StationView,
    WorkLine,
)

WALL = 1_795_416_720.0
"""A Monday in November 2026, in the middle of the shift."""

EPOCH = "5f2a9c0e7b1d4a6388e0c1f2d3b4a596"

TEXTS: dict[str, dict[str, str]] = {
    "signed_in": {"zh": "{name} 已登录", "en": "{name} signed in"},
    "started": {"zh": "{operation} 开工", "en": "{operation} started"},
    "reported": {"zh": "报工 合格 {good}，报废 {scrap}", "en": "Reported {good} good, {scrap} scrap"},
    "unknown_label": {"zh": "不认识这个条码，请找班长", "en": "Nobody knows this label; ask the team leader"},
    "ask_quantity": {"zh": "输入合格数量", "en": "Enter the good quantity"},
    "confirm_early": {"zh": "才干了 {time}，真的完成了？", "en": "Only {time} worked. Really done?"},
    "repeated": {"zh": "刚才这一张已经存过", "en": "This one was kept a moment ago"},
    "photo_kept": {"zh": "照片已保存 · {about}", "en": "Photo kept · {about_en}"},
    "called": {"zh": "已呼叫{name}", "en": "{name} is called"},
    "refused_earlier_short": {
        "zh": "不允许：前道工序数量不足 · {operation}",
        "en": "Not allowed: earlier operation short · {operation}",
    },
    "not_kept": {"zh": "没有空间了", "en": "There is no room left"},
}

LI = HeldLine("P-102", "李晓梅", ("operator",))
WANG = HeldLine("P-101", "王建国", ("operator", "leader"))

WORK = WorkLine(
    "P-102", "李晓梅", "OP-2611-20", "20 压装轴承", "WO-2611", "减速器 RX-40", 50, 38, 2, "running", 4521, WALL
)
PAUSED = WorkLine("P-101", "王建国", "OP-2608-10", "10 清洗壳体", "WO-2608", "壳体", 120, 64, 0, "paused", 2710, WALL)

CALL_TYPES = (
    ("material", "缺料", "Material", "slow"),
    ("quality", "质量异常", "Quality", "slow"),
    ("machine", "设备故障", "Machine", "stop"),
    ("help", "叫班长", "Team leader", "none"),
)
CAUSES = (
    ("tool", "刀具磨损", "Worn tool"),
    ("sensor", "传感器失灵", "Sensor fault"),
    ("jam", "卡料", "Jammed part"),
    ("other", "其他", "Other"),
)
REASONS = (
    ("scratch", "划伤", "Scratch"),
    ("size", "尺寸超差", "Out of size"),
    ("press", "压装不到位", "Not pressed home"),
    ("material", "来料不良", "Bad material"),
)


def scan(
    signal: str, key: str, shown: str, ago: float, seq: int = 0, at_office: bool = False, **values: str | int
) -> LastScan:
    """A result `ago` seconds before WALL; `seq` 0 where nothing was kept."""
    identity = f"{EPOCH}/{seq}" if seq else ""
    return LastScan(shown, signal, Message(key, dict(values)), WALL - ago, identity, at_office)


RECENT = (
    scan("kept", "reported", "OP-2611-20", 4, 1284, good=12, scrap=1),
    scan("repeated", "repeated", "OP-2611-20", 96, 0),
    scan("kept", "reported", "OP-2611-20", 1260, 1282, at_office=True, good=26, scrap=1),
    scan("refused", "unknown_label", "6901234567892", 3300, 1281, at_office=True),
    scan("kept", "started", "OP-2611-20", 4521, 1280, at_office=True, operation="20 压装轴承"),
    scan("noted", "signed_in", "LX-B102", 4530, 1279, at_office=True, name="李晓梅"),
)

IDLE_STATION = StationView(
    "A1",
    "装配一线 · 1 号工位",
    call_types=CALL_TYPES,
    scrap_reasons=REASONS,
    devices=(("扫码枪", True), ("按钮盒", True), ("灯塔", True)),
)
RUNNING_STATION = replace(IDLE_STATION, people=(WANG, LI), work=(PAUSED, WORK), last=RECENT[0], recent=RECENT)
OPEN_CALL = CallLine(
    f"{EPOCH}/1283", "machine", "设备故障", "Machine", "stop", "raised", WALL - 312, "李晓梅", "", CAUSES
)
TAKEN_CALL = CallLine(
    f"{EPOCH}/1270", "material", "缺料", "Material", "slow", "acknowledged", WALL - 845, "李晓梅", "赵班长", CAUSES
)


def view(station: StationView, **more: object) -> GatewayView:
    """A gateway with this one station, its office online and nothing waiting."""
    whole = GatewayView(
        "gw-a", (station,), kept=1284, waiting=0, office="online", office_seen_wall=WALL, broker="online", wall=WALL
    )
    return replace(whole, **more)  # type: ignore[arg-type]


def idle() -> GatewayView:
    """Nobody here yet."""
    return view(IDLE_STATION)


def running() -> GatewayView:
    """A job runs, a report was kept a moment ago and is still on its way."""
    return view(RUNNING_STATION, waiting=1, waiting_since_wall=WALL - 4)


def doubtful() -> GatewayView:
    """The journal was damaged and mended; some records are lost."""
    return view(RUNNING_STATION, doubt=Doubtful(12, WALL - 7_400, WALL - 7_200))


def quantity() -> GatewayView:
    """The station waits for a quantity; one digit card has been scanned."""
    prompt = PromptLine("quantity", Message("ask_quantity"), good=1)
    last = scan("ask", "ask_quantity", "OP-2611-20", 2)
    return view(replace(RUNNING_STATION, prompt=prompt, last=last))


def confirm() -> GatewayView:
    """The station asks whether it is really done so early."""
    message = Message("confirm_early", {"time": "0:48"})
    last = LastScan("OP-2611-20", "ask", message, WALL - 2)
    return view(replace(RUNNING_STATION, prompt=PromptLine("confirm_rule", message), last=last))


def refused() -> GatewayView:
    """A label that nobody knows."""
    last = scan("refused", "unknown_label", "6901234567892", 1, 1285)
    return view(replace(RUNNING_STATION, last=last, recent=(last, *RECENT)))


def called() -> GatewayView:
    """Two calls are open: nobody has taken the newer one."""
    last = scan("called", "called", "", 2, 1283, name="设备维修")
    calls = (OPEN_CALL, TAKEN_CALL)
    return view(replace(RUNNING_STATION, calls=calls, last=last, recent=(last, *RECENT)))


def escalated() -> GatewayView:
    """Nobody came: the call has gone up a tier. A start was refused by a rule."""
    message = Message("refused_earlier_short", {"operation": "WO-2611 精车外圆"})
    last = LastScan("OP-2611-20", "refused", message, WALL - 2)
    call = replace(OPEN_CALL, tier=2, owner="车间主任")
    return view(replace(RUNNING_STATION, calls=(call, TAKEN_CALL), last=last, recent=(last, *RECENT)))


def offline() -> GatewayView:
    """The office is away, records wait, a scanner is gone, the last beep may not have sounded."""
    recent = tuple(replace(each, at_office=False) for each in RECENT)
    last = replace(recent[0], beep_unknown=True)
    equipment = (("扫码枪", False), ("按钮盒", True), ("灯塔", True))
    station = replace(RUNNING_STATION, last=last, recent=(last, *recent[1:]), devices=equipment)
    return view(
        station,
        office="offline",
        waiting=37,
        waiting_since_wall=WALL - 4320,
        broker="offline",
        clock_synchronised=False,
    )


def alone() -> GatewayView:
    """No office is configured: the room that is left shows."""
    return view(RUNNING_STATION, office="none", broker="none", days_left=12.4)


NOTICES = (
    NoticeLine("N7", "数量改为 120 件，交期提前", "Now 120 pieces, due earlier", "客户加单，见更改单 7"),
    NoticeLine("N6", "换用新夹具 J-12", "New fixture J-12", ""),
)


def notified() -> GatewayView:
    """A notice holds a start: its key facts are said back, two digits so far."""
    reading = ReadingLine("notice", NOTICES[0].title, NOTICES[0].title_en, NOTICES[0].text, "quantity", "12")
    last = scan("ask", "ask_quantity", "OP-2611-20", 2)
    prompt = PromptLine("read_back", Message("ask_quantity"), reading=reading)
    return view(replace(RUNNING_STATION, prompt=prompt, notices=NOTICES, last=last))


def instructed() -> GatewayView:
    """A revision of a work instruction is said back."""
    reading = ReadingLine("instruction", "压装轴承作业指导书", "Pressing in bearings", "", "revision", "")
    prompt = PromptLine("read_back", Message("ask_quantity"), reading=reading)
    return view(replace(RUNNING_STATION, prompt=prompt, last=scan("ask", "ask_quantity", "OP-2611-20", 2)))


OFFER = HandoverLine(
    "王建国",
    WALL - 300,
    ("WO-2611 压装轴承", "WO-2608 清洗壳体"),
    (("设备故障", "Machine"),),
    (("数量改为 120 件，交期提前", "Now 120 pieces, due earlier"),),
)


def handed_over() -> GatewayView:
    """The last shift signed; nobody took over yet."""
    station = replace(RUNNING_STATION, people=(LI,), work=(), handover=OFFER, notices=NOTICES)
    return view(station)


def taking_over() -> GatewayView:
    """The next shift checks what is open."""
    reading = ReadingLine("handover", "交接", "Hand-over", "", "operations", "")
    prompt = PromptLine("read_back", Message("ask_quantity"), reading=reading)
    last = scan("ask", "ask_quantity", "OP-2611-20", 2)
    return view(replace(RUNNING_STATION, people=(LI,), work=(), handover=OFFER, prompt=prompt, last=last))


def unkept() -> GatewayView:
    """Nothing can be kept."""
    last = scan("unkept", "not_kept", "OP-2611-20", 1)
    return view(replace(RUNNING_STATION, last=last), refusing="disk_full")


def photographed() -> GatewayView:
    """A photo was kept a moment ago; two files are still to go to the office. The instruction is here."""
    last = scan("kept", "photo_kept", "", 2, 1286, about="设备故障", about_en="Machine")
    row = InstructionLine("WI-100", "B", "压装轴承作业指导书", "ab" * 32, "application/pdf", here=True)
    work = (PAUSED, replace(WORK, instruction=row))
    return view(replace(RUNNING_STATION, work=work, last=last, recent=(last, *RECENT)), photos_waiting=2)


def uninstructed() -> GatewayView:
    """The instruction of the running operation has not arrived yet."""
    row = InstructionLine("WI-100", "C", "压装轴承作业指导书", "cd" * 32, "image/png")
    return view(replace(RUNNING_STATION, work=(PAUSED, replace(WORK, instruction=row))))


SAMPLES = {
    "doubtful": doubtful,
    "idle": idle,
    "running": running,
    "quantity": quantity,
    "confirm": confirm,
    "refused": refused,
    "called": called,
    "escalated": escalated,
    "offline": offline,
    "alone": alone,
    "notified": notified,
    "instructed": instructed,
    "handed_over": handed_over,
    "taking_over": taking_over,
    "photographed": photographed,
    "uninstructed": uninstructed,
    "unkept": unkept,
}
