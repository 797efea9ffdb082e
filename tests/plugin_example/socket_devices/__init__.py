"""Two kinds of devices for Lineside: a scanner behind a Unix socket, and a light that is a file."""

from devices.interface import IndicatorKind, Role, SourceKind
from socket_devices.light import FileLightSettings
from socket_devices.light import build as build_light
from socket_devices.scanner import SocketScannerSettings
from socket_devices.scanner import build as build_scanner

# The interface these were written for: a number of our own, so that a release that speaks another one can say so.
WRITTEN_FOR = 1

SOCKET_SCANNER = SourceKind(Role.SCANNER, SocketScannerSettings, build_scanner, interface=WRITTEN_FOR)
FILE_LIGHT = IndicatorKind(FileLightSettings, build_light, interface=WRITTEN_FOR)
