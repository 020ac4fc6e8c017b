"""Which hosts are this machine: the sandbox calls nobody else without a check, or at all."""

import ipaddress


def is_loopback(host: str) -> bool:
    """Tell whether the host is this machine by its name or number."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
