"""The floor's names in Chinese and English, for both ends: event types, flags, reasons, states.

Pure data. Whoever shows one of these words takes it from here, so that station and office say the same.
"""

from typing import Final, Literal

Language = Literal["zh", "en"]
LANGUAGES: Final[tuple[Language, ...]] = ("zh", "en")

Catalogue = dict[str, tuple[str, str]]
"""Key -> (Chinese, English)."""

EVENT_NAMES: Final[Catalogue] = {
    "session.opened": ("上岗", "Signed in"),
    "session.closed": ("离岗", "Signed out"),
    "work.started": ("开工", "Work started"),
    "work.paused": ("暂停", "Work paused"),
    "work.resumed": ("继续", "Work resumed"),
    "setup.started": ("开始调机", "Set-up started"),
    "setup.finished": ("调机结束", "Set-up finished"),
    "report.finished": ("报工", "Work reported"),
    "counter.read": ("计数器读数", "Counter read"),
    "component.used": ("用料", "Component used"),
    "product.identified": ("产品序列号", "Product identified"),
    "rework.reported": ("返工", "Rework reported"),
    "report.corrected": ("撤销报工", "Report taken back"),
    "scan.rejected": ("扫码被拒", "Scan refused"),
    "scan.refused": ("防错拦截", "Refused by a rule"),
    "rule.broken": ("违反防错规则", "Rule broken"),
    "notice.read": ("通知已确认", "Notice read back"),
    "notice.misread": ("通知复述有误", "Notice misread"),
    "handover.offered": ("交班签字", "Handed over"),
    "handover.misread": ("交接复述有误", "Hand-over misread"),
    "handover.accepted": ("接班签字", "Hand-over accepted"),
    "note.kept": ("备注", "Note"),
    "andon.raised": ("安灯呼叫", "Call raised"),
    "andon.acknowledged": ("呼叫已响应", "Call acknowledged"),
    "andon.assigned": ("呼叫已转交", "Call handed over"),
    "andon.escalated": ("呼叫已升级", "Call escalated"),
    "andon.stopped": ("到定位点停线", "Line stopped at its position"),
    "andon.resolved": ("异常已解决", "Call resolved"),
    "andon.cancelled": ("呼叫已取消", "Call cancelled"),
    "photo.kept": ("照片", "Photo"),
    "snapshot.applied": ("主数据已更新", "Master data updated"),
    "fact.received": ("收到通知", "Fact received"),
    "device.found": ("设备已连接", "Device found"),
    "device.lost": ("设备已断开", "Device lost"),
    "device.assigned": ("设备已分配", "Device assigned"),
    "device.unassigned": ("设备已取消分配", "Device taken back"),
    "listening.started": ("开始识别设备", "Listening for devices"),
    "signal.tested": ("信号测试", "Signal tested"),
    "limit.reached": ("达到上限", "Limit reached"),
    "notice.skipped": ("通知已跳过", "Notices skipped"),
    "record.lost": ("记录丢失", "Record lost"),
    "journal.salvaged": ("记录文件已修复", "Journal salvaged"),
    "gateway.stopped": ("网关已停止", "Gateway stopped"),
}

FLAG_NAMES: Final[Catalogue] = {
    "early": ("用时过短", "sooner than the minimum"),
    "over_quantity": ("超出计划数", "over the planned quantity"),
    "unknown_operation": ("未知工序", "unknown operation"),
    "order_held": ("工单已暂停", "order on hold"),
    "order_closed": ("工单已关闭", "order closed"),
    "wrong_station": ("非本工位", "not for this station"),
    "earlier_short": ("前道工序数量不足", "earlier operation short"),
    "nothing_left": ("计划数已报完", "nothing left to report"),
    "not_started": ("未扫码开工", "not started by scan"),
    "wrong_material": ("物料不对", "wrong material"),
    "wrong_lot": ("批次过期或已封存", "lot expired or blocked"),
    "lot_missing": ("标签上没有批次", "no lot on the label"),
    "serial_repeated": ("序列号已用过", "serial used before"),
    "component_missing": ("有物料未扫码", "component not scanned"),
    "serial_missing": ("序列号或批次未扫全", "serials or lot not scanned"),
    "counter_rolled": ("计数器回零", "counter rolled over"),
    "continued": ("报工后继续", "goes on after a report"),
    "earlier_unknown": ("前道数量未知", "earlier quantity unknown"),
    "earlier_short_hearsay": ("前道数量不足（同线所报）", "earlier operation short (by the line)"),
    "calendar_unknown": ("时钟未校准，未按班次暂停", "clock not set, breaks not taken out"),
    "expiry_unknown": ("时钟未校准，未判有效期", "clock not set, expiry not judged"),
    "skill_missing": ("无此技能资格", "skill missing"),
    "skill_expired": ("技能资格已过期", "skill expired"),
    "badge_revoked": ("工牌已注销", "badge revoked"),
    "badge_expired": ("工牌已过期", "badge expired"),
    "handover_open": ("交接未签收", "hand-over not accepted"),
    "handed_over": ("交接时结束", "ended by a hand-over"),
    "notice_unread": ("通知未确认", "notice not read back"),
    "instruction_unread": ("作业指导书新版本未确认", "instruction revision not read back"),
}

