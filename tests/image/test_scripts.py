"""Small programs of the image over files of the test: older releases, keys of maintainers, networks."""

import importlib.machinery
import importlib.util
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

import pytest

from floor import __version__
from floor.versions import is_newer, version_key
from image.bundle import manifest
from image.product import KIOSK
from image.recipe import ARCHITECTURES, VARIANTS, Recipe
from simulation.processes import wait_for

OVERLAY = Path(__file__).parent.parent.parent / "image/root"
SCRIPTS = OVERLAY / "usr/lib/lineside"


def put_programs(folder: Path, programs: Mapping[str, str]) -> None:
    """Shell programs by name, which stand for those of a station while a script runs."""
    for name, text in programs.items():
        (folder / name).write_text(f"#!/bin/sh\n{text}\n")
        (folder / name).chmod(0o755)


def call(name: str, *arguments: str, **environment: str | Path) -> subprocess.CompletedProcess[str]:
    words = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"} | {key: str(value) for key, value in environment.items()}
    return subprocess.run(
        ["sh", str(SCRIPTS / name), *arguments], env=words, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def hook() -> ModuleType:
    return module_of("refuse-older")


VERSIONS = ["0.3.9", "0.4", "0.4.0.dev1", "0.4.0a1", "0.4.0b2", "0.4.0rc1", "0.4.0-rc2", "0.4.0", "0.4.0.1", "0.10.0"]
NO_VERSIONS = ["", "0.4.0~rc1", "0.4.0+3", "latest"]


@pytest.mark.parametrize("offered", VERSIONS + NO_VERSIONS)
@pytest.mark.parametrize("running", VERSIONS + NO_VERSIONS)
def test_an_older_release_is_refused_in_the_order_that_all_others_have(
    tmp_path: Path, hook: ModuleType, offered: str, running: str
) -> None:
    offer(tmp_path, offered, running)
    taken = offered in VERSIONS and running in VERSIONS and not is_newer(running, offered)
    assert (hook.main(tmp_path, tmp_path / "os-release") == "") == taken


def offer(folder: Path, offered: str, running: str) -> None:
    recipe = Recipe(ARCHITECTURES["amd64"], VARIANTS["headless"], offered)
    (folder / "manifest.raucm").write_text(manifest(recipe))
    (folder / "os-release").write_text(f"NAME=Debian\nIMAGE_ID=x\nIMAGE_VERSION={running}\n")


@pytest.mark.parametrize(("offered", "word"), [("1.4.0", ""), ("1.4.0rc2", "older than 1.4.0"), ("", "no version")])
def test_rauc_hears_by_the_exit_code_and_people_by_the_word(tmp_path: Path, offered: str, word: str) -> None:
    offer(tmp_path, offered, "1.4.0")
    words = {"RAUC_BUNDLE_MOUNT_POINT": str(tmp_path), "LINESIDE_OS_RELEASE": str(tmp_path / "os-release")}
    command = [sys.executable, "-I", str(SCRIPTS / "refuse-older")]
    done = subprocess.run(command, env=words, capture_output=True, text=True, check=False)
    assert (done.returncode, word in done.stderr) == (1 if word else 0, True)
    assert bool(done.stderr) == bool(word)


def test_an_image_is_not_built_with_a_version_that_cannot_be_compared() -> None:
    command = [sys.executable, "-m", "image", "--release", "0.4.0+3"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, "is no version" in done.stderr) == (2, True)
    assert version_key(__version__) is not None


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
        ('{"state": "returned", "version": "1.2.0", "boot": "this-boot"}', True, "kept"),
        ('{"state": "trial", "version": "1.4.0", "boot": "the-boot-before"}', True, "rebooted"),
        ('{"state": "returned", "version": "1.4.0", "boot": "this-boot"}', True, "rebooted"),
        # It went back some time ago, and somebody tries it again by hand.
        ('{"state": "returned", "version": "1.4.0", "boot": "a-boot-before"}', True, "kept"),
        ("", False, "rebooted"),
    ],
)
def test_a_trial_is_settled_by_the_agent_that_began_it_or_else_by_whether_the_station_works(
    tmp_path: Path, agent: str, works: bool, ends: str
) -> None:
    done = settled(tmp_path, agent, works="true" if works else "false")
    assert done.returncode == 0, done.stderr
    assert how_it_ended(tmp_path) == [ends]


def settled(folder: Path, agent: str = "", busy_seconds: int = 0, **others: str) -> subprocess.CompletedProcess[str]:
    """A trial by hand, or by the agent, in a folder. `others`: what the programs around it do instead."""
    programs = {
        "tryboot": f'[ "$1" != on-trial ] || [ ! -e {folder}/kept ]',
        "works": "true",
        "rauc": f"touch {folder}/kept",
        "systemctl": f"touch {folder}/rebooted",
        "interrupt": "exit 0",
    } | others
    put_programs(folder, programs)
    (folder / "state.json").write_text(agent)
    (folder / "os-release").write_text("IMAGE_VERSION=1.4.0\n")
    (folder / "boot-id").write_text("this-boot\n")
    return call(
        "settle",
        PATH=f"{folder}:/usr/bin:/bin",
        LINESIDE_TRYBOOT=folder / "tryboot",
        LINESIDE_WORKS=folder / "works",
        LINESIDE_AGENT=folder / "state.json",
        LINESIDE_INTERRUPT=folder / "interrupt",
        LINESIDE_BOOT_ID=folder / "boot-id",
        LINESIDE_OS_RELEASE=folder / "os-release",
        LINESIDE_TRIAL_SECONDS="3",
        LINESIDE_BUSY_SECONDS=str(busy_seconds),
    )


