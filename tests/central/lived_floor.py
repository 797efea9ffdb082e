"""What the stations of the sample plant recorded over two weeks: work, calls, photos, notes, hand-overs, a lost record.

Hours are counted back from the moment at which somebody looks at the plant.
"""

import hashlib
import io
from collections.abc import Callable, Mapping

from PIL import Image, ImageDraw

from central.database import Database
from central.ingest import ingest
from floor.events import (
    AndonAcknowledged,
    AndonEscalated,
    AndonRaised,
    AndonResolved,
    DeviceLost,
    Event,
    LimitReached,
    ReportFinished,
    ScanRejected,
    SessionOpened,
    SnapshotApplied,
    WorkPaused,
    WorkStarted,
)
from floor.master import MasterData
from floor.photo_events import PhotoKept
from floor.reading_events import HandoverAccepted, HandoverOffered, NoticeRead
from floor.work_events import ComponentUsed, NoteKept, ProductIdentified, ReworkReported, SetupFinished, SetupStarted
from sync.wire import Batch, Receipt
from tests.central.card import Card

Named = Mapping[str, str]
"""Identities (epoch/seq) of records by the names that the story gave them."""

Making = Event | Callable[[Named], Event]

FINISHED = (
    # hours ago, station, person, operation, minutes, good, scrap, reason of scrap
    (51.0, "S1", "P02", "WO-1009-10", 230, 100, 1, "dimension"),
    (46.0, "S6", "P17", "WO-1011-10", 110, 120, 0, ""),
    (45.5, "S1", "P03", "WO-1001-10", 90, 120, 0, ""),
    (43.0, "S1", "P03", "WO-1010-10", 160, 50, 2, "surface"),
    (29.0, "S5", "P09", "WO-1009-20", 240, 38, 1, "dimension"),
    (27.5, "S1", "P02", "WO-1013-10", 70, 20, 0, ""),
    (26.0, "S2", "P08", "WO-1013-20", 55, 20, 1, "surface"),
    (25.0, "S7", "P18", "WO-1011-20", 150, 60, 2, "set-up"),
    (24.5, "S4", "P10", "WO-1010-20", 120, 22, 0, ""),
    (22.0, "S1", "P04", "WO-1001-20", 100, 30, 0, ""),
    (21.5, "S2", "P11", "WO-1014-10", 90, 35, 1, "material-flaw"),
    (18.0, "S8", "P19", "WO-1011-30", 170, 28, 0, ""),
    (17.0, "S5", "P15", "WO-1009-20", 160, 24, 0, ""),
    (16.0, "S4", "P10", "WO-1009-30", 200, 31, 1, "surface"),
    (15.5, "S6", "P20", "WO-1017-10", 60, 60, 0, ""),
    (3.8, "S7", "P18", "WO-1011-20", 75, 25, 0, ""),
    (3.7, "S6", "P20", "WO-1012-10", 60, 30, 1, "material-flaw"),
    (3.6, "S1", "P04", "WO-1001-20", 80, 15, 0, ""),
    (3.5, "S8", "P19", "WO-1011-30", 100, 14, 1, "dimension"),
)
RUNNING = (
    # hours ago, station, person, operation
    (2.3, "S5", "P09", "WO-1009-20"),
    (2.2, "S7", "P18", "WO-1011-20"),
    (1.6, "S8", "P19", "WO-1011-30"),
    (1.5, "S1", "P02", "WO-1001-20"),
    (1.4, "S1", "P03", "WO-1001-20"),
    (0.9, "S6", "P20", "WO-1012-10"),
    (0.6, "S4", "P10", "WO-1009-30"),
)
ENDED_CALLS = (
    # hours ago, station, kind, caller, operation, minutes to its answer, by, minutes to its end, cause
    (310.0, "S1", "equipment", "P02", "WO-1009-10", 3, "P01", 34, "tool-broken"),
    (286.0, "S7", "equipment", "P18", "WO-1011-20", 6, "P16", 51, "sensor"),
    (262.0, "S3", "quality", "P28", "WO-1014-20", 2, "P26", 19, "surface"),
    (238.0, "S6", "material", "P17", "WO-1012-10", 8, "P16", 42, "shortage"),
    (214.0, "S1", "quality", "P03", "WO-1010-10", 4, "P01", 26, "dimension"),
    (190.0, "S7", "equipment", "P18", "WO-1011-20", 5, "P16", 63, "sensor"),
    (142.0, "S8", "material", "P19", "WO-1011-30", 12, "P16", 38, "shortage"),
    (118.0, "S2", "equipment", "P08", "WO-1013-20", 2, "P01", 22, "tool-broken"),
    (94.0, "S1", "quality", "P02", "WO-1009-10", 3, "P01", 17, "dimension"),
    (71.0, "S7", "equipment", "P18", "WO-1011-20", 7, "P16", 47, "sensor"),
    (50.0, "S1", "quality", "P02", "WO-1009-10", 3, "P01", 21, "dimension"),
    (44.0, "S6", "safety", "P17", "WO-1011-10", 1, "P16", 9, "blocked-path"),
    (26.5, "S1", "material", "P02", "WO-1013-10", 6, "P01", 25, "shortage"),
    (23.5, "S7", "equipment", "P18", "WO-1011-20", 4, "P31", 58, "sensor"),
    (3.2, "S6", "material", "P20", "WO-1012-10", 9, "P16", 31, "wrong-part"),
)
SERIALS = 14
"""Valve bodies of WO-1013 that were tested and named, each with two seals of a lot."""


