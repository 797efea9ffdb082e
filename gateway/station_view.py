"""One station's screen from what is known. Pure."""

from itertools import chain, islice

from floor.calls import CallState, impact_of
from floor.cases import Situation, situation_of
from floor.cells import CommandName
from floor.events import Instant
from floor.instructions import instruction_of
from floor.label_texts import shown
from floor.limits import CELL_CHARACTERS_MAX, FIX_CHARACTERS_MAX
from floor.master import MasterData
from floor.notices import notices_at
from floor.owners import owners
from floor.rows import PastCase
from floor.work import WorkState
from gateway import limits
from gateway.floor_rows import Note, Share
from gateway.floor_state import Floor
from gateway.open_calls import Call
from gateway.station_case import Case
from gateway.station_desk import Desk, Prompt, StationRules
from gateway.station_guards import reported
from gateway.view import (
    CallLine,
    CaseLine,
    HandoverLine,
    HeldLine,
    InstructionLine,
    NoteLine,
    NoticeLine,
    PromptLine,
    ReadingLine,
    StationView,
    WorkLine,
)

_RULES = StationRules()


def _held(case: Case, station: str) -> tuple[HeldLine, ...]:
    people = case.master.person_by_id

    def line(person: str) -> HeldLine:
        row = people.get(person)
        return HeldLine(person, case.name_of(person), case.roles_of(row), row.language if row else "")

    return tuple(line(person) for person in case.state.held.get(station, {}))


def _work(case: Case, share: Share) -> WorkLine:
    """`good` and `scrap` are the operation's, by everybody; `seconds` is this person's, worked or in set-up."""
    operation = case.operation(share.operation)
    order = case.master.order_by_id.get(operation.work_order) if operation else None
    good, scrap = reported(case, share.operation, operation)
    return WorkLine(
        person=share.person,
        person_name=case.name_of(share.person),
        operation=share.operation,
        operation_name=shown(operation.name, 64) if operation else "",
        work_order=operation.work_order if operation else share.work_order,
        item=shown(order.item, 64) if order else "",
        planned=operation.planned if operation else None,
        good=good,
        scrap=scrap,
        state=str(share.state),
        seconds=(share.set_up if share.state is WorkState.SETUP else share.worked)(case.instant) or 0.0,
        as_of_wall=case.instant.wall,
        instruction=_instruction(case, operation.id if operation else share.operation),
    )


def _instruction(case: Case, operation: str) -> InstructionLine | None:
    row = instruction_of(case.master, operation)
    if row is None:
        return None
    title = shown(row.title or row.id, 64)
    return InstructionLine(row.id, row.revision, title, row.sha256, row.media_type)


def _call(case: Case, call: Call) -> CallLine:
    row = case.master.call_type_by_id.get(call.call_type)
    reasons = case.master.reason_by_id
    causes = [reasons[each] for each in (row.causes if row else ()) if each in reasons]
    if not causes:
        causes = [reasons[card.value] for card in case.master.command_cards if card.command == "cause"]
    names = case.names_of_call(call.call_type)
    return CallLine(
        call=call.identity,
        call_type=call.call_type,
        name=str(names["call"]),
        name_en=str(names["call_en"]),
        impact=impact_of(row, call.stopped),
        state=str(call.state),
        raised_wall=call.raised_wall,
        person_name=case.name_of(call.person) if call.person else "",
        acknowledged_by=case.name_of(call.acknowledged_by) if call.state is CallState.ACKNOWLEDGED else "",
        tier=call.tier,
        owner=shown(call.owner, 64),
        stopped=call.stopped,
        cases=_cases(case.master, situation_of(case.master, call.call_type, call.station, call.operation)),
        handed_by=case.name_of(call.handed_by) if call.handed_by else "",
        owners=tuple(shown(each, 64) for each in owners(case.master, call.call_type)),
        causes=tuple(dict.fromkeys((each.id, each.name, each.name_en or each.name) for each in causes)),
    )


def _note(case: Case, note: Note) -> NoteLine:
    call = case.state.calls.get(note.call)
    if call is not None:
        names = case.names_of_call(call.call_type)
        return NoteLine(case.name_of(note.person), note.text, note.wall, str(names["call"]), str(names["call_en"]))
    about = case.title_of(note.operation) if note.operation else ""
    return NoteLine(case.name_of(note.person), note.text, note.wall, about, about)


def _cases(master: MasterData, what: Situation) -> tuple[CaseLine, ...]:
    return tuple(_case(master, each.case) for each in master.case_book.similar(what))


