"""The texts of accounts, tokens and the audit log, in Chinese (first) and English; part of `central/texts.py`.

Pure: values in, values out.
"""

from typing import Final

from floor.texts import Catalogue

_OWN_ACCOUNT: Final = {
    "account.title": ("我的账号", "My account"),
    "account.sessions": ("登录会话", "Sessions"),
    "account.end_others": ("结束其他所有会话", "End all other sessions"),
    "account.password": ("更改密码", "Change the password"),
    "account.password_why": (
        "更改后，其他浏览器上的登录全部结束。",
        "Every sign-in in other browsers ends with it.",
    ),
    "account.old_password": ("当前密码", "Current password"),
    "account.change_password": ("更改密码", "Change the password"),
    "account.wrong_password": ("当前密码不对。", "The current password is wrong."),
    "account.pin": ("工牌 PIN", "Badge PIN"),
    "account.pin_why": (
        "在公用终端上，可用工牌加 PIN 登录：时间短，只能做现场的事。",
        "At a shared terminal your badge and this PIN sign you in: for a short time, for the work of the floor.",
    ),
    "account.pin_no_person": (
        "账号还没有对应的人员，所以没有工牌。请找管理员。",
        "The account has no person yet, and so no badge. Ask an administrator.",
    ),
    "account.pin_set": ("已设置", "set"),
    "account.pin_absent": ("未设置", "not set"),
    "account.new_pin": ("新 PIN（4 到 8 位数字）", "New PIN (4 to 8 digits)"),
    "account.set_pin": ("设置 PIN", "Set the PIN"),
    "account.bad_pin": (
        "PIN 要 4 到 8 位数字，不能全部相同或连续，而且同一人员只能有一个账号设置 PIN。",
        "A PIN has 4 to 8 digits, not all the same and no run of them, and one account of a person has one.",
    ),
    "account.saved.password": ("密码已更改，其他会话已结束。", "The password is changed; other sessions have ended."),
    "account.saved.pin": ("PIN 已设置。", "The PIN is set."),
    "account.saved.ended": ("会话已结束。", "The session has ended."),
    "account.saved.others": ("其他会话已全部结束。", "All other sessions have ended."),
    "session.since": ("登录时间", "Since"),
    "session.until": ("有效至", "Until"),
    "session.browser": ("浏览器", "Browser"),
    "session.address": ("地址", "Address"),
    "session.means": ("方式", "By"),
    "session.this": ("当前会话", "this one"),
    "session.end": ("结束", "End"),
    "session.none": ("没有登录会话。", "Nobody is signed in under this name."),
    "means.password": ("密码", "password"),
    "means.badge": ("工牌 + PIN", "badge and PIN"),
    "signin.badge_title": ("工牌登录", "Sign in with a badge"),
    "signin.badge_why": (
        "扫描工牌，输入 PIN。登录 {n} 分钟后自动结束。",
        "Scan your badge and type your PIN. The sign-in ends by itself after {n} minutes.",
    ),
    "signin.badge": ("工牌", "Badge"),
    "signin.pin": ("PIN 码", "PIN"),
    "signin.badge_refused": ("工牌或 PIN 不对。", "The badge or the PIN is wrong."),
    "signin.badge_elsewhere": (
        "这里不是公用终端，不能用工牌登录。",
        "This is not a shared terminal; a badge does not sign in here.",
    ),
    "signin.with_badge": ("用工牌和 PIN 登录", "Sign in with badge and PIN"),
}

_USERS: Final = {
    "users.rights": ("角色与人员", "Roles and person"),
    "users.places": ("班组长只负责（留空：全厂）", "Leader only at (empty: the whole plant)"),
    "users.places_why": (
        "厂区/区域/产线，用空格分开。在别处不能响应、转交或关闭呼叫。例如：",
        "site/area/line, with blanks between them. Elsewhere they take, hand over and close no call. For example:",
    ),
    "users.person_why": (
        "主数据中的人员编号。工位上显示此人的姓名，工牌登录也靠它。",
        "Their id in the master data. Stations show this person's name, and the badge signs them in.",
    ),
    "users.badge": ("工牌", "badge"),
    "users.save": ("保存", "Save"),
    "users.saved_changed": ("已保存，立即生效。", "Saved; it holds from now on."),
    "users.saved_ended": ("会话已结束。", "The sessions have ended."),
    "users.saved_pin": ("PIN 已删除。", "The PIN is gone."),
    "users.no_person": ("主数据中没有这个人员编号。", "The master data has no person with this id."),
    "users.bad_place": (
        "地点要写成 厂区/区域/产线，只能用字母、数字、点、下划线和连字符。",
        "A place is written site/area/line, with letters, digits, dot, underscore and hyphen only.",
    ),
    "users.not_yourself_admin": (
        "不能取消自己的管理员角色。",
        "You cannot take the administrator's role from yourself.",
    ),
    "users.drop_pin": ("删除 PIN", "Remove the PIN"),
    "users.pin_why": (
        "本人在“我的账号”中设置。",
        "They set it themselves under “My account”.",
    ),
    "users.end_all": ("结束全部会话", "End all sessions"),
    "role.operator": ("操作员", "operator"),
    "role.manager": ("经理", "manager"),
    "role.maintainer": ("维护员", "maintainer"),
}

