"""Files of named arrays without a time axis."""

from __future__ import annotations

import ast
import json
import os
from collections.abc import Iterator
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import _wavekeep
from ._errors import BadArgument, Unsupported
from ._recording import (
    Block,
    Channels,
    Frames,
    Recording,
    Time,
    into,
    one_frame_range,
    one_or_several,
    target_of,
)
from ._report import Report


class ArrayFile(Recording):
    """Named arrays: GNZ, npy, npz, safetensors.

    An array is a read-only view of the mapped file (GNZ, npy, safetensors, stored members of an npz) or
    of what was unpacked (the other members), never a copy. It stays valid for as long as it is used, also
    when the file object is gone. Records are structured arrays with all their fields.

    >>> import wavekeep
    >>> file = wavekeep.open("crates/gnz/tests/data/typical.gnz")
    >>> file
    <ArrayFile typical.gnz: Tran float32 (3328,), Vert float32 (3328,)>
    >>> file["Tran"].flags.writeable, file.metadata["unit"]
    (False, 'in/s')
    """

    kind = "arrays"

    def __init__(self, handle: _wavekeep.Arrays, path: str) -> None:
        self._handle = handle
        self.path = path
        self.format = handle.format

    def __reduce__(self) -> tuple[Any, ...]:
        return (_again, (self.path,))

    @property
    def channels(self) -> tuple[str, ...]:
        """The names of the arrays, in the order of the file."""
        return tuple(self._handle.keys())

    def keys(self) -> tuple[str, ...]:
        """As :attr:`channels`."""
        return self.channels

    @cached_property
    def metadata(self) -> dict[str, Any]:
        """What the file says beside its arrays."""
        metadata: dict[str, Any] = json.loads(self._handle.metadata())
        return metadata

    @cached_property
    def report(self) -> Report:
        return Report.from_json(self._handle.report())

    @property
    def units(self) -> dict[str, str]:
        """Nothing: such files state no units in a place of their own."""
        return {}

    @property
    def gaps(self) -> dict[str, tuple[tuple[int, int], ...]]:
        """Nothing: such files know no missing samples."""
        return {}

    @property
    def t(self) -> None:
        return None

    def __len__(self) -> int:
        return len(self.channels)

    def __getitem__(self, name: Any) -> NDArray[Any]:
        """One array."""
        if not isinstance(name, str):
            raise BadArgument(f"arrays have names, found {name!r}", path=self.path)
        array = np.asarray(self._handle.view(name))
        dtype, _, _ = self._handle.describe(name)
        return array.view(_records(dtype)) if dtype.startswith("[") else array

    def as_f32(self, name: str) -> NDArray[Any]:
        """One array; as float32 if its type is one that numpy does not have (BF16, F8_E4M3, F8_E5M2,
        …), every value of which is a float32."""
        if not isinstance(name, str):
            raise BadArgument(f"arrays have names, found {name!r}", path=self.path)
        view = self._handle.view_f32(name)
        return self[name] if view is None else np.asarray(view)

    def read(
        self,
        channels: Channels = None,
        frames: Frames = None,
        time: Time = None,
        *,
        out: NDArray[Any] | None = None,
        raw: bool = False,
    ) -> NDArray[Any]:
        """Arrays of one shape, stacked; one array as it is. ``frames`` count along the last axis."""
        if time is not None:
            raise Unsupported("arrays have no time axis: choose frames", path=self.path)
        names = self.channels if channels is None else one_or_several(channels)
        arrays = [self[name] for name in names]
        if frames is not None:
            if any(array.ndim == 0 for array in arrays):
                raise BadArgument("a single value has no frames", path=self.path)
            arrays = [
                array[..., slice(*one_frame_range(frames, array.shape[-1]))] for array in arrays
            ]
        if len({array.shape for array in arrays}) > 1:
            shapes = ", ".join(str(array.shape) for array in arrays)
            raise BadArgument(
                f"arrays of different shapes make no matrix: {shapes}", path=self.path
            )
        if len(arrays) == 1:
            return into(out, arrays[0])
        return into(out, np.stack(arrays) if arrays else np.empty((0, 0)))

    def blocks(
        self, frames: int = 65536, *, channels: Channels = None, raw: bool = False
    ) -> Iterator[Block]:
        """Views of the arrays along their last axis; no buffer is needed."""
        data = self.read(channels)
        if data.ndim == 0:
            raise BadArgument("a single value has no frames", path=self.path)
        for first in range(0, data.shape[-1], max(int(frames), 1)):
            part = data[..., first : first + max(int(frames), 1)]
            yield Block(part, range(first, first + part.shape[-1]))

    def save(
        self,
        path: str | os.PathLike[str],
        *,
        to: str | None = None,
        channels: Channels = None,
        overwrite: bool = False,
        as_f32: bool = False,
    ) -> str:
        """Writes the arrays as gnz, hdf5, npy, npz, parquet, safetensors or csv: complete, or not
        at all. ``as_f32`` writes what numpy does not have as float32, as :meth:`as_f32` gives it."""
        names = self.channels if channels is None else one_or_several(channels)
        chosen = [str(name) for name in names]
        self._handle.save(os.fspath(path), target_of(path, to), chosen, overwrite, as_f32)
        return os.fspath(path)

    def _repr_html_(self) -> str:
        from . import _html

        return _html.arrays(self)

    def __repr__(self) -> str:
        arrays = []
        for name in self.channels[:8]:
            dtype, _, shape = self._handle.describe(name)
            known = _dtype(dtype)
            arrays.append(f"{name} {dtype if known is None else known} {tuple(shape)}")
        more = f", … {len(self)} in all" if len(self) > 8 else ""
        return f"<ArrayFile {os.path.basename(self.path)}: {', '.join(arrays)}{more}>"


def _dtype(text: str) -> np.dtype[Any] | None:
    """The type that a type string or a list of fields says; nothing for one that numpy lacks."""
    if text.startswith("["):
        return _records(text)
    return np.dtype(text) if text[:1] in "<>|" else None


def _records(text: str) -> np.dtype[Any]:
    """The type of records that a list of fields says."""
    dtype: np.dtype[Any] = np.lib.format.descr_to_dtype(ast.literal_eval(text))
    return dtype


def _again(path: str) -> ArrayFile:
    """The file from its pickle: it is opened again."""
    from . import open as open_again

    file = open_again(path)
    assert isinstance(file, ArrayFile)
    return file
