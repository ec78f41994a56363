"""The tables of a run: their columns, and the record batches of samples."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .._lazy import need
from .._stream import Stream, as_ranges

if TYPE_CHECKING:
    import pyarrow

#: The columns with the frame and with the time of a row.
FRAME_COLUMN = {"blocks": "first_frame", "frames": "frame"}
TIME_COLUMN = {"blocks": "start", "frames": "time"}
#: Maximum number of rows in a batch of frames.
_ROWS = 1 << 18


def schema_of(table: str, raw: bool) -> pyarrow.Schema:
    """The columns of `blocks` or `frames`."""
    arrow = need("pyarrow", "a scan", "arrow")
    value = arrow.int32() if raw else arrow.float64()
    unit = {"unit": "count" if raw else "rad"}
    moment = arrow.timestamp("us", "UTC")
    if table == "frames":
        return arrow.schema(
            [
                ("channel", arrow.int32()),
                ("frame", arrow.int64()),
                ("time", moment),
                arrow.field("value", value, metadata=unit),
            ]
        )
    return arrow.schema(
        [
            ("channel", arrow.int32()),
            ("first_frame", arrow.int64()),
            ("start", moment),
            arrow.field("rate_hz", arrow.float64(), metadata={"unit": "Hz"}),
            arrow.field("samples", arrow.list_(value), metadata=unit),
        ]
    )


def microseconds(times_ns: NDArray[np.uint64]) -> Any:
    """Times as an Arrow array: whole µs since 1970 in UTC, null past the year 2262."""
    arrow = need("pyarrow", "a scan", "arrow")
    micros = (times_ns // 1000).astype(np.int64)
    beyond = times_ns >= 2**63
    return arrow.array(micros, arrow.timestamp("us", "UTC"), mask=beyond if beyond.any() else None)


def times_of(run: Stream, start: int, stop: int) -> NDArray[np.uint64]:
    """UNIX ns of frames."""
    return run._handle.times(run._ask(section=False, frames=(start, stop)))


def cuts(run: Stream, start: int, stop: int, blockframes: int) -> list[tuple[int, int]]:
    """Ranges of consecutive, evenly spaced frames: cut at multiples of ``blockframes``, and where
    ``frame_counter`` does not increase by the usual step."""
    edges = {start, stop, *range(start - start % blockframes + blockframes, stop, blockframes)}
    gaps = run.gaps
    for gap in gaps[bisect_left(gaps, start, key=lambda one: one.frames.stop) :]:
        if gap.frames.start >= stop:
            break
        edges.update(range(max(gap.frames.start, start), min(gap.frames.stop, stop)))
    ordered = sorted(edges)
    return list(zip(ordered, ordered[1:]))


def block_batches(
    run: Stream,
    channels: list[int],
    frames: tuple[int, int],
    blockframes: int,
    raw: bool,
    needed: frozenset[str],
) -> Iterator[pyarrow.RecordBatch]:
    """Batches of `blocks`: one row per channel and range of frames."""
    arrow = need("pyarrow", "a scan", "arrow")
    schema = schema_of("blocks", raw)
    for start, stop in cuts(run, *frames, blockframes):
        count = len(channels)
        columns = {
            "channel": lambda: arrow.array(channels, arrow.int32()),
            "first_frame": lambda: arrow.repeat(arrow.scalar(start, arrow.int64()), count),
            "start": lambda: microseconds(np.repeat(times_of(run, start, start + 1), count)),
            "rate_hz": lambda: arrow.array([run.rate_hz] * count, arrow.float64()),
            "samples": lambda: _lists(
                _read(run, channels, start, stop, raw), schema.field("samples").type
            ),
        }
        names = [name for name in schema.names if name in needed]
        yield _batch(count, names, [columns[name]() for name in names], schema)


def frame_batches(
    run: Stream,
    channels: list[int],
    frames: tuple[int, int],
    blockframes: int,
    raw: bool,
    needed: frozenset[str],
) -> Iterator[pyarrow.RecordBatch]:
    """Batches of `frames`: one row per channel and frame."""
    arrow = need("pyarrow", "a scan", "arrow")
    schema = schema_of("frames", raw)
    names = [name for name in schema.names if name in needed]
    first, end = frames
    for start in range(first, end, blockframes):
        stop = min(start + blockframes, end)
        length = stop - start
        # The number of channels in a batch; batches share the columns that are equal in each.
        together = max(_ROWS // length, 1)
        samples = _read(run, channels, start, stop, raw) if "value" in needed else None
        numbers = (
            np.tile(np.arange(start, stop), min(together, len(channels))) if "frame" in needed else None
        )
        times = None
        if "time" in needed:
            times = microseconds(np.tile(times_of(run, start, stop), min(together, len(channels))))
        for at in range(0, len(channels), together):
            group = channels[at : at + together]
            rows = len(group) * length
            arrays = []
            for name in names:
                if name == "channel":
                    arrays.append(arrow.array(np.repeat(np.array(group, np.int32), length)))
                elif name == "frame":
                    assert numbers is not None
                    arrays.append(arrow.array(numbers[:rows]))
                elif name == "time":
                    assert times is not None
                    arrays.append(times.slice(0, rows))
                else:
                    assert samples is not None
                    arrays.append(arrow.array(samples[at : at + together].reshape(-1)))
            yield _batch(rows, names, arrays, schema)


def _read(run: Stream, channels: list[int], start: int, stop: int, raw: bool) -> NDArray[Any]:
    """`[channels, frames]`, read with one thread, because engines run parts in parallel."""
    ask = run._ask(channels=as_ranges(channels), frames=(start, stop), threads=1, section=False)
    out = np.empty((len(channels), stop - start), np.int32 if raw else np.float64)
    run._handle.fill(ask, out)
    return out


def _lists(samples: NDArray[Any], kind: Any) -> Any:
    """One list per channel, over the memory of the samples."""
    arrow = need("pyarrow", "a scan", "arrow")
    count, length = samples.shape
    offsets = arrow.array(np.arange(count + 1, dtype=np.int32) * np.int32(length))
    return arrow.ListArray.from_arrays(offsets, arrow.array(samples.reshape(-1)), type=kind)


def _batch(rows: int, names: list[str], arrays: list[Any], schema: Any) -> Any:
    """A batch that has its number of rows even without columns."""
    arrow = need("pyarrow", "a scan", "arrow")
    if not names:
        empty = arrow.StructArray.from_buffers(arrow.struct([]), rows, [None])
        return arrow.RecordBatch.from_struct_array(empty)
    return arrow.RecordBatch.from_arrays(
        arrays, schema=arrow.schema([schema.field(name) for name in names])
    )
