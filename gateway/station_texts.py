"""Every message of the station in Chinese and English, short enough for a screen seen from 3 m. Pure.

Where a value is a name of the floor, the English template takes its twin: `call` and `call_en`.
"""

from typing import Final

from floor.error_proofing import DEFAULTS
from floor.events import Event
from floor.master import MasterData
from floor.texts import FLAG_NAMES, LANGUAGES, REJECTION_NAMES, Catalogue, Language
from gateway.view import Message

STATION_MESSAGES: Final[Catalogue] = {
    # People.
    "signed_in": ("{name} 已上岗", "{name} signed in"),
    "switched": ("当前：{name}", "Now: {name}"),
    "signed_out": ("{name} 已离岗", "{name} signed out"),
    "timed_out": ("超时离岗：{name}", "Timed out: {name}"),
    # Work.
    "started": ("已开工 {operation}", "Started {operation}"),
    "started_flagged": ("已开工 {operation}，注意：{flags}", "Started {operation}. Note: {flags_en}"),
    "joined": ("已加入 {operation}", "Joined {operation}"),
    "joined_flagged": ("已加入 {operation}，注意：{flags}", "Joined {operation}. Note: {flags_en}"),
    "finished": ("已保存 合格 {good} · {operation}", "Kept: good {good} · {operation}"),
    "finished_flagged": (
        "已保存 合格 {good} · {operation}，注意：{flags}",
        "Kept: good {good} · {operation}. Note: {flags_en}",
    ),
    "finished_scrap": (
        "已保存 合格 {good} 报废 {scrap} · {operation}",
        "Kept: good {good}, scrap {scrap} · {operation}",
    ),
    "finished_scrap_flagged": (
        "已保存 合格 {good} 报废 {scrap} · {operation}，注意：{flags}",
        "Kept: good {good}, scrap {scrap} · {operation}. Note: {flags_en}",
    ),
    "paused": ("已暂停 {operation}", "Paused {operation}"),
    "resumed": ("继续 {operation}", "Resumed {operation}"),
    "undone": (
        "已撤销 合格 {good} 报废 {scrap} · {operation}",
        "Taken back: good {good}, scrap {scrap} · {operation}",
    ),
    # What the station asks for.
    "entering": ("合格 {good} 报废 {scrap}，再扫工单", "Good {good}, scrap {scrap}. Then the ticket"),
    "ask_quantity": ("计划数未知：请扫合格数量 · {operation}", "No planned quantity: scan how many · {operation}"),
    "ask_digits": ("请扫数字卡", "Scan the digits"),
    "ask_same": ("上次扫描已保存。是同一次吗？扫“同一次”或“另一次”", "The last scan was kept. Same or another?"),
    "ask_pause": ("扫要暂停的工单", "Scan the ticket to pause"),
    "ask_resume": ("扫要继续的工单", "Scan the ticket to resume"),
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
    "escalated": ("{call} 无人响应，已升级到 {owner}", "{call_en} still waits: now {owner}"),
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
    for key, words in (REFUSAL_MESSAGES | STATION_MESSAGES | RULE_MESSAGES).items()
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
