"""Pictures of an order as SVG: its flow, and what it made each day. Inline, so they need no script and no other host.

Pure: values in, text out. Colours and letters come from the style sheet by class; every text is escaped here. A picture
has a title and a description, for whoever does not see it.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

BOX_WIDTH: Final = 190
BOX_HEIGHT: Final = 92
GAP_X: Final = 34
GAP_Y: Final = 14
ROW_GAP: Final = 30
EDGE: Final = 8
STAGES_PER_ROW: Final = 5
NAME_CELLS_MAX: Final = 20
NOTE_CELLS_MAX: Final = 23

BAR_WIDTH: Final = 34
BARS_HEIGHT: Final = 96
BARS_MAX: Final = 31
"""Days drawn, the newest; the table beside it has them all."""


@dataclass(frozen=True, slots=True)
class Box:
    """An operation as a box. `stage`: which boxes are side by side; `note`: why it is stuck, empty where it is not."""

    operation: str
    stage: int
    title: str
    state: str
    word: str
    made: str
    share: float
    """Made of planned, 0 to 1."""
    note: str
    called: bool


@dataclass(frozen=True, slots=True)
class Bar:
    """A day. `label`: what stands under it."""

    label: str
    good: int
    scrap: int
    told: str
    """The whole of it in words."""


def cut(text: str, cells_max: int) -> str:
    """A text that takes at most so many cells; wide characters take two."""
    used = 0
    for at, each in enumerate(text):
        used += 2 if unicodedata.east_asian_width(each) in "WF" else 1
        if used > cells_max:
            return text[: max(0, at - 1)] + "…"
    return text


def flow_chart(
    boxes: Sequence[Box], name: str, title: str, description: str, stages_per_row: int = STAGES_PER_ROW
) -> str:
    """The flow of an order, stage after stage; rows wrap. `name` makes the ids of this picture its own."""
    stages: dict[int, list[Box]] = {}
    for each in boxes:
        stages.setdefault(each.stage, []).append(each)
    ordered = list(stages.values())
    rows = [ordered[start : start + stages_per_row] for start in range(0, len(ordered), stages_per_row)]
    parts, top = [], EDGE
    before: tuple[float, float] | None = None
    for row in rows:
        height = max(len(stage) for stage in row) * (BOX_HEIGHT + GAP_Y) - GAP_Y
        middle = top + height / 2
        for at, stage in enumerate(row):
            left = EDGE + at * (BOX_WIDTH + GAP_X)
            if before is not None:
                parts.append(_arrow(before, (left, middle), at == 0, stages_per_row == 1, top))
            first = middle - (len(stage) * (BOX_HEIGHT + GAP_Y) - GAP_Y) / 2
            parts += [_box(each, left, first + place * (BOX_HEIGHT + GAP_Y)) for place, each in enumerate(stage)]
            low = first + len(stage) * (BOX_HEIGHT + GAP_Y) - GAP_Y
            before = (left + BOX_WIDTH / 2, low) if stages_per_row == 1 else (left + BOX_WIDTH, middle)
        top += height + ROW_GAP
    columns = min(stages_per_row, max(1, len(ordered)))
    width = 2 * EDGE + columns * (BOX_WIDTH + GAP_X) - GAP_X
    return _picture(name, "flow-chart", width, max(top - ROW_GAP + EDGE, 2 * EDGE), title, description, parts)


def _picture(
    name: str, kind: str, width: float, height: float, title: str, description: str, parts: Sequence[str]
) -> str:
    return (
        f'<svg class="{kind}" role="img" aria-labelledby="{name}-title {name}-told" xmlns="http://www.w3.org/2000/svg" '
        f'viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}">'
        f'<title id="{name}-title">{escape(title)}</title><desc id="{name}-told">{escape(description)}</desc>'
        + "".join(parts)
        + "</svg>"
    )


def _arrow(begin: tuple[float, float], end: tuple[float, float], wraps: bool, upright: bool, top: float) -> str:
    """From the stage before; one that begins a new row goes around between the rows."""
    if upright:
        x, y = begin
        return f'<path class="arrow" d="M{x:g} {y:g}V{top - 7:g}"/>{_head(x, top - 1, True)}'
    (x, y), (to_x, to_y) = begin, end
    if not wraps:
        return f'<path class="arrow" d="M{x:g} {y:g}H{to_x - 7:g}"/>{_head(to_x - 1, to_y, False)}'
    between, middle = top - ROW_GAP / 2, to_x + BOX_WIDTH / 2
    path = f"M{x:g} {y:g}h5V{between:g}H{middle:g}V{top - 7:g}"
    return f'<path class="arrow" d="{path}"/>{_head(middle, top - 1, True)}'


def _head(x: float, y: float, down: bool) -> str:
    shape = f"M{x:g} {y:g}l-5 -8h10z" if down else f"M{x:g} {y:g}l-8 -5v10z"
    return f'<path class="arrow-head" d="{shape}"/>'


def _box(box: Box, left: float, top: float) -> str:
    stuck = " stuck" if box.note else ""
    called = " called" if box.called else ""
    share = max(0.0, min(1.0, box.share))
    inner = BOX_WIDTH - 20
    lines = [
        f'<rect class="box" x="{left:g}" y="{top:g}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="6"/>',
        f'<rect class="edge" x="{left:g}" y="{top:g}" width="6" height="{BOX_HEIGHT}" rx="3"/>',
        _text("name", left + 14, top + 22, cut(box.title, NAME_CELLS_MAX)),
        _text("word", left + 14, top + 42, box.word),
        _text("made", left + BOX_WIDTH - 8, top + 42, box.made, end=True),
        f'<rect class="track" x="{left + 14:g}" y="{top + 52:g}" width="{inner}" height="7" rx="3"/>',
        f'<rect class="fill" x="{left + 14:g}" y="{top + 52:g}" width="{inner * share:.1f}" height="7" rx="3"/>',
    ]
    if box.note:
        lines.append(_text("note", left + 14, top + 80, "⚠ " + cut(box.note, NOTE_CELLS_MAX)))
    return f'<g class="step {escape(box.state)}{stuck}{called}">{"".join(lines)}</g>'


def _text(kind: str, x: float, y: float, text: str, end: bool = False) -> str:
    anchor = ' text-anchor="end"' if end else ""
    return f'<text class="{kind}" x="{x:g}" y="{y:g}"{anchor}>{escape(text)}</text>'


def day_bars(bars: Sequence[Bar], name: str, title: str, description: str) -> str:
    """Pieces a day: good below, scrap on top of it, the sum above. The newest BARS_MAX days."""
    shown = bars[-BARS_MAX:]
    most = max((each.good + each.scrap for each in shown), default=0) or 1
    parts = []
    for at, each in enumerate(shown):
        left = EDGE + at * (BAR_WIDTH + 8)
        good, scrap = (BARS_HEIGHT * part / most for part in (each.good, each.scrap))
        base = 18 + BARS_HEIGHT
        middle = left + BAR_WIDTH / 2
        parts.append(
            f"<g><title>{escape(each.told)}</title>"
            f'<rect class="bar-good" x="{left}" y="{base - good:.1f}" width="{BAR_WIDTH}" height="{good:.1f}"/>'
            f'<rect class="bar-scrap" x="{left}" y="{base - good - scrap:.1f}" width="{BAR_WIDTH}" '
            f'height="{scrap:.1f}"/>'
            f'<text class="bar-sum" x="{middle:g}" y="{base - good - scrap - 4:.1f}" text-anchor="middle">'
            f"{each.good + each.scrap}</text>"
            f'<text class="bar-day" x="{middle:g}" y="{base + 15}" text-anchor="middle">{escape(each.label)}</text></g>'
        )
    width = 2 * EDGE + max(1, len(shown)) * (BAR_WIDTH + 8) - 8
    base_line = f'<path class="base" d="M{EDGE} {18 + BARS_HEIGHT}H{width - EDGE}"/>'
    return _picture(name, "day-bars", width, BARS_HEIGHT + 40, title, description, [*parts, base_line])