def picture(of: str) -> bytes:
    """A photo as a phone takes it: a turned part on a bench, `scratch` or `chips` on it."""
    drawn = Image.new("RGB", (960, 720), (118, 124, 126))
    pen = ImageDraw.Draw(drawn)
    for x in range(0, 960, 24):
        pen.line((x, 0, x + 160, 720), fill=(110, 116, 118), width=6)
    pen.ellipse((220, 120, 740, 640), fill=(168, 174, 178), outline=(84, 90, 94), width=8)
    pen.ellipse((360, 260, 600, 500), fill=(70, 75, 78), outline=(52, 56, 58), width=8)
    if of == "scratch":
        pen.line((300, 250, 470, 205, 640, 262), fill=(232, 236, 238), width=5)
        pen.ellipse((430, 160, 560, 260), outline=(214, 48, 40), width=8)
    else:
        for x, y in ((280, 560), (330, 600), (610, 590), (660, 540), (520, 632), (420, 620)):
            pen.arc((x, y, x + 60, y + 40), 20, 300, fill=(222, 200, 150), width=6)
    kept = io.BytesIO()
    drawn.save(kept, "JPEG", quality=80)
    return kept.getvalue()


def order_of(operation: str) -> str:
    return operation.rsplit("-", 1)[0]


class Story:
    """Events by when they happened; told in any order, kept on the gateways' cards in the order of time."""

    def __init__(self, master: MasterData, now: float) -> None:
        self._serves = {each.id: each.gateway for each in master.stations}
        self._now = now
        self._moments: list[tuple[float, str, Making, str]] = []
        self._named: dict[str, str] = {}
        self.cards = {name: Card(name) for name in sorted(set(self._serves.values()))}

    def tell(self, hours: float, station: str, making: Making, name: str = "") -> None:
        """Something at a station, `hours` ago; a name makes its identity known to what comes later."""
        self._moments.append((self._now - 3_600 * hours, station, making, name))

    def work(self, hours: float, station: str, person: str, operation: str) -> None:
        """Work begins."""
        self.tell(hours, station, WorkStarted(person=person, operation=operation, work_order=order_of(operation)))

    def call(self, hours: float, station: str, kind: str, person: str, operation: str, name: str) -> None:
        """Somebody calls for help."""
        self.tell(hours, station, AndonRaised(call_type=kind, person=person, operation=operation), name)

    def take(self, hours: float, station: str, kind: str, name: str, person: str) -> None:
        """Somebody comes."""
        self.tell(hours, station, lambda at: AndonAcknowledged(call=at[name], call_type=kind, person=person))

    def resolve(self, hours: float, station: str, kind: str, name: str, person: str, cause: str) -> None:
        """It is over."""
        ended = {"call_type": kind, "person": person, "cause": cause}
        self.tell(hours, station, lambda at: AndonResolved.model_validate({"call": at[name], **ended}))

    def name(self, name: str, value: str) -> None:
        """What the story needs to know from the office."""
        self._named[name] = value

    def named(self, name: str) -> str:
        """The identity of a record that has been kept."""
        return self._named[name]

    def keep(self, until: float) -> None:
        """Puts on the cards what happened up to `until` hours ago."""
        last = self._now - 3_600 * until
        due = [each for each in self._moments if each[0] <= last]
        for at, station, making, name in sorted(due, key=lambda each: each[0]):
            card = self.cards[self._serves[station]]
            card.wall, card.boottime = at - 1, at - self._now + 2_000_000.0
            event = making if isinstance(making, Event) else making(self._named)
            identity = card.keep(event, station)
            if name:
                self._named[name] = identity
        self._moments = [each for each in self._moments if each[0] > last]


