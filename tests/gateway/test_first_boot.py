"""The first boot: configuration from the boot partition or a stick, faults by their line, codes on light and page."""

import configparser
import hashlib
import json
import re
import socket
import urllib.request
from pathlib import Path

import pytest

from floor.texts import LANGUAGES
from gateway import boot_codes
from gateway.board_light import BoardLight
from gateway.boot_codes import BY_KEY, CODES
from gateway.boot_page import BootPage, page_of
from gateway.config_lines import with_lines
from gateway.first_boot import FirstBoot, Standing
from gateway.joining import STATE_FILE
from gateway.screen.texts import TEXTS

ROOT = Path(__file__).parents[2]
GOOD = """\
[gateway]
name = "line-1"
folder = "lineside"

[central]
url = "https://plant.example"
pin = ["sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="]

[[station]]
id = "S1"

[[station.light]]
kind = "log"
"""
CODE = 'code = "ABCD-EFGH-JKLM"\n'


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path, Path]:
    """Boot partition, stick, the gateway's folder as the configuration names it."""
    monkeypatch.chdir(tmp_path)
    boot, stick = Path("boot"), Path("stick")
    boot.mkdir()
    stick.mkdir()
    return boot, stick, Path("lineside")


def test_a_card_without_configuration_waits_for_a_stick(places: tuple[Path, Path, Path]) -> None:
    boot, stick, folder = places
    first = FirstBoot((boot, stick), folder)
    assert first.step().key == "no_configuration" and not first.step().configured
    (stick / "gateway.toml").write_text(GOOD)
    standing = first.step()
    assert standing.configured and not standing.done and standing.key == ""
    assert (folder / "gateway.toml").read_text() == GOOD
    assert (folder / "gateway.toml").stat().st_mode & 0o777 == 0o600


def test_faults_are_told_with_their_lines_and_nothing_is_written(places: tuple[Path, Path, Path]) -> None:
    boot, stick, folder = places
    text = GOOD.replace('name = "line-1"', 'name = "line 1"').replace('kind = "log"', 'kind = "lamp"')
    (boot / "gateway.toml").write_text(text)
    standing = FirstBoot((boot, stick), folder).step()
    assert standing.key == "bad_configuration" and not standing.configured
    assert any(each.startswith("line 2: gateway.name") for each in standing.faults), standing.faults
    assert not (folder / "gateway.toml").exists()
    (boot / "gateway.toml").write_text(GOOD.replace('kind = "log"', 'kind = "lamp"'))
    standing = FirstBoot((boot, stick), folder).step()
    assert any(each.startswith("line 13: station[0].light[0].kind") for each in standing.faults), standing.faults
    (boot / "gateway.toml").write_text(GOOD)
    assert FirstBoot((boot, stick), folder).step().configured


@pytest.mark.parametrize(
    ("text", "fault", "line"),
    [
        ("[gateway]\nname = \n", "not TOML: Invalid value (at line 2, column 8)", 2),
        ("[gateway]\nnname = 1\n", "gateway.nname: Extra inputs are not permitted", 2),
        ("# x\n[[station]]\nid = 'a'\n\n[[station]]\nid = 'b'\n", "station.1.id: wrong", 6),
        ("[[station]]\nid = 'a'\n[[station.scanner]]\nkind = 'x'\n", "station[0].scanner[0].kind: wrong", 4),
        ("[[station]]\nid = 'a'\nscanner = [{kind = 'x'}]\n", "station[0].scanner[0].kind: wrong", 3),
        ("[gateway]\n", "station: there is none", 0),
    ],
)
def test_a_fault_stands_in_its_line(text: str, fault: str, line: int) -> None:
    assert with_lines(text, fault) == [f"line {line}: {fault}" if line else fault]


def test_the_code_leaves_the_boot_partition_and_is_taken_once(places: tuple[Path, Path, Path]) -> None:
    boot, stick, folder = places
    (boot / "gateway.toml").write_text(GOOD)
    (boot / "enrolment.toml").write_text(CODE)
    first = FirstBoot((boot, stick), folder)
    first.step()
    assert not (boot / "enrolment.toml").exists(), "any computer reads a boot partition"
    assert (folder / "enrolment.toml").read_text() == CODE
    assert (folder / "enrolment.toml").stat().st_mode & 0o777 == 0o600
    (folder / "enrolment.toml").rename(folder / "enrolment.refused")
    (stick / "enrolment.toml").write_text(CODE)
    first.step()
    assert not (folder / "enrolment.toml").exists(), "the same code was refused before"
    (stick / "enrolment.toml").write_text(CODE.replace("ABCD", "WXYZ"))
    first.step()
    assert "WXYZ" in (folder / "enrolment.toml").read_text() and not (folder / "enrolment.refused").exists()


