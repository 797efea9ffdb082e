"""A small plant to try everything with: two leaders, four operators, three stations, eight orders, every card.

Pure: values in, values out. The labels are those `floor/label_texts.py` composes.
"""

from floor.cells import CommandName
from floor.label_texts import compose_badge, compose_command, compose_ticket
from floor.master import MasterData
from floor.rows import CallTier, CallType, CommandCard, Operation, PastCase, Person, Reason, Station, WorkOrder

PEOPLE = (
    ("P01", "王建国", ("leader", "operator")),
    ("P02", "李秀英", ("operator",)),
    ("P03", "张伟", ("operator",)),
    ("P04", "刘洋", ("operator",)),
    ("P05", "陈静", ("operator",)),
    ("P06", "赵敏", ("leader", "planner")),
)

ORDERS = (
    ("WO-1001", "AX-200", "阀体 AX-200", 120, ("下料", "车削", "检验")),
    ("WO-1002", "AX-210", "阀盖 AX-210", 80, ("下料", "铣削", "检验")),
    ("WO-1003", "BK-015", "支架 BK-015", 200, ("冲压", "折弯")),
    ("WO-1004", "BK-020", "支架 BK-020", 150, ("冲压", "折弯", "焊接")),
    ("WO-1005", "GR-044", "齿轮 GR-044", 60, ("滚齿", "热处理", "磨齿")),
    ("WO-1006", "SH-300", "轴 SH-300", 40, ("车削", "磨削")),
    ("WO-1007", "PN-008", "面板 PN-008", 100, ("激光切割", "折弯", "喷涂")),
    ("WO-1008", "PN-009", "面板 PN-009", 100, ("激光切割", "喷涂")),
)

CALLS = (
    ("quality", "质量", "Quality", "stop", ("dimension", "surface")),
    ("material", "物料", "Material", "slow", ("shortage", "wrong-part")),
    ("equipment", "设备", "Equipment", "stop", ("tool-broken", "sensor")),
    ("safety", "安全", "Safety", "stop", ("injury-risk", "blocked-path")),
)

REASONS = (
    ("dimension", "尺寸超差", "Out of dimension"),
    ("surface", "表面划伤", "Surface scratched"),
    ("material-flaw", "来料缺陷", "Material flaw"),
    ("set-up", "调机报废", "Set-up scrap"),
    ("shortage", "缺料", "Shortage"),
    ("wrong-part", "错料", "Wrong part"),
    ("tool-broken", "刀具断裂", "Tool broken"),
    ("sensor", "传感器故障", "Sensor fault"),
    ("injury-risk", "伤害风险", "Risk of injury"),
    ("blocked-path", "通道堵塞", "Path blocked"),
)

TIERS = (
    ("quality", 5, "质量科"),
    ("quality", 15, "车间主任"),
    ("equipment", 5, "设备科"),
    ("equipment", 15, "车间主任"),
    ("material", 10, "仓库"),
    ("safety", 2, "安全员"),
)

PAST_CASES = (
    ("quality", "S1", "AX-200", "dimension", "内孔偏大 0.03：刀尖磨损，换刀片后重新对刀，首件合格", "2026-03-02"),
    ("quality", "S1", "AX-200", "surface", "铁屑缠绕划伤：调大冷却液压力，换断屑槽刀片", "2026-04-11"),
    ("quality", "S2", "BK-015", "dimension", "折弯角度大：新批次板材回弹不同，角度补偿改为 -1.2 度", "2026-05-20"),
    ("equipment", "S1", "AX-200", "tool-broken", "车刀崩刃：毛坯有硬点，进给降到 0.15，换涂层刀片", "2026-02-17"),
    ("equipment", "S2", "BK-020", "sensor", "接近开关无信号：铁屑吸附在感应面，清理并加防护罩", "2026-06-30"),
    ("material", "S1", "AX-200", "shortage", "棒料缺料：库位写错，B 区找到，补扫入库", "2026-04-02"),
    ("safety", "S3", "", "blocked-path", "通道被周转车堵住：重新划线，周转车定置", "2026-03-15"),
)

SCRAP_REASONS = ("dimension", "surface", "material-flaw", "set-up")

