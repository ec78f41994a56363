"""Validation of rates."""

from __future__ import annotations

import math
import numbers
from typing import Any

import numpy as np

from ._errors import BadArgumentError


def checked_rate(rate_hz: Any, name: str = "rate_hz") -> float:
    """The rate, which must be finite and above zero."""
    plain = isinstance(rate_hz, (numbers.Real, np.number)) and not isinstance(rate_hz, bool)
    if not plain or not math.isfinite(rate_hz) or rate_hz <= 0:
        raise BadArgumentError(f"{name} is a finite number above 0, found {rate_hz!r}")
    return float(rate_hz)
