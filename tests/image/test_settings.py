"""Settings of the image as they stand in its files: the network, keys, and a start that fails."""

from image.product import KIOSK, MASKED, OVERLAY


def test_settings_of_the_network_are_for_the_boards_own_socket_and_radio_alone() -> None:
    settings = (OVERLAY / "etc/systemd/network/80-wired.network").read_text("utf-8")
    program = (OVERLAY / "usr/lib/lineside/network").read_text("utf-8")
    rules = (OVERLAY / "usr/lib/udev/rules.d/81-lineside-own-network.rules").read_text("utf-8")
    for text in (settings, program):
        assert "Property=LINESIDE_OWN=1" in text
    assert rules.index('SUBSYSTEMS=="usb", ENV{LINESIDE_OWN}="0"') > rules.index('\nENV{LINESIDE_OWN}="1"')
    allowed = [line for line in rules.splitlines() if line.startswith("DRIVERS==")]
    assert len(allowed) == 2 and all("ID_PATH" in line for line in allowed), "a name alone anybody can give himself"


def test_what_the_network_says_of_ways_is_not_believed() -> None:
    lines = (OVERLAY / "etc/sysctl.d/60-lineside.conf").read_text("utf-8").splitlines()
    for family in ("ipv4", "ipv6"):
        for place in ("all", "default"):
            assert f"net.{family}.conf.{place}.accept_redirects = 0" in lines
    assert {f"net.ipv4.conf.{place}.secure_redirects = 0" for place in ("all", "default")} <= set(lines)


def test_no_keys_start_the_board_anew() -> None:
    assert "ctrl-alt-del.target" in MASKED
    manager = (OVERLAY / "etc/systemd/system.conf.d/lineside.conf").read_text("utf-8")
    assert "\nCtrlAltDelBurstAction=none\n" in manager


def test_nothing_that_has_keys_reaches_the_kiosks_screen() -> None:
    rules = (KIOSK / "usr/lib/udev/rules.d/72-lineside-keys.rules").read_text("utf-8")
    for kind in ("KEY", "KEYBOARD"):
        assert f'ENV{{ID_INPUT_{kind}}}=="1", ENV{{LIBINPUT_IGNORE_DEVICE}}="1"' in rules
    unit = (KIOSK / "usr/lib/systemd/system/lineside-kiosk.service").read_text("utf-8")
    (groups,) = [line for line in unit.splitlines() if line.startswith("SupplementaryGroups=")]
    assert "input" not in groups.partition("=")[2].split(), "seatd opens devices for it"


def test_a_start_that_failed_does_not_wait_for_a_person() -> None:
    for name in ("emergency", "rescue"):
        drop_in = OVERLAY / f"etc/systemd/system/{name}.service.d/lineside.conf"
        text = drop_in.read_text("utf-8")
        assert "SuccessAction=reboot\nFailureAction=reboot\n" in text and "ExecStart=\n" in text
    assert "JobTimeoutAction=reboot-force" in (OVERLAY / "etc/systemd/system/basic.target.d/lineside.conf").read_text()
