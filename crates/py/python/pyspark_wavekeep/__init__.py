"""Runs and archives in Spark and Sail: ``spark.read.format("wavekeep")``.

Spark finds this module by its name and registers :class:`DefaultSource`: there is nothing to import. Workers
need the package, too.

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
    """The data source ``wavekeep``, which Spark constructs.

    Parameters
    ----------
    options
        The options of :func:`wavekeep.scan.open` as texts: ``path`` (a run, the folder of an archive or the
        address of its server), ``table`` (``blocks``, ``frames``, ``events``, ``samples``), ``channels``
        (``0-15,2:107`` or ``Tran,Vert``), ``raw`` (``true``), ``blockframes``. For an archive also those that
        select events: ``serial``, ``project``, ``kind``, ``from``, ``to``, ``min_ppv_in_s``,
        ``false_trigger``, ``reviewed``, ``text``.
    """

    @classmethod
    def name(cls) -> str:
        """The name of the source, for ``format()``.

        Returns
        -------
        str
            ``"wavekeep"``.
        """
        return "wavekeep"

    def schema(self) -> Any:
        """The columns of the table.

        Returns
        -------
        pyspark.sql.types.StructType
            The schema.

        Raises
        ------
        BadArgumentError
            An option is missing, unknown or invalid.
        """
        return engine_schema(Options.of(self.options).scan().schema)

    def reader(self, schema: StructType) -> DataSourceReader:
        """A reader of the table.

        Parameters
        ----------
        schema
            The schema; it is not used, because the options determine it.

        Returns
        -------
        pyspark.sql.datasource.DataSourceReader
            The reader.

        Raises
        ------
        BadArgumentError
            An option is missing, unknown or invalid.
        """
        return reader_of(Options.of(self.options).scan())

    def streamReader(self, schema: StructType) -> DataSourceStreamReader:
        """A reader that follows a run that is still being written.

        Parameters
        ----------
        schema
            The schema; it is not used, because the options determine it.

        Returns
        -------
        pyspark.sql.datasource.DataSourceStreamReader
            The reader.

        Raises
        ------
        BadArgumentError
            An option is missing, unknown or invalid, or the table is not one of a run.
        """
        return StreamReader(Options.of(self.options).growing_run())
