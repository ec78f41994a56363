"""The processing chain before the writer."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal, TypedDict, Union, overload

import numpy as np
from numpy.typing import NDArray

from . import _wavekeep
from ._errors import BadArgumentError, NoSuchArgumentError
from ._frames import checked_samples, frame_dtype, packed
from ._payload import Payload, byte_of, payload_of
from ._words import instead, strict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typing_extensions import Unpack

_HEADER_BYTES = 128
_WIDTHS: dict[str, np.dtype[Any]] = {"i16": np.dtype("<i2"), "i32": np.dtype("<i4")}


class Emulator(TypedDict, total=False):
    """Settings of an emulator.

    Attributes
    ----------
    enabled
        ``False``, the default: samples pass unchanged.
    shape
        ``"Zeros"``, ``"ChannelNumber"``, ``"Random"``, ``"Square"``, ``"Sawtooth"``, ``"Triangle"``, ``"Sine"``
        or ``"DropFrame"``.
    amplitude
        The amplitude in counts, at least 1.
    offset
        The offset in counts, within the range of a sample.
    period
        The period in frames, at least 2.
    seed
        The seed of the random numbers.
    """

    enabled: bool
    shape: str
    amplitude: int
    offset: int
    period: int
    seed: int


class Mapper(TypedDict, total=False):
    """Settings of the channel mapper.

    Attributes
    ----------
    mask
        Output channel *k* is input channel ``mask[k]``; repetitions are allowed. ``None``, the default: all
        channels in their order.
    payload_size
        The number of samples in an outgoing payload, which is padded with zeros; 0, the default, or less than
        the number of channels: as many as channels.
    """

    mask: Union[Sequence[int], NDArray[np.integer[Any]], None]
    payload_size: int


class Filter(TypedDict, total=False):
    """Settings of the filter, a recursive filter in float64. Changes other than of ``gain`` reset its state.

    Attributes
    ----------
    enabled
        ``False``: samples pass unchanged, without ``gain``.
    order
        The number of earlier inputs and outputs that are used, by default 4.
    a
        Feedback coefficients. Missing ones are zero.
    b
        Feed-forward coefficients. Missing ones are zero.
    gain
        A factor on the output.
    """

    enabled: bool
    order: int
    a: Union[Sequence[float], NDArray[np.floating[Any]]]
    b: Union[Sequence[float], NDArray[np.floating[Any]]]
    gain: float


class Downsampler(TypedDict, total=False):
    """Settings of the downsampler.

    Attributes
    ----------
    enabled
        ``False``: every frame is passed on.
    mode
        ``{"internal": {"factor": 20}}``, the default, passes on every 20th frame; ``{"external": {"mask": 1}}``
        those with ``reset_bits & mask == mask`` in the header.
    """

    enabled: bool
    mode: Mapping[str, Mapping[str, int]]


class Settings(TypedDict, total=False):
    """Settings of a chain.

    Attributes
    ----------
    input
        The type of incoming samples: ``"i16"``, the default, from the instrument, or ``"i32"``, from files.
    input_emulator
        An :class:`Emulator` that replaces the samples of incoming frames.
    mapper
        The :class:`Mapper`, which selects channels.
    unwrap
        Whether phases are unwrapped, by default ``True``.
    filter
        The :class:`Filter`.
    downsampler
        The :class:`Downsampler`, which selects frames.
    output_emulator
        An :class:`Emulator` that replaces the samples of outgoing frames.
    """

    input: Literal["i16", "i32"]
    input_emulator: Emulator
    mapper: Mapper
    unwrap: bool
    filter: Filter
    downsampler: Downsampler
    output_emulator: Emulator


class Chain:
    """The processing of data frames between the instrument and the file: emulator, frame statistics,
    channel mapper, unwrapper, filter, downsampler, header stamp.

    Parameters
    ----------
    **settings
        ``input`` (``"i16"`` or ``"i32"``), ``input_emulator``, ``mapper``, ``unwrap``, ``filter``,
        ``downsampler`` and ``output_emulator``: each a dictionary or a plain value. The defaults are those of
        the real processor.

    Raises
    ------
    NoSuchArgumentError
        There is no such setting.
    BadArgumentError
        A value is invalid.

    Examples
    --------
    >>> from wavekeep.smurf import Chain
    >>> chain = Chain(
    ...     mapper={"mask": [3, 1, 1]},
    ...     filter={"enabled": False},
    ...     downsampler={"mode": {"internal": {"factor": 10}}},
    ... )
    >>> chain.config["unwrap"], chain.config["mapper"]["mask"]
    (True, [3, 1, 1])
    """

    __slots__ = ("_chain", "_counter", "_input")

    def __init__(self, **settings: Unpack[Settings]) -> None:
        with _named():
            self._chain = _wavekeep.Chain(_settings(settings))
        self._counter = 0
        self._input: str = self.config["input"]

    @property
    def config(self) -> dict[str, Any]:
        """The current settings, as a tree of plain data."""
        config: dict[str, Any] = json.loads(self._chain.config())
        return config

    def configure(self, **settings: Unpack[Settings]) -> None:
        """Changes settings. State is kept where the setting allows it.

        Parameters
        ----------
        **settings
            As for the class. Settings that are not given are unchanged; a dictionary replaces all settings of a
            stage, and those that are not in it get their defaults.

        Raises
        ------
        NoSuchArgumentError
            There is no such setting.
        BadArgumentError
            A value is invalid; no setting is changed.

        Examples
        --------
        >>> chain = Chain()
        >>> chain.configure(unwrap=False)
        >>> chain.config["unwrap"], chain.config["filter"]["order"]
        (False, 4)
        """
        with _named():
            self._chain.configure(_settings({**self.config, **settings}))
        self._input = self.config["input"]

    @property
    def statistics(self) -> dict[str, int]:
        """The numbers of incoming ``frames``, of ``lost``, ``out_of_order`` and ``bad`` ones, and of those
        that were passed on, ``passed``."""
        names = ("frames", "lost", "out_of_order", "bad", "passed")
        return dict(zip(names, self._chain.statistics(), strict=True))

    def clear_statistics(self) -> None:
        """Sets all counters to zero."""
        self._chain.clear_statistics()

    def reset_unwrapper(self) -> None:
        """Resets the state of the unwrapper."""
        self._chain.reset_unwrapper()

    def reset_filter(self) -> None:
        """Resets the state of the filter."""
        self._chain.reset_filter()

    @overload
    def process(
        self,
        frame: NDArray[np.int16] | NDArray[np.int32],
        *,
        flags: int = 0,
        error: int = 0,
        stamp_ns: int | None = None,
    ) -> NDArray[np.int32]: ...
    @overload
    def process(
        self,
        frame: NDArray[np.void],
        *,
        flags: int = 0,
        error: int = 0,
        stamp_ns: int | None = None,
    ) -> NDArray[np.void]: ...
    @overload
    def process(
        self,
        frame: Payload,
        *,
        flags: int = 0,
        error: int = 0,
        stamp_ns: int | None = None,
    ) -> bytes | None: ...
    @strict
    def process(
        self,
        frame: Any,
        *,
        flags: int = 0,
        error: int = 0,
        stamp_ns: int | None = None,
    ) -> Any:
        """Processes frames.

        Parameters
        ----------
        frame
            Samples, ``[channels, frames]``: headers are made, with a counter that continues from call to
            call. Or frames from :func:`frames`. Or one payload: 128 header bytes and samples. Samples are
            int16, or int32 with ``input="i32"``.
        flags, error
            Flags (16 bits) and error (8 bits) that the sender set for the frame.
        stamp_ns
            The UNIX time for the header in ns; by default that of the frame is kept.

        Returns
        -------
        numpy.ndarray of int32
            For samples: ``[channels, frames]``, with the channels of the mask and the frames that are
            passed on.
        structured numpy.ndarray
            For frames: those that are passed on, with int32 samples.
        bytes or None
            For a payload: the payload to be written; ``None`` if it is not passed on.

        Raises
        ------
        BadArgumentError
            The samples have another type than ``config["input"]``, or an argument is invalid.

        Examples
        --------
        >>> import numpy as np
        >>> from wavekeep.smurf import Chain
        >>> chain = Chain(downsampler={"mode": {"internal": {"factor": 10}}})
        >>> chain.process(np.zeros((4, 100), np.int16)).shape
        (4, 10)
        """
        head = (byte_of("flags", flags, 65535), byte_of("error", error, 255))
        if stamp_ns is not None:
            byte_of("stamp_ns", stamp_ns, 2**64 - 1)
        if isinstance(frame, np.ndarray) and frame.dtype.names is not None and frame.ndim == 1:
            return self._process_frames(frame, head, stamp_ns)
        if isinstance(frame, np.ndarray) and frame.ndim == 2:
            samples = checked_samples(frame)
            # Frames without a time, because their headers are dropped.
            made = packed(samples, self._counter, 1)
            passed = self._process_frames(made, head, stamp_ns)["samples"]
            return np.ascontiguousarray(passed[:, : self._outputs(len(samples))].T, np.int32)
        if isinstance(frame, np.void) and frame.dtype.names is not None:
            self._check_frames(frame.dtype)
        payload = payload_of(frame)
        self._check_payload(payload)
        self._count_on(payload)
        return self._chain.process(payload, *head, stamp_ns)

    def _process_frames(
        self, frames: NDArray[np.void], head: tuple[int, int], stamp_ns: int | None
    ) -> NDArray[np.void]:
        channels = self._check_frames(frames.dtype)
        outputs = (self._chain.process(one.tobytes(), *head, stamp_ns) for one in frames)
        passed = [one for one in outputs if one is not None]
        if len(frames):
            self._count_on(frames[-1].tobytes())
        words = max(self._outputs(channels), self.config["mapper"]["payload_size"])
        if passed:
            words = (len(passed[0]) - _HEADER_BYTES) // 4
        return np.frombuffer(b"".join(passed), frame_dtype(words, np.dtype("<i4"))).copy()

    def _count_on(self, payload: bytes) -> None:
        """Continues the counter of made headers after this payload."""
        if len(payload) >= _HEADER_BYTES:
            self._counter = (int.from_bytes(payload[84:88], "little") + 1) % 2**32

    def _outputs(self, channels: int) -> int:
        mask = self.config["mapper"]["mask"]
        return channels if mask is None else len(mask)

    def _check_frames(self, dtype: np.dtype[Any]) -> int:
        """The number of channels of frames with the type of the chain's input."""
        samples = dtype["samples"] if "samples" in (dtype.names or ()) else None
        if samples is None or samples.subdtype is None or dtype.fields is None:
            raise BadArgumentError("this array has no frames: smurf.frames() makes them")
        base: np.dtype[Any] = samples.base
        shape = samples.shape
        if dtype.fields["samples"][1] != _HEADER_BYTES or len(shape) != 1:
            raise BadArgumentError("this array has no frames: smurf.frames() makes them")
        self._check_width(base)
        return int(shape[0])

    def _check_width(self, samples: np.dtype[Any]) -> None:
        width = self._input
        if samples.newbyteorder("<") != _WIDTHS[width]:
            other = next((word for word, dtype in _WIDTHS.items() if dtype == samples), None)
            hint = f': use Chain(input="{other}")' if other else ""
            name = {"i16": "int16", "i32": "int32"}[width]
            raise BadArgumentError(f"the chain takes samples of {name}, found {samples}{hint}")

    def _check_payload(self, payload: bytes) -> None:
        """Refuses a payload whose size fits the other sample type exactly."""
        words = int.from_bytes(payload[4:8], "little")
        size = len(payload) - _HEADER_BYTES
        if words and size == 4 * words and self._input == "i16":
            raise BadArgumentError(
                f"the payload has {words} channels in {size} bytes: these are int32, and the chain "
                'takes int16; use Chain(input="i32")'
            )
        if words and size == 2 * words and self._input == "i32":
            raise BadArgumentError(
                f"the payload has {words} channels in {size} bytes: these are int16, and the chain "
                'takes int32; use Chain(input="i16")'
            )


