"""Every message of the station in Chinese and English, short enough for a screen seen from 3 m. Pure.

Where a value is a name of the floor, the English template takes its twin: `call` and `call_en`.
"""

from itertools import product
from typing import Final

from floor.error_proofing import DEFAULTS
from floor.events import Event
from floor.master import MasterData
from floor.texts import FLAG_NAMES, LANGUAGES, REJECTION_NAMES, Catalogue, Language
from gateway.view import Message

STATION_MESSAGES: Final[Catalogue] = {
    # People.
    "signed_in": ("{name} 已上岗", "{name} signed in"),
    "signed_in_call_waits": (
        "{name} 已上岗；呼叫仍在等班组长响应",
        "{name} signed in; the call still waits for a leader",
    ),
    "switched": ("当前：{name}", "Now: {name}"),
    "signed_out": ("{name} 已离岗", "{name} signed out"),
    "timed_out": ("超时离岗：{name}", "Timed out: {name}"),
    # Work.
    "started": ("已开工 {operation}", "Started {operation}"),
    "started_flagged": ("已开工 {operation}，注意：{flags}", "Started {operation}. Note: {flags_en}"),
    "joined": ("已加入 {operation}", "Joined {operation}"),
    "joined_flagged": ("已加入 {operation}，注意：{flags}", "Joined {operation}. Note: {flags_en}"),
    "paused": ("已暂停 {operation}", "Paused {operation}"),
    "paused_reason": ("已暂停（{reason}） {operation}", "Paused, {reason_en}: {operation}"),
    "setup_started": ("开始调机 {operation}", "Set-up of {operation}"),
    "setup_started_flagged": ("开始调机 {operation}，注意：{flags}", "Set-up of {operation}. Note: {flags_en}"),
    "setup_finished": ("调机结束，已开工 {operation}", "Set-up done, running {operation}"),
    "resumed": ("继续 {operation}", "Resumed {operation}"),
    "rests_break": ("休息：{count} 道工序已自动暂停", "Break: {count} paused by itself"),
    "rests_shift_end": ("下班：{count} 道工序已自动暂停，请交班", "Shift over: {count} paused, please hand over"),
    "rest_over": ("休息结束，{count} 道工序继续", "Break over: {count} going on"),
    "undone": (
        "已撤销 合格 {good} 报废 {scrap} · {operation}",
        "Taken back: good {good}, scrap {scrap} · {operation}",
    ),
    "undone_rework": (
        "已撤销 合格 {good} 报废 {scrap} 返工 {rework} · {operation}",
        "Taken back: good {good}, scrap {scrap}, rework {rework} · {operation}",
    ),
    "component_used": ("已用料 {item} {lot} · {operation}", "Used: {item} {lot} · {operation}"),
    "component_used_flagged": (
        "已用料 {item} {lot} · {operation}，注意：{flags}",
        "Used: {item} {lot} · {operation}. Note: {flags_en}",
    ),
    "identified": ("已保存 {serial}（第 {count} 个）· {operation}", "Kept: {serial}, number {count} · {operation}"),
    "identified_flagged": (
        "已保存 {serial} · {operation}，注意：{flags}",
        "Kept: {serial} · {operation}. Note: {flags_en}",
    ),
    "note_kept": ("备注已保存：{text}", "Note kept: {text}"),
    # What the station asks for.
    "entering": ("合格 {good} 报废 {scrap}，再扫工单", "Good {good}, scrap {scrap}. Then the ticket"),
    "entering_rework": (
        "合格 {good} 报废 {scrap} 返工 {rework}，再扫工单",
        "Good {good}, scrap {scrap}, rework {rework}. Then the ticket",
    ),
    "entering_partial": (
        "部分报工 合格 {good} 报废 {scrap}，再扫工单",
        "Done so far: good {good}, scrap {scrap}. Then the ticket",
    ),
    "entering_partial_rework": (
        "部分报工 合格 {good} 报废 {scrap} 返工 {rework}，再扫工单",
        "Done so far: good {good}, scrap {scrap}, rework {rework}. Then the ticket",
    ),
    "ask_quantity": ("计划数未知：请扫合格数量 · {operation}", "No planned quantity: scan how many · {operation}"),
    "ask_digits": ("请扫数字卡", "Scan the digits"),
    "ask_same": ("上次扫描已保存。是同一次吗？扫“同一次”或“另一次”", "The last scan was kept. Same or another?"),
    "ask_pause": ("扫要暂停的工单", "Scan the ticket to pause"),
    "ask_resume": ("扫要继续的工单", "Scan the ticket to resume"),
    "counter_kept": ("起始读数已保存 {entered} · {operation}", "Counter at the start: {entered} · {operation}"),
    "ask_counter_start": (
        "起始读数 {entered}：扫数字，再扫工单 · {operation}",
        "Counter at the start {entered}: digits, then the ticket · {operation}",
    ),
    "ask_counter_end": (
        "结束读数 {entered}：扫数字，再扫工单 · {operation}",
        "Counter at the end {entered}: digits, then the ticket · {operation}",
    ),
    "ask_setup": ("扫要调机的工单", "Scan the ticket to set up"),
    "ask_cause": ("{call}：{name} 已响应。解决后扫原因卡", "{call_en}: {name} is on it. Cause card when solved"),
    "ask_fact_quantity": (
        "通知「{title}」：复述数量 {entered}，再扫确认卡",
        "{title_en}: how many? {entered} Then confirm",
    ),
    "ask_fact_due": (
        "通知「{title}」：复述交期月日四位 {entered}，再扫确认卡",
        "{title_en}: due month and day, 4 digits? {entered} Then confirm",
    ),
    "ask_fact_revision": ("「{title}」：扫或输入版本 {entered}", "{title_en}: scan or enter the revision {entered}"),
    "ask_fact_operations": (
        "接班：未完工序几个？{entered}，再扫确认卡",
        "Taking over: open operations? {entered} Then confirm",
    ),
    "ask_fact_calls": (
        "接班：未关闭呼叫几个？{entered}，再扫确认卡",
        "Taking over: open calls? {entered} Then confirm",
    ),
    "ask_fact_left": (
        "接班：第一道工序还剩几件？{entered}，再扫确认卡",
        "Taking over: pieces left of the first? {entered} Then confirm",
    ),
    "ask_read": ("请看通知「{title}」，扫确认卡表示已读", "Read “{title_en}”. Confirm card when read"),
    "ask_handover": (
        "交班：未完工序 {operations}，呼叫 {calls}。扫自己的工牌签字",
        "Hand over: {operations} open, {calls} calls. Your badge signs",
    ),
    "ask_handover_badge": ("接班：扫自己的工牌签字", "Taking over: your badge signs"),
    "misread": ("不对：{given}，请再看「{title}」", "Not {given}: look at “{title_en}” again"),
    "notice_read": ("已确认「{title}」", "Read back: {title_en}"),
    "handed_over": ("{name} 已交班签字，等待接班", "{name} handed over, waiting for the next"),
    "handover_accepted": ("接班完成", "Hand-over accepted"),
    "dropped": ("已取消", "Cancelled"),
    "prompt_expired": ("等待超时，没有保存", "Waited too long, nothing kept"),
    # The same again, and after a start.
    "repeated": ("重复扫码，只算一次", "Same scan again, counted once"),
    "counted_once": ("同一次，只算一次", "Same one, counted once"),
    "last_kept": ("重启前最后一条，已保存", "Last one before the restart, kept"),
    "last_kept_unsure": (
        "重启前最后一条已保存，提示音可能没响",
        "Last one before the restart is kept; it may not have beeped",
    ),
    # Calls.
    "called": ("已呼叫 {call}", "Called: {call_en}"),
    "called_fixed": (
        "已呼叫 {call}：本件完工前未解决则停线",
        "Called: {call_en}. Unless solved, the line stops after this piece",
    ),
    "stopped": ("停线：{call} 未解决，已到定位点", "Line stopped: {call_en} is still open"),
    "position_passed": ("已过定位点", "Position passed"),
    "escalated": ("{call} 无人响应，已升级到 {owner}", "{call_en} still waits: now {owner}"),
    "assigned": ("{call} 已转交 {owner}，等人来", "{call_en} handed to {owner}, waiting"),
    "already_assigned": ("{call} 已经转交 {owner}", "{call_en} is with {owner} already"),
    "ask_leader_badge": ("{call} 转交 {owner}：请班组长扫工牌", "{call_en} to {owner}: a leader's badge, please"),
    "already_called": ("{call} 已呼叫，请稍候", "{call_en} already called, please wait"),
    "acknowledged": ("{name} 正在赶来：{call}", "{name} is coming: {call_en}"),
    "resolved": ("{call} 已解决：{reason}", "{call_en} resolved: {reason_en}"),
    "resolved_office": ("{call} 已由办公室关闭", "{call_en} closed by the office"),
    "call_cancelled": ("已取消呼叫 {call}", "Call cancelled: {call_en}"),
    # Photos.
    "photo_kept": ("照片已保存 · {about}", "Photo kept · {about_en}"),
    "photo_again": ("这张照片已存过 · {about}", "This photo is already kept · {about_en}"),
    # The gateway itself.
    "limit_reached": ("达到记忆上限，已通知维护", "A limit was reached; maintenance is told"),
    "unkept": ("没有保存！请重扫", "NOT kept! Scan again"),
    "online": ("已连上办公室", "Office connected"),
    "offline": ("办公室断线，照常工作", "Office offline, carry on"),
}


