"""Every text of the office pages, in Chinese (first) and English. The floor's own words are in floor/texts.py.

Pure: a page asks with `text(language, key, **values)`; tests hold that no key is missing or idle, or its values differ.
"""

from typing import Final

from central.call_texts import CALL_TEXTS
from central.code_texts import CODES
from central.column_texts import COLUMN_TEXTS
from central.credential_texts import CREDENTIAL_TEXTS
from central.field_texts import ALARMS, FIELDS
from central.file_texts import FILES
from central.fleet_texts import FLEET_TEXTS
from central.master_texts import MASTER_TEXTS
from central.measure_texts import MEASURES
from central.notify_texts import NOTIFY_TEXTS
from central.oidc_texts import OIDC_TEXTS
from central.order_texts import ORDER_TEXTS
from central.phone_texts import PHONE_TEXTS
from central.planning_texts import PLANNING_TEXTS
from central.rights_texts import RIGHTS_TEXTS
from central.task_texts import PROBLEM_TEXTS, TASK_TEXTS
from floor.texts import LANGUAGES, Catalogue, Language

DEFAULT_LANGUAGE: Final[Language] = "zh"
HTML_LANGUAGE: Final[dict[Language, str]] = {"zh": "zh-CN", "en": "en"}

_FRAME: Final = {
    "product": ("线边", "Lineside"),
    "nav.board": ("看板", "Board"),
    "nav.calls": ("呼叫", "Calls"),
    "nav.notices": ("通知", "Notices"),
    "nav.gateways": ("网关", "Gateways"),
    "nav.master": ("主数据", "Master data"),
    "nav.records": ("记录", "Records"),
    "nav.users": ("用户", "Users"),
    "nav.label": ("页面", "Pages"),
    "skip": ("跳到正文", "Skip to content"),
    "language.other": ("English", "中文"),
    "sign_out": ("退出", "Sign out"),
    "sign_in": ("登录", "Sign in"),
    "live.wait": ("正在连接…", "Connecting…"),
    "live.on": ("实时", "Live"),
    "live.lost": ("未实时更新，正在重连", "Not live, reconnecting"),
    "live.held": ("正在填写，暂不更新", "Waiting while you choose"),
    "previous": ("上一页", "Previous"),
    "next": ("下一页", "Next"),
    "page_of": ("第 {page} 页，共 {pages} 页", "Page {page} of {pages}"),
    "all": ("全部", "All"),
    "filter": ("筛选", "Filter"),
    "search": ("查找", "Search"),
    "ago.seconds": ("{n} 秒前", "{n} s ago"),
    "ago.minutes": ("{n} 分钟前", "{n} min ago"),
    "ago.hours": ("{n} 小时前", "{n} h ago"),
    "ago.days": ("{n} 天前", "{n} d ago"),
}

