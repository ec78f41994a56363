"""A part of a run as arrays that are read when they are indexed."""

from __future__ import annotations

import sys
import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._index import outer
from ._recording import Channels, Frames, Time
from ._stream import Stream, as_ranges
from ._stream_times import moments


class RunPart:
    """The selected channels and frames, by row and column.

    Parameters
    ----------
    stream
        The run, or a section of it.
    channels, frames, time, drop_errored
        As of :meth:`Stream.read`.
    threads
        Threads of a read at most; without, all in the main thread, and one in any other thread and in
        processes of ``multiprocessing``: there others read beside it.

    Raises
    ------
    SelectionError
        As of :meth:`Stream.read`; of a run of several sections also when none was chosen.
    """

    def __init__(
        self,
        stream: Stream,
        *,
        channels: Channels = None,
        frames: Frames = None,
        time: Time = None,
        drop_errored: bool = False,
        threads: int | None = None,
    ) -> None:
        self.stream = stream
        self.ask = stream._ask(
            channels=channels,
            frames=stream._frames(frames),
            time=time,
            drop_errored=drop_errored,
            threads=threads,
        )
        self._threads = threads
        self.indices = np.array(stream._handle.indices(self.ask), np.int64)
        ranges = np.array(stream._handle.frames(self.ask)[0], np.int64).reshape(-1, 2)
        #: The first frame of each range, and the column that it is in; then the number of columns.
        self._starts = ranges[:, 0]
        self._columns = np.concatenate([[0], np.cumsum(ranges[:, 1] - ranges[:, 0])])

    @property
    def shape(self) -> tuple[int, int]:
        """``(rows, columns)``: channels and frames."""
        return len(self.indices), int(self._columns[-1])

    def __dask_tokenize__(self) -> tuple[Any, ...]:
        rows = self.indices.tolist()
        return (self.stream.__dask_tokenize__(), rows, self._starts.tolist(), self._columns.tolist())

    def samples(self, rows: list[int], start: int, stop: int, dtype: np.dtype[Any]) -> NDArray[Any]:
        """``[rows, stop - start]``: the samples of some rows in columns that follow each other."""
        channels = as_ranges(self.indices[rows].tolist())
        return self.stream._read({**self._frames_in(start, stop), "channels": channels}, dtype)

    def times_ns(self, start: int, stop: int) -> NDArray[np.uint64]:
        """uint64, ``[stop - start]``: UNIX time in ns of columns that follow each other."""
        return self.stream._handle.times({**self._frames_in(start, stop), "channels": []})

    def _frames_in(self, start: int, stop: int) -> dict[str, Any]:
        threads = threads_here() if self._threads is None else self._threads
        frames = (self._frame(start), self._frame(stop - 1) + 1)
        return {
            **self.stream._ask(frames=frames, threads=threads),
            "drop_errored": self.ask["drop_errored"],
        }

    def _frame(self, column: int) -> int:
        """The number in the run of the frame in a column."""
        number = int(np.searchsorted(self._columns, column, side="right")) - 1
        return int(self._starts[number] + column - self._columns[number])


class Samples:
    """The samples of a part: ``[rows, columns]``."""

    def __init__(self, part: RunPart, dtype: np.dtype[Any]) -> None:
        self.part = part
        self.dtype = dtype

    @property
    def shape(self) -> tuple[int, ...]:
        return self.part.shape

    def __dask_tokenize__(self) -> tuple[Any, ...]:
        return ("samples", self.part.__dask_tokenize__(), self.dtype.str)

    def outer(self, key: tuple[Any, ...]) -> NDArray[Any]:
        """What the integers, slices and lists of ``key`` name, each along its own axis."""

        def read(rows: list[int], start: int, stop: int) -> NDArray[Any]:
            return self.part.samples(rows, start, stop, self.dtype)

        return outer((key[0], key[1]), self.part.shape, self.dtype, read)


class Times:
    """The times of the frames of a part, UTC: ``[columns]``, ``datetime64[ns]``."""

    dtype = np.dtype("M8[ns]")

    def __init__(self, part: RunPart) -> None:
        self.part = part

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.part.shape[1],)

    def __dask_tokenize__(self) -> tuple[Any, ...]:
        return ("times", self.part.__dask_tokenize__())

    def outer(self, key: tuple[Any, ...]) -> NDArray[Any]:
        """What an integer, a slice or a list names."""

        def read(_: list[int], start: int, stop: int) -> NDArray[Any]:
            return moments(self.part.times_ns(start, stop))[np.newaxis]

        return outer((0, key[0]), (1, self.part.shape[1]), self.dtype, read)


def threads_here() -> int | None:
    """Threads for a read: one where others read beside it."""
    processes = sys.modules.get("multiprocessing.process")
    is_child = processes is not None and processes.parent_process() is not None
    return 1 if is_child or threading.current_thread() is not threading.main_thread() else None
