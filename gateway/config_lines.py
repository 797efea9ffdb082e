"""In which line of a configuration a fault stands. Pure: text in, numbers out.

A person mends the file in an editor that counts lines; the checks know members only.
"""

import re
from collections import Counter

_HEADER = re.compile(r"\s*(\[\[?)\s*([A-Za-z0-9_.\-\"]+)\s*\]\]?\s*(#.*)?$")
_KEY = re.compile(r"\s*([A-Za-z0-9_\-\"]+)\s*=")
_PLACE = re.compile(r"^([A-Za-z0-9_.\-\[\]]+): ")
_TOML_LINE = re.compile(r"\(at line (\d+), column \d+\)")

Place = tuple[str, ...]


def with_lines(text: str, faults: str) -> list[str]:
    """Each fault of `gateway.config.parse`, with its line before it where one is known."""
    places = _places(text)
    told = []
    for fault in faults.splitlines():
        at = line_of(places, fault)
        told.append(f"line {at}: {fault}" if at else fault)
    return told


def line_of(places: dict[Place, int], fault: str) -> int:
    """The line, from 1; 0 where the fault is of no line: something is missing."""
    toml = _TOML_LINE.search(fault)
    if toml:
        return int(toml[1])
    place = _PLACE.match(fault)
    wanted: Place = tuple(part for part in re.split(r"[.\[\]]+", place[1]) if part) if place else ()
    while wanted:
        if wanted in places:
            return places[wanted]
        # The member is not there, or is one of a table written inline: then where its table stands.
        wanted = wanted[:-1]
    return 0


def _places(text: str) -> dict[Place, int]:
    """path of a table or member -> its first line. Tables of an array are numbered as the checks number them."""
    places: dict[Place, int] = {}
    counted: Counter[Place] = Counter()
    table: Place = ()
    for number, line in enumerate(text.splitlines(), 1):
        header = _HEADER.match(line)
        if header:
            table = _table(tuple(part.strip('"') for part in header[2].split(".")), header[1] == "[[", counted)
            places.setdefault(table, number)
            continue
        key = _KEY.match(line)
        if key:
            places.setdefault((*table, key[1].strip('"')), number)
    return places


def _table(names: Place, is_array: bool, counted: "Counter[Place]") -> Place:
    """`[[station.scanner]]` below the second `[[station]]` is station, 1, scanner, 0."""
    found: Place = ()
    for place, name in enumerate(names, 1):
        found = (*found, name)
        if place == len(names) and is_array:
            counted[found] += 1
        if counted[found]:
            found = (*found, str(counted[found] - 1))
    return found