@contextmanager
def _named() -> Iterator[None]:
    """Adds a similar name to the error for an unknown setting."""
    try:
        yield
    except BadArgumentError as error:
        found = re.match(r"unknown (?:field|variant) `(.*?)`, expected (?:one of )?(.*)", str(error))
        hint = instead(found[1], re.findall(r"`(.*?)`", found[2])) if found else ""
        if not hint:
            raise
        raise BadArgumentError(f"{error}{hint}", found=found[1] if found else None) from None


_EMULATOR = dict.fromkeys(Emulator.__annotations__)
#: The names of settings, and of the members of those that are dictionaries.
_KNOWN: dict[str, Any] = dict.fromkeys(Settings.__annotations__) | {
    "input_emulator": _EMULATOR,
    "output_emulator": _EMULATOR,
    "mapper": dict.fromkeys(Mapper.__annotations__),
    "filter": dict.fromkeys(Filter.__annotations__),
    "downsampler": dict.fromkeys(Downsampler.__annotations__)
    | {"mode": {"internal": {"factor": None}, "external": {"mask": None}}},
}


def _check_names(settings: Mapping[str, Any], known: Mapping[str, Any], where: str) -> None:
    for name, value in settings.items():
        if name not in known:
            message = f"{where} has no setting {name!r}{instead(str(name), known)}"
            raise NoSuchArgumentError(message, found=str(name), expected=", ".join(known))
        if isinstance(value, Mapping) and known[name] is not None:
            _check_names(value, known[name], name)


def _settings(settings: Mapping[str, Any]) -> str:
    _check_names(settings, _KNOWN, "a chain")

    def plain(value: Any) -> Any:
        if isinstance(value, np.ndarray):
            return value.tolist()
        if isinstance(value, np.generic):
            return value.item()
        raise BadArgumentError(f"a setting cannot be {value!r}")

    try:
        return json.dumps(settings, default=plain, allow_nan=False)
    except ValueError as error:
        raise BadArgumentError(f"settings must be plain data: {error}") from error
