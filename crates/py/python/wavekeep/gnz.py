"""GNZ files: named, aligned arrays and a JSON object in one file.

:class:`GnzReader` and :class:`GnzWriter` are those that GNZ users have; :func:`open` and
:func:`save` are shorter. Files are the same, byte for byte.

>>> import numpy, os, tempfile
>>> from wavekeep import gnz
>>> path = os.path.join(tempfile.mkdtemp(), "event.gnz")
>>> gnz.save(path, {"Tran": numpy.arange(4, dtype="f4")}, {"unit": "in/s"})
>>> with gnz.open(path) as file:
...     tran = file["Tran"]
...     print(file.metadata, dict(file.arrays_info["Tran"]))
{'unit': 'in/s'} {'dtype': '<f4', 'offset': 4096, 'order': 'C', 'shape': [4]}
>>> tran  # valid for as long as it is used
array([0., 1., 2., 3.], dtype=float32)

Recording into a file that has its final size from the start:

>>> path = os.path.join(tempfile.mkdtemp(), "run.gnz")
>>> with gnz.GnzWriter(path, {"rate": 4000.0}) as writer:
...     writer.init_streaming_array("data", (2, 1000), "i4")
...     writer.write()
...     data = writer.get_array_writable("data")
...     data[0] = numpy.arange(1000)
...     os.path.exists(path)
False
>>> int(gnz.open(path)["data"][0, 999])
999
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from . import _wavekeep
from ._errors import BadArgument, FileExists, FileMissing, NoSuchArray

__all__ = ["GnzReader", "GnzWriter", "open", "save"]


class GnzReader(Mapping[str, NDArray[Any]]):
    """An open GNZ file. Opening costs the header, whatever the file's size.

    ``copy=True`` reads the whole file first: for files that another program may shorten while they
    are open, which otherwise ends the process (SIGBUS).

    Raises ``FileNotFoundError`` when there is no file, ``ValueError`` when it is no GNZ file or
    damaged; both are :class:`wavekeep.Error`.
    """

    def __init__(self, path: str | os.PathLike[str], *, copy: bool = False) -> None:
        #: The path that was opened.
        self.path = os.fspath(path)
        self._file = _wavekeep.GnzFile(self.path, copy)
        self._metadata: dict[str, Any] | None = None
        self._infos: dict[str, dict[str, Any]] | None = None

    @property
    def metadata(self) -> dict[str, Any]:
        """What the file says beside its arrays."""
        if self._metadata is None:
            self._metadata = json.loads(self._file.metadata())
        assert self._metadata is not None
        return self._metadata

    @property
    def arrays_info(self) -> dict[str, dict[str, Any]]:
        """``dtype``, ``offset``, ``order`` and ``shape`` of each array, as in the header."""
        if self._infos is None:
            self._infos = {
                name: {"dtype": dtype, "offset": offset, "order": order, "shape": shape}
                for name, dtype, order, shape, offset in self._file.infos()
            }
        return self._infos

    def get_array(self, name: str, mode: str = "r") -> NDArray[Any]:
        """An array, without a copy.

        ``"r"``: read-only. ``"c"``: may be written to, the file stays as it is. ``"r+"``: what is
        written goes into the file (a checksum that it carries is wrong then).

        Raises ``KeyError`` for an array that is not there, ``ValueError`` for another mode.
        """
        if mode == "r":
            return np.asarray(self._file.view(name))
        if mode not in ("c", "r+"):
            raise BadArgument(f"mode {mode!r} is none of 'r', 'c', 'r+'", path=self.path)
        if name not in self._file:
            raise NoSuchArray(f"there is no array {name!r} in {self.path}", path=self.path)
        return _map(self.path, self.arrays_info[name], mode)

    def verify(self) -> bool:
        """Compares every array with its checksum; ``False`` when the file carries none.

        Raises ``ValueError`` naming the array that is not what was written.
        """
        return self._file.verify()

    def __getitem__(self, name: str) -> NDArray[Any]:
        return np.asarray(self._file.view(name))

    def __iter__(self) -> Iterator[str]:
        return iter(self._file.keys())

    def __len__(self) -> int:
        return len(self._file)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name in self._file

    def keys(self) -> list[str]:  # type: ignore[override]
        """Names of the arrays, in the order of the file."""
        return self._file.keys()

    def close(self) -> None:
        """Nothing has to be closed: the map goes when nothing uses it any more."""

    def __enter__(self) -> GnzReader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __reduce__(self) -> tuple[Any, ...]:
        return (GnzReader, (self.path,))

    def __repr__(self) -> str:
        return f"<GnzReader {os.path.basename(self.path)}: {', '.join(self.keys())}>"


class GnzWriter:
    """Collects arrays and metadata, then writes them as one file.

    Arrays are given whole (:meth:`add_array`) or declared (:meth:`init_streaming_array`) and
    filled after :meth:`write`. A file without declared arrays appears complete or not at all.

    With declared arrays, :meth:`write` makes the file with its final size and all its zeros. In a
    ``with`` block it gets its name when the block ends, and stays under a name of its own
    (:attr:`partial_path`) when the block fails. Without one it has its name at once, as scripts
    without an end of recording expect it.

    Raises ``FileExistsError`` when there is a file and ``overwrite`` is not set, ``ValueError``
    for a name that is taken or a type that GNZ does not have, ``KeyError`` for an array that was
    not declared, ``FileNotFoundError`` for one that is asked for before :meth:`write`; all are
    :class:`wavekeep.Error`.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        metadata: Mapping[str, Any] | None = None,
        *,
        overwrite: bool = False,
        checksums: bool = False,
    ) -> None:
        #: Where the file goes.
        self.path = os.fspath(path)
        #: Any plain data that JSON can hold; up to :meth:`write` it can be changed.
        self.metadata: dict[str, Any] = dict(metadata or {})
        #: Whether a file that exists is replaced.
        self.overwrite = overwrite
        #: Whether a CRC-32C of each array is stored.
        self.checksums = checksums
        self._whole: dict[str, NDArray[Any]] = {}
        self._declared: dict[str, tuple[np.dtype[Any], tuple[int, ...]]] = {}
        self._infos: dict[str, dict[str, Any]] = {}
        self._streaming: _wavekeep.GnzStreaming | None = None
        self._written = False
        self._in_block = False

    def add_array(self, name: str, array: ArrayLike) -> None:
        """Adds a whole array. It is not copied before :meth:`write`."""
        self._free(name)
        if np.ma.is_masked(array):
            raise BadArgument(f"{name!r} has masked values, which GNZ cannot say: fill them first")
        values = np.asarray(array)
        _typestr(values.dtype)
        self._whole[name] = values

    def init_streaming_array(
        self, name: str, shape: int | tuple[int, ...], dtype: DTypeLike
    ) -> None:
        """Declares an array that is filled after :meth:`write`."""
        self._free(name)
        lengths = (shape,) if isinstance(shape, (int, np.integer)) else tuple(shape)
        if any(length < 0 for length in lengths):
            raise BadArgument(f"the shape {lengths} of {name!r} has negative lengths")
        kind = np.dtype(dtype)
        _typestr(kind)
        self._declared[name] = (kind, tuple(int(length) for length in lengths))

    def write(self) -> None:
        """Writes the file."""
        if self._written:
            raise BadArgument(f"{self.path} has been written already", path=self.path)
        whole = [_bytes(name, array) for name, array in self._whole.items()]
        declared = [
            (name, _typestr(dtype), list(shape)) for name, (dtype, shape) in self._declared.items()
        ]
        try:
            text = json.dumps(self.metadata)
        except (TypeError, ValueError) as error:
            raise BadArgument(f"metadata has to be plain data: {error}") from error
        if os.path.exists(self.path) and not self.overwrite:
            raise FileExists(f"{self.path} exists: ask for overwrite=True", path=self.path)
        if self.checksums and declared and not self._in_block:
            message = "checksums of arrays that are filled later need the end of a with block"
            raise BadArgument(message, path=self.path)
        streaming = _wavekeep.gnz_write(
            self.path, text, whole, declared, self.checksums, self.overwrite
        )
        self._written = True
        if streaming is not None:
            partial = streaming.partial_path
            assert partial is not None
            self._infos = GnzReader(partial).arrays_info
            if self._in_block:
                self._streaming = streaming
            else:
                streaming.finish()

    def get_array_writable(self, name: str) -> NDArray[Any]:
        """A declared array, to be filled: what is written goes into the file. Disjoint parts may be
        filled by several threads."""
        if name not in self._declared:
            declared = ", ".join(self._declared) or "none"
            message = f"{name!r} was not declared for streaming; declared are {declared}"
            raise NoSuchArray(message, path=self.path)
        if not self._written:
            message = f"{self.path} is not there yet: write() makes it"
            raise FileMissing(message, path=self.path)
        return _map(self.partial_path or self.path, self._infos[name], "r+")

    @property
    def partial_path(self) -> str | None:
        """Where the file lies until a ``with`` block ends."""
        partial = None if self._streaming is None else self._streaming.partial_path
        return None if partial is None else os.fspath(partial)

    def flush(self) -> None:
        """Brings what was filled so far to the disk."""
        if self._streaming is not None:
            self._streaming.flush()

    def close(self) -> None:
        """Completes a file that is being filled and gives it its name."""
        if self._streaming is not None:
            self._streaming.finish()
            self._streaming = None

    def abandon(self) -> None:
        """Removes a file that is being filled."""
        if self._streaming is not None:
            self._streaming.abandon()
            self._streaming = None

    def __enter__(self) -> GnzWriter:
        self._in_block = True
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            if not self._written:
                self.write()
            self.close()

    def _free(self, name: str) -> None:
        if not isinstance(name, str):
            raise BadArgument(f"arrays have names, found {name!r}")
        if self._written:
            raise BadArgument(f"{self.path} has been written already", path=self.path)
        if name in self._whole or name in self._declared:
            raise BadArgument(f"there is an array {name!r} already", path=self.path)


