"""Recordings as xarray, pandas and Arrow have them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._arrays import ArrayFile
from ._errors import Unsupported
from ._event import Event
from ._lazy import need
from ._recording import Recording, one_or_several
from ._stream import Stream


def to_xarray(recording: Recording, **selection: Any) -> Any:
    """A Dataset: one variable a channel (event), ``phase[channel, time]`` (stream), one variable an
    array (array file)."""
    xarray = need("xarray", "to_xarray", "xarray")
    if isinstance(recording, Event):
        part = recording.select(**selection) if selection else recording
        axis = {"units": "s", "long_name": "time from the trigger"}
        if part.kind == "histogram":
            axis["long_name"] = "time from the start"
        traces = {
            name: (("time",), part[place].values, {"units": part[place].unit})
            for place, name in enumerate(part.channels)
        }
        return xarray.Dataset(traces, {"time": ("time", part.t, axis)}, _facts(part))
    if isinstance(recording, Stream):
        phase, times, channels, detectors = _stream(recording, selection)
        # Of one run: channel numbers and UTC.
        coordinates = {"channel": channels, "time": ("time", times)}
        if any(detectors):
            rows = [it or (-1, -1, None) for it in detectors]
            coordinates["band"] = ("channel", np.array([it[0] for it in rows]))
            coordinates["band_channel"] = ("channel", np.array([it[1] for it in rows]))
            frequencies = np.array([np.nan if it[2] is None else it[2] for it in rows])
            coordinates["frequency"] = ("channel", frequencies, {"units": "MHz"})
        return xarray.Dataset(
            {"phase": (("channel", "time"), phase, {"units": "rad"})},
            coordinates,
            {"rate_hz": recording.rate_hz or np.nan, "source": recording.path},
        )
    variables: dict[str, Any] = {}
    for name in one_or_several(selection.pop("channels", recording.channels)):
        array = recording[name]
        variables[name] = (tuple(f"{name}_{axis}" for axis in range(array.ndim)), array)
    _nothing_left(selection)
    return xarray.Dataset(variables, attrs=dict(recording.metadata))


def to_pandas(recording: Recording, **selection: Any) -> Any:
    """A DataFrame: one row a sample, interval or frame; units are in ``attrs["units"]``."""
    pandas = need("pandas", "to_pandas", "pandas")
    if isinstance(recording, Stream):
        phase, times, channels, _ = _stream(recording, selection)
        index = pandas.DatetimeIndex(times, name="time", tz="UTC")
        frame = pandas.DataFrame(
            phase.T, index=index, columns=pandas.Index(channels, name="channel")
        )
        frame.attrs["units"] = "rad"
        return frame
    columns, units = _columns(recording, selection)
    if isinstance(recording, Event):
        part = recording.select(**selection) if selection else recording
        frame = pandas.DataFrame(columns, index=_index(pandas, part))
    else:
        frame = pandas.DataFrame(columns)
    frame.attrs["units"] = units
    return frame


def to_arrow(recording: Recording, **selection: Any) -> Any:
    """A Table over the memory of the samples: missing ones are null, nothing else is copied."""
    arrow = need("pyarrow", "to_arrow", "arrow")
    if isinstance(recording, Stream):
        phase, times, channels, detectors = _stream(recording, selection)
        columns: dict[str, Any] = {"time": times}
        columns.update((str(channel), phase[row]) for row, channel in enumerate(channels))
        units = dict.fromkeys(map(str, channels), "rad")
        known = {
            str(channel): {"band": it[0], "channel": it[1], "frequency_mhz": it[2]}
            for channel, it in zip(channels, detectors)
            if it
        }
        facts: dict[str, Any] = {
            "source": recording.path, "rate_hz": recording.rate_hz, "detectors": known,
        }
    else:
        columns, units = _columns(recording, selection)
        facts = recording.metadata
        if isinstance(recording, Event):
            part = recording.select(**selection) if selection else recording
            columns = {"time_s": part.t, **columns}
            units["time_s"] = "s"
    arrays, fields = [], []
    for name, values in columns.items():
        array = _arrow_array(arrow, values)
        arrays.append(array)
        unit = {"unit": units[name]} if name in units else None
        fields.append(arrow.field(name, array.type, metadata=unit))
    metadata = {"wavekeep": json.dumps(facts)}
    return arrow.Table.from_arrays(arrays, schema=arrow.schema(fields, metadata=metadata))


def _arrow_array(arrow: Any, values: Any) -> Any:
    if isinstance(values, list):
        return arrow.array(values)
    values = np.ascontiguousarray(values)
    if values.dtype.kind not in "iuf":
        return arrow.array(values)
    if not values.dtype.isnative:
        values = values.astype(values.dtype.newbyteorder("="))
    kind = arrow.from_numpy_dtype(values.dtype)
    missing = np.isnan(values) if values.dtype.kind == "f" else np.zeros(0, bool)
    valid = None
    if missing.any():
        valid = arrow.py_buffer(np.packbits(~missing, bitorder="little"))
    return arrow.Array.from_buffers(kind, len(values), [valid, arrow.py_buffer(values)])


def _stream(
    stream: Stream, selection: dict[str, Any]
) -> tuple[Any, Any, list[int], list[tuple[int, int, float | None] | None]]:
    raw = bool(selection.get("raw")) or bool(selection.get("iq"))
    if raw:
        raise Unsupported("this is made of phases: read() gives counts", path=stream.path)
    asked = dict(selection)
    phase = stream.read(**asked)
    ask = stream._ask(
        channels=asked.get("channels"),
        frames=stream._frames(asked.get("frames")),
        time=asked.get("time"),
        drop_errored=bool(asked.get("drop_errored")),
    )
    times = stream._handle.times(ask).view("datetime64[ns]")
    return phase, times, stream._handle.indices(ask), stream._handle.detectors(ask)


def _columns(
    recording: Recording, selection: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, str]]:
    """Columns of one length, and the units of those that have one."""
    columns: dict[str, Any] = {}
    if isinstance(recording, Event):
        part = recording.select(**selection) if selection else recording
        units = {}
        for place, name in enumerate(part.channels):
            channel = part[place]
            columns[name] = channel.values
            units[name] = channel.unit
            if part.kind == "histogram":
                numbers, words = part.frequency_hz(place)
                columns[f"{name}_frequency"] = words
                columns[f"{name}_hz"] = numbers
                units[f"{name}_hz"] = "Hz"
        return columns, units
    assert isinstance(recording, ArrayFile)
    for name in one_or_several(selection.pop("channels", recording.channels)):
        array = recording[name]
        if array.dtype.names is not None and array.ndim == 1:
            columns.update(_fields(name, array))
        elif array.ndim == 1:
            columns[name] = array
        elif array.ndim == 2:
            columns.update((f"{name}_{row}", array[row]) for row in range(len(array)))
        else:
            message = f"{name!r} has {array.ndim} dimensions: a table has columns"
            raise Unsupported(message, path=recording.path)
    _nothing_left(selection)
    if len({len(column) for column in columns.values()}) > 1:
        raise Unsupported("arrays of different lengths make no table", path=recording.path)
    return columns, {}


def _fields(name: str, array: NDArray[Any]) -> Iterator[tuple[str, NDArray[Any]]]:
    """The simple fields of records, by their path; a field that is an array is a column an element."""
    if array.dtype.names is not None:
        for field in array.dtype.names:
            yield from _fields(f"{name}.{field}", array[field])
        return
    for place in np.ndindex(array.shape[1:]):
        yield "_".join([name, *map(str, place)]), array[(slice(None), *place)]


def _index(pandas: Any, event: Event) -> Any:
    if event.kind != "histogram":
        return pandas.Index(event.t, name="time_s")
    start, step = event.metadata["time"]["start"], event.metadata["time"]["length_s"]
    if start is None or step is None:
        return pandas.RangeIndex(len(event), name="interval")
    first = pandas.Timestamp(start["value"])
    moments = [first + timedelta(seconds=step["value"] * number) for number in range(len(event))]
    return pandas.DatetimeIndex(moments, name="start")


def _facts(event: Event) -> dict[str, Any]:
    """What netCDF and Zarr can hold too: text and numbers."""
    facts: dict[str, Any] = {
        "source": event.path,
        "format": event.format,
        "kind": event.kind,
        "assumed": ", ".join(event.assumed),
        "damaged": int(event.report.damaged),
        "clock": "unit-local",
    }
    if event.serial is not None:
        facts["serial"] = event.serial
    if event.start is not None:
        facts["start"] = event.start.isoformat()
    if event.rate_hz is not None:
        facts["rate_hz"] = event.rate_hz
    return facts


def _nothing_left(selection: dict[str, Any]) -> None:
    if selection:
        raise Unsupported(f"arrays are chosen by channels=…, not by {', '.join(selection)}")
