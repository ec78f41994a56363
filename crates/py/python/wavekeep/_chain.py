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
    """Settings of an emulator."""

    enabled: bool
    shape: str
    amplitude: int
    offset: int
    period: int
    seed: int


class Mapper(TypedDict, total=False):
    """Settings of the channel mapper."""

    mask: Union[Sequence[int], NDArray[np.integer[Any]], None]
    payload_size: int


class Filter(TypedDict, total=False):
    """Settings of the filter."""

    enabled: bool
    order: int
    a: Union[Sequence[float], NDArray[np.floating[Any]]]
    b: Union[Sequence[float], NDArray[np.floating[Any]]]
    gain: float


class Downsampler(TypedDict, total=False):
    """Settings of the downsampler: ``mode`` is ``{"internal": {"factor": 20}}`` or
    ``{"external": {"mask": 1}}``."""

    enabled: bool
    mode: Mapping[str, Mapping[str, int]]


class Settings(TypedDict, total=False):
    """Settings of a chain."""

    input: Literal["i16", "i32"]
    input_emulator: Emulator
    mapper: Mapper
    unwrap: bool
    filter: Filter
    downsampler: Downsampler
    output_emulator: Emulator


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

    :meth:`process` takes samples, ``[channels, frames]``, frames of :func:`frames`, or one payload
    after the other. Samples are int16, with ``input="i32"`` int32, for frames of a file; others are
    refused.
    """

    __slots__ = ("_chain", "_counter", "_input")

    def __init__(self, **settings: Unpack[Settings]) -> None:
        with _named():
            self._chain = _wavekeep.Chain(_settings(settings))
        self._counter = 0
        self._input: str = self.config["input"]

    @property
    def config(self) -> dict[str, Any]:
        """The settings in force."""
        config: dict[str, Any] = json.loads(self._chain.config())
        return config

    def configure(self, **settings: Unpack[Settings]) -> None:
        """Changes settings. State is kept where the setting allows it.

        Parameters
        ----------
        **settings
            As of the class; what is left out stays.

        Raises
        ------
        NoSuchArgumentError
            For a setting that nobody knows.
        BadArgumentError
            For a value that makes no sense; nothing is changed then.

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
        """Takes frames, and gives what is passed on.

        Parameters
        ----------
        frame
            - Samples, ``[channels, frames]``: headers are made, whose counter goes on from call to
              call.
            - Frames of :func:`frames`.
            - One payload: 128 header bytes and samples.
        flags, error
            As the sender marked it.
        stamp_ns
            The UNIX time for the header; without it the frame's own stays.

        Returns
        -------
        ndarray of int32
            Of samples: ``[channels of the mask, frames that are passed on]``.
        structured array
            Of frames: those that are passed on, with int32 samples.
        bytes or None
            Of a payload: the one that is to be written, ``None`` when it is not passed on.

        Raises
        ------
        BadArgumentError
            When samples are of another type than ``config["input"]`` says.

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
            # Frames without a time: nobody sees their headers.
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
        """Headers that are made later go on behind this one."""
        if len(payload) >= _HEADER_BYTES:
            self._counter = (int.from_bytes(payload[84:88], "little") + 1) % 2**32

    def _outputs(self, channels: int) -> int:
        mask = self.config["mapper"]["mask"]
        return channels if mask is None else len(mask)

    def _check_frames(self, dtype: np.dtype[Any]) -> int:
        """The channels of frames that are of the chain's input."""
        samples = dtype["samples"] if "samples" in (dtype.names or ()) else None
        if samples is None or samples.subdtype is None or dtype.fields is None:
            raise BadArgumentError("this array has no frames: they are made by smurf.frames()")
        base: np.dtype[Any] = samples.base
        shape = samples.shape
        if dtype.fields["samples"][1] != _HEADER_BYTES or len(shape) != 1:
            raise BadArgumentError("this array has no frames: they are made by smurf.frames()")
        self._check_width(base)
        return int(shape[0])

    def _check_width(self, samples: np.dtype[Any]) -> None:
        width = self._input
        if samples.newbyteorder("<") != _WIDTHS[width]:
            other = next((word for word, dtype in _WIDTHS.items() if dtype == samples), None)
            hint = f': say Chain(input="{other}")' if other else ""
            name = {"i16": "int16", "i32": "int32"}[width]
            raise BadArgumentError(f"the chain takes samples of {name}, found {samples}{hint}")

    def _check_payload(self, payload: bytes) -> None:
        """Refuses a payload that is one of the other width, to the byte."""
        words = int.from_bytes(payload[4:8], "little")
        size = len(payload) - _HEADER_BYTES
        if words and size == 4 * words and self._input == "i16":
            raise BadArgumentError(
                f"the payload has {words} channels in {size} bytes: these are int32, and the chain "
                'takes int16; say Chain(input="i32")'
            )
        if words and size == 2 * words and self._input == "i32":
            raise BadArgumentError(
                f"the payload has {words} channels in {size} bytes: these are int16, and the chain "
                'takes int32; say Chain(input="i16")'
            )


@contextmanager
def _named() -> Iterator[None]:
    """Names the near one, when there is no setting of a name."""
    try:
        yield
    except BadArgumentError as error:
        found = re.match(r"unknown (?:field|variant) `(.*?)`, expected (?:one of )?(.*)", str(error))
        hint = instead(found[1], re.findall(r"`(.*?)`", found[2])) if found else ""
        if not hint:
            raise
        raise BadArgumentError(f"{error}{hint}", found=found[1] if found else None) from None


_EMULATOR = dict.fromkeys(Emulator.__annotations__)
#: The names of settings; of dictionaries those that are in them.
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
        raise BadArgumentError(f"settings have to be plain data: {error}") from error
