"""A run that is still being written, as tables of its new frames."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from threading import Lock
from typing import TYPE_CHECKING, Any

from .. import _wavekeep
from .._errors import FileError, MalformedError
from .._recording import Channels, channel_words
from .._stream import Stream
from ._run_tables import block_batches, frame_batches, schema_of
from ._runs import check_blocks, chosen_sections, default_blockframes, grid, part_frames
from ._scan import Output, Part

if TYPE_CHECKING:
    import pyarrow

#: Maximum number of runs that a process follows; the least recently used are dropped.
_MOST_FOLLOWED = 4


@dataclass(frozen=True)
class Offset:
    """A position in a run."""

    #: Number of frames from the first of the run.
    frames: int
    #: Values of the header of the last of them, which identify the run.
    last: str = ""


class GrowingRun:
    """The blocks or the frames of a run between two offsets.

    Parameters
    ----------
    path, table, channels, raw, blockframes
        As for :func:`wavekeep.scan.open`. The run may have no frames yet.
    """

    def __init__(
        self, path: str, table: str, channels: Channels, raw: bool, blockframes: int | None
    ) -> None:
        self.path = os.path.abspath(path)
        self.table = table
        self.schema = schema_of(table, raw)
        self._channels = channel_words(channels)
        self._raw = raw
        self._blockframes = blockframes

    def latest(self, start: Offset) -> Offset:
        """The offset after the last whole frame.

        Raises
        ------
        FileError
            ``start`` belongs to another run.
        """
        run = _followed.run(self.path, start, newest=True)
        frames = run.n_frames
        return Offset(frames, _stated(run, frames - 1)) if frames else start

    def parts(self, start: Offset, end: Offset) -> list[Part]:
        """The frames between two offsets, each in exactly one part."""
        if end.frames <= start.frames:
            return []
        run = _followed.run(self.path, end)
        output = Output(tuple(self.schema.names), None, frozenset())
        parts: list[Part] = []
        for section in chosen_sections(run, self._channels):
            blockframes = self._blockframes or default_blockframes(self.table, section.width)
            first, stop = max(section.frames[0], start.frames), min(section.frames[1], end.frames)
            if not section.channels or first >= stop:
                continue
            if self.table == "blocks":
                check_blocks(blockframes, (first, stop), len(section.channels))
            together = part_frames(self.table, blockframes, len(section.channels), section.width)
            how = (self.table, section.channels, blockframes, self._raw)
            parts += [
                GrowingPart(output, self.schema, self.path, end, frames, *how)
                for frames in grid(first, stop, together)
            ]
        return parts


@dataclass(frozen=True)
class GrowingPart(Part):
    """Some frames of a growing run, whose files may be longer now."""

    path: str
    #: The offset that the run must have reached.
    end: Offset
    frames: tuple[int, int]
    table: str
    channels: tuple[int, ...]
    blockframes: int
    raw: bool

    def needed_batches(self) -> Iterator[pyarrow.RecordBatch]:
        batches = block_batches if self.table == "blocks" else frame_batches
        run = _followed.run(self.path, self.end)
        channels = list(self.channels)
        return batches(run, channels, self.frames, self.blockframes, self.raw, self.output.needed)


@dataclass(frozen=True)
class _Followed:
    follower: _wavekeep.Follower
    run: Stream
    #: Device and inode of its pieces.
    files: tuple[tuple[int, int], ...]


class _Runs:
    """The runs that this process follows, so that frames are indexed only once."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, _Followed] = OrderedDict()
        self._lock = Lock()

    def run(self, path: str, least: Offset, newest: bool = False) -> Stream:
        """The run as it was last indexed; with ``newest``, or if it has fewer frames than ``least``, as it is now."""
        with self._lock:
            kept = self._kept.pop(path, None)
            if kept is not None and _identities(kept.run) != kept.files:
                kept = None
            if kept is None:
                kept = _taken_up(_wavekeep.Follower(path), path)
            elif newest or kept.run.n_frames < least.frames:
                kept = _gone_on(kept, path)
            self._kept[path] = kept
            while len(self._kept) > _MOST_FOLLOWED:
                self._kept.popitem(last=False)
        _check(kept.run, path, least)
        return kept.run


_followed = _Runs()


def _taken_up(follower: _wavekeep.Follower, path: str) -> _Followed:
    follower.poll()
    run = Stream(follower.snapshot(), path)
    return _Followed(follower, run, _identities(run))


def _gone_on(kept: _Followed, path: str) -> _Followed:
    try:
        first, end = kept.follower.poll()
    except MalformedError:
        # A new run has the same name: it is compared with the offset below.
        return _taken_up(_wavekeep.Follower(path), path)
    return kept if first == end else _taken_up_again(kept, path)


def _taken_up_again(kept: _Followed, path: str) -> _Followed:
    run = Stream(kept.follower.snapshot(), path)
    return replace(kept, run=run, files=_identities(run))


def _identities(run: Stream) -> tuple[tuple[int, int], ...]:
    found = []
    for piece in run._handle.pieces():
        try:
            stat = os.stat(piece)
        except OSError:
            return ()
        found.append((stat.st_dev, stat.st_ino))
    return tuple(found)


def _check(run: Stream, path: str, offset: Offset) -> None:
    """Refuses an offset of another run."""
    if run.n_frames < offset.frames:
        found = f"{run.n_frames} frames"
        message = (
            f"{path} has {found}, of which {offset.frames} were read before: a new run has its name, or "
            "this machine does not see all of it yet. Start a query with a checkpoint of its own, or try again"
        )
        raise FileError(message, path=path, expected=f"{offset.frames} frames", found=found)
    if offset.frames and (stated := _stated(run, offset.frames - 1)) != offset.last:
        message = (
            f"{path} is not the run that was read before: frame {offset.frames - 1} states {stated}, and "
            f"stated {offset.last}. Start a query with a checkpoint of its own"
        )
        raise FileError(message, path=path, expected=offset.last, found=stated)


def _stated(run: Stream, frame: int) -> str:
    """Time and counter in the header of a frame."""
    header: dict[str, Any] = run.header((frame, frame + 1))
    return f"{header['timestamp'][0]} ns, frame_counter {header['frame_counter'][0]}"
