"""Times of frames, UNIX ns as uint64, in the types that people compute with.

A damaged frame may state any 64 bits; ``datetime64[ns]`` ends in April 2262, at 2^63 - 1.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

_NS = 1e9


def moments(times_ns: NDArray[np.uint64]) -> NDArray[np.datetime64]:
    """``datetime64[ns]`` in UTC; ``NaT`` where the type ends before the time. A view where all fit."""
    as_dates = times_ns.view("datetime64[ns]")
    # The sign bit of the same 64 bits: neither a copy nor a wrap where every time fits.
    beyond = times_ns.view(np.int64) < 0
    return np.where(beyond, np.datetime64("NaT"), as_dates) if beyond.any() else as_dates


def moment(time_ns: int, to: Literal["ms", "ns"] = "ms") -> str:
    """The moment as text, or the number where no date has it."""
    if time_ns >= 2**63:
        return f"{time_ns} ns of UNIX time, past the year 2262"
    return f"{np.datetime64(time_ns, 'ns').astype(f'M8[{to}]')} UTC"


def seconds_from(first_ns: int, times_ns: NDArray[np.uint64]) -> NDArray[np.float64]:
    """float64: seconds from ``first_ns``, negative before it; the difference is exact before it is
    rounded once."""
    origin = np.uint64(first_ns)
    later = (times_ns - origin) / _NS
    earlier = times_ns < origin
    return np.where(earlier, -((origin - times_ns) / _NS), later) if earlier.any() else later
