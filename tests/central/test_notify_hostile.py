"""No text of an announcement, a record or a provider stops the messages."""

import pytest

from central.channels.port import Outcome
from central.notify.announcements import announce
from central.notify.words import facts_of
from floor.events import AndonRaised
from tests.central.card import record_text
from tests.central.memory_channel import MemoryChannel
from tests.central.notify_plant import NOW, NotifyPlant, chat, mail, plant

__all__ = ["chat", "mail", "plant"]

HOSTILE = ("a\x00b", "half \ud800 a pair", "\\u0000", '"}\\')


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_of_an_announcement_stops_the_messages(plant: NotifyPlant, text: str) -> None:
    with plant.database.write() as session:
        facts = {"title": text, "people": ["P06", text], "line": text, text: [text], "n": 1}
        assert announce(session, "plant", "task.assigned", text, facts, NOW)
    plant.run()
    [note] = plant.notes("task.assigned")
    kept = text.replace("\x00", "\ufffd").replace("\ud800", "?")
    assert (note.subject, note.line) == (f"task.assigned {kept}", kept)
    assert facts_of(note) == {"title": kept, "people": ["P06", kept], "line": kept, kept: [kept], "n": 1}


def test_a_record_of_nonsense_does_not_stop_the_messages(plant: NotifyPlant) -> None:
    told = {"call_type": "quality", "person": "\ud800", "operation": "\ud800"}
    call = plant.card.keep_text(record_text("andon.raised", told))
    plant.card.keep_text(record_text("andon.escalated", {"call": call, "owner": "\ud800", "tier": 1}))
    plant.card.keep_text(record_text("andon.escalated", {"call": "\ud800/1", "tier": 1}))
    tiers: tuple[object, ...] = ("abc", "7", 10**30, 1.5, [], None)
    for tier in tiers:
        plant.card.keep_text(record_text("andon.escalated", {"call": call, "owner": "P06", "tier": tier}))
    plant.happen(AndonRaised(call_type="quality"))
    plant.run()
    assert len(plant.notes("andon.raised")) == 2


def test_half_a_surrogate_pair_of_a_provider_does_not_stop_the_messages(
    plant: NotifyPlant, chat: MemoryChannel
) -> None:
    chat.answers = (Outcome("accepted", "\ud800", "\ud800", "\ud800"),)
    plant.contact("P01", "chat")
    plant.happen(AndonRaised(call_type="quality"))
    plant.run()
    [row] = plant.deliveries("chat")
    assert (row.state, row.code, row.told, row.provider_id) == ("accepted", "?", "?", "?")


def test_half_a_surrogate_pair_in_a_record_does_not_stop_the_messages(plant: NotifyPlant) -> None:
    reported = {"person": "P\ud800", "operation": "W\ud800", "good": 1, "flags": ["early"]}
    plant.card.keep_text(record_text("report.finished", reported))
    plant.happen(AndonRaised(call_type="quality"))
    plant.run()
    assert [(note.kind, note.subject) for note in plant.notes("report.flagged")] == [
        ("report.flagged", "report.flagged W?")
    ]
    assert len(plant.notes("andon.raised")) == 1
