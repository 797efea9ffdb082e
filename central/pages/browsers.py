"""What a browser calls itself, in a few words.

Pure: values in, values out. It is only shown: anybody can send any text.
"""

from typing import Final

PROGRAMS: Final = (
    ("MicroMessenger/", "微信 WeChat"),
    ("DingTalk/", "钉钉 DingTalk"),
    ("Lark/", "飞书 Lark"),
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
SYSTEMS: Final = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)
"""In the order in which they are looked for: most browsers also name those that they descend from."""

CHARACTERS_MAX: Final = 32


def browser_name(said: str) -> str:
    """Program and system, `Chrome · Android`; the beginning of the text where it names neither."""
    found = [next((name for mark, name in table if mark in said), "") for table in (PROGRAMS, SYSTEMS)]
    return " · ".join(filter(None, found)) or said[:CHARACTERS_MAX] or "–"
