"""SMuRF streams: the reader that users know, the DataWriter, the chain before it, a stream bridge.

>>> from wavekeep import smurf
>>> t, phase, mask = smurf.read_stream_data("crates/smurf/tests/data/basic.dat", channel=[5, 2])
>>> t.dtype, phase.shape, phase.dtype
(dtype('uint64'), (2, 20), dtype('float64'))
"""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, Union

import numpy as np
from numpy.typing import NDArray

from . import _wavekeep
from ._errors import BadArgument, NoSuchChannel
from ._report import DamageWarning, Report, warn_of_damage
from ._stream import Stream

__all__ = ["BridgeSource", "Chain", "DataWriter", "Frame", "Stream", "read_stream_data"]


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
    """A file of a run as pysmurf's ``read_stream_data`` returns it: ``t, phase, mask``, or with a
    fourth value. Arguments have the same names, places and meanings.

    ``t``
        uint64, UNIX ns: the server's timestamp of each frame.
    ``phase``
        float64, ``[channels, frames]``, in radians; with ``IQ_mode`` complex128, I + jQ in counts,
        of the first and second, third and fourth, … of the samples asked for.
    ``mask``
        int64 table ``[band, channel]`` of lines of the mask, -1 where nothing was recorded; ``None``
        when neither a ``…_mask.txt`` nor the metadata states a mask. With ``make_freq_mask`` a pair
        of it and a float64 table of frequencies in MHz, 0 where nothing was recorded; the mask alone
        where no frequencies are known.
    fourth value
        with ``return_header`` a dictionary of the header fields, one array each, ``tes_bias``
        ``[16, frames]`` among them; else with ``return_tes_bias`` the biases alone.

    ``channel`` is a sample index or a list of them; order and repeats are kept. ``nsamp`` is the
    most frames that are read. ``array_size`` is the number of rows of ``phase``: fewer are cut, more
    are zeros; 0 for as many as there are channels. ``gcp_mode`` reads files from before Rogue 4:
    ``t`` is float64 then, and the first 512 channels are read without ``channel``. ``write_log``,
    ``n_max`` and ``fast_reader`` change nothing: nothing is logged, and there is one reader.

    A piece of a run is read by itself; ``whole_run`` reads all pieces, whichever is named, and so
    does the name that they have in common. Padding, cut and damaged frames, metadata and other
    channels are no hindrance: damage is a :class:`wavekeep.DamageWarning` with the report attached.
    Frames that their sender marked bad are delivered. When the number of channels changes within
    the file, ``ValueError`` says so: read one section by ``wavekeep.open(file).section(0)``.
    """
    path = os.fspath(datafile)
    if nsamp is not None and nsamp < 0:
        raise BadArgument(f"nsamp is 0 or more, found {nsamp}", path=path)
    if gcp_mode:
        return _read_gcp(path, channel, nsamp)
    one_piece = not whole_run and os.path.isfile(path)
    handle = _wavekeep.open(path, None, None, None, False, one_piece)
    if not isinstance(handle, _wavekeep.Stream):
        raise BadArgument(f"{path} is not a SMuRF stream", path=path)
    warn_of_damage(Report.from_json(handle.report()), path, stacklevel=3)
    run = Stream(handle, path)
    chosen = None if channel is None else [int(one) for one in np.ravel(np.asarray(channel))]
    frames = None if nsamp is None else (0, min(nsamp, len(run)))
    if IQ_mode:
        phase = _iq(run, chosen, frames)
    else:
        phase = run.read(chosen, frames)
    if array_size:
        # As numpy's resize in place: rows are cut, or rows of zeros come behind.
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


#: The keys of the standard reader's header, in its order.
_HEADER_KEYS = (
    "protocol_version", "crate_id", "slot_number", "timing_cond", "number_of_channels", "tes_bias",
    "timestamp", "flux_ramp_increment", "flux_ramp_offset", "counter_0", "counter_1", "counter_2",
    "reset_bits", "frame_counter", "tes_relays_config", "external_time_raw", "control_field",
    "test_params", "num_rows", "num_rows_reported", "row_length", "data_rate",
)  # fmt: skip