_BOARD: Final = {
    "board.title": ("现场看板", "Live board"),
    "board.calls": ("未关闭的呼叫", "Open calls"),
    "board.no_calls": ("没有未关闭的呼叫", "No open calls"),
    "board.more_calls": ("另有 {n} 个呼叫", "{n} more calls"),
    "board.gateways": ("网关", "Gateways"),
    "board.no_gateways": ("还没有登记网关", "No gateway is enrolled yet"),
    "board.more_gateways": ("另有 {n} 台正常", "{n} more without trouble"),
    "board.orders": ("工单与工序", "Orders and operations"),
    "board.as_of": ("数据截至 {time}", "data as of {time}"),
    "board.never": ("尚无数据", "no data yet"),
    "board.show.open": ("未完成", "Open"),
    "board.show.active": ("进行中", "Active"),
    "board.show.done": ("已完成", "Done"),
    "board.show.all": ("全部", "All"),
    "board.find": ("工单号或品名", "Order or item"),
    "board.tv": ("大屏", "Wall screen"),
    "board.tv_end": ("退出大屏", "Leave wall screen"),
    "board.found": ("{n} 个工单", "{n} orders"),
    "board.incomplete": (
        "服务器正在补读收到的记录，看板稍后才完整。",
        "The server is still reading records that came in; the board is complete in a moment.",
    ),
    "board.more_alarms": ("另有 {n} 项", "{n} more"),
    "board.empty": ("没有符合条件的工单", "No order matches"),
    "board.empty_master": (
        "还没有工单。计划员在“主数据”页导入后，这里会立即显示。",
        "No orders yet. They appear here as soon as a planner imports them on the Master data page.",
    ),
    "board.quantity": ("数量 {n}", "Quantity {n}"),
    "board.due": ("交期 {date}", "Due {date}"),
    "board.more_operations": ("另有 {n} 道工序", "{n} more operations"),
    "board.good": ("合格", "good"),
    "board.scrap": ("报废 {n}", "Scrap {n}"),
    "board.rework": ("返工 {n}", "Rework {n}"),
    "board.flagged": ("待核对 {n}", "{n} to check"),
    "board.people_more": ("等 {n} 人", "and {n} more"),
    "board.unknown_order": ("主数据里没有的工单", "Not in the master data"),
    "state.idle": ("未开工", "Idle"),
    "state.partly": ("部分完成", "Partly done"),
    "state.running": ("进行中", "Running"),
    "state.setup": ("调机中", "Set-up"),
    "state.paused": ("已暂停", "Paused"),
    "state.done": ("已完成", "Done"),
    "order.released": ("已下达", "Released"),
    "order.held": ("已暂停", "On hold"),
    "order.closed": ("已关闭", "Closed"),
    "gateway.online": ("在线", "online"),
    "gateway.offline": ("离线", "offline"),
    "gateway.unseen": ("从未连接", "never seen"),
    "gateway.waiting": ("待传 {n}", "waiting {n}"),
    "gateway.gaps": ("缺失 {n}", "missing {n}"),
    "gateway.forks": ("分叉 {n}", "forks {n}"),
    "gateway.conflicts": ("冲突 {n}", "conflicts {n}"),
    "gateway.clock_bad": ("时钟未同步", "clock not set"),
}

_NOTICES: Final = {
    "notices.title": ("通知与交接", "Notices and hand-overs"),
    "notices.in_force": ("现行通知和作业指导书", "Notices and instructions in force"),
    "notices.notice": ("通知", "Notice"),
    "notices.about": ("关于", "About"),
    "notices.everything": ("全部", "Everything"),
    "notices.facts": ("须复述", "Said back"),
    "notices.read_only": ("只需确认已读", "Only read"),
    "notices.read_by": ("已确认", "Read by"),
    "notices.nobody": ("还没有人", "Nobody yet"),
    "notices.misread": ("说错次数", "Wrong answers"),
    "notices.none": ("没有通知。", "There are no notices."),
    "notices.handovers": ("交接班", "Hand-overs"),
    "notices.outgoing": ("交班", "Handed over by"),
    "notices.open": ("遗留", "Left open"),
    "notices.incoming": ("接班", "Taken over by"),
    "notices.waiting": ("等待接班", "waiting"),
    "notices.no_handovers": ("还没有交接。", "There were no hand-overs yet."),
    "fact.quantity": ("数量", "quantity"),
    "fact.due": ("交期", "due"),
    "fact.revision": ("版本", "revision"),
    "fact.operations": ("工序", "operations"),
    "fact.calls": ("呼叫", "calls"),
    "fact.left": ("剩余件数", "pieces left"),
}

