"""Times of an event: seconds, or moments by the instrument's own clock."""

from __future__ import annotations

import math
import numbers
import sys
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np

from ._errors import BadArgumentError


def seconds_of(time: Any, start: datetime | None) -> tuple[float | None, float | None]:
    """``(start, end)`` in seconds from ``start``, the trigger. Either may be ``None``.

    A number or a timedelta counts from the trigger; a ``datetime``, a ``datetime64``, a pandas
    ``Timestamp`` and ObsPy's ``UTCDateTime`` are moments by the instrument's clock, which knows no
    zone: a moment with another zone than UTC has no place there.
    """
    if isinstance(time, (str, bytes)):
        raise BadArgumentError(f"time is (start, end), found {time!r}")
    if isinstance(time, slice):
        if time.step is not None:
            raise BadArgumentError("time is (start, end) without a step")
        time = (time.start, time.stop)
    try:
        start_at, end_at = time
    except (TypeError, ValueError):
        message = f"time is (start, end) in seconds from the trigger, found {time!r}"
        raise BadArgumentError(message) from None
    first, last = _seconds(start_at, start), _seconds(end_at, start)
    if first is not None and last is not None and first > last:
        raise BadArgumentError(f"time ends before it begins: {time!r}")
    return first, last


def _seconds(at: Any, start: datetime | None) -> float | None:
    if at is None:
        return None
    if isinstance(at, np.ndarray) and at.ndim == 0:
        at = at[()]
    try:
        found = _known(at, start)
    except (ValueError, OverflowError) as error:
        raise BadArgumentError(f"time has {at!r}: {error}") from None
    if math.isnan(found):
        raise BadArgumentError(f"time has {at!r}, which is not a time")
    return found


def _known(at: Any, start: datetime | None) -> float:
    if isinstance(at, (bool, np.bool_)):
        raise ValueError("it is no time")
    if isinstance(at, (np.datetime64, np.timedelta64)):
        if np.isnat(at):
            raise ValueError("it is not a time")
        if isinstance(at, np.timedelta64):
            if np.datetime_data(at.dtype)[0] in ("Y", "M", "generic"):
                raise ValueError("months and years have no length: give days or seconds")
            since: Any = np.divide(at, np.timedelta64(1, "ns"))
            return float(since) / 1e9
        origin: Any = np.datetime64(_start(start), "us")
        return float((at - origin) / np.timedelta64(1, "ns")) / 1e9
    if isinstance(at, (datetime, timedelta)) and at != at:
        raise ValueError("it is not a time")
    if isinstance(at, timedelta):
        return at.total_seconds()
    if isinstance(at, datetime):
        return _since(at, start)
    if isinstance(at, date):
        raise ValueError("a day is no moment: give a datetime")
    obspy = sys.modules.get("obspy.core.utcdatetime")
    if obspy is not None and isinstance(at, obspy.UTCDateTime):
        # ObsPy knows UTC alone, and has the instrument's clock as it stands.
        epoch = _start(start) - datetime(1970, 1, 1)
        return (int(at.ns) - round(epoch / timedelta(microseconds=1)) * 1000) / 1e9
    if isinstance(at, numbers.Real):
        return float(at)
    raise ValueError(
        f"a {type(at).__name__} is no time that is known: give seconds from the trigger, a datetime, "
        "a numpy datetime64 or timedelta64, a pandas Timestamp or an obspy UTCDateTime"
    )


def _since(at: datetime, start: datetime | None) -> float:
    if at.tzinfo is not None:
        raise ValueError("the instrument knows no time zone: give its own clock's time, without one")
    plain = at.to_pydatetime(warn=False) if hasattr(at, "to_pydatetime") else at
    return (plain - _start(start)).total_seconds() + getattr(at, "nanosecond", 0) / 1e9


def _start(start: datetime | None) -> datetime:
    if start is None:
        raise ValueError("nothing states when this was recorded: give seconds from the trigger")
    return start