def send(database: Database, card: Card, now: float, release: str = "0.2.0") -> None:
    """A gateway sends what it has, with a word on itself."""

    def exchange(batch: Batch) -> Receipt:
        return ingest(database, card.name, batch.model_copy(update={"release": release}), now)

    card.drain(exchange)


def tell_all(story: Story) -> None:
    """Two weeks at the stations."""
    for hours, station, person, operation, minutes, good, scrap, reason in FINISHED:
        story.work(hours, station, person, operation)
        report = ReportFinished(
            person=person, operation=operation, work_order=order_of(operation),
            good=good, scrap=scrap, scrap_reason=reason, seconds=60.0 * minutes,
        )  # fmt: skip
        story.tell(hours - minutes / 60, station, report)
    for row in RUNNING:
        story.work(*row)
    for at, (hours, station, kind, caller, operation, taken, by, ended, cause) in enumerate(ENDED_CALLS):
        name = f"ended-{at}"
        story.call(hours, station, kind, caller, operation, name)
        story.take(hours - taken / 60, station, kind, name, by)
        story.resolve(hours - ended / 60, station, kind, name, by, cause)
    _open_calls(story)
    _products(story)
    _hand_over(story)
    _small_things(story)


def _open_calls(story: Story) -> None:
    """Three that are open: one that went up a tier, one that somebody took, one that nobody took yet."""
    story.call(0.27, "S1", "material", "P02", "WO-1001-20", "short")
    raised = {"call_type": "material", "tier": 1, "owner": "仓库", "elapsed_seconds": 600.0}
    story.tell(0.1, "S1", lambda at: AndonEscalated.model_validate({"call": at["short"], **raised}))
    story.call(0.15, "S3", "quality", "P28", "WO-1013-30", "scratched")
    story.take(0.12, "S3", "quality", "scratched", "P26")
    photo = picture("scratch")
    told = {"bytes": len(photo), "media_type": "image/jpeg", "person": "P26"}
    named = hashlib.sha256(photo).hexdigest()
    story.tell(0.11, "S3", lambda at: PhotoKept.model_validate({"sha256": named, "call": at["scratched"], **told}))
    late = {"sha256": "ab" * 32, "bytes": 240_000, "media_type": "image/jpeg", "person": "P26"}
    story.tell(0.1, "S3", lambda at: PhotoKept.model_validate({"call": at["scratched"], **late}))
    said = "第 15 件端面有划痕，怀疑夹爪铁屑"
    story.tell(0.1, "S3", lambda at: NoteKept(person="P26", call=at["scratched"], text=said))
    story.call(0.09, "S8", "safety", "P19", "WO-1011-30", "blocked")


