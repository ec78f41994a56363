"""The common interface of opened files."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypedDict, Union

import numpy as np
from numpy.typing import DTypeLike, NDArray

from . import _wavekeep
from ._errors import BadArgumentError, ClosedError, SelectionError
from ._report import Report
from ._units import Units
from ._words import instead, strict

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
    f".{ending}": word for word, endings, _, _ in _wavekeep.targets() for ending in endings
}


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
    """Consecutive frames of a recording; numpy uses it as an array of its data.

    Attributes
    ----------
    data
        The samples, ``[channels, frames]``. With ``reuse=True`` the next block overwrites them.
    frames
        The range of frames, by their numbers in the recording.
    """

    data: NDArray[Any]
    frames: range

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        return np.array(self.data, dtype=dtype, copy=True if copy else None)


class Recording(ABC):
    """An opened file: an :class:`Event`, a :class:`Stream` or an :class:`ArrayFile`.

    All three have the same interface. They are mappings of their channels: ``rec[name]``, ``name in rec``,
    iteration, ``keys()``, ``values()``, ``items()``. No method changes the file, and no value is invented: a
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
        """All facts without the samples."""

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
        """A part of the samples.

        Parameters
        ----------
        channels
            Names or indices of channels, by default all.
        frames
            A range of frames: ``slice(0, 100)``, ``range(100)`` or ``(0, 100)``; by default all.
        time
            ``(start, end)``, by default everything. Array files have no time.
        out
            An array of the result's shape, which is filled and returned.
        raw
            The integers of the format instead of physical values.

        Returns
        -------
        numpy.ndarray
            ``[channels, frames]``, in the units of :attr:`units`.
        """

    @abstractmethod
    def blocks(
        self, size: Any = ..., /, *, channels: Channels = None, raw: bool = False
    ) -> Iterator[Block]:
        """The samples in blocks.

        Parameters
        ----------
        size
            Maximum number of frames in a block, by default 65536.
        channels
            Names or indices of channels, by default all.
        raw
            The integers of the format instead of physical values.

        Yields
        ------
        Block
            ``data``, ``[channels, frames]``, and ``frames``, their numbers in the recording.
        """

    @abstractmethod
    def save(
        self, path: str | os.PathLike[str], *, to: str | None = None, overwrite: bool = False
    ) -> str:
        """Saves the recording in another format; the file is written completely or not at all.

        Parameters
        ----------
        path
            The file; its extension selects the format, unless ``to`` is given.
        to
            The format: csv, gnz, hdf5, zarr, parquet, arrow, npy, npz, safetensors; for events also json,
            miniseed, miniseed3 and wav.
        overwrite
            Whether an existing file is replaced.

        Returns
        -------
        str
            The path.

        Raises
        ------
        FileTakenError
            The file exists and ``overwrite`` is not set. This is a ``FileExistsError``.
        """

    def __len__(self) -> int:
        """Number of channels: the length of the first axis of :attr:`data`, as of an array."""
        return len(self.keys())

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator[Any]:
        return iter(self.keys())

    def _ipython_key_completions_(self) -> list[Any]:
        return list(self.keys())

    def keys(self) -> tuple[Any, ...]:
        """The channels, as for a mapping.

        Returns
        -------
        tuple
            :attr:`channels`.
        """
        return self.channels

    def values(self) -> Iterator[Any]:
        """The samples of each channel, as for a mapping.

        Yields
        ------
        Channel or numpy.ndarray
            ``rec[channel]``; an array file has arrays.
        """
        return (self[channel] for channel in self.channels)

    def items(self) -> Iterator[tuple[Any, Any]]:
        """The name and the samples of each channel, as for a mapping.

        Yields
        ------
        tuple
            The channel and ``rec[channel]``.
        """
        return ((channel, self[channel]) for channel in self.channels)

    def close(self) -> None:
        """Closes the file. Arrays that were read from it stay valid; later calls raise a :class:`ClosedError`."""
        # Of what type it is, the classes know.
        setattr(self, "_handle", ClosedHandle(self.path))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __contains__(self, channel: object) -> bool:
        try:
            self[channel]
        except ClosedError:
            raise
        except (KeyError, TypeError, ValueError):
            return False
        return True

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        if copy is False:
            raise ValueError("samples are read: an array without a copy cannot be had")
        return np.asarray(self.data, dtype=dtype)

    @property
    def data(self) -> NDArray[Any]:
        """All samples in their units, ``[channels, frames]``, in new memory."""
        return self.read()

    def masked(self, channel: Any) -> np.ma.MaskedArray[Any, np.dtype[Any]]:
        """One channel as a masked array: missing samples are masked.

        Parameters
        ----------
        channel
            A name or an index, as for ``rec[channel]``.

        Returns
        -------
        numpy.ma.MaskedArray
            ``[samples]``, in the unit of the channel.

        Raises
        ------
        NoSuchChannelError
            There is no such channel.
        NoSuchArrayError
            An array file has no such array.

        Examples
        --------
        >>> import warnings, wavekeep
        >>> with warnings.catch_warnings():
        ...     warnings.simplefilter("ignore", wavekeep.DamageWarning)
        ...     rec = wavekeep.open("samples/M529LNE5.390")
        >>> int(rec.masked("Vert").count()), rec.shape[1]
        (2818, 3328)
        """
        found = self[channel]
        masked: np.ma.MaskedArray[Any, np.dtype[Any]] = (
            np.ma.MaskedArray(found) if isinstance(found, np.ndarray) else found.masked()
        )
        return masked

    @strict
    def to_xarray(
        self,
        channels: Channels = None,
        frames: Frames = None,
        time: Time = None,
        *,
        units: Units = None,
        drop_errored: bool = False,
    ) -> xarray.Dataset:
        """An ``xarray.Dataset`` with units, dimensions and coordinates, as in a file that :meth:`save`
        writes. ``to_netcdf`` and ``to_zarr`` accept it unchanged.

        Parameters
        ----------
        channels, frames, time
            The selection, as for :meth:`read`. Array files have no ``time``.
        units
            ``"mm/s"``, ``("mm/s", "dB(L)")``, ``{"Vert": "mm/s"}``, ``"SI"`` or ``"raw"``; for streams
            ``"rad"`` or ``"count"``.
        drop_errored
            For streams: excludes frames that their sender marked as bad.

        Returns
        -------
        xarray.Dataset
            A waveform: ``<Ch>[time]``. A histogram: ``<Ch>_peak[interval_start]``,
            ``<Ch>_frequency`` in Hz and ``<Ch>_frequency_flag``. A stream: ``data[row, time]``.
            An array file: its arrays, over ``time`` if the file states it, otherwise over ``dim_0``,
            ``dim_1``, … : axes of equal length share a name.

        Examples
        --------
        >>> import wavekeep
        >>> dataset = wavekeep.open("samples/M529LMOK.DK0W").to_xarray(units="mm/s")
        >>> dict(dataset.sizes), dataset["Vert"].attrs["units"]
        ({'time': 3328}, 'mm/s')
        """
        from . import _adapters

        dataset: xarray.Dataset
        dataset = _adapters.to_xarray(
            self, part_of(channels, frames, time, drop_errored), units
        )
        return dataset

    @strict
    def to_pandas(
        self,
        channels: Channels = None,
        frames: Frames = None,
        time: Time = None,
        *,
        units: Units = None,
        drop_errored: bool = False,
    ) -> pandas.DataFrame:
        """A ``pandas.DataFrame``: the columns of :meth:`to_arrow`, the first of them as index.

        Parameters
        ----------
        channels, frames, time
            The selection, as for :meth:`read`. Array files have no ``time``.
        units
            As for :meth:`to_xarray`.
        drop_errored
            For streams: excludes frames that their sender marked as bad.

        Returns
        -------
        pandas.DataFrame
            One row per sample, interval or frame. Missing samples are NaN, and units are in ``attrs["units"]``.

        Raises
        ------
        MissingLibraryError
            pandas is not installed.
        UnsupportedError
            An array file has arrays of different lengths, or with more than two dimensions.

        Examples
        --------
        >>> import wavekeep
        >>> frame = wavekeep.open("samples/M529LMP3.O00H").to_pandas("Tran")
        >>> list(frame.columns)
        ['interval_start', 'Tran_peak', 'Tran_frequency', 'Tran_frequency_flag']
        >>> frame.index[0], frame["Tran_peak"].iloc[0].round(3)
        (Timestamp('2026-06-12 21:00:00'), np.float64(0.01))
        """
        from . import _adapters

        return _adapters.to_pandas(self, part_of(channels, frames, time, drop_errored), units)

    @strict
    def to_arrow(
        self,
        channels: Channels = None,
        frames: Frames = None,
        time: Time = None,
        *,
        units: Units = None,
        drop_errored: bool = False,
    ) -> pyarrow.Table:
        """A ``pyarrow.Table`` over the memory of the samples, which are not copied again.

        Parameters
        ----------
        channels, frames, time
            The selection, as for :meth:`read`. Array files have no ``time``.
        units
            As for :meth:`to_xarray`.
        drop_errored
            For streams: excludes frames that their sender marked as bad.

        Returns
        -------
        pyarrow.Table
            One row per sample, interval or frame. Missing samples are null, and units are in the metadata
            of the fields.

        Raises
        ------
        MissingLibraryError
            pyarrow is not installed.
        UnsupportedError
            An array file has arrays of different lengths, or with more than two dimensions.

        Examples
        --------
        >>> import wavekeep
        >>> wavekeep.open("samples/M529LMOK.DK0W").to_arrow(["Tran", "MicL"]).column_names
        ['time', 'Tran', 'MicL']
        """
        from . import _adapters

        return _adapters.to_arrow(self, part_of(channels, frames, time, drop_errored), units)

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """The Arrow PyCapsule interface: polars, DuckDB and others take a recording as a table."""
        return self.to_arrow().__arrow_c_stream__(requested_schema)

    @strict
    def to_obspy(
        self,
        channels: Channels = None,
        frames: Frames = None,
        time: Time = None,
        *,
        raw: bool = False,
        drop_errored: bool = False,
        dtype: DTypeLike | None = None,
    ) -> obspy.Stream:
        """An ``obspy.Stream`` with FDSN codes, with one trace per stretch without a gap.

        Parameters
        ----------
        channels, frames, time
            The selection, as for :meth:`read`. Array files have no ``time``.
        raw
            The integers of the format instead of physical values.
        drop_errored
            For streams: excludes frames that their sender marked as bad.
        dtype
            The type of the samples that an ObsPy writer needs: ``"f4"`` for SAC and SEG-Y.

        Returns
        -------
        obspy.Stream
            One or more traces per channel.

        Raises
        ------
        MissingLibraryError
            ObsPy is not installed.
        UnsupportedError
            The recording cannot be represented as traces; an array file never can.
        """
        from . import _to_obspy

        part = part_of(channels, frames, time, drop_errored)
        stream: obspy.Stream = _to_obspy.to_obspy(self, raw=raw, dtype=dtype, **part)
        return stream

    def plot(
        self, channels: Channels = None, *, units: Units = None, **keywords: Unpack[LineStyle]
    ) -> NDArray[Any]:
        """The traces, drawn by matplotlib.

        Parameters
        ----------
        channels
            The channels to plot.
        units
            ``"mm/s"``, ``"dB(L)"``, …, as for :meth:`to_xarray`.
        **keywords
            ``figsize`` in inches, and those of ``matplotlib.axes.Axes.plot``: ``color``, ``marker``, …

        Returns
        -------
        numpy.ndarray
            The axes, one per channel.

        Examples
        --------
        >>> import wavekeep
        >>> axes = wavekeep.open("samples/M529LMOK.DK0W").plot(["Vert"], units="mm/s", color="black")
        >>> axes[0].get_ylabel()
        'Vert\\nmm/s'
        """
        from . import _plot

        axes: NDArray[Any] = _plot.plot(self, channels, units, **keywords)
        return axes

    @abstractmethod
    def _repr_html_(self) -> str: ...


