"""The scans of an archive: its events, and the samples of their waveforms."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import _table
from .._archive import Archive
from .._errors import BadArgumentError, NoSuchArgumentError
from .._event import Event
from .._lazy import need
from .._recording import Channels, one_or_several
from .._table import Table
from .._words import instead
from ._pruning import between, possible
from ._scan import Output, Part, Scan

if TYPE_CHECKING:
    import pyarrow

#: Events in a page, and numbers of events in a part of samples.
_PAGE = 10_000
_EVENTS_OF_SAMPLES = 64
#: Keywords of `Archive.query` that select events.
_CHOICES = (
    "serial",
    "project",
    "kind",
    "from_",
    "to",
    "min_ppv_in_s",
    "false_trigger",
    "reviewed",
    "text",
)
#: Greater than every number of an event.
_END = 2**63 - 1


@dataclass(frozen=True)
class Chosen:
    """Selected events of an archive. Parts contain it, and each process opens the archive once."""

    pickled: bytes
    #: Keywords of `Archive.query` and their values.
    words: tuple[tuple[str, Any], ...]

    @classmethod
    def of(cls, archive: Archive, events: Mapping[str, Any]) -> Chosen:
        """The selection for an open archive.

        Raises
        ------
        BadArgumentError
            :meth:`Archive.query` does not accept a keyword or its value.
        """
        for word in events:
            if word not in _CHOICES:
                message = f"events has {word!r}: it takes {', '.join(_CHOICES)}{instead(word, _CHOICES)}"
                raise NoSuchArgumentError(message, found=word, expected=", ".join(_CHOICES))
        archive.query(**events, limit=0)
        return cls(pickle.dumps(archive), tuple(sorted(events.items())))

    def archive(self) -> Archive:
        """The archive."""
        return _opened(self.pickled)

    def bounds(self) -> list[int]:
        """Numbers of events that divide all of them into pages, and one after the last."""
        total = self.archive().query(**dict(self.words), limit=0).total
        return [*(self._number_at(offset) for offset in range(0, total, _PAGE)), _END]

    def rows(self, first: int, end: int) -> pyarrow.Table:
        """The rows of events with numbers from ``first`` up to, not including, ``end``, sorted by number."""
        arrow = need("pyarrow", "a scan", "arrow")
        compute = need("pyarrow.compute", "a scan", "arrow")
        archive, words, after, found = self.archive(), dict(self.words), first - 1, []
        while True:
            page = archive.query_arrow(**words, sort="id", after_id=after, limit=_PAGE)
            found.append(page.filter(compute.field("id") < end))
            if page.num_rows < _PAGE or found[-1].num_rows < page.num_rows:
                return arrow.concat_tables(found)
            after = page["id"][-1].as_py()

    def _number_at(self, offset: int) -> int:
        rows = self.archive().query(**dict(self.words), sort="id", offset=offset, limit=1)
        return int(rows[0]["id"]) if len(rows) else _END


@lru_cache(maxsize=4)
def _opened(pickled: bytes) -> Archive:
    archive = pickle.loads(pickled)
    assert isinstance(archive, Archive)
    return archive


@dataclass(frozen=True)
class EventPart(Part):
    """Events with numbers from ``first`` up to, not including, ``end``."""

    chosen: Chosen
    first: int
    end: int

    def needed_batches(self) -> Iterator[pyarrow.RecordBatch]:
        # A newer server may have further columns.
        table = self.chosen.rows(self.first, self.end).select(list(_table.EVENTS))
        return iter(table.replace_schema_metadata(None).to_batches())


class EventScan(Scan):
    """The events of an archive."""

    table = "events"

    def __init__(self, archive: Archive, events: Mapping[str, Any]) -> None:
        self.where = archive.where
        self.schema = Table([], _table.EVENTS).to_arrow().schema
        self._chosen = Chosen.of(archive, events)

    def planned(self, output: Output, schema: pyarrow.Schema) -> Sequence[Part]:
        bounds = self._chosen.bounds()
        ranges = _possible_ranges(list(zip(bounds, bounds[1:])), "id", output, self.schema)
        return [EventPart(output, schema, self._chosen, first, end) for first, end in ranges]


@dataclass(frozen=True)
class SamplePart(Part):
    """Samples of events with numbers from ``first`` up to, not including, ``end``."""

    chosen: Chosen
    first: int
    end: int
    channels: tuple[str, ...] | None
    raw: bool

    def needed_batches(self) -> Iterator[pyarrow.RecordBatch]:
        rows = self.chosen.rows(self.first, self.end)
        for id, kind in zip(rows["id"].to_pylist(), rows["kind"].to_pylist()):
            if kind == "waveform":
                event = self.chosen.archive()._decoded(id)[0]
                yield from _samples(id, event, self.channels, self.raw)


class SampleScan(Scan):
    """The samples of the waveforms of an archive."""

    table = "samples"

    def __init__(
        self, archive: Archive, channels: Channels, raw: bool, events: Mapping[str, Any]
    ) -> None:
        self.where = archive.where
        self.schema = _sample_schema(raw)
        self._chosen = Chosen.of(archive, events)
        self._raw = raw
        self._channels = None if channels is None else _names(channels)

    def planned(self, output: Output, schema: pyarrow.Schema) -> Sequence[Part]:
        bounds = self._chosen.bounds()
        ranges = [piece for first, end in zip(bounds, bounds[1:]) for piece in self._pieces(first, end)]
        ranges = _possible_ranges(ranges, "event_id", output, self.schema)
        how = (self._channels, self._raw)
        return [SamplePart(output, schema, self._chosen, first, end, *how) for first, end in ranges]

    def _pieces(self, first: int, end: int) -> list[tuple[int, int]]:
        """The numbers of a page in pieces; the last page is bounded by the last event."""
        if end == _END:
            rows = self._chosen.archive().query(**dict(self._chosen.words), sort="-id", limit=1)
            end = rows[0]["id"] + 1 if len(rows) else first
        starts = range(first, end, _EVENTS_OF_SAMPLES)
        return [(start, min(start + _EVENTS_OF_SAMPLES, end)) for start in starts]


def _possible_ranges(
    ranges: list[tuple[int, int]], column: str, output: Output, schema: Any
) -> list[tuple[int, int]]:
    """The ranges that the filter does not exclude."""
    if column not in output.filtered:
        return ranges
    guarantees = (between(column, first, end - 1) for first, end in ranges)
    return [ranges[place] for place in possible(guarantees, output.filter, schema)]


def _sample_schema(raw: bool) -> Any:
    arrow = need("pyarrow", "a scan", "arrow")
    return arrow.schema(
        [
            ("event_id", arrow.int64()),
            ("channel", arrow.string()),
            ("sample", arrow.int64()),
            arrow.field("time_s", arrow.float64(), metadata={"unit": "s"}),
            ("value", arrow.int32() if raw else arrow.float64()),
            ("unit", arrow.string()),
        ]
    )


def _samples(id: int, event: Event, channels: tuple[str, ...] | None, raw: bool) -> Iterator[Any]:
    """The samples of an event, one batch per channel; missing ones are null."""
    arrow = need("pyarrow", "a scan", "arrow")
    schema = _sample_schema(raw)
    for name in event.channels:
        if channels is not None and name not in channels:
            continue
        if raw:
            counts = np.ma.MaskedArray(event[name].raw)
            values, missing = counts.data.astype(np.int32), np.ma.getmaskarray(counts)
        else:
            values = np.asarray(event[name])
            missing = np.isnan(values)
        length = len(values)
        arrays = [
            arrow.repeat(arrow.scalar(id, arrow.int64()), length),
            arrow.repeat(name, length),
            arrow.array(np.arange(length)),
            arrow.array(event.t),
            arrow.array(values, mask=missing),
            arrow.repeat("count" if raw else event.units[name], length),
        ]
        yield arrow.RecordBatch.from_arrays(arrays, schema=schema)


def _names(channels: Channels) -> tuple[str, ...]:
    assert channels is not None
    names = one_or_several(channels)
    for name in names:
        if not isinstance(name, str):
            raise BadArgumentError(f"channels of events have names, such as 'Vert', found {name!r}")
    return tuple(names)
