"""What every opened file answers."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypedDict, Union

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ._errors import BadArgument, SelectionError
from ._report import Report

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack

    import obspy
    import pandas
    import pyarrow
    import xarray

#: Frames by index: ``slice(0, 100)``, ``range(100)`` or ``(0, 100)``.
Frames = Union[slice, range, tuple[Union[int, None], Union[int, None]], None]
#: One channel or several: names, sample indices, ``"0-15"``, and of streams ``"band:channel"``.
Channels = Union[str, int, "np.integer[Any]", Sequence[Union[str, int]], None]
#: Seconds, ``(start, end)``, either of which may be ``None``.
Time = Union[tuple[Any, Any], None]

#: The words of ``save`` by the endings of file names.
TARGETS = {
    ".csv": "csv",
    ".json": "json",
    ".gnz": "gnz",
    ".h5": "hdf5",
    ".hdf5": "hdf5",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".mseed": "miniseed",
    ".mseed3": "miniseed",
    ".npy": "npy",
    ".npz": "npz",
    ".safetensors": "safetensors",
    ".wav": "wav",
}


class Selection(TypedDict, total=False):
    """What of a recording is asked for."""

    channels: Channels
    frames: Frames
    time: Time
    #: Of streams: leaves out frames that their sender marked bad.
    drop_errored: bool


class TraceSelection(Selection, total=False):
    """What of a recording becomes traces of ObsPy."""

    #: Counts instead of values in their units.
    raw: bool


class LineStyle(TypedDict, total=False):
    """How a line is drawn, in the words of matplotlib, and the size of the figure in inches."""

    figsize: tuple[float, float]
    alpha: float
    color: str
    drawstyle: str
    label: str
    linestyle: str
    marker: str
    markersize: float
    rasterized: bool
    zorder: float


@dataclass(frozen=True)
class Block:
    """Some frames of a recording."""

    #: The samples, ``[channels, frames]``. With ``reuse=True`` the next block uses their memory again.
    data: NDArray[Any]
    #: The frames, by their numbers in the recording.
    frames: range

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        return np.array(self.data, dtype=dtype, copy=True if copy else None)


class Recording(ABC):
    """An opened file: an :class:`Event`, a :class:`Stream` or an :class:`ArrayFile`.

    All three answer the same questions. They are mappings of their channels: ``rec[name]``,
    ``name in rec``, iteration, ``keys()``, ``values()``, ``items()``. Nothing here changes a file, and nothing is invented: a
    missing sample is NaN or masked, never zero.
    """

    #: The path that was opened.
    path: str
    #: The source format: ``"blastware"``, ``"smurf"``, ``"gnz"``, …
    format: str
    #: ``"waveform"``, ``"histogram"``, ``"stream"`` or ``"arrays"``.
    kind: str

    @property
    @abstractmethod
    def channels(self) -> tuple[Any, ...]:
        """The channels: names, or sample indices of a stream."""

    @property
    @abstractmethod
    def metadata(self) -> dict[str, Any]:
        """Everything that is known but the samples."""

    @property
    @abstractmethod
    def report(self) -> Report:
        """Damage, disagreements and assumptions."""

    @property
    @abstractmethod
    def units(self) -> dict[Any, str]:
        """The unit of each channel."""

    @property
    @abstractmethod
    def gaps(self) -> Any:
        """Where samples are missing."""

    @property
    @abstractmethod
    def t(self) -> NDArray[np.float64] | None:
        """Seconds of each frame: from the trigger of an event, from the first frame of a stream.

        NaN where nothing states them; ``None`` for files without a time axis.
        """

    @abstractmethod
    def __getitem__(self, channel: Any) -> Any:
        """One channel."""

    @abstractmethod
    def read(
        self,
        channels: Channels = None,
        frames: Frames = None,
        time: Time = None,
        *,
        out: NDArray[Any] | None = None,
        raw: bool = False,
    ) -> NDArray[Any]:
        """A part of the samples, channel-major: ``[channels, frames]``."""

    @abstractmethod
    def blocks(
        self, size: Any = ..., /, *, channels: Channels = None, raw: bool = False
    ) -> Iterator[Block]:
        """The samples block by block, at most ``size`` frames each."""

    @abstractmethod
    def save(
        self, path: str | os.PathLike[str], *, to: str | None = None, overwrite: bool = False
    ) -> str:
        """Writes another kind of file, by the ending of its name or by ``to``: complete, or not at
        all. Gives the path."""

    def __len__(self) -> int:
        """Number of channels: the length of the first axis of :attr:`data`, as of an array."""
        return len(self.channels)

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator[Any]:
        return iter(self.channels)

    def keys(self) -> tuple[Any, ...]:
        """The channels, as of a mapping."""
        return self.channels

    def values(self) -> Iterator[Any]:
        """One channel after the other, as of a mapping."""
        return (self[channel] for channel in self.channels)

    def items(self) -> Iterator[tuple[Any, Any]]:
        """The name and the samples of each channel, as of a mapping."""
        return ((channel, self[channel]) for channel in self.channels)

    def close(self) -> None:
        """Lets go of what it holds of a file. A recording that is all in memory holds nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __contains__(self, channel: object) -> bool:
        try:
            self[channel]
        except (KeyError, TypeError, ValueError):
            return False
        return True

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        if copy is False:
            raise ValueError("samples are read: an array without a copy cannot be had")
        return np.asarray(self.data, dtype=dtype)

    @property
    def data(self) -> NDArray[Any]:
        """All samples in their units, ``[channels, frames]``, in fresh memory."""
        return self.read()

    def masked(self, channel: Any) -> np.ma.MaskedArray[Any, np.dtype[Any]]:
        """One channel as a masked array: missing samples are masked."""
        found = self[channel]
        masked: np.ma.MaskedArray[Any, np.dtype[Any]] = (
            np.ma.MaskedArray(found) if isinstance(found, np.ndarray) else found.masked()
        )
        return masked

    def to_xarray(self, **selection: Unpack[Selection]) -> xarray.Dataset:
        """An ``xarray.Dataset`` with units and coordinates."""
        from . import _adapters

        dataset: xarray.Dataset = _adapters.to_xarray(self, **selection)
        return dataset

    def to_pandas(self, **selection: Unpack[Selection]) -> pandas.DataFrame:
        """A ``pandas.DataFrame``, one column a channel."""
        from . import _adapters

        frame: pandas.DataFrame = _adapters.to_pandas(self, **selection)
        return frame

    def to_arrow(self, **selection: Unpack[Selection]) -> pyarrow.Table:
        """A ``pyarrow.Table``, one column a channel, without copying the samples once more.
        Missing samples are null; units are in the metadata of the fields."""
        from . import _adapters

        return _adapters.to_arrow(self, **selection)

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """The Arrow PyCapsule interface: polars, DuckDB and others take a recording as a table."""
        return self.to_arrow().__arrow_c_stream__(requested_schema)

    def to_obspy(self, **selection: Unpack[TraceSelection]) -> obspy.Stream:
        """An ``obspy.Stream`` with FDSN codes; a trace for every run without a gap."""
        from . import _to_obspy

        return _to_obspy.to_obspy(self, **selection)

    def plot(self, channels: Channels = None, **keywords: Unpack[LineStyle]) -> NDArray[Any]:
        """The traces, drawn by matplotlib; gives the axes."""
        from . import _plot

        axes: NDArray[Any] = _plot.plot(self, channels, **keywords)
        return axes

    @abstractmethod
    def _repr_html_(self) -> str: ...


