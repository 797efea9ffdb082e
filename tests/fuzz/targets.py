"""What the fuzzer calls with any bytes: each target does what the program does with bytes of that place, and holds the
answer to the rules of that place. A target that raises has found a fault."""

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cache
from typing import Final

from pydantic import ValidationError

from devices.buttons import MessageDecoder, MessageRules
from devices.intake import settled
from devices.keyboard import KeyboardDecoder, KeyboardRules
from devices.keymap import KEY_CODES, LAYOUTS
from devices.labels import LabelRules
from devices.limits import GARBLED_REASONS, GARBLED_START_BYTES_MAX, SCAN_BYTES_MAX
from devices.lines import LineDecoder
from devices.types import Frame, Garbled, Input, KeyEvent, MessageEvent, Scan
from floor.errors import LabelRefused, MasterFileRefused
from floor.events import Instant, cloud_event, decode, encode
from floor.example import example_plant
from floor.label_texts import shown_bytes
from floor.labels import classify
from floor.labels import decode as decode_label
from floor.limits import SHOWN_CHARACTERS_MAX, STATE_BYTES_MAX
from floor.master import MasterData
from floor.master_files import read_path_texts, read_toml, write_toml
from floor.rows import LabelPattern
from gateway.hearsay import Hearsay
from gateway.journal_pages import rows
from gateway.line_ear import Ear
from gateway.line_view import line_view
from gateway.screen.bodies import CallBody, CommandBody, ReportBody, ResolveBody, TypedBody
from gateway.screen.shown import line_content
from gateway.view import GatewayView
from sync.broker_ports import Heard
from sync.wire import Batch, Enrolment, Facts, Receipt, SnapshotEnvelope
from tests.corpus.hostile import labels

Target = Callable[[bytes], None]

LINES: Final = (
    LabelRules(),
    LabelRules(prefix=b"\x02", terminators=frozenset({3})),
    LabelRules(prefix=b"S:", suffix=b"!"),
    LabelRules(terminators=frozenset(), gap_ends_label=True),
    LabelRules(scan_bytes_max=12),
)


def _require_bounded(found: Sequence[Input]) -> None:
    for each in found:
        if isinstance(each, Scan):
            assert 1 <= len(each.data) <= SCAN_BYTES_MAX
        elif isinstance(each, Garbled):
            assert each.reason in GARBLED_REASONS and len(each.start) <= GARBLED_START_BYTES_MAX


def lines(raw: bytes) -> None:
    """A serial port or socket: however the bytes are cut into reads, the labels are the same."""
    rules, cut, content = LINES[raw[0] % len(LINES)] if raw else LINES[0], raw[1] if len(raw) > 1 else 1, raw[2:]
    whole, cut_up = LineDecoder(rules), LineDecoder(rules)
    first = [*whole.feed(Frame("gate", 1.0, content)), *settled(whole)]
    second: list[Input] = []
    step = 1 + cut % 16
    for at in range(0, len(content), step):
        second += cut_up.feed(Frame("gate", 1.0, content[at : at + step]))
    second += settled(cut_up)
    assert first == second
    _require_bounded(first)


def keys(raw: bytes) -> None:
    """A keyboard scanner: two bytes are a key, going down, up or repeating, with a pause now and then."""
    layout = sorted(LAYOUTS)[raw[0] % len(LAYOUTS)] if raw else "us"
    decoder, at = KeyboardDecoder("hand", KeyboardRules(layout=layout)), 1.0
    for code, way in zip(raw[1::2], raw[2::2], strict=False):
        at += 0.3 if way & 0x40 else 0.001
        _require_bounded(decoder.feed(Frame("hand", at, KeyEvent((code + (way & 0x80) * 2) % KEY_CODES, way % 4))))
        _require_bounded(decoder.step(at))


def message(raw: bytes) -> None:
    """A button that speaks MQTT."""
    decoder = MessageDecoder("radio", MessageRules({"single": ("call", False)}))
    found = decoder.feed(Frame("radio", 1.0, MessageEvent(raw)))
    assert len(found) <= 1
    _require_bounded(found)


@cache
def _plant() -> MasterData:
    patterns = (
        LabelPattern(name="erp", kind="ticket", pattern="WO={order};OP={number};{any}"),
        LabelPattern(name="fixed", kind="badge", pattern="{any:2}{person:3}-{any}"),
        LabelPattern(name="gs1", kind="ticket", read="elements", pattern="(240){order}(21)S{number}"),
        LabelPattern(name="part", kind="component", read="elements", pattern="(P){item}(1T){lot}"),
    )
    return example_plant().model_copy(update={"label_patterns": patterns})


def label(raw: bytes) -> None:
    """A label: understood, nothing, or refused in a known word; and shown without a control character."""
    told = shown_bytes(raw)
    assert len(told) <= SHOWN_CHARACTERS_MAX and not any(ord(each) < 32 for each in told)
    with suppress(LabelRefused):
        found = decode_label(raw)
        if found is not None:
            classify(found, _plant())


