"""What a photo that lies on the card becomes: a record of the call or the operation it shows. Pure."""

from dataclasses import replace

from devices.types import Signal
from floor.photo_events import PhotoKept
from gateway.station_case import Case, answer
from gateway.station_desk import Decision, PagePhoto
from gateway.view import Message


def keep_photo(case: Case, what: PagePhoto) -> Decision:
    """The same photo of the same thing is one record, however often the page sends its end again.

    A call that was closed in the meantime, an operation that nobody planned: the photo is kept all the same (I12).
    """
    call = case.state.calls.get(what.call)
    names = case.names_of_call(call.call_type) if call is not None else {"call": "", "call_en": ""}
    title = case.title_of(what.operation) if what.operation else ""
    values = {"about": str(names["call"]) or title, "about_en": str(names["call_en"]) or title}
    if (what.sha256, case.station, what.call, what.operation) in case.state.photos:
        return _named(what, answer(case, Signal.REPEATED, Message("photo_again", dict(values))))
    event = PhotoKept.model_validate(
        {
            "sha256": what.sha256,
            "bytes": what.bytes,
            "media_type": what.media_type,
            "person": case.person,
            "operation": what.operation,
            "call": what.call,
        }
    )
    return _named(what, answer(case, Signal.KEPT, Message("photo_kept", dict(values)), event))


def _named(what: PagePhoto, decision: Decision) -> Decision:
    """The newest result names the file: it is at the office only when that is there too."""
    newest, *others = decision.desk.recent
    return replace(decision, desk=replace(decision.desk, recent=(replace(newest, file=what.sha256), *others)))
