"""A gateway's own credential on its card: whose it is, where it lies, and a card that cannot keep it."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from gateway.client_keys import NEW_KEY, ClientKeys
from gateway.commands import gateway_group
from gateway.config import parse
from gateway.enrolment import enrol_here
from gateway.main import Program
from sync.errors import KeyUnusable, SinkUnreachable
from sync.memory import MemoryOffice
from sync.ports import SinkRefused, SinkState
from tests.gateway.test_joining import Card
from tests.sync.http_office import CODE, TOKEN, HttpOffice, wait_until
from tests.sync.mosquitto import free_port
from tests.sync.world import GATEWAY

SERVICE = 65_534
"""A user that is not root."""


@pytest.fixture
def office() -> Iterator[HttpOffice]:
    with HttpOffice(MemoryOffice()) as made:
        yield made


@pytest.fixture
def full_card(tmp_path: Path) -> Iterator[Path]:
    """A file system without a free byte; `enough` is a file whose room is enough."""
    folder = tmp_path / "full"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], check=True)
    (folder / "enough").write_bytes(bytes(32 * 1024))
    free = os.statvfs(folder)
    (folder / "rest").write_bytes(bytes(free.f_bavail * free.f_frsize))
    yield folder
    subprocess.run(["umount", folder], check=True)


@pytest.mark.root
def test_what_root_writes_there_belongs_to_the_service(office: HttpOffice, tmp_path: Path) -> None:
    folder = tmp_path / "lineside"
    folder.mkdir()
    os.chown(folder, SERVICE, SERVICE)
    office.oddity = "503"
    words = ["enrol", "--url", office.url, "--name", GATEWAY, "--folder", str(folder), "--code", CODE]
    assert CliRunner().invoke(gateway_group, words).exit_code == 1
    assert {each.name for each in folder.iterdir()} == {NEW_KEY}, "the key waits for the next try"
    office.oddity = ""
    held = (folder / NEW_KEY).stat()
    assert CliRunner().invoke(gateway_group, words).exit_code == 0
    for each in (held, (folder / "token").stat()):
        assert (each.st_uid, each.st_gid, each.st_mode & 0o777) == (SERVICE, SERVICE, 0o600)


@pytest.mark.root
def test_a_full_card_says_so_before_the_code_is_used(office: HttpOffice, full_card: Path) -> None:
    with pytest.raises(OSError, match="No space left"):
        enrol_here(office.url, GATEWAY, CODE, full_card)
    assert not office.bodies, "nothing was asked"
    assert {each.name for each in full_card.iterdir()} == {"enough", "rest"}, "and nothing takes room"
    words = ["enrol", "--url", office.url, "--name", GATEWAY, "--folder", str(full_card), "--code", CODE]
    told = CliRunner().invoke(gateway_group, words)
    assert told.exit_code == 1 and "hint: The maintainer" in told.output
    (full_card / "enough").unlink()
    assert enrol_here(office.url, GATEWAY, CODE, full_card).read_text().strip() == TOKEN


@pytest.mark.root
def test_a_full_card_is_not_a_gateway_without_openssl(full_card: Path) -> None:
    keys = ClientKeys(full_card, GATEWAY)
    with pytest.raises(OSError, match="No space left"):
        keys.request_again()
    with pytest.raises(KeyUnusable):
        ClientKeys(full_card, GATEWAY, "no-such-openssl").request_again()
    with pytest.raises(KeyUnusable):
        keys.request()


def test_the_key_of_a_request_is_the_same_until_the_token_lies(office: HttpOffice, tmp_path: Path) -> None:
    office.oddity = "taken_then_cut"
    kept = []
    for _ in range(2):
        with pytest.raises(SinkUnreachable):
            enrol_here(office.url, GATEWAY, CODE, tmp_path)
        kept.append((tmp_path / NEW_KEY).read_text())
    assert kept[0] == kept[1] and "PRIVATE KEY" in kept[0]
    (tmp_path / NEW_KEY).write_text("half a key")
    office.oddity = ""
    enrol_here(office.url, GATEWAY, CODE, tmp_path)
    assert {each.name for each in tmp_path.iterdir()} == {"token"}
    keys = ClientKeys(tmp_path, GATEWAY)
    keys.request()
    first = (tmp_path / NEW_KEY).read_text()
    keys.request()
    assert (tmp_path / NEW_KEY).read_text() != first, "a renewal is over another key"


def test_the_token_lies_where_the_configuration_says(office: HttpOffice, tmp_path: Path) -> None:
    place = tmp_path / "secrets" / "office"
    card = Card(tmp_path / "card", office.url, f'token_file = "{place}"')
    card.order()
    assert card.joining.step(0.0) is None and card.joined == [True]
    assert place.read_text().strip() == TOKEN and not (card.folder / "token").exists()
    assert card.config.token() == TOKEN
    words = ["enrol", "--url", office.url, "--name", GATEWAY, "--folder", str(tmp_path), "--code", CODE]
    other = tmp_path / "other"
    assert CliRunner().invoke(gateway_group, [*words, "--token-file", str(other)]).exit_code == 0
    assert other.read_text().strip() == TOKEN


@pytest.mark.parametrize("spoil", [Path.mkdir, lambda path: path.write_bytes(b"\xff")], ids=["folder", "bytes"])
def test_a_token_that_cannot_be_read_stops_the_sinks_alone(tmp_path: Path, spoil: Callable[[Path], object]) -> None:
    """Root's file in the service's folder is refused like these."""
    spoil(tmp_path / "token")
    program = Program(
        parse(
            f'[gateway]\nfolder = "{tmp_path}"\n[central]\nurl = "http://127.0.0.1:{free_port()}"\n'
            f'[mqtt]\nhost = "127.0.0.1"\nport = {free_port()}\n[screen]\nenabled = false\n[[station]]\nid = "S1"\n'
        )
    )
    program._open()
    sinks = program._sinks()
    sinks.start()
    told: list[Any] = []

    def both() -> bool:
        told.extend(program.inbox.take(100, 0))
        return {each.sink for each in told if isinstance(each, SinkState)} == {"central", "mqtt"}

    wait_until(both)
    sinks.stop()
    program.journal.close()
    program.notice.close()
    states = [each for each in told if isinstance(each, SinkState)]
    assert all(not each.online and str(tmp_path / "token") in each.detail for each in states)
    refused = next(each for each in told if isinstance(each, SinkRefused) and each.sink == "central")
    assert "maintainer" in refused.hint
    assert program.fault is None
    assert sinks.notice_sinks == ("mqtt",), "what the broker was not told waits, as for one that is away"
