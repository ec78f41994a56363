"""The xarray engine: ``xarray.open_dataset("run.dat", engine="wavekeep")``. xarray finds it by an
entry point.

>>> import xarray
>>> run = xarray.open_dataset("crates/smurf/tests/data/split.dat", engine="wavekeep")
>>> dict(run.sizes), run["data"].sel(time=slice("2026", None)).dims
({'row': 64, 'time': 40}, ('row', 'time'))
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any, Literal, Union

import numpy as np
import xarray
from numpy.typing import DTypeLike
from xarray.backends import BackendArray, BackendEntrypoint
from xarray.core import indexing

from . import _wavekeep
from ._adapters import to_xarray
from ._dataset import Dataset, holdable, is_raw, of_run
from ._errors import BadArgumentError, SelectionError
from ._open import open_recording, path_of
from ._recording import Channels, Frames, Recording, Time, part_of
from ._run_part import RunPart, Samples, Times
from ._stream import Stream, dtype_of
from ._units import Units
from ._words import strict

#: Bytes of a chunk at most; the largest power of two of frames that fits makes at least half of them.
CHUNK = 64 << 20
#: Endings of files that other engines open, whatever stands in them.
_OF_OTHERS = (".nc", ".nc4", ".cdf", ".h5", ".hdf5", ".he5", ".zarr", ".zip", ".grib", ".grb", ".grb2")
#: Formats whose files are recognised by what stands at their beginning.
_GUESSED = ("blastware", "thor", "gnz", "smurf")

#: Options as they are when nobody states them, where that is not ``None``.
_UNSTATED = {"keep_index": False, "one_piece": False, "reports": True}

#: A path or a :class:`Recording`; xarray hands on whatever it was given.
_Source = Any
_Drop = Union[str, Iterable[str], None]


class RunArray(BackendArray):  # type: ignore[no-untyped-call, unused-ignore]
    """Samples or times of a run, as xarray indexes what is not in memory."""

    def __init__(self, values: Samples | Times) -> None:
        self.values = values
        self.shape = values.shape
        self.dtype = values.dtype

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        # xarray looks for the last place of a slice that goes back, also where it has none.
        places = zip(key.tuple, self.shape)
        plain = type(key)(tuple(_forward_if_empty(part, length) for part, length in places))
        outer = indexing.IndexingSupport.OUTER
        return indexing.explicit_indexing_adapter(plain, self.shape, outer, self.values.outer)

    def __dask_tokenize__(self) -> tuple[Any, ...]:
        return self.values.__dask_tokenize__()


def _forward_if_empty(part: Any, length: int) -> Any:
    is_empty = isinstance(part, slice) and not len(range(*part.indices(length)))
    return slice(0, 0) if is_empty else part


class Engine(BackendEntrypoint):
    """The engine ``"wavekeep"`` of ``xarray.open_dataset``: the variables of :meth:`Recording.to_xarray` for every
    file that :func:`wavekeep.open` opens; those of runs are read when they are needed."""

    description = "Open SMuRF streams lazily, and vibration events and files of arrays, with wavekeep"
    url = "https://github.com/wavekeep/wavekeep"
    supports_groups = True

    def guess_can_open(self, filename_or_obj: Any) -> bool:
        """Whether a file is certainly a SMuRF stream, a Blastware or Thor event or a GNZ file. Streams,
        whose bytes have no signature, are recognised by their names, too.

        Parameters
        ----------
        filename_or_obj
            A path or a :class:`Recording`.

        Returns
        -------
        bool
            ``False`` if in doubt.
        """
        if isinstance(filename_or_obj, Recording):
            return True
        if not isinstance(filename_or_obj, (str, os.PathLike)):
            return False
        path = os.path.expanduser(os.fspath(filename_or_obj))
        if not isinstance(path, str) or path.lower().endswith(_OF_OTHERS):
            return False
        if _wavekeep.is_bare_name(path):
            return True
        found = _wavekeep.detect(path)
        return found in _GUESSED and (found != "smurf" or _is_named_as_a_run(path))

    @strict
    def open_dataset(
        self,
        filename_or_obj: _Source,
        *,
        drop_variables: _Drop = None,
        channels: Channels = None,
        frames: Frames = None,
        time: Time = None,
        section: int | None = None,
        units: Units = None,
        raw: bool = False,
        dtype: DTypeLike | None = None,
        drop_errored: bool = False,
        one_piece: bool = False,
        threads: int | None = None,
        keep_index: bool = False,
        metadata_channel: int | None = None,
        rate_hz: float | None = None,
        geophone_range: Literal["normal", "sensitive"] | None = None,
        pretrigger_s: float | None = None,
        reports: bool = True,
    ) -> xarray.Dataset:
        """A recording as from :meth:`Recording.to_xarray`.

        Parameters
        ----------
        filename_or_obj
            A file; for a run the name that its pieces share; or an open recording.
        drop_variables
            Variables and coordinates that are left out.
        channels, frames, time
            As for :meth:`Recording.to_xarray`.
        section
            For a run in which the number of channels changes: the index of the section.
        units
            As for :meth:`Recording.to_xarray`.
        raw
            Counts: the same as ``units="raw"``.
        dtype
            For streams: float32 instead of float64.
        drop_errored
            As for :meth:`Recording.to_xarray`.
        one_piece
            For streams: reads only the named piece. Without it, the name of a piece is an error, because each
            of them would give the whole run.
        threads
            For streams: maximum number of threads of each read; by default all in the main thread, and one in
            the threads and processes of dask.
        keep_index, metadata_channel, rate_hz, geophone_range, pretrigger_s, reports
            As for :func:`wavekeep.open`.

        Returns
        -------
        xarray.Dataset
            For a run ``data[row, time]``, which is read when it is needed.

        Raises
        ------
        Error
            As for :func:`wavekeep.open` and :meth:`Recording.to_xarray`.
        """
        opening: dict[str, Any] = {
            "keep_index": keep_index,
            "metadata_channel": metadata_channel,
            "rate_hz": rate_hz,
            "geophone_range": geophone_range,
            "pretrigger_s": pretrigger_s,
            "reports": reports,
        }
        recording, is_own = _opened(filename_or_obj, one_piece, opening)
        try:
            units = _units(units, raw)
            if isinstance(recording, Stream):
                if section is not None:
                    recording = recording.section(section)
                part = _part(recording, channels, frames, time, drop_errored, threads)
                dataset = _of_part(part, units, dtype)
            else:
                stated = {"section": section, "dtype": dtype, "threads": threads}
                _refuse(stated, recording)
                dataset = to_xarray(recording, part_of(channels, frames, time, drop_errored), units)
        except BaseException:
            if is_own:
                recording.close()
            raise
        if is_own:
            dataset.set_close(recording.close)
        return _without(dataset, drop_variables)

    @strict
    def open_groups_as_dict(
        self,
        filename_or_obj: _Source,
        *,
        drop_variables: _Drop = None,
        units: Units = None,
        raw: bool = False,
        dtype: DTypeLike | None = None,
        drop_errored: bool = False,
        one_piece: bool = False,
        threads: int | None = None,
        keep_index: bool = False,
        metadata_channel: int | None = None,
    ) -> dict[str, xarray.Dataset]:
        """The sections of a run, each as a group.

        Parameters
        ----------
        filename_or_obj, drop_variables, units, raw, dtype, drop_errored, one_piece, threads
            As for :meth:`open_dataset`.
        keep_index, metadata_channel
            As for :func:`wavekeep.open`.

        Returns
        -------
        dict of xarray.Dataset
            ``/section_0``, ``/section_1``, … and an empty ``/``; another recording is the group ``/``.

        Raises
        ------
        Error
            As for :meth:`open_dataset`.
        """
        opening = {"keep_index": keep_index, "metadata_channel": metadata_channel}
        recording, is_own = _opened(filename_or_obj, one_piece, opening)
        try:
            units = _units(units, raw)
            if isinstance(recording, Stream):
                groups = {"/": xarray.Dataset(attrs={"source": recording.path})}
                for number in range(len(recording.sections)):
                    part = _part(recording.section(number), None, None, None, drop_errored, threads)
                    groups[f"/section_{number}"] = _of_part(part, units, dtype)
            else:
                _refuse({"dtype": dtype, "threads": threads}, recording)
                groups = {"/": to_xarray(recording, part_of(None, None, None, drop_errored), units)}
        except BaseException:
            if is_own:
                recording.close()
            raise
        if is_own:
            groups["/"].set_close(recording.close)
        return {name: _without(group, drop_variables) for name, group in groups.items()}

    def open_datatree(self, filename_or_obj: _Source, **options: Any) -> xarray.DataTree:
        """The sections of a run as a tree: ``tree["section_1"]``.

        Parameters
        ----------
        filename_or_obj
            As for :meth:`open_dataset`.
        **options
            Those of :meth:`open_groups_as_dict`.

        Returns
        -------
        xarray.DataTree
            The groups of :meth:`open_groups_as_dict`.

        Raises
        ------
        Error
            As for :meth:`open_dataset`.
        """
        groups = self.open_groups_as_dict(filename_or_obj, **options)
        tree = xarray.DataTree.from_dict(groups)
        tree.set_close(groups["/"]._close)
        return tree


def _opened(source: _Source, one_piece: bool, opening: dict[str, Any]) -> tuple[Recording, bool]:
    """The recording, and whether it is to be closed with the dataset."""
    if isinstance(source, Recording):
        _refuse({**opening, "one_piece": one_piece}, source)
        return source, False
    if not isinstance(source, (str, os.PathLike)):
        raise BadArgumentError(f"wavekeep opens files by their path, found a {type(source).__name__}")
    path = os.path.expanduser(path_of(source))
    first = None if one_piece else _wavekeep.first_piece_before(path)
    if first is not None:
        raise _is_a_piece(path)
    # A warning is at the line that calls xarray.
    recording = open_recording(path, **opening, one_piece=one_piece, stacklevel=7)
    if isinstance(recording, Stream):
        name, pieces, *_ = recording._identity
        names = [piece[0] for piece in pieces]
        if len(names) > 1 and os.path.basename(path) in names and os.path.basename(path) != name:
            recording.close()
            raise _is_a_piece(path)
    elif one_piece:
        _refuse({"one_piece": True}, recording)
    return recording, True


def _is_a_piece(path: str) -> BadArgumentError:
    whole = os.path.splitext(path)[0]
    message = (
        f"{path} is one piece of a run, and every piece would give the whole run: open it once, as "
        f"{whole}; to read this piece alone say one_piece=True"
    )
    return BadArgumentError(message, path=path, expected=whole, found=path)


def _part(
    run: Stream,
    channels: Channels,
    frames: Frames,
    time: Time,
    drop_errored: bool,
    threads: int | None,
) -> RunPart:
    try:
        return RunPart(
            run,
            channels=channels,
            frames=frames,
            time=time,
            drop_errored=drop_errored,
            threads=threads,
        )
    except SelectionError as error:
        if run._section is None and len(run.sections) > 1:
            hint = "by section=0, section=1, …, or open all of them by xarray.open_datatree"
            raise SelectionError(f"{error}: {hint}", path=run.path) from error
        raise


def _of_part(part: RunPart, units: Units, dtype: DTypeLike | None) -> xarray.Dataset:
    """A part of a run, of which nothing is read but what says which channels it has."""
    raw = is_raw(part.stream, units)
    samples = Samples(part, dtype_of(raw, False, dtype))
    times = {"time": RunArray(Times(part))}
    found = of_run(part.stream, part.ask, RunArray(samples), times, raw)
    rows, columns = part.shape
    frames = chunk_frames(rows, samples.dtype.itemsize)
    preferred = {"row": max(rows, 1), "time": max(min(frames, columns), 1)}
    return _lazy_dataset(found, preferred)


def chunk_frames(rows: int, itemsize: int) -> int:
    """Frames of a chunk: a power of two, so that all channels of a chunk take 32 to 64 MiB."""
    return 1 << max((CHUNK // max(rows * itemsize, 1)).bit_length() - 1, 0)


def _lazy_dataset(found: Dataset, preferred: Mapping[str, int]) -> xarray.Dataset:
    variables = {}
    for name, it in {**found.coordinates, **found.variables}.items():
        if isinstance(it.values, np.ndarray):
            variables[name] = xarray.Variable(it.dims, it.values, holdable(it.attrs))
        else:
            chunks = {"preferred_chunks": {dim: preferred[dim] for dim in it.dims}}
            values = indexing.LazilyIndexedArray(it.values)
            variables[name] = xarray.Variable(it.dims, values, holdable(it.attrs), chunks)
    coordinates = {name: variables.pop(name) for name in found.coordinates}
    # xarray makes the index of `time`, unless `create_default_indexes=False`.
    without_index = xarray.Coordinates(coordinates, indexes={})
    return xarray.Dataset(variables, without_index, holdable(found.attrs))


def _without(dataset: xarray.Dataset, names: _Drop) -> xarray.Dataset:
    dropped = [names] if isinstance(names, str) else list(names or ())
    found = dataset.drop_vars(dropped, errors="ignore")
    found.set_close(dataset._close)
    return found


def _units(units: Units, raw: bool) -> Units:
    if raw and units is not None:
        raise BadArgumentError(f"raw=True is units='raw', found units={units!r} too")
    return "raw" if raw else units


def _refuse(stated: dict[str, Any], recording: Recording) -> None:
    """An option that would change nothing is a mistake."""
    for option, value in stated.items():
        if value != _UNSTATED.get(option):
            message = f"{option} would be ignored of {recording!r}: leave it out"
            raise BadArgumentError(message, path=recording.path, found=option)


def _is_named_as_a_run(path: str) -> bool:
    stem, ending = os.path.splitext(path.lower())
    return ending == ".dat" or stem.endswith(".dat")
