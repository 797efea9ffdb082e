"""What a scanner, a label or a visitor could feed a station, by class. Bytes exactly as they would arrive.

For each, on every way in: the process lives, what is kept is kept once, nothing of it is interpreted, everything is
bounded, and the next good scan is taken.
"""

from typing import Final

CORPUS: Final[dict[str, tuple[bytes | str, ...]]] = {
    "good": ("4006381333931", "LOT-2024-0007", "]C1010400638133393110LOT7", "]d2010400638133393117261231\x1d10A1"),
    "empty": ("", " ", "\r", "\n\n\n", "\t"),
    "terminator": ("ABC\rDEF\r", "ABC\r\nDEF\r\n", "ABC", "A\rB\nC\x00D\r", "\x02ABC\x03"),
    "control": tuple(b"AB" + bytes([code]) + b"CD" for code in [*range(32), 127, 128, 155, 160, 255]),
    "hot keys": (b"\x12cmd\r", b"\x1bOP", b"\x03", b"\x04", b"\x1a", b"\x11", b"\x17"),
    "terminal": (b"\x1b[2J\x1b[H", b"\x1b]0;owned\x07", b"\x1b]52;c;b3duZWQ=\x07", b"\x9b31m", b"\x1b[6n"),
    "log": (
        "ok\n2026-01-01 00:00:00 INFO login admin",
        "%s%s%s%n",
        "{0.__class__}",
        "{name} {operation}",
        "${jndi:ldap://127.0.0.1/a}",
    ),
    "size": (
        "A" * 512,
        "A" * 513,
        "A" * 4296,
        "9" * 7089,
        "T-" + "A" * 62,
        "T-" + "A" * 63,
        b"\xf0\x9f\x98\x80" * 1100,
    ),
    "sql": (
        "x'); DROP TABLE record;--",
        "' OR '1'='1",
        "1; ATTACH DATABASE 'x' AS x",
        "x' UNION SELECT sql FROM sqlite_master--",
        "%",
        "_",
        "\\",
    ),
    "html": (
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        '" onmouseover=alert(1) x="',
        "T-<svg/onload=alert(1)>",
        "javascript:alert(1)",
        "</textarea><script>alert(1)</script>",
        "<!--",
        "]]>",
        "&lt;script&gt;",
    ),
    "template": ("{{7*7}}", "{% for x in ().__class__.__base__.__subclasses__() %}", "T-{{7*7}}", "<%= 7*7 %>"),
    "csv": (
        "=1+1",
        '=HYPERLINK("http://127.0.0.1/?"&A1,"x")',
        "T-=cmd|'/c calc'!A1",
        "+1+1",
        "-1+1",
        "@SUM(1)",
        "\t=1+1",
    ),
    "number": ("007", "0", "-0", "1e5", "NaN", "Infinity", "0x10", "1_000", "9" * 400, "1,5", "١٢٣", "１２３", "²"),
    "unicode": (
        "\u202eCBA",
        "T-\u202eCBA",
        "A\u200bB",
        "\ufeffABC",
        "caf\u00e9",
        "cafe\u0301",
        "A" + "\u0301" * 200,
        "\u0430BC",
        "ABC\u00ad",
        "\u2028",
        "\U0001f680",
        "\ufdfa" * 100,
        "B-\uff21NN",
    ),
    "encoding": (
        b"\xff\xfe",
        b"\xc0\xaf",
        b"\xed\xa0\x80",
        b"\xe2\x28\xa1",
        b"\x80",
        b"\xf8\x88\x80\x80\x80",
        "grüß".encode("latin-1"),
        "漢字".encode("shift_jis"),
        "工单".encode("gb18030"),
        b"\x00\x01\x02binary",
    ),
    "json": ('"}', '{"seq":1}', "\\u0000", "[" * 500, '{"__proto__":{"a":1}}'),
    "mqtt": ("+/#", "$SYS/broker/uptime", "T-a/+/cmd", "a/b/c", "a\x00b", "#"),
    "path": ("../../etc/passwd", "..\\..\\x", "T-../../x", "file:///etc/shadow", "\x00.png", "CON"),
    "url": ("http://127.0.0.1:8080/admin", "http://169.254.169.254/latest/", "//127.0.0.1/x"),
    "shell": ("; reboot", "$(reboot)", "T-`reboot`", "| nc 127.0.0.1 1", "-rf", "--help", "\n#!/bin/sh"),
    "printer": ("^XA^FDX^FS^XZ", "~JR", "^XZ^XA^JUF", b"\x1b@\x1bi", b"\x10\x04\x01"),
    "command": ("C-UNDO ", "c-undo", "C-UNDO\u200b", "C-CONFIG:server=x", "C-GOOD-1000000", " C-UNDO"),
    "badge": ("B-ANN'--", "B-" + "0" * 200, "b-ann", "B-ANNB-BOB", "B-ANN "),
    "scanner set-up": ("]Z6", b"\x16M\r9999999.", "$+SETDEFAULT", "99990301", "]C1", "]d2\x1d"),
    "envelope": (
        "[)>\x1e06\x1dPAX-1\x1dQ10\x1e\x04",
        "[)>\x1e05\x1d010400638133393110LOT7\x1e\x04",
        "[)>\x1e06\x1d" + "P" * 400,
        "[)>\x1e\x1b[2J",
        "[)>",
        "]C1" + "\x1d" * 100,
        "01\x1d\x1d\x1d",
    ),
}


def labels() -> list[bytes]:
    """All of it."""
    return [each.encode() if isinstance(each, str) else each for group in CORPUS.values() for each in group]