def one_frame_range(frames: Frames, length: int) -> tuple[int, int]:
    """``(start, stop)`` within ``length`` frames."""
    if frames is None:
        return 0, length
    if isinstance(frames, tuple):
        if len(frames) != 2:
            raise BadArgument(f"frames are (start, stop), found {frames!r}")
        frames = slice(*frames)
    if isinstance(frames, range):
        if frames.step != 1:
            raise BadArgument(f"frames have to follow each other, found a step of {frames.step}")
        # Of a range every number counts as it is.
        return min(max(frames.start, 0), length), min(max(frames.stop, 0), length)
    if not isinstance(frames, slice):
        raise BadArgument(f"frames are a slice, a range or (start, stop), found {frames!r}")
    try:
        start, stop, step = frames.indices(length)
    except TypeError as error:
        raise BadArgument(f"frames are integers, found {frames!r}") from error
    if step != 1:
        raise BadArgument(f"frames have to follow each other, found a step of {step}")
    return start, max(start, stop)


def one_or_several(channels: str | int | np.integer[Any] | Sequence[str | int]) -> list[Any]:
    """The choice as a list."""
    return [channels] if isinstance(channels, (str, int, np.integer)) else list(channels)


def channel_words(channels: Channels) -> list[str] | None:
    """The choice as words: ``["Vert", "0-15", "2:107"]``."""
    if channels is None:
        return None
    if isinstance(channels, (bytes, bytearray, dict, slice)) or not hasattr(channels, "__iter__"):
        if not isinstance(channels, (int, np.integer)):
            raise BadArgument(f"channels are named by names or indices, found {channels!r}")
    words = []
    for channel in one_or_several(channels):
        if isinstance(channel, (bool, np.bool_)) or not isinstance(channel, (str, int, np.integer)):
            raise BadArgument(f"a channel is a name or an index, found {channel!r}")
        if not isinstance(channel, str) and channel < 0:
            raise SelectionError(f"channels count from 0, found {channel}")
        words.append(str(channel))
    return words


def target_of(path: str | os.PathLike[str], target: str | None) -> str:
    """What kind of file is to be written."""
    if target is not None:
        return target
    ending = os.path.splitext(os.fspath(path))[1].lower()
    if ending not in TARGETS:
        known = ", ".join(TARGETS)
        raise BadArgument(f"{os.fspath(path)!r} ends with none of {known}: name the target by to=…")
    return TARGETS[ending]


def into(out: NDArray[Any] | None, values: NDArray[Any]) -> NDArray[Any]:
    """``values``, in the caller's array if there is one."""
    if out is None:
        return values
    if out.shape != values.shape:
        raise BadArgument(f"out has the shape {out.shape}, the selection {values.shape}")
    if isinstance(values, np.ma.MaskedArray):
        raise BadArgument("raw numbers with gaps need a masked array of their own: leave out away")
    if not np.can_cast(values.dtype, out.dtype, "same_kind"):
        raise BadArgument(f"out is of {out.dtype}, which cannot hold {values.dtype}")
    np.copyto(out, values, casting="same_kind")
    return out
