"""Opening files."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Literal, Union, get_args, overload

from . import _wavekeep
from ._arrays import ArrayFile
from ._errors import BadArgumentError, NotThisFormatError
from ._event import Event
from ._payload import byte_of
from ._rate import checked_rate
from ._recording import Recording
from ._report import Report, warn_of_damage
from ._stream import Stream
from ._words import one_of, strict

#: A path, as the built-in ``open`` accepts it.
FilePath = Union[str, bytes, "os.PathLike[str]", "os.PathLike[bytes]"]
GeophoneRange = Literal["normal", "sensitive"]
_RANGES = get_args(GeophoneRange)


@overload
def open(
    path: FilePath,
    *,
    rate_hz: float,
    geophone_range: GeophoneRange | None = None,
    pretrigger_s: float | None = None,
    reports: bool = True,
    metadata_channel: None = None,
    keep_index: Literal[False] = False,
) -> Event: ...
@overload
def open(
    path: FilePath,
    *,
    rate_hz: float | None = None,
    geophone_range: GeophoneRange,
    pretrigger_s: float | None = None,
    reports: bool = True,
    metadata_channel: None = None,
    keep_index: Literal[False] = False,
) -> Event: ...
@overload
def open(
    path: FilePath,
    *,
    rate_hz: float | None = None,
    geophone_range: GeophoneRange | None = None,
    pretrigger_s: float,
    reports: bool = True,
    metadata_channel: None = None,
    keep_index: Literal[False] = False,
) -> Event: ...
@overload
def open(
    path: FilePath,
    *,
    rate_hz: None = None,
    geophone_range: None = None,
    pretrigger_s: None = None,
    reports: bool = True,
    metadata_channel: int,
    keep_index: Literal[False] = False,
) -> Stream: ...
@overload
def open(
    path: FilePath,
    *,
    rate_hz: None = None,
    geophone_range: None = None,
    pretrigger_s: None = None,
    reports: bool = True,
    metadata_channel: None = None,
    keep_index: Literal[True],
) -> Stream: ...
@overload
def open(
    path: FilePath,
    *,
    rate_hz: float | None = None,
    geophone_range: GeophoneRange | None = None,
    pretrigger_s: float | None = None,
    reports: bool = True,
    metadata_channel: int | None = None,
    keep_index: bool = False,
) -> Recording: ...
@strict
def open(
    path: FilePath,
    *,
    rate_hz: float | None = None,
    geophone_range: GeophoneRange | None = None,
    pretrigger_s: float | None = None,
    reports: bool = True,
    metadata_channel: int | None = None,
    keep_index: bool = False,
) -> Recording:
    """Opens a file of any known format, which is detected by its content.

    :func:`open_event`, :func:`open_stream` and :func:`open_arrays` open one kind each, and return its class to
    type checkers.

    Parameters
    ----------
    path
        The file, a ``str``, ``bytes`` or ``os.PathLike``; for a run of a stream any piece, or the name that
        its pieces share.
    rate_hz, geophone_range, pretrigger_s
        Facts that an event does not state itself: samples per second, ``"normal"`` or ``"sensitive"``, seconds.
    reports
        ``False`` ignores the vendor's reports beside an event.
    metadata_channel
        The metadata channel of a stream, if it is not 1.
    keep_index
        Writes an index beside a run of a stream, ``<run>.index``, so that it opens at once the next time.
        An existing index is always used if it matches the files. A read-only folder is not an error.

    Returns
    -------
    Event, Stream or ArrayFile
        The recording. Damage is a :class:`DamageWarning` with the report attached.

    Raises
    ------
    FileMissingError
        The file does not exist. This is a ``FileNotFoundError``.
    FileError
        The file cannot be read, or is a folder, a pipe or a device. This is an ``OSError``.
    NotThisFormatError
        The file has no known format. This is a ``ValueError``.
    MalformedError, UnsupportedError, LimitError
        The content is invalid, not supported, or exceeds a limit. All are ``ValueError``.
    BadArgumentError
        An argument is invalid, or would be ignored for this file. This is a ``ValueError``.

    Examples
    --------
    >>> import warnings
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     rec = open("samples/M529LNE5.390")
    >>> print(caught[0].message.report.damage[0].code, rec.gaps["Vert"])
    segment_lost ((1538, 2048),)
    >>> import numpy
    >>> int(numpy.isnan(rec["Vert"]).sum()), int(rec.masked("Vert").count())
    (510, 2818)
    """
    return open_recording(
        path, rate_hz, geophone_range, pretrigger_s, reports, metadata_channel, keep_index
    )


@strict
def open_event(
    path: FilePath,
    *,
    rate_hz: float | None = None,
    geophone_range: GeophoneRange | None = None,
    pretrigger_s: float | None = None,
    reports: bool = True,
) -> Event:
    """Opens a vibration event.

    Parameters
    ----------
    path
        The file: a ``str``, ``bytes`` or ``os.PathLike``.
    rate_hz
        Samples per second, if the event does not state them.
    geophone_range
        ``"normal"`` or ``"sensitive"``, if the event does not state it.
    pretrigger_s
        Seconds before the trigger, if the event does not state them.
    reports
        ``False`` ignores the vendor's reports beside the event.

    Returns
    -------
    Event
        The event. Damage is a :class:`DamageWarning` with the report attached.

    Raises
    ------
    NotThisFormatError
        The file is not an event.
    FileError, MalformedError, UnsupportedError, LimitError, BadArgumentError
        As for :func:`open`.

    Examples
    --------
    >>> open_event("samples/M529LMOK.DK0W").serial
    'BE11529'
    """
    found = open_recording(path, rate_hz, geophone_range, pretrigger_s, reports)
    if isinstance(found, Event):
        return found
    raise _other(found, "an event", "open_event")


@strict
def open_stream(
    path: FilePath, *, metadata_channel: int | None = None, keep_index: bool = False
) -> Stream:
    """Opens a run of a stream.

    Parameters
    ----------
    path
        Any piece of the run, or the name that its pieces share: a ``str``, ``bytes`` or ``os.PathLike``.
    metadata_channel
        The metadata channel, if it is not 1.
    keep_index
        Writes an index beside the run, as for :func:`open`.

    Returns
    -------
    Stream
        The run. Damage is a :class:`DamageWarning` with the report attached.

    Raises
    ------
    NotThisFormatError
        The file is not a stream.
    FileError, MalformedError, UnsupportedError, LimitError, BadArgumentError
        As for :func:`open`.

    Examples
    --------
    >>> open_stream("crates/smurf/tests/data/split.dat").shape
    (64, 40)
    """
    found = open_recording(path, metadata_channel=metadata_channel, keep_index=keep_index)
    if isinstance(found, Stream):
        return found
    raise _other(found, "a stream", "open_stream")


@strict
def open_arrays(path: FilePath) -> ArrayFile:
    """Opens an array file: GNZ, npy, npz or safetensors.

    Parameters
    ----------
    path
        The file: a ``str``, ``bytes`` or ``os.PathLike``.

    Returns
    -------
    ArrayFile
        The arrays. Damage is a :class:`DamageWarning` with the report attached.

    Raises
    ------
    NotThisFormatError
        The file is not an array file.
    FileError, MalformedError, UnsupportedError, LimitError, BadArgumentError
        As for :func:`open`.

    Examples
    --------
    >>> open_arrays("crates/gnz/tests/data/typical.gnz").format
    'gnz'
    """
    found = open_recording(path)
    if isinstance(found, ArrayFile):
        return found
    raise _other(found, "a file of arrays", "open_arrays")


def _other(found: Recording, expected: str, function: str) -> NotThisFormatError:
    message = f"{found.path} is {found.kind}, {function} opens {expected}: use open"
    return NotThisFormatError(message, path=found.path, expected=expected, found=found.kind)


def open_recording(
    path: FilePath,
    rate_hz: float | None = None,
    geophone_range: GeophoneRange | None = None,
    pretrigger_s: float | None = None,
    reports: bool = True,
    metadata_channel: int | None = None,
    keep_index: bool = False,
    one_piece: bool = False,
    stacklevel: int = 5,
) -> Recording:
    """As :func:`open`; with ``one_piece`` only the named piece of a run.

    ``stacklevel`` is that of a :class:`DamageWarning`: 5 is the caller of :func:`open`, behind this function,
    :func:`open` and its check of keywords.
    """
    name = path_of(path)
    if keep_index and metadata_channel is not None:
        message = "an index is kept of runs whose metadata is on channel 1: leave keep_index out"
        raise BadArgumentError(message, path=name)
    if metadata_channel is not None:
        metadata_channel = byte_of("metadata_channel", metadata_channel, 255)
    if rate_hz is not None:
        rate_hz = checked_rate(rate_hz)
    if geophone_range is not None:
        one_of("geophone_range", geophone_range, _RANGES)
    handle = _wavekeep.open(
        name, rate_hz, geophone_range, pretrigger_s, reports, one_piece, metadata_channel, keep_index
    )
    stated = {
        "rate_hz": rate_hz,
        "geophone_range": geophone_range,
        "pretrigger_s": pretrigger_s,
        "metadata_channel": metadata_channel,
        "keep_index": keep_index or None,
    }
    recording: Recording
    if isinstance(handle, _wavekeep.Event):
        _refuse(stated, ("metadata_channel", "keep_index"), name, "an event")
        options: dict[str, float | str | bool | None] = {
            "rate_hz": rate_hz,
            "geophone_range": geophone_range,
            "pretrigger_s": pretrigger_s,
            "reports": reports,
        }
        recording = Event(handle, name, (os.path.abspath(name), options, ()))
        if rate_hz is not None:
            used = recording.metadata["time"].get("rate_hz")
            if used is None or used["basis"] != "option":
                _refuse(stated, ("rate_hz",), name, recording.kind)
        # The report is made when it is needed.
        report = recording.report if handle.questionable else Report()
    elif isinstance(handle, _wavekeep.Stream):
        _refuse(stated, ("rate_hz", "geophone_range", "pretrigger_s"), name, "a stream")
        recording = Stream(handle, name)
        # Without the metadata, which is read when it is needed.
        report = Report.from_json(handle.report())
    else:
        _refuse(stated, tuple(stated), name, "a file of arrays")
        recording = ArrayFile(handle, name)
        report = recording.report
    warn_of_damage(report, name, stacklevel=stacklevel)
    return recording


def path_of(path: FilePath) -> str:
    """The path as text. The content of a file is not a path."""
    text = os.fsdecode(path)
    # No system has paths as long as that.
    if "\0" in text or len(text) > 32768 or (len(text) > 1024 and "\n" in text):
        message = "a path was expected, found what may be the content of a file"
        raise BadArgumentError(message)
    return text


def _refuse(stated: Mapping[str, object], ignored: tuple[str, ...], path: str, what: str) -> None:
    """Refuses options that would have no effect."""
    for option in ignored:
        if stated[option] is not None:
            message = f"{path} is {what}: {option} would be ignored there; leave it out"
            raise BadArgumentError(message, path=path, found=option)
