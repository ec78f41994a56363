"""Runs and archives as tables for engines that distribute work among threads, processes and machines.

A :class:`Scan` is a table that is not read yet: it has a schema and provides :class:`Part` objects. A part
can be pickled, and returns Arrow record batches where it is read. Columns and filters are pushed down into
the parts: what a filter excludes is not read.

>>> from wavekeep import scan
>>> frames = scan.open("crates/smurf/tests/data/split.dat", "frames", channels="0-3")
>>> frames.schema.names
['channel', 'frame', 'time', 'value']
>>> frames.reader(columns=["value"]).read_all().num_rows
160
>>> import pyarrow.compute as pc
>>> [part.read_all().num_rows for part in frames.parts(filter=pc.field("channel") == 2)]
[40]

Each engine has a method: :meth:`Scan.to_polars`, :meth:`Scan.to_duckdb`, :meth:`Scan.to_datafusion`,
:meth:`Scan.to_dask`, :meth:`Scan.to_ray`, :meth:`Scan.dataset` (pyarrow). Spark and Sail have
``spark.read.format("wavekeep")``.
"""

from __future__ import annotations

from ._open import TABLES, open
from ._scan import Part, Scan

__all__ = ["TABLES", "Part", "Scan", "open"]
