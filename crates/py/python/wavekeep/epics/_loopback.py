"""Which addresses cannot be reached from other machines."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable


def all_loopback(interfaces: Iterable[str]) -> bool:
    """Whether all of these are addresses of this machine alone."""
    return all(ipaddress.ip_address(one).is_loopback for one in interfaces)
