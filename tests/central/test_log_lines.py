"""What the server says of itself, as lines for a program."""

import io
import json
import logging

from central.log_lines import MESSAGE_CHARACTERS_MAX, JsonLines


def test_each_message_is_one_object_on_one_line_whatever_it_holds() -> None:
    to = io.StringIO()
    told = logging.StreamHandler(to)
    told.setFormatter(JsonLines())
    log = logging.Logger("lineside.test")
    log.addHandler(told)
    log.warning('线边 "quoted"\n{"level": "forged"} %s', "x" * 2 * MESSAGE_CHARACTERS_MAX)
    try:
        raise ValueError("broken")
    except ValueError:
        log.exception("it fell over")
    lines = [json.loads(each) for each in to.getvalue().splitlines()]
    assert [each["level"] for each in lines] == ["warning", "error"]
    assert lines[0]["message"].startswith('线边 "quoted"\n') and len(lines[0]["message"]) == MESSAGE_CHARACTERS_MAX
    assert "ValueError: broken" in lines[1]["traceback"] and lines[1]["time"].endswith("+00:00")