_TOKENS: Final = {
    "tokens.title": ("机器令牌", "Tokens of machines"),
    "tokens.name": ("名称", "Name"),
    "tokens.scopes": ("范围", "Scopes"),
    "tokens.state": ("状态", "State"),
    "tokens.until": ("有效至", "Until"),
    "tokens.used": ("最近使用", "Last used"),
    "tokens.made": ("创建", "Made by"),
    "tokens.revoke": ("吊销", "Revoke"),
    "tokens.revoked_now": ("令牌已吊销，立即失效。", "The token is revoked; it opens nothing from now on."),
    "tokens.none": ("还没有令牌。", "No tokens yet."),
    "tokens.make": ("新建令牌", "Make a token"),
    "tokens.make_why": (
        "给看板、报表、监控等程序用。每个程序一个，只给需要的范围。",
        "For programs: boards, reports, monitoring. One for each, with the scopes it needs and no more.",
    ),
    "tokens.days": ("有效天数（1 到 {n}）", "Days it works (1 to {n})"),
    "tokens.make_button": ("创建并显示一次", "Make it and show it once"),
    "tokens.bad_name": (
        "名称以字母或数字开头，只能用字母、数字、点、下划线和连字符，而且不能与已有的相同。",
        "A name begins with a letter or digit, has only letters, digits, dot, underscore and hyphen, and is not taken.",
    ),
    "tokens.no_scope": ("请至少选择一个范围。", "Choose at least one scope."),
    "tokens.refused": (
        "有效天数要在 1 到 {n} 之间；令牌太多时，请先等已结束的清除。",
        "It works for 1 to {n} days; where there are too many tokens, wait until ended ones are gone.",
    ),
    "tokens.unknown": ("没有这个令牌。", "There is no such token."),
    "tokens.once_title": ("令牌“{name}”", "Token “{name}”"),
    "tokens.once": (
        "只显示这一次，服务器不保存原文。{time} 之前有效。",
        "It is shown this once; the server keeps no copy. It works until {time}.",
    ),
    "tokens.how": ("程序在每个请求中带上：", "The program sends it with each request:"),
    "tokens.back": ("返回令牌列表", "Back to the tokens"),
    "token.good": ("有效", "good"),
    "token.over": ("已过期", "over"),
    "token.revoked": ("已吊销", "revoked"),
    "scope.read_board": ("读看板", "read the board"),
    "scope.read_records": ("读记录", "read the records"),
    "scope.read_audit": ("读审计日志", "read the audit log"),
    "scope.metrics": ("读监控指标", "read the metrics"),
    "scope.write_master": ("写主数据", "write master data"),
}

_AUDIT: Final = {
    "audit.title": ("审计日志", "Audit log"),
    "audit.number": ("序号", "No."),
    "audit.at": ("时间", "Time"),
    "audit.who": ("谁", "Who"),
    "audit.action": ("操作", "What"),
    "audit.subject": ("对象", "To what"),
    "audit.detail": ("详情", "Detail"),
    "audit.address": ("地址", "From"),
    "audit.from": ("从", "From day"),
    "audit.to": ("到", "To day"),
    "audit.none": ("没有符合条件的操作。", "Nothing matches."),
    "audit.chain": ("防篡改", "Proof against change"),
    "audit.chain_why": (
        "每条都与前一条相连，改动或删除会被发现。请把下面最新一条的摘要抄到别处保存，以后用命令核对。",
        "Each act is tied to the one before it, so a change or a removal shows. Keep the newest digest elsewhere and "
        "compare it later with the command.",
    ),
    "act.sign_in.done": ("登录", "signed in"),
    "act.sign_in.failed": ("登录失败", "sign-in failed"),
    "act.sign_in.failures_full": (
        "登录失败过多，本小时不再逐条记录",
        "too many failed sign-ins; not listed for an hour",
    ),
    "act.sign_out.done": ("退出", "signed out"),
    "act.password.set": ("用登录码设置密码", "set a password with a code"),
    "act.password.changed": ("更改密码", "changed the password"),
    "act.pin.set": ("设置 PIN", "set a PIN"),
    "act.pin.locked": ("PIN 暂时锁定", "PIN locked for a while"),
    "act.pin.voided": ("PIN 作废", "PIN made void"),
    "act.pin.removed": ("删除 PIN", "removed a PIN"),
    "act.session.ended": ("结束会话", "ended sessions"),
    "act.user.added": ("添加用户", "added a user"),
    "act.user.invited": ("重发登录码", "made a new code"),
    "act.user.administrator_invited": ("生成管理员码", "made an administrator's code"),
    "act.user.enabled": ("启用用户", "enabled a user"),
    "act.user.disabled": ("停用用户", "disabled a user"),
    "act.user.changed": ("更改角色或人员", "changed roles or person"),
    "act.master.published": ("发布主数据", "published master data"),
    "act.data.exported": ("导出数据", "exported data"),
    "act.call.acknowledged": ("响应呼叫", "took a call"),
    "act.call.assigned": ("转交呼叫", "handed a call over"),
    "act.call.resolved": ("关闭呼叫", "resolved a call"),
    "act.call.case_saved": ("存为案例", "saved a case"),
    "act.alarm.signed_off": ("处理报警", "signed an alarm off"),
    "act.gateway.invited": ("生成网关登记码", "made a gateway's code"),
    "act.gateway.enrolled": ("网关已登记", "enrolled"),
    "act.gateway.revoked": ("吊销网关", "revoked a gateway"),
    "act.token.made": ("创建令牌", "made a token"),
    "act.token.revoked": ("吊销令牌", "revoked a token"),
    "act.audit.purged": ("清除到期的审计记录", "purged old acts"),
}

RIGHTS_TEXTS: Final[Catalogue] = {**_OWN_ACCOUNT, **_USERS, **_TOKENS, **_AUDIT}