def _standard_header(header: dict[str, Any]) -> dict[str, Any]:
    # Five bytes of the raw word are the time; the other three belong to no field.
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
    """A file of fixed frames, as the standard reader returns it in its ``gcp_mode``."""
    size = os.path.getsize(path)
    stray = size % _GCP_FRAME.itemsize
    if stray:
        message = f"the last {stray} bytes are no whole frame of {_GCP_FRAME.itemsize}"
        warnings.warn(f"{path}: {message}", DamageWarning, stacklevel=3)
    count = size // _GCP_FRAME.itemsize
    count = count if nsamp is None else min(nsamp, count)
    frames = np.fromfile(path, _GCP_FRAME, count)
    chosen = np.arange(_GCP_CHANNELS) if channel is None else np.ravel(np.asarray(channel))
    missing = [int(one) for one in chosen if not 0 <= one < 528]
    if missing:
        raise NoSuchChannel(f"there is no channel {missing[0]}: they are 0 to 527", path=path)
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
        raise BadArgument(f"IQ mode takes samples in pairs, I and Q, found {count}", path=run.path)
    if chosen is None:
        return run.read(None, frames, iq=True)
    pairs = list(zip(chosen[::2], chosen[1::2], strict=True))
    if all(first % 2 == 0 and second == first + 1 for first, second in pairs):
        return run.read([first // 2 for first, _ in pairs], frames, iq=True)
    counts = run.read(chosen, frames, raw=True)
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


class DataWriter:
    """Records frames into a file or a run of files, with the control surface of the Rogue DataWriter.

    Variables are attributes, commands are methods, by their names:

    >>> import os, tempfile
    >>> from wavekeep.smurf import DataWriter
    >>> folder = tempfile.mkdtemp()
    >>> writer = DataWriter(DataFile=os.path.join(folder, "run.dat"))
    >>> writer.Open()
    >>> writer.write(b"AMCc.Dev.A: 1", channel=1)
    'written'
    >>> writer.IsOpen, writer.FrameCount, writer.CurrentSize
    (True, 1, 21)
    >>> writer.Close()

    =============  =======  ====================================================================
    ``DataFile``   rw       path
    ``IsOpen``     ro       whether frames are being recorded
    ``BufferSize`` rw       bytes held back before the file system is called; 0 = none
    ``MaxFileSize``rw       bytes of a piece at most; 0 = no splitting
    ``CurrentSize``ro       bytes in the present piece, those in the buffer included
    ``TotalSize``  ro       bytes in all pieces of this session, likewise
    ``FrameCount`` ro       records written on all channels
    ``Bandwidth``  ro       bytes of records written in the last second
    ``DropErrors`` rw       errored frames are not written
    ``RawMode``    rw       payload bytes only
    ``Overwrite``  rw       files that exist are replaced
    ``Open()``     command  creates the file, sets all counters to zero
    ``Close()``    command  flushes, syncs, closes
    ``AutoName()`` command  sets DataFile to ``data_YYYYMMDD_HHMMSS.dat`` in its present folder
    =============  =======  ====================================================================

    As a context manager it opens and closes. A file that exists is refused (``FileExistsError``)
    unless ``Overwrite`` is set. After a failed write nothing is open and the file ends with a whole
    record. It may be used from several threads.
    """

    __slots__ = ("_writer",)

    _writer: _wavekeep.DataWriter
    _NAMES = frozenset(
        name for name, access, _ in _wavekeep.DataWriter.controls() if access != "command"
    )

    def __init__(self, **variables: Any) -> None:
        object.__setattr__(self, "_writer", _wavekeep.DataWriter())
        for name, value in variables.items():
            setattr(self, name, value)

    @staticmethod
    def controls() -> list[tuple[str, str, str]]:
        """Name, access and meaning of every variable and command."""
        return _wavekeep.DataWriter.controls()

    def get(self, name: str) -> Union[bool, int, float, str]:
        """A variable by its name."""
        return self._writer.get(name)

    def set(self, name: str, value: Union[bool, int, str, os.PathLike[str], "np.generic"]) -> None:
        """Sets a variable by its name."""
        if isinstance(value, os.PathLike):
            value = os.fspath(value)
        if isinstance(value, np.generic):
            value = value.item()
        if not isinstance(value, (bool, int, str)) or (
            isinstance(value, int) and not 0 <= value < 2**64
        ):
            raise BadArgument(f"{name} cannot be {value!r}")
        self._writer.set(name, value)

    def command(self, name: str) -> None:
        """Runs a command by its name."""
        self._writer.command(name)

    def __getattr__(self, name: str) -> Union[bool, int, float, str]:
        if name.startswith("_"):
            raise AttributeError(name)
        return self._writer.get(name)

    def __setattr__(self, name: str, value: Any) -> None:
        self.set(name, value)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._NAMES})

    def Open(self) -> None:
        """Creates the file and sets all counters to zero."""
        self._writer.command("Open")

    def Close(self) -> None:
        """Flushes, syncs, closes."""
        self._writer.command("Close")

    def AutoName(self) -> None:
        """Sets ``DataFile`` to ``data_YYYYMMDD_HHMMSS.dat`` in its present folder."""
        self._writer.command("AutoName")

    def write(
        self,
        payload: bytes | bytearray | memoryview,
        channel: int = 0,
        flags: int = 0,
        error: int = 0,
    ) -> str:
        """Writes a frame as a record: ``"written"``, ``"buffered"``, or ``"skipped"`` when it is
        empty, or errored while ``DropErrors`` is set."""
        return self._writer.write(bytes(payload), channel, flags, error)

    def flush(self) -> None:
        """Hands the buffer to the file system."""
        self._writer.flush()

    def __enter__(self) -> DataWriter:
        self.Open()
        return self

    def __exit__(self, *_: object) -> None:
        self.Close()