_GATEWAYS: Final = {
    "gateways.title": ("网关", "Gateways"),
    "gateways.none": ("还没有登记网关。", "No gateway is enrolled yet."),
    "gateways.name": ("名称", "Name"),
    "gateways.state": ("状态", "State"),
    "gateways.seen": ("最近连接", "Last seen"),
    "gateways.release": ("版本", "Release"),
    "gateways.as_of": ("数据截至", "Data as of"),
    "gateways.waiting": ("待传记录", "Waiting"),
    "gateways.clock": ("时钟", "Clock"),
    "gateways.clock_good": ("已同步", "set"),
    "gateways.faults": ("异常", "Faults"),
    "gateways.epochs": ("各段记录", "Epochs"),
    "gateways.epoch": ("段", "Epoch"),
    "gateways.mark": ("连续收到", "Complete up to"),
    "gateways.claimed": ("网关声称", "Gateway claims"),
    "gateways.safe": ("已备份", "In a backup"),
    "gateways.previous": ("上一段", "After"),
    "gateways.missing_range": ("缺 {first}–{last}", "missing {first}–{last}"),
    "gateways.enrol": ("登记网关", "Enrol a gateway"),
    "gateways.enrol_why": (
        "为一台树莓派生成一次性登记码。一般 {minutes} 分钟内有效，只能用一次，只对这个名称有效。"
        "换卡请在该网关的“存储卡与凭据”页生成；在这里生成会取消等待中的换卡。",
        "Makes a one-time code for one Raspberry Pi. It usually works for {minutes} minutes, once, for this name only. "
        "For another card of a gateway use its page Card and credential: a code made here takes that choice back.",
    ),
    "gateways.enrol_name": ("网关名称（字母、数字、. _ -）", "Gateway name (letters, digits, . _ -)"),
    "gateways.enrol_button": ("生成登记码", "Make a code"),
    "gateways.code_title": ("“{name}”的登记码", "Code for “{name}”"),
    "gateways.code_once": (
        "登记码只显示这一次，{time} 之前有效。离开本页后不能再查看，可以重新生成。",
        "Shown this once, and good until {time}. It cannot be seen again after you leave; you can make another.",
    ),
    "gateways.code_command": ("在这台树莓派上输入：", "On that Raspberry Pi, type:"),
    "gateways.code_here_only": (
        "本页是在服务器本机打开的：请把命令里的地址换成树莓派能访问的服务器地址。",
        "This page was opened at the server itself: put the address by which the Raspberry Pi reaches the server into "
        "the command.",
    ),
    "gateways.code_done": (
        "登记成功后，网关会在下面的列表中显示为在线。",
        "Once enrolled, the gateway shows as online in the list.",
    ),
    "gateways.back": ("返回网关列表", "Back to the gateways"),
    "gateways.revoke": ("吊销", "Revoke"),
    "gateways.revoke_why": (
        "吊销后这台网关不能再上传，直到重新登记；它已保存的记录留在卡上，不会丢失。",
        "A revoked gateway cannot send until it is enrolled again. Its kept records stay on its card; none is lost.",
    ),
    "gateways.revoke_sure": ("确认吊销 {name}", "Yes, revoke {name}"),
    "gateways.revoked": ("已吊销 {name}。", "{name} is revoked."),
    "gateways.is_revoked": ("已吊销", "revoked"),
    "gateways.only_admin": ("只有管理员可以登记或吊销网关。", "Only an administrator may enrol or revoke gateways."),
    "gateways.alarms": ("需要人处理的事项", "Needs a person"),
    "gateways.sign_off": ("已处理", "Dealt with"),
    "gateways.name_taken": (
        "这个名称是另一台网关的工位，或已经停用，请换一个名称。",
        "This is the name of a station of another gateway, or was retired. Choose another name.",
    ),
    "gateways.bad_name": (
        "名称只能用字母、数字、点、下划线和连字符，以字母或数字开头，最多 48 个字符。",
        "Use letters, digits, dot, underscore and hyphen, begin with a letter or digit, at most 48 characters.",
    ),
}

