"""Streams: SMuRF runs of any length."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any, Literal, TypeVar, overload

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ._channel import Channel
from ._errors import BadArgumentError, NoSuchChannelError
from ._index import indexed
from ._out import check_out, is_plain
from ._progress import Progress, Reporter
from ._recording import TARGETS, Block, Channels, Frames, Time, target_of
from ._stream_facts import Facts
from ._words import instead, one_of, strict

#: Bytes from which on memory of an earlier result is used again.
_LARGE = 4 << 20
#: Bytes of what is read on its way to an array with strides.
_STAGE = 8 << 20
_Out = TypeVar("_Out", bound="np.ndarray[Any, np.dtype[Any]]")


class Stream(Facts):
    """A SMuRF run, which is indexed when it is opened and read on demand. :func:`wavekeep.open_stream` opens one.

    For numpy and dask it is an array of phases in rad, ``[channels, frames]``, float64: it has
    :attr:`shape`, :attr:`dtype` and :attr:`ndim`, and ``run[3, 100:200]`` reads only this part. As a
    mapping it contains its channels: ``len(run)``, ``in``, ``keys()``, ``items()``; the number of frames is
    ``run.shape[1]``.

    Examples
    --------
    >>> import wavekeep
    >>> run = wavekeep.open("crates/smurf/tests/data/split.dat")  # split.dat.1 … split.dat.4
    >>> run
    <Stream split.dat: 40 frames of 64 channels>
    >>> run.shape, len(run), 63 in run
    ((64, 40), 64, True)
    >>> run[[3, 0], 10:20:2].shape
    (2, 5)
    >>> run.read(channels=[3, 0], frames=(10, 20)).shape
    (2, 10)
    >>> run.read("0-1", frames=slice(2), raw=True).tolist()
    [[-2147483648, -2147482647], [-2147418111, -2147417110]]
    >>> for block in run.blocks(16, channels=[0]):
    ...     print(block.frames, block.data.shape)
    range(0, 16) (1, 16)
    range(16, 32) (1, 16)
    range(32, 40) (1, 8)

    Notes
    -----
    Values are phases in rad (float64); ``raw=True`` returns counts (int32), ``iq=True`` complex numbers
    from pairs of samples. Results of 16 MiB or more are filled from mapped files, smaller ones and blocks
    are read; truncating a mapped file kills the process.

    The files stay open until :meth:`close`, the end of a ``with`` block, or the last use of the object; a
    run of more than 64 pieces opens each piece when it is read.
    """

    @overload
    def __getitem__(self, index: int | str | np.integer[Any]) -> Channel: ...
    @overload
    def __getitem__(
        self, index: tuple[int | np.integer[Any], int | np.integer[Any]]
    ) -> np.float64: ...
    @overload
    def __getitem__(self, index: Any) -> NDArray[np.float64]: ...
    def __getitem__(self, index: Any) -> Any:
        """One channel, or an array of the phases that an index of numpy selects.

        Parameters
        ----------
        index
            A sample index or ``"band:channel"`` gives a :class:`Channel`. Anything else is an index
            of an array ``[channels, frames]``: integers, slices with steps and negative bounds, lists,
            masks, ``...`` and ``None``, with the meaning that they have in numpy. Only the selected channels
            and frames are read.

        Returns
        -------
        Channel, numpy.ndarray of float64, or numpy.float64
            Phases in rad.

        Raises
        ------
        NoSuchChannelError, BadIndexError
            The index is outside of the run, or invalid. Both are ``IndexError``.
        SelectionError
            The run has no such band and channel, or has several sections.

        Examples
        --------
        >>> import wavekeep
        >>> run = wavekeep.open("crates/smurf/tests/data/basic.dat")
        >>> run[3, 5:9].shape, run[..., -1].shape, run[[0, 7], ::-5].shape
        ((4,), (64,), (2, 4))
        """
        if isinstance(index, str) or (
            isinstance(index, (int, np.integer)) and not isinstance(index, bool)
        ):
            return self._channel(index)
        section = None if self._section is None else self.sections[self._section].frames
        origin = section.start if section else 0

        def read(channels: list[int], start: int, stop: int) -> NDArray[Any]:
            frames = (origin + start, origin + stop)
            return self._read(self._ask(channels=as_ranges(channels), frames=frames), self.dtype)

        return indexed(index, self.shape, self.dtype, read)

    def _channel(self, channel: int | str | np.integer[Any]) -> Channel:
        if not isinstance(channel, str):
            count = len(self.channels)
            if not -count <= channel < count:
                known = f"they are 0 to {count - 1}" if count else "there are none"
                raise NoSuchChannelError(f"there is no channel {channel}: {known}", path=self.path)
            channel = int(channel) % count
        indices = self._handle.indices(self._ask(channels=channel))
        if len(indices) != 1:
            raise NoSuchChannelError(f"{channel!r} is {len(indices)} channels: use read", path=self.path)

        def values(unit: str) -> NDArray[Any]:
            if unit not in ("rad", "count"):
                message = f"a stream is in rad or count, {unit!r} is neither"
                raise BadArgumentError(message, path=self.path)
            row: NDArray[Any] = self.read(channel, raw=unit == "count")[0]
            return row.astype(np.float64, copy=False)

        def raw() -> NDArray[Any]:
            counts: NDArray[Any] = self.read(channel, raw=True)[0]
            return counts

        return Channel(str(channel), "rad", (), values, raw, (self, channel))

    @overload
    def read(
        self,
        channels: Channels = None,
        frames: Frames = None,
        time: Time = None,
        *,
        out: None = None,
        raw: Literal[False] = False,
        iq: Literal[False] = False,
        dtype: None = None,
        drop_errored: bool = False,
        threads: int | None = None,
        progress: Progress = None,
    ) -> NDArray[np.float64]: ...
    @overload
    def read(
        self,
        channels: Channels = None,
        frames: Frames = None,
        time: Time = None,
        *,
        out: None = None,
        raw: Literal[True],
        iq: Literal[False] = False,
        dtype: None = None,
        drop_errored: bool = False,
        threads: int | None = None,
        progress: Progress = None,
    ) -> NDArray[np.int32]: ...
    @overload
    def read(
        self,
        channels: Channels = None,
        frames: Frames = None,
        time: Time = None,
        *,
        out: None = None,
        raw: Literal[False] = False,
        iq: Literal[True],
        dtype: None = None,
        drop_errored: bool = False,
        threads: int | None = None,
        progress: Progress = None,
    ) -> NDArray[np.complex128]: ...
    @overload
    def read(
        self,
        channels: Channels = None,
        frames: Frames = None,
        time: Time = None,
        *,
        out: _Out,
        raw: bool = False,
        iq: bool = False,
        dtype: DTypeLike | None = None,
        drop_errored: bool = False,
        threads: int | None = None,
        progress: Progress = None,
    ) -> _Out: ...
    @overload
    def read(
        self,
        channels: Channels = None,
        frames: Frames = None,
        time: Time = None,
        *,
        out: NDArray[Any] | None = None,
        raw: bool = False,
        iq: bool = False,
        dtype: DTypeLike | None = None,
        drop_errored: bool = False,
        threads: int | None = None,
        progress: Progress = None,
    ) -> NDArray[Any]: ...
    @strict
    def read(
        self,
        channels: Channels = None,
        frames: Frames = None,
        time: Time = None,
        *,
        out: NDArray[Any] | None = None,
        raw: bool = False,
        iq: bool = False,
        dtype: DTypeLike | None = None,
        drop_errored: bool = False,
        threads: int | None = None,
        progress: Progress = None,
    ) -> NDArray[Any]:
        """A part of the run.

        Parameters
        ----------
        channels
            Sample indices, ``"0-15"``, ``"band:channel"``, one or several; order and repetitions are kept.
            By default all.
        frames
            ``(start, stop)``, a slice or a range without steps.
        time
            ``(start, end)``, either may be ``None``: seconds, ``timedelta`` or ``timedelta64`` from the first
            frame of the run, or a time: ``datetime`` (naive ones are UTC), ``datetime64`` of any unit, pandas'
            ``Timestamp``, ObsPy's ``UTCDateTime``.
        out
            An array of the result's shape to be filled, of any order and strides; its dtype selects the type.
        raw
            Counts instead of phases. 2^16 of them are 2π.
        iq
            Complex numbers in counts, one per pair of samples: each channel is a pair.
        dtype
            float32 instead of float64, complex64 instead of complex128.
        drop_errored
            Excludes frames that their sender marked as bad.
        threads
            Maximum number of threads.
        progress
            ``True`` for a progress bar, or a function of the numbers of finished frames and of all frames.

        Returns
        -------
        ndarray
            ``[channels, frames]``: float64 in rad, with ``raw`` int32, with ``iq`` complex128. A large result
            may reuse the memory of an earlier one that was dropped.

        Raises
        ------
        SelectionError
            The selection is empty or outside of the run. A range of time within the run without frames is not
            an error.
        BadArgumentError
            An argument is invalid.

        Examples
        --------
        >>> import wavekeep
        >>> run = wavekeep.open("crates/smurf/tests/data/basic.dat")
        >>> run.read([3, 0], time=(0.02, 0.04)).shape
        (2, 4)
        """
        ask = self._ask(
            channels=channels,
            frames=self._frames(frames),
            time=time,
            drop_errored=drop_errored,
            threads=threads,
        )
        wanted = dtype_of(raw, iq, dtype)
        if out is not None:
            stated = wanted if raw or dtype is not None else None
            check_out(out, self._shape(ask, iq), iq, stated)
            wanted = out.dtype
        return self._read(ask, wanted, out, progress)

    def _part(
        self, channels: Channels, frames: tuple[int, int] | None, dtype: DTypeLike
    ) -> NDArray[Any]:
        """As :meth:`read`, of frames that may be none."""
        return self._read(self._ask(channels=channels, frames=frames), np.dtype(dtype))

    def _read(
        self,
        ask: dict[str, Any],
        wanted: np.dtype[Any],
        out: NDArray[Any] | None = None,
        progress: Progress = None,
    ) -> NDArray[Any]:
        rows, columns = self._shape(ask, wanted.kind == "c")
        if out is None:
            if not progress and rows * columns * wanted.itemsize >= _LARGE:
                return np.asarray(self._handle.read(ask, wanted.str))
            out = np.empty((rows, columns), wanted)
        if not out.size:
            return out
        if not progress and is_plain(out):
            self._handle.fill(ask, out)
            return out
        together = 65536 if progress else max(_STAGE // (rows * wanted.itemsize), 1)
        with Reporter(progress, "frames") as reported:
            done = 0
            for start, stop in self._handle.frames(ask)[0]:
                for first in range(start, stop, together):
                    part = np.empty((rows, min(together, stop - first)), wanted)
                    self._handle.fill({**ask, "frames": (first, first + part.shape[1])}, part)
                    out[:, done : done + part.shape[1]] = part
                    done += part.shape[1]
                    reported(done, columns)
        return out

    @strict
    def blocks(
        self,
        size: int | None = None,
        *,
        channels: Channels = None,
        frames: Frames | int = None,
        time: Time = None,
        overlap: int = 0,
        raw: bool = False,
        iq: bool = False,
        dtype: DTypeLike | None = None,
        drop_errored: bool = False,
        reuse: bool = False,
        threads: int | None = None,
        progress: Progress = None,
    ) -> Iterator[Block]:
        """A part of the run in blocks: memory does not grow with the run.

        Parameters
        ----------
        size
            Maximum number of frames in a block, by default 65536. ``frames=16``, a single number, is the same.
        channels, frames, time
            As for :meth:`read`.
        overlap
            Number of frames at the end of a block that are repeated at the beginning of the next one.
        raw, iq, dtype, drop_errored
            As for :meth:`read`.
        reuse
            All blocks share one buffer, which the next block overwrites: faster if no block is kept.
        threads, progress
            As for :meth:`read`.

        Yields
        ------
        Block
            ``data``, ``[channels, frames]``, and ``frames``, their consecutive numbers in the run: a block ends
            where frames are excluded.

        Raises
        ------
        SelectionError, BadArgumentError
            As for :meth:`read`, and for an invalid ``size`` or ``overlap``.

        Examples
        --------
        >>> import wavekeep
        >>> run = wavekeep.open("crates/smurf/tests/data/basic.dat")
        >>> [block.frames for block in run.blocks(6, frames=(2, 14), overlap=2)]
        [range(2, 8), range(6, 12), range(10, 14)]
        """
        if isinstance(frames, int):
            if size is not None or isinstance(frames, bool):
                raise BadArgumentError("frames are (start, stop); a number alone is the size of a block")
            size, chosen = frames, None
        else:
            chosen = self._frames(frames)
        size = 65536 if size is None else size
        for name, number, least in (("size", size, 1), ("overlap", overlap, 0)):
            plain = isinstance(number, (int, np.integer)) and not isinstance(number, bool)
            if not plain or number < least:
                raise BadArgumentError(f"{name} is a number of frames from {least}, found {number!r}")
        if overlap >= size:
            raise BadArgumentError(f"blocks of {size} frames cannot have {overlap} in common")
        ask = self._ask(
            channels=channels,
            frames=chosen,
            time=time,
            drop_errored=drop_errored,
            threads=threads,
        )
        wanted = dtype_of(raw, iq, dtype)
        return self._blocks(ask, wanted, int(size), int(overlap), reuse, progress)

    def _blocks(
        self,
        ask: dict[str, Any],
        wanted: np.dtype[Any],
        size: int,
        overlap: int,
        reuse: bool,
        progress: Progress,
    ) -> Iterator[Block]:
        rows, columns = self._shape(ask, wanted.kind == "c")
        buffer = np.empty(rows * min(size, columns) if reuse else 0, wanted)
        done = 0
        with Reporter(progress, "frames") as reported:
            for start, stop in self._handle.frames(ask)[0]:
                first = start
                while first < stop:
                    end = min(first + size, stop)
                    shape = (rows, end - first)
                    if reuse:
                        part = buffer[: rows * shape[1]].reshape(shape)
                    else:
                        part = np.empty(shape, wanted)
                    self._handle.fill({**ask, "frames": (first, end)}, part)
                    reported(done + end - start, columns)
                    yield Block(part, range(first, end))
                    del part
                    first = stop if end == stop else end - overlap
                done += stop - start

    @strict
    def save(
        self,
        path: str | os.PathLike[str],
        *,
        to: str | None = None,
        channels: Channels = None,
        frames: Frames = None,
        time: Time = None,
        drop_errored: bool = False,
        units: Literal["count", "rad"] = "count",
        overwrite: bool = False,
        progress: Progress = None,
    ) -> str:
        """Saves samples and header fields in another format, completely or not at all.

        Parameters
        ----------
        path
            The file; its extension selects the format.
        to
            The format: gnz, hdf5, npy, npz, parquet, safetensors, csv, …
        channels, frames, time, drop_errored
            As for :meth:`read`.
        units
            ``"count"`` (int32) or ``"rad"`` (float64; 2^16 counts are 2π).
        overwrite
            Replaces an existing file.
        progress
            ``True`` for a progress bar, or a function of the numbers of finished frames and of all frames.

        Returns
        -------
        str
            The path.

        Raises
        ------
        FileTakenError
            The file exists and ``overwrite`` is not set.
        SelectionError, BadArgumentError
            As for :meth:`read`, and for an unknown format.

        Notes
        -----
        For GNZ, memory does not grow with the run. Band, channel and resonator frequency of each row are
        saved if known.

        Examples
        --------
        >>> import os, tempfile, numpy, wavekeep
        >>> run = wavekeep.open_stream("crates/smurf/tests/data/basic.dat")
        >>> path = run.save(os.path.join(tempfile.mkdtemp(), "part.npy"), channels="0-3")
        >>> numpy.load(path).shape
        (4, 20)
        """
        one_of("units", units, ("count", "rad"))
        ask = self._ask(
            channels=channels, frames=self._frames(frames), time=time, drop_errored=drop_errored
        )
        target = target_of(path, to)
        with Reporter(progress, "frames") as reported:
            try:
                self._handle.save(
                    os.fspath(path), target, ask, overwrite, units == "rad", reported.call
                )
            except BadArgumentError as error:
                hint = instead(target, set(TARGETS.values())) if to is not None else ""
                raise BadArgumentError(f"{error}{hint}", path=os.fspath(path)) from None if hint else error
        return os.fspath(path)

    def _repr_html_(self) -> str:
        from . import _html_stream

        return _html_stream.stream(self)

    def __repr__(self) -> str:
        name = os.path.basename(self.path)
        if self.closed:
            return f"<Stream {name}: closed>"
        which = self.sections if self._section is None else (self.sections[self._section],)
        counts = sorted({section.channels for section in which})
        of = " or ".join(str(count) for count in counts) or "no"
        damaged = ", damaged" if json.loads(self._handle.report())["damaged"] else ""
        return f"<Stream {name}: {self.n_frames} frames of {of} channels{damaged}>"


def as_ranges(channels: list[int]) -> list[str]:
    """Indices as few words: ``["0-15", "20"]``."""
    edges = [0, *(at for at in range(1, len(channels)) if channels[at] != channels[at - 1] + 1)]
    ends = [*edges[1:], len(channels)]
    return [f"{channels[start]}-{channels[end - 1]}" for start, end in zip(edges, ends)]


def dtype_of(raw: bool, iq: bool, dtype: DTypeLike | None) -> np.dtype[Any]:
    """The type of what is read; one that cannot be read is an error."""
    try:
        wanted = np.dtype(
            dtype if dtype is not None else np.int32 if raw else np.complex128 if iq else np.float64
        )
    except TypeError as error:
        raise BadArgumentError(f"dtype is {dtype!r}, which numpy does not know") from error
    allowed = "i4" if raw else ("c8", "c16") if iq else ("f4", "f8")
    if (raw and iq) or wanted.str[1:] not in allowed or not wanted.isnative:
        raise BadArgumentError(
            f"{wanted} cannot be read: phases are float64 or float32, raw counts int32, iq complex"
        )
    return wanted