class Chain:
    """What happens to a data frame between the instrument and the file: emulator, frame statistics,
    channel mapper, unwrapper, filter, downsampler, header stamp.

    Settings are keywords, each a dictionary or a plain value; what is left out has the default of
    the real processor:

    >>> from wavekeep.smurf import Chain
    >>> chain = Chain(
    ...     mapper={"mask": [3, 1, 1]},
    ...     filter={"enabled": False},
    ...     downsampler={"mode": {"internal": {"factor": 10}}},
    ... )
    >>> chain.config["unwrap"], chain.config["mapper"]["mask"]
    (True, [3, 1, 1])

    ``process`` takes one frame after the other: 128 header bytes and int16 samples (int32 with
    ``input="i32"``, for frames of a file), and gives the payload that is to be written, or ``None``.
    """

    __slots__ = ("_chain",)

    def __init__(self, **settings: Any) -> None:
        self._chain = _wavekeep.Chain(_settings(settings))

    @property
    def config(self) -> dict[str, Any]:
        """The settings in force."""
        config: dict[str, Any] = json.loads(self._chain.config())
        return config

    def configure(self, **settings: Any) -> None:
        """Changes settings; what is left out stays. State is kept where the setting allows it."""
        self._chain.configure(_settings({**self.config, **settings}))

    @property
    def statistics(self) -> dict[str, int]:
        """Frames that came, are ``lost``, came ``out_of_order``, are ``bad``; and that ``passed``."""
        names = ("frames", "lost", "out_of_order", "bad", "passed")
        return dict(zip(names, self._chain.statistics(), strict=True))

    def clear_statistics(self) -> None:
        """Sets the counts to zero."""
        self._chain.clear_statistics()

    def reset_unwrapper(self) -> None:
        """Forgets what the unwrapper followed."""
        self._chain.reset_unwrapper()

    def reset_filter(self) -> None:
        """Puts the filter to rest."""
        self._chain.reset_filter()

    def process(
        self,
        payload: bytes | bytearray | memoryview,
        *,
        flags: int = 0,
        error: int = 0,
        stamp_ns: int | None = None,
    ) -> bytes | None:
        """Takes a frame and gives the payload to be written; ``None`` when it is not passed on.

        ``stamp_ns`` is the UNIX time for the header; without it the frame's own stays.
        """
        return self._chain.process(bytes(payload), flags, error, stamp_ns)


class Frame(NamedTuple):
    """A frame as Rogue sends it."""

    #: 128 header bytes and samples, or text.
    payload: bytes
    #: 0 data, 1 metadata.
    channel: int
    #: Bit 8 marks it bad.
    flags: int
    #: 0 for none.
    error: int


class BridgeSource:
    """The frames of a Rogue ``TcpServer``, over ZeroMQ.

    ``address`` is the address to be connected to, ``"tcp://host:port"``: a ``TcpServer`` at port P
    sends at P + 1. From ``metadata``, a second address, all is metadata; without it metadata is
    recognised by content. With ``bind`` the sender connects to these addresses. That nobody is there
    yet is no error, and a broken connection is made again.

    >>> from wavekeep.smurf import BridgeSource, DataWriter
    >>> def record(address, path, frames):
    ...     with BridgeSource(address) as source, DataWriter(DataFile=path) as writer:
    ...         for frame in source:
    ...             writer.write(*frame)
    ...             if writer.FrameCount == frames:
    ...                 break
    ...         return source.counts["lost"]

    A sender shares its frames out among all that are connected: be the only one. Frames that were
    lost on the way are counted by their frame counters. Who takes too long is waited for: at most
    64 MiB wait here, then the sender waits. Other threads run meanwhile, and Ctrl-C ends the waiting.
    """

    __slots__ = ("_bridge",)

    def __init__(self, address: str, metadata: str | None = None, bind: bool = False) -> None:
        self._bridge = _wavekeep.Bridge(address, metadata, bind)

    def receive(self, timeout: float | None = None) -> Frame | None:
        """The next frame; ``None`` when none comes within ``timeout`` seconds, or it is closed."""
        found = self._bridge.receive(timeout)
        return None if found is None else Frame(*found)

    def __iter__(self) -> Iterator[Frame]:
        """Frame after frame, until it is closed."""
        while (frame := self.receive()) is not None:
            yield frame

    @property
    def counts(self) -> dict[str, Any]:
        """What came so far: ``frames``, ``data``, ``metadata``, ``bytes``, ``lost``, ``malformed``, …"""
        counts: dict[str, Any] = json.loads(self._bridge.counts())
        return counts

    @property
    def silent_for(self) -> float:
        """Seconds since the last frame."""
        return self._bridge.silent_s()

    @property
    def bound(self) -> list[str]:
        """The addresses that are bound, with their ports; none where it connects."""
        return self._bridge.bound()

    def close(self) -> None:
        """Ends all connections."""
        self._bridge.close()

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._bridge.is_closed()

    def __enter__(self) -> BridgeSource:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _settings(settings: dict[str, Any]) -> str:
    def plain(value: Any) -> Any:
        if isinstance(value, np.ndarray):
            return value.tolist()
        if isinstance(value, np.generic):
            return value.item()
        raise BadArgument(f"a setting cannot be {value!r}")

    try:
        return json.dumps(settings, default=plain, allow_nan=False)
    except ValueError as error:
        raise BadArgument(f"settings have to be plain data: {error}") from error
