"""Small programs of the image over files of the test: older releases, keys of maintainers, networks."""

import importlib.machinery
import importlib.util
import os
import subprocess
from pathlib import Path
from types import ModuleType

import pytest

from image.bundle import manifest
from image.recipe import ARCHITECTURES, VARIANTS, Recipe
from simulation.processes import wait_for

OVERLAY = Path(__file__).parent.parent.parent / "image/root"
SCRIPTS = OVERLAY / "usr/lib/lineside"


def call(name: str, *arguments: str, **environment: str | Path) -> subprocess.CompletedProcess[str]:
    words = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"} | {key: str(value) for key, value in environment.items()}
    return subprocess.run(
        ["sh", str(SCRIPTS / name), *arguments], env=words, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("offered", "taken"), [("1.4.0", True), ("1.10.0", True), ("1.3.9", False), ("1.4.0~rc1", False), ("", False)]
)
def test_an_older_release_is_refused(tmp_path: Path, offered: str, taken: bool) -> None:
    recipe = Recipe(ARCHITECTURES["amd64"], VARIANTS["headless"], offered)
    (tmp_path / "manifest.raucm").write_text(manifest(recipe))
    running = tmp_path / "os-release"
    running.write_text("NAME=Debian\nIMAGE_ID=x\nIMAGE_VERSION=1.4.0\n")
    done = call("refuse-older", RAUC_BUNDLE_MOUNT_POINT=tmp_path, LINESIDE_OS_RELEASE=running)
    assert (done.returncode == 0) == taken
    assert bool(done.stderr) != taken


def test_only_plain_public_keys_are_taken_and_none_stay_without(tmp_path: Path) -> None:
    given, kept = tmp_path / "given", tmp_path / "kept"
    given.write_text('ssh-ed25519 AAAA= who\n# words\ncommand="sh" ssh-ed25519 AAAA= x\nssh-rsa BBBB\r\n')
    assert call("access", LINESIDE_GIVEN=given, LINESIDE_KEPT=kept).returncode == 0
    assert kept.read_text() == "ssh-ed25519 AAAA= who\nssh-rsa BBBB\n"
    assert kept.stat().st_mode & 0o777 == 0o600
    given.unlink()
    assert call("access", LINESIDE_GIVEN=given, LINESIDE_KEPT=kept).returncode == 0
    assert not kept.exists()


@pytest.mark.parametrize(
    ("agent", "works", "ends"),
    [
        ('{"state": "idle", "version": ""}', True, "kept"),
        ('{"state": "returned", "version": "1.2.0"}', True, "kept"),
        ('{"state": "trial", "version": "1.4.0"}', True, "rebooted"),
        ('{"state": "returned", "version": "1.4.0"}', True, "rebooted"),
        ("", False, "rebooted"),
    ],
)
def test_a_trial_is_settled_by_the_agent_that_began_it_or_else_by_whether_the_station_works(
    tmp_path: Path, agent: str, works: bool, ends: str
) -> None:
    programs = {
        "tryboot": f'[ "$1" != on-trial ] || [ ! -e {tmp_path}/kept ]',
        "works": "true" if works else "false",
        "rauc": f"touch {tmp_path}/kept",
        "systemctl": f"touch {tmp_path}/rebooted",
    }
    for name, text in programs.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    (tmp_path / "state.json").write_text(agent)
    (tmp_path / "os-release").write_text("IMAGE_VERSION=1.4.0\n")
    done = call(
        "settle",
        PATH=f"{tmp_path}:/usr/bin:/bin",
        LINESIDE_TRYBOOT=tmp_path / "tryboot",
        LINESIDE_WORKS=tmp_path / "works",
        LINESIDE_AGENT=tmp_path / "state.json",
        LINESIDE_OS_RELEASE=tmp_path / "os-release",
        LINESIDE_TRIAL_SECONDS="1",
    )
    assert done.returncode == 0, done.stderr
    assert [each for each in ("kept", "rebooted") if (tmp_path / each).exists()] == [ends]


