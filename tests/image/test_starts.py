"""What lasts from one start of a station to the next, and what another card in a reader changes: nothing."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest

from image.build import Build
from image.programs import run
from simulation.plant import Plant
from simulation.processes import wait_for
from tests.image.test_station import seals
from tests.vm.board import Board
from tests.vm.machine import Machine
from tests.vm.stations import flashed, office_in, wait_ready

pytestmark = [pytest.mark.image, pytest.mark.root, pytest.mark.process, pytest.mark.timeout(2_400)]
HURRY = """
mkdir -p /run/systemd/system/lineside-seal.service.d
printf '[Service]\\nEnvironment=LINESIDE_TIME_SECONDS=0\\n' >/run/systemd/system/lineside-seal.service.d/hurry.conf
systemctl daemon-reload
systemctl restart --no-block lineside-seal
"""
"""No server of time answers here, and the log waits for one for minutes before it is sealed."""
PAST = "2020-01-01"
"""What a clock without power says, at best."""
LEASE = """
set -e
cd /run/systemd/network
printf '[NetDev]\\nName=ve0\\nKind=veth\\n[Peer]\\nName=ve1\\n' >10-wire.netdev
printf '[Match]\\nName=ve0\\n[Network]\\nAddress=10.9.0.1/24\\nDHCPServer=yes\\n' >10-plant.network
printf '[DHCPServer]\\nEmitRouter=no\\nEmitDNS=no\\nNTP=10.9.0.7\\n' >>10-plant.network
printf '[Match]\\nName=ve1\\n[Network]\\nDHCP=ipv4\\n' >10-station.network
nft add rule inet lineside input udp dport 67 accept
networkctl reload
"""
"""A wire from the station to itself, with a server of addresses at its other end that names a server of time."""


class LostBoard(Board):
    """A board on which something that the start needs never comes."""

    more_words: ClassVar = "systemd.mount-extra=/dev/never:/srv:ext4:x-systemd.device-timeout=5"


# First in this file: one board at a time is enough for this machine.
def test_a_start_that_fails_is_followed_by_an_ordinary_one(release: Build, tmp_path: Path) -> None:
    with office_in(tmp_path) as plant:
        board = flashed(release.disk, tmp_path, plant, LostBoard)
        with board.started() as machine:
            began = time.monotonic()
            assert not board.wait_restart(machine, 900.0), "no trial"
            assert time.monotonic() - began > 60, "it was in its emergency"


@dataclass
class Again:
    """A station in its second start. `ended`: what its clock said when the first one was told to end."""

    board: Board
    machine: Machine
    plant: Plant
    ended: int


@pytest.fixture(scope="module")
def again(release: Build, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Again]:
    folder = tmp_path_factory.mktemp("starts")
    with office_in(folder) as plant:
        board = flashed(release.disk, folder, plant)
        stranger = strange_card(release.disk, folder / "stranger")
        with board.started() as machine:
            wait_ready(board, machine)
            board.ssh(HURRY)
            board.wait_said(machine, "ls -a /var/log/journal", ".sealed")
            wait_for("the key at the office", lambda: seals(plant) != [])
            board.ssh("systemd-cat -t canary echo FIRST-START")
            ended = int(board.ssh("date +%s"))
            board.ssh("systemd-run --quiet --no-block systemctl poweroff")
            machine.wait_end(300.0)
        reader = ("-drive", f"file={stranger},format=raw,if=none,id=other0", "-device")
        reader += ("usb-storage,bus=usb0.0,drive=other0,removable=on",)
        with board.started("-rtc", f"base={PAST}", *reader) as machine:
            wait_ready(board, machine)
            yield Again(board, machine, plant, ended)


def strange_card(disk: Path, folder: Path) -> Path:
    """A card of the same image, with somebody else's key."""
    folder.mkdir()
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "stranger", "-f", folder / "key")
    words = ("--yes", "--name", "stranger", "--station", "S9", "--ssh-key", folder / "key.pub")
    run("scripts/flash", disk, folder / "card.img", *words)
    return folder / "card.img"


def test_another_card_with_the_same_signature_is_not_the_stations(again: Again) -> None:
    board, machine = again.board, again.machine
    board.wait_said(machine, "ls /dev", "sda7")
    named = board.ssh("udevadm settle; cd /dev/lineside; for each in *; do echo $each $(readlink -f $each); done")
    parts = {"device": 1, "boot-a": 2, "boot-b": 3, "root-a": 5, "root-b": 6, "data": 7}
    assert dict(line.split() for line in named.splitlines()) == {
        name: f"/dev/vda{number}" for name, number in parts.items()
    }
    sources = board.ssh("for each in / /data /boot/firmware; do findmnt -n -o SOURCE $each; done").split()
    assert sources == ["/dev/vda5", "/dev/vda7", "/dev/vda1"]
    assert "stranger" not in board.ssh("cat /run/lineside-access/authorized_keys")
    status = board.ssh("rauc status --output-format=shell")
    assert "/dev/lineside/root-b" in status and "by-partuuid" not in status


def test_time_goes_on_where_the_last_start_ended(again: Again) -> None:
    assert int(again.board.ssh("date +%s")) >= again.ended
    first = again.board.ssh("journalctl -b -q -o short-unix --no-pager | head -n 1")
    assert float(first.split()[0]) >= again.ended - 300, "from the first line of the log on"


def test_the_logs_of_both_starts_are_sealed_and_judged_as_whole(again: Again) -> None:
    board, (key, *more) = again.board, seals(again.plant)
    assert more == [], "one key for both"
    board.ssh("systemd-cat -t canary echo SECOND-START; journalctl --sync; journalctl --rotate")
    said = board.ssh(f"journalctl --verify --verify-key={key} 2>&1 || true")
    assert "FAIL" not in said, said
    assert said.count("Validated from") >= 2, said
    for words in ("FIRST-START", "SECOND-START"):
        (path,) = board.ssh(f"grep -l -e {words} /var/log/journal/*/system@*.journal").split()
        judged = f"journalctl --verify --verify-key={key} --file"
        assert "Validated from" in board.ssh(f"{judged} {path} 2>&1"), words
        changed = f"sed s/{words}/{words[::-1]}/ {path} >/tmp/changed.journal"
        assert "FAIL" in board.ssh(f"{changed}; {judged} /tmp/changed.journal 2>&1 || true")


def test_a_server_of_time_that_the_network_names_reaches_chrony(again: Again) -> None:
    board, machine = again.board, again.machine
    board.ssh(LEASE)
    board.wait_said(machine, "cat /run/chrony-dhcp/network.sources", "server 10.9.0.7 iburst")
    board.wait_said(machine, "chronyc -n sources", "10.9.0.7")


def test_nothing_in_the_station_has_failed(again: Again) -> None:
    assert again.board.ssh("systemctl --failed --plain --no-legend").strip() == ""
