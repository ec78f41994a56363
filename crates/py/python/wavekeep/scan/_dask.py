"""Dask: a scan as a data frame with one partition per part."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dask.dataframe
import pandas
import pyarrow

if TYPE_CHECKING:
    from ._scan import Part, Scan

#: As in `Table.to_pandas`: nullable types.
_TYPES = {
    pyarrow.int32(): pandas.Int32Dtype(),
    pyarrow.int64(): pandas.Int64Dtype(),
    pyarrow.bool_(): pandas.BooleanDtype(),
    pyarrow.string(): pandas.StringDtype("pyarrow"),
}


def data_frame(scan: Scan) -> dask.dataframe.DataFrame:
    """A data frame that reads one part per task."""
    meta = _pandas(scan.schema.empty_table())
    parts = scan.parts()

    def read(part: Part, columns: list[str] | None = None) -> pandas.DataFrame:
        return _pandas(scan.narrowed(part, columns, None).read_all())

    # Dask has no types for these.
    made: Any = dask.dataframe
    frame: dask.dataframe.DataFrame
    if parts:
        frame = made.from_map(read, parts, meta=meta, label=f"wavekeep-{scan.table}")
    else:
        frame = made.from_pandas(meta, npartitions=1)
    return frame


def _pandas(table: pyarrow.Table) -> Any:
    return table.to_pandas(types_mapper=_TYPES.get)
