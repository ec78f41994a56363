"""Memory of dropped results."""

from __future__ import annotations

import ctypes
import gc
import sys

from . import _wavekeep


def trim() -> int:
    """Returns the memory of dropped results to the system at once.

    Returns
    -------
    int
        The number of bytes of large results that were returned.

    Notes
    -----
    The memory of at most one large result is kept for some seconds, because it makes the next read a third
    faster. The memory of smaller results belongs to the allocator of the C library, which is asked here to
    return what it can.

    RSS, as ``ps`` and ``top`` show it, includes the pages of mapped files, which the system can reuse at any
    time. ``RssAnon`` in ``/proc/self/status`` is the memory in use.

    Examples
    --------
    >>> import wavekeep
    >>> wavekeep.trim() >= 0
    True
    """
    gc.collect()
    released = _wavekeep.release_memory()
    if sys.platform == "linux":
        trim_heap = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim_heap is not None:
            trim_heap(0)
    return released