def _products(story: Story) -> None:
    """Valve bodies with their numbers, what went into them, and one that went back."""
    about = {"person": "P28", "operation": "WO-1013-30", "work_order": "WO-1013"}
    story.work(2.6, "S3", "P28", "WO-1013-30")
    for n in range(SERIALS):
        hours = 2.5 - n * 0.16
        lot = "L-2611-07" if n < 9 else "L-2611-12"
        used = {**about, "item": "SEAL-22", "lot": lot, "quantity": 2.0, "revision": "A"}
        story.tell(hours, "S3", ComponentUsed.model_validate(used))
        story.tell(hours - 0.01, "S3", ProductIdentified.model_validate({**about, "serial": f"AX2-{2_601 + n}"}))
        story.tell(hours - 0.02, "S3", ReportFinished.model_validate({**about, "good": 1, "seconds": 420.0}))
        again = WorkStarted.model_validate({**about, "flags": ("continued",)})
        story.tell(hours - 0.021, "S3", again)
    story.tell(0.2, "S3", ReworkReported.model_validate({**about, "pieces": 1, "reason": "surface"}))
    bar = {"person": "P02", "operation": "WO-1013-10", "work_order": "WO-1013", "item": "BAR-42", "lot": "H-88213"}
    story.tell(27.4, "S1", ComponentUsed.model_validate({**bar, "quantity": 8.0, "revision": "A"}))


def _hand_over(story: Story) -> None:
    """The late shift left two things open at the press brake; the early shift said them back."""
    story.tell(12.2, "S7", NoteKept(person="P21", operation="WO-1011-20", text="下模 V16 有压痕，先用 V20"))
    story.tell(12.1, "S7", NoteKept(person="P21", operation="WO-1011-20", text="角度补偿已改为 -1.2 度"))
    facts = ("operations=1", "calls=0", "left=60")
    offered = {"person": "P21", "operations": ("WO-1011-20",), "facts": facts}
    story.tell(12.0, "S7", HandoverOffered.model_validate(offered), "offered")
    taken = {"offered_by": "P21", "person": "P18", "facts": facts}
    story.tell(3.85, "S7", lambda at: HandoverAccepted.model_validate({"handover": at["offered"], **taken}))
    story.tell(0.05, "S4", HandoverOffered(person="P10", operations=("WO-1009-30",), facts=("operations=1",)))


def _small_things(story: Story) -> None:
    """What every shift brings besides."""
    for hours, station, person in ((3.9, "S1", "P02"), (3.9, "S4", "P10"), (3.9, "S6", "P20")):
        story.tell(hours, station, SessionOpened(person=person))
        story.tell(
            hours - 0.01, station, lambda at: SnapshotApplied(version=3, digest=at["version 3"], source="central")
        )
    story.tell(
        3.82, "S1", lambda at: NoticeRead(notice="notice/N-001", version="1", person="P02", operation="WO-1013-10")
    )
    story.tell(3.0, "S2", ScanRejected(reason="unknown_label", device="scanner-2", shown="6901234567892", size=13))
    over = {"person": "P04", "operation": "WO-1001-20", "work_order": "WO-1001", "good": 6, "flags": ("early",)}
    story.tell(2.1, "S1", ReportFinished.model_validate(over))
    story.work(1.9, "S2", "P11", "WO-1014-10")
    story.tell(1.2, "S2", WorkPaused(person="P11", operation="WO-1014-10", reason="shortage"))
    story.tell(1.0, "S6", SetupStarted(person="P20", operation="WO-1012-10"))
    story.tell(0.92, "S6", SetupFinished(person="P20", operation="WO-1012-10", seconds=290))
    story.tell(0.8, "S5", LimitReached(limit="scan_burst", count=3, detail="scanner-5"))
    story.tell(0.4, "S7", DeviceLost(device="button-7", detail="usb 1-1.3"))
    chips = picture("chips")
    told = {"sha256": hashlib.sha256(chips).hexdigest(), "bytes": len(chips), "media_type": "image/jpeg"}
    story.tell(0.5, "S4", PhotoKept.model_validate({**told, "person": "P10", "operation": "WO-1009-30"}))
