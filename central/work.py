"""`lineside central work`: what takes time, in one process, elected by a lease. Pumps with `step(now)`.

`now` of the pumps is seconds since 1970: leases and backups are compared between machines.
"""

import logging
import os
import secrets
import socket
import time
from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

from sqlalchemy import and_, insert, select, update
from sqlalchemy.orm import Session

from central.alarms import raise_alarms
from central.backup import make_backup
from central.bill_freeze import BillPump
from central.channels.configured import channels_of
from central.channels.port import Channel
from central.config import CentralConfig
from central.database import Database
from central.ending import Ending
from central.errors import BackupCorrupt, BackupFailed, DatabaseUnreachable
from central.ingest_rules import AlarmRaised
from central.limits import ANNOUNCED_SECONDS_MAX, FOLD_RECORDS_MAX, LEASE_SECONDS, SILENT_SECONDS_MAX
from central.log_lines import begin_log
from central.models import BackupRow, Call, Gateway, Lease, LogHead, Stream
from central.notify.pump import DeliveryPump
from central.opening import open_database
from central.order_fold import catch_up_all as catch_up_orders
from central.positions import WORK
from central.projector import catch_up_all
from central.retention import RetentionPump
from central.rollouts import RolloutPump
from central.serving import tell
from central.shortage_pump import ShortagePump
from central.task_pumps import LogPump, TimePump

FOLD_SECONDS = 0.2
"""How soon the log is folded when nobody looks at a board."""

OVERDUE_SECONDS = 300.0
SILENT_LOOK_SECONDS = 30.0
RETRY_SECONDS = 5.0
OVERDUE_MAX = 100
"""Streams told of in one look."""

log = logging.getLogger("lineside.work")


class Pump(Protocol):
    """One kind of work."""

    def step(self, now: float) -> float:
        """Do what is due; returns when to come again."""


@runtime_checkable
class Closing(Protocol):
    """A pump that has something under way when the process ends."""

    def close(self, now: float) -> None:
        """End in order."""


class FoldPump:
    """Keeps the board's tables at the end of the log, so that no page has to."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def step(self, now: float) -> float:
        """At most one piece at a time: other pumps get their turn while a backlog is folded."""
        return now if catch_up_all(self._database, FOLD_RECORDS_MAX) >= FOLD_RECORDS_MAX else now + FOLD_SECONDS


class OrderFoldPump:
    """Keeps the tables behind operations, orders and traces at the end of the log."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def step(self, now: float) -> float:
        """One piece at a time, as FoldPump."""
        done = catch_up_orders(self._database, FOLD_RECORDS_MAX)
        return now if done >= FOLD_RECORDS_MAX else now + FOLD_SECONDS


class BackupPump:
    """A backup each interval (S5); a failure is an alarm and is tried again soon."""

    def __init__(self, database: Database, config: CentralConfig) -> None:
        self._database = database
        self._config = config
        self._not_before = 0.0

    def step(self, now: float) -> float:
        """Due when the newest confirmed copy is older than the interval and there is something new."""
        interval = self._config.backup.interval_seconds
        with self._database.read() as session:
            newest = session.execute(
                select(BackupRow.made_at, BackupRow.position)
                # A copy of a later time than now was made under a wrong clock; waiting for that time could take years.
                .where(BackupRow.plant == self._database.plant, BackupRow.made_at <= now)
                .order_by(BackupRow.made_at.desc())
                .limit(1)
            ).first()
            position = session.scalar(select(LogHead.position).where(LogHead.plant == self._database.plant)) or 0
        due = newest.made_at + interval if newest else 0.0
        if newest is not None and newest.position == position:
            # Nothing new can be lost; accounts and master data are copied at least once a day all the same.
            due = newest.made_at + max(interval, 86_400.0)
        due = max(due, self._not_before)
        if now < due:
            return min(due, now + interval)
        try:
            made = make_backup(self._database, self._config, now)
            log.info("backup %s holds %d records", made.file.name, made.position)
        except (BackupFailed, BackupCorrupt) as fault:
            self._not_before = now + min(interval, 300.0)
            _raise(self._database, [("", AlarmRaised("backup_failed", "", f"{fault} {fault.hint}"))], now)
            return self._not_before
        return now + interval


