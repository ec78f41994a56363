"""Recordings as ObsPy has them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._errors import Unsupported
from ._event import Event
from ._lazy import need
from ._recording import Recording
from ._stream import Stream

#: Orientation codes by the vendor's names.
_CODES = {"tran": "PT", "vert": "PZ", "long": "PR", "micl": "DF"}


def to_obspy(recording: Recording, *, raw: bool = False, **selection: Any) -> Any:
    """An ``obspy.Stream``: a trace for every run of samples without a gap.

    Codes are those of ``save("….mseed")``: network ``XX``, the serial number as station, band,
    source and orientation by the FDSN's tables. What ObsPy has no place for is in
    ``trace.stats.wavekeep``: the unit, the clock (an event's time is that of the instrument, no
    zone is known), what was assumed.
    """
    obspy = need("obspy", "to_obspy", "obspy")
    if isinstance(recording, Event):
        part = recording.select(**selection) if selection else recording
        return obspy.Stream(_event_traces(obspy, part, raw))
    if isinstance(recording, Stream):
        return obspy.Stream(_stream_traces(obspy, recording, raw, selection))
    raise Unsupported("arrays have no time axis: ObsPy cannot hold them", path=recording.path)


def _event_traces(obspy: Any, event: Event, raw: bool) -> list[Any]:
    if event.kind == "histogram" or event.rate_hz is None:
        message = "a histogram is no waveform: use to_pandas or to_xarray"
        raise Unsupported(message, path=event.path)
    if event.start is None:
        message = "nothing states when this was recorded: ObsPy has no traces without a time"
        raise Unsupported(message, path=event.path)
    station = _code(event.serial or "") or "UNKNOWN"
    trigger = obspy.UTCDateTime(event.start)
    band = band_code(event.rate_hz)
    traces = []
    for place, name in enumerate(event.channels):
        channel = event[place]
        values = np.ma.getdata(channel.raw) if raw else channel.values
        unit = "count" if raw else channel.unit
        for first, end in _runs(channel.gaps, event.shape[1]):
            stats = {
                "network": "XX",
                "station": station,
                "location": "",
                "channel": band + _CODES.get(name.lower(), _code(name)),
                "sampling_rate": event.rate_hz,
                "starttime": trigger + float(event.t[first]),
                "wavekeep": {
                    "channel": name,
                    "unit": unit,
                    "clock": "unit-local",
                    "assumed": list(event.assumed),
                    "source": event.path,
                },
            }
            # ObsPy changes traces in place: they own their samples. It knows no int16.
            data = np.array(values[first:end], dtype=np.int32 if raw else np.float64)
            traces.append(obspy.Trace(data, header=stats))
    return traces


def _stream_traces(obspy: Any, stream: Stream, raw: bool, selection: dict[str, Any]) -> list[Any]:
    if stream.rate_hz is None:
        raise Unsupported("nothing states the rate of this run, or it changes", path=stream.path)
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
        for first, end in zip(edges[:-1], edges[1:]):
            if first == end:
                continue
            stats = {
                "network": "XX",
                "station": "SMURF",
                "location": "",
                "channel": f"{band_code(stream.rate_hz)}Y{index}",
                "sampling_rate": stream.rate_hz,
                "starttime": obspy.UTCDateTime(ns=int(times[first])),
                "wavekeep": {
                    "channel": str(index),
                    "unit": "count" if raw else "rad",
                    "clock": stream.metadata["time_basis"],
                    "source": stream.path,
                },
            }
            traces.append(obspy.Trace(np.ascontiguousarray(data[row, first:end]), header=stats))
    return traces


def _runs(gaps: tuple[tuple[int, int], ...], length: int) -> list[tuple[int, int]]:
    """The parts of ``length`` samples between the gaps."""
    edges = [0, *(edge for gap in gaps for edge in gap), length]
    return [(first, end) for first, end in zip(edges[::2], edges[1::2]) if first < end]


def _code(name: str) -> str:
    """The last eight letters and digits: where serial numbers differ."""
    return "".join(letter for letter in name if letter.isascii() and letter.isalnum()).upper()[-8:]


def band_code(rate_hz: float) -> str:
    """The FDSN's band code of a sensor whose corner period is under 10 s."""
    # The table says "about 1" for L.
    bands = ((5000, "J"), (1000, "G"), (250, "D"), (80, "E"), (10, "S"), (1.05, "M"), (0.95, "L"))
    slow = ((1e-1, "V"), (1e-2, "U"), (1e-3, "W"), (1e-4, "R"), (1e-5, "P"), (1e-6, "T"))
    return next((code for least, code in (*bands, *slow) if rate_hz >= least), "Q")
