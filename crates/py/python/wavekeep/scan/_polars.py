"""Polars: a scan as the source of a lazy frame."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from operator import and_
from typing import TYPE_CHECKING

import polars
from polars.io.plugins import register_io_source

from ._polars_filter import pushed

if TYPE_CHECKING:
    from ._scan import Scan


def lazy_frame(scan: Scan) -> polars.LazyFrame:
    """A lazy frame that reads a scan part by part."""

    def frames(
        columns: list[str] | None, predicate: polars.Expr | None, rows: int | None, _: int | None
    ) -> Iterator[polars.DataFrame]:
        filters = [] if predicate is None else pushed(predicate, scan.schema)
        needed = None if columns is None else [*columns]
        if needed is not None and predicate is not None:
            used = predicate.meta.root_names()
            needed += [name for name in scan.schema.names if name in used and name not in needed]
        left = rows
        for batch in scan.reader(needed, reduce(and_, filters) if filters else None):
            found = polars.DataFrame(batch)
            if predicate is not None:
                found = found.filter(predicate)
            if columns is not None:
                found = found.select(columns)
            yield found if left is None else found.head(left)
            if left is not None:
                left -= found.height
                if left <= 0:
                    return

    empty = polars.DataFrame(scan.schema.empty_table())
    return register_io_source(frames, schema=empty.schema, validate_schema=True)
