"""Recordings as xarray, pandas and Arrow have them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np

from ._dataset import Dataset, Variable, dataset_of, holdable
from ._errors import UnsupportedError
from ._lazy import need
from ._recording import Recording
from ._stream import Stream
from ._units import Units


def to_xarray(recording: Recording, part: dict[str, Any], units: Units) -> Any:
    """A Dataset whose attributes netCDF and Zarr can hold."""
    xarray = need("xarray", "to_xarray", "xarray")
    data = dataset_of(recording, part, units)
    variables = {name: (it.dims, it.values, holdable(it.attrs)) for name, it in data.variables.items()}
    coordinates = {
        name: (it.dims, it.values, holdable(it.attrs)) for name, it in data.coordinates.items()
    }
    return xarray.Dataset(variables, coordinates, holdable(data.attrs))


def to_pandas(recording: Recording, part: dict[str, Any], units: Units) -> Any:
    """A DataFrame: one row a sample, interval or frame; units are in ``attrs["units"]``."""
    pandas = need("pandas", "to_pandas", "pandas")
    data = dataset_of(recording, part, units)
    columns = dict(_columns(recording, data))
    made: dict[str, Any] = {}
    for name, it in columns.items():
        values = it.values
        if it.utc:
            made[name] = pandas.DatetimeIndex(values, tz="UTC")
        elif values.dtype.isnative or values.dtype.kind not in "iufc":
            made[name] = values
        else:
            made[name] = values.astype(values.dtype.newbyteorder("="))
    index = made.pop(data.index) if data.index in made else None
    if index is not None:
        index = pandas.Index(index, name=data.index)
        made = {name: _without_index(pandas, one) for name, one in made.items()}
    frame = pandas.DataFrame(made, index=index)
    if isinstance(recording, Stream):
        # Detectors are numbers where a column may have one.
        frame.columns = pandas.Index([int(name) for name in frame.columns], name="channel")
    frame.attrs["units"] = _units(columns)
    return frame


def _without_index(pandas: Any, values: Any) -> Any:
    """Values that pandas takes by place."""
    return values.array if isinstance(values, pandas.Index) else values


def to_arrow(recording: Recording, part: dict[str, Any], units: Units) -> Any:
    """A Table over the memory of the samples: missing ones are null, nothing else is copied."""
    arrow = need("pyarrow", "to_arrow", "arrow")
    data = dataset_of(recording, part, units)
    arrays, fields = [], []
    for name, it in _columns(recording, data):
        array = _arrow_array(arrow, it)
        arrays.append(array)
        unit = {"unit": it.attrs["units"]} if "units" in it.attrs else None
        fields.append(arrow.field(name, array.type, metadata=unit))
    facts = dict(data.attrs) if isinstance(recording, Stream) else recording.metadata
    if isinstance(recording, Stream):
        facts["detectors"] = _detectors(data)
        if facts["rate_hz"] != facts["rate_hz"]:
            facts["rate_hz"] = None
    metadata = {"wavekeep": json.dumps(facts)}
    return arrow.Table.from_arrays(arrays, schema=arrow.schema(fields, metadata=metadata))


def _detectors(data: Dataset) -> dict[str, Any]:
    at = data.coordinates
    rows = zip(*(at[name].values.tolist() for name in ("channel_index", "band", "channel", "frequency_mhz")))
    return {
        str(index): {"band": band, "channel": channel, "frequency_mhz": mhz if mhz == mhz else None}
        for index, band, channel, mhz in rows
        if band >= 0
    }


def _units(columns: dict[str, Variable]) -> dict[str, str]:
    return {name: it.attrs["units"] for name, it in columns.items() if "units" in it.attrs}


def _columns(recording: Recording, data: Dataset) -> Iterator[tuple[str, Variable]]:
    """The columns of a table: what has one axis, and the rows of what has two."""
    if isinstance(recording, Stream):
        yield "time", data.coordinates["time"]
        samples = data.variables["data"]
        for row, index in enumerate(data.coordinates["channel_index"].values.tolist()):
            yield str(index), Variable(("time",), samples.values[row], samples.attrs)
        return
    found: list[tuple[str, Variable]] = []
    variables = {**data.coordinates, **data.variables}
    first = [data.index] if data.index in variables else []
    for name in dict.fromkeys([*first, *variables]):
        assert name is not None
        if name == "gaps" and str(data.attrs.get("schema", "")).startswith("wavekeep."):
            # Where samples are missing: they are so in their columns.
            continue
        it = variables[name]
        if it.values.ndim == 1:
            found.append((name, it))
        elif it.values.ndim == 2:
            by_record = "." in name and it.dims[1].startswith(name)
            rows = it.values.T if by_record else it.values
            found.extend((f"{name}_{row}", Variable(it.dims[1:], rows[row], it.attrs)) for row in range(len(rows)))
        else:
            message = f"{name!r} has {it.values.ndim} dimensions: a table has columns"
            raise UnsupportedError(message, path=recording.path)
    if len({len(it.values) for _, it in found}) > 1:
        raise UnsupportedError("arrays of different lengths make no table", path=recording.path)
    yield from found


def _arrow_array(arrow: Any, it: Variable) -> Any:
    values = np.ascontiguousarray(it.values)
    if it.utc:
        return arrow.array(values).cast(arrow.timestamp("ns", "UTC"))
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
