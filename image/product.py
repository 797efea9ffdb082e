"""Lineside in the root file system: its own virtual environment, units, users and files, and everything else taken
away.

The image has no compiler, no pip and no index. Programs of the image run only to make users and to compile Python's
files; the rest is done from outside.
"""

import re
import shutil
import stat
from pathlib import Path

from image.initrd import kernel_modules
from image.libraries import PIP, platform_words
from image.programs import run
from image.recipe import SOURCE_DATE, Recipe
from image.usb_drivers import refuse_drivers

ROOT = Path(__file__).parent.parent
OVERLAY = Path(__file__).parent / "root"
KIOSK = Path(__file__).parent / "kiosk"
"""What a station with a screen of its own has beside."""
UNITS = ROOT / "systemd"
GATEWAY_UNITS = (
    *("lineside-gateway.service", "lineside-update.service", "lineside-reboot.path", "lineside-reboot.service"),
    *("lineside-reboot-trial.path", "lineside-reboot-trial.service"),
)
STARTED = (
    *("lineside-gateway", "lineside-access", "lineside-grow", "lineside-settle", "lineside-network"),
    *("lineside-seal", "lineside-firmware", "lineside-clock", "lineside-time-servers", "lineside-time-servers.path"),
    *("lineside-card", "lineside-card.path"),
    *("lineside-first-boot", "lineside-update", "lineside-reboot.path", "lineside-reboot-trial.path"),
    *("ssh", "chrony", "nftables", "systemd-networkd", "systemd-resolved", "rauc"),
)
NOT_STARTED = ("mosquitto", "wpa_supplicant", "ssh.socket", "systemd-networkd-wait-online")
MASKED = (
    # Three keys of any keyboard would start the board anew.
    "ctrl-alt-del.target",
    *("getty@.service", "serial-getty@.service", "console-getty.service", "container-getty@.service"),
    # RAUC's own way of calling any start good; ours looks first.
    "rauc-mark-good.service",
    *("systemd-firstboot.service", "systemd-logind.service", "e2scrub_reap.service", "e2scrub_all.timer"),
    *("apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "man-db.timer"),
)
TAKEN_AWAY = (
    *("boot/*", "initrd.img*", "vmlinuz*", "var/cache/apt/*", "var/cache/debconf/*-old", "var/cache/ldconfig/*"),
    *(
        "var/lib/apt/lists/*",
        "var/lib/dpkg/*-old",
        "var/lib/systemd/random-seed",
        "var/lib/dbus/machine-id",
        "var/log/*",
    ),
    *("etc/ssh/ssh_host_*", "etc/*-", "etc/machine-id", "etc/mosquitto/passwd", "run/*", "tmp/*"),
    *("usr/share/initramfs-tools", "usr/share/bash-completion", "usr/share/zsh", "usr/share/pixmaps"),
)
MOUNT_POINTS = ("boot/firmware", "data", "etc/lineside", "var/lib/chrony", "var/lib/lineside", "var/log/journal")


def install_product(tree: Path, recipe: Recipe, wheel: Path, libraries: Path, keyring: Path) -> None:
    """Put everything of ours into an unpacked root file system. `keyring`: who may sign updates of this image."""
    make_environment(tree, recipe, wheel, libraries)
    lay(OVERLAY, tree)
    if recipe.variant.name == "kiosk":
        lay(KIOSK, tree)
    place_units(tree)
    place_update_settings(tree, recipe, keyring)
    name_release(tree, recipe)
    refuse_drivers(tree, kernel_modules(tree))
    chroot(tree, "systemd-sysusers")
    shown = ("seatd", "lineside-kiosk") if recipe.variant.name == "kiosk" else ()
    run("systemctl", f"--root={tree}", "enable", *STARTED, *shown)
    run("systemctl", f"--root={tree}", "disable", *NOT_STARTED)
    run("systemctl", f"--root={tree}", "mask", *MASKED)
    for pattern in TAKEN_AWAY:
        for path in tree.glob(pattern):
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    for name in MOUNT_POINTS:
        (tree / name).mkdir(parents=True, exist_ok=True)
    # The gateway's configuration lies on the data partition; commands find it where they look.
    (tree / "etc/lineside/gateway.toml").symlink_to("/var/lib/lineside/gateway.toml")
    (tree / "usr/local/bin/lineside").symlink_to("/opt/lineside/bin/lineside")
    (tree / "etc/machine-id").touch()
    (tree / "etc/hostname").write_text("lineside\n", "utf-8")
    (tree / "etc/hosts").write_text("127.0.0.1 localhost lineside\n::1 localhost\n", "utf-8")
    (tree / "etc/resolv.conf").unlink(missing_ok=True)
    (tree / "etc/resolv.conf").symlink_to("../run/systemd/resolve/stub-resolv.conf")
    run("chown", "-R", "0:0", *(tree / each for each in ("opt/lineside", "usr/lib/lineside", "usr/lib/systemd/system")))


def lay(source: Path, tree: Path) -> None:
    """Files as they lie in a folder of ours, into the root. Their modes are said here: those of a checkout are the
    umask of whoever made it, but for the one bit that git keeps."""
    for path in sorted(source.rglob("*")):
        if "__pycache__" in path.parts:
            continue
        target = tree / path.relative_to(source)
        if path.is_dir():
            # A folder of Debian's keeps the mode that Debian gave it.
            if not target.is_dir():
                target.mkdir()
                target.chmod(0o755)
        else:
            put(path, target)


def put(source: Path, target: Path) -> None:
    """A file of ours, as a program where its owner may start it."""
    shutil.copyfile(source, target)
    target.chmod(0o755 if source.stat().st_mode & stat.S_IXUSR else 0o644)


def chroot(tree: Path, *command: str) -> None:
    """Run a program of the image; of another processor's through the kernel's binfmt."""
    run(
        "chroot", tree, *command, environment={"SOURCE_DATE_EPOCH": str(SOURCE_DATE), "LC_ALL": "C.UTF-8", "PATH": PATH}
    )


PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin"


def make_environment(tree: Path, recipe: Recipe, wheel: Path, libraries: Path) -> None:
    """/opt/lineside with the product and its libraries, compiled."""
    chroot(tree, "python3", "-m", "venv", "--without-pip", "--system-site-packages", "/opt/lineside")
    home = tree / "opt/lineside"
    (site,) = home.glob("lib/python*/site-packages")
    aside = home / "aside"
    wheels = [wheel, *sorted(libraries.glob("*.whl"))]
    words = ("install", "-q", "--no-deps", "--no-index", "--no-compile", *platform_words(recipe.architecture))
    run(*PIP, *words, "--target", aside, *wheels)
    shutil.rmtree(aside / "bin")
    shutil.move(aside / "share", home / "share")
    for path in sorted(aside.iterdir()):
        shutil.move(path, site / path.name)
    aside.rmdir()
    for path in sorted(site.glob("*.dist-info")):
        for name in ("RECORD", "direct_url.json", "INSTALLER", "REQUESTED"):
            # They name folders of the builder's machine.
            (path / name).unlink(missing_ok=True)
    command = home / "bin/lineside"
    lines = ("#!/opt/lineside/bin/python3 -I", "import sys", "", "from gateway.cli import main", "", "sys.exit(main())")
    command.write_text("\n".join(lines) + "\n", "utf-8")
    command.chmod(0o755)
    # Compiled files are compared with nothing at a start: the root cannot change.
    compiling = ("compileall", "-q", "--invalidation-mode", "unchecked-hash", f"/{site.relative_to(tree)}")
    chroot(tree, "/opt/lineside/bin/python3", "-m", *compiling)


def place_units(tree: Path) -> None:
    """The gateway's unit and what it needs, as systemd/README.md says."""
    system = tree / "usr/lib/systemd/system"
    for name in GATEWAY_UNITS:
        put(UNITS / name, system / name)
    for source, target in (
        ("lineside.sysusers.conf", "usr/lib/sysusers.d/lineside.conf"),
        ("lineside.modules-load.conf", "usr/lib/modules-load.d/lineside.conf"),
        ("60-lineside-gpio.rules", "usr/lib/udev/rules.d/60-lineside-gpio.rules"),
        ("lineside-rauc.conf", "etc/dbus-1/system.d/lineside-rauc.conf"),
        ("lineside-backoff.conf", "usr/lib/systemd/system/lineside-gateway.service.d/backoff.conf"),
    ):
        (tree / target).parent.mkdir(parents=True, exist_ok=True)
        put(UNITS / source, tree / target)


def place_update_settings(tree: Path, recipe: Recipe, keyring: Path) -> None:
    """RAUC's configuration: two slots, each a root and the boot partition that starts it."""
    folder = tree / "etc/rauc"
    folder.mkdir(parents=True, exist_ok=True)
    text = (Path(__file__).parent / "rauc.conf").read_text("utf-8")
    (folder / "system.conf").write_text(text.replace("@COMPATIBLE@", recipe.compatible), "utf-8")
    put(keyring, folder / "keyring.pem")


def name_release(tree: Path, recipe: Recipe) -> None:
    """Which release this is, where every program looks for it."""
    path = tree / "usr/lib/os-release"
    kept = re.sub(r"^IMAGE_.*\n", "", path.read_text("utf-8"), flags=re.MULTILINE)
    path.write_text(f"{kept}IMAGE_ID={recipe.compatible}\nIMAGE_VERSION={recipe.version}\n", "utf-8")
