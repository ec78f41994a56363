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
    BadArgument,
    BadType,
    Error,
    FileError,
    FileExists,
    FileMissing,
    FileRefused,
    InternalError,
    Limit,
    Malformed,
    MissingLibrary,
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
from ._stream import Gap, Section, Stream
from ._table import Table

__version__: str = _wavekeep.VERSION

__all__ = [
    "Archive",
    "ArchiveError",
    "ArrayFile",
    "BadArgument",
    "BadType",
    "Block",
    "Channel",
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
    "seed",
    "smurf",
]


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
    name = os.fspath(path)
    if isinstance(name, bytes):
        name = os.fsdecode(name)
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
        recording = Event(handle, name, (name, options, ()))
        # The report is made when it is needed.
        report = recording.report if handle.questionable else Report()
    elif isinstance(handle, _wavekeep.Stream):
        recording = Stream(handle, name)
        # Without the metadata, which is read when it is asked for.
        report = Report.from_json(handle.report())
    else:
        recording = ArrayFile(handle, name)
        report = recording.report
    warn_of_damage(report, name, stacklevel=3)
    return recording
