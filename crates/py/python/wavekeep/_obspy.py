"""The plug-in that lets ``obspy.read`` open what wavekeep opens. ObsPy finds it by entry points.

>>> import obspy
>>> print(obspy.read("samples/M529LMOK.DK0W")[1].id)
XX.1SJPL..GPZ
"""

from __future__ import annotations

import os
from typing import Any

from . import _wavekeep
from ._to_obspy import to_obspy


def is_blastware(filename: str | os.PathLike[str]) -> bool:
    """Whether a file is a Blastware event."""
    return _wavekeep.detect(os.fspath(filename)) in ("blastware", "blastware-frames")


def is_thor(filename: str | os.PathLike[str]) -> bool:
    """Whether a file is a Thor event."""
    return _wavekeep.detect(os.fspath(filename)) == "thor"


def is_smurf(filename: str | os.PathLike[str]) -> bool:
    """Whether a file is a SMuRF stream."""
    return _wavekeep.detect(os.fspath(filename)) == "smurf"


def read_blastware(
    filename: str | os.PathLike[str],
    headonly: bool = False,
    channels: Any = None,
    raw: bool = False,
    **options: Any,
) -> Any:
    """Reads an event: velocities and pressures in their units, or with ``raw`` counts.

    ``channels`` chooses some by name; ``rate_hz``, ``geophone_range`` and ``pretrigger_s`` are those
    of ``wavekeep.open``.
    """
    return _read(filename, headonly, channels, raw, options)


#: As of Blastware events.
read_thor = read_blastware


def read_smurf(
    filename: str | os.PathLike[str],
    headonly: bool = False,
    channels: Any = None,
    raw: bool = False,
    **options: Any,
) -> Any:
    """Reads a run: phases in rad, or with ``raw`` counts. ``channels`` chooses some: ``[0, 7]``,
    ``"0-15"``, ``"2:107"``."""
    return _read(filename, headonly, channels, raw, options)


#: ObsPy hands on options of its own too.
_OPTIONS = ("rate_hz", "geophone_range", "pretrigger_s", "reports")


def _read(filename: Any, headonly: bool, channels: Any, raw: bool, options: dict[str, Any]) -> Any:
    from . import open as open_recording

    stated = {name: value for name, value in options.items() if name in _OPTIONS}
    recording = open_recording(filename, **stated)
    selection = {} if channels is None else {"channels": channels}
    stream = to_obspy(recording, raw=raw, **selection)
    if headonly:
        for trace in stream:
            npts = trace.stats.npts
            trace.data = trace.data[:0]
            trace.stats.npts = npts
    return stream
