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
    """Plans the parts of a scan in the driver, and reads them in workers.

    It takes no filters: Spark 4.3 keeps what was pushed into the table of one ``load()``, and reads by
    it for the next query of the same data frame too, which then lacks rows in silence.
    """

    def __init__(self, scan: Scan) -> None:
        self._scan = scan
        self._filter: Any = None

    def partitions(self) -> Sequence[InputPartition]:
        """The parts."""
        return [InputPartition(part) for part in self._scan.parts(filter=self._filter)]

    def read(self, partition: InputPartition) -> Iterator[pyarrow.RecordBatch]:
        """The record batches of a part."""
        return batches(partition)


class FilteringReader(Reader):
    """Takes filters too, for Sail, which makes a reader for each query."""

    def pushFilters(self, filters: list[Filter]) -> Iterable[Filter]:
        """Takes what Arrow says with the same meaning; the engine checks all of them again."""
        found = pushed(filters, self._scan.schema)
        self._filter = reduce(and_, found) if found else None
        return filters


def reader_of(scan: Scan) -> Reader:
    """The reader for the engine that asks."""
    return FilteringReader(scan) if _asked_by_sail() else Reader(scan)


def engine_schema(schema: pyarrow.Schema) -> Any:
    """The columns in the terms of the engine that asks: Spark takes its own types alone, and Sail loses
    the time zone of theirs. A time by a unit's own clock is TIMESTAMP_NTZ."""
    plain = pyarrow.schema([pyarrow.field(one.name, one.type) for one in schema])
    return plain if _asked_by_sail() else from_arrow_schema(plain, prefer_timestamp_ntz=True)


def _asked_by_sail() -> bool:
    """Sail plans in its own process; Spark in processes of Python that know nothing of Sail."""
    return "pysail" in sys.modules


def batches(partition: InputPartition) -> Iterator[pyarrow.RecordBatch]:
    """The record batches of a part; of a table without parts there is one without a value."""
    part: Part | None = partition.value
    if part is not None:
        yield from part.batches()
