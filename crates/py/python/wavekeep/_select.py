"""Which frames and times of a stream are meant."""

from __future__ import annotations

import numbers
import sys
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Union

import numpy as np

from ._errors import BadArgumentError, SelectionError
from ._recording import Frames, one_frame_range
from ._stream_times import moment

if TYPE_CHECKING:
    from typing_extensions import TypeAlias

    from obspy import UTCDateTime

    #: A moment, or seconds from the first frame.
    Moment: TypeAlias = Union[
        float, datetime, timedelta, "np.datetime64", "np.timedelta64", UTCDateTime, None
    ]

_NS = 1_000_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MOST = 2**64 - 1
#: Units of numpy's times: so many ns, or so many of them are one ns.
_LONG = {"W": 7 * 86400 * _NS, "D": 86400 * _NS, "h": 3600 * _NS, "m": 60 * _NS, "s": _NS}
_LONG |= {"ms": 1_000_000, "us": 1000, "ns": 1}
_SHORT = {"ps": 1000, "fs": 1_000_000, "as": _NS}


def frames_of(frames: Frames, length: int) -> tuple[int, int]:
    """``(start, stop)`` within ``length`` frames; a choice that names none is an error."""
    bounds = (frames.start, frames.stop) if isinstance(frames, slice) else frames
    if isinstance(bounds, tuple) and any(isinstance(one, (bool, np.bool_)) for one in bounds):
        raise BadArgumentError(f"frames are integers, found {frames!r}")
    start, stop = one_frame_range(frames, length)
    if start >= stop and length:
        raise SelectionError(f"frames {frames!r} name none of the {length} that there are")
    return start, max(start, stop)


def times_of(time: Any, span: Callable[[], tuple[int, int] | None]) -> tuple[int, int]:
    """``(start, end)`` in UNIX ns. ``span`` gives the times of the first and the last frame of the
    run."""
    if isinstance(time, (str, bytes)) or not isinstance(time, (Sequence, np.ndarray)):
        raise BadArgumentError(f"time is (start, end), found {time!r}")
    if len(time) != 2:
        raise BadArgumentError(f"time is (start, end), found {len(time)} values")
    of_run = span()
    first, last = of_run or (0, 0)

    def bound(at: Any, default: int) -> int:
        if at is None:
            return default
        try:
            return min(max(unix_ns(at, first), 0), _MOST)
        except (TypeError, ValueError, OverflowError) as error:
            raise BadArgumentError(f"time has {at!r}: {error}") from error

    start, end = bound(time[0], 0), bound(time[1], _MOST)
    if start >= end:
        raise SelectionError(f"time {tuple(time)!r} ends before it begins: nothing lies in it")
    if of_run is not None and (end <= first or start > last):
        begin, final = moment(first, "ns"), moment(last, "ns")
        message = f"no frame lies in time {tuple(time)!r}: the run is from {begin} to {final}"
        raise SelectionError(message)
    return start, end


def unix_ns(at: Any, origin: int) -> int:
    """A moment in UNIX ns, without rounding where it states one; seconds count from ``origin``."""
    if isinstance(at, np.ndarray) and at.ndim == 0:
        at = at[()]
    if isinstance(at, np.datetime64):
        return _datetime64_ns(at)
    if isinstance(at, np.timedelta64):
        return origin + _timedelta64_ns(at)
    if isinstance(at, (bool, np.bool_)):
        raise TypeError("it is no time")
    if isinstance(at, (datetime, timedelta)) and at != at:
        raise ValueError("it is not a time")
    if isinstance(at, timedelta):
        return origin + _timedelta_ns(at)
    if isinstance(at, datetime):
        # pandas' Timestamp has the nanoseconds beside.
        whole = at.to_pydatetime(warn=False) if hasattr(at, "to_pydatetime") else at
        aware = whole if whole.tzinfo is not None else whole.replace(tzinfo=timezone.utc)
        return _timedelta_ns(aware - _EPOCH) + int(getattr(at, "nanosecond", 0))
    if isinstance(at, date):
        raise TypeError("a day is no moment: give a datetime")
    obspy = sys.modules.get("obspy.core.utcdatetime")
    if obspy is not None and isinstance(at, obspy.UTCDateTime):
        return int(at.ns)
    if isinstance(at, numbers.Integral):
        return origin + int(at) * _NS
    if isinstance(at, numbers.Real):
        return origin + round(float(at) * _NS)
    raise TypeError(
        f"a {type(at).__name__} is no time that is known: give seconds from the first frame, a "
        "datetime, a numpy datetime64 or timedelta64, a pandas Timestamp or an obspy UTCDateTime"
    )


def _timedelta_ns(since: timedelta) -> int:
    whole = (since.days * 86400 + since.seconds) * _NS + since.microseconds * 1000
    return whole + int(getattr(since, "nanoseconds", 0))


def _datetime64_ns(at: np.datetime64) -> int:
    if np.isnat(at):
        raise ValueError("it is not a time")
    if np.datetime_data(at.dtype)[0] in ("Y", "M"):
        at = at.astype("datetime64[D]")
    return _in_ns(at)


def _timedelta64_ns(since: np.timedelta64) -> int:
    if np.isnat(since):
        raise ValueError("it is not a time")
    if np.datetime_data(since.dtype)[0] in ("Y", "M", "generic"):
        raise ValueError("months and years have no length: give days or seconds")
    return _in_ns(since)


def _in_ns(at: np.datetime64 | np.timedelta64) -> int:
    """Exact; a part of a ns goes up, since frames have whole ones."""
    unit, count = np.datetime_data(at.dtype)
    value = int(at.astype(np.int64)) * count
    return value * _LONG[unit] if unit in _LONG else -(-value // _SHORT[unit])
