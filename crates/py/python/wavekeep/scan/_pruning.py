"""Excluding parts by a filter before they are read.

Arrow's datasets exclude fragments whose guarantee contradicts a filter. Parts are presented to them as
fragments of files that do not exist, so that any Arrow expression excludes parts by Arrow's own rules. A
guarantee states that its columns contain no null, which is true for these rows.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from .._errors import BadArgumentError
from .._lazy import need

if TYPE_CHECKING:
    import pyarrow


def used_columns(filter: Any, schema: pyarrow.Schema) -> frozenset[str]:
    """The columns that an expression uses.

    Raises
    ------
    BadArgumentError
        The expression does not fit the columns or their types.
    """
    dataset = need("pyarrow.dataset", "a filter", "arrow")
    compute = need("pyarrow.compute", "a filter", "arrow")
    if not isinstance(filter, compute.Expression):
        such = "an expression of pyarrow.compute, such as field('channel') == 3"
        message = f"filter is {such}, found {filter!r}"
        raise BadArgumentError(message)

    def refused(columns: pyarrow.Schema) -> Exception | None:
        try:
            found = dataset.Scanner.from_batches(iter(()), schema=columns, columns={"": filter})
        except (ValueError, TypeError, NotImplementedError) as error:
            return error
        (kind,) = found.projected_schema.types
        return None if str(kind) == "bool" else TypeError(f"it is {kind}, and not true or false")

    if error := refused(schema):
        columns = ", ".join(f"{field.name} ({field.type})" for field in schema)
        message = f"the filter {filter} does not fit the columns {columns}: {error}"
        raise BadArgumentError(message) from error
    without = ((name, schema.remove(schema.get_field_index(name))) for name in schema.names)
    return frozenset(name for name, others in without if refused(others))


def possible(guarantees: Iterable[Any], filter: Any, schema: pyarrow.Schema) -> list[int]:
    """The indices of the guarantees that do not contradict the filter."""
    dataset = need("pyarrow.dataset", "a filter", "arrow")
    nowhere = need("pyarrow.fs", "a filter", "arrow").LocalFileSystem()
    format = dataset.IpcFileFormat()
    fragments = [
        format.make_fragment(str(place), nowhere, partition_expression=guarantee)
        for place, guarantee in enumerate(guarantees)
    ]
    files = dataset.FileSystemDataset(fragments, schema, format, nowhere)
    return [int(fragment.path) for fragment in files.get_fragments(filter=filter)]


def between(column: str, least: Any, most: Any) -> Any:
    """The guarantee that a column is between two values, both inclusive."""
    field = need("pyarrow.compute", "a filter", "arrow").field(column)
    return (field >= least) & (field <= most)