def _case(master: MasterData, row: PastCase) -> CaseLine:
    cause, station = master.reason_by_id.get(row.cause), master.station_by_id.get(row.station)
    name = shown(cause.name if cause else row.cause, 64)
    return CaseLine(
        station=shown((station.name if station else "") or row.station, 64),
        item=shown(row.item, 64),
        cause=name,
        cause_en=shown(cause.name_en, 64) if cause and cause.name_en else name,
        fix=shown(row.fix, FIX_CHARACTERS_MAX),
        closed=row.closed,
    )


def _prompt(prompt: Prompt | None) -> PromptLine:
    if prompt is None:
        return PromptLine()
    return PromptLine(
        prompt.kind,
        prompt.message,
        int(prompt.good) if prompt.good else None,
        int(prompt.scrap) if prompt.scrap else None,
        prompt.scrap_reason,
        prompt.operation,
        _reading(prompt),
        int(prompt.rework) if prompt.rework else None,
        prompt.rework_reason,
        prompt.partial,
        prompt.entered if prompt.kind == "counter" else "",
    )


def _reading(prompt: Prompt) -> ReadingLine | None:
    found = prompt.reading
    if found is None:
        return None
    return ReadingLine(
        about=found.key.partition("/")[0],
        title=shown(found.title, 120),
        title_en=shown(found.title_en, 120),
        text=shown(found.text, CELL_CHARACTERS_MAX),
        fact=found.facts[len(prompt.given)][0] if len(prompt.given) < len(found.facts) else "",
        entered=shown(prompt.entered, 64),
    )


def _notices(case: Case) -> tuple[NoticeLine, ...]:
    rows = islice(notices_at(case.master, case.station, case.today), limits.NOTICES_SHOWN_MAX)
    return tuple(
        NoticeLine(
            row.id, shown(row.title, 120), shown(row.title_en or row.title, 120), shown(row.text, CELL_CHARACTERS_MAX)
        )
        for row in rows
    )


def _handover(case: Case) -> HandoverLine | None:
    offer = case.state.readings.offers.get(case.station)
    if offer is None:
        return None
    calls = [case.state.calls[each] for each in offer.calls if each in case.state.calls]
    names = [case.names_of_call(each.call_type) for each in calls]
    titles = {row.id: (row.title, row.title_en or row.title) for row in case.master.notices}
    return HandoverLine(
        person_name=case.name_of(offer.person),
        wall=offer.wall,
        operations=tuple(case.title_of(each) for each in offer.operations),
        calls=tuple((str(each["call"]), str(each["call_en"])) for each in names),
        notices=tuple(
            (shown(titles[each][0], 64), shown(titles[each][1], 64)) for each in offer.notices if each in titles
        ),
    )


def _reasons(master: MasterData, command: CommandName) -> tuple[tuple[str, str, str], ...]:
    """Each reason that a card of this command stands for, in the order of the cards."""
    ids = dict.fromkeys(card.value for card in master.command_cards if card.command == command and card.value)
    rows = [master.reason_by_id[each] for each in ids if each in master.reason_by_id]
    return tuple((row.id, row.name, row.name_en or row.name) for row in rows)


def station_view(
    state: Floor,
    desk: Desk,
    master: MasterData,
    station: str,
    instant: Instant,
    rules: StationRules = _RULES,
) -> StationView:
    """The screen of a station. What its devices and the office say, whoever publishes it puts in.

    Work shown: the shares begun here, and those of the people held here wherever they began.
    """
    case = Case(state, desk, master, instant, rules, shown="")
    row = master.station_by_id.get(station)
    held = state.held.get(station, {})
    elsewhere = (share for person in held for share in state.shares_of(person) if share.station != station)
    shares = tuple(islice(chain(elsewhere, state.shares_at(station)), limits.WORK_LINES_MAX))
    return StationView(
        station=station,
        name=row.name if row and row.name else station,
        people=_held(case, station),
        work=tuple(_work(case, share) for share in shares),
        prompt=_prompt(desk.prompt),
        last=desk.recent[0] if desk.recent else None,
        recent=desk.recent,
        calls=tuple(_call(case, call) for call in state.calls_at(station)),
        call_types=tuple(
            (each.id, each.name, each.name_en or each.name, impact_of(each)) for each in master.call_types
        ),
        notices=_notices(case),
        handover=_handover(case),
        scrap_reasons=_reasons(master, "scrap"),
        rework_reasons=_reasons(master, "rework"),
        pause_reasons=_reasons(master, "pause"),
        notes=tuple(_note(case, each) for each in reversed(state.notes.get(station, ()))),
        commands=tuple(sorted({card.command for card in master.command_cards})),
    )
