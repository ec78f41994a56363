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

import os
from typing import Any

from . import _wavekeep, gnz, seed, smurf
from ._archive import Archive
from ._arrays import ArrayFile
from ._channel import Channel
from ._errors import (
    ArchiveError,
    BadArgumentError,
    BadIndexError,
    BadTypeError,
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
    NotThisFormatError,
    NothingToUndoError,
    SelectionError,
    ServerError,
    TooLargeError,
    UnsupportedError,
    WriterStateError,
)

# The names before all of them ended in Error.
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
from ._stream import Gap, Section, Stream
from ._table import Table
from ._words import strict

__version__: str = _wavekeep.VERSION

__all__ = [
    "Archive",
    "ArchiveError",
    "ArrayFile",
    "BadArgumentError",
    "BadIndexError",
    "BadTypeError",
    "Block",
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
    "NotThisFormatError",
    "Note",
    "NothingToUndoError",
    "Picture",
    "Recording",
    "Report",
    "Section",
    "SelectionError",
    "ServerError",
    "Stream",
    "Table",
    "TooLargeError",
    "UnsupportedError",
    "Verdict",
    "WriterStateError",
    "gnz",
    "open",
    "seed",
    "smurf",
]


@strict
def open(
    path: str | os.PathLike[str],
    *,
    rate_hz: float | None = None,
    geophone_range: str | None = None,
    pretrigger_s: float | None = None,
    reports: bool = True,
    metadata_channel: int | None = None,
) -> Recording:
    """Opens a file of any known format, by its content.

    Gives an :class:`Event`, a :class:`Stream` (by the name of any piece of the run, or by the name
    that its pieces have in common) or an :class:`ArrayFile`.

    ``rate_hz``, ``geophone_range`` (``"normal"``, ``"sensitive"``) and ``pretrigger_s`` state what
    an event does not say itself. ``reports=False`` leaves the vendor's reports beside the file
    alone. ``metadata_channel`` names the channel of a stream's metadata where it is not 1.

    Damage that was survived is a :class:`DamageWarning` with the report attached:

    >>> import warnings
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     rec = open("samples/M529LNE5.390")
    >>> print(caught[0].message.report.damage[0].code, rec.gaps["Vert"])
    segment_lost ((1538, 2048),)
    >>> import numpy
    >>> int(numpy.isnan(rec["Vert"]).sum()), int(rec.masked("Vert").count())
    (510, 2818)

    Raises :class:`Error` and its kinds, which are also the ``ValueError``, ``FileNotFoundError``,
    … that one would expect.
    """
    name = _path(path)
    handle = _wavekeep.open(
        name, rate_hz, geophone_range, pretrigger_s, reports, False, metadata_channel
    )
    recording: Recording
    if isinstance(handle, _wavekeep.Event):
        options: dict[str, Any] = {
            "rate_hz": rate_hz,
            "geophone_range": geophone_range,
            "pretrigger_s": pretrigger_s,
            "reports": reports,
        }
        # The folder that one is in may be another one where a pickle is read.
        recording = Event(handle, name, (os.path.abspath(name), options, ()))
        # The report is made when it is needed.
        report = recording.report if handle.questionable else Report()
    elif isinstance(handle, _wavekeep.Stream):
        recording = Stream(handle, name)
        # Without the metadata, which is read when it is asked for.
        report = Report.from_json(handle.report())
    else:
        recording = ArrayFile(handle, name)
        report = recording.report
    warn_of_damage(report, name, stacklevel=4)
    return recording


def _path(path: str | os.PathLike[str]) -> str:
    """The path as text. The bytes of a file in its place are none."""
    name: Any = os.fspath(path)
    zero, new_line = (b"\0", b"\n") if isinstance(name, bytes) else ("\0", "\n")
    # No system has paths as long as that.
    if zero in name or len(name) > 32768 or (len(name) > 1024 and new_line in name):
        message = "open takes the path of a file: this is no path, but perhaps what stands in a file"
        raise BadArgument(message)
    return os.fsdecode(name) if isinstance(name, bytes) else str(name)
