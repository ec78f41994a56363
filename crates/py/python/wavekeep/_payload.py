"""Payloads of frames, checked before bytes are made of them."""

from __future__ import annotations

from typing import Any, Union

import numpy as np

from ._errors import BadArgumentError

#: The bytes of one frame, or one frame of :func:`wavekeep.smurf.frames`.
Payload = Union[bytes, bytearray, memoryview, np.void, "np.ndarray[Any, np.dtype[np.uint8]]"]


def payload_of(payload: Any) -> bytes:
    """The bytes of a payload. Numbers that are no bytes are no payload."""
    if isinstance(payload, bytes):
        return payload
    if isinstance(payload, np.void) and payload.dtype.names is not None:
        return payload.tobytes()
    what = f"a {type(payload).__name__}"
    if isinstance(payload, np.ndarray):
        what = f"an array of {payload.dtype} with {payload.ndim} axes"
    elif not isinstance(payload, int):
        try:
            view = memoryview(payload)
        except TypeError:
            pass
        else:
            if view.format in ("B", "b", "c") and view.ndim == 1:
                return view.tobytes()
            what = f"memory of the format {view.format!r}"
    if isinstance(payload, np.ndarray) and payload.dtype == np.uint8 and payload.ndim == 1:
        return payload.tobytes()
    raise BadArgumentError(
        f"a payload is bytes, or one frame of smurf.frames(); found {what}: take the bytes of an "
        "array by tobytes(), when they are what is meant"
    )


def byte_of(name: str, number: Any, most: int) -> int:
    """A number of a record's head."""
    plain = isinstance(number, (int, np.integer)) and not isinstance(number, bool)
    if not plain or not 0 <= number <= most:
        raise BadArgumentError(f"{name} is a number from 0 to {most}, found {number!r}")
    return int(number)
