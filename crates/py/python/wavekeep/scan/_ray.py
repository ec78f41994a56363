"""Ray: a scan as a source of its datasets, a read task a part."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pyarrow
import ray.data
from ray.data.block import BlockMetadata

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ._scan import Part, Scan


def data_set(scan: Scan) -> ray.data.Dataset:
    """A dataset that reads a part in a task."""
    source = ScanSource(scan)
    # Otherwise Ray cuts each part into many blocks of a few rows.
    return ray.data.read_datasource(source, override_num_blocks=max(len(source.parts), 1))


class ScanSource(ray.data.Datasource):  # type: ignore[misc]
    """What Ray asks a source for."""

    def __init__(self, scan: Scan) -> None:
        super().__init__()
        self._scan = scan
        self.parts = scan.parts()

    def get_name(self) -> str:
        return f"wavekeep {self._scan.table}"

    def estimate_inmemory_data_size(self) -> int | None:
        return None

    def get_read_tasks(self, parallelism: int, *_: Any, **__: Any) -> list[ray.data.ReadTask]:
        del parallelism
        unknown = BlockMetadata(num_rows=None, size_bytes=None, input_files=None, exec_stats=None)
        schema = self._scan.schema
        return [ray.data.ReadTask(partial(_tables, part), unknown, schema) for part in self.parts]


def _tables(part: Part) -> Iterable[pyarrow.Table]:
    for batch in part.batches():
        yield pyarrow.Table.from_batches([batch])
