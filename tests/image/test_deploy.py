"""docs/deploy.md: each of its commands is run here as it stands, or by another test, or is marked `hardware`."""

import os
import re
import subprocess
import time
from pathlib import Path

import pytest

from central.config import CentralConfig
from central.database import Database
from central.enrolment import enrol
from central.fleet import take_report
from central.opening import open_database
from image.build import Build
from sync.wire import FleetReport, UpdateTold
from tests.image.test_flash import on_device
from tests.wheels import ROOT

PAGE = ROOT / "docs/deploy.md"
MARK = "# hardware"
ELSEWHERE = {
    "scripts/build-image": ("tests/image/test_pi.py", 'architecture="arm64"'),
    "scripts/build-image --arch amd64": ("tests/image/test_release.py", '"scripts/build-image", "--arch", "amd64"'),
    "scripts/build-image --variant kiosk": ("tests/vm/test_kiosk.py", 'variant="kiosk"'),
    "scripts/build-image --check-reproducible": ("tests/image/test_release.py", '"--check-reproducible"'),
    "rauc install /run/lineside-usb/good.raucb": ("tests/vm/test_updates.py", "rauc install {STICK}/good.raucb"),
    "/usr/lib/lineside/tryboot try": ("tests/vm/test_updates.py", "/usr/lib/lineside/tryboot try"),
    "rauc status": ("tests/vm/test_updates.py", "rauc status"),
    "rauc status mark-active other && /usr/lib/lineside/tryboot try": (
        "tests/vm/test_updates.py",
        "rauc status mark-active other",
    ),
}
"""Command -> the test that runs it, and the words by which it does."""


def commands() -> list[str]:
    """Every line of a shell block, without what is said beside it; `hardware` stays."""
    blocks = re.findall(r"^```(?:sh)?\n(.*?)^```", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    lines = [line for block in blocks for line in block.splitlines() if line.strip()]
    return [line.strip() if line.endswith(MARK) else re.sub(r"\s+#.*", "", line).strip() for line in lines]


def runnable() -> list[str]:
    """What this test runs itself: not a setting, not hardware, not another test's."""
    return [
        each
        for each in commands()
        if not each.endswith(MARK) and each not in ELSEWHERE and not re.match(r"[A-Z]+=[^$]*$", each)
    ]


def test_every_command_of_the_page_is_run_by_a_test_or_needs_hardware() -> None:
    told = commands()
    for command, (file, words) in ELSEWHERE.items():
        assert command in told, command
        assert words in (ROOT / file).read_text("utf-8"), (file, words)
    assert len([each for each in told if each.endswith(MARK)]) == 1
    assert len(runnable()) == 12, runnable()


@pytest.mark.image
@pytest.mark.root
@pytest.mark.timeout(2_400)
def test_the_commands_of_the_page_lead_to_cards_and_a_roll_out(release: Build, tmp_path: Path) -> None:
    (tmp_path / "central.toml").write_text(f'folder = "{tmp_path / "central"}"\n')
    (tmp_path / "password").write_text("a long password\n")
    certificate = (
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-subj",
        "/CN=plant",
    )
    files = ("-keyout", tmp_path / "plant.key", "-out", tmp_path / "plant.crt")
    subprocess.run(["openssl", *certificate, *files], check=True, capture_output=True)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "key"], check=True)
    given = {
        "STATIONS": "2",
        "CONFIG": tmp_path / "central.toml",
        "CERTIFICATE": tmp_path / "plant.crt",
        "SERVER": "https://lineside.plant.example",
        "CARDS": tmp_path,
        "KEY": tmp_path / "key.pub",
        "IMAGE": release.packed,
        "BUNDLE": release.bundle,
        "VERSION": release.recipe.version,
    }
    at = next(number for number, each in enumerate(runnable()) if "rollout start" in each)
    shell(runnable()[:at], given)
    for name in ("line-1", "line-2"):
        told = on_device(tmp_path / f"{name}.img", "lineside/gateway.toml")
        assert f'name = "{name}"' in told and 'pin = ["sha256//' in told
        assert (tmp_path / f"code-{name[-1]}").read_text().strip() in on_device(
            tmp_path / f"{name}.img", "lineside/enrolment.toml"
        )
    assert "ssh-ed25519" in on_device(tmp_path / "line-1.img", "lineside/authorized_keys")
    database = open_database(CentralConfig(folder=tmp_path / "central"))
    try:
        for number in (1, 2):
            starts(database, f"line-{number}", (tmp_path / f"code-{number}").read_text().strip())
    finally:
        database.close()
    said = shell(runnable()[at:], given)
    assert "line-1" in said and "code: " in said
    assert "10.0.0.5/24" in on_device(tmp_path / "still.img", "lineside/network.toml")
    assert "a long password" in on_device(tmp_path / "radio.img", "lineside/network.toml")


def starts(database: Database, name: str, code: str) -> None:
    """A station of these cards comes to its office, as far as the office sees it."""
    now = time.time()
    with database.write() as session:
        assert enrol(session, database.plant, name, code, now)
    report = FleetReport(gateway=name, release="0.1.0", slot="A", update=UpdateTold(state="idle"))
    with database.write() as session:
        take_report(session, database.plant, name, report, now)


def shell(lines: list[str], given: dict[str, object]) -> str:
    """What the lines print, as a person types them one after the other. Fails with what was said."""
    words = {"PATH": f"{ROOT / '.venv/bin'}:{os.environ['PATH']}", "HOME": os.environ.get("HOME", "/root")}
    done = subprocess.run(
        ["bash", "-euc", "\n".join(lines)],
        cwd=ROOT,
        env=words | {name: str(value) for name, value in given.items()},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
