"""Roll-outs: started, paused, gone on with, stopped by a person or by their own failures."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from central.alarms import raise_alarms
from central.change import note_change
from central.database import Database
from central.errors import RolloutRefused
from central.fleet_limits import (
    ONLINE_SECONDS_MAX,
    ROLLOUT_BYTES_PER_SECOND,
    ROLLOUT_QUIET_SECONDS_MAX,
    ROLLOUT_SILENT_SECONDS_MAX,
    ROLLOUTS_SHOWN_MAX,
)
from central.fleet_lines import fleet
from central.fleet_numbers import next_rollout
from central.fleet_tables import FleetDevice, FleetRelease, Rollout, RolloutMember
from central.fold_rows import clean
from central.ingest_rules import AlarmRaised
from central.models import Gateway, table_of
from central.plant_days import moment
from central.rollout_members import DOUBTED, GOOD, LEFT, OFFERED, UNDER_WAY, WAITING, doubt_of, event_of, phase_of
from central.rollout_members import TABLE as MEMBER_TABLE
from central.rollout_states import (
    ACTS,
    PAUSED,
    RUNNING,
    STAGES,
    TABLE,
    Judgement,
    Member,
    has_later,
    in_window,
    judge,
    staged,
)
from central.wish_end import good_seconds
from sync.wire import BundleWish, UpdateTold

PUMP_SECONDS = 5.0
"""How often the worker looks whether a stage was good for long enough, or somebody fell silent."""


class RolloutPump:
    """Takes the open roll-out on, by what only time tells. What agents tell stops and ends it at once.

    Nobody can tell anything to a server that is away, so silence counts from its start; and a stage was not watched
    meanwhile. A server whose database was away, or that slept, was away as well.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._looked: float | None = None
        self._since = 0.0

    def step(self, now: float) -> float:
        """Cheap: nothing is written while nothing changes."""
        with self._database.read() as session:
            is_open = open_rollout(session, self._database.plant) is not None
        if self._looked is None or not 0 <= now - self._looked <= ROLLOUT_QUIET_SECONDS_MAX:
            self._since = now
        self._looked = now
        if is_open:
            with self._database.write() as session:
                watch(session, self._database.plant, self._since, now)
        return now + PUMP_SECONDS


@dataclass(frozen=True, slots=True)
class Plan:
    """How a release goes over the fleet. `gateways`: all that take part; `canaries`: named ones, else so many."""

    version: str
    gateways: Sequence[str]
    canaries: Sequence[str] = ()
    canary_count: int = 1
    percent: int = 20
    failures_max: int = 0
    soak_seconds: float = 3_600.0
    window: tuple[int, int] | None = None
    line: str = ""


def start_rollout(session: Session, plant: str, plan: Plan, by: str, now: float) -> int:
    """The number of a new roll-out. Raises RolloutRefused."""
    note_change(session, plant)
    # Held until the commit, so that nobody removes it meanwhile.
    release = session.get(FleetRelease, (plant, plan.version), with_for_update=True)
    if release is None:
        raise RolloutRefused(f"release {plan.version} is not listed")
    if open_rollout(session, plant) is not None:
        raise RolloutRefused("another roll-out is under way")
    if not plan.gateways:
        raise RolloutRefused("no gateway with slots takes part")
    strange = [name[:48] for name in plan.canaries if name not in plan.gateways]
    if strange:
        # Another one in its place would take the release to a machine that nobody had chosen for it.
        raise RolloutRefused(
            f"{', '.join(strange[:5])} takes no part: no such gateway, one without slots, or one of another line",
            "Name canaries as `lineside fleet list` does, or none: then they are chosen for you.",
        )
    if not 0 <= plan.percent <= 100 or plan.canary_count < 1 or plan.failures_max < 0 or plan.soak_seconds < 0:
        raise RolloutRefused("a share is 0 to 100, there is one canary at least, bounds are not below 0")
    number = next_rollout(session, plant)
    begins, ends = plan.window or (None, None)
    session.add(
        Rollout(
            plant=plant,
            number=number,
            version=release.version,
            sha256=release.sha256,
            size=release.size,
            state=RUNNING,
            stage=STAGES[0],
            stage_since=None,
            failures_max=plan.failures_max,
            soak_seconds=plan.soak_seconds,
            window_from=begins,
            window_until=ends,
            line=plan.line,
            made_at=now,
            made_by=by,
            ended_at=None,
            reason="",
        )
    )
    session.flush()
    stages = staged(plan.gateways, plan.canaries, plan.canary_count, plan.percent, f"{number}/{release.version}")
    row = {"plant": plant, "number": number, "state": WAITING, "reason": "", "offered_at": None, "changed_at": now}
    session.execute(insert(RolloutMember), [row | {"gateway": name, "stage": stage} for name, stage in stages.items()])
    return number