_RECORDS: Final = {
    "records.title": ("记录", "Records"),
    "records.gateway": ("网关", "Gateway"),
    "records.type": ("类型", "Type"),
    "records.operation": ("工序", "Operation"),
    "records.export": ("导出 CSV", "Export CSV"),
    "records.export_bound": (
        "导出最新的 {n} 条。要更多请缩小筛选范围。",
        "Exports the newest {n}. For more, narrow the filter.",
    ),
    "records.time": ("时间", "Time"),
    "records.what": ("内容", "What"),
    "records.who": ("人员", "Person"),
    "records.station": ("工位", "Station"),
    "records.identity": ("编号", "Identity"),
    "records.flags": ("标记", "Flags"),
    "records.error": ("误差 ±{n} s", "±{n} s"),
    "records.clock_unknown": ("时间未确定", "time not certain"),
    "records.clock_anchored": ("已按服务器校正", "corrected by server"),
    "records.clock_set": ("时钟已同步", "clock was set"),
    "records.none": ("没有符合条件的记录。", "No record matches."),
    "records.older": ("更早", "Older"),
    "records.newest": ("最新", "Newest"),
}

_USERS: Final = {
    "users.title": ("用户", "Users"),
    "users.name": ("用户名", "User name"),
    "users.person": ("人员编号", "Person"),
    "users.who": ("人员", "Who it is"),
    "users.roles": ("角色", "Roles"),
    "users.state": ("状态", "State"),
    "users.acts": ("操作", "Actions"),
    "users.add": ("添加用户", "Add a user"),
    "users.add_button": ("添加并生成一次性登录码", "Add and make a one-time code"),
    "users.only_admin": ("只有管理员可以管理用户。", "Only an administrator manages users."),
    "users.bad_name": (
        "用户名以字母或数字开头，只能用字母、数字、点、下划线和连字符，最多 48 个字符，而且不能与已有的相同。",
        "A user name begins with a letter or digit, has only letters, digits, dot, underscore and hyphen, at most 48 "
        "characters, and is not taken.",
    ),
    "users.no_role": ("请至少选择一个角色。", "Choose at least one role."),
    "users.code_title": ("“{name}”的一次性登录码", "One-time code for “{name}”"),
    "users.code_once": (
        "请当面交给本人，只显示这一次，{time} 之前有效。本人在登录页输入用户名和登录码，然后设置自己的密码。",
        "Hand it over in person; it is shown this once and works until {time}. On the sign-in page they enter their "
        "user name and this code, and then set a password of their own.",
    ),
    "users.back": ("返回用户列表", "Back to the users"),
    "users.new_code": ("重发登录码", "New code"),
    "users.disable": ("停用", "Disable"),
    "users.enable": ("启用", "Enable"),
    "users.active": ("可用", "active"),
    "users.waiting": ("等待设置密码", "has yet to set a password"),
    "users.disabled": ("已停用", "disabled"),
    "users.saved": ("已保存。", "Saved."),
    "users.not_yourself": ("不能停用自己。", "You cannot disable yourself."),
    "role.admin": ("管理员", "administrator"),
    "role.planner": ("计划员", "planner"),
    "role.leader": ("班组长", "leader"),
}

_ACCOUNT: Final = {
    "signin.title": ("登录", "Sign in"),
    "signin.first": ("首次启动", "First start"),
    "signin.first_why": (
        "还没有设置管理员密码。请输入服务器启动时在控制台显示的一次性管理员码，并设置密码。",
        "No administrator has a password yet. Enter the one-time administrator code that the server printed on its "
        "console when it started, and choose a password.",
    ),
    "signin.name": ("用户名", "User name"),
    "signin.password": ("密码", "Password"),
    "signin.code": ("一次性登录码", "One-time code"),
    "signin.have_code": ("我有一次性登录码", "I have a one-time code"),
    "signin.code_why": (
        "第一次登录时，用管理员给的一次性登录码设置自己的密码。",
        "On your first day, use the one-time code from your administrator to set a password of your own.",
    ),
    "signin.new_password": ("新密码（至少 {n} 个字符）", "New password (at least {n} characters)"),
    "signin.repeat": ("再次输入新密码", "New password again"),
    "signin.set": ("设置密码并登录", "Set the password and sign in"),
    "signin.refused": ("用户名或密码不对。", "The user name or the password is wrong."),
    "signin.code_refused": (
        "登录码不对、已用过或已过期。请向管理员要一个新的。",
        "The code is wrong, used or too old. Ask your administrator for a new one.",
    ),
    "signin.short": ("密码至少要 {n} 个字符。", "The password needs at least {n} characters."),
    "signin.long": ("密码最多 {n} 个字符。", "The password may have at most {n} characters."),
    "signin.name_in_it": ("密码不能包含用户名。", "The password must not contain the user name."),
    "signin.differ": ("两次输入的密码不一样。", "The two passwords differ."),
    "signin.too_many": (
        "尝试次数过多，请 {n} 分钟后再试。",
        "Too many attempts. Try again in {n} minutes.",
    ),
    "signin.with_password": ("我已有密码", "I have a password"),
}

