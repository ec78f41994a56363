"""The facts of a run, without its samples."""

from __future__ import annotations

import json
import os
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from . import _wavekeep
from ._errors import BadArgumentError, BadIndexError, SelectionError
from ._findings import Gap, Section
from ._recording import Channels, Frames, Recording, Time, channel_words
from ._report import Report
from ._select import frames_of, times_of
from ._sent_run import SentRun
from ._stream_times import moments, seconds_from
from ._words import strict

if TYPE_CHECKING:
    from typing_extensions import Self

#: The threads that a process shares do not live on in a fork of it: there the caller reads alone.
_fork_reads_alone: list[int | None] = [None]
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=lambda: _fork_reads_alone.__setitem__(0, 1))


class Facts(Recording):
    """The facts of a run, and the selection of its samples."""

    kind = "stream"
    format = "smurf"

    def __init__(
        self,
        handle: _wavekeep.Stream,
        path: str,
        section: int | None = None,
        place: str | None = None,
    ) -> None:
        self._handle = handle
        self._section = section
        self.path = path
        # The folder of the process may be another one later.
        self._place = place or os.path.abspath(path)

    def __reduce__(self) -> tuple[Any, ...]:
        handle: Any = self._handle
        sent = handle if isinstance(handle, SentRun) else SentRun.of(handle, self._place)
        return (_again, (type(self), self._place, self._section, sent))

    @cached_property
    def _identity(self) -> _wavekeep._Identity:
        """The pieces with their lengths, times and ends, as they were when the run was indexed."""
        return self._handle.identity()

    def __dask_tokenize__(self) -> tuple[Any, ...]:
        return (self._place, self._section, self._identity)

    def close(self) -> None:
        """Closes the files, also those of all sections of the run. Arrays that were read stay valid; later
        reads raise a :class:`ClosedError`. Closing again has no effect."""
        self._handle.close()

    @property
    def closed(self) -> bool:
        """Whether the files are closed."""
        return self._handle.is_closed()

    @cached_property
    def metadata(self) -> dict[str, Any]:
        """Everything except the samples, with the keys of ``wavekeep info --json``."""
        facts: dict[str, Any] = json.loads(self._handle.facts())
        return facts

    @cached_property
    def report(self) -> Report:
        """Damage and assumptions."""
        return Report.from_json(self.metadata["report"])

    @property
    def sections(self) -> tuple[Section, ...]:
        """The sections of the run: a section ends where the number of channels changes."""
        return tuple(
            Section(range(start, end), channels) for start, end, channels in self._handle.sections()
        )

    def section(self, number: int) -> Self:
        """One section as a stream; its frames keep their numbers in the run.

        Parameters
        ----------
        number
            The index of the section; negative ones count from the end.

        Returns
        -------
        Stream
            The section. It shares the open files of the run.

        Raises
        ------
        SelectionError
            There is no such section.
        BadArgumentError
            ``number`` is not an integer.

        Examples
        --------
        >>> import warnings, wavekeep
        >>> with warnings.catch_warnings():
        ...     warnings.simplefilter("ignore", wavekeep.DamageWarning)
        ...     run = wavekeep.open_stream("crates/smurf/tests/data/nchan_change.dat")
        >>> [run.section(number).shape for number in range(len(run.sections))]
        [(8, 5), (12, 6)]
        """
        count = len(self.sections)
        if not isinstance(number, (int, np.integer)) or isinstance(number, bool):
            raise BadArgumentError(f"a section is named by its number, found {number!r}", path=self.path)
        if not -count <= number < count:
            message = f"there is no section {number}; the run has {count}"
            raise SelectionError(message, path=self.path)
        return type(self)(self._handle, self.path, int(number) % count, self._place)

    @property
    def channels(self) -> tuple[int, ...]:
        """The sample indices. For a run with several sections this is a :class:`SelectionError` that names them."""
        return tuple(self._handle.indices(self._ask()))

    @property
    def detectors(self) -> tuple[tuple[int, int, float | None] | None, ...]:
        """Band, channel and resonator frequency in MHz of each sample index; ``None`` where the mask does
        not state them."""
        return tuple(self._handle.detectors(self._ask()))

    @property
    def units(self) -> dict[int, str]:
        """``"rad"`` for each channel."""
        return dict.fromkeys(self.channels, "rad")

    @cached_property
    def gaps(self) -> tuple[Gap, ...]:
        """Where ``frame_counter`` does not increase by the usual step, and the number of missing frames."""
        return tuple(
            Gap(range(first, end), step, missing, kind)
            for first, end, step, missing, kind in self._handle.gaps()
        )

    @property
    def rate_hz(self) -> float | None:
        """Frames per second; ``None`` if no source states it."""
        return self._handle.rate_hz

    @property
    def config(self) -> dict[str, Any]:
        """The configuration at the end of the run: all metadata records, merged."""
        tree: dict[str, Any] = json.loads(self._handle.config())
        return tree

    def config_at(self, frame: int) -> dict[str, Any]:
        """The configuration that is valid for a frame.

        Parameters
        ----------
        frame
            The number of the frame in the run. The number of frames is allowed, and gives the configuration
            after the last one.

        Returns
        -------
        dict
            All metadata records before the frame, merged: a tree of plain data.

        Raises
        ------
        BadIndexError
            There is no such frame.

        Examples
        --------
        >>> import wavekeep
        >>> run = wavekeep.open_stream("crates/smurf/tests/data/basic.dat")
        >>> run.config_at(0) == run.config_at(20)
        False
        """
        count = len(self._handle)
        plain = isinstance(frame, (int, np.integer)) and not isinstance(frame, bool)
        if not plain or not 0 <= frame <= count:
            raise BadIndexError(f"frames are 0 to {count - 1}, found {frame!r}", path=self.path)
        tree: dict[str, Any] = json.loads(self._handle.config(int(frame)))
        return tree

    @property
    def updates(self) -> list[dict[str, Any]]:
        """The metadata records: the number of frames before each, ``frames_before``, and its ``values``."""
        updates: list[dict[str, Any]] = json.loads(self._handle.updates())
        return updates

    @property
    def mask_table(self) -> NDArray[np.int64] | None:
        """``int64[band, channel]``: the sample index, -1 where nothing was recorded; ``None`` if there is no mask."""
        return self._handle.mask_table()

    @property
    def frequencies_mhz(self) -> NDArray[np.float64] | None:
        """``float64[samples]``: frequencies in MHz by sample index; ``None`` if there is no file with
        frequencies beside the run."""
        return self._handle.frequencies_mhz()

    @property
    def t(self) -> NDArray[np.float64]:
        """``float64[frames]``: seconds from the first frame of the run, by the best clock of the run."""
        times = self.time_ns
        first = self._handle.times(self._ask(section=False, frames=(0, 1)))
        return seconds_from(int(first[0]), times) if len(times) else np.empty(0)

    @property
    def time_ns(self) -> NDArray[np.uint64]:
        """``uint64[frames]``: UNIX time in ns, by the best clock of the run; ``metadata["time_basis"]`` names it."""
        return self._handle.times(self._ask())

    @property
    def times(self) -> NDArray[np.datetime64]:
        """``datetime64[ns][frames]``: :attr:`time_ns` in UTC. ``NaT`` where a damaged frame states a time
        after the year 2262, which this type cannot represent."""
        return moments(self.time_ns)

    @strict
    def header(self, frames: Frames = None) -> dict[str, NDArray[Any]]:
        """The headers of frames.

        Parameters
        ----------
        frames
            As for :meth:`Stream.read`, by default all.

        Returns
        -------
        dict of numpy.ndarray
            An array of integers for each field: ``[frames]``, ``tes_bias`` ``[16, frames]``. ``timestamp`` is
            UNIX time in ns.

        Raises
        ------
        SelectionError
            The selection is empty.

        Examples
        --------
        >>> import wavekeep
        >>> run = wavekeep.open_stream("crates/smurf/tests/data/basic.dat")
        >>> header = run.header((3, 6))
        >>> header["frame_counter"].tolist(), header["tes_bias"].shape
        ([60, 80, 100], (16, 3))
        """
        return self._handle.headers(self._ask(frames=self._frames(frames)))

    @property
    def errored(self) -> NDArray[np.bool_]:
        """``bool[frames]``: whether the sender of the frame marked it as bad."""
        return self._handle.frames(self._ask())[1]

    @property
    def n_frames(self) -> int:
        """The number of frames, also for a run with several sections."""
        if self._section is None:
            return len(self._handle)
        return len(self.sections[self._section].frames)

    @property
    def shape(self) -> tuple[int, int]:
        """``(channels, frames)``. For a run with several sections this is a :class:`SelectionError` that
        names them."""
        return len(self.channels), self.n_frames

    @property
    def dtype(self) -> np.dtype[np.float64]:
        """float64, for phases in rad."""
        return np.dtype(np.float64)

    @property
    def ndim(self) -> int:
        """2, for channels and frames."""
        return 2

    @property
    def size(self) -> int:
        """The number of samples."""
        return len(self.channels) * self.n_frames

    def __contains__(self, channel: object) -> bool:
        if isinstance(channel, (int, np.integer)) and not isinstance(channel, bool):
            return 0 <= int(channel) < len(self.channels)
        if not isinstance(channel, str):
            return False
        try:
            return len(self._handle.indices(self._ask(channels=channel))) == 1
        except SelectionError:
            # A run of several sections says so, and not that the channel is missing.
            _ = self.channels
            return False

    def _frames(self, frames: Frames) -> tuple[int, int] | None:
        """Frames as the run counts them."""
        if frames is None:
            return None
        if self._section is None:
            return frames_of(frames, self.n_frames)
        section = self.sections[self._section].frames
        start, stop = frames_of(frames, len(section))
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
        plain = isinstance(threads, int) and not isinstance(threads, bool)
        if threads is not None and not (plain and 1 <= threads <= most):
            raise BadArgumentError(f"threads are 1 to {most}, found {threads!r}")
        return {
            "channels": channel_words(channels),
            "frames": frames,
            "time_ns": None if time is None else times_of(time, self._span_ns),
            "section": self._section if section else None,
            "drop_errored": bool(drop_errored),
            "threads": _fork_reads_alone[0] if threads is None else threads,
        }

    def _span_ns(self) -> tuple[int, int] | None:
        """The times of the first and the last frame of the run."""
        last = len(self._handle) - 1
        if last < 0:
            return None
        first, final = (
            self._handle.times(self._ask(section=False, frames=(at, at + 1))) for at in (0, last)
        )
        return int(first[0]), int(final[0])

    def _shape(self, ask: dict[str, Any], iq: bool) -> tuple[int, int]:
        ranges = self._handle.frames(ask)[0]
        columns = sum(stop - start for start, stop in ranges)
        return len(self._handle.indices(ask, iq)), columns


def _again(kind: type[Facts], path: str, section: int | None, sent: SentRun) -> Facts:
    """A stream from its pickle."""
    return kind(cast("_wavekeep.Stream", sent), path, section)
