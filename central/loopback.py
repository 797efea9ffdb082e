"""Whether a host name means the very machine that uses it.

Pure: values in, values out.
"""

import ipaddress


def is_loopback_name(name: str) -> bool:
    """Whether a host name means the machine that uses it."""
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
