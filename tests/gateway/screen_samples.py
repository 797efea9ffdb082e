"""Views of a small line for the tests and the screenshots: each state that a station's screen can be in."""

from dataclasses import replace

from gateway.view import (
    CallLine,
    CaseLine,
    Doubtful,
    GatewayView,
    HandoverLine,
    HeldLine,
    InstructionLine,
    LastScan,
    LineCall,
    LineStation,
    LineView,
    LineWork,
    Message,
    NoteLine,
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
    "assigned": {"zh": "{call} 已转交 {owner}，等人来", "en": "{call_en} handed to {owner}, waiting"},
    "stopped": {"zh": "停线：{call} 未解决，已到定位点", "en": "Line stopped: {call_en} is still open"},
    "photo_kept": {"zh": "照片已保存 · {about}", "en": "Photo kept · {about_en}"},
    "called": {"zh": "已呼叫{name}", "en": "{name} is called"},
    "refused_earlier_short": {
        "zh": "不允许：前道工序数量不足 · {operation}",
        "en": "Not allowed: earlier operation short · {operation}",
    },
    "ask_counter": {
        "zh": "结束读数 {entered}：扫数字，再扫工单",
        "en": "Counter at the end {entered}: digits, then the ticket",
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
REWORK_REASONS = (("polish", "重新抛光", "Polish again"), ("refit", "重新压装", "Press again"))
PAUSE_REASONS = (("break", "休息", "Break"), ("tool", "换刀", "Tool change"), ("meeting", "开会", "Meeting"))


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
    rework_reasons=REWORK_REASONS,
    pause_reasons=PAUSE_REASONS,
    notes=(
        NoteLine("李晓梅", "第 12 件轴承有异响，已放到隔离区，等质检看。", WALL - 600, "20 压装轴承", "20 压装轴承"),
        NoteLine("王建国", "换了新批次壳体。", WALL - 9_000),
    ),
    commands=("pause", "rework", "setup"),
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


def counter() -> GatewayView:
    """The station asks for the machine's counter at the end."""
    prompt = PromptLine("counter", Message("ask_counter", {"entered": "0415"}), operation="OP-2611-20", entered="0415")
    return view(replace(RUNNING_STATION, prompt=prompt))


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


NOW = 4_000.0
"""What the boot clock says in the samples of the line."""


def line_of(broker: str = "online", now: float = NOW) -> LineView:
    """Seven stations: ours, two that speak, one silent, one gone with an open call, one unheard, one untold."""
    away = broker != "online"
    stop = LineCall("machine", "设备故障", "Machine", "stop", False, "", 2, "车间主任", now - 754)
    taken = LineCall("material", "缺料", "Material", "slow", True, "赵班长", 0, "", now - 128)
    slow = LineCall("quality", "质量异常", "Quality", "slow", False, "", 0, "", now - 47)
    bearings = LineWork("WO-2611 20 压装轴承", 50, 38, 2, True)
    return LineView(
        "装配一线",
        (
            LineStation("A1", "装配一线 · 1 号工位", "gw-a", "own", people=("王建国", "李晓梅"), work=(bearings,)),
            LineStation(
                "A2",
                "2 号工位 精车",
                "gw-b",
                "there",
                now - (700 if away else 3),
                True,
                ("孙悦",),
                (LineWork("WO-2611 10 精车外圆", 50, 45, 0, True), LineWork("WO-2608 10 清洗壳体", 120, 64, 1, False)),
                (slow, taken),
            ),
            LineStation("A3", "3 号工位 检验", "gw-b", "there", now - (700 if away else 3), True, more=2),
            LineStation("A4", "4 号工位", "gw-c", "there", now - 1_520, True, ("周敏",), (bearings,)),
            LineStation("A5", "5 号工位 包装", "gw-d", "gone", now - 300, True, ("吴强",), (), (stop,)),
            LineStation("A6", "6 号工位", "gw-e", "unheard"),
            LineStation("A7", "7 号工位", "gw-f", "untold", now - 20, True),
            LineStation("A8", "8 号工位", "gw-g", "there", now - 9, False, ("郑凯",), refusing="disk_full"),
        ),
    )


def in_line(broker: str = "online", now: float = NOW) -> GatewayView:
    """A job runs, and others of the line call for help."""
    return replace(running(), line=line_of(broker, now), broker=broker)


def assigned() -> GatewayView:
    """A leader has handed the call to another owner; one may hand it on."""
    owners = ("设备科", "质量科", "车间主任", "赵班长")
    last = LastScan(
        "", "called", Message("assigned", {"call": "设备故障", "call_en": "Machine", "owner": "设备科"}), WALL - 2
    )
    call = replace(OPEN_CALL, owner="设备科", handed_by="赵班长", owners=owners)
    return view(replace(RUNNING_STATION, calls=(call, TAKEN_CALL), last=last, recent=(last, *RECENT)))


CASES = (
    CaseLine(
        "装配一线 · 2 号工位",
        "RX-40",
        "传感器失灵",
        "Sensor fault",
        "接近开关无信号：铁屑吸附在感应面，清理并加防护罩",
        "2026-09-28",
    ),
    CaseLine(
        "装配一线 · 1 号工位",
        "RX-40",
        "卡料",
        "Jammed part",
        "轴承压装卡滞：导向套磨损，换导向套，压力曲线重新示教，首件复测合格后恢复；每班点检间隙，超过 0.05 毫米即换",
        "2026-06-03",
    ),
    CaseLine("", "", "刀具磨损", "Worn tool", "Press tool worn: replaced, spare ordered", ""),
)


def similar() -> GatewayView:
    """An open call with the past cases like it, as long as they may be."""
    owners = ("设备科", "质量科", "车间主任", "赵班长")
    call = replace(OPEN_CALL, owners=owners, cases=CASES)
    last = scan("called", "called", "", 2, 1283, name="设备维修")
    return view(replace(RUNNING_STATION, calls=(call, TAKEN_CALL), last=last, recent=(last, *RECENT)))


def fixed() -> GatewayView:
    """A call with which the line runs on to its fixed position; another has stopped it there."""
    last = LastScan("", "stopped", Message("stopped", {"call": "质量异常", "call_en": "Quality"}), WALL - 2)
    amber = replace(OPEN_CALL, impact="fixed", cases=CASES)
    red = replace(TAKEN_CALL, call=f"{EPOCH}/1271", call_type="quality", name="质量异常", name_en="Quality")
    red = replace(red, state="raised", acknowledged_by="", impact="stop", stopped=True)
    types = tuple((*row[:3], "fixed") if row[0] in ("machine", "quality") else row for row in CALL_TYPES)
    return view(replace(RUNNING_STATION, calls=(amber, red), call_types=types, last=last, recent=(last, *RECENT)))


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


def crowded() -> GatewayView:
    """Everything at once: all warnings, a hand-over, notices, two jobs of one's own, six kinds of calls."""
    row = InstructionLine("WI-100", "B", "压装轴承作业指导书", "ab" * 32, "application/pdf", here=True)
    work = (PAUSED, replace(PAUSED, person="P-102", person_name="李晓梅"), replace(WORK, instruction=row))
    types = (*CALL_TYPES, ("safety", "安全", "Safety", "stop"), ("tool", "工装夹具", "Tooling and fixtures", "fixed"))
    station = replace(
        offline().stations[0],
        work=work,
        calls=(OPEN_CALL, replace(TAKEN_CALL, tier=1)),
        call_types=types,
        notices=NOTICES,
        handover=OFFER,
        devices=(("扫码枪", False), ("按钮盒", False), ("灯塔", True)),
    )
    return replace(offline(), stations=(station,), line=line_of("offline"), photos_waiting=12, waiting=1_204)


SAMPLES = {
    "crowded": crowded,
    "doubtful": doubtful,
    "idle": idle,
    "running": running,
    "quantity": quantity,
    "confirm": confirm,
    "refused": refused,
    "called": called,
    "escalated": escalated,
    "assigned": assigned,
    "similar": similar,
    "fixed": fixed,
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
