"""Instrument recordings as clean arrays.

Vibration events (Instantel Blastware and Thor), SMuRF streams, GNZ and other array files, opened with
:func:`open`:

>>> import wavekeep
>>> rec = wavekeep.open("samples/M529LMOK.DK0W")
>>> rec["Vert"].to("mm/s").values.max().round(2)
np.float64(10.41)
>>> rec.report.damaged
False

:class:`Archive` queries the events of an archive, local or behind a server.

Missing samples are NaN or masked, never zero; values that no source states are marked as assumed; no
file is changed. Long calls release the GIL. The only required package is numpy: xarray, pandas, pyarrow,
ObsPy and matplotlib are imported when they are needed.
"""

from __future__ import annotations

from . import _wavekeep, gnz, seed, smurf
from ._archive import Archive
from ._arrays import ArrayFile
from ._channel import Channel
from ._errors import (
    ArchiveError,
    BadArgumentError,
    BadIndexError,
    BadTypeError,
    ChangedError,
    ClosedError,
    Error,
    FileError,
    FileMissingError,
    FileRefusedError,
    FileTakenError,
    InternalError,
    LimitError,
    MalformedError,
    MissingLibraryError,
    NoSuchArgumentError,
    NoSuchArrayError,
    NoSuchChannelError,
    NoSuchEventError,
    NoSuchNameError,
    NotAFileError,
    NotAllowedError,
    NotLostError,
    NotThisFormatError,
    NothingToUndoError,
    SelectionError,
    ServerError,
    TooLargeError,
    UnsupportedError,
    WriterStateError,
)

# Former names.
from ._errors import BadArgument as BadArgument
from ._errors import BadIndex as BadIndex
from ._errors import Closed as Closed
from ._errors import FileExists as FileExists
from ._errors import FileMissing as FileMissing
from ._errors import FileRefused as FileRefused
from ._errors import Limit as Limit
from ._errors import Malformed as Malformed
from ._errors import MissingLibrary as MissingLibrary
from ._errors import NoSuchArgument as NoSuchArgument
from ._errors import NoSuchArray as NoSuchArray
from ._errors import NoSuchChannel as NoSuchChannel
from ._errors import NoSuchEvent as NoSuchEvent
from ._errors import NoSuchName as NoSuchName
from ._errors import NotAFile as NotAFile
from ._errors import NotAllowed as NotAllowed
from ._errors import NotThisFormat as NotThisFormat
from ._errors import NothingToUndo as NothingToUndo
from ._errors import TooLarge as TooLarge
from ._errors import Unsupported as Unsupported
from ._errors import WriterState as WriterState
from ._event import Event
from ._measurements import ChannelMeasurements, Measurements, Verdict
from ._picture import Picture
from ._recording import Block, Recording
from ._report import DamageWarning, Note, Report, warn_of_damage
from ._findings import Gap, Section
from ._head import Head
from ._memory import trim
from ._open import open, open_arrays, open_event, open_stream
from ._scaled_distance import ScaledDistance
from ._spectrum import Spectrum
from ._stream import Stream
from ._table import Table

__version__: str = _wavekeep.VERSION

__all__ = [
    "Archive",
    "ArchiveError",
    "ArrayFile",
    "BadArgumentError",
    "BadIndexError",
    "BadTypeError",
    "Block",
    "ChangedError",
    "Channel",
    "ChannelMeasurements",
    "ClosedError",
    "DamageWarning",
    "Error",
    "Event",
    "FileError",
    "FileMissingError",
    "FileRefusedError",
    "FileTakenError",
    "Gap",
    "Head",
    "InternalError",
    "LimitError",
    "MalformedError",
    "Measurements",
    "MissingLibraryError",
    "NoSuchArgumentError",
    "NoSuchArrayError",
    "NoSuchChannelError",
    "NoSuchEventError",
    "NoSuchNameError",
    "NotAFileError",
    "NotAllowedError",
    "NotLostError",
    "NotThisFormatError",
    "Note",
    "NothingToUndoError",
    "Picture",
    "Recording",
    "Report",
    "ScaledDistance",
    "Section",
    "SelectionError",
    "ServerError",
    "Spectrum",
    "Stream",
    "Table",
    "TooLargeError",
    "UnsupportedError",
    "Verdict",
    "WriterStateError",
    "gnz",
    "open",
    "open_arrays",
    "open_event",
    "open_stream",
    "seed",
    "smurf",
    "trim",
]