def how_it_ended(folder: Path) -> list[str]:
    return [each for each in ("kept", "rebooted") if (folder / each).exists()]


def test_a_word_of_rauc_that_fails_is_said_again_and_does_not_end_the_way_back(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for each in (first, second):
        each.mkdir()
    again = f"[ -e {first}/once ] && touch {first}/kept || {{ touch {first}/once; exit 1; }}"
    assert settled(first, rauc=again).returncode == 0
    assert how_it_ended(first) == ["kept"]
    done = settled(second, rauc="exit 1")
    assert (done.returncode, how_it_ended(second)) == (0, ["rebooted"])
    assert "tried again" in done.stderr


def test_the_way_back_waits_for_who_is_busy_but_not_for_ever(tmp_path: Path) -> None:
    patient, bounded = tmp_path / "patient", tmp_path / "bounded"
    for each in (patient, bounded):
        each.mkdir()
    twice = f"echo asked >>{patient}/asked; [ $(wc -l <{patient}/asked) -gt 2 ] || exit 3"
    assert settled(patient, busy_seconds=600, works="false", interrupt=twice).returncode == 0
    assert how_it_ended(patient) == ["rebooted"]
    assert (patient / "asked").read_text().count("asked") == 3, "it went as soon as nobody was busy any more"
    assert settled(bounded, busy_seconds=2, works="false", interrupt="exit 3").returncode == 0
    assert how_it_ended(bounded) == ["rebooted"]


def test_a_page_that_never_comes_gets_twice_the_time_at_each_try(tmp_path: Path) -> None:
    asked, streams = tmp_path / "asked", tmp_path / "streams"
    python = f'case "$3" in *healthz*) echo >>{asked}; rm {streams} 2>/dev/null ;; esac'
    put_programs(tmp_path, {"chromium": "exec sleep 300", "python": python})
    words = {"PATH": f"{tmp_path}:/usr/bin:/bin", "XDG_RUNTIME_DIR": str(tmp_path), "LINESIDE_LOOK_SECONDS": "0.01"}
    words["LINESIDE_PYTHON"] = str(tmp_path / "python")
    # What it ends is who began it: cage there, this shell here.
    cage = ["sh", "-c", f"sh {KIOSK}/usr/lib/lineside/kiosk page & wait $!"]

    def looks() -> int:
        asked.unlink(missing_ok=True)
        with (tmp_path / "said").open("wb") as said:
            ended = subprocess.Popen(cage, env=words, stdout=said, stderr=said, start_new_session=True)
        try:
            ended.wait(120)
        finally:
            os.killpg(ended.pid, signal.SIGKILL)
        assert "the browser starts anew" in (tmp_path / "said").read_text()
        return asked.read_text().count("\n")

    assert [looks() for _ in range(5)] == [6, 12, 24, 48, 48]
    streams.touch()
    assert [looks(), looks()] == [7, 12], "once the page was seen everything begins anew"


@pytest.mark.parametrize(("active", "seconds", "works"), [(True, 31, True), (True, 5, False), (False, 31, False)])
def test_a_gateway_that_falls_again_and_again_does_not_work(
    tmp_path: Path, active: bool, seconds: int, works: bool
) -> None:
    up = float(Path("/proc/uptime").read_text().split()[0])
    began = f"[ $1 != show ] || {{ echo {int((up - seconds) * 1e6)}; exit 0; }}"
    put_programs(tmp_path, {"systemctl": f"{began}\nexit {0 if active else 3}"})
    done = call("works", PATH=f"{tmp_path}:/usr/bin:/bin", LINESIDE_STEADY_SECONDS="30")
    assert (done.returncode == 0) == works, done.stderr


def test_a_device_partition_that_cannot_be_read_is_no_trial_to_go_back_from(tmp_path: Path) -> None:
    done = settled(tmp_path, works="false", tryboot='[ "$1" != on-trial ] || exit 2')
    assert (done.returncode, how_it_ended(tmp_path)) == (1, [])


def module_of(name: str) -> ModuleType:
    """A program of Python's as a module; it has no suffix, as it is a command."""
    loader = importlib.machinery.SourceFileLoader(f"image_{name.replace('-', '_')}", str(SCRIPTS / name))
    spec = importlib.util.spec_from_loader(loader.name, loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def network() -> ModuleType:
    return module_of("network")


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
    put_programs(tmp_path, {"chronyc": f"echo $* >>{tmp_path}/told"})
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
