"""The scan of a run: its parts, and those that a filter does not exclude."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from .._errors import BadArgumentError, SelectionError
from .._lazy import need
from .._recording import Channels
from .._stream import Stream
from ._pruning import between, possible
from ._run_files import RunFiles
from ._run_tables import (
    FRAME_COLUMN,
    TIME_COLUMN,
    block_batches,
    frame_batches,
    microseconds,
    schema_of,
    times_of,
)
from ._scan import Output, Part, Scan

if TYPE_CHECKING:
    import pyarrow

#: Samples that are read together by default: 32 MiB of counts as blocks; as frames, whose rows are seven
#: times as large, a quarter of that.
_SAMPLES = {"blocks": 1 << 23, "frames": 1 << 21}
#: Maximum number of bytes in the files of a run that a part spans, for any number of channels.
_FILE_BYTES = 256 << 20


@dataclass(frozen=True)
class RunPart(Part):
    """Some frames of some channels of one section."""

    files: RunFiles
    table: str
    channels: tuple[int, ...]
    #: ``(start, stop)``, by their numbers in the run.
    frames: tuple[int, int]
    blockframes: int
    raw: bool

    def needed_batches(self) -> Iterator[pyarrow.RecordBatch]:
        batches = block_batches if self.table == "blocks" else frame_batches
        channels = list(self.channels)
        run = self.files.open()
        return batches(run, channels, self.frames, self.blockframes, self.raw, self.output.needed)


class RunScan(Scan):
    """The blocks or the frames of a run."""

    def __init__(
        self, run: Stream, table: str, channels: Channels, raw: bool, blockframes: int | None
    ) -> None:
        self.where = run.path
        self.table = table
        self.schema = schema_of(table, raw)
        # The run stays open for the scan.
        self._run = run
        self._files = RunFiles.of(run)
        self._raw = raw
        self._sections = chosen_sections(run, channels)
        widest = max((section.width for section in self._sections), default=1)
        self._blockframes = blockframes or default_blockframes(table, widest)
        if table == "blocks":
            for section in self._sections:
                check_blocks(self._blockframes, section.frames, len(section.channels))

    def planned(self, output: Output, schema: pyarrow.Schema) -> Sequence[Part]:
        run = self._files.open()
        parts = []
        for section in self._sections:
            kept = section
            if output.filter is not None and "channel" in output.filtered:
                kept = replace(
                    section, channels=possible_channels(section.channels, output.filter, self.schema)
                )
            if kept.channels:
                together = part_frames(self.table, self._blockframes, len(kept.channels), section.width)
                for frames in grid(*section.frames, together):
                    place = (
                        self._files,
                        self.table,
                        kept.channels,
                        frames,
                        self._blockframes,
                        self._raw,
                    )
                    parts.append(RunPart(output, schema, *place))
        return possible_parts(run, parts, self.table, output, self.schema)


@dataclass(frozen=True)
class ChosenSection:
    """The frames of a section, ``(start, stop)``, and its selected channels."""

    frames: tuple[int, int]
    channels: tuple[int, ...]
    #: The number of channels in the section.
    width: int


def run_sections(run: Stream) -> list[Stream]:
    """The sections of a run as streams; for a section the section alone."""
    if run._section is not None:
        return [run]
    return [run.section(number) for number in range(len(run.sections))]


def chosen_sections(run: Stream, channels: Channels) -> list[ChosenSection]:
    """The sections of a run with the selected channels, each once and sorted.

    Raises
    ------
    SelectionError
        A section does not have one of the channels.
    """
    found = []
    for number, section in enumerate(run_sections(run)):
        try:
            indices = section._handle.indices(section._ask(channels=channels))
        except SelectionError as error:
            error.args = (f"{error} (section {number} of {run.path})",)
            raise
        frames = run.sections[section._section or 0].frames
        found.append(
            ChosenSection(
                (frames.start, frames.stop), tuple(sorted(set(indices))), len(section.channels)
            )
        )
    return found


def default_blockframes(table: str, channels: int) -> int:
    """The default number of frames that are read together, a power of two."""
    most = max(_SAMPLES[table] // max(channels, 1), 1)
    return int(min(1 << (most.bit_length() - 1), 1 << 20))


def check_blocks(blockframes: int, frames: tuple[int, int], channels: int) -> None:
    """Refuses blocks that are too large for a record batch.

    Raises
    ------
    BadArgumentError
        The blocks have 2^31 samples or more, which Arrow cannot count in the lists of one batch.
    """
    samples = min(blockframes, frames[1] - frames[0]) * channels
    if samples >= 2**31:
        message = (
            f"blocks of {blockframes} frames of {channels} channels are {samples} samples: a record batch "
            f"has fewer than {2**31}; blockframes of {default_blockframes('blocks', channels)} are a good size"
        )
        raise BadArgumentError(message, found=str(blockframes))


def part_frames(table: str, blockframes: int, channels: int, width: int) -> int:
    """The number of frames in a part: whole blocks, limited by their samples and by their bytes in the files."""
    by_samples = _SAMPLES[table] // channels
    by_bytes = _FILE_BYTES // (4 * width)
    return max(min(by_samples, by_bytes) // blockframes, 1) * blockframes


def grid(start: int, stop: int, step: int) -> Iterator[tuple[int, int]]:
    """``start`` to ``stop``, divided at the multiples of ``step``."""
    while start < stop:
        end = min(start - start % step + step, stop)
        yield start, end
        start = end


def possible_channels(channels: tuple[int, ...], filter: Any, schema: Any) -> tuple[int, ...]:
    """The channels that a filter does not exclude."""
    field = need("pyarrow.compute", "a filter", "arrow").field("channel")
    return tuple(
        channels[place] for place in possible((field == index for index in channels), filter, schema)
    )


def possible_parts(
    run: Stream, parts: Sequence[RunPart], table: str, output: Output, schema: Any
) -> list[RunPart]:
    """The parts that a filter does not exclude by their frames and times."""
    frame, time = FRAME_COLUMN[table], TIME_COLUMN[table]
    if not output.filtered & {frame, time} or not parts:
        return list(parts)

    def guarantee(part: RunPart) -> Any:
        start, stop = part.frames
        known = between(frame, start, stop - 1)
        if time in output.filtered:
            times = times_of(run, start, stop)
            # A time may be null, and a filter may select nulls: there is no guarantee then.
            if times.max() < np.uint64(2**63):
                ends = microseconds(np.array([times.min(), times.max()]))
                known = known & between(time, ends[0], ends[1])
        return known

    places = possible((guarantee(part) for part in parts), output.filter, schema)
    return [parts[place] for place in places]