REJECTION_NAMES: Final[Catalogue] = {
    "label_too_long": ("条码过长", "Label too long"),
    "label_encoding": ("条码无法识读", "Label cannot be read"),
    "label_control": ("条码含控制字符", "Label has control characters"),
    "unknown_label": ("未知条码", "Unknown label"),
    "product_label": ("这是商品条码", "That is a product code"),
    "part_label": ("这是物料标签", "That is a part label"),
    "station_label": ("这是工位标牌", "That is a station's sign"),
    "unknown_badge": ("未知工牌", "Unknown badge"),
    "unknown_command": ("未知指令卡", "Unknown command card"),
    "unknown_call": ("未知呼叫类型", "Unknown call type"),
    "unknown_reason": ("未知原因", "Unknown reason"),
    "scan_badge_first": ("请先扫工牌", "Scan your badge first"),
    "digit_first": ("请先扫合格卡或报废卡", "Scan the good or scrap card first"),
    "too_many_digits": ("数字太长", "Too many digits"),
    "bad_note": ("备注为空或太长", "The note is empty or too long"),
    "bad_quantity": ("数量不对", "Not a quantity"),
    "nothing_to_confirm": ("没有待确认的内容", "Nothing to confirm"),
    "nothing_asked": ("没有待回答的问题", "Nothing was asked"),
    "ask_ticket": ("请扫工单", "Scan the ticket"),
    "not_running": ("该工序未开工", "That operation is not running"),
    "not_paused": ("该工序未暂停", "That operation is not paused"),
    "which_operation": ("同时有几道工序，请先暂停其他工序", "Several operations run: pause the others first"),
    "in_setup": ("该工序已在调机", "That operation is in set-up"),
    "nothing_running": ("没有进行中的工序", "Nothing is running"),
    "nothing_paused": ("没有暂停的工序", "Nothing is paused"),
    "nothing_to_undo": ("没有可撤销的报工", "Nothing to take back"),
    "nothing_to_cancel": ("没有可取消的呼叫", "No call to cancel"),
    "already_taken": ("呼叫已被响应", "The call is already taken"),
    "no_open_call": ("没有未关闭的呼叫", "No open call"),
    "cause_unfit": ("原因与呼叫类型不符", "The cause does not fit the call"),
    "leader_only": ("需要班组长", "Only a leader can do this"),
    "leader_elsewhere": ("不是本产线的班组长，请找本线班组长", "Leader of another line: ask a leader of this line"),
    "leader_badge_over": ("工牌已失效，不能响应呼叫，请找班组长", "Badge no longer good for calls: ask a leader"),
    "nothing_to_stop": ("没有要停线的呼叫", "No call to stop the line for"),
    "unknown_owner": ("没有这个负责人", "Nobody knows this owner"),
    "call_gone": ("呼叫已关闭", "The call is closed"),
    # What arrived was no label at all: the reasons a device gives.
    "garbled_too_long": ("条码过长", "Label too long"),
    "garbled_incomplete": ("条码不完整", "Label incomplete"),
    "garbled_unknown_key": ("未知按键", "Unknown key"),
    "garbled_control": ("条码含控制字符", "Label has control characters"),
    "garbled_dropped": ("输入过快，已丢弃", "Too fast, dropped"),
    "garbled_unknown_message": ("未知消息", "Unknown message"),
    "garbled_crowded": ("连接过多", "Too many connections"),
}

STATE_NAMES: Final[Catalogue] = {
    "none": ("未开工", "not started"),
    "running": ("进行中", "running"),
    "paused": ("已暂停", "paused"),
    "setup": ("调机中", "in set-up"),
    "finished": ("已完成", "finished"),
    "raised": ("待响应", "raised"),
    "acknowledged": ("已响应", "acknowledged"),
    "resolved": ("已解决", "resolved"),
    "cancelled": ("已取消", "cancelled"),
    "released": ("已下达", "released"),
    "held": ("已暂停", "on hold"),
    "closed": ("已关闭", "closed"),
    "stop": ("停线", "line stopped"),
    "slow": ("减速", "slowed"),
    "fixed": ("将在定位点停线", "stops at its fixed position"),
}

CATALOGUES: Final[dict[str, Catalogue]] = {
    "event": EVENT_NAMES,
    "flag": FLAG_NAMES,
    "rejection": REJECTION_NAMES,
    "state": STATE_NAMES,
}


def name(catalogue: Catalogue, key: str, language: Language) -> str:
    """The word for a key; the key itself where a newer release made it."""
    found = catalogue.get(key)
    return key if found is None else found[LANGUAGES.index(language)]


def flag_names(flags: tuple[str, ...], language: Language) -> str:
    """The flags as a sentence."""
    return ("、" if language == "zh" else ", ").join(name(FLAG_NAMES, flag, language) for flag in flags)
