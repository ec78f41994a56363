"""The interface of all scans and their parts."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from .._errors import BadArgumentError
from .._lazy import need
from .._words import one_of, strict
from ._ahead import read_ahead
from ._pruning import used_columns

if TYPE_CHECKING:
    import dask.dataframe
    import datafusion
    import duckdb
    import polars
    import pyarrow
    import ray.data

_Part = TypeVar("_Part", bound="Part")


@dataclass(frozen=True)
class Output:
    """The columns and rows that a part returns."""

    #: The columns, in this order.
    columns: tuple[str, ...]
    #: An Arrow expression that is true for each row, or ``None``.
    filter: Any
    #: The columns that the filter uses.
    filtered: frozenset[str]

    @property
    def needed(self) -> frozenset[str]:
        """The columns that must be read."""
        return self.filtered | frozenset(self.columns)

    def of(self, batch: pyarrow.RecordBatch) -> pyarrow.RecordBatch:
        """The returned rows and columns of a batch that has all needed columns."""
        kept = batch if self.filter is None else batch.filter(self.filter)
        return kept.select(list(self.columns))


@dataclass(frozen=True)
class Part(ABC):
    """Some rows of a table, as from :meth:`Scan.parts`. It can be pickled, and is read in any process that reaches
    the files or the server under the same name.

    Attributes
    ----------
    output
        The columns and the filter.
    schema
        The schema of the batches.
    """

    output: Output
    schema: pyarrow.Schema

    @abstractmethod
    def needed_batches(self) -> Iterator[pyarrow.RecordBatch]:
        """All rows, with at least the columns that are needed.

        Yields
        ------
        pyarrow.RecordBatch
            The rows, before the filter.
        """

    def batches(self) -> Iterator[pyarrow.RecordBatch]:
        """The rows that match the filter, with the selected columns. It uses one thread.

        Yields
        ------
        pyarrow.RecordBatch
            The rows, with the columns of :attr:`schema`.

        Raises
        ------
        FileError
            The files of a run are missing or were changed since the scan was made.
        """
        for batch in self.needed_batches():
            yield self.output.of(batch)

    def read_all(self) -> pyarrow.Table:
        """The rows of :meth:`batches` as one table.

        Returns
        -------
        pyarrow.Table
            The rows, with the columns of :attr:`schema`.

        Raises
        ------
        FileError
            The files of a run are missing or were changed since the scan was made.
        """
        arrow = need("pyarrow", "a scan", "arrow")
        return arrow.Table.from_batches(self.batches(), self.schema)


class Scan(ABC):
    """A table of a run or of an archive that is not read yet. :func:`wavekeep.scan.open` makes one.

    It contains only what is needed for planning; the parts read. ``pyarrow.table(scan)``,
    ``polars.DataFrame(scan)`` and everything else that accepts Arrow streams reads the whole table.

    Attributes
    ----------
    where
        The file, the folder or the address.
    table
        ``"blocks"``, ``"frames"``, ``"events"`` or ``"samples"``.
    schema
        The columns and their types, a ``pyarrow.Schema``; units are in the metadata of the fields.
    """

    where: str
    table: str
    schema: pyarrow.Schema

    @abstractmethod
    def planned(self, output: Output, schema: pyarrow.Schema) -> Sequence[Part]:
        """The parts that together have all rows that match the filter.

        Parameters
        ----------
        output
            The columns and the filter.
        schema
            The schema of the batches.

        Returns
        -------
        sequence of Part
            The parts.
        """

    @strict
    def parts(
        self, columns: Iterable[str] | None = None, filter: pyarrow.compute.Expression | None = None
    ) -> list[Part]:
        """The parts of the table, for an engine to distribute among its workers.

        Parameters
        ----------
        columns
            Names of columns, in the order of the batches; by default all.
        filter
            A ``pyarrow.compute.Expression`` of the table's columns. Parts and channels in which no row can
            match it are excluded; of the rest, rows that do not match it.

        Returns
        -------
        list of Part
            Each row that matches the filter is in exactly one of them.

        Raises
        ------
        BadArgumentError
            The table does not have a column, or the filter does not fit its types.

        Examples
        --------
        >>> import pickle, pyarrow.compute as pc
        >>> from wavekeep import scan
        >>> blocks = scan.open("crates/smurf/tests/data/basic.dat", "blocks", blockframes=8)
        >>> (part,) = blocks.parts(["first_frame"], pc.field("channel") == 3)
        >>> pickle.loads(pickle.dumps(part)).read_all()["first_frame"].to_pylist()
        [0, 8, 16]
        """
        output = self._output(columns, filter)
        return list(self.planned(output, self.schema_of(output.columns)))

    def narrowed(
        self, part: _Part, columns: Iterable[str] | None, filter: pyarrow.compute.Expression | None
    ) -> _Part:
        """A part of this table with other columns and a further filter.

        Parameters
        ----------
        part
            The part, which is unchanged.
        columns
            Names of columns, by default all.
        filter
            A ``pyarrow.compute.Expression``, in addition to the filter of the part.

        Returns
        -------
        Part
            The new part.

        Raises
        ------
        BadArgumentError
            As for :meth:`parts`.
        """
        both = part.output.filter
        if filter is not None:
            both = filter if both is None else both & filter
        output = self._output(columns, both)
        return replace(part, output=output, schema=self.schema_of(output.columns))

    def schema_of(self, columns: Iterable[str] | None) -> pyarrow.Schema:
        """The schema of batches with these columns.

        Parameters
        ----------
        columns
            Names of columns, by default all.

        Returns
        -------
        pyarrow.Schema
            The schema.

        Raises
        ------
        BadArgumentError
            The table does not have a column.
        """
        arrow = need("pyarrow", "a scan", "arrow")
        names = self._names(columns)
        return arrow.schema([self.schema.field(name) for name in names])

    @strict
    def reader(
        self, columns: Iterable[str] | None = None, filter: pyarrow.compute.Expression | None = None
    ) -> pyarrow.RecordBatchReader:
        """The table as a stream of record batches. Parts are read in advance, with as many threads as there are
        processors, but at most 8.

        Parameters
        ----------
        columns, filter
            As for :meth:`parts`.

        Returns
        -------
        pyarrow.RecordBatchReader
            The batches, which can be read once.

        Raises
        ------
        BadArgumentError
            As for :meth:`parts`.

        Examples
        --------
        >>> from wavekeep import scan
        >>> scan.open("crates/smurf/tests/data/basic.dat").reader(["channel"]).read_all().num_rows
        64
        """
        arrow = need("pyarrow", "a scan", "arrow")
        names = self._names(columns)
        batches = self._batches(self.parts(names, filter))
        return arrow.RecordBatchReader.from_batches(self.schema_of(names), batches)

    def _batches(self, parts: list[Part]) -> Iterator[pyarrow.RecordBatch]:
        """The batches of parts. The scan stays open until the last one."""
        yield from read_ahead(parts)

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """The Arrow PyCapsule interface."""
        return self.reader().__arrow_c_stream__(requested_schema)

    def dataset(self) -> pyarrow.dataset.Dataset:
        """The table as a dataset of pyarrow, into which engines push columns and filters.

        Returns
        -------
        pyarrow.dataset.Dataset
            Methods that need the files of a dataset (``join``, ``filter``, …) raise an
            :class:`UnsupportedError`.

        Examples
        --------
        >>> import pyarrow.compute as pc
        >>> from wavekeep import scan
        >>> frames = scan.open("crates/smurf/tests/data/basic.dat", "frames").dataset()
        >>> frames.count_rows(filter=pc.field("channel") == 5)
        20
        """
        need("pyarrow.dataset", "dataset", "arrow")
        from ._dataset import ScanDataset

        return ScanDataset(self)

    @strict
    def to_polars(self) -> polars.LazyFrame:
        """The table for Polars. Columns are pushed down, and comparisons of integers, texts and times with
        constants; Polars applies the rest.

        Returns
        -------
        polars.LazyFrame
            The table.

        Raises
        ------
        MissingLibraryError
            Polars is not installed.

        Examples
        --------
        >>> import polars
        >>> from wavekeep import scan
        >>> frames = scan.open("crates/smurf/tests/data/basic.dat", "frames").to_polars()
        >>> frames.filter(polars.col("channel") == 5).select(polars.len()).collect().item()
        20
        """
        need("polars", "to_polars", "polars")
        from ._polars import lazy_frame

        return lazy_frame(self)

    @strict
    def to_duckdb(self, connection: duckdb.DuckDBPyConnection | None = None) -> duckdb.DuckDBPyRelation:
        """The table for DuckDB. Columns and filters are pushed down.

        Parameters
        ----------
        connection
            A connection of DuckDB, by default its default connection.

        Returns
        -------
        duckdb.DuckDBPyRelation
            The table.

        Raises
        ------
        MissingLibraryError
            DuckDB is not installed.

        Examples
        --------
        >>> from wavekeep import scan
        >>> frames = scan.open("crates/smurf/tests/data/basic.dat", "frames").to_duckdb()
        >>> frames.filter("channel = 5").count("*").fetchall()
        [(20,)]
        """
        default: Any = need("duckdb", "to_duckdb", "duckdb")
        relation: duckdb.DuckDBPyRelation = (connection or default).from_arrow(self.dataset())
        return relation

    @strict
    def to_datafusion(self, context: Any, name: str) -> datafusion.DataFrame:
        """The table for DataFusion. Columns and filters are pushed down; the parts are its partitions.

        Parameters
        ----------
        context
            The ``datafusion.SessionContext`` in which it is registered.
        name
            The name of the table there.

        Returns
        -------
        datafusion.DataFrame
            The table.

        Raises
        ------
        MissingLibraryError
            DataFusion is not installed.

        Examples
        --------
        >>> import datafusion
        >>> from wavekeep import scan
        >>> context = datafusion.SessionContext()
        >>> frames = scan.open("crates/smurf/tests/data/basic.dat", "frames")
        >>> _ = frames.to_datafusion(context, "run")
        >>> context.sql("select count(value) as n from run where channel = 5").to_pydict()
        {'n': [20]}
        """
        need("datafusion", "to_datafusion", "datafusion")
        context.register_dataset(name, self.dataset())
        table: datafusion.DataFrame = context.table(name)
        return table

    @strict
    def to_dask(self) -> dask.dataframe.DataFrame:
        """The table for Dask, with one partition per part. Columns are pushed down; select channels and events in
        :func:`open`.

        Returns
        -------
        dask.dataframe.DataFrame
            The table, without an index.

        Raises
        ------
        MissingLibraryError
            Dask is not installed.

        Examples
        --------
        >>> from wavekeep import scan
        >>> frames = scan.open("crates/smurf/tests/data/basic.dat", "frames", channels=[5]).to_dask()
        >>> len(frames), frames["frame"].max().compute()
        (20, np.int64(19))
        """
        need("dask.dataframe", "to_dask", "dask")
        from ._dask import data_frame

        return data_frame(self)

    @strict
    def to_ray(self) -> ray.data.Dataset:
        """The table for Ray, with one read task per part. Select channels and events in :func:`open`.

        Returns
        -------
        ray.data.Dataset
            The table.

        Raises
        ------
        MissingLibraryError
            Ray is not installed.
        """
        need("ray.data", "to_ray", "ray")
        from ._ray import data_set

        return data_set(self)

    def _names(self, columns: Iterable[str] | None) -> tuple[str, ...]:
        if isinstance(columns, str):
            raise BadArgumentError(f"columns are a list of names, found {columns!r}")
        names = tuple(self.schema.names if columns is None else columns)
        for name in names:
            one_of("a column", name, self.schema.names)
        return names

    def _output(self, columns: Iterable[str] | None, filter: Any) -> Output:
        filtered = frozenset() if filter is None else used_columns(filter, self.schema)
        return Output(self._names(columns), filter, filtered)

    def __repr__(self) -> str:
        return f"<Scan of the {self.table} of {self.where}: {', '.join(self.schema.names)}>"