PLAIN_CARDS: tuple[tuple[CommandName, str, str], ...] = (
    ("good", "合格", "Good"),
    ("scrap", "报废", "Scrap"),
    ("confirm", "确认", "Confirm"),
    ("cancel", "取消", "Cancel"),
    ("undo", "撤销", "Undo"),
    ("pause", "暂停", "Pause"),
    ("resume", "继续", "Resume"),
    ("sign_out", "离岗", "Sign out"),
    ("same", "同一次", "Same"),
    ("another", "另一次", "Another"),
)


LATER_CARDS: tuple[tuple[CommandName, str, str], ...] = (
    ("handover", "交接班", "Hand over"),
    ("partial", "报工并继续", "Report part"),
    ("setup", "调机", "Set-up"),
)
"""Cards that gateways of 0.1.0 do not know."""


def _operations() -> tuple[Operation, ...]:
    return tuple(
        Operation(
            id=f"{order}-{number}",
            work_order=order,
            number=number,
            name=name,
            planned=quantity,
            ticket=compose_ticket(f"{order}-{number}"),
        )
        for order, _, _, quantity, names in ORDERS
        for number, name in zip(range(10, 100, 10), names, strict=False)
    )


def _digit_cards() -> list[CommandCard]:
    """Two copies of each digit, a left and a right column: "11" is one card of each, whatever the window."""
    return [
        CommandCard(
            label=compose_command("digit", digit, copy), command="digit", value=digit, name=digit, name_en=digit
        )
        for digit in "0123456789"
        for copy in ("", "B")
    ]


def _card(command: CommandName, value: str, name: str, name_en: str) -> CommandCard:
    label = compose_command(command, value.upper())
    return CommandCard(label=label, command=command, value=value, name=name, name_en=name_en)


def command_cards() -> tuple[CommandCard, ...]:
    """Every card a station understands, with the example's reasons, causes and call types."""
    names = {each: (name, name_en) for each, name, name_en in REASONS}
    causes = dict.fromkeys(cause for *_, listed in CALLS for cause in listed)
    return (
        *_digit_cards(),
        *(_card(command, "", name, name_en) for command, name, name_en in PLAIN_CARDS),
        *(_card("scrap", each, f"报废：{names[each][0]}", f"Scrap: {names[each][1]}") for each in SCRAP_REASONS),
        *(_card("cause", each, f"原因：{names[each][0]}", f"Cause: {names[each][1]}") for each in causes),
        *(_card("call", call, f"呼叫{name}", f"Call: {name_en}") for call, name, name_en, _, _ in CALLS),
    )


def example_plant() -> MasterData:
    """The whole plant, version 1. Line L1 with stations S1, S2, S3, all served by the gateway `gw1`."""
    return MasterData(
        version=1,
        people=tuple(
            Person.model_validate({"id": each, "name": name, "badge": compose_badge(each), "roles": roles})
            for each, name, roles in PEOPLE
        ),
        stations=tuple(
            Station(id=f"S{index}", name=f"工位 {index}", site="plant", area="machining", line="L1", gateway="gw1")
            for index in (1, 2, 3)
        ),
        work_orders=tuple(
            WorkOrder(id=order, item=item, name=name, quantity=quantity) for order, item, name, quantity, _ in ORDERS
        ),
        operations=_operations(),
        command_cards=command_cards(),
        call_types=tuple(
            CallType.model_validate({"id": each, "name": name, "name_en": name_en, "impact": impact, "causes": causes})
            for each, name, name_en, impact, causes in CALLS
        ),
        reasons=tuple(Reason(id=each, name=name, name_en=name_en) for each, name, name_en in REASONS),
    )


def demo_plant() -> MasterData:
    """The same plant as it is after some months: calls go up tiers, and past cases are known.

    It has tables and cards that gateways of 0.1.0 refuse, which `example_plant` has not.
    """
    tiers = [
        CallTier(call_type=each, tier=1 + sum(row[0] == each for row in TIERS[:at]), minutes=minutes, owner=owner)
        for at, (each, minutes, owner) in enumerate(TIERS)
    ]
    columns = ("call_type", "station", "item", "cause", "fix", "closed")
    cases = [
        PastCase.model_validate({"id": f"K{number}", **dict(zip(columns, row, strict=True))})
        for number, row in enumerate(PAST_CASES, start=1)
    ]
    cards = (*command_cards(), *(_card(command, "", name, name_en) for command, name, name_en in LATER_CARDS))
    return example_plant().with_tables(call_tiers=tuple(tiers), cases=tuple(cases), command_cards=cards)
