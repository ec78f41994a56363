"""SMuRF streams: pysmurf's reader, the DataWriter, the processing chain before it, frames made from samples, and
the stream bridge.

>>> from wavekeep import smurf
>>> t, phase, mask = smurf.read_stream_data("crates/smurf/tests/data/basic.dat", channel=[5, 2])
>>> t.dtype, phase.shape, phase.dtype
(dtype('uint64'), (2, 20), dtype('float64'))
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from typing import Any, Literal, Union, overload

import numpy as np
from numpy.typing import NDArray

from . import _wavekeep
from ._bridge import BridgeSource, Frame
from ._chain import Chain
from ._errors import BadArgumentError, NoSuchChannelError
from ._frames import frames
from ._report import DamageWarning, Report, warn_of_damage
from ._stream import Stream
from ._words import strict
from ._writer import DataWriter

__all__ = ["BridgeSource", "Chain", "DataWriter", "Frame", "Stream", "frames", "read_stream_data"]


@strict
def read_stream_data(
    datafile: str | os.PathLike[str],
    channel: int | Sequence[int] | NDArray[np.integer[Any]] | None = None,
    nsamp: int | None = None,
    array_size: int | None = None,
    return_header: bool = False,
    return_tes_bias: bool = False,
    write_log: bool = True,
    n_max: int = 2048,
    make_freq_mask: bool = False,
    gcp_mode: bool = False,
    IQ_mode: bool = False,
    fast_reader: bool = True,
    *,
    whole_run: bool = False,
) -> tuple[Any, ...]:
    """Reads a file of a run, with the arguments and results of pysmurf's ``read_stream_data``.

    Parameters
    ----------
    datafile
        One piece of a run, which is read alone. With ``whole_run``, and for the name that the pieces share, all
        pieces are read.
    channel
        A sample index or a list of them; order and repetitions are kept. By default all.
    nsamp
        Maximum number of frames.
    array_size
        The number of rows of ``phase``, which is truncated or padded with zeros; by default, and with 0, the
        number of channels.
    return_header, return_tes_bias
        Whether there is a fourth result.
    write_log, n_max
        Have no effect: nothing is logged.
    make_freq_mask
        Whether the third result includes frequencies.
    gcp_mode
        Reads files from before Rogue 4: ``t`` is float64, and by default the first 512 channels are read.
    IQ_mode
        Takes samples as pairs of I and Q.
    fast_reader
        Has no effect: there is one reader.
    whole_run
        Reads all pieces of the run, regardless of which is named.

    Returns
    -------
    t : uint64[frames]
        The server's timestamp of each frame, UNIX time in ns.
    phase : float64[channels, frames]
        Phases in rad. With ``IQ_mode`` complex128, I + jQ in counts, one row per pair of the selected samples.
    mask : int64[band, channel]
        The sample index, -1 where nothing was recorded; ``None`` if neither a ``…_mask.txt`` nor the metadata
        states a mask. With ``make_freq_mask`` a pair of the mask and a float64 table of frequencies in MHz, 0
        where nothing was recorded; only the mask if no frequencies are known.
    header : dict of numpy.ndarray, or numpy.ndarray
        With ``return_header`` the header fields, including ``tes_bias``, ``[16, frames]``; with only
        ``return_tes_bias`` the biases.

    Raises
    ------
    BadArgumentError
        An argument is invalid, or the file is not a SMuRF stream.
    NoSuchChannelError
        There is no such channel.
    SelectionError
        The number of channels changes within the file: read one section with
        ``wavekeep.open_stream(file).section(0)``.

    Notes
    -----
    Damage is a :class:`wavekeep.DamageWarning` with the report attached; all whole frames are read. Frames that
    their sender marked as bad are included.

    Examples
    --------
    >>> from wavekeep.smurf import read_stream_data
    >>> t, phase, mask = read_stream_data("crates/smurf/tests/data/basic.dat", nsamp=5)
    >>> t.shape, phase.shape, mask is None
    ((5,), (64, 5), True)
    """
    path = os.fspath(datafile)
    for name, number in (("nsamp", nsamp), ("array_size", array_size)):
        plain = isinstance(number, (int, np.integer)) and not isinstance(number, bool)
        if number is not None and not (plain and number >= 0):
            raise BadArgumentError(f"{name} is 0 or more, found {number!r}", path=path)
    if gcp_mode:
        return _read_gcp(path, channel, nsamp)
    one_piece = not whole_run and os.path.isfile(path)
    handle = _wavekeep.open(path, None, None, None, False, one_piece)
    if not isinstance(handle, _wavekeep.Stream):
        raise BadArgumentError(f"{path} is not a SMuRF stream", path=path)
    warn_of_damage(Report.from_json(handle.report()), path, stacklevel=4)
    run = Stream(handle, path)
    chosen = None if channel is None else _indices(channel, path).tolist()
    frames = None if nsamp is None else (0, min(nsamp, run.n_frames))
    if IQ_mode:
        phase = _iq(run, chosen, frames)
    else:
        phase = run._part(chosen, frames, np.float64)
    if array_size:
        # As numpy's resize in place: rows are cut off, or rows of zeros are appended.
        rows = np.zeros((array_size, phase.shape[1]), phase.dtype)
        rows[: len(phase)] = phase[:array_size]
        phase = rows
    mask: Any = run.mask_table
    if make_freq_mask and (frequencies := _frequency_table(run, mask)) is not None:
        mask = (mask, frequencies)
    if return_header or return_tes_bias:
        header = handle.headers(run._ask(frames=frames))
        if not return_header:
            return header["timestamp"], phase, mask, header["tes_bias"]
        return header["timestamp"], phase, mask, _standard_header(header)
    return handle.timestamps(run._ask(frames=frames)), phase, mask


def _indices(channel: Any, path: str) -> NDArray[np.integer[Any]]:
    """Sample indices; floats and booleans are errors."""
    indices = np.ravel(np.asarray(channel))
    if indices.dtype.kind not in "iu":
        message = f"channel is a sample index or a list of them, found {channel!r}"
        raise BadArgumentError(message, path=path)
    return indices


#: The keys of the standard reader's header, in its order.
_HEADER_KEYS = (
    "protocol_version", "crate_id", "slot_number", "timing_cond", "number_of_channels", "tes_bias",
    "timestamp", "flux_ramp_increment", "flux_ramp_offset", "counter_0", "counter_1", "counter_2",
    "reset_bits", "frame_counter", "tes_relays_config", "external_time_raw", "control_field",
    "test_params", "num_rows", "num_rows_reported", "row_length", "data_rate",
)  # fmt: skip


def _standard_header(header: dict[str, Any]) -> dict[str, Any]:
    # Five bytes of the raw word are the time; the other three are unused.
    named = {**header, "external_time_raw": header["external_time"]}
    return {key: named[key] for key in _HEADER_KEYS}


#: A frame from before Rogue 4; the server's time is its sixth 64-bit word.
_GCP_FRAME = np.dtype(
    {
        "names": ["timestamp", "samples"],
        "formats": ["<u8", ("<i4", (528,))],
        "offsets": [48, 128],
        "itemsize": 2240,
    }
)
_GCP_CHANNELS = 512


def _read_gcp(path: str, channel: Any, nsamp: int | None) -> tuple[Any, ...]:
    """A file of frames of fixed size, with the results of the standard reader in its ``gcp_mode``."""
    size = os.path.getsize(path)
    stray = size % _GCP_FRAME.itemsize
    if stray:
        message = f"the last {stray} bytes are no whole frame of {_GCP_FRAME.itemsize}"
        warnings.warn(f"{path}: {message}", DamageWarning, stacklevel=5)
    count = size // _GCP_FRAME.itemsize
    count = count if nsamp is None else min(nsamp, count)
    frames = np.fromfile(path, _GCP_FRAME, count)
    chosen = np.arange(_GCP_CHANNELS) if channel is None else _indices(channel, path)
    missing = [int(one) for one in chosen if not 0 <= one < 528]
    if missing:
        raise NoSuchChannelError(f"there is no channel {missing[0]}: they are 0 to 527", path=path)
    phase = np.squeeze(frames["samples"][:, chosen].T).astype(float) / 2**15 * np.pi
    mask_file = os.path.join(
        os.path.dirname(path), os.path.basename(path).split(".")[0] + "_mask.txt"
    )
    mask = _wavekeep.mask_table(mask_file)
    return frames["timestamp"].astype(float), phase, mask


def _iq(
    run: Stream, chosen: list[int] | None, frames: tuple[int, int] | None
) -> NDArray[np.complex128]:
    count = len(run.channels) if chosen is None else len(chosen)
    if count % 2:
        raise BadArgumentError(f"IQ mode takes samples in pairs, I and Q, found {count}", path=run.path)
    if chosen is None:
        return run._part(None, frames, np.complex128)
    pairs = list(zip(chosen[::2], chosen[1::2], strict=True))
    if all(first % 2 == 0 and second == first + 1 for first, second in pairs):
        return run._part([first // 2 for first, _ in pairs], frames, np.complex128)
    counts = run._part(chosen, frames, np.int32)
    iq = np.empty((len(pairs), counts.shape[1]), np.complex128)
    iq.real, iq.imag = counts[::2], counts[1::2]
    return iq


def _frequency_table(run: Stream, mask: NDArray[np.int64] | None) -> NDArray[np.float64] | None:
    frequencies = run.frequencies_mhz
    if mask is None or frequencies is None:
        return None
    known = (mask >= 0) & (mask < len(frequencies))
    table = np.zeros(mask.shape)
    table[known] = frequencies[mask[known]]
    return table
