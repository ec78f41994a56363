"""Streams: SMuRF runs of any length."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from . import _wavekeep
from ._channel import Channel
from ._errors import BadArgument, NoSuchChannel, SelectionError
from ._progress import Progress, Reporter
from ._recording import (
    Block,
    Channels,
    Frames,
    Recording,
    Time,
    channel_words,
    one_frame_range,
    target_of,
)
from ._report import Report

_NS = 1_000_000_000
#: Bytes from which on memory of an earlier result is used again.
_LARGE = 4 << 20
#: The threads that a process shares do not live on in a fork of it: there the caller reads alone.
_fork_reads_alone: list[int | None] = [None]
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=lambda: _fork_reads_alone.__setitem__(0, 1))


@dataclass(frozen=True)
class Section:
    """Frames with one number of channels."""

    #: The frames, by their numbers in the run.
    frames: range
    #: Valid samples in each frame.
    channels: int


@dataclass(frozen=True)
class Gap:
    """A place where ``frame_counter`` does not go on as usual."""

    #: The frames before each of which this happens.
    frames: range
    #: What ``frame_counter`` went on by.
    step: int
    #: Frames that are missing.
    missing: int
    #: ``"missing"``, ``"short"``, ``"irregular"``, ``"changed"``, ``"out_of_order"``, ``"anew"`` or
    #: ``"back"``.
    kind: str = "missing"


class Stream(Recording):
    """A SMuRF run: indexed when it is opened, read when it is asked for.

    >>> import wavekeep
    >>> run = wavekeep.open("crates/smurf/tests/data/split.dat")  # split.dat.1 … split.dat.4
    >>> run
    <Stream split.dat: 40 frames of 64 channels>
    >>> run.read(channels=[3, 0], frames=(10, 20)).shape
    (2, 10)
    >>> run.read("0-1", frames=slice(2), raw=True).tolist()
    [[-2147483648, -2147482647], [-2147418111, -2147417110]]
    >>> for block in run.blocks(frames=16, channels=[0]):
    ...     print(block.frames, block.data.shape)
    range(0, 16) (1, 16)
    range(16, 32) (1, 16)
    range(32, 40) (1, 8)

    Values are phases in rad (float64); ``raw=True`` gives the counts (int32), ``iq=True`` complex
    numbers from pairs of samples. A result of 16 MiB or more is filled from mapped files, smaller ones
    and blocks are read: see the page on a file that another program makes shorter meanwhile.
    """

    kind = "stream"
    format = "smurf"

    def __init__(self, handle: _wavekeep.Stream, path: str, section: int | None = None) -> None:
        self._handle = handle
        self._section = section
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (_again, (self.path, self._section))

    @cached_property
    def metadata(self) -> dict[str, Any]:
        """Everything but the samples, in the words of ``wavekeep info --json``."""
        facts: dict[str, Any] = json.loads(self._handle.facts())
        return facts

    @cached_property
    def report(self) -> Report:
        return Report.from_json(self.metadata["report"])

    @property
    def sections(self) -> tuple[Section, ...]:
        """The sections: where the number of channels changes, another one begins."""
        return tuple(
            Section(range(start, end), channels) for start, end, channels in self._handle.sections()
        )

    def section(self, number: int) -> Stream:
        """One section as a stream of its own; frames keep their numbers in the run."""
        if not 0 <= number < len(self.sections):
            message = f"there is no section {number}; the run has {len(self.sections)}"
            raise SelectionError(message, path=self.path)
        return Stream(self._handle, self.path, number)

    @property
    def channels(self) -> tuple[int, ...]:
        """The sample indices."""
        return tuple(self._handle.indices(self._ask()))

    @property
    def detectors(self) -> tuple[tuple[int, int, float | None] | None, ...]:
        """Band, channel and resonator frequency in MHz of every sample, ``None`` where the mask does
        not say."""
        return tuple(self._handle.detectors(self._ask()))

    @property
    def units(self) -> dict[int, str]:
        return dict.fromkeys(self.channels, "rad")

    @cached_property
    def gaps(self) -> tuple[Gap, ...]:
        """Where ``frame_counter`` does not go on as usual, and the frames that are missing there."""
        return tuple(
            Gap(range(first, end), step, missing, kind)
            for first, end, step, missing, kind in self._handle.gaps()
        )

    @property
    def rate_hz(self) -> float | None:
        """Frames a second; ``None`` when nothing says it."""
        return self._handle.rate_hz

    @property
    def config(self) -> dict[str, Any]:
        """All configuration of the run, merged."""
        tree: dict[str, Any] = json.loads(self._handle.config())
        return tree

    def config_at(self, frame: int) -> dict[str, Any]:
        """The configuration that was in force at a frame."""
        tree: dict[str, Any] = json.loads(self._handle.config(frame))
        return tree

    @property
    def updates(self) -> list[dict[str, Any]]:
        """Every metadata record: ``frames_before`` it, and the ``values`` that it sets."""
        updates: list[dict[str, Any]] = json.loads(self._handle.updates())
        return updates

    @property
    def mask_table(self) -> NDArray[np.int64] | None:
        """``table[band, channel]``: the sample index, -1 where nothing was recorded; ``None``
        without a mask file beside the run."""
        return self._handle.mask_table()

    @property
    def frequencies_mhz(self) -> NDArray[np.float64] | None:
        """Frequencies by sample index, if a file with them lies beside the run."""
        return self._handle.frequencies_mhz()

    @property
    def t(self) -> NDArray[np.float64]:
        """Seconds from the first frame of the run, by the best clock that it has."""
        times = self.time_ns
        first = self._handle.times(self._ask(section=False, frames=(0, 1)))
        # The difference is exact before it is rounded once.
        return (times - first[:1]).astype(np.int64) / _NS if len(times) else np.empty(0)

    @property
    def time_ns(self) -> NDArray[np.uint64]:
        """UNIX time of each frame in ns, by the best clock that the run has; how it was got is
        ``metadata["time_basis"]``."""
        return self._handle.times(self._ask())

    @property
    def times(self) -> NDArray[np.datetime64]:
        """The same, as ``datetime64[ns]`` in UTC."""
        return self.time_ns.view("datetime64[ns]")

    def header(self, frames: Frames = None) -> dict[str, NDArray[Any]]:
        """Header fields, one array a field, one value a frame (``tes_bias``: ``[16, frames]``)."""
        return self._handle.headers(self._ask(frames=self._frames(frames)))

    @property
    def errored(self) -> NDArray[np.bool_]:
        """For each frame whether its sender marked it bad."""
        return self._handle.frames(self._ask())[1]

    def __len__(self) -> int:
        if self._section is None:
            return len(self._handle)
        return len(self.sections[self._section].frames)

    def __getitem__(self, channel: Any) -> Channel:
        """One channel: a sample index, or ``"band:channel"`` through the mask."""
        if isinstance(channel, (int, np.integer)) and not isinstance(channel, bool) and channel < 0:
            channel = int(channel) + len(self.channels)
        if not isinstance(channel, (str, int, np.integer)) or isinstance(channel, bool):
            raise NoSuchChannel(f"there is no channel {channel!r}", path=self.path)
        indices = self._handle.indices(self._ask(channels=channel))
        if len(indices) != 1:
            raise NoSuchChannel(f"{channel!r} is {len(indices)} channels: use read", path=self.path)

        def values(unit: str) -> NDArray[Any]:
            if unit not in ("rad", "count"):
                message = f"a stream is in rad or count, {unit!r} is neither"
                raise BadArgument(message, path=self.path)
            row: NDArray[Any] = self.read(channel, raw=unit == "count")[0]
            return row.astype(np.float64, copy=False)

        def raw() -> NDArray[Any]:
            counts: NDArray[Any] = self.read(channel, raw=True)[0]
            return counts

        return Channel(str(channel), "rad", (), values, raw, (self, channel))

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
        """A part of the run, ``[channels, frames]``.

        Phases in rad as float64 (or float32 by ``dtype``), with ``raw`` counts as int32, with
        ``iq`` complex numbers in counts, one for each pair of samples (channels are pairs then).
        Of the files only what lies between the first and the last channel asked for is read.

        ``time`` is in seconds from the first frame, or in ``datetime`` / ``datetime64``. ``out``
        must be contiguous and of that shape; its type says what is read. Without it a large result
        may be in the memory of an earlier one of which no array is left.
        """
        ask = self._ask(
            channels=channels,
            frames=self._frames(frames),
            time=time,
            drop_errored=drop_errored,
            threads=threads,
        )
        rows, columns = self._shape(ask, iq)
        wanted = _dtype(raw, iq, dtype)
        if out is None:
            if not progress and rows * columns * wanted.itemsize >= _LARGE:
                return np.asarray(self._handle.read(ask, wanted.str))
            out = np.empty((rows, columns), wanted)
        elif out.shape != (rows, columns):
            raise BadArgument(f"out has the shape {out.shape}, the selection ({rows}, {columns})")
        elif (raw or iq or dtype is not None) and out.dtype != wanted:
            raise BadArgument(f"out is of {out.dtype}, asked for is {wanted}")
        elif out.dtype.kind == "c" and not iq:
            raise BadArgument("complex values are pairs of samples: ask for iq=True")
        if not progress or not out.size:
            self._handle.fill(ask, out)
            return out
        with Reporter(progress, "frames") as told:
            done = 0
            for start, stop in self._handle.frames(ask)[0]:
                for first in range(start, stop, 65536):
                    part = np.empty((rows, min(65536, stop - first)), out.dtype)
                    self._handle.fill({**ask, "frames": (first, first + part.shape[1])}, part)
                    out[:, done : done + part.shape[1]] = part
                    done += part.shape[1]
                    told(done, columns)
        return out

    def blocks(
        self,
        frames: int = 65536,
        *,
        channels: Channels = None,
        raw: bool = False,
        iq: bool = False,
        dtype: DTypeLike | None = None,
        drop_errored: bool = False,
        threads: int | None = None,
    ) -> Iterator[Block]:
        """The run block by block, at most ``frames`` frames each, in one buffer that is used again:
        memory does not grow with the run."""
        ask = self._ask(channels=channels, drop_errored=drop_errored, threads=threads)
        rows, columns = self._shape(ask, iq)
        size = min(max(int(frames), 1), max(columns, 1))
        buffer = np.empty(rows * size, _dtype(raw, iq, dtype))
        for start, stop in self._handle.frames(ask)[0]:
            for first in range(start, stop, size):
                count = min(size, stop - first)
                part = buffer[: rows * count].reshape(rows, count)
                self._handle.fill({**ask, "frames": (first, first + count)}, part)
                yield Block(part, range(first, first + count))

    def save(
        self,
        path: str | os.PathLike[str],
        *,
        to: str | None = None,
        channels: Channels = None,
        frames: Frames = None,
        time: Time = None,
        drop_errored: bool = False,
        units: str = "count",
        overwrite: bool = False,
        progress: Progress = None,
    ) -> str:
        """Writes samples and header fields as gnz, hdf5, npy, npz, parquet, safetensors or csv:
        complete, or not at all. As GNZ memory does not grow with the run.

        ``units`` is ``"count"`` (int32) or ``"rad"`` (float64; 2^16 counts are 2π). Band, channel
        and resonator frequency of every row go along, where they are known."""
        if units not in ("count", "rad"):
            raise BadArgument(f"units are count or rad, found {units!r}")
        ask = self._ask(
            channels=channels, frames=self._frames(frames), time=time, drop_errored=drop_errored
        )
        target = target_of(path, to)
        with Reporter(progress, "frames") as told:
            self._handle.save(
                os.fspath(path), target, ask, overwrite, units == "rad", told.call
            )
        return os.fspath(path)

    def _frames(self, frames: Frames) -> tuple[int, int] | None:
        """Frames as the run counts them."""
        if frames is None:
            return None
        if self._section is None:
            return one_frame_range(frames, len(self))
        section = self.sections[self._section].frames
        start, stop = one_frame_range(frames, len(section))
        return section.start + start, section.start + stop

    def _ask(
        self,
        *,
        channels: Channels = None,
        frames: tuple[int, int] | None = None,
        time: Time = None,
        drop_errored: bool = False,
        threads: int | None = None,
        section: bool = True,
    ) -> dict[str, Any]:
        most = _wavekeep.MOST_THREADS
        if threads is not None and not (isinstance(threads, int) and 1 <= threads <= most):
            raise BadArgument(f"threads are 1 to {most}, found {threads!r}")
        return {
            "channels": channel_words(channels),
            "frames": frames,
            "time_ns": None if time is None else self._time_ns(time),
            "section": self._section if section else None,
            "drop_errored": bool(drop_errored),
            "threads": _fork_reads_alone[0] if threads is None else threads,
        }

    def _time_ns(self, time: tuple[Any, Any]) -> tuple[int, int]:
        first = self._handle.times(self._ask(section=False, frames=(0, 1)))
        origin = int(first[0]) if len(first) else 0
        most = 2**64 - 1

        def moment(at: Any, default: int) -> int:
            if at is None:
                return default
            if isinstance(at, np.datetime64):
                unix: int = int(at.astype("datetime64[ns]").astype(np.int64))
                return min(max(unix, 0), most)
            if isinstance(at, datetime):
                if at.tzinfo is None:
                    at = at.replace(tzinfo=timezone.utc)
                since = at - datetime(1970, 1, 1, tzinfo=timezone.utc)
                whole: int = (since.days * 86400 + since.seconds) * _NS + since.microseconds * 1000
                return min(max(whole, 0), most)
            nearest: int = origin + round(float(at) * _NS)
            return min(max(nearest, 0), most)

        try:
            start, end = time
            return moment(start, 0), moment(end, most)
        except (TypeError, ValueError, OverflowError) as error:
            raise BadArgument(f"time is (start, end), found {time!r}") from error

    def _shape(self, ask: dict[str, Any], iq: bool) -> tuple[int, int]:
        ranges = self._handle.frames(ask)[0]
        columns = sum(stop - start for start, stop in ranges)
        return len(self._handle.indices(ask, iq)), columns

    def _repr_html_(self) -> str:
        from . import _html

        return _html.stream(self)

    def __repr__(self) -> str:
        name = os.path.basename(self.path)
        counts = sorted({section.channels for section in self.sections})
        which = self.sections if self._section is None else (self.sections[self._section],)
        counts = sorted({section.channels for section in which})
        of = " or ".join(str(count) for count in counts) or "no"
        damaged = ", damaged" if json.loads(self._handle.report())["damaged"] else ""
        return f"<Stream {name}: {len(self)} frames of {of} channels{damaged}>"


def _dtype(raw: bool, iq: bool, dtype: DTypeLike | None) -> np.dtype[Any]:
    wanted = np.dtype(
        dtype if dtype is not None else np.int32 if raw else np.complex128 if iq else np.float64
    )
    allowed = "i4" if raw else ("c8", "c16") if iq else ("f4", "f8")
    if (raw and iq) or wanted.str[1:] not in allowed or not wanted.isnative:
        raise BadArgument(
            f"{wanted} cannot be read: phases are float64 or float32, raw counts int32, iq complex"
        )
    return wanted


def _again(path: str, section: int | None) -> Stream:
    """A stream from its pickle: the files are opened again."""
    from . import open as open_again

    stream = open_again(path)
    assert isinstance(stream, Stream)
    return stream if section is None else stream.section(section)
