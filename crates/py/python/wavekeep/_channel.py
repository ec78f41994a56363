"""One channel of a recording."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypedDict

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin
from numpy.typing import DTypeLike, NDArray

from ._errors import BadArgumentError
from ._lazy import need
from ._units import RAW, canonical

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ._recording import LineStyle


class Reduction(TypedDict, total=False):
    """Keywords of numpy's reductions."""

    axis: int | None
    dtype: DTypeLike
    out: NDArray[Any]
    keepdims: bool
    initial: float
    where: NDArray[np.bool_]
    ddof: float
    correction: float
    mean: NDArray[Any]
    decimals: int
    min: float
    max: float


def _as_numpy(name: str) -> Any:
    def method(self: Channel, *arguments: Any, **keywords: Unpack[Reduction]) -> Any:
        return getattr(self.values, name)(*arguments, **keywords)

    method.__name__ = name
    method.__doc__ = f"""As ``numpy.ndarray.{name}``, for :attr:`Channel.values`.

    Parameters
    ----------
    *arguments, **keywords
        As for ``numpy.ndarray.{name}``.

    Returns
    -------
    numpy.ndarray or scalar
        As from ``numpy.ndarray.{name}``; missing samples are NaN.
    """
    return method


class Channel(NDArrayOperatorsMixin):
    """The samples of one channel, in a unit: ``rec[name]``. numpy uses it as an array of its :attr:`values`.

    A missing sample is NaN in :attr:`values` and masked in :meth:`masked`: for a channel with gaps
    ``vert.max()`` is NaN, as in numpy, and ``vert.masked().max()`` ignores the gaps.

    Arithmetic returns plain arrays, and a channel is immutable: ``vert *= 2`` binds ``vert`` to a new
    array. There are no filters by design: ``scipy.signal`` accepts a channel like an array.

    Attributes
    ----------
    name
        The name of the channel; for a stream its sample index or ``"band:channel"``.
    unit
        The unit of :attr:`values`.
    gaps
        Where samples are missing: ``(start, stop)`` indices.

    Examples
    --------
    >>> import numpy, wavekeep
    >>> vert = wavekeep.open("samples/M529LMOK.DK0W")["Vert"]
    >>> vert
    <Channel Vert: 3328 values in in/s>
    >>> round(float(numpy.abs(vert).max()), 3), vert.rate_hz, float(vert.t[0])
    (0.41, 1024.0, -0.25)
    >>> vert.to("mm/s")[300:303].round(2).tolist()
    [8.89, 9.27, 9.4]
    >>> vert.raw.dtype
    dtype('int16')
    """

    __slots__ = ("_convert", "_of", "_raw", "_values", "gaps", "name", "unit")

    def __init__(
        self,
        name: str,
        unit: str,
        gaps: tuple[tuple[int, int], ...],
        convert: Callable[[str], NDArray[Any]],
        raw: Callable[[], NDArray[Any]],
        of: tuple[Any, Any] | None = None,
    ) -> None:
        self.name = name
        self.unit = unit
        self.gaps = gaps
        self._convert = convert
        self._raw = raw
        # The recording, and what finds the channel there.
        self._of = of
        self._values: NDArray[Any] | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        if self._of is None:
            return (_plain, (self.name, self.unit, self.gaps, self.values, np.ma.getdata(self.raw)))
        return (_again, (*self._of, self.unit))

    @property
    def values(self) -> NDArray[Any]:
        """The values in :attr:`unit`, ``float64[samples]``, with NaN for missing samples; read-only,
        computed once."""
        if self._values is None:
            values = self._convert(self.unit)
            values.flags.writeable = False
            self._values = values
        return self._values

    @property
    def raw(self) -> NDArray[Any]:
        """The integers of the format. Without gaps a read-only view, not a copy; with gaps a masked array
        over such a view, whose masked values are undefined."""
        raw = self._raw()
        return np.ma.MaskedArray(raw, mask=self.mask, copy=False) if self.gaps else raw

    @property
    def mask(self) -> NDArray[np.bool_]:
        """``bool[samples]``: True where a sample is missing."""
        mask = np.zeros(len(self), dtype=bool)
        for start, stop in self.gaps:
            mask[start:stop] = True
        return mask

    @property
    def t(self) -> NDArray[np.float64] | None:
        """``float64[samples]``: the time of each sample in seconds, as :attr:`Recording.t`."""
        t: NDArray[np.float64] | None = None if self._of is None else self._of[0].t
        return t

    @property
    def rate_hz(self) -> float | None:
        """Samples per second; ``None`` for the intervals of a histogram."""
        rate_hz: float | None = None if self._of is None else self._of[0].rate_hz
        return rate_hz

    def masked(self) -> np.ma.MaskedArray[Any, np.dtype[Any]]:
        """The values as a masked array.

        Returns
        -------
        numpy.ma.MaskedArray
            :attr:`values`, with missing samples masked.
        """
        masked: np.ma.MaskedArray[Any, np.dtype[Any]]
        masked = np.ma.MaskedArray(self.values, mask=self.mask, copy=False)
        return masked

    def to(self, unit: str) -> Channel:
        """The same channel in another unit of the same quantity.

        Parameters
        ----------
        unit
            ``"in/s"``, ``"mm/s"``, ``"cm/s"``, ``"µm/s"``, ``"m/s"``; ``"Pa"``, ``"kPa"``, ``"psi"``,
            ``"dB(L)"``; for streams ``"rad"``, ``"count"``; ``"SI"``. Other spellings are known
            (``"mm s-1"``, ``"um/s"``, ``"dB"``); :attr:`unit` is the canonical one.

        Returns
        -------
        Channel
            A new channel; this one is unchanged.

        Raises
        ------
        BadArgumentError
            The unit is unknown, or of another quantity. This is a ``ValueError``.

        Examples
        --------
        >>> import wavekeep
        >>> wavekeep.open("samples/M529LMOK.DK0W")["Vert"].to("mm s-1").unit
        'mm/s'
        """
        if isinstance(unit, str) and unit.lower() == RAW:
            raise BadArgumentError("the numbers of the format are the attribute raw")
        is_si = isinstance(unit, str) and unit.upper() == "SI"
        symbol = canonical(self.unit)[2] if is_si else canonical(unit)[0]
        other = Channel(self.name, symbol, self.gaps, self._convert, self._raw, self._of)
        # A wrong unit is found here and not later.
        _ = other.values
        return other

    def plot(self, **keywords: Unpack[LineStyle]) -> Any:
        """Plots the trace with matplotlib, in the channel's unit.

        Parameters
        ----------
        **keywords
            ``figsize`` in inches, and those of ``matplotlib.axes.Axes.plot``: ``color``, ``marker``, …

        Returns
        -------
        matplotlib.axes.Axes
            The axes.

        Raises
        ------
        NoSuchArgumentError
            A line of matplotlib has no such keyword.
        MissingLibraryError
            matplotlib is not installed.
        """
        from . import _plot

        return _plot.plot_channel(self, **keywords)

    @property
    def shape(self) -> tuple[int, ...]:
        """``(samples,)``, missing samples included."""
        return self.values.shape

    @property
    def ndim(self) -> int:
        """1, the number of axes."""
        return self.values.ndim

    @property
    def size(self) -> int:
        """The number of samples, missing ones included."""
        return self.values.size

    @property
    def nbytes(self) -> int:
        """The size of :attr:`values` in bytes."""
        return self.values.nbytes

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of :attr:`values`."""
        return self.values.dtype

    max = _as_numpy("max")
    min = _as_numpy("min")
    mean = _as_numpy("mean")
    std = _as_numpy("std")
    var = _as_numpy("var")
    sum = _as_numpy("sum")
    cumsum = _as_numpy("cumsum")
    argmax = _as_numpy("argmax")
    argmin = _as_numpy("argmin")
    round = _as_numpy("round")
    clip = _as_numpy("clip")
    astype = _as_numpy("astype")
    copy = _as_numpy("copy")
    tolist = _as_numpy("tolist")
    all = _as_numpy("all")
    any = _as_numpy("any")
    prod = _as_numpy("prod")
    dot = _as_numpy("dot")
    argsort = _as_numpy("argsort")
    nonzero = _as_numpy("nonzero")
    take = _as_numpy("take")
    reshape = _as_numpy("reshape")
    ravel = _as_numpy("ravel")
    flatten = _as_numpy("flatten")

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, index: Any) -> Any:
        return self.values[index]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.values)

    def __contains__(self, value: object) -> bool:
        return value in self.values

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        values = self.values
        if dtype is not None and np.dtype(dtype) != values.dtype:
            if copy is False:
                raise ValueError(f"values of {values.dtype} are not of {np.dtype(dtype)} without a copy")
            return values.astype(dtype)
        return values.copy() if copy else values

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        out = kwargs.get("out", ())
        if any(isinstance(one, Channel) for one in out):
            if method != "__call__" or len(out) != 1:
                raise BadArgumentError("a channel never changes: give out an array of its own")
            # In place: the name becomes an array, and the recording stays as it is.
            del kwargs["out"]
        plain = [one.values if isinstance(one, Channel) else one for one in inputs]
        return getattr(ufunc, method)(*plain, **kwargs)

    def __arrow_c_array__(self, requested_schema: object | None = None) -> tuple[object, object]:
        """The Arrow PyCapsule interface: ``polars.Series(channel)``; missing samples are null."""
        arrow = need("pyarrow", "a column of Arrow", "arrow")
        capsules: tuple[object, object]
        capsules = arrow.array(self.values, from_pandas=True).__arrow_c_array__(requested_schema)
        return capsules

    # Arrays compare by element and cannot be hashed.
    __hash__ = None  # type: ignore[assignment]

    def _repr_html_(self) -> str:
        from . import _html

        return _html.channel(self)

    def __repr__(self) -> str:
        missing = sum(stop - start for start, stop in self.gaps)
        gaps = f", {missing} missing" if missing else ""
        return f"<Channel {self.name}: {len(self)} values in {self.unit}{gaps}>"


def _again(recording: Any, key: Any, unit: str) -> Channel:
    """A channel from its pickle, of the recording from the same pickle."""
    channel: Channel = recording[key]
    return channel if channel.unit == unit else channel.to(unit)


def _plain(
    name: str,
    unit: str,
    gaps: tuple[tuple[int, int], ...],
    values: NDArray[Any],
    raw: NDArray[Any],
) -> Channel:
    """A channel from its pickle, without the recording."""

    def convert(other: str) -> NDArray[Any]:
        if other != unit:
            raise BadArgumentError(f"this copy is in {unit}: convert the channel of the recording")
        return values

    return Channel(name, unit, gaps, convert, lambda: raw)