def test_a_code_that_cannot_be_removed_is_not_taken_again(places: tuple[Path, Path, Path]) -> None:
    boot, _, folder = places
    (boot / "enrolment.toml").write_text(CODE)

    class Fixed(type(boot)):  # type: ignore[misc]
        def unlink(self, missing_ok: bool = False) -> None:
            raise OSError("read-only file system")

    first = FirstBoot((Fixed(boot),), folder)
    first.step()
    assert (folder / "first-boot.json").exists()
    (folder / "enrolment.toml").unlink()
    first.step()
    assert not (folder / "enrolment.toml").exists()


def test_what_was_changed_since_stays_while_the_old_file_lies_there(places: tuple[Path, Path, Path]) -> None:
    boot, _, folder = places
    (boot / "gateway.toml").write_text(GOOD)
    FirstBoot((boot,), folder).step()
    (folder / "gateway.toml").write_text(GOOD.replace("line-1", "line-2"))
    FirstBoot((boot,), folder).step()
    assert "line-2" in (folder / "gateway.toml").read_text()
    (boot / "gateway.toml").write_text(GOOD.replace("line-1", "line-3"))
    FirstBoot((boot,), folder).step()
    assert "line-3" in (folder / "gateway.toml").read_text(), "a new file is a person's wish"
    (boot / "gateway.toml").write_text("[gateway")
    standing = FirstBoot((boot,), folder).step()
    assert standing.configured and standing.key == "bad_configuration", "it works on with the one it has"


def test_what_stands_in_the_way_is_what_the_gateway_told(places: tuple[Path, Path, Path]) -> None:
    boot, _, folder = places
    (boot / "gateway.toml").write_text(GOOD)
    first = FirstBoot((boot,), folder)
    first.step()
    for code in CODES:
        (folder / STATE_FILE).write_text(code.key + "\n")
        assert first.step().key == code.key
    (folder / STATE_FILE).write_text("../../etc/passwd")
    assert first.step().key == ""
    (folder / "token").write_text("x")
    assert first.step().done


def test_a_plant_without_an_office_is_done_at_once(places: tuple[Path, Path, Path]) -> None:
    boot, _, folder = places
    (boot / "gateway.toml").write_text('[gateway]\nfolder = "lineside"\n[[station]]\nid = "S1"\n')
    standing = FirstBoot((boot,), folder).step()
    assert standing.configured and standing.done


def test_a_card_that_cannot_be_written_is_told(places: tuple[Path, Path, Path]) -> None:
    boot, _, folder = places
    (boot / "gateway.toml").write_text(GOOD)
    folder.write_text("a file where the folder should be")
    assert FirstBoot((boot,), folder).step().key == "card"


# Several files that want to count


def test_a_faulty_configuration_on_the_card_does_not_hide_the_sticks(places: tuple[Path, Path, Path]) -> None:
    boot, stick, folder = places
    (boot / "gateway.toml").write_text("[gateway")
    first = FirstBoot((boot, stick), folder)
    assert first.step().key == "bad_configuration"
    (stick / "gateway.toml").write_text(GOOD)
    standing = first.step()
    assert standing.configured and standing.key == "" and (folder / "gateway.toml").read_text() == GOOD
    assert FirstBoot((boot, stick), folder).step().key == "", "what was passed over is not told any more"


def test_a_taken_configuration_on_the_card_does_not_hide_the_sticks(places: tuple[Path, Path, Path]) -> None:
    boot, stick, folder = places

    def named(number: int) -> str:
        return GOOD.replace("line-1", f"line-{number}")

    def stepped() -> Standing:
        return FirstBoot((boot, stick), folder).step()

    (boot / "gateway.toml").write_text(GOOD)
    stepped()
    (stick / "gateway.toml").write_text(named(2))
    for _ in range(2):
        stepped()
        assert (folder / "gateway.toml").read_text() == named(2)
    (stick / "gateway.toml").unlink()
    stepped()
    assert (folder / "gateway.toml").read_text() == named(2), "the card's was taken before it"
    (boot / "gateway.toml").write_text(named(3))
    (stick / "gateway.toml").write_text(named(4))
    stepped()
    assert (folder / "gateway.toml").read_text() == named(4), "somebody plugged it in on purpose"
    (boot / "gateway.toml").write_text(named(5))
    (stick / "gateway.toml").write_text("[gateway")
    standing = stepped()
    assert (folder / "gateway.toml").read_text() == named(5), "a refused one hides no good one"
    assert standing.key == "bad_configuration" and str(stick) in standing.faults[0]


