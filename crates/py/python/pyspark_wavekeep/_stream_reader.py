"""Following a run that is still being written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow
from pyspark.sql.datasource import DataSourceStreamReader, InputPartition
from pyspark.sql.streaming.datasource import SupportsTriggerAvailableNow

from wavekeep.scan._growing import GrowingRun, Offset

from ._reader import batches


class StreamReader(DataSourceStreamReader, SupportsTriggerAvailableNow):
    """Offsets are numbers of frames, with what the last frame states, so that a checkpoint is of one
    run."""

    def __init__(self, run: GrowingRun) -> None:
        self._run = run
        self._target: Offset | None = None

    def prepareForTriggerAvailableNow(self) -> None:
        """The query ends with the frames that are there now, however many batches that takes."""
        self._target = self._run.latest(Offset(0))

    def initialOffset(self) -> dict[str, Any]:
        """The beginning of the run."""
        return _document(Offset(0))

    def latestOffset(self, start: dict[str, Any], limit: Any) -> dict[str, Any]:
        """Behind the last whole frame."""
        del limit
        return _document(self._target or self._run.latest(_offset(start)))

    def partitions(self, start: dict[str, Any], end: dict[str, Any]) -> Sequence[InputPartition]:
        """The parts between two offsets."""
        return [InputPartition(part) for part in self._run.parts(_offset(start), _offset(end))]

    def read(self, partition: InputPartition) -> Iterator[pyarrow.RecordBatch]:
        """The record batches of a part."""
        return batches(partition)


def _document(offset: Offset) -> dict[str, Any]:
    return {"frames": offset.frames, "last": offset.last}


def _offset(document: dict[str, Any]) -> Offset:
    return Offset(int(document["frames"]), str(document.get("last", "")))