_AMOUNTS: Final = {"scrap": ("报废", "scrap"), "rework": ("返工", "rework")}


def _of_reports() -> Catalogue:
    """What is said of a report: whole or partial, with scrap, with rework, with flags."""
    found: Catalogue = {}
    for key, (more, more_en) in {"finished": ("", ""), "partial": ("，继续进行", ", goes on")}.items():
        for others in product(("", "scrap"), ("", "rework")):
            named = [each for each in others if each]
            counts = "".join(f" {_AMOUNTS[each][0]} {{{each}}}" for each in named)
            counts_en = "".join(f", {_AMOUNTS[each][1]} {{{each}}}" for each in named)
            said = f"已保存 合格 {{good}}{counts} · {{operation}}{more}"
            said_en = f"Kept: good {{good}}{counts_en} · {{operation}}{more_en}"
            whole = "_".join((key, *named))
            found[whole] = (said, said_en)
            found[whole + "_flagged"] = (f"{said}，注意：{{flags}}", f"{said_en}. Note: {{flags_en}}")
    return found


REPORT_MESSAGES: Final[Catalogue] = _of_reports()

REFUSAL_MESSAGES: Final[Catalogue] = REJECTION_NAMES | {
    "already_taken": ("{call}：{name} 已响应", "{call_en}: {name} has taken it"),
    "cause_unfit": ("原因“{reason}”与呼叫不符", "Cause “{reason_en}” does not fit the call"),
    "too_many_digits": ("最多 {maximum} 位数字", "At most {maximum} digits"),
}
"""The words of a refusal; those that name something differ from the bare reason in the log."""