def act_on(session: Session, plant: str, number: int, act: str, by: str, now: float) -> None:
    """Pause, resume or stop. Raises RolloutRefused."""
    rollout = session.get(Rollout, (plant, number), with_for_update=True)
    if rollout is None or act not in ACTS or (rollout.state, act) not in TABLE:
        raise RolloutRefused(f"roll-out {number} cannot {act} now")
    _after(rollout, act, f"by {by}" if act == "stop" else "", now)
    note_change(session, plant)


def _after(rollout: Rollout, event: str, reason: str, now: float) -> None:
    rollout.state = TABLE[rollout.state, event]
    rollout.reason = clean(reason[:400])
    if rollout.state not in (RUNNING, PAUSED):
        rollout.ended_at = now


def open_rollout(session: Session, plant: str) -> Rollout | None:
    """The one that is not over."""
    return session.scalar(select(Rollout).where(Rollout.plant == plant, Rollout.state.in_((RUNNING, PAUSED))).limit(1))


def rollouts(session: Session, plant: str) -> Sequence[Rollout]:
    """The newest first."""
    found = select(Rollout).where(Rollout.plant == plant).order_by(Rollout.number.desc()).limit(ROLLOUTS_SHOWN_MAX)
    return session.scalars(found).all()


def members(session: Session, plant: str, number: int) -> Sequence[RolloutMember]:
    """Who takes part, canaries first."""
    rows = session.scalars(
        select(RolloutMember).where(RolloutMember.plant == plant, RolloutMember.number == number)
    ).all()
    return sorted(rows, key=lambda each: (STAGES.index(each.stage), each.gateway))


def takers(session: Session, plant: str, line: str = "", lines: dict[str, str] | None = None) -> list[str]:
    """Gateways that can take a release: not revoked, with slots; of a line, where one is named (`lines`: by name)."""
    rows = session.scalars(
        select(FleetDevice.gateway)
        .join(Gateway, (Gateway.plant == FleetDevice.plant) & (Gateway.name == FleetDevice.gateway))
        .where(FleetDevice.plant == plant, FleetDevice.slot != "", Gateway.revoked_at.is_(None))
        .order_by(FleetDevice.gateway)
    )
    return [name for name in rows if not line or (lines or {}).get(name) == line]


def bundle_wished(
    session: Session, plant: str, gateway_name: str, now: float, offer: bool = False
) -> BundleWish | None:
    """What a gateway should run, once its stage has come and while the window is open, and for how long that word is
    good: the gateway may not hear of the window's end. `offer`: note that it was told;
    what was never told is not wished."""
    rollout = open_rollout(session, plant)
    if rollout is None or rollout.state != RUNNING or not _is_in_window(rollout, now):
        return None
    member = session.get(RolloutMember, (plant, rollout.number, gateway_name))
    if member is None or member.state == LEFT or STAGES.index(member.stage) > STAGES.index(rollout.stage):
        return None
    if member.offered_at is None:
        if not offer:
            return None
        member.offered_at = member.changed_at = now
        member.state = MEMBER_TABLE[WAITING, OFFERED]
    return BundleWish(
        rollout=rollout.number,
        version=rollout.version,
        sha256=rollout.sha256,
        size=rollout.size,
        bytes_per_second=ROLLOUT_BYTES_PER_SECOND,
        good_seconds=good_seconds(moment(now), rollout.window_from, rollout.window_until),
    )


def _is_in_window(rollout: Rollout, now: float) -> bool:
    here = moment(now)
    return here is None or in_window(here.hour * 60 + here.minute, rollout.window_from, rollout.window_until)


def take_update(session: Session, plant: str, gateway_name: str, told: UpdateTold, now: float) -> None:
    """What an agent says of a roll-out's release. It may stop the roll-out, or end it, at once."""
    _take_back(session, plant, gateway_name, told, now)
    member = session.get(RolloutMember, (plant, told.rollout, gateway_name)) if told.rollout else None
    if member is None:
        return
    follows = MEMBER_TABLE.get((phase_of(member.state, member.offered_at is not None), event_of(told.state)))
    state = clean(told.state) if follows == UNDER_WAY else follows
    if state is None or (member.state, member.reason) == (state, told.reason):
        return
    member.state, member.reason, member.changed_at = state, clean(told.reason), now
    session.flush()
    advance(session, plant, now)


def _take_back(session: Session, plant: str, gateway_name: str, told: UpdateTold, now: float) -> None:
    """A gateway that is at it no more has no release on its hands, and is offered it anew when its time comes."""
    rollout = open_rollout(session, plant)
    if rollout is None or told.rollout == rollout.number:
        return
    member = session.get(RolloutMember, (plant, rollout.number, gateway_name))
    if member is None:
        return
    follows = MEMBER_TABLE.get((phase_of(member.state, member.offered_at is not None), "withdrawn"))
    if follows is not None:
        member.state, member.reason, member.offered_at, member.changed_at = follows, "", None, now
        session.flush()


