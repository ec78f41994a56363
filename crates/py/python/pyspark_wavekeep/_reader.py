"""Reading a table once."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from functools import reduce
from operator import and_
from typing import Any

import pyarrow
from pyspark.sql.datasource import DataSourceReader, Filter, InputPartition
from pyspark.sql.pandas.types import from_arrow_schema

from wavekeep.scan import Part, Scan

from ._filters import pushed


class Reader(DataSourceReader):
    """Plans the parts of a scan in the driver, and reads them in workers."""

    def __init__(self, scan: Scan) -> None:
        self._scan = scan
        self._filter: Any = None

    def pushFilters(self, filters: list[Filter]) -> Iterable[Filter]:
        """Takes what Arrow says with the same meaning; the engine checks all of them again."""
        found = pushed(filters, self._scan.schema)
        self._filter = reduce(and_, found) if found else None
        return filters

    def partitions(self) -> Sequence[InputPartition]:
        """The parts."""
        return [InputPartition(part) for part in self._scan.parts(filter=self._filter)]

    def read(self, partition: InputPartition) -> Iterator[pyarrow.RecordBatch]:
        """The record batches of a part."""
        return batches(partition)


def batches(partition: InputPartition) -> Iterator[pyarrow.RecordBatch]:
    """The record batches of a part; of a table without parts there is one without a value."""
    part: Part | None = partition.value
    if part is not None:
        yield from part.batches()


def engine_schema(schema: pyarrow.Schema) -> Any:
    """The columns in the terms of the engine that asks: Spark takes its own types alone; Sail, which is in this
    process then, loses the time zone of theirs. A time by a unit's own clock is TIMESTAMP_NTZ."""
    plain = pyarrow.schema([pyarrow.field(one.name, one.type) for one in schema])
    return plain if "pysail" in sys.modules else from_arrow_schema(plain, prefer_timestamp_ntz=True)
