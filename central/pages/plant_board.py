"""The board of the database as the pages show it: operations under their orders, ids with their names."""

from collections.abc import Sequence

from central import board as stored
from central.call_history import CallStep
from central.fleet_limits import ONLINE_SECONDS_MAX
from central.pages.office import Alarm, Board, CallLine, CallStepLine, CaseLine, GatewayLine, OperationCard, OrderLine
from floor.master import MasterData
from floor.rows import PastCase, WorkOrder


def planned_orders(master: MasterData) -> dict[str, OrderLine]:
    """Every order of the master data as it stands before anybody has worked on it, by id."""
    cards: dict[str, list[OperationCard]] = {each.id: [] for each in master.work_orders}
    for each in master.operations:
        closed = master.order_by_id[each.work_order].state == "closed"
        card = OperationCard(each.id, each.number, each.name, "done" if closed else "idle", planned=each.planned)
        cards[each.work_order].append(card)
    return {each.id: _order(each.id, cards[each.id], each) for each in master.work_orders}


def board_of(raw: stored.Board, master: MasterData, planned: dict[str, OrderLine], now: float) -> Board:
    """The whole board for the pages. `raw` may leave out operations that nobody has worked on.

    Only the orders that were worked on are made anew: at 50,000 operations that is what keeps a page within its second.
    """
    return Board(
        orders=_orders(raw, master, planned),
        calls=tuple(call_line(each, master, now) for each in raw.calls),
        gateways=tuple(_gateway_line(each, now) for each in raw.gateways),
        alarms=tuple(
            Alarm(each.kind, each.gateway_name, each.subject, each.detail, each.since, each.count)
            for each in raw.alarms
        ),
        complete=raw.complete,
    )


def _orders(raw: stored.Board, master: MasterData, planned: dict[str, OrderLine]) -> tuple[OrderLine, ...]:
    """Every order of the master data, and those that only the floor knows (I12)."""
    touched: dict[str, list[OperationCard]] = {}
    for each in raw.operations:
        if each.good or each.scrap or each.flagged or each.rework or each.workers:
            touched.setdefault(each.order, []).append(_card(each, master))
    orders = dict(planned)
    for key, fresh in touched.items():
        cards = {each.operation: each for each in planned[key].operations} if key in planned else {}
        cards |= {each.operation: each for each in fresh}
        orders[key] = _order(key, list(cards.values()), master.order_by_id.get(key))
    return tuple(orders.values())


def _order(key: str, cards: list[OperationCard], order: WorkOrder | None) -> OrderLine:
    cards.sort(key=lambda each: (each.number, each.operation))
    if order is None:
        return OrderLine(key, known=False, operations=tuple(cards))
    return OrderLine(key, order.item, order.name, order.quantity, order.due, order.state, operations=tuple(cards))


def _card(raw: stored.BoardOperation, master: MasterData) -> OperationCard:
    working = sorted(raw.workers, key=lambda each: each.state != "running")
    return OperationCard(
        operation=raw.operation,
        number=raw.number,
        name=raw.name,
        state=raw.state,
        people=tuple(each.name for each in working),
        station=station_name(working[0].station, master) if working else "",
        since=raw.since,
        good=raw.good,
        scrap=raw.scrap,
        planned=raw.planned,
        flagged=raw.flagged,
        rework=raw.rework,
    )


def station_name(station: str, master: MasterData) -> str:
    """A station by the floor's name for it."""
    known = master.station_by_id.get(station)
    return known.name or station if known else station


def call_line(raw: stored.BoardCall, master: MasterData, now: float) -> CallLine:
    """One call. Where its time is not known, the time since the server knows of it counts."""
    kind = master.call_type_by_id.get(raw.call_type)
    wanted = kind.causes if kind and kind.causes else tuple(master.reason_by_id)
    reasons = [master.reason_by_id[each] for each in wanted if each in master.reason_by_id]
    person = master.person_by_id.get(raw.person)
    return CallLine(
        gateway_name=raw.gateway_name,
        call=raw.call,
        call_type=raw.call_type,
        name=raw.name,
        name_en=raw.name_en,
        impact=raw.impact,
        station=station_name(raw.station, master),
        state=raw.state,
        raised=raw.raised if raw.raised is not None else (raw.ended or now) - raw.running_seconds,
        person=person.name if person else raw.person,
        operation=raw.operation,
        acknowledged_by=raw.acknowledged_by_name,
        tier=raw.tier,
        owner=raw.owner,
        handed_by=raw.handed_by_name,
        acknowledged=raw.acknowledged,
        ended=raw.ended,
        cause=raw.cause,
        causes=tuple((each.id, each.name, each.name_en) for each in reasons),
        place=master.place_of(raw.station),
    )


def step_lines(steps: Sequence[CallStep], master: MasterData) -> tuple[CallStepLine, ...]:
    """The steps of a call with the names of people. An acknowledgement is evidence from the last hand-over on."""
    handed = max((at for at, each in enumerate(steps) if each.kind == "assigned"), default=-1)
    return tuple(
        CallStepLine(
            each.kind,
            stored.person_name(each.person, master),
            each.source,
            each.about,
            each.wall if each.wall is not None else each.learned,
            each.counts,
            at > handed and each.kind == "acknowledged" and not each.counts,
        )
        for at, each in enumerate(steps)
    )


def case_line(row: PastCase, master: MasterData) -> CaseLine:
    """A past case with the floor's names."""
    cause = master.reason_by_id.get(row.cause)
    name = cause.name if cause else row.cause
    name_en = cause.name_en if cause and cause.name_en else name
    return CaseLine(station_name(row.station, master), row.item, name, name_en, row.fix, row.closed)


def _gateway_line(raw: stored.BoardGateway, now: float) -> GatewayLine:
    return GatewayLine(
        name=raw.name,
        online=raw.last_seen is not None and now - raw.last_seen <= ONLINE_SECONDS_MAX and not raw.revoked,
        last_seen=raw.last_seen,
        release=raw.release,
        as_of=raw.data_as_of,
        waiting=raw.waiting,
        gaps=raw.gaps,
        forks=raw.forks,
        conflicts=raw.conflicts,
        epoch=raw.epoch,
        contiguous=raw.contiguous,
        clock_good=raw.clock_good,
        revoked=raw.revoked,
    )
