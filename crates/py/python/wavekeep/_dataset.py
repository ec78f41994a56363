"""What a recording is to xarray, pandas and Arrow: one set of variables for all three.

Names, axes and units are those of the HDF5, Zarr and GNZ that ``save`` writes, so that a file opened by
xarray and ``to_xarray()`` agree.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._arrays import ArrayFile, document
from ._errors import BadArgumentError, UnsupportedError
from ._event import Event
from ._recording import Recording, one_or_several
from ._stream import Stream
from ._stream_times import moments
from ._units import Units
from ._words import instead

#: What the numbers of ``frequency_flag`` mean, by place.
FREQUENCY_FLAGS = ("measured", "above_range", "below_range", "not_available", "missing")


@dataclass(frozen=True)
class Variable:
    """One array with the names of its axes; what xarray is to read later is no array yet."""

    dims: tuple[str, ...]
    values: Any
    attrs: dict[str, Any] = field(default_factory=dict)
    #: Whether the values are times in UTC; other times are by an instrument's own clock.
    utc: bool = False


@dataclass
class Dataset:
    """Variables, what names the values of their axes, and facts."""

    variables: dict[str, Variable]
    coordinates: dict[str, Variable]
    attrs: dict[str, Any]
    #: The coordinate by which rows of a table are found.
    index: str | None = None


def dataset_of(recording: Recording, part: dict[str, Any], units: Units) -> Dataset:
    """The variables of a part of a recording."""
    if isinstance(recording, Stream):
        return _of_stream(recording, part, units)
    if part.pop("drop_errored", False):
        raise BadArgumentError("only frames of a stream are marked bad by their sender", path=recording.path)
    if isinstance(recording, Event):
        chosen = recording.select(**part) if part else recording
        chosen = chosen if units is None else chosen._in(units)
        return _of_histogram(chosen) if chosen.kind == "histogram" else _of_waveform(chosen)
    assert isinstance(recording, ArrayFile)
    return _of_arrays(recording, part, units)


def _of_waveform(event: Event) -> Dataset:
    time = Variable(
        ("time",), event.t, {"units": "s", "long_name": "time from the trigger", "axis": "T"}
    )
    variables = {
        name: Variable(("time",), _values(event, place), _signal(event, place, ""))
        for place, name in enumerate(event.channels)
    }
    return Dataset(variables, {"time": time}, _facts(event), "time")


def _of_histogram(event: Event) -> Dataset:
    known = _value(event.metadata["time"].get("length_s")) is not None
    axis = "interval_start" if known else "interval"
    coordinates = {}
    length = event.shape[1]
    if known:
        about = {"units": "s", "long_name": "start of the interval", "axis": "T"}
        coordinates[axis] = Variable((axis,), event.t, about)
    else:
        about = {"long_name": "number of the interval"}
        coordinates[axis] = Variable((axis,), np.arange(length, dtype=np.int64), about)
    index = axis
    first = _value(event.metadata["time"].get("start"))
    if known and first is not None:
        index = "start_unit_local"
        micros = np.round(event.t * 1e6).astype("timedelta64[us]")
        about = {"long_name": "start of the interval by the unit's own clock, no time zone is known"}
        coordinates[index] = Variable((axis,), np.datetime64(first, "us") + micros, about)
    variables = {}
    for place, name in enumerate(event.channels):
        variables[f"{name}_peak"] = Variable(
            (axis,), _values(event, place), _signal(event, place, " peak")
        )
        numbers, flags = event._frequencies(place)
        about = {"units": "Hz", "long_name": f"{name} zero-crossing frequency of the peak"}
        variables[f"{name}_frequency"] = Variable((axis,), numbers, about)
        meaning = {
            "flag_values": np.arange(len(FREQUENCY_FLAGS), dtype=np.uint8),
            "flag_meanings": " ".join(FREQUENCY_FLAGS),
        }
        variables[f"{name}_frequency_flag"] = Variable((axis,), flags, meaning)
    return Dataset(variables, coordinates, _facts(event), index)


def _values(event: Event, place: int) -> NDArray[Any]:
    """Values, or raw numbers: floats with NaN where some are missing."""
    channel = event[place]
    if not event._is_raw:
        return channel.values
    raw = channel.raw
    if not isinstance(raw, np.ma.MaskedArray):
        return raw
    wide = np.result_type(raw.dtype, np.float32)
    filled: NDArray[Any] = np.ma.getdata(raw).astype(wide)
    filled[channel.mask] = np.nan
    return filled


def _signal(event: Event, place: int, what: str) -> dict[str, Any]:
    sensor = event._sensors.get(event.channels[place], "other")
    quantity = {"geophone": " particle velocity", "microphone": " air pressure"}.get(sensor, "")
    name = event.channels[place]
    unit = "count" if event._is_raw else event[place].unit
    return {"units": unit, "long_name": f"{name}{quantity}{what}"}


def _facts(event: Event) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "source": event.path,
        "format": event.format,
        "kind": event.kind,
        "assumed": ", ".join(event.assumed),
        "damaged": event.report.damaged,
        "clock": "unit-local",
    }
    if event.serial is not None:
        facts["serial"] = event.serial
    if event.start is not None:
        facts["start"] = event.start.isoformat()
    if event.rate_hz is not None:
        facts["rate_hz"] = event.rate_hz
    return facts


def _value(fact: Any) -> Any:
    return fact.get("value") if isinstance(fact, Mapping) else fact


# --- streams


def _of_stream(stream: Stream, part: dict[str, Any], units: Units) -> Dataset:
    raw = is_raw(stream, units)
    values = stream.read(**part, raw=raw)
    ask = stream._ask(
        channels=part.get("channels"),
        frames=stream._frames(part.get("frames")),
        time=part.get("time"),
        drop_errored=bool(part.get("drop_errored")),
    )
    time_ns = stream._handle.times(ask)
    return of_run(stream, ask, values, {"time_ns": time_ns, "time": moments(time_ns)}, raw)


def of_run(
    stream: Stream, ask: dict[str, Any], data: Any, times: Mapping[str, Any], raw: bool
) -> Dataset:
    """The variables of a part of a run.

    Parameters
    ----------
    ask
        The part, as the handle of the run is asked for it.
    data
        Its samples, ``[row, time]``, in memory or not.
    times
        Its times by the names of their coordinates, in memory or not: ``[time]``.
    raw
        Whether samples are counts.
    """
    rows = [it or (-1, -1, None) for it in stream._handle.detectors(ask)]
    frequencies = [np.nan if it[2] is None else it[2] for it in rows]
    columns: dict[str, tuple[Any, Any]] = {
        "channel_index": (np.array(stream._handle.indices(ask), np.int64), {}),
        "band": (np.array([it[0] for it in rows], np.int32), {}),
        "channel": (np.array([it[1] for it in rows], np.int32), {}),
        "frequency_mhz": (np.array(frequencies, np.float64), {"units": "MHz"}),
    }
    coordinates = {name: Variable(("row",), it, about) for name, (it, about) in columns.items()}
    about = {"long_name": "time of the frame, UTC"}
    for name, values in times.items():
        coordinates[name] = Variable(("time",), values, about, utc=name == "time")
    unit = "count" if raw else "rad"
    samples = Variable(("row", "time"), data, {"units": unit, "long_name": "samples"})
    facts = {
        "source": stream.path,
        "format": stream.format,
        "kind": stream.kind,
        "rate_hz": np.nan if stream.rate_hz is None else stream.rate_hz,
        "time_basis": stream._handle.time_basis,
    }
    return Dataset({"data": samples}, coordinates, facts, "time")


def is_raw(stream: Stream, units: Units) -> bool:
    """Whether the word for units means counts."""
    if units is None:
        return False
    words = {"rad": False, "si": False, "raw": True, "count": True, "counts": True}
    if not isinstance(units, str) or units.lower() not in words:
        message = f"a stream is in rad or count, found {units!r}{instead(str(units), words)}"
        raise BadArgumentError(message, path=stream.path)
    return words[units.lower()]


# --- files of arrays


def _of_arrays(file: ArrayFile, part: dict[str, Any], units: Units) -> Dataset:
    if units is not None:
        raise UnsupportedError("arrays of a file are in the units that it states", path=file.path)
    if "time" in part:
        raise UnsupportedError("arrays have no time to choose by: choose frames", path=file.path)
    names = [str(name) for name in one_or_several(part.pop("channels", file.channels))]
    frames = part.pop("frames", None)
    arrays = {name: file.read(name, frames) for name in names}
    metadata, units_of = file.metadata, file.units
    shapes = {name: file._describe(name)[2] for name in file.channels}
    is_stream = "data_unit" in metadata or file._describes_stream()
    layout = Layout(metadata, shapes, is_stream)
    variables: dict[str, Variable] = {}
    coordinates: dict[str, Variable] = {}
    for name, array in arrays.items():
        dims = layout.dims(name, file._describe(name)[2])
        for path, values in _fields(name, array):
            more = tuple(f"{path}_{axis}" for axis in range(values.ndim - len(dims)))
            about = {"units": units_of[name]} if name in units_of else {}
            variable = Variable((*dims, *more), values, about)
            is_coordinate = name in layout.coordinates or dims == (name,)
            (coordinates if is_coordinate else variables)[path] = variable
    used = {dim for it in [*variables.values(), *coordinates.values()] for dim in it.dims}
    for name, variable in layout.axes().items():
        if name not in coordinates and set(variable.dims) <= used:
            coordinates[name] = _cut(variable, frames)
    index = next((name for name in ("start_unit_local", "time", "interval_start", "time_ns") if name in coordinates), None)
    return Dataset(variables, coordinates, dict(metadata), index)


def _cut(variable: Variable, frames: Any) -> Variable:
    from ._recording import one_frame_range

    if frames is None:
        return variable
    start, stop = one_frame_range(frames, len(variable.values))
    return Variable(variable.dims, variable.values[start:stop], variable.attrs, variable.utc)


def _fields(name: str, array: NDArray[Any]) -> Iterator[tuple[str, NDArray[Any]]]:
    """The simple fields of records, by their path."""
    if array.dtype.names is None:
        yield name, array
        return
    for part in array.dtype.names:
        yield from _fields(f"{name}.{part}", array[part])


class Layout:
    """What the axes of the arrays of a file are called.

    A file that wavekeep wrote of an event says its length and its time: axes of that length are
    ``time`` or ``interval_start``. Of a stream: ``row`` and ``time``. An array that is called
    ``time`` and has one axis names that axis. All others are ``dim_0``, ``dim_1``, … : axes of one
    length have one name, in the order in which lengths occur; a length that occurs twice in one array
    has two names.
    """

    def __init__(
        self, metadata: Mapping[str, Any], shapes: dict[str, tuple[int, ...]], is_stream: bool
    ) -> None:
        self._metadata = metadata
        self._shapes = shapes
        self._is_stream = is_stream and len(shapes.get("data", ())) == 2
        self._known: dict[tuple[int, int], str] = {}
        #: The names of arrays that say where others are.
        self.coordinates: tuple[str, ...] = ()
        if self._is_stream:
            self.coordinates = ("channel_index", "band", "channel", "frequency_mhz", "time_ns")
        self._time = None if self._is_stream else _time_axis(metadata, shapes)
        if self._time is not None:
            self._known[(self._time[1], 0)] = self._time[0]
        others = sorted(
            {key for shape in shapes.values() for key in _lengths(shape)} - set(self._known),
            key=list(dict.fromkeys(key for shape in shapes.values() for key in _lengths(shape))).index,
        )
        taken = set(shapes)
        number = 0
        for key in others:
            while f"dim_{number}" in taken:
                number += 1
            self._known[key] = f"dim_{number}"
            number += 1

    def dims(self, name: str, shape: tuple[int, ...]) -> tuple[str, ...]:
        """The names of the axes of an array."""
        if self._is_stream:
            rows, frames = self._shapes["data"]
            if name == "data":
                return ("row", "time")
            if name in self.coordinates and name != "time_ns":
                return ("row",) if shape == (rows,) else self._plain(shape)
            if shape and shape[-1] == frames:
                return ("time",) if len(shape) == 1 else (f"{name}_row", "time")[-len(shape) :]
        return self._plain(shape)

    def _plain(self, shape: tuple[int, ...]) -> tuple[str, ...]:
        return tuple(self._known[key] for key in _lengths(shape))

    def axes(self) -> dict[str, Variable]:
        """What the file says of its axes without an array for it."""
        if self._is_stream:
            return {}
        if self._time is None:
            return {}
        name, length, known = self._time
        if known is None:
            return {}
        first, step = known
        if name == "interval":
            about = {"long_name": "number of the interval"}
            return {name: Variable((name,), np.arange(length, dtype=np.int64), about)}
        values = first + np.arange(length) * step
        what = "time from the trigger" if name == "time" else "start of the interval"
        found = {name: Variable((name,), values, {"units": "s", "long_name": what, "axis": "T"})}
        started = _value(_mapping(document(self._metadata.get("time"))).get("start"))
        if name == "interval_start" and isinstance(started, str):
            try:
                moment = np.datetime64(datetime.fromisoformat(started), "us")
            except ValueError:
                return found
            micros = np.round(values * 1e6).astype("timedelta64[us]")
            about = {"long_name": "start of the interval by the unit's own clock, no time zone is known"}
            found["start_unit_local"] = Variable((name,), moment + micros, about)
        return found


def _lengths(shape: tuple[int, ...]) -> list[tuple[int, int]]:
    """Each axis as its length, and how often that length was there before."""
    return [(length, shape[:axis].count(length)) for axis, length in enumerate(shape)]


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _time_axis(
    metadata: Mapping[str, Any], shapes: dict[str, tuple[int, ...]]
) -> tuple[str, int, tuple[float, float] | None] | None:
    """Name and length of the axis of time, first value and step where metadata states them."""
    about = _mapping(document(metadata.get("time")))
    lengths = {shape[-1] for shape in shapes.values() if shape}
    length = metadata.get("length")
    if isinstance(length, str) and length.isdecimal() and len(length) < 19:
        length = int(length)
    if not isinstance(length, int) or isinstance(length, bool):
        length = lengths.pop() if len(lengths) == 1 else None
    for name in ("time", "interval_start"):
        if len(shapes.get(name, ())) == 1:
            # An array says it; of intervals metadata may say more.
            interval = _number(_value(about.get("length_s"))) if name != "time" else None
            return name, shapes[name][0], (0.0, interval) if interval else None
    if length not in {shape[-1] for shape in shapes.values() if shape}:
        return None
    interval = _number(_value(about.get("length_s")))
    if interval:
        return "interval_start", int(length), (0.0, interval)
    if about.get("axis") == "intervals":
        # Nothing states how long they are.
        return "interval", int(length), (0.0, 1.0)
    step, rate = _number(about.get("step_s")), _number(_value(about.get("rate_hz")))
    step = step or (1 / rate if rate else None)
    if not step:
        return None
    before = _number(_value(about.get("pretrigger_s"))) or 0.0
    first = _number(about.get("first_s"))
    return "time", int(length), (-before if first is None else first, step)


def _number(value: Any) -> float | None:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if is_number and np.isfinite(value) else None


def holdable(attrs: Mapping[str, Any]) -> dict[str, Any]:
    """Facts as netCDF and Zarr can hold them: text, numbers and lists of one kind; all else is JSON
    text. What is nothing is left out."""
    found: dict[str, Any] = {}
    for name, value in attrs.items():
        if value is None or not name:
            continue
        found[name.replace("/", "_")] = _holdable(value)
    return found


def _holdable(value: Any) -> Any:
    if isinstance(value, (bool, np.bool_)):
        return int(value)
    if isinstance(value, (int, np.integer)):
        return int(value) if -(2**63) <= value < 2**63 else str(value)
    if isinstance(value, (float, str, np.ndarray)):
        return value
    if isinstance(value, (list, tuple)) and value:
        plain = [_holdable(one) for one in value]
        if all(isinstance(one, str) for one in value) or all(
            isinstance(one, (int, float)) and not isinstance(one, bool) for one in plain
        ):
            return plain
    return json.dumps(value, ensure_ascii=False)
