"""Frames as the instrument sends them, made from samples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

import numpy as np
from numpy.typing import NDArray

from ._errors import BadArgumentError, NoSuchArgumentError
from ._rate import checked_rate
from ._words import instead

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from numpy.typing import ArrayLike

_HEADER = {
    "protocol_version": ("u1", 0),
    "crate_id": ("u1", 1),
    "slot_number": ("u1", 2),
    "timing_cond": ("u1", 3),
    "number_of_channels": ("<u4", 4),
    "tes_bias_packed": (("u1", (40,)), 8),
    "timestamp": ("<u8", 48),
    "flux_ramp_increment": ("<i4", 56),
    "flux_ramp_offset": ("<i4", 60),
    "counter_0": ("<u4", 64),
    "counter_1": ("<u4", 68),
    "counter_2": ("<u8", 72),
    "reset_bits": ("<u4", 80),
    "frame_counter": ("<u4", 84),
    "tes_relays_config": ("<u4", 88),
    "external_time": ("<u8", 96),
    "control_field": ("u1", 104),
    "test_params": ("u1", 105),
    "num_rows": ("<u2", 112),
    "num_rows_reported": ("<u2", 114),
    "row_length": ("<u2", 120),
    "data_rate": ("<u2", 122),
}
_HEADER_BYTES = 128
_OF_THE_BUILDER = ("number_of_channels", "timestamp", "frame_counter", "tes_bias_packed")
_SAMPLES = ("i2", "i4")


class HeaderFields(TypedDict, total=False):
    """Header fields, each a number, or one for each frame; ``tes_bias`` is 16 signed numbers of 20 bits, or
    ``[16, frames]``."""

    protocol_version: ArrayLike
    crate_id: ArrayLike
    slot_number: ArrayLike
    timing_cond: ArrayLike
    #: 16 numbers of 20 bits with a sign, or ``[16, frames]``.
    tes_bias: ArrayLike
    flux_ramp_increment: ArrayLike
    flux_ramp_offset: ArrayLike
    counter_0: ArrayLike
    counter_1: ArrayLike
    counter_2: ArrayLike
    reset_bits: ArrayLike
    tes_relays_config: ArrayLike
    external_time: ArrayLike
    control_field: ArrayLike
    test_params: ArrayLike
    num_rows: ArrayLike
    num_rows_reported: ArrayLike
    row_length: ArrayLike
    data_rate: ArrayLike


def frames(
    samples: NDArray[np.integer[Any]],
    rate_hz: float,
    *,
    start_ns: int = 0,
    counter: int = 0,
    counter_step: int = 1,
    **fields: Unpack[HeaderFields],
) -> NDArray[np.void]:
    """Makes frames from samples, with the headers of the instrument.

    Parameters
    ----------
    samples
        ``[channels, frames]``: int16 as from the instrument, or int32 as in files.
    rate_hz
        Frames per second, by which ``timestamp`` increases.
    start_ns
        UNIX time of the first frame in ns.
    counter, counter_step
        ``frame_counter`` of the first frame, and its increase per frame; it wraps at 2^32.
    **fields
        Other header fields, each a number or one for each frame; ``tes_bias`` is ``[16]`` or ``[16, frames]``.

    Returns
    -------
    structured numpy.ndarray
        ``[frames]``. Each element is a payload that :meth:`Chain.process` and :meth:`DataWriter.write` accept;
        its fields are those of the header and ``samples``.

    Raises
    ------
    NoSuchArgumentError
        There is no such header field.
    BadArgumentError
        The samples have another type, or a number does not fit its field.

    Examples
    --------
    >>> import numpy as np
    >>> from wavekeep import smurf
    >>> phase = np.rint(1000 * np.sin(np.arange(200) / 10)).astype(np.int16)
    >>> made = smurf.frames(np.stack([phase, -phase]), rate_hz=4000, reset_bits=1)
    >>> made.shape, made["samples"].shape, made["frame_counter"][:3].tolist()
    ((200,), (200, 2), [0, 1, 2])
    >>> len(made[0].tobytes())
    132
    """
    rate = checked_rate(rate_hz)
    array = checked_samples(samples)
    made = packed(array, counter, counter_step)
    count = len(made)
    start = _integers("start_ns", start_ns, np.dtype("<u8"), ())
    ticks = [round(number * 1_000_000_000 / rate) for number in range(count)]
    if count and int(start) + ticks[-1] >= 2**64:
        raise BadArgumentError(f"start_ns {start_ns!r} is too late: the last frame is behind 2^64 ns")
    made["timestamp"] = np.array(ticks, np.uint64) + np.uint64(int(start))
    for name, value in fields.items():
        if name == "tes_bias":
            made["tes_bias_packed"] = _packed_biases(value, count)
            continue
        if name not in _HEADER or name in _OF_THE_BUILDER:
            known = [*HeaderFields.__annotations__, "start_ns", "counter", "counter_step"]
            message = f"frames() has no argument {name!r}{instead(name, known)}"
            raise NoSuchArgumentError(message, found=name)
        made[name] = _integers(name, value, made.dtype[name], (count,))
    if (made["external_time"] >= 1 << 40).any():
        raise BadArgumentError("external_time has 40 bits")
    return made


def checked_samples(samples: Any) -> NDArray[np.integer[Any]]:
    """Samples with a type of the instrument."""
    if not isinstance(samples, np.ndarray) or samples.ndim != 2:
        what = f"{samples.ndim} axes" if isinstance(samples, np.ndarray) else type(samples).__name__
        raise BadArgumentError(f"samples are an array of channels × frames, found {what}")
    if samples.dtype.str[1:] not in _SAMPLES:
        raise BadArgumentError(
            f"samples are int16 (of the instrument) or int32 (of files), found {samples.dtype}: "
            "round and convert them by astype"
        )
    return samples


def packed(samples: NDArray[np.integer[Any]], counter: int, counter_step: int) -> NDArray[np.void]:
    """Frames with the number of channels and the counter in their headers."""
    channels, count = samples.shape
    first = _integers("counter", counter, np.dtype("<u4"), ())
    step = _integers("counter_step", counter_step, np.dtype("<u4"), ())
    made = np.zeros(count, frame_dtype(channels, samples.dtype))
    made["protocol_version"] = 1
    made["number_of_channels"] = channels
    counters = (int(first) + int(step) * np.arange(count, dtype=np.int64)) % 2**32
    made["frame_counter"] = counters
    made["samples"] = samples.T
    return made


def frame_dtype(channels: int, samples: np.dtype[Any]) -> np.dtype[np.void]:
    """The type of a frame with this number of samples."""
    words = samples.newbyteorder("<")
    names = [*_HEADER, "samples"]
    formats: list[Any] = [format for format, _ in _HEADER.values()]
    offsets = [offset for _, offset in _HEADER.values()]
    return np.dtype(
        {
            "names": names,
            "formats": [*formats, (words, (channels,))],
            "offsets": [*offsets, _HEADER_BYTES],
            "itemsize": _HEADER_BYTES + words.itemsize * channels,
        }
    )


def _integers(name: str, value: Any, dtype: np.dtype[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    """Integers that fit a field."""
    array = np.asarray(value)
    if array.dtype.kind not in "iu" or array.shape not in ((), shape):
        per_frame = ", or one for each frame" if shape else ""
        raise BadArgumentError(f"{name} is an integer{per_frame}, found {value!r}")
    limits = np.iinfo(dtype)
    if array.size and not (limits.min <= int(array.min()) and int(array.max()) <= limits.max):
        raise BadArgumentError(f"{name} is {limits.min} to {limits.max}, found {value!r}")
    return array.astype(dtype)


def _packed_biases(value: Any, count: int) -> NDArray[np.uint8]:
    """16 numbers of 20 bits, two in five bytes."""
    biases = np.asarray(value)
    if biases.dtype.kind not in "iu" or biases.shape not in ((16,), (16, count)):
        raise BadArgumentError(f"tes_bias is 16 integers, or 16 for each frame, found {value!r}")
    if biases.size and not (-(1 << 19) <= int(biases.min()) and int(biases.max()) < 1 << 19):
        raise BadArgumentError("a bias has 20 bits: -524288 to 524287")
    words = (biases.astype(np.int64) & 0xFFFFF).astype(np.uint64)
    pairs = words[0::2] | words[1::2] << np.uint64(20)
    shifts = np.arange(0, 40, 8, dtype=np.uint64)
    columns = (pairs[..., None] >> shifts & np.uint64(0xFF)).astype(np.uint8)
    # [8, 5] or [8, frames, 5]: a row of 40 bytes for each frame.
    return columns.reshape(40) if biases.ndim == 1 else columns.swapaxes(0, 1).reshape(count, 40)
