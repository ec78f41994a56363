"""Whether addresses can be reached from other machines."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable


def all_loopback(interfaces: Iterable[str]) -> bool:
    """Whether only this machine can reach all of these addresses."""
    return all(ipaddress.ip_address(one).is_loopback for one in interfaces)
