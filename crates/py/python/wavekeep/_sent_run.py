"""A pickled run."""

from __future__ import annotations

import os
from functools import cached_property
from typing import Any

from . import _wavekeep
from ._recording import ClosedHandle
from ._report import Report, warn_of_damage

#: Bytes of an index up to which it is sent along: that of a run of 1 GB whose rhythm does not change
#: has some hundred, that of a day with metadata every second 5 MB.
_MOST = 1 << 20


class SentRun:
    """Stands where a run was sent, until it is asked for something: then the files are compared with
    what they were, and opened. What only hands it on, as the scheduler of a cluster does, need not
    have the files.

    Parameters
    ----------
    path
        The absolute path that was opened.
    identity
        The pieces with lengths, times and checksums of their ends.
    index
        The index of the run; ``None`` for one that is too large to be sent.
    """

    def __init__(self, path: str, identity: _wavekeep._Identity, index: bytes | None) -> None:
        self._path = path
        self._identity = identity
        self._index = index

    @classmethod
    def of(cls, handle: _wavekeep.Stream, path: str) -> SentRun:
        """The run that a handle has open."""
        index = handle.index_bytes()
        return cls(path, handle.identity(), index if len(index) <= _MOST else None)

    def __reduce__(self) -> tuple[Any, ...]:
        return (SentRun, (self._path, self._identity, self._index))

    @cached_property
    def _handle(self) -> _wavekeep.Stream | ClosedHandle:
        handle = _wavekeep.reopen(os.path.dirname(self._path), self._identity, self._index)
        warn_of_damage(Report.from_json(handle.report()), self._path, stacklevel=5)
        return handle

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self._handle, name)

    def __len__(self) -> int:
        return len(self._handle)

    def identity(self) -> _wavekeep._Identity:
        return self._identity

    def close(self) -> None:
        handle = vars(self).setdefault("_handle", ClosedHandle(self._path))
        if not isinstance(handle, ClosedHandle):
            handle.close()

    def is_closed(self) -> bool:
        handle = vars(self).get("_handle")
        return handle is not None and (isinstance(handle, ClosedHandle) or handle.is_closed())
