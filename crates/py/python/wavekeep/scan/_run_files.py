"""A run in the form that parts contain."""

from __future__ import annotations

import os
import pickle
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timezone
from threading import Lock
from weakref import WeakValueDictionary

from .._errors import FileError
from .._stream import Stream

#: Path, length and modification time in ns of each piece.
Pieces = tuple[tuple[str, int, int], ...]

#: Runs that are open for scans of this process, as long as these exist.
_planned: WeakValueDictionary[RunFiles, Stream] = WeakValueDictionary()
#: Runs that stay open in a process that reads parts; the least recently used are dropped.
_MOST_OPEN = 4
_open: OrderedDict[RunFiles, Stream] = OrderedDict()
_lock = Lock()


@dataclass(frozen=True)
class RunFiles:
    """A pickled run, with the lengths and times of its pieces. Each process opens it once."""

    pickled: bytes
    pieces: Pieces

    @classmethod
    def of(cls, stream: Stream) -> RunFiles:
        """For a run that is open in this process, which is used as long as it exists."""
        files = cls(pickle.dumps(stream), _pieces(stream))
        with _lock:
            _planned[files] = stream
        return files

    def open(self) -> Stream:
        """The run, if its files are unchanged.

        Raises
        ------
        FileError
            A piece is missing, or has another length or modification time.
        """
        for path, length, modified_ns in self.pieces:
            try:
                found = os.stat(path)
            except OSError as error:
                message = (
                    f"{path} cannot be read here ({error.strerror}): every machine that reads a part "
                    "needs the run by the same path"
                )
                raise FileError(message, path=path) from error
            if (found.st_size, found.st_mtime_ns) != (length, modified_ns):
                expected, now = _words(length, modified_ns), _words(found.st_size, found.st_mtime_ns)
                message = (
                    f"{path} is not as it was when the scan was made: expected {expected}, found {now}. "
                    "Make the scan again; copies for other machines keep their times with `cp -p` or `rsync -t`"
                )
                raise FileError(message, path=path, expected=expected, found=now)
        with _lock:
            planned = _planned.get(self)
            if planned is not None and not planned.closed:
                return planned
            stream = _open.pop(self, None) or pickle.loads(self.pickled)
            assert isinstance(stream, Stream)
            _open[self] = stream
            while len(_open) > _MOST_OPEN:
                _open.popitem(last=False)
            return stream


def _pieces(stream: Stream) -> Pieces:
    paths = [os.path.abspath(piece) for piece in stream._handle.pieces()]
    stats = [(path, os.stat(path)) for path in paths]
    return tuple((path, one.st_size, one.st_mtime_ns) for path, one in stats)


def _words(length: int, modified_ns: int) -> str:
    moment = datetime.fromtimestamp(modified_ns // 10**9, timezone.utc)
    return f"{length} bytes of {moment:%Y-%m-%d %H:%M:%S}.{modified_ns % 10**9:09} UTC"