def test_what_an_earlier_release_took_is_not_taken_again(places: tuple[Path, Path, Path]) -> None:
    boot, stick, folder = places
    (boot / "gateway.toml").write_text(GOOD)
    folder.mkdir()
    taken = {"gateway.toml": hashlib.sha256(GOOD.encode()).hexdigest()}
    (folder / "first-boot.json").write_text(json.dumps(taken))
    (folder / "gateway.toml").write_text(GOOD.replace("line-1", "line-2"))
    assert FirstBoot((boot, stick), folder).step().configured
    assert "line-2" in (folder / "gateway.toml").read_text()


@pytest.mark.parametrize("name", ["gateway.toml", "enrolment.toml"])
def test_what_cannot_be_read_is_its_own_fault_and_not_the_cards(places: tuple[Path, Path, Path], name: str) -> None:
    boot, stick, folder = places
    (stick / name).write_bytes(b"#" * (300 * 1024))
    standing = FirstBoot((boot, stick), folder).step()
    assert standing.key in ("bad_configuration", "no_configuration") and "larger than" in standing.faults[0]
    (boot / "gateway.toml").write_text(GOOD)
    standing = FirstBoot((boot, stick), folder).step()
    assert standing.configured and standing.key in ("bad_configuration", "no_code") and "larger" in standing.faults[0]


def test_a_faulty_code_is_told_and_hides_no_good_one(
    places: tuple[Path, Path, Path], caplog: pytest.LogCaptureFixture
) -> None:
    boot, stick, folder = places
    (boot / "gateway.toml").write_text(GOOD)
    (boot / "enrolment.toml").write_text("ABCD-EFGH-JKLM\n")
    first = FirstBoot((boot, stick), folder)
    for _ in range(3):
        standing = first.step()
        assert standing.key == "no_code" and standing.configured and 'code = "' in standing.faults[0]
    assert len([each for each in caplog.records if "enrolment.toml" in each.getMessage()]) == 1, "logged once"
    assert str(boot) in (folder / "enrolment.fault").read_text(), "for the station page"
    (stick / "enrolment.toml").write_text(CODE)
    assert first.step().key == "" and (folder / "enrolment.toml").read_text() == CODE
    assert not (folder / "enrolment.fault").exists()


def test_a_code_that_stays_on_the_card_does_not_hide_the_sticks(places: tuple[Path, Path, Path]) -> None:
    boot, stick, folder = places

    class Fixed(type(boot)):  # type: ignore[misc]
        def unlink(self, missing_ok: bool = False) -> None:
            raise OSError("read-only file system")

    (boot / "gateway.toml").write_text(GOOD)
    (boot / "enrolment.toml").write_text(CODE)
    first = FirstBoot((Fixed(boot), stick), folder)
    first.step()
    (folder / "enrolment.toml").rename(folder / "enrolment.refused")
    (stick / "enrolment.toml").write_text(CODE.replace("ABCD", "WXYZ"))
    first.step()
    assert "WXYZ" in (folder / "enrolment.toml").read_text() and not (folder / "enrolment.refused").exists()
    (stick / "enrolment.toml").unlink(missing_ok=True)
    (folder / "enrolment.toml").rename(folder / "enrolment.refused")
    FirstBoot((boot, stick), folder).step()
    assert (folder / "enrolment.refused").exists(), "the card's was used before"


def test_a_configuration_for_another_folder_is_refused_with_its_line(places: tuple[Path, Path, Path]) -> None:
    boot, _, folder = places
    (boot / "gateway.toml").write_text(GOOD.replace('"lineside"', '"/srv/elsewhere"'))
    standing = FirstBoot((boot,), folder).step()
    assert standing.key == "bad_configuration" and standing.faults[1].startswith("line 3: gateway.folder: ")


# A station that is enrolled


def test_an_enrolled_station_takes_its_configuration_from_its_own_card_only(
    places: tuple[Path, Path, Path], caplog: pytest.LogCaptureFixture
) -> None:
    """Else its token would go to the server that a stick names."""
    boot, stick, folder = places
    (boot / "gateway.toml").write_text(GOOD)
    FirstBoot((boot, stick), folder).step()
    (folder / "token").write_text("x")
    (stick / "gateway.toml").write_text(GOOD.replace("plant.example", "elsewhere.example"))
    first = FirstBoot((boot, stick), folder)
    for _ in range(2):
        assert first.step().done
    assert (folder / "gateway.toml").read_text() == GOOD
    assert len([each for each in caplog.records if "left alone" in each.getMessage()]) == 1
    (stick / "gateway.toml").write_text("[gateway")
    assert first.step().done, "nor are its faults told"
    (boot / "gateway.toml").write_text(GOOD.replace("line-1", "line-2"))
    FirstBoot((boot, stick), folder).step()
    assert "line-2" in (folder / "gateway.toml").read_text()


