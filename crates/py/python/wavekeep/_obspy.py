"""The plug-in that lets ``obspy.read`` open what wavekeep opens. ObsPy finds it by entry points.

>>> import obspy
>>> print(obspy.read("samples/M529LMOK.DK0W")[1].id)
XX.1SJPL..GPZ
"""

from __future__ import annotations

import functools
import inspect
import os
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, Union

from . import _wavekeep
from ._errors import NotThisFormatError
from ._open import open as open_recording
from ._recording import Channels, Recording
from ._report import Report, warn_of_damage
from ._stream import Stream
from ._to_obspy import to_obspy
from ._words import strict

if TYPE_CHECKING:
    import obspy

_Path = Union[str, "os.PathLike[str]"]

#: What ``obspy.read`` hands on to every plug-in, and sees to itself.
_OBSPYS = ("starttime", "endtime", "nearest_sample", "dtype", "apply_calib", "check_compression")


def strict_for_obspy(function: Callable[..., obspy.Stream]) -> Callable[..., obspy.Stream]:
    """Refuses keywords that neither the function nor ObsPy has."""
    checked = strict(function)
    own = inspect.signature(function).parameters

    @functools.wraps(function)
    def called(*arguments: Any, **keywords: Any) -> obspy.Stream:
        for name in _OBSPYS:
            if name not in own:
                keywords.pop(name, None)
        return checked(*arguments, **keywords)

    return called


def is_blastware(filename: str | os.PathLike[str]) -> bool:
    """Whether a file is a Blastware event.

    Parameters
    ----------
    filename
        The file.

    Returns
    -------
    bool
        ``True`` for events and raw frames.
    """
    return _wavekeep.detect(os.fspath(filename)) in ("blastware", "blastware-frames")


def is_thor(filename: str | os.PathLike[str]) -> bool:
    """Whether a file is a Thor event.

    Parameters
    ----------
    filename
        The file.

    Returns
    -------
    bool
        ``True`` for waveforms and histograms.
    """
    return _wavekeep.detect(os.fspath(filename)) == "thor"


def is_smurf(filename: str | os.PathLike[str]) -> bool:
    """Whether a file is a SMuRF stream.

    Parameters
    ----------
    filename
        The file.

    Returns
    -------
    bool
        ``True`` for a piece of a run.
    """
    return _wavekeep.detect(os.fspath(filename)) == "smurf"


@strict_for_obspy
def read_blastware(
    filename: _Path,
    headonly: bool = False,
    channels: Channels = None,
    raw: bool = False,
    rate_hz: float | None = None,
    geophone_range: Literal["normal", "sensitive"] | None = None,
    pretrigger_s: float | None = None,
    reports: bool = True,
) -> obspy.Stream:
    """Reads a vibration event.

    Parameters
    ----------
    filename
        The file.
    headonly
        Returns traces without samples.
    channels
        Names or indices of channels, by default all.
    raw
        Counts instead of values in the units of the event.
    rate_hz, geophone_range, pretrigger_s, reports
        As for ``wavekeep.open``.

    Returns
    -------
    obspy.Stream
        One trace per channel and stretch without a gap.

    Raises
    ------
    NotThisFormatError, MalformedError, UnsupportedError, LimitError, BadArgumentError
        As for ``wavekeep.open``.
    """
    event = open_recording(
        filename,
        rate_hz=rate_hz,
        geophone_range=geophone_range,
        pretrigger_s=pretrigger_s,
        reports=reports,
    )
    return _traces(event, headonly, channels, raw)


#: As of Blastware events.
read_thor = read_blastware


@strict_for_obspy
def read_smurf(
    filename: _Path,
    headonly: bool = False,
    channels: Channels = None,
    raw: bool = False,
    one_piece: bool = False,
) -> obspy.Stream:
    """Reads a run of a stream.

    Parameters
    ----------
    filename
        A piece of the run.
    headonly
        Returns traces without samples.
    channels
        Sample indices: ``[0, 7]``, ``"0-15"``, ``"2:107"``; by default all.
    raw
        Counts instead of phases in rad.
    one_piece
        Reads only this piece.

    Returns
    -------
    obspy.Stream
        One trace per channel and stretch without a gap. The first piece gives the whole run and the other
        pieces give nothing, with a warning, so that ``obspy.read("run.dat.*")`` reads the run once.

    Raises
    ------
    NotThisFormatError
        The file is not a SMuRF stream.
    UnsupportedError
        No source states the rate of the run, or it changes.
    """
    import obspy

    name = os.fspath(filename)
    first = None if one_piece else _wavekeep.first_piece_before(name)
    handle = None if first else _wavekeep.open(name, None, None, None, False, one_piece)
    if isinstance(handle, _wavekeep.Stream):
        pieces = handle.pieces()
        if os.path.basename(name) in map(os.path.basename, pieces[1:]):
            first = pieces[0]
    if first is not None:
        message = (
            f"{os.fspath(first)} gives all of its run: its other pieces add nothing; to read one by "
            "itself say one_piece=True"
        )
        warnings.warn(message, UserWarning, stacklevel=2)
        return obspy.Stream()
    if not isinstance(handle, _wavekeep.Stream):
        raise NotThisFormatError(f"{name} is not a SMuRF stream", path=name)
    warn_of_damage(Report.from_json(handle.report()), name, stacklevel=3)
    with Stream(handle, name) as run:
        return _traces(run, headonly, channels, raw)


def _traces(recording: Recording, headonly: bool, channels: Channels, raw: bool) -> obspy.Stream:
    selection: dict[str, Any] = {} if channels is None else {"channels": channels}
    stream = to_obspy(recording, raw=raw, **selection)
    if headonly:
        for trace in stream:
            npts = trace.stats.npts
            trace.data = trace.data[:0]
            trace.stats.npts = npts
    return stream
