"""Whether a configured device can be what the configuration says, by its kind in `devices.kinds`."""

from gateway.config import DevicePlace


def check_device(place: DevicePlace) -> list[str]:
    """What is wrong with a device, by its kind: its settings, or the software that it needs."""
    return _faults(place, software=True)


def check_words(place: DevicePlace) -> list[str]:
    """What is wrong with a device's settings. Software that fails costs that device alone, and is told at the start."""
    return _faults(place, software=False)


def _faults(place: DevicePlace, software: bool) -> list[str]:
    from devices.errors import DeviceError, DeviceExtraMissing, DeviceKindBroken
    from devices.kinds import IndicatorKind, check_settings, checked_name, kind_named

    try:
        checked_name(place.name)
        kind = kind_named(place.kind)
        if isinstance(kind, IndicatorKind) != (place.role == "light"):
            return [f"kind: {place.kind!r} is no {place.role}"]
        check_settings(place.kind, place.settings)
    except (DeviceExtraMissing, DeviceKindBroken) as error:
        return [f"kind: {error} {error.hint}"] if software else []
    except DeviceError as error:
        return [f"kind: {error}"]
    return []