_ERRORS: Final = {
    "error.400.title": ("请求不完整", "The request was not complete"),
    "error.400.what": (
        "页面可能放得太久了。请返回、刷新页面，然后重试。",
        "The page may have been open for too long. Go back, reload it and try again.",
    ),
    "error.403.title": ("没有权限", "Not allowed"),
    "error.403.what": (
        "您的角色不能做这件事。请找管理员，或用别的用户登录。",
        "Your role does not allow this. Ask an administrator, or sign in as somebody else.",
    ),
    "error.404.title": ("没有这个页面", "There is no such page"),
    "error.404.what": ("请检查地址，或回到看板。", "Check the address, or go back to the board."),
    "error.405.title": ("不能这样打开", "Cannot be opened like this"),
    "error.405.what": ("请从页面上的按钮操作。", "Use the button on its page."),
    "error.413.title": ("内容太大", "Too large"),
    "error.413.what": (
        "上传的内容超过了允许的大小。请检查选择的文件是否正确。",
        "What you sent is larger than allowed. Check that you chose the right file.",
    ),
    "error.429.title": ("操作太频繁", "Too many attempts"),
    "error.429.what": ("请等一分钟再试。", "Wait a minute and try again."),
    "error.500.title": ("服务器出错", "The server has a fault"),
    "error.500.what": (
        "现场报工不受影响：网关继续保存。请重试；仍然出错时请告诉维护人员。",
        "Reports on the floor go on: the gateways keep them. Try again, and tell the maintainer if it stays.",
    ),
    "error.503.title": ("服务器正忙", "The server is busy"),
    "error.503.what": ("请过一会儿再试。", "Try again in a moment."),
    "error.reference": ("编号 {id}", "Reference {id}"),
    "error.to_board": ("回到看板", "Go to the board"),
}

TEXTS: Final[Catalogue] = {
    **_FRAME,
    **_BOARD,
    **CALL_TEXTS,
    **CREDENTIAL_TEXTS,
    **TASK_TEXTS,
    **PROBLEM_TEXTS,
    **_NOTICES,
    **_GATEWAYS,
    **MASTER_TEXTS,
    **COLUMN_TEXTS,
    **PLANNING_TEXTS,
    **CODES,
    **_RECORDS,
    **_USERS,
    **_ACCOUNT,
    **_ERRORS,
    **FIELDS,
    **ALARMS,
    **FILES,
    **MEASURES,
    **NOTIFY_TEXTS,
    **OIDC_TEXTS,
    **RIGHTS_TEXTS,
    **ORDER_TEXTS,
    **PHONE_TEXTS,
    **FLEET_TEXTS,
}


def text(language: Language, key: str, **values: object) -> str:
    """The text of a key in a language (`zh` or `en`), with its values put in. KeyError for a key that is not here."""
    chosen = TEXTS[key][LANGUAGES.index(language)]
    return chosen.format(**values) if values else chosen


def text_or(language: Language, key: str, otherwise: str) -> str:
    """The text of a key, or another text where the catalogue does not know it (a newer release's event type)."""
    return text(language, key) if key in TEXTS else otherwise
