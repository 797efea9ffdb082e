"""Which drivers of USB devices an image refuses: all but those of a station's devices."""

from pathlib import Path

from image.usb_drivers import NAMES, TARGET, refuse_drivers, refused

KERNEL = {
    "kernel/drivers/net/usb/cdc_ether.ko.xz": "usb:v*p*d*dc*dsc*dp*ic02isc06ip00in*",
    "kernel/drivers/net/usb/lan78xx.ko.xz": "usb:v0424p7800d*",
    "kernel/drivers/net/usb/lg-vl600.ko.xz": "usb:v1004p61AAd*",
    "kernel/drivers/media/usb/uvc/uvcvideo.ko.xz": "usb:v*p*d*dc*dsc*dp*ic0Eisc01ip00in*",
    "kernel/drivers/hid/usbhid/usbhid.ko.xz": "usb:v*p*d*dc*dsc*dp*ic03isc*ip*in*",
    "kernel/drivers/usb/serial/ftdi_sio.ko.xz": "usb:v0403p6001d*",
    "kernel/drivers/usb/class/cdc-acm.ko.xz": "usb:v*p*d*dc*dsc*dp*ic02isc02ip01in*",
    "kernel/drivers/usb/class/usblp.ko.xz": "usb:v*p*d*dc*dsc*dp*ic07isc01ip01in*",
    "kernel/drivers/usb/storage/usb-storage.ko.xz": "usb:v*p*d*dc*dsc*dp*ic08isc06ip50in*",
    "kernel/drivers/net/ethernet/intel/e1000/e1000.ko.xz": "pci:v00008086d00001000sv*",
}


def modules(folder: Path) -> Path:
    folder.mkdir()
    (folder / "modules.dep").write_text("".join(f"{path}:\n" for path in KERNEL))
    names = {path: path.rpartition("/")[2].partition(".")[0].replace("-", "_") for path in KERNEL}
    (folder / "modules.alias").write_text("".join(f"alias {KERNEL[path]} {name}\n" for path, name in names.items()))
    return folder


def test_adapters_and_whatever_no_station_has_are_refused(tmp_path: Path) -> None:
    assert refused(modules(tmp_path / "kernel")) == ["cdc_ether", "lg_vl600", "usblp", "uvcvideo"]
    assert all(NAMES.values())


def test_a_refused_driver_comes_neither_by_a_device_nor_by_a_program(tmp_path: Path) -> None:
    (tmp_path / TARGET).parent.mkdir(parents=True)
    refuse_drivers(tmp_path, modules(tmp_path / "kernel"))
    lines = (tmp_path / TARGET).read_text("utf-8").splitlines()
    assert {"blacklist cdc_ether", "install cdc_ether /bin/false"} <= set(lines)
    assert not [line for line in lines if "usbhid" in line or "lan78xx" in line]
