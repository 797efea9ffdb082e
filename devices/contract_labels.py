"""What a scanner, a label or a visitor could feed a station: inputs by class, as bytes without terminator."""

from collections.abc import Iterator

_CONTROL_BYTES = [*range(0, 32), 127, 128, 155, 160, 255]

CLASSES: dict[str, list[bytes | str]] = {
    "good": ["4006381333931", "LOT-2024-0007", "]C1010400638133393110LOT7", "]d20104006381333931\x1d10A1"],
    "empty": ["", " ", "\r", "\n\n\n", "\t"],
    "terminator": ["ABC\rDEF\r", "ABC\r\nDEF\r\n", "ABC", "A\rB\nC\x00D\r", "\x02ABC\x03"],
    "control": [b"AB" + bytes([byte]) + b"CD" for byte in _CONTROL_BYTES],
    "hotkeys": [b"\x12cmd\r", b"\x1bOP", b"\x03", b"\x04", b"\x1a", b"\x11", b"\x17"],
    "terminal": [b"\x1b[2J\x1b[H", b"\x1b]0;owned\x07", b"\x1b]52;c;b3duZWQ=\x07", b"\x9b31m", b"\x1b[6n"],
    "log": ["ok\n2026-01-01 00:00:00 INFO login admin", "%s%s%s%n", "{0.__class__}", "${jndi:ldap://127.0.0.1/a}"],
    "size": ["A" * 512, "A" * 513, "A" * 4296, "9" * 7089, "A" * 65536, b"\xf0\x9f\x98\x80" * 1100],
    "sql": ["x'); DROP TABLE event;--", "' OR '1'='1", "x' UNION SELECT sql FROM sqlite_master--", "%", "_", "\\"],
    "html": ["<script>alert(1)</script>", '" onmouseover=alert(1) x="', "<!--", "]]>", "javascript:alert(1)"],
    "template": ["{{7*7}}", "#{7*7}", "<%= 7*7 %>", "__import__('os')"],
    "csv": ["=1+1", "=cmd|'/c calc'!A1", "+1+1", "-1+1", "@SUM(1)", "\t=1+1", "\r=1+1", "\x00=1", 'a"b', "\uff1d1+1"],
    "number": ["007", "-0", "1e5", "NaN", "0x10", "1" + "0" * 400, "1,5", "\u0661\u0662\u0663", "\uff11", "\u00b2"],
    "unicode": [
        "\u202eCBA",
        "A\u200bB",
        "\ufeffABC",
        "caf\u00e9",
        "cafe\u0301",
        "A" + "\u0301" * 400,
        "\u2028",
        "\U0001f680",
    ],
    "encoding": [b"\xff\xfe", b"\xc0\xaf", b"\xed\xa0\x80", b"\x80", "\u6f22\u5b57".encode("shift_jis"), b"\x00\x01b"],
    "json": [
        '"}',
        '{"seq":1}',
        "\\u0000",
        "[" * 5000,
        '{"__proto__":{"a":1}}',
        '{"action":["single"]}',
        "null",
        "1e999",
    ],
    "mqtt": ["+/#", "$SYS/broker/uptime", "a/b/c", "a\x00b", "#"],
    "path": ["../../etc/passwd", "/dev/sda", "file:///etc/shadow", "\x00.png", "CON", "a" * 300 + ".txt"],
    "url": ["http://127.0.0.1:8080/admin", "gopher://127.0.0.1:25/", "//127.0.0.1/x"],
    "shell": ["; reboot", "$(reboot)", "`reboot`", "-rf", "--help", "\n#!/bin/sh"],
    "printer": ["^XA^FDX^FS^XZ", "~JR", b"\x1b@\x1bi", b"\x10\x04\x01"],
    "command": ["CMD:LOGOUT", "CMD:LOGOUT\u200b", "CMD:QTY:1000000", "CMD:QTY:-1"],
    "badge": ["BADGE:0001'--", "BADGE:" + "0" * 200, "BADGE:0002BADGE:0001"],
    "scanner-setup": ["]Z6", b"\x16M\r9999999.", "$+SETDEFAULT", "99990301"],
}


def inputs() -> Iterator[bytes]:
    """Every input once."""
    for row in CLASSES.values():
        for each in row:
            yield each if isinstance(each, bytes) else each.encode()
