"""The texts of gateways' cards and credentials, in Chinese (first) and English; part of `central/texts.py`.

Pure: values in, values out.
"""

from typing import Final

from floor.texts import Catalogue

CREDENTIAL_TEXTS: Final[Catalogue] = {
    "card.link": ("存储卡与凭据", "Card and credential"),
    "card.title": ("{name}：存储卡与凭据", "{name}: card and credential"),
    "card.back": ("返回网关", "Back to the gateway"),
    "card.enrolled": ("登记于", "Enrolled"),
    "card.never": ("尚未登记", "never enrolled"),
    "card.certificate": ("客户端证书", "Client certificate"),
    "card.certificate_used": ("使用中，{time} 到期", "in use, until {time}"),
    "card.certificate_unused": ("已签发，尚未使用，{time} 到期", "issued, not used yet, until {time}"),
    "card.certificate_none": ("没有，只用令牌", "none, the token alone"),
    "card.replaced": ("更换次数", "Cards replaced"),
    "card.waiting": ("等待新卡登记", "waits for the new card"),
    "card.old_seen": (
        "旧卡又在运行：请关机，把卡交给维护人员，按下面的命令导入。",
        "An old card is running. Switch it off and import it as told below.",
    ),
    "card.replace": ("更换树莓派或存储卡", "Replace the Pi or its card"),
    "card.replace_why": (
        "生成一次性登记码，给顶替这台网关的新卡。新卡沿用同一名称和工位；登记码使用的那一刻，旧卡的凭据作废。在此之前一切照常。"
        "只有这个登记码算换卡：过期，或为这个名称另行登记、吊销，换卡即取消。",
        "Makes a one-time code for a new card that takes this gateway's place, with the same name and stations. The "
        "moment the code is used, the old card's credential is void. Until then nothing changes. The choice is this "
        "code's alone: it ends with the code, and when the name is enrolled by another code or revoked.",
    ),
    "card.replace_sure": ("为 {name} 的新卡生成登记码", "Make a code for the new card of {name}"),
    "card.valid": ("登记码有效期", "The code works for"),
    "card.valid_now": ("10 分钟（现在输入）", "10 minutes (typed now)"),
    "card.valid_days": ("{n} 天（写入存储卡）", "{n} days (written on a card)"),
    "card.import": ("导入旧卡的记录", "Import an old card's records"),
    "card.import_why": (
        "旧卡上没有上传的记录不会丢。把卡插到服务器上，运行下面的命令；卡只读不写，办公室已有的记录不会重复计算。",
        "What the old card has not sent is not lost. Put it into the server and run this. The card is only read, and "
        "what the office has already does not count twice.",
    ),
    "card.retire": ("停用", "Retire"),
    "card.retire_why": (
        "永久停用：凭据作废，名称不再使用；记录全部保留，旧卡以后仍可导入。停用前先从主数据中移走它的工位。",
        "Out of service for good: its credential is void and its name is closed. All its records stay, and its card "
        "can still be imported. Move its stations elsewhere in the master data first.",
    ),
    "card.retire_waiting": (
        "还有 {n} 条记录它声称有、办公室没有。",
        "It has announced {n} records that the office does not hold.",
    ),
    "card.retire_type": ("输入名称以确认", "Type its name to confirm"),
    "card.retire_sure": ("永久停用 {name}", "Retire {name} for good"),
    "card.retire_wrong": ("输入的名称不符，没有停用。", "The name that was typed is another one. Nothing was done."),
    "card.retired": ("已停用", "retired"),
    "card.is_retired": (
        "{time} 由 {name} 停用。记录保留；旧卡可以导入。",
        "Retired {time} by {name}. Its records stay; its card can be imported.",
    ),
    "card.refused": ("现在不能更换：{why}", "It cannot be replaced now: {why}"),
    "gateways.code_file": (
        "或写入存储卡启动分区的 lineside/enrolment.toml：",
        "Or write it into lineside/enrolment.toml on the card's boot partition:",
    ),
    "gateways.code_pin": (
        "并写入 lineside/gateway.toml 的 [central]：",
        "and this into [central] of lineside/gateway.toml:",
    ),
    "act.gateway.certified": ("网关取得证书", "got a certificate"),
    "act.gateway.replacement_invited": ("生成换卡登记码", "made a code for another card"),
    "act.gateway.card_imported": ("导入旧卡", "imported an old card"),
    "detail.records": ("读出记录", "records read"),
    "detail.taken": ("新收记录", "new ones"),
    "detail.faults": ("损坏处", "faults"),
    "detail.broke_off": ("中途断开", "broke off"),
    "detail.server": ("属于其他服务器", "of another server"),
    "act.gateway.retired": ("停用网关", "retired a gateway"),
}
