"""Runs and archives in Spark and Sail: ``spark.read.format("wavekeep")``.

Spark finds this module by its name, wherever the package is installed, and registers
:class:`DefaultSource`: there is nothing to import. Workers need the package too.

>>> from pyspark_wavekeep import DefaultSource
>>> source = DefaultSource({"path": "crates/smurf/tests/data/basic.dat", "table": "frames"})
>>> source.schema().names
['channel', 'frame', 'time', 'value']
"""

from __future__ import annotations

from typing import Any

from pyspark.sql.datasource import DataSource, DataSourceReader, DataSourceStreamReader
from pyspark.sql.types import StructType

from ._options import Options
from ._reader import engine_schema, reader_of
from ._stream_reader import StreamReader

__all__ = ["DefaultSource"]


class DefaultSource(DataSource):
    """The source ``wavekeep``.

    Options are those of :func:`wavekeep.scan.open` as texts: ``path`` (a run, an archive's folder or its
    server's address), ``table`` (``blocks``, ``frames``, ``events``, ``samples``), ``channels``
    (``0-15,2:107`` or ``Tran,Vert``), ``raw`` (``true``), ``blockframes``; of archives which events:
    ``serial``, ``project``, ``kind``, ``from``, ``to``, ``min_ppv_in_s``, ``false_trigger``,
    ``reviewed``, ``text``.
    """

    @classmethod
    def name(cls) -> str:
        """The word for ``format()``."""
        return "wavekeep"

    def schema(self) -> Any:
        """The columns of the table."""
        return engine_schema(Options.of(self.options).scan().schema)

    def reader(self, schema: StructType) -> DataSourceReader:
        """What plans and reads a table."""
        return reader_of(Options.of(self.options).scan())

    def streamReader(self, schema: StructType) -> DataSourceStreamReader:
        """What follows a run that is still being written."""
        return StreamReader(Options.of(self.options).growing_run())