class ClosedHandle:
    """Replaces the handle of a closed file: every use raises a :class:`ClosedError`."""

    def __init__(self, path: str) -> None:
        self._path = path

    def _refuse(self) -> ClosedError:
        return ClosedError(f"{self._path} was closed: open it again", path=self._path)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise self._refuse()

    def __len__(self) -> int:
        raise self._refuse()


def part_of(
    channels: Channels, frames: Frames, time: Time, drop_errored: bool
) -> dict[str, Any]:
    """The parts of a selection that are given."""
    asked = {"channels": channels, "frames": frames, "time": time}
    part = {name: value for name, value in asked.items() if value is not None}
    return {**part, "drop_errored": True} if drop_errored else part


def one_frame_range(frames: Frames, length: int) -> tuple[int, int]:
    """``(start, stop)`` within ``length`` frames."""
    if frames is None:
        return 0, length
    if isinstance(frames, tuple):
        if len(frames) != 2:
            raise BadArgumentError(f"frames are (start, stop), found {frames!r}")
        frames = slice(*frames)
    bounds = (frames.start, frames.stop) if isinstance(frames, (slice, range)) else ()
    if any(isinstance(one, (bool, np.bool_)) for one in bounds):
        raise BadArgumentError(f"frames are integers, found {frames!r}")
    if isinstance(frames, range):
        if frames.step != 1:
            raise BadArgumentError(f"frames have to follow each other, found a step of {frames.step}")
        # Of a range every number counts as it is.
        return min(max(frames.start, 0), length), min(max(frames.stop, 0), length)
    if not isinstance(frames, slice):
        raise BadArgumentError(f"frames are a slice, a range or (start, stop), found {frames!r}")
    try:
        start, stop, step = frames.indices(length)
    except TypeError as error:
        raise BadArgumentError(f"frames are integers, found {frames!r}") from error
    if step != 1:
        raise BadArgumentError(f"frames have to follow each other, found a step of {step}")
    return start, max(start, stop)


