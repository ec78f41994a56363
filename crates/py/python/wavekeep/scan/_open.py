"""Opening a scan."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Union

from .._archive import Archive
from .._errors import BadArgumentError
from .._lazy import need
from .._open import open_stream
from .._recording import Channels
from .._stream import Stream
from .._words import one_of, strict
from ._archives import EventScan, SampleScan
from ._runs import RunScan
from ._scan import Scan

#: The tables of a run, and those of an archive; the first of each is the default.
RUN_TABLES = ("blocks", "frames")
ARCHIVE_TABLES = ("events", "samples")
TABLES = (*RUN_TABLES, *ARCHIVE_TABLES)


@strict
def open(
    where: Union[str, os.PathLike[str], Stream, Archive],
    table: str | None = None,
    *,
    channels: Channels = None,
    raw: bool = False,
    blockframes: int | None = None,
    events: Mapping[str, Any] | None = None,
) -> Scan:
    """A table of a run or of an archive, which is read when an engine needs it.

    Parameters
    ----------
    where
        A run, by its path or as a :class:`wavekeep.Stream`; an archive, by its folder, by the address of its
        server or as a :class:`wavekeep.Archive`. Every machine that reads parts needs it under the same name,
        and the token of a server in ``WAVEKEEP_TOKEN``.
    table
        For a run ``"blocks"``, the default (one row per channel and range of consecutive, evenly spaced
        frames), or ``"frames"`` (one row per channel and frame). For an archive ``"events"``, the default,
        or ``"samples"`` (one row per sample of a waveform).
    channels
        For a run as for :meth:`Stream.read`, each channel once; for ``"samples"`` names: ``["Tran", "Vert"]``.
        By default all.
    raw
        Counts (int32) instead of float64 in rad, in/s or Pa.
    blockframes
        Maximum number of frames in a block, and of frames that are read together; for 512 channels by default
        16,384.
    events
        For an archive, the events, as keywords of :meth:`Archive.query`: ``{"serial": "BE11529"}``.

    Returns
    -------
    Scan
        The table.

    Raises
    ------
    BadArgumentError
        An unknown table or keyword, or an option that does not apply to the table.
    FileMissingError
        The path does not exist, or the folder contains no archive.
    NotThisFormatError
        The file is not a run.
    MissingLibraryError
        pyarrow is not installed.

    Notes
    -----
    Times of runs are in whole µs, the resolution of Spark; :attr:`Stream.time_ns` has them in ns. Blocks end at
    multiples of ``blockframes`` and where frames are missing, so that the time of sample ``i`` is
    ``start + i / rate_hz``, as far as the clock of the run is even; ``"frames"`` has the time of each frame.

    Examples
    --------
    >>> from wavekeep import scan
    >>> scan.open("crates/smurf/tests/data/basic.dat", channels="0-3")
    <Scan of the blocks of crates/smurf/tests/data/basic.dat: channel, first_frame, start, rate_hz, samples>
    """
    need("pyarrow", "a scan", "arrow")
    found = _found(where)
    known = ARCHIVE_TABLES if isinstance(found, Archive) else RUN_TABLES
    table = known[0] if table is None else one_of("table", table, TABLES)
    if table not in known:
        what = "an archive" if isinstance(found, Archive) else "a run"
        message = f"{_name(where)} is {what}, which has no {table}: its tables are {' and '.join(known)}"
        raise BadArgumentError(message, found=table, expected=", ".join(known))
    stated = {"channels": channels is not None, "raw": raw, "blockframes": blockframes is not None}
    stated["events"] = events is not None
    of_run: tuple[str, ...] = ("channels", "raw", "blockframes")
    takes = {
        "blocks": of_run,
        "frames": of_run,
        "events": ("events",),
        "samples": ("channels", "raw", "events"),
    }
    for option, given in stated.items():
        if given and option not in takes[table]:
            raise BadArgumentError(
                f"{option} does not apply to the {table} of {_name(where)}: leave it out"
            )
    if not isinstance(raw, bool):
        raise BadArgumentError(f"raw is True or False, found {raw!r}")
    if isinstance(found, Stream):
        return RunScan(found, table, channels, raw, _checked(blockframes))
    if table == "events":
        return EventScan(found, events or {})
    return SampleScan(found, channels, raw, events or {})


def _found(where: Union[str, os.PathLike[str], Stream, Archive]) -> Stream | Archive:
    if isinstance(where, (Stream, Archive)):
        return where
    try:
        name = os.fspath(where)
    except TypeError:
        message = f"a path, an address, a Stream or an Archive was expected, found {where!r}"
        raise BadArgumentError(message) from None
    if name.lower().startswith(("http://", "https://")) or os.path.isdir(name):
        return Archive(name)
    return open_stream(name)


def _name(where: Any) -> str:
    return str(getattr(where, "path", None) or getattr(where, "where", None) or where)


def _checked(blockframes: int | None) -> int | None:
    if blockframes is None:
        return None
    plain = isinstance(blockframes, int) and not isinstance(blockframes, bool)
    if not plain or not 1 <= blockframes < 2**31:
        raise BadArgumentError(
            f"blockframes is a number of frames from 1 to 2147483647, found {blockframes!r}"
        )
    return blockframes