def open(path: str | os.PathLike[str], *, copy: bool = False) -> GnzReader:
    """As :class:`GnzReader`: a read-only mapping of names to arrays."""
    return GnzReader(path, copy=copy)


def save(
    path: str | os.PathLike[str],
    arrays: Mapping[str, ArrayLike],
    metadata: Mapping[str, Any] | None = None,
    *,
    overwrite: bool = False,
    checksums: bool = False,
) -> None:
    """Writes arrays by name, and metadata, as one file: complete, or not at all."""
    writer = GnzWriter(path, metadata, overwrite=overwrite, checksums=checksums)
    for name, array in arrays.items():
        writer.add_array(name, array)
    writer.write()


def _typestr(dtype: np.dtype[Any]) -> str:
    if dtype.hasobject or dtype.names is not None or dtype.subdtype is not None:
        raise BadArgument(f"GNZ has no type {dtype}: store its parts as arrays of their own")
    if dtype.kind not in "biufcSUVMm":
        raise BadArgument(f"GNZ has no type {dtype}: convert the array")
    return dtype.str


def _bytes(name: str, array: NDArray[Any]) -> tuple[str, str, str, list[int], NDArray[np.uint8]]:
    """An array as its bytes, row-major. Only one that does not lie so is copied."""
    flat = np.ascontiguousarray(array).reshape(-1)
    octets = flat.view(np.uint8) if flat.dtype.itemsize and flat.size else np.empty(0, np.uint8)
    return name, _typestr(array.dtype), "C", list(array.shape), octets


def _map(path: str, info: dict[str, Any], mode: Any) -> NDArray[Any]:
    """One array, mapped by itself: the map lives as long as the array."""
    shape, dtype = tuple(info["shape"]), np.dtype(info["dtype"])
    if 0 in shape or not dtype.itemsize:
        return np.empty(shape, dtype)
    # numpy takes no scalar for a map.
    mapped = np.memmap(
        path, dtype, mode, int(info["offset"]), shape or (1,), "F" if info["order"] == "F" else "C"
    )
    return mapped if shape else mapped.reshape(())