def one_or_several(channels: str | int | np.integer[Any] | Sequence[str | int]) -> list[Any]:
    """The choice as a list."""
    if isinstance(channels, (str, int, np.integer)):
        return [channels]
    if isinstance(channels, bytes) or not isinstance(channels, Iterable):
        raise BadArgumentError(f"channels are names or indices, found {channels!r}")
    return list(channels)


def channel_words(channels: Channels) -> list[str] | None:
    """The choice as words: ``["Vert", "0-15", "2:107"]``."""
    if channels is None:
        return None
    if isinstance(channels, (bytes, bytearray, dict, slice)) or not hasattr(channels, "__iter__"):
        if not isinstance(channels, (int, np.integer)):
            raise BadArgumentError(f"channels are named by names or indices, found {channels!r}")
    words = []
    for channel in one_or_several(channels):
        if isinstance(channel, (bool, np.bool_)) or not isinstance(channel, (str, int, np.integer)):
            raise BadArgumentError(f"a channel is a name or an index, found {channel!r}")
        if not isinstance(channel, str) and channel < 0:
            raise SelectionError(f"channels count from 0, found {channel}")
        words.append(str(channel))
    return words


def target_of(path: str | os.PathLike[str], target: str | None, takes: str = "events") -> str:
    """What kind of file is to be written, of those that take events or arrays."""
    place = 2 if takes == "events" else 3
    words = [row[0] for row in _wavekeep.targets() if row[place]]
    if target is not None:
        word = str(target).lower()
        if word not in TARGETS.values():
            message = f"to is {target!r}: it is one of {', '.join(words)}{instead(word, words)}"
            raise BadArgumentError(message, found=str(target), expected=", ".join(words))
        # Of a target that takes something else, the writer says what to do.
        return word
    ending = os.path.splitext(os.fspath(path))[1].lower()
    if ending not in TARGETS:
        known = ", ".join(TARGETS)
        near = instead(ending, TARGETS)
        message = f"{os.fspath(path)!r} ends with none of {known}: name the target by to=…{near}"
        raise BadArgumentError(message)
    return TARGETS[ending]


def into(out: NDArray[Any] | None, values: NDArray[Any]) -> NDArray[Any]:
    """``values``, in the caller's array if there is one."""
    if out is None:
        return values
    if out.shape != values.shape:
        raise BadArgumentError(f"out has the shape {out.shape}, the selection {values.shape}")
    if isinstance(values, np.ma.MaskedArray):
        raise BadArgumentError("raw numbers with gaps need a masked array of their own: leave out away")
    if not np.can_cast(values.dtype, out.dtype, "same_kind"):
        raise BadArgumentError(f"out is of {out.dtype}, which cannot hold {values.dtype}")
    np.copyto(out, values, casting="same_kind")
    return out
