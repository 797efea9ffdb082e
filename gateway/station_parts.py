"""What the label of a component or of a product does while an operation runs: kept, or refused by a rule. Pure."""

from devices.types import Signal
from floor.label_codes import Part, part_of
from floor.labels import LabelKind
from floor.rows import Component, Operation
from floor.work import WorkState
from floor.work_events import ComponentUsed, ProductIdentified
from gateway.floor_rows import Parts, Share
from gateway.station_case import Case, answer, refuse, told
from gateway.station_desk import Decision, Prompt
from gateway.station_guards import guarded
from gateway.station_part_rules import bill_of, line_of, names_product, use_rules
from gateway.station_work import shares_in
from gateway.view import Message


def scan_part(case: Case, confirmed: bool = False) -> Decision:
    """A label that is no badge, ticket or card. Where nothing running wants parts it is refused by its kind."""
    label = case.label
    assert label is not None
    part = part_of(label.text, label.elements)
    plain = label.kind is LabelKind.UNKNOWN
    running = shares_in(case, WorkState.RUNNING, WorkState.SETUP)
    wanting = [(share, row) for share in running if (row := case.operation(share.operation)) is not None]
    wanting = [(share, row) for share, row in wanting if row.capture or bill_of(case, row)]
    if not wanting or (label.kind is LabelKind.PART and not label.elements):
        return refuse_label(case)
    fitting = [each for each in wanting if line_of(case, each[1], part) or names_product(case, each[1], part, plain)]
    if len(fitting) > 1 or (not fitting and len(wanting) > 1):
        return refuse(case, "which_operation")
    share, operation = (fitting or wanting)[0]
    line = line_of(case, operation, part)
    if line is not None:
        return _use(case, share, operation, line, part, confirmed)
    if fitting:
        return _identify(case, share, operation, part, confirmed)
    if plain and not part.codes & case.master.component_codes:
        return refuse_label(case)
    return _use(case, share, operation, None, part, confirmed)


def refuse_label(case: Case) -> Decision:
    """What it is instead of what was wanted."""
    assert case.label is not None
    kind = case.label.kind
    if kind in (LabelKind.UNKNOWN, LabelKind.PART, LabelKind.PRODUCT, LabelKind.STATION):
        return refuse(case, f"{kind}_label")
    return refuse(case, str(kind))


def _asked(case: Case, share: Share) -> Prompt:
    assert case.label is not None
    text = case.label.symbology + case.label.text
    return Prompt("confirm_rule", case.instant.boottime, Message("dropped"), operation=share.operation, part=text)


def _use(
    case: Case, share: Share, operation: Operation, row: Component | None, part: Part, confirmed: bool
) -> Decision:
    """`row` None: it is not in the bill."""
    broken = ("wrong_material",) if row is None else use_rules(case, row, part)
    stopped = guarded(case, broken, "use", _asked(case, share), confirmed)
    if stopped is not None:
        return stopped
    event = ComponentUsed(
        person=case.person,
        operation=share.operation,
        work_order=operation.work_order,
        item=row.item if row is not None else case.shown[:120],
        lot=part.lot,
        serial=part.serial,
        expires=part.expires,
        quantity=row.quantity if row is not None else 1,
        revision=row.revision if row is not None else "",
        flags=broken,
    )
    message = told(case, share.operation, "component_used", broken, item=event.item, lot=part.lot or part.serial or "-")
    return _kept(case, message, event)


def _identify(case: Case, share: Share, operation: Operation, part: Part, confirmed: bool) -> Decision:
    assert case.label is not None
    wants_lot = operation.capture == "lot"
    # A label without elements is the name itself.
    text = "" if case.label.elements else case.shown[:64]
    serial = "" if wants_lot else part.serial or text
    lot = part.lot or (text if wants_lot else "")
    seen = case.state.parts.get(share.operation) or Parts()
    broken = ("serial_repeated",) if serial and serial in seen.serials else ()
    stopped = guarded(case, broken, "use", _asked(case, share), confirmed)
    if stopped is not None:
        return stopped
    event = ProductIdentified(
        person=case.person,
        operation=share.operation,
        work_order=operation.work_order,
        serial=serial,
        lot=lot,
        flags=broken,
    )
    count = len(seen.lots if wants_lot else seen.serials) + (0 if broken else 1)
    message = told(case, share.operation, "identified", broken, serial=serial or lot, count=count)
    return _kept(case, message, event)


def _kept(case: Case, message: Message, event: ComponentUsed | ProductIdentified) -> Decision:
    """What else the station waits for is not disturbed; its own question is answered."""
    prompt = case.desk.prompt
    if prompt is not None and prompt.part:
        return answer(case, Signal.KEPT, message, event, prompt=None)
    return answer(case, Signal.KEPT, message, event)
