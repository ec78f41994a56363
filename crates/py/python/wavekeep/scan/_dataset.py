"""A scan as a dataset of pyarrow, into which DuckDB and DataFusion push columns and filters."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import pyarrow
import pyarrow.dataset
import pyarrow.fs

from .._errors import UnsupportedError
from ._ahead import read_ahead

if TYPE_CHECKING:
    from ._scan import Part, Scan

#: The single file of the dataset, for Arrow. Methods that are not overridden below do not find it: an error
#: instead of an empty result.
_NO_FILE = "the dataset of a scan has no files: read it by its scanner()"
_FILE_FORMAT = pyarrow.dataset.IpcFileFormat()
_NOWHERE = pyarrow.fs.LocalFileSystem()


class ScanDataset(pyarrow.dataset.FileSystemDataset):  # type: ignore[misc]
    """A ``pyarrow.dataset.Dataset`` whose fragments are the parts of a scan.

    ``scanner``, ``to_table``, ``to_batches``, ``head``, ``count_rows`` and ``get_fragments`` push
    columns and filters down into the scan. Methods that need the files of a dataset (``join``, ``filter``, …)
    raise an :class:`UnsupportedError`.
    """

    def __init__(self, scan: Scan) -> None:
        file = _FILE_FORMAT.make_fragment(_NO_FILE, _NOWHERE)
        super().__init__([file], scan.schema, _FILE_FORMAT, _NOWHERE)
        self._scan = scan

    def __reduce__(self) -> tuple[Any, ...]:
        return (ScanDataset, (self._scan,))

    def scanner(self, columns: Any = None, filter: Any = None, **_: Any) -> Any:
        """A ``pyarrow.dataset.Scanner`` of the rows that match ``filter``; parts are read in advance."""
        return _scanner(self._scan, columns, lambda names: self._scan.parts(names, filter))

    def get_fragments(self, filter: Any = None) -> Iterator[PartFragment]:
        """The parts in which rows may match ``filter``, each with a ``scanner``."""
        return (PartFragment(self._scan, part) for part in self._scan.parts(None, filter))

    def _refuse(self, *_: Any, **__: Any) -> Any:
        raise UnsupportedError(
            "a scan has no files: use to_table(), or an engine"
        )

    filter = join = join_asof = replace_schema = sort_by = subset = take = _refuse


class PartFragment:
    """A part as the fragment of a dataset, for DataFusion."""

    def __init__(self, scan: Scan, part: Part) -> None:
        self._scan = scan
        self._part = part

    def scanner(self, _: Any = None, columns: Any = None, filter: Any = None, **__: Any) -> Any:
        """As for the dataset, for this part; its schema is that of the scan."""
        return _scanner(
            self._scan, columns, lambda names: [self._scan.narrowed(self._part, names, filter)]
        )


def _scanner(scan: Scan, columns: Any, parts: Callable[[Sequence[str] | None], Sequence[Part]]) -> Any:
    """The rows of parts, which are planned when the first batch is read."""
    computed = isinstance(columns, dict)
    # Arrow computes expressions, from all columns.
    names = None if computed else columns

    def batches() -> Iterator[Any]:
        yield from read_ahead(parts(names))

    schema = scan.schema_of(names)
    reader = pyarrow.RecordBatchReader.from_batches(schema, batches())
    return pyarrow.dataset.Scanner.from_batches(reader, columns=columns if computed else None)