class OverduePump:
    """S7: something was announced and has not come for a day."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def step(self, now: float) -> float:
        """One alarm for each epoch."""
        with self._database.read() as session:
            late = session.execute(
                select(Stream.gateway, Stream.epoch, Stream.mark, Stream.claimed)
                .where(
                    Stream.plant == self._database.plant,
                    Stream.mark < Stream.claimed,
                    Stream.claimed_at < now - ANNOUNCED_SECONDS_MAX,
                )
                .limit(OVERDUE_MAX)
            ).all()
        found = []
        for row in late:
            told = f"{row.claimed} were announced, {row.mark} have come"
            found.append((row.gateway, AlarmRaised("announced_not_sent", row.epoch, told)))
        _raise(self._database, found, now)
        return now + OVERDUE_SECONDS


class SilentPump:
    """N03: a gateway with an open call has fallen silent. It alone raises tiers; the server tells of the silence."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def step(self, now: float) -> float:
        """One alarm for each call."""
        with self._database.read() as session:
            silent = session.execute(
                select(Call.gateway, Call.epoch, Call.seq, Call.call_type, Call.station, Call.owner)
                .join(Gateway, and_(Gateway.plant == Call.plant, Gateway.name == Call.gateway))
                .where(
                    Call.plant == self._database.plant,
                    Call.state.in_(("raised", "acknowledged")),
                    Gateway.revoked_at.is_(None),
                    Gateway.last_seen < now - SILENT_SECONDS_MAX,
                )
                .limit(OVERDUE_MAX)
            ).all()
        found = []
        for row in silent:
            told = " · ".join(filter(None, (row.call_type, row.station, row.owner)))
            found.append((row.gateway, AlarmRaised("gateway_silent", f"{row.epoch}/{row.seq}", told)))
        _raise(self._database, found, now)
        return now + SILENT_LOOK_SECONDS


def _raise(database: Database, found: Sequence[tuple[str, AlarmRaised]], now: float) -> None:
    """Raise (gateway or empty, alarm) pairs in one transaction; none where there is nothing to write."""
    if found:
        with database.write() as session:
            for gateway_name, alarm in found:
                raise_alarms(session, database.plant, gateway_name, [alarm], now)


def take_lease(session: Session, plant: str, name: str, holder: str, now: float) -> bool:
    """Whether `holder` does this work until `now` + LEASE_SECONDS. Renews its own; takes one that is over."""
    session.execute(select(LogHead.position).where(LogHead.plant == plant).with_for_update())
    row = session.get(Lease, (plant, name), with_for_update=True)
    if row is None:
        session.execute(
            insert(Lease), [{"plant": plant, "name": name, "holder": holder, "expires_at": now + LEASE_SECONDS}]
        )
        return True
    # A lease far in the future was taken under a clock that was wrong.
    if row.holder != holder and now < row.expires_at <= now + 2 * LEASE_SECONDS:
        return False
    row.holder, row.expires_at = holder, now + LEASE_SECONDS
    return True


def give_lease(session: Session, plant: str, name: str, holder: str) -> None:
    """At an orderly end, so that the next one need not wait."""
    mine = (Lease.plant == plant, Lease.name == name, Lease.holder == holder)
    session.execute(update(Lease).where(*mine).values(expires_at=0.0))


class Worker:
    """The pumps of the elected process."""

    NAME = WORK

    def __init__(self, database: Database, pumps: Sequence[Pump], holder: str) -> None:
        self._database = database
        self._wakes: list[tuple[Pump, float]] = [(each, 0.0) for each in pumps]
        self._holder = holder
        self._renew_at = 0.0
        self.elected = False

    def step(self, now: float) -> float:
        """Renew or seek the lease, then what is due; returns the next wake."""
        if now >= self._renew_at or now < self._renew_at - LEASE_SECONDS:
            with self._database.write() as session:
                self.elected = take_lease(session, self._database.plant, self.NAME, self._holder, now)
            self._renew_at = now + LEASE_SECONDS / 3
        if not self.elected:
            return self._renew_at
        self._wakes = [(pump, pump.step(now) if now >= wake else wake) for pump, wake in self._wakes]
        return min(self._renew_at, *(wake for _, wake in self._wakes))

    def close(self, now: float = 0.0) -> None:
        """End what is under way, and give the lease back."""
        for pump, _ in self._wakes:
            if isinstance(pump, Closing):
                pump.close(now)
        if self.elected:
            with self._database.write() as session:
                give_lease(session, self._database.plant, self.NAME, self._holder)


def pumps_of(database: Database, config: CentralConfig, channels: Mapping[str, Channel] | None = None) -> list[Pump]:
    """All kinds of work, in the order of their haste. `channels`: the ways out for messages, by their names."""
    return [
        FoldPump(database),
        OrderFoldPump(database),
        DeliveryPump(database, config, channels or {}),
        BackupPump(database, config),
        LogPump(database),
        TimePump(database),
        SilentPump(database),
        OverduePump(database),
        RetentionPump(database, config.retention),
        BillPump(database),
        ShortagePump(database),
        RolloutPump(database),
    ]


def work_until_signal(config: CentralConfig) -> None:
    """Prints `work ready` when it runs. A database that is away is waited for."""
    begin_log(config.log)
    ending = Ending()
    database = open_database(config)
    holder = f"{socket.gethostname()}/{os.getpid()}/{secrets.token_hex(4)}"
    worker = Worker(database, pumps_of(database, config, channels_of(config)), holder)
    try:
        tell("work ready")
        wake = 0.0
        while not ending.wait(min(wake - time.time(), RETRY_SECONDS)):
            try:
                wake = worker.step(time.time())
            except DatabaseUnreachable as fault:
                log.error("%s", fault)
                wake = time.time() + RETRY_SECONDS
        worker.close(time.time())
    finally:
        database.close()
