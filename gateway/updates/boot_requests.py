"""How a boot is asked for: by a file that the service manager watches, so that who asks needs no rights."""

from pathlib import Path

from gateway.errors import SlotBroken

PLAIN, TRIAL = "reboot", "reboot-trial"


def ask_for_boot(folder: Path, trial: bool) -> None:
    """Ask for a boot; `trial`: of the other slot. Raises SlotBroken."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / (TRIAL if trial else PLAIN)).touch()
    except OSError as error:
        raise SlotBroken(f"a boot cannot be asked for: {error}") from error
