"""All that a driver of somebody else may import of ours, and nothing else: the interface for kinds that are added.

Within one `devices.kind.INTERFACE` everything named here keeps its name and its meaning. A kind states the number that
it was written for; the number is not imported, or it would always fit. docs/devices.md, "Adding a kind", says how a
kind is packaged; `devices.contract` is the suite that a driver has to pass.
"""

from devices.buttons import ButtonDecoder, ButtonRules
from devices.clock import Clock, boottime
from devices.errors import (
    DeviceError,
    DeviceExtraMissing,
    DeviceGone,
    DeviceSettingsRefused,
    IndicatorUnreachable,
)
from devices.indicator_thread import LampDriver, LampIndicator, QueuedIndicator, log_report
from devices.kind import IndicatorKind, Report, Role, SourceKind
from devices.lines import LineDecoder
from devices.port_source import PortSource
from devices.settings import DeviceSettings, LabelSettings, LineSettings, checked
from devices.types import (
    MISSING,
    Decoder,
    EdgeEvent,
    Frame,
    Garbled,
    Indicator,
    Input,
    KeyEvent,
    MessageEvent,
    MissingEvent,
    Press,
    Scan,
    Signal,
    Source,
)

__all__ = [
    "MISSING",
    "ButtonDecoder",
    "ButtonRules",
    "Clock",
    "Decoder",
    "DeviceError",
    "DeviceExtraMissing",
    "DeviceGone",
    "DeviceSettings",
    "DeviceSettingsRefused",
    "EdgeEvent",
    "Frame",
    "Garbled",
    "Indicator",
    "IndicatorKind",
    "IndicatorUnreachable",
    "Input",
    "KeyEvent",
    "LabelSettings",
    "LampDriver",
    "LampIndicator",
    "LineDecoder",
    "LineSettings",
    "MessageEvent",
    "MissingEvent",
    "PortSource",
    "Press",
    "QueuedIndicator",
    "Report",
    "Role",
    "Scan",
    "Signal",
    "Source",
    "SourceKind",
    "boottime",
    "checked",
    "log_report",
]