def program(name: str) -> ModuleType:
    """A program of Python's as a module; it has no suffix, as it is a command."""
    loader = importlib.machinery.SourceFileLoader(f"image_{name.replace('-', '_')}", str(SCRIPTS / name))
    spec = importlib.util.spec_from_loader(loader.name, loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def network() -> ModuleType:
    return program("network")


def test_addresses_are_checked_before_they_stand_in_a_file(network: ModuleType, capsys) -> None:
    table = {"address": ["10.0.0.5/24", "x\nDNS=1.1.1.1"], "router": "10.0.0.1", "dns": ["10.0.0.1", 7.5]}
    own, quiet = ["Address=10.0.0.5/24", "Gateway=10.0.0.1", "DNS=10.0.0.1"], ["[IPv6AcceptRA]", "UseRedirect=no"]
    assert network.lines_of(table) == ["[Network]", *own, *quiet]
    assert capsys.readouterr().err.count("left out") == 2
    assert network.lines_of({}) == ["[Network]", "DHCP=yes", *quiet]


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("10.0.0.1", ["10.0.0.1"]),
        (["ntp.plant", "fd00::1"], ["ntp.plant", "fd00::1"]),
        (["x\nserver y", 7, ""], []),
        ("", []),
    ],
)
def test_time_servers_are_a_text_or_a_list_like_every_other_setting(
    network: ModuleType, given: object, found: list[str], capsys
) -> None:
    assert network.servers({"ntp": given}, "ntp") == found
    assert ("left out" in capsys.readouterr().err) == (found == [])


def test_time_servers_of_the_network_are_told_to_chrony_once(tmp_path: Path) -> None:
    (tmp_path / "chronyc").write_text(f"#!/bin/sh\necho $* >>{tmp_path}/told\n")
    (tmp_path / "chronyc").chmod(0o755)
    known, sources = tmp_path / "state", tmp_path / "network.sources"

    def told(text: str) -> str:
        known.write_text(text)
        done = call("time-servers", PATH=f"{tmp_path}:/usr/bin:/bin", LINESIDE_KNOWN=known, LINESIDE_SOURCES=sources)
        assert done.returncode == 0, done.stderr
        return sources.read_text()

    lease = "OPER_STATE=routable\nDNS=10.0.0.2\nNTP=10.0.0.1 ntp.plant fd00::1\n"
    assert told(lease) == "server 10.0.0.1 iburst\nserver ntp.plant iburst\nserver fd00::1 iburst\n"
    assert told(lease) == sources.read_text()
    assert (tmp_path / "told").read_text() == "reload sources\n", "only what changed"
    assert told("NTP=/etc/passwd -x ;reboot 10.0.0.9\n") == "server 10.0.0.9 iburst\n"
    assert told("OPER_STATE=no-carrier\n") == ""
    assert (tmp_path / "told").read_text() == "reload sources\n" * 3


def test_the_time_is_kept_while_the_station_runs_and_when_it_ends(tmp_path: Path) -> None:
    kept = tmp_path / "clock"
    words = {"PATH": "/usr/bin:/bin", "LINESIDE_CLOCK": str(kept)}
    keeping = subprocess.Popen(["sh", str(SCRIPTS / "keep-time")], env=words)
    try:
        wait_for("the first time", kept.exists)
        os.utime(kept, (1.0, 1.0))
        keeping.terminate()
        assert keeping.wait(30) == 0
    finally:
        keeping.kill()
    assert kept.stat().st_mtime > 1_000_000


def test_a_wifi_name_cannot_end_its_own_line(network: ModuleType, capsys) -> None:
    said = network.supplicant({"ssid": '"\n}\nnetwork={', "country": "DE"})
    assert said is not None and said.count("network={") == 1 and "key_mgmt=NONE" in said
    for wifi in (
        {"ssid": "x", "country": "Germany"},
        {"ssid": "", "country": "DE"},
        {"ssid": "x" * 33, "country": "DE"},
    ):
        assert network.supplicant(wifi) is None
    assert network.supplicant({"ssid": "x", "country": "DE", "password": "short"}) is None
    assert capsys.readouterr().err.count("left out") == 4


def test_a_damaged_file_means_the_networks_own_answers(network: ModuleType, tmp_path: Path, capsys) -> None:
    path = tmp_path / "network.toml"
    assert network.table_of(path) == {}
    path.write_text("address = [")
    assert network.table_of(path) == {}
    assert "cannot be read" in capsys.readouterr().err
