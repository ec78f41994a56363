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
from ._errors import BadArgumentError, NoSuchArrayError, UnsupportedError
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
from ._units import canonical
from ._words import instead, strict


class ArrayFile(Recording):
    """Named arrays: GNZ, npy, npz, safetensors. :func:`wavekeep.open_arrays` opens one.

    An array is a read-only view, never a copy: of the mapped file (GNZ, npy, safetensors, stored members of
    an npz), or of the unpacked bytes (deflated members). It stays valid for as long as it is used, also
    after :meth:`close`. Records are structured arrays with all their fields.

    Examples
    --------
    >>> import wavekeep
    >>> file = wavekeep.open("crates/gnz/tests/data/typical.gnz")
    >>> file
    <ArrayFile typical.gnz: Tran float32 (3328,), Vert float32 (3328,)>
    >>> file["Tran"].flags.writeable, file.units["Tran"], len(file), "Long" in file
    (False, 'in/s', 2, False)
    """

    kind = "arrays"

    def __init__(self, handle: _wavekeep.Arrays, path: str) -> None:
        self._handle = handle
        self.path = path
        # The folder that one is in may be another one where a pickle is read.
        self._absolute = os.path.abspath(path)
        self.format = handle.format

    def __reduce__(self) -> tuple[Any, ...]:
        return (_again, (self._absolute,))

    @property
    def channels(self) -> tuple[str, ...]:
        """The names of the arrays, in the order of the file."""
        return tuple(self._handle.keys())

    @cached_property
    def metadata(self) -> dict[str, Any]:
        """The metadata of the file: everything except its arrays."""
        metadata: dict[str, Any] = json.loads(self._handle.metadata())
        return metadata

    @cached_property
    def report(self) -> Report:
        """Damage and assumptions."""
        return Report.from_json(self._handle.report())

    @cached_property
    def units(self) -> dict[str, str]:
        """The unit of each array for which the metadata states one.

        ``array_units`` takes precedence over ``units``, and this over ``unit``. Each is a dictionary by
        name, or one unit for all numeric arrays.
        """
        found: dict[str, str] = {}
        if self._describes_stream():
            found["data"] = str(self["data_unit"])
        for key in ("unit", "units", "array_units"):
            stated = document(self.metadata.get(key))
            if isinstance(stated, str) and _is_unit(stated):
                found.update(dict.fromkeys(self._numbers(), canonical(stated)[0]))
            elif isinstance(stated, dict):
                known = {name: unit for name, unit in stated.items() if isinstance(unit, str)}
                found.update((name, known[name]) for name in self.channels if name in known)
        return found

    def _describes_stream(self) -> bool:
        """Whether it is a stream in a format without metadata: its unit is an array."""
        if not {"data", "data_unit"} <= set(self.channels):
            return False
        dtype, _, shape = self._describe("data_unit")
        return shape == () and dtype[1:2] == "U"

    def _numbers(self) -> list[str]:
        kinds = {name: _dtype(self._describe(name)[0]) for name in self.channels}
        return [name for name, dtype in kinds.items() if dtype is not None and dtype.kind in "iufc"]

    def _describe(self, name: str) -> tuple[str, str, tuple[int, ...]]:
        dtype, order, shape = self._handle.describe(name)
        return dtype, order, tuple(shape)

    @property
    def gaps(self) -> dict[str, tuple[tuple[int, int], ...]]:
        """Empty: array files do not state missing samples."""
        return {}

    @property
    def t(self) -> None:
        """``None``: array files have no time axis."""
        return None

    def __getitem__(self, name: Any) -> NDArray[Any]:
        """One array."""
        if not isinstance(name, str):
            raise BadArgumentError(f"arrays have names, found {name!r}", path=self.path)
        if name not in self.channels:
            present = ", ".join(self.channels)
            message = f"there is no array {name!r}; the arrays are {present}"
            message += instead(name, self.channels)
            raise NoSuchArrayError(message, path=self.path, expected=present, found=name)
        array = np.asarray(self._handle.view(name))
        dtype, _, _ = self._handle.describe(name)
        return array.view(_records(dtype)) if dtype.startswith("[") else array

    def as_f32(self, name: str) -> NDArray[Any]:
        """One array, as float32 if numpy does not have its type (BF16, F8_E4M3, F8_E5M2, …). The conversion is
        exact.

        Parameters
        ----------
        name
            The name of the array.

        Returns
        -------
        numpy.ndarray
            The array in its shape, read-only.

        Raises
        ------
        NoSuchArrayError
            The file has no such array.
        BadArgumentError
            ``name`` is not a string.

        Examples
        --------
        >>> import wavekeep
        >>> wavekeep.open_arrays("crates/gnz/tests/data/typical.gnz").as_f32("Tran").dtype
        dtype('float32')
        """
        if not isinstance(name, str):
            raise BadArgumentError(f"arrays have names, found {name!r}", path=self.path)
        view = self._handle.view_f32(name)
        return self[name] if view is None else np.asarray(view)

    @strict
    def read(
        self,
        channels: Channels = None,
        frames: Frames = None,
        time: Time = None,
        *,
        out: NDArray[Any] | None = None,
        raw: bool = False,
    ) -> NDArray[Any]:
        """Arrays of the same shape, stacked; a single array as it is.

        Parameters
        ----------
        channels
            Names of arrays, by default all.
        frames
            Indices along the last axis: ``slice(0, 100)``, ``range(100)`` or ``(0, 100)``.
        time
            Must be ``None``: array files have no time axis.
        out
            An array of the result's shape, which is filled and returned.
        raw
            Has no effect: values are returned as they are in the file.

        Returns
        -------
        numpy.ndarray
            One array in its own shape, several as ``[arrays, …]``, in the units of :attr:`units`.

        Raises
        ------
        NoSuchArrayError
            The file has no such array.
        BadArgumentError
            The arrays have different shapes, or an argument is invalid.
        UnsupportedError
            ``time`` is given.

        Examples
        --------
        >>> import wavekeep
        >>> wavekeep.open("crates/gnz/tests/data/typical.gnz").read(frames=(0, 100)).shape
        (2, 100)
        """
        if time is not None:
            raise UnsupportedError("arrays have no time axis: choose frames", path=self.path)
        names = self.channels if channels is None else one_or_several(channels)
        arrays = [self[name] for name in names]
        if frames is not None:
            if any(array.ndim == 0 for array in arrays):
                raise BadArgumentError("a single value has no frames", path=self.path)
            arrays = [
                array[..., slice(*one_frame_range(frames, array.shape[-1]))] for array in arrays
            ]
        if len({array.shape for array in arrays}) > 1:
            shapes = ", ".join(str(array.shape) for array in arrays)
            raise BadArgumentError(
                f"arrays of different shapes make no matrix: {shapes}", path=self.path
            )
        if len(arrays) == 1:
            return into(out, arrays[0])
        return into(out, np.stack(arrays) if arrays else np.empty((0, 0)))

    @strict
    def blocks(
        self, frames: int = 65536, *, channels: Channels = None, raw: bool = False
    ) -> Iterator[Block]:
        """The arrays in blocks along their last axis. A single array is not copied.

        Parameters
        ----------
        frames
            Maximum number of indices along the last axis in a block; values below 1 mean 1.
        channels
            Names of arrays, by default all; they must have the same shape.
        raw
            Has no effect, as for :meth:`read`.

        Yields
        ------
        Block
            ``data``, ``[arrays, …, frames]``, and ``frames``, their indices along the last axis.

        Raises
        ------
        BadArgumentError
            The arrays have different shapes, or no axis.

        Examples
        --------
        >>> import wavekeep
        >>> file = wavekeep.open_arrays("crates/gnz/tests/data/typical.gnz")
        >>> [block.data.shape for block in file.blocks(2000)]
        [(2, 2000), (2, 1328)]
        """
        data = self.read(channels)
        if data.ndim == 0:
            raise BadArgumentError("a single value has no frames", path=self.path)
        return _blocks(data, max(int(frames), 1))

    @strict
    def save(
        self,
        path: str | os.PathLike[str],
        *,
        to: str | None = None,
        channels: Channels = None,
        overwrite: bool = False,
        as_f32: bool = False,
        compress: bool = True,
        checksums: bool = True,
    ) -> str:
        """Saves the arrays in another format; the file is written completely or not at all.

        Parameters
        ----------
        path
            The extension selects the format, unless ``to`` is given: ``.csv``, ``.gnz``, ``.h5``, ``.zarr`` (a
            folder), ``.parquet``, ``.arrow`` or ``.feather``, ``.npy``, ``.npz``, ``.safetensors``.
        to
            csv, gnz, hdf5, zarr, parquet, arrow, npy, npz or safetensors.
        channels
            Names of arrays, by default all.
        overwrite
            Whether an existing file is replaced.
        as_f32
            Writes types that numpy does not have as float32, as from :meth:`as_f32`.
        compress
            Whether HDF5 and Zarr are compressed.
        checksums
            Whether a GNZ has a checksum for each array.

        Returns
        -------
        str
            The path.

        Raises
        ------
        FileTakenError
            The file exists and ``overwrite`` is not set. This is a ``FileExistsError``.
        UnsupportedError
            The format cannot hold these arrays.
        BadArgumentError
            The format is unknown.

        Examples
        --------
        >>> import os, tempfile, wavekeep
        >>> file = wavekeep.open("crates/gnz/tests/data/typical.gnz")
        >>> path = file.save(os.path.join(tempfile.mkdtemp(), "arrays.npz"), channels=["Vert"])
        >>> wavekeep.open(path).keys()
        ('Vert',)
        """
        names = self.channels if channels is None else one_or_several(channels)
        chosen = [str(name) for name in names]
        target = target_of(path, to, "arrays")
        name = os.fspath(path)
        self._handle.save(name, target, chosen, overwrite, as_f32, compress, checksums)
        return os.fspath(path)

    def _repr_html_(self) -> str:
        from . import _html

        return _html.arrays(self)

    def __repr__(self) -> str:
        arrays = []
        for name in self.channels[:8]:
            dtype, _, shape = self._describe(name)
            known = _dtype(dtype)
            arrays.append(f"{name} {dtype if known is None else known} {tuple(shape)}")
        more = f", … {len(self)} in all" if len(self) > 8 else ""
        return f"<ArrayFile {os.path.basename(self.path)}: {', '.join(arrays)}{more}>"


def document(value: Any) -> Any:
    """A value of metadata; the JSON text of one, where a format holds text alone (safetensors)."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


def _blocks(data: NDArray[Any], size: int) -> Iterator[Block]:
    for first in range(0, data.shape[-1], size):
        part = data[..., first : first + size]
        yield Block(part, range(first, first + part.shape[-1]))


def _is_unit(word: str) -> bool:
    try:
        canonical(word)
    except BadArgumentError:
        return False
    return True


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