def event(raw: bytes) -> None:
    """A record's text: no known event, or one that encodes to what is decoded again, as CloudEvents JSON, too."""
    text = raw.decode("utf-8", "replace")
    try:
        happening = decode(text)
    except ValueError:
        return
    again = encode(happening, "2026-01-01T00:00:00Z")
    told = decode(again)
    assert told.event == happening.event or told.event != told.event
    assert isinstance(told.instant, Instant)
    json.loads(cloud_event("gw1", "a" * 32, 1, again))


BODIES: Final = (
    *(Batch, Receipt, SnapshotEnvelope, Facts, Enrolment),
    *(TypedBody, ReportBody, CommandBody, CallBody, ResolveBody),
)


def body(raw: bytes) -> None:
    """What comes over HTTP, either way and on the station page: refused by its model, or the same when written."""
    model = BODIES[raw[0] % len(BODIES)] if raw else Batch
    with suppress(ValidationError):
        found = model.model_validate_json(raw[1:])
        assert model.model_validate_json(found.model_dump_json()) == found


def state(raw: bytes) -> None:
    """What is said on the line: not taken, or rows that a page may show."""
    ear, heard = Ear("line", "gw1", lambda note: True, lambda: 1.0), Hearsay()
    ear(Heard("line/gw2/state", raw, retained=bool(len(raw) % 2)))
    for hearing in ear.take():
        heard.take(hearing, Instant("b", 1.0, 1.0, True))
    told = line_content(replace(GatewayView("gw1", ()), line=line_view("L1", (), (), _plant(), heard)))
    text = json.dumps(told, ensure_ascii=False)
    assert text.isprintable() and len(text) < 20 * STATE_BYTES_MAX


def master(raw: bytes) -> None:
    """A file of master data: every fault named, or a plant that is written and read back the same."""
    names = ("people.csv", "operations.csv", "plant.toml", "plant.xlsx")
    name = names[raw[0] % len(names)] if raw else names[0]
    suffix = "." + name.rpartition(".")[2]
    try:
        found = read_path_texts("" if suffix == ".csv" else suffix, {name: raw[1:]})
    except MasterFileRefused as refusal:
        assert refusal.faults
        return
    assert read_toml(write_toml(found)) == found


def pages(raw: bytes) -> None:
    """The raw pages of a damaged journal: whatever they hold, only rows come out."""
    cut = int.from_bytes(raw[:2], "big")
    for row in rows(raw[2 : 2 + cut], raw[2 + cut :]):
        assert isinstance(row.rowid, int)


TARGETS: Final[dict[str, Target]] = {
    each.__name__: each for each in (lines, keys, message, label, event, body, state, master, pages)
}


def planted(raw: bytes) -> None:
    """A decoder with a fault behind three questions: what shows that the fuzzer finds its way by coverage."""
    if raw[:1] == b"Q" and raw[1:2] == b"\x07" and raw[2:3] == b"z":
        raise AssertionError("the planted fault")


RECORD: Final = (
    '{"type":"report.finished","subject":"S1","time":"2026-01-01T00:00:00Z","clockstate":"synchronised","bootid":"b",'
    '"boottime":"1.000000","walltime":"1.000000","masterversion":1,"signalled":0,'
    '"data":{"person":"P1","operation":"OP1","good":5}}'
)
BATCH: Final = json.dumps(
    {
        **{"protocol": 1, "gateway": "gw1", "boot": "b", "boottime": 1.0, "walltime": 1.0, "synchronised": True},
        "streams": [{"epoch": "a" * 32, "previous_epoch": None, "previous_last": 0, "last": 1, "floor": 0}],
        "records": [["a" * 32, 1, "0" * 64, "0" * 64, RECORD]],
    }
)

STATE: Final = json.dumps(
    {
        **{"gateway": "gw2", "online": True, "age_seconds": 1.5, "walltime": 1.8e9, "clockstate": "synchronised"},
        "stations": [
            {
                **{"station": "S9", "name": "9", "people": ["A"], "more": 1},
                "work": [{"operation": "OP1", "planned": 5, "good": 1}],
                "calls": [{"call_type": "quality", "impact": "stop", "elapsed_seconds": 4.5}],
            }
        ],
        "counts": [["OP1", 1, 0]],
    }
).encode()


def seeds(name: str) -> list[bytes]:
    """Where the fuzzer begins: good and hostile inputs of that place."""
    hostile = labels()
    plant = write_toml(_plant()).encode()
    begun: dict[str, list[bytes]] = {
        "lines": [bytes([number % 5, 3]) + each + b"\r" for number, each in enumerate(hostile)],
        "keys": [bytes([number]) + bytes(range(2, 60)) for number in range(len(LAYOUTS))],
        "message": [b'{"action":"single"}', b'{"action":"double","battery":90}', *hostile],
        "label": hostile,
        "event": [RECORD.encode(), *hostile],
        "body": [bytes([number]) + BATCH.encode() for number in range(len(BODIES))]
        + [bytes([5 + number % 5]) + b'{"text":"A","station":"S1","good":1,"scrap":0}' for number in range(5)],
        "state": [STATE, STATE[:-1], *hostile],
        "master": [b"\x02" + plant, b"\x00id,name,badge\nA,B,B-A\n", b"\x01id,work_order,planned,ticket\nO,W,5,T-O\n"],
        "pages": [],
    }
    return begun.get(name, [b"Q", b"abc"])
