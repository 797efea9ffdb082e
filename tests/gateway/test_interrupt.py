"""`lineside update interrupt`: the gateway ends in order before a boot, or says why it must not."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.cli import main
from gateway.local_socket import LocalSocket
from gateway.update_commands import BUSY

TOLD = {"ready": True, "release": "1.0", "busy": "", "idle_seconds": 999.0}


def interrupt(folder: Path, told: dict[str, object] | None, refused: str = "") -> tuple[int, list[str]]:
    """How it ends at a gateway that tells that, and what was asked of the gateway."""
    asked: list[str] = []
    settings = folder / "gateway.toml"
    settings.write_text(f'[gateway]\nname = "press"\nfolder = "{folder}"\n[[station]]\nid = "S1"\n')

    def restart() -> str:
        asked.append("restart")
        return refused

    local = LocalSocket(folder, lambda: told or {}, restart)
    if told is not None:
        local.open()
    try:
        done = CliRunner().invoke(main, ["update", "interrupt", "--config", str(settings)])
    finally:
        local.close()
    return done.exit_code, asked


@pytest.mark.parametrize(
    ("told", "refused", "code", "asked"),
    [
        (TOLD, "", 0, ["restart"]),
        (TOLD, "a hand-over was begun in this moment", BUSY, ["restart"]),
        (TOLD | {"busy": "a hand-over is open at S1"}, "", BUSY, []),
        (TOLD | {"idle_seconds": 5.0}, "", BUSY, []),
        (TOLD | {"ready": False}, "", 0, []),
        (None, "", 0, []),
    ],
)
def test_nobody_is_interrupted(
    tmp_path: Path, told: dict[str, object] | None, refused: str, code: int, asked: list[str]
) -> None:
    assert interrupt(tmp_path, told, refused) == (code, asked)


def test_a_configuration_that_cannot_be_read_holds_no_boot_up(tmp_path: Path) -> None:
    (tmp_path / "gateway.toml").write_text("[")
    done = CliRunner().invoke(main, ["update", "interrupt", "--config", str(tmp_path / "gateway.toml")])
    assert done.exit_code not in (0, BUSY)