def test_the_token_may_lie_elsewhere(places: tuple[Path, Path, Path]) -> None:
    boot, stick, folder = places
    text = GOOD.replace("[central]\n", '[central]\ntoken_file = "secrets/office"\n')
    (boot / "gateway.toml").write_text(text)
    first = FirstBoot((boot, stick), folder)
    assert not first.step().done
    Path("secrets").mkdir()
    Path("secrets/office").write_text("x")
    assert first.step().done
    (stick / "gateway.toml").write_text(GOOD)
    first.step()
    assert (folder / "gateway.toml").read_text() == text


@pytest.mark.parametrize("brought", ["boot", "stick"])
def test_a_code_beside_a_token_waits_for_the_gateway(places: tuple[Path, Path, Path], brought: str) -> None:
    boot, stick, folder = places
    (boot / "gateway.toml").write_text(GOOD)
    FirstBoot((boot, stick), folder).step()
    (folder / "token").write_text("x")
    (Path(brought) / "enrolment.toml").write_text(CODE)
    first = FirstBoot((boot, stick), folder)
    standing = first.step()
    assert standing.configured and not standing.done and (folder / "enrolment.toml").read_text() == CODE
    (folder / STATE_FILE).write_text("wrong_code\n")
    (folder / "enrolment.toml").rename(folder / "enrolment.refused")
    assert first.step().key == "wrong_code"
    (folder / "enrolment.refused").unlink()
    assert first.step().done


def test_the_unit_comes_back_after_a_fault() -> None:
    given = configparser.ConfigParser(strict=False, interpolation=None)
    given.read(ROOT / "image/root/usr/lib/systemd/system/lineside-first-boot.service")
    assert given["Service"]["Restart"] == "on-failure" and int(given["Service"]["RestartSec"]) >= 2
    assert given["Unit"]["StartLimitIntervalSec"] == "0"


# Codes on the light


def test_a_light_blinks_the_number_and_pauses() -> None:
    for code in CODES:
        on, now = 0, 0.0
        turn = boot_codes._turn(code.number)
        lit_before = False
        while now < turn - 0.001:
            lit = boot_codes.lit(code.number, now + 0.001)
            on += lit and not lit_before
            lit_before = lit
            now = boot_codes.change(code.number, now + 0.001)
        assert on == code.number
        assert now == pytest.approx(turn)
        assert boot_codes.lit(code.number, turn + 0.001), "it begins again"


def test_the_board_light_is_taken_and_given_back(tmp_path: Path) -> None:
    (tmp_path / "trigger").write_text("none timer [mmc0] heartbeat")
    (tmp_path / "brightness").write_text("0")
    light = BoardLight(tmp_path)
    light.tell(2, 100.0)
    assert (tmp_path / "trigger").read_text() == "none"
    seen, now = [], 100.0
    for _ in range(5):
        now = light.step(now) + 0.0001
        seen.append((tmp_path / "brightness").read_text())
    assert seen == ["1", "0", "1", "0", "1"]
    light.tell(0, now)
    assert (tmp_path / "trigger").read_text() == "mmc0"
    assert light.step(now) == float("inf")
    light.close()


def test_a_board_without_a_light_is_no_fault(tmp_path: Path) -> None:
    for folder in (None, tmp_path / "nothing"):
        light = BoardLight(folder)
        light.tell(3, 1.0)
        light.step(1.0)
        light.close()


# Codes on the screen


def test_every_code_has_words_in_both_languages_on_both_pages() -> None:
    assert [code.number for code in CODES] == list(range(1, len(CODES) + 1))
    for code in CODES:
        page = page_of(code.key, ("line 3: gateway.name: <b>wrong</b>",))
        assert f">{code.number}</p>" in page and code.zh in page and "&lt;b&gt;" in page and "<b>" not in page
        for language in LANGUAGES:
            assert f"{code.number}" in TEXTS[f"joining_{code.key}"][language]
        assert re.search(r"[。，；：]", code.act_zh) and code.act_en.endswith(".")


def test_the_page_answers_until_the_gateway_takes_the_port() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    page = BootPage(port)
    page.show("no_configuration", ())
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/anything", timeout=10) as answer:
        text = answer.read().decode()
        assert answer.headers["Refresh"] == "2" and "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert BY_KEY["no_configuration"].zh in text
    page.close()
    with socket.create_server(("127.0.0.1", port)):
        page.show("no_configuration", ())
        page.close()
