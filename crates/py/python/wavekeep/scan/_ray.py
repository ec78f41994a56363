"""Ray: a scan as a dataset with one read task per part."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import pyarrow

from .._lazy import need

if TYPE_CHECKING:
    import ray.data

    from ._scan import Part, Scan


def data_set(scan: Scan) -> ray.data.Dataset:
    """A dataset that reads one part per task."""
    data = need("ray.data", "to_ray", "ray")
    block = need("ray.data.block", "to_ray", "ray")
    parts = scan.parts()

    class ScanSource(data.Datasource):  # type: ignore[misc, name-defined]
        """The data source for Ray."""

        def get_name(self) -> str:
            return f"wavekeep {scan.table}"

        def estimate_inmemory_data_size(self) -> int | None:
            return None

        def get_read_tasks(self, *_: Any, **__: Any) -> list[Any]:
            unknown = block.BlockMetadata(
                num_rows=None, size_bytes=None, input_files=None, exec_stats=None
            )
            return [data.ReadTask(partial(_tables, part), unknown, scan.schema) for part in parts]

    # Otherwise Ray divides each part into many blocks of a few rows.
    made: ray.data.Dataset = data.read_datasource(ScanSource(), override_num_blocks=max(len(parts), 1))
    return made


def _tables(part: Part) -> Iterator[pyarrow.Table]:
    for batch in part.batches():
        yield pyarrow.Table.from_batches([batch])
