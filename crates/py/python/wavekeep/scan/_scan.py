"""What every scan and every part of one answers."""

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
    """What a part gives of its table."""

    #: The columns, in this order.
    columns: tuple[str, ...]
    #: An expression of Arrow that each row fulfils; all rows without.
    filter: Any
    #: The columns that the filter looks at.
    filtered: frozenset[str]

    @property
    def needed(self) -> frozenset[str]:
        """The columns that have to be read."""
        return self.filtered | frozenset(self.columns)

    def of(self, batch: pyarrow.RecordBatch) -> pyarrow.RecordBatch:
        """The rows and columns that are given, of a batch with those that are needed."""
        kept = batch if self.filter is None else batch.filter(self.filter)
        return kept.select(list(self.columns))


@dataclass(frozen=True)
class Part(ABC):
    """Some rows of a table. It can be pickled, and is read in any process that reaches the files or
    the server by the same name."""

    #: What is given of the table.
    output: Output
    #: The schema of the batches.
    schema: pyarrow.Schema

    @abstractmethod
    def needed_batches(self) -> Iterator[pyarrow.RecordBatch]:
        """All rows, with at least the columns that are needed."""

    def batches(self) -> Iterator[pyarrow.RecordBatch]:
        """The rows that fulfil the filter, of the columns that were asked for, as record batches of
        :attr:`schema`; it uses one thread.

        Raises
        ------
        FileError
            The files of a run are not those that the scan was made of.
        """
        for batch in self.needed_batches():
            yield self.output.of(batch)

    def read_all(self) -> pyarrow.Table:
        """The rows as one ``pyarrow.Table``."""
        arrow = need("pyarrow", "a scan", "arrow")
        return arrow.Table.from_batches(self.batches(), self.schema)


class Scan(ABC):
    """A table of a run or of an archive that is not read yet.

    :func:`wavekeep.scan.open` makes one. It holds nothing but what is needed to plan: reading is done
    by its parts. ``pyarrow.table(scan)``, ``polars.DataFrame(scan)`` and whatever else takes Arrow
    streams reads it whole.
    """

    #: The file, folder or address.
    where: str
    #: ``"blocks"``, ``"frames"``, ``"events"`` or ``"samples"``.
    table: str
    #: The columns and their types; units are in the metadata of fields.
    schema: pyarrow.Schema

    @abstractmethod
    def planned(self, output: Output, schema: pyarrow.Schema) -> Sequence[Part]:
        """Parts that together have all rows that fulfil the filter."""

    @strict
    def parts(
        self, columns: Iterable[str] | None = None, filter: pyarrow.compute.Expression | None = None
    ) -> list[Part]:
        """The parts of the table, for an engine to share among its workers.

        Parameters
        ----------
        columns
            Names of columns, in the order in which batches have them; all of them without.
        filter
            A ``pyarrow.compute.Expression`` of the table's columns. Parts in which no row can fulfil it
            are left out, and so are channels; of the rest, the rows that do not fulfil it.

        Returns
        -------
        list of Part
            Each row that fulfils the filter is in exactly one of them.

        Raises
        ------
        BadArgumentError
            A column that the table does not have, or a filter that does not fit its types.

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
        """A part of this table with other columns, of which rows fulfil one more filter."""
        both = part.output.filter
        if filter is not None:
            both = filter if both is None else both & filter
        output = self._output(columns, both)
        return replace(part, output=output, schema=self.schema_of(output.columns))

    def schema_of(self, columns: Iterable[str] | None) -> pyarrow.Schema:
        """The schema of batches with these columns, all of them without."""
        arrow = need("pyarrow", "a scan", "arrow")
        names = self._names(columns)
        return arrow.schema([self.schema.field(name) for name in names])

    @strict
    def reader(
        self, columns: Iterable[str] | None = None, filter: pyarrow.compute.Expression | None = None
    ) -> pyarrow.RecordBatchReader:
        """The table as a ``pyarrow.RecordBatchReader``, which is read once; parts are read ahead in as
        many threads as there are processors.

        Parameters and errors are those of :meth:`parts`.

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
        """The batches of parts; what they were planned of stays open until the last one."""
        yield from read_ahead(parts)

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """The Arrow PyCapsule interface."""
        return self.reader().__arrow_c_stream__(requested_schema)

    def dataset(self) -> pyarrow.dataset.Dataset:
        """A ``pyarrow.dataset.Dataset``: whatever reads one pushes its columns and filters into it.

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
        """A ``polars.LazyFrame``. Columns are pushed, and so are comparisons of whole numbers, texts and
        times with values; Polars does the rest.

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
        """A relation of DuckDB, in ``connection`` or in its default one. Columns and filters are pushed.

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
        """A table of DataFusion of this name, in a ``datafusion.SessionContext``. Columns and filters
        are pushed; the parts are its partitions.

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
        """A ``dask.dataframe``, a partition a part. Columns are pushed; choose channels and events
        where the scan is opened.

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
        """A dataset of Ray, a read task a part; choose channels and events where the scan is opened."""
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
