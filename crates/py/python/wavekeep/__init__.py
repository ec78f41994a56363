"""Instrument recordings as clean arrays.

Vibration events (Instantel Blastware), SMuRF streams, GNZ and other files of arrays, all by
:func:`open`:

>>> import wavekeep
>>> rec = wavekeep.open("samples/M529LMOK.DK0W")
>>> rec["Vert"].to("mm/s").values.max().round(2)
np.float64(10.41)
>>> rec.report.damaged
False

Events that are kept in an archive, here or behind a server, are found by :class:`Archive`.

What is missing is NaN or masked, never zero; what nobody stated is marked as assumed; no file is
changed. Long calls run without the interpreter's lock. The only package that is needed is numpy:
xarray, pandas, pyarrow, ObsPy and matplotlib are imported when they are asked for.
"""

from __future__ import annotations

from . import _wavekeep, gnz, smurf
from ._archive import Archive
from ._arrays import ArrayFile
from ._channel import Channel
from ._errors import (
    ArchiveError,
    BadArgument,
    BadIndex,
    Closed,
    Error,
    FileError,
    FileExists,
    FileMissing,
    FileRefused,
    InternalError,
    Limit,
    Malformed,
    MissingLibrary,
    NoSuchArgument,
    NoSuchArray,
    NoSuchChannel,
    NoSuchEvent,
    NoSuchName,
    NotAFile,
    NotAllowed,
    NothingToUndo,
    NotThisFormat,
    SelectionError,
    ServerError,
    TooLarge,
    Unsupported,
    WriterState,
)
from ._event import Event
from ._recording import Block, Recording
from ._report import DamageWarning, Note, Report, warn_of_damage
from ._findings import Gap, Section
from ._memory import trim
from ._open import open, open_arrays, open_event, open_stream
from ._stream import Stream
from ._table import Table

__version__: str = _wavekeep.VERSION

__all__ = [
    "Archive",
    "ArchiveError",
    "ArrayFile",
    "BadArgument",
    "BadIndex",
    "Block",
    "Channel",
    "Closed",
    "DamageWarning",
    "Error",
    "Event",
    "FileError",
    "FileExists",
    "FileMissing",
    "FileRefused",
    "Gap",
    "InternalError",
    "Limit",
    "Malformed",
    "MissingLibrary",
    "NoSuchArgument",
    "NoSuchArray",
    "NoSuchChannel",
    "NoSuchEvent",
    "NoSuchName",
    "NotAFile",
    "NotAllowed",
    "NotThisFormat",
    "Note",
    "NothingToUndo",
    "Recording",
    "Report",
    "Section",
    "SelectionError",
    "ServerError",
    "Stream",
    "Table",
    "TooLarge",
    "Unsupported",
    "WriterState",
    "gnz",
    "open",
    "open_arrays",
    "open_event",
    "open_stream",
    "smurf",
    "trim",
]
