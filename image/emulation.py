"""Programs of another processor: the kernel hands them to an emulator once it knows which."""

import platform
from pathlib import Path

from image.programs import run
from image.recipe import Architecture

BINFMT = Path("/proc/sys/fs/binfmt_misc")
REGISTER = "/usr/lib/systemd/systemd-binfmt"
NATIVE = {"x86_64": "amd64", "aarch64": "arm64"}


def require_programs_of(architecture: Architecture) -> None:
    """Make this machine able to start programs of an architecture. Raises RuntimeError when it cannot be."""
    if NATIVE.get(platform.machine()) == architecture.name:
        return
    if not (BINFMT / "register").exists():
        run("mount", "-t", "binfmt_misc", "binfmt_misc", BINFMT)
    if not (BINFMT / architecture.emulator).exists():
        run(REGISTER, f"{architecture.emulator}.conf")
    if not (BINFMT / architecture.emulator).exists():
        raise RuntimeError(
            f"programs of {architecture.name} cannot be started here: {architecture.emulator} is missing"
        )
