"""One channel of a recording."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin
from numpy.typing import DTypeLike, NDArray


class Channel(NDArrayOperatorsMixin):
    """The samples of one channel, in a unit. To numpy it is an array of its :attr:`values`.

    >>> import numpy, wavekeep
    >>> vert = wavekeep.open("samples/M529LMOK.DK0W")["Vert"]
    >>> vert
    <Channel Vert: 3328 values in in/s>
    >>> round(float(numpy.abs(vert).max()), 3)
    0.41
    >>> vert.to("mm/s")[300:303].round(2).tolist()
    [8.89, 9.27, 9.4]
    >>> vert.raw.dtype
    dtype('int16')

    A missing sample is NaN in :attr:`values` and masked in :meth:`masked`. Arithmetic gives plain
    arrays.
    """

    __slots__ = ("_convert", "_raw", "_values", "gaps", "name", "unit")

    def __init__(
        self,
        name: str,
        unit: str,
        gaps: tuple[tuple[int, int], ...],
        convert: Callable[[str], NDArray[Any]],
        raw: Callable[[], NDArray[Any]],
    ) -> None:
        #: Its name.
        self.name = name
        #: The unit of its values.
        self.unit = unit
        #: Where samples are missing: ``(start, stop)`` indices.
        self.gaps = gaps
        self._convert = convert
        self._raw = raw
        self._values: NDArray[Any] | None = None

    @property
    def values(self) -> NDArray[Any]:
        """The values in :attr:`unit`, NaN where a sample is missing; read-only, made once."""
        if self._values is None:
            values = self._convert(self.unit)
            values.flags.writeable = False
            self._values = values
        return self._values

    @property
    def raw(self) -> NDArray[Any]:
        """The numbers of the format. Without gaps a read-only view, not a copy; with gaps a masked
        array over such a view: what stands under the mask means nothing."""
        raw = self._raw()
        return np.ma.MaskedArray(raw, mask=self.mask, copy=False) if self.gaps else raw

    @property
    def mask(self) -> NDArray[np.bool_]:
        """True where a sample is missing."""
        mask = np.zeros(len(self), dtype=bool)
        for start, stop in self.gaps:
            mask[start:stop] = True
        return mask

    def masked(self) -> np.ma.MaskedArray[Any, np.dtype[Any]]:
        """The values as a masked array."""
        masked: np.ma.MaskedArray[Any, np.dtype[Any]]
        masked = np.ma.MaskedArray(self.values, mask=self.mask, copy=False)
        return masked

    def to(self, unit: str) -> Channel:
        """The same channel in another unit of the same quantity: ``"in/s"``, ``"mm/s"``,
        ``"m/s"``; ``"Pa"``, ``"psi"``, ``"dB(L)"``; of streams ``"rad"``, ``"count"``.

        Raises :class:`wavekeep.BadArgument` (a ``ValueError``) when there is no such unit, or it
        measures something else.
        """
        other = Channel(self.name, unit, self.gaps, self._convert, self._raw)
        # A wrong unit is found here and not later.
        _ = other.values
        return other

    @property
    def shape(self) -> tuple[int, ...]:
        """``(samples,)``"""
        return self.values.shape

    @property
    def ndim(self) -> int:
        """1"""
        return self.values.ndim

    @property
    def size(self) -> int:
        """Number of samples, missing ones included."""
        return self.values.size

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the values."""
        return self.values.dtype

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, index: Any) -> Any:
        return self.values[index]

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        values = self.values
        if dtype is not None and np.dtype(dtype) != values.dtype:
            return values.astype(dtype)
        return values.copy() if copy else values

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        plain = [one.values if isinstance(one, Channel) else one for one in inputs]
        return getattr(ufunc, method)(*plain, **kwargs)

    # Arrays compare by element and cannot be hashed.
    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        missing = sum(stop - start for start, stop in self.gaps)
        gaps = f", {missing} missing" if missing else ""
        return f"<Channel {self.name}: {len(self)} values in {self.unit}{gaps}>"
