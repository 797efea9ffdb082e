"""The one-time code on its way off the card: what root believes the gateway's user, and what not."""

import hashlib
import json
import os
from pathlib import Path
from types import ModuleType

import pytest

from tests.image.test_scripts import OVERLAY, module_of

CODE = b'code = "ABCD-EFGH-JKLM"\n'


@pytest.fixture(scope="module")
def forget() -> ModuleType:
    return module_of("forget-code")


@pytest.fixture
def card(tmp_path: Path) -> Path:
    (tmp_path / "card/lineside").mkdir(parents=True)
    (tmp_path / "card/lineside/enrolment.toml").write_bytes(CODE)
    return tmp_path / "card"


def told(folder: Path, content: object) -> Path:
    path = folder / "first-boot.json"
    path.write_text(json.dumps(content))
    return path


def test_a_code_that_was_taken_is_off_the_card(forget: ModuleType, card: Path, tmp_path: Path) -> None:
    forget.main(card, told(tmp_path, {"enrolment.toml": hashlib.sha256(CODE).hexdigest()}))
    assert list((card / "lineside").iterdir()) == []


@pytest.mark.parametrize(
    "content", [{}, [], None, {"enrolment.toml": "0" * 64}, {"gateway.toml": hashlib.sha256(CODE).hexdigest()}]
)
def test_another_code_stays(forget: ModuleType, card: Path, tmp_path: Path, content: object) -> None:
    forget.main(card, told(tmp_path, content))
    assert (card / "lineside/enrolment.toml").read_bytes() == CODE


def test_links_pipes_and_what_is_not_there_are_passed_over(forget: ModuleType, card: Path, tmp_path: Path) -> None:
    real = told(tmp_path, {"enrolment.toml": hashlib.sha256(CODE).hexdigest()})
    (tmp_path / "link").symlink_to(real)
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "deep").write_text("[" * 60_000)
    for name in ("link", "pipe", "deep", "nothing", "card"):
        forget.main(card, tmp_path / name)
    assert (card / "lineside/enrolment.toml").exists()
    (card / "lineside/enrolment.toml").rename(tmp_path / "elsewhere")
    (card / "lineside/enrolment.toml").symlink_to(tmp_path / "elsewhere")
    forget.main(card, real)
    assert (tmp_path / "elsewhere").exists()


def test_only_root_writes_where_the_keys_of_root_lie() -> None:
    (line,) = [each for each in (OVERLAY / "etc/fstab").read_text().splitlines() if " /boot/firmware " in each]
    words = set(line.split()[3].split(","))
    assert {"uid=0", "gid=900", "umask=0027", "ro"} <= words
    first_boot = (OVERLAY / "usr/lib/systemd/system/lineside-first-boot.service").read_text("utf-8")
    settings = [each for each in first_boot.splitlines() if each[:1] not in ("", "#", "[")]
    assert not [each for each in settings if each.startswith("ReadWritePaths") or "lineside-card" in each]
