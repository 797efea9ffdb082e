"""What can be wrong before a gateway is at its office, each with a number that a light can blink. Pure.

docs/enrolment.md shows this table; the page of the first boot and the station page tell the same words.
"""

from dataclasses import dataclass
from typing import Final

BLINK_SECONDS: Final = 0.3
"""On, and off between two blinks of a number."""

PAUSE_SECONDS: Final = 1.8
"""Dark behind a number, before it begins again."""


@dataclass(frozen=True, slots=True)
class BootCode:
    """`number`: so many blinks. `zh`, `en`: what is wrong. `act_zh`, `act_en`: who does what."""

    number: int
    key: str
    zh: str
    en: str
    act_zh: str
    act_en: str


CODES: Final = (
    BootCode(
        1,
        "no_configuration",
        "没有找到配置",
        "no configuration",
        "维护人员：把 gateway.toml 放到启动分区或 U 盘的 lineside 文件夹，插上即可，不用重启。",
        "The maintainer puts gateway.toml into the folder lineside of the boot partition or a USB stick; no restart.",
    ),
    BootCode(
        2,
        "bad_configuration",
        "配置有错误",
        "the configuration has faults",
        "维护人员：按页面列出的行号改正 gateway.toml，重新插上。",
        "The maintainer mends the lines of gateway.toml that the page lists, and plugs it in again.",
    ),
    BootCode(
        3,
        "no_code",
        "没有登记码",
        "no enrolment code",
        "维护人员：在办公室“网关”页生成登记码，写入 enrolment.toml；在此之前记录保存在卡上。",
        "The maintainer has the office make a code and puts it into enrolment.toml; records wait on the card.",
    ),
    BootCode(
        4,
        "unreachable",
        "连不上服务器",
        "the server is out of reach",
        "不用处理，会自动重试；一直这样时，维护人员检查网络和服务器地址。",
        "Nothing: it is tried again. If it stays so, the maintainer checks the network and the server's address.",
    ),
    BootCode(
        5,
        "wrong_key",
        "服务器密钥与登记文件不符",
        "the server has another key than the pinned one",
        "维护人员：用服务器上的 lineside central ca pin 核对；可能有别的设备在冒充服务器。什么都没有发出。",
        "The maintainer compares with `lineside central ca pin` at the server: another may answer. Nothing was sent.",
    ),
    BootCode(
        6,
        "wrong_code",
        "登记码错误、已用过或已过期",
        "the code is wrong, used or over",
        "维护人员：在办公室重新生成登记码，写入 enrolment.toml。",
        "The maintainer has the office make another code and puts it into enrolment.toml.",
    ),
    BootCode(
        7,
        "name_taken",
        "名称已被占用或已停用",
        "the name is taken or retired",
        "维护人员：在办公室核对网关名称；名称空出后同一登记码仍可用。",
        "The maintainer compares the gateway's name with the office; the same code works once the name is free.",
    ),
    BootCode(
        8,
        "clock_unset",
        "时钟未校准，无法核对服务器证书",
        "the clock is unset, so the server's certificate cannot be judged",
        "等待网络校时；若一直这样，维护人员在配置中写入 pin（不需要时钟），或检查 NTP。",
        "Wait for the network's time; if it stays so, the maintainer sets a pin, which needs no clock, or mends NTP.",
    ),
    BootCode(
        9,
        "refused",
        "服务器拒绝",
        "the server refuses",
        "维护人员：查看站点设置页上的原因。",
        "The maintainer reads the reason on the station's set-up page.",
    ),
    BootCode(
        10,
        "card",
        "存储卡不能写入",
        "the card cannot be written",
        "维护人员：检查数据分区的空间，或更换存储卡。",
        "The maintainer looks at the room of the data partition, or changes the card.",
    ),
)

BY_KEY: Final = {code.key: code for code in CODES}


def lit(number: int, since: float) -> bool:
    """Whether the light is on, `since` seconds after it began to blink the number."""
    within = since % _turn(number)
    return within < 2 * BLINK_SECONDS * number and within % (2 * BLINK_SECONDS) < BLINK_SECONDS


def change(number: int, since: float) -> float:
    """Seconds after the beginning at which the light changes next."""
    turn = _turn(number)
    turns, within = divmod(since, turn)
    steps = int(within / BLINK_SECONDS) + 1
    return turns * turn + (steps * BLINK_SECONDS if steps < 2 * number else turn)


def _turn(number: int) -> float:
    return 2 * BLINK_SECONDS * number - BLINK_SECONDS + PAUSE_SECONDS
