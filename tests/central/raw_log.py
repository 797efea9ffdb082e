"""The log as it lies in the table, and sums over it: plain SQL and JSON, nothing folded."""

import json
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from central.database import Database

Sums = dict[str, Counter[str]]
"""Good, scrap, rework and reports by operation."""


@dataclass(frozen=True)
class Raw:
    """A record that counts."""

    gateway: str
    identity: str
    type: str
    told: dict[str, Any]


def raw_log(database: Database) -> list[Raw]:
    asked = (
        "SELECT stream.gateway, stream.epoch, record.seq, record.content"
        " FROM record JOIN stream ON stream.id = record.stream_id WHERE record.place = 0 ORDER BY record.position"
    )
    with database.read() as session:
        rows = session.execute(text(asked)).all()
    found = [(name, f"{epoch}/{seq}", json.loads(content)) for name, epoch, seq, content in rows]
    return [Raw(name, identity, event["type"], event["data"]) for name, identity, event in found]


def raw_sums(log: list[Raw]) -> Sums:
    """What a correction names counts no more."""
    gone = {(each.gateway, each.told["corrects"]) for each in log if each.type == "report.corrected"}
    sums: Sums = defaultdict(Counter)
    for each in log:
        if (each.gateway, each.identity) in gone:
            continue
        mine = sums[each.told.get("operation", "")]
        if each.type == "report.finished":
            mine.update(good=each.told["good"], scrap=each.told["scrap"], reports=1)
        if each.type == "rework.reported":
            mine.update(rework=each.told["pieces"])
    return sums
