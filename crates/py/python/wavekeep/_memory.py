"""Memory of results that are gone."""

from __future__ import annotations

import ctypes
import gc
import sys

from . import _wavekeep


def trim() -> int:
    """Gives the memory of dropped results back to the system at once.

    Memory of a large result is kept for the next read, which is a third faster by it: of at most one
    result, and for some seconds, then it goes back by itself. What smaller results had is with the
    allocator of the C library, which is asked here to give back what it can.

    Returns
    -------
    int
        Bytes of large results that went back.

    Notes
    -----
    What ``ps`` and ``top`` show as RSS counts pages of mapped files too, which cost nothing: the
    system has them in its cache anyway and takes them when it needs them. ``RssAnon`` in
    ``/proc/self/status`` is the memory that is really used.

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
