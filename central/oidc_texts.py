"""The texts of signing in through the identity provider, in Chinese (first) and English; part of `central/texts.py`.

Pure: values in, values out.
"""

from typing import Final

from floor.texts import Catalogue

OIDC_TEXTS: Final[Catalogue] = {
    "oidc.button": ("用公司账号登录", "Sign in with the company account"),
    "oidc.named": ("用 {name} 登录", "Sign in with {name}"),
    "oidc.away": (
        "公司账号服务现在连不上。请用密码登录，或稍后再试。",
        "The company's sign-in cannot be reached now. Sign in with your password, or try again later.",
    ),
    "oidc.again": (
        "这次登录已过期，或不是在这个浏览器里开始的。请再点一次登录按钮。",
        "This sign-in is over, or was not begun in this browser. Press the button once more.",
    ),
    "oidc.denied": ("公司账号服务没有允许登录。", "The company's sign-in did not let you in."),
    "oidc.refused": (
        "公司账号服务的答复核对不上，没有登录。请再试一次；仍不行请找管理员。",
        "The answer of the company's sign-in does not hold, so it opens nothing. Try again, or ask an administrator.",
    ),
    "oidc.unknown": (
        "这里没有与您公司账号同名的用户。请找管理员添加。",
        "There is no user here of the name of your company account. Ask an administrator to add you.",
    ),
    "oidc.disabled": ("这个用户已停用。", "This user is disabled."),
    "oidc.no_role": (
        "您在公司账号中的分组在这里没有角色。请找管理员。",
        "The groups of your company account give no role here. Ask an administrator.",
    ),
    "means.oidc": ("公司账号", "company account"),
    "detail.subject": ("公司账号标识", "company account's id"),
}