def watch(session: Session, plant: str, since: float, now: float) -> None:
    """See who was good and is not now, then take the roll-out on. `since`: the server has listened from then on."""
    rollout = open_rollout(session, plant)
    if rollout is None:
        return
    rows = members(session, plant, rollout.number)
    if now - since >= ONLINE_SECONDS_MAX:
        _doubt(session, rollout, rows, since, now)
    advance(session, plant, now, since)


def _doubt(session: Session, rollout: Rollout, rows: Sequence[RolloutMember], since: float, now: float) -> None:
    """In the last stage nobody is doubted any more: nobody takes the release on its word, and stations are switched
    off when their shift ends."""
    is_watched = has_later(rollout.stage, [each.stage for each in rows])
    lines = {each.name: each for each in fleet(session, rollout.plant, now)}
    for member in rows:
        if member.state not in (GOOD, DOUBTED):
            continue
        device, line = session.get(FleetDevice, (rollout.plant, member.gateway)), lines.get(member.gateway)
        reason = ""
        if device is not None and line is not None:
            bad = line.health.faults if line.health.level == "bad" else ()
            silent = now - max(device.told_at, since)
            reason = doubt_of(silent, ROLLOUT_QUIET_SECONDS_MAX, device.release, rollout.version, bad)
        event = "doubted" if reason and is_watched else "" if reason else "cleared"
        follows = MEMBER_TABLE.get((member.state, event))
        if follows is not None:
            member.state, member.changed_at = follows, now
            note_change(session, rollout.plant)
        if member.state == DOUBTED or follows is not None:
            member.reason = clean(reason)
    session.flush()


def advance(session: Session, plant: str, now: float, since: float | None = None) -> None:
    """Take the open roll-out to its end where what was told is enough for that; a stop by failures is told. To its next
    stage it goes only by who listened to it: `since` when."""
    rollout = open_rollout(session, plant)
    if rollout is None:
        return
    _let_go(session, rollout, now)
    watched = None if rollout.stage_since is None or since is None else max(rollout.stage_since, since)
    found = judge(
        rollout.stage,
        watched,
        _members_now(session, rollout, now if since is None else since, now),
        rollout.failures_max,
        rollout.soak_seconds,
        ROLLOUT_SILENT_SECONDS_MAX,
        now,
    )
    if since is not None and (rollout.state == RUNNING or found.stage == rollout.stage):
        _go_on(session, rollout, found)
    if found.event and (rollout.state, found.event) in TABLE:
        _after(rollout, found.event, found.reason, now)
        note_change(session, plant)
        if found.event == "failed":
            told = f"{rollout.version}: {found.reason}"
            raise_alarms(session, plant, "", [AlarmRaised("rollout_stopped", str(rollout.number), told)], now)


def _let_go(session: Session, rollout: Rollout, now: float) -> None:
    """Who was revoked or retired can tell nothing any more; nobody waits for it."""
    mine = (RolloutMember.plant == rollout.plant, RolloutMember.number == rollout.number)
    gone = session.scalars(
        select(RolloutMember)
        .join(Gateway, (Gateway.plant == RolloutMember.plant) & (Gateway.name == RolloutMember.gateway))
        .where(*mine, Gateway.revoked_at.is_not(None), RolloutMember.state != LEFT)
    ).all()
    for member in gone:
        follows = MEMBER_TABLE.get((phase_of(member.state, member.offered_at is not None), "revoked"))
        if follows is not None:
            member.state, member.reason, member.changed_at = follows, "its credential is void", now
            note_change(session, rollout.plant)
    session.flush()


def _go_on(session: Session, rollout: Rollout, found: Judgement) -> None:
    if (found.stage, found.since) != (rollout.stage, rollout.stage_since):
        rollout.stage, rollout.stage_since = found.stage, found.since
        note_change(session, rollout.plant)


def _members_now(session: Session, rollout: Rollout, since: float, now: float) -> list[Member]:
    table = table_of(RolloutMember)
    rows = session.execute(
        select(table.c.gateway, table.c.stage, table.c.state, table.c.changed_at, FleetDevice.told_at)
        .outerjoin(FleetDevice, (FleetDevice.plant == table.c.plant) & (FleetDevice.gateway == table.c.gateway))
        .where(table.c.plant == rollout.plant, table.c.number == rollout.number)
    )
    return [
        Member(
            gateway=row.gateway,
            stage=row.stage,
            state=row.state,
            silent_seconds=now - max(row.told_at or rollout.made_at, since),
            doubt_seconds=now - max(row.changed_at, since),
        )
        for row in rows
    ]
