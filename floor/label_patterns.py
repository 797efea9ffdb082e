"""Labels that a plant already has, understood by templates: `WO={order};OP={number}` or `(240){order}(21){number}`.

Pure: values in, values out. A template is plain text with parts in braces; `{{` and `}}` are braces themselves. A part
is at least one character and never holds the text that follows it in the template; `{order:8}` is exactly eight long,
and may stand right before another part. `{any}` is passed over. One pass from left to right decides, without a way
back: no template and no label can make it slow.

A template of elements names fields of a GS1 or ISO 15434 label by their identifiers, in any order; fields that it does
not name are passed over.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from floor.limits import LABEL_TEXT_CHARACTERS_MAX, PATTERN_PARTS_MAX

PatternKind = Literal["badge", "ticket", "component"]

PARTS: Final[dict[str, tuple[frozenset[str], ...]]] = {
    "badge": (frozenset({"person"}), frozenset({"badge"})),
    "ticket": (frozenset({"order", "number"}), frozenset({"operation"}), frozenset({"ticket"})),
    "component": (),
}
"""Kind -> the sets of parts that say which row is meant; a template has exactly one of them."""

COMPONENT_PARTS: Final = frozenset({"item", "lot", "serial", "quantity"})
"""What a component's template may name, at least one."""

PASSED_OVER: Final = "any"
ALL_PARTS: Final = (
    *sorted({part for sets in PARTS.values() for each in sets for part in each} | COMPONENT_PARTS),
    PASSED_OVER,
)

_TOKEN: Final = re.compile(r"\{\{|\}\}|\{([a-z]+)(?::([0-9]{1,3}))?\}|[^{}]+")
_ELEMENT: Final = re.compile(r"\(([0-9A-Z]{1,4})\)")
_DIGITS: Final = re.compile(r"[0-9]{1,9}")
_PRINTABLE: Final = re.compile(r"[\x20-\x7e]+")


@dataclass(frozen=True, slots=True)
class Piece:
    """Literal text, or a part by its name with its length; 0: as long as the text that follows allows."""

    literal: str = ""
    part: str = ""
    length: int = 0


Template = tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Pattern:
    """A template of a text (its identifier is empty), or one for each identifier of an element."""

    templates: tuple[tuple[str, Template], ...]

    @property
    def parts(self) -> list[str]:
        """The names of its parts, as they come."""
        return [piece.part for _, template in self.templates for piece in template if piece.part]


def parsed(pattern: str, kind: str, read: str) -> Pattern:
    """The pattern of a row. `read`: text or elements. Raises ValueError that says what to mend."""
    found = _elements(pattern) if read == "elements" else Pattern((("", _template(pattern)),))
    names = [each for each in found.parts if each != PASSED_OVER]
    if len(found.parts) > PATTERN_PARTS_MAX:
        raise ValueError(f"more than {PATTERN_PARTS_MAX} parts")
    if len(set(names)) != len(names):
        raise ValueError("a part stands twice; only {any} may")
    _fits(set(names), kind)
    pieces = [piece for _, template in found.templates for piece in template]
    if read == "text" and not any(piece.literal or piece.length for piece in pieces):
        raise ValueError("any label at all would fit: write some text around the part, or its length as in {order:8}")
    return found


def _fits(names: set[str], kind: str) -> None:
    if kind == "component":
        if not names or not names <= COMPONENT_PARTS:
            raise ValueError(f"a component has parts of {_braced(COMPONENT_PARTS)}")
    elif names not in PARTS[kind]:
        raise ValueError(f"a {kind} needs {' or '.join(_braced(each) for each in PARTS[kind])}, and no other part")


def _braced(names: Iterable[str]) -> str:
    return " and ".join(f"{{{name}}}" for name in sorted(names))


def _elements(pattern: str) -> Pattern:
    pieces = _ELEMENT.split(pattern)
    identifiers, values = pieces[1::2], pieces[2::2]
    if pieces[0] or not identifiers:
        raise ValueError("elements are written as in (240){order}(21){number}")
    if len(set(identifiers)) != len(identifiers):
        raise ValueError("an element stands twice")
    return Pattern(tuple(zip(identifiers, map(_template, values), strict=True)))


def _template(text: str) -> Template:
    if not text:
        raise ValueError("the template is empty")
    pieces: list[Piece] = []
    position = 0
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None:
            raise ValueError(f"a brace that is no part's: write {{{{ or }}}} for a brace; parts are {_listed()}")
        position = found.end()
        _add(pieces, found)
    return tuple(pieces)


def _listed() -> str:
    return ", ".join(f"{{{name}}}" for name in ALL_PARTS)


def _add(pieces: list[Piece], found: re.Match[str]) -> None:
    name, length = found[1], int(found[2] or 0)
    last = pieces[-1] if pieces else None
    if name is None:
        literal = {"{{": "{", "}}": "}"}.get(found[0], found[0])
        if last is not None and last.literal:
            literal = pieces.pop().literal + literal
        pieces.append(Piece(literal=literal))
        return
    if name not in ALL_PARTS:
        raise ValueError(f"there is no part {{{name}}}; there are {_listed()}")
    if found[2] and not 1 <= length <= LABEL_TEXT_CHARACTERS_MAX:
        raise ValueError(f"a length is from 1 to {LABEL_TEXT_CHARACTERS_MAX}")
    if last is not None and last.part and not last.length:
        raise ValueError(
            f"nobody can tell where {{{last.part}}} ends and {{{name}}} begins: give {{{last.part}}} a length"
        )
    pieces.append(Piece(part=name, length=length))


def matched(pattern: Pattern, text: str, elements: Iterable[tuple[str, str]]) -> dict[str, str] | None:
    """Part -> what the label has there; None where the label is not of this pattern.

    Each value is printable ASCII of at most 64 characters, as our own labels are; a number is digits.
    """
    values: dict[str, str] = {}
    fields: Mapping[str, str] = dict(reversed(list(elements)))
    for identifier, template in pattern.templates:
        found = _read(template, fields.get(identifier, "") if identifier else text)
        if found is None:
            return None
        values |= found
    values.pop(PASSED_OVER, None)
    return values if all(_is_value(name, value) for name, value in values.items()) else None


def _is_value(name: str, value: str) -> bool:
    if name == "number":
        return _DIGITS.fullmatch(value) is not None
    return len(value) <= LABEL_TEXT_CHARACTERS_MAX and _PRINTABLE.fullmatch(value) is not None


def _read(template: Template, text: str) -> dict[str, str] | None:
    """One pass, left to right; each character is looked at no more than by one search."""
    found: dict[str, str] = {}
    position = 0
    for index, piece in enumerate(template):
        if piece.literal:
            if not text.startswith(piece.literal, position):
                return None
            position += len(piece.literal)
            continue
        end = _end_of(piece, template[index + 1].literal if index + 1 < len(template) else "", text, position)
        if not position < end <= len(text):
            return None
        found[piece.part] = text[position:end]
        position = end
    return found if position == len(text) else None


def _end_of(piece: Piece, following: str, text: str, position: int) -> int:
    if piece.length:
        return position + piece.length
    return text.find(following, position) if following else len(text)