def _of_rules() -> Catalogue:
    """What is said of a broken rule that refuses, and of one that asks for the confirm card."""
    found: Catalogue = {}
    for rule in dict.fromkeys(rule for rule, _ in DEFAULTS):
        chinese, english = FLAG_NAMES[rule]
        about = "{name}" if rule.startswith("badge_") else "{operation}"
        found[f"refused_{rule}"] = (f"不允许：{chinese} · {about}", f"Not allowed: {english} · {about}")
        found[f"ask_{rule}"] = (
            f"{chinese}，扫确认卡继续 · {about}",
            f"{english.capitalize()}. Confirm card to go on · {about}",
        )
    return found


RULE_MESSAGES: Final[Catalogue] = _of_rules() | {
    "ask_early": (
        "才 {seconds} 秒（至少 {minimum} 秒），扫确认卡完成 · {operation}",
        "Only {seconds} s (minimum {minimum} s). Confirm card to finish · {operation}",
    ),
}

TEXTS: Final[dict[str, dict[str, str]]] = {
    key: dict(zip(LANGUAGES, words, strict=True))
    for key, words in (REFUSAL_MESSAGES | STATION_MESSAGES | REPORT_MESSAGES | RULE_MESSAGES).items()
}
"""Key -> language -> template of `str.format`."""


class _Values(dict[str, str | int]):
    def __missing__(self, key: str) -> str:
        return "-"


def render(message: Message, language: Language) -> str:
    """The message in a language. Never raises: an unknown key shows itself, a missing value shows a dash."""
    template = TEXTS.get(message.key)
    return message.key if template is None else template[language].format_map(_Values(message.values))


def label_of(event: Event, master: MasterData) -> str:
    """The label whose scan most likely made this event: a badge, or a ticket; empty for what no label makes."""
    operation = getattr(event, "operation", "")
    if operation and event.type_name in ("work.started", "work.resumed", "report.finished"):
        row = master.operation_by_id.get(operation)
        return row.ticket if row is not None else operation
    if event.type_name in ("session.opened", "session.closed"):
        person = master.person_by_id.get(getattr(event, "person", ""))
        return person.badge if person is not None else ""
    return ""
