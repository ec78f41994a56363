"""Indexing of what is not in memory, as numpy does it."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._errors import BadIndexError

#: Reads rows, in rising order, of frames ``start`` to ``stop``.
Reader = Callable[[list[int], int, int], NDArray[Any]]
#: Frames that nobody asked for are read too where that saves a call.
_WORTH_SKIPPING = 64
#: Frames that are read together at most, where not all of them are wanted.
_TOGETHER = 16384


def indexed(
    key: Any, shape: tuple[int, int], dtype: np.dtype[Any], read: Reader
) -> NDArray[Any] | np.generic:
    """``array[key]`` for an array of this shape of which only the rows and columns that ``key``
    touches are read."""
    parts = _expanded(key)
    axis = 0
    wanted: list[NDArray[np.intp]] = []
    local: list[Any] = []
    for part in parts:
        if part is None:
            local.append(None)
        elif isinstance(part, np.ndarray) and part.dtype == bool and part.ndim != 1:
            if part.ndim == 0 or part.shape != shape[axis : axis + part.ndim]:
                message = f"a mask of the shape {part.shape} does not fit {shape}"
                raise BadIndexError(message)
            # As numpy has it: a mask is the places where it is true.
            for places in part.nonzero():
                chosen, inside = _places(places, shape[axis], axis)
                wanted.append(chosen)
                local.append(inside)
                axis += 1
        else:
            if axis == 2:
                raise BadIndexError(f"a run has 2 axes, channels and frames; found the index {key!r}")
            chosen, inside = _axis(part, shape[axis], axis)
            wanted.append(chosen)
            local.append(inside)
            axis += 1
    for left in range(axis, 2):
        wanted.append(np.arange(shape[left]))
        local.append(slice(None))
    part = _read(wanted[0], wanted[1], dtype, read)
    found: NDArray[Any] | np.generic = part[tuple(local)]
    # A view of no more than was asked for.
    return found


def outer(
    key: tuple[Any, Any], shape: tuple[int, int], dtype: np.dtype[Any], read: Reader
) -> NDArray[Any]:
    """As :func:`indexed`, of two integers, slices, lists or masks, each along its own axis: lists name
    all crossings of their rows and columns."""
    (rows, of_rows), (columns, of_columns) = (
        _axis(_part(part), shape[axis], axis) for axis, part in enumerate(key)
    )
    found: NDArray[Any] = _read(rows, columns, dtype, read)[..., of_columns][of_rows]
    return found


def _expanded(key: Any) -> list[Any]:
    """The parts of a key; an ellipsis is what it stands for."""
    parts = [_part(part) for part in (key if isinstance(key, tuple) else (key,))]
    if sum(part is ... for part in parts) > 1:
        raise BadIndexError("an index can have one ellipsis ('...') only")
    if not any(part is ... for part in parts):
        return parts
    at = next(place for place, part in enumerate(parts) if part is ...)
    masks = (part.ndim for part in parts if isinstance(part, np.ndarray) and part.dtype == bool)
    plain = sum(
        part is not None and part is not ... and not (isinstance(part, np.ndarray) and part.dtype == bool)
        for part in parts
    )
    stands_for = max(2 - plain - sum(masks), 0)
    return [*parts[:at], *[slice(None)] * stands_for, *parts[at + 1 :]]


def _part(part: Any) -> Any:
    if part is None or part is ... or isinstance(part, slice):
        return part
    if isinstance(part, (bool, np.bool_)):
        raise BadIndexError("True and False are no index: a mask has one for each channel or frame")
    try:
        return operator.index(part)
    except TypeError:
        pass
    try:
        array = np.asarray(part)
    except (TypeError, ValueError) as error:
        raise BadIndexError(f"{part!r} is no index") from error
    if array.size == 0 and not isinstance(part, np.ndarray):
        array = array.astype(np.intp)
    if array.dtype != bool and array.dtype.kind not in "iu":
        raise BadIndexError(f"an index is made of integers, slices, lists, masks and '...', found {part!r}")
    return array


_AXES = ("channel", "frame")


def _axis(part: Any, length: int, axis: int) -> tuple[NDArray[np.intp], Any]:
    """What is read along an axis, in rising order, and where in it the result is found."""
    if isinstance(part, int):
        return np.array([_within(part, length, axis)]), 0
    if isinstance(part, slice):
        try:
            places = range(*part.indices(length))
        except TypeError as error:
            raise BadIndexError(f"slices are of integers, found {part!r}") from error
        if places.step > 0:
            return np.arange(places.start, places.stop, places.step), slice(None)
        return np.arange(places.start, places.stop, places.step)[::-1], slice(None, None, -1)
    if part.dtype == bool:
        if len(part) != length:
            message = f"a mask of {len(part)} does not fit the {length} {_AXES[axis]}s of the run"
            raise BadIndexError(message)
        part = np.flatnonzero(part)
    return _places(part, length, axis)


def _places(places: NDArray[Any], length: int, axis: int) -> tuple[NDArray[np.intp], Any]:
    if places.size:
        _within(int(places.min()), length, axis)
        _within(int(places.max()), length, axis)
    places = np.where(places < 0, places + length, places).astype(np.intp)
    chosen, inside = np.unique(places, return_inverse=True)
    return chosen, inside.reshape(places.shape)


def _within(place: int, length: int, axis: int) -> int:
    if not -length <= place < length:
        raise BadIndexError(f"there is no {_AXES[axis]} {place}: the run has {length}")
    return place % length


def _read(
    rows: NDArray[np.intp], frames: NDArray[np.intp], dtype: np.dtype[Any], read: Reader
) -> NDArray[Any]:
    if not rows.size or not frames.size:
        return np.empty((len(rows), len(frames)), dtype)
    channels = rows.tolist()
    first, stop = int(frames[0]), int(frames[-1]) + 1
    if stop - first == len(frames):
        return read(channels, first, stop)
    found = np.empty((len(rows), len(frames)), dtype)
    at = 0
    while at < len(frames):
        # As many as lie near each other and are worth one call.
        near = int(np.searchsorted(frames, frames[at] + _TOGETHER))
        apart = np.flatnonzero(np.diff(frames[at:near]) > _WORTH_SKIPPING)
        end = at + int(apart[0]) + 1 if apart.size else near
        first = int(frames[at])
        part = read(channels, first, int(frames[end - 1]) + 1)
        found[:, at:end] = part[:, frames[at:end] - first]
        at = end
    return found
