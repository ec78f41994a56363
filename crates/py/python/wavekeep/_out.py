"""The caller's own array, of any order and stride."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._errors import BadArgumentError

_READABLE = ("i4", "f4", "f8", "c8", "c16")


def check_out(out: Any, shape: tuple[int, int], iq: bool, wanted: np.dtype[Any] | None) -> None:
    """Refuses an array that cannot take a selection of this shape. ``wanted`` is the type that was
    asked for by other words."""
    if not isinstance(out, np.ndarray):
        raise BadArgumentError(f"out is an array of numpy, found a {type(out).__name__}")
    if isinstance(out, np.ma.MaskedArray):
        raise BadArgumentError("out is a masked array, whose mask would hide what is read: give out.data")
    if out.shape != shape:
        raise BadArgumentError(f"out has the shape {out.shape}, the selection {shape}")
    if out.dtype.str[1:] not in _READABLE or not out.dtype.isnative:
        raise BadArgumentError(f"out is of {out.dtype}: it has to be of int32, float32, float64 or complex")
    if wanted is not None and out.dtype != wanted:
        raise BadArgumentError(f"out is of {out.dtype}, asked for is {wanted}")
    if (out.dtype.kind == "c") != iq:
        raise BadArgumentError("complex values are pairs of samples: ask for iq=True, and only then")
    if not out.flags.writeable:
        raise BadArgumentError("out is read-only")
    if _overlaps(out):
        raise BadArgumentError("elements of out lie over each other in memory: each needs its own")


def is_plain(out: np.ndarray[Any, Any]) -> bool:
    """Whether rows follow each other without anything between: what is read goes straight there."""
    return bool(out.flags.c_contiguous and out.flags.aligned)


def _overlaps(out: np.ndarray[Any, Any]) -> bool:
    """Whether two elements share bytes. A few arrangements that interlock without sharing count as
    such too; no slice of an ordinary array is one."""
    extent = out.itemsize
    axes = [(abs(step), length) for step, length in zip(out.strides, out.shape) if length > 1]
    for step, length in sorted(axes):
        if step < extent:
            return out.size > 0
        extent = step * (length - 1) + extent
    return False
