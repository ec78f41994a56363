"""Parts that are read in threads, a few in advance."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow

    from ._scan import Part

#: Maximum number of threads; each has a part in memory.
_MOST = 8


def read_ahead(parts: Iterable[Part]) -> Iterator[pyarrow.RecordBatch]:
    """The batches of all parts, in their order."""
    threads = min(os.cpu_count() or 1, _MOST)
    left = iter(parts)
    with ThreadPoolExecutor(threads, "wavekeep-scan") as pool:
        begun: deque[Future[list[Any]]] = deque(
            pool.submit(_read, part) for part in islice(left, threads)
        )
        try:
            while begun:
                batches = begun.popleft().result()
                begun.extend(pool.submit(_read, part) for part in islice(left, 1))
                # Removed one by one, so that yielded batches are not kept in memory.
                while batches:
                    yield batches.pop(0)
        finally:
            for future in begun:
                future.cancel()


def _read(part: Part) -> list[Any]:
    return list(part.batches())
