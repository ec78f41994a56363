"""Recordings as ObsPy has them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from . import _wavekeep
from ._errors import BadArgumentError, UnsupportedError
from ._event import Event
from ._lazy import need
from ._recording import Recording
from ._stream import Stream

#: The samples that ObsPy knows and its writers take.
_DTYPES = (np.dtype(np.int32), np.dtype(np.float32), np.dtype(np.float64))


def to_obspy(
    recording: Recording, *, raw: bool = False, dtype: DTypeLike | None = None, **selection: Any
) -> Any:
    """An ``obspy.Stream``: a trace for every run of samples without a gap.

    Codes are those of ``save("….mseed")``: ``docs/formats/miniseed.md``, and
    :func:`wavekeep.seed.serial` for the way back. What ObsPy has no place for is in
    ``trace.stats.wavekeep``: the serial number, the unit, the clock (an event's time is that of the
    instrument, no zone is known), what was assumed.

    Samples are 64-bit floats, with ``raw`` 32-bit integers. ``dtype`` is another type, as some of
    ObsPy's writers ask for: ``"f4"`` for SAC and SEG-Y.
    """
    obspy = need("obspy", "to_obspy", "obspy")
    kind = np.dtype(dtype or (np.int32 if raw else np.float64))
    if kind not in _DTYPES:
        raise BadArgumentError(f"ObsPy has samples of int32, float32 and float64, not {kind}")
    if kind.kind == "i" and not raw:
        raise BadArgumentError("values in units are no integers: ask for raw=True, or for floats")
    if isinstance(recording, Event):
        part = recording.select(**selection) if selection else recording
        return obspy.Stream(_event_traces(obspy, part, raw, kind))
    if isinstance(recording, Stream):
        return obspy.Stream(_stream_traces(obspy, recording, raw, kind, selection))
    raise UnsupportedError("arrays have no time axis: ObsPy cannot hold them", path=recording.path)


def _event_traces(obspy: Any, event: Event, raw: bool, dtype: np.dtype[Any]) -> list[Any]:
    if event.kind == "histogram" or event.rate_hz is None:
        message = "a histogram is no waveform: use to_pandas or to_xarray"
        raise UnsupportedError(message, path=event.path)
    if event.start is None:
        message = "nothing states when this was recorded: ObsPy has no traces without a time"
        raise UnsupportedError(message, path=event.path)
    trigger = obspy.UTCDateTime(event.start)
    codes = event._handle.seed_codes(event.rate_hz)
    traces = []
    for place, name in enumerate(event.channels):
        channel = event[place]
        values = np.ma.getdata(channel.raw) if raw else channel.values
        unit = "count" if raw else channel.unit
        for first, end in _runs(channel.gaps, event.shape[1]):
            stats = {
                **_named(codes[place]),
                "sampling_rate": event.rate_hz,
                "starttime": trigger + float(event.t[first]),
                "wavekeep": {
                    "channel": name,
                    "serial": event.serial,
                    "unit": unit,
                    "clock": "unit-local",
                    "assumed": list(event.assumed),
                    "source": event.path,
                },
            }
            # ObsPy changes traces in place: they own their samples.
            data = np.array(values[first:end], dtype=dtype)
            traces.append(obspy.Trace(data, header=stats))
    return traces


def _stream_traces(
    obspy: Any, stream: Stream, raw: bool, dtype: np.dtype[Any], selection: dict[str, Any]
) -> list[Any]:
    if stream.rate_hz is None:
        raise UnsupportedError("nothing states the rate of this run, or it changes", path=stream.path)
    data = stream.read(raw=raw, **selection)
    ask = stream._ask(
        channels=selection.get("channels"),
        frames=stream._frames(selection.get("frames")),
        time=selection.get("time"),
        drop_errored=bool(selection.get("drop_errored")),
    )
    times = stream._handle.times(ask)
    # A trace cannot skip time: where frames are missing, or the clock was set, another one begins.
    period = 1e9 / stream.rate_hz
    apart = np.abs(np.subtract(np.diff(times.astype(np.int64)), period)) > period / 2
    edges = [0, *(int(at) + 1 for at in np.flatnonzero(apart)), len(times)]
    traces = []
    for row, index in enumerate(stream._handle.indices(ask)):
        codes = _wavekeep.seed_stream(index, stream.rate_hz)
        if codes is None:
            message = f"ObsPy has no codes for channel {index}: choose others"
            raise UnsupportedError(message, path=stream.path)
        for first, end in zip(edges[:-1], edges[1:]):
            if first == end:
                continue
            stats = {
                **_named(codes),
                "sampling_rate": stream.rate_hz,
                "starttime": obspy.UTCDateTime(ns=int(times[first])),
                "wavekeep": {
                    "channel": str(index),
                    "unit": "count" if raw else "rad",
                    "clock": stream.metadata["time_basis"],
                    "source": stream.path,
                },
            }
            samples = np.ascontiguousarray(data[row, first:end], dtype=dtype)
            traces.append(obspy.Trace(samples, header=stats))
    return traces


def _runs(gaps: tuple[tuple[int, int], ...], length: int) -> list[tuple[int, int]]:
    """The parts of ``length`` samples between the gaps."""
    edges = [0, *(edge for gap in gaps for edge in gap), length]
    return [(first, end) for first, end in zip(edges[::2], edges[1::2]) if first < end]


def _named(codes: tuple[str, str, str, str]) -> dict[str, str]:
    return dict(zip(("network", "station", "location", "channel"), codes, strict=True))
