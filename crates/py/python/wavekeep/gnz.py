"""GNZ files: named, aligned arrays and a JSON object in one file.

:class:`GnzReader` and :class:`GnzWriter` are compatible with the original ones: existing scripts run
unchanged and write the same files, byte for byte. :func:`open` and :func:`save` are shorter.

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
>>> with gnz.GnzWriter(path, metadata={"rate": 4000.0}) as writer:
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
import mmap
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from . import _wavekeep
from ._errors import BadArgumentError, BadTypeError, FileError, FileTakenError, NoSuchArrayError

__all__ = ["GnzReader", "GnzWriter", "open", "save"]

_CHECKSUMS = "gnz.crc32c"
_MODES = {"r": "r", "readonly": "r", "c": "c", "copyonwrite": "c", "r+": "r+", "readwrite": "r+"}


class GnzReader(Mapping[str, NDArray[Any]]):
    """An open GNZ file: a read-only mapping of names to arrays. Opening reads only the header, regardless of the
    size of the file.

    Parameters
    ----------
    fpath
        The file.
    copy
        Reads the whole file first, for files that another program may truncate while they are open;
        truncating a mapped file kills the process (SIGBUS).

    Attributes
    ----------
    fpath
        The path, a ``pathlib.Path``.
    header
        The header, as in the file.
    metadata
        The metadata of the file, without the key of the checksums.
    arrays_info
        ``dtype``, ``offset``, ``order`` and ``shape`` of each array, as in the header.

    Raises
    ------
    FileMissingError
        The file does not exist. This is a ``FileNotFoundError``.
    NotThisFormatError, MalformedError
        The file is not a GNZ file, or is damaged. Both are ``ValueError``.
    """

    def __init__(self, fpath: str | os.PathLike[str], *, copy: bool = False) -> None:
        name = os.fsdecode(fpath)
        self._file = _wavekeep.GnzFile(name, copy)
        self.fpath = Path(name)
        text = self._file.header()
        self.header: dict[str, Any] = json.loads(text)
        self.metadata: dict[str, Any] = dict(self.header.get("metadata") or {})
        if self._file.has_checksums():
            del self.metadata[_CHECKSUMS]
        self.arrays_info: dict[str, dict[str, Any]] = self.header["arrays"]
        self._places = _places(self._file)
        self._start = text.encode()
        self._map: mmap.mmap | None = None
        if not copy:
            with self.fpath.open("rb") as file:
                self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            # The map must be of the file whose header was read.
            self._compare(self._map[8 : 8 + len(self._start)])

    @property
    def path(self) -> str:
        """The path that was opened, as a string."""
        return os.fspath(self.fpath)

    def get_array(self, name: str, mode: str = "r") -> np.memmap[Any, Any]:
        """An array as a ``numpy.memmap``, without a copy.

        Parameters
        ----------
        name
            The name of the array.
        mode
            ``"r"``: read-only; with ``copy=True``, of the memory. ``"c"``: copy-on-write, the file is
            unchanged. ``"r+"``: changes are written to the file, which invalidates a checksum.

        Returns
        -------
        numpy.memmap
            The array, in its shape.

        Raises
        ------
        NoSuchArrayError
            The file has no such array. This is a ``KeyError``.
        BadArgumentError
            Another mode. This is a ``ValueError``.
        FileError
            The path now leads to another file.

        Examples
        --------
        >>> from wavekeep import gnz
        >>> gnz.open("crates/gnz/tests/data/typical.gnz").get_array("Tran").shape
        (3328,)
        """
        place = self._places.get(name)
        if place is None:
            raise NoSuchArrayError(f"there is no array {name!r} in {self.fpath}", path=self.path)
        plain = _MODES.get(mode)
        if plain is None:
            raise BadArgumentError(f"mode {mode!r} is none of 'r', 'c', 'r+'", path=self.path)
        if plain == "r":
            return self._view(place)
        with self.fpath.open("r+b" if plain == "r+" else "rb") as file:
            file.seek(8)
            self._compare(file.read(len(self._start)))
            return _map(file, self.fpath, place, plain)

    def _view(self, place: _Place) -> np.memmap[Any, Any]:
        if self._map is None:
            return _named(np.asarray(self._file.view(place.name)), self.fpath, place, "r")
        if place.is_empty:
            return _empty(self.fpath, place, "r")
        # As numpy makes it, but with one map for all arrays, because each map needs a file descriptor.
        array: Any = np.ndarray.__new__(
            np.memmap, place.shape, place.dtype, self._map, place.offset, order=place.order
        )
        array._mmap = self._map
        return _named(array, self.fpath, place, "r")

    def _compare(self, start: bytes) -> None:
        if start != self._start:
            message = f"{self.fpath} is no longer the file that was opened: open it again"
            raise FileError(message, path=self.path)

    def verify(self) -> bool:
        """Compares every array with its checksum.

        Returns
        -------
        bool
            ``True`` if all arrays match, ``False`` if the file has no checksums.

        Raises
        ------
        MalformedError
            An array does not match; the message names it. This is a ``ValueError``.
        """
        return self._file.verify()

    def __getitem__(self, name: str) -> NDArray[Any]:
        return np.asarray(self._file.view(name))

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name in self._places

    def keys(self) -> list[str]:  # type: ignore[override]
        """The names of the arrays, in the order of the header; in files by the writers of GNZ they are sorted.

        Returns
        -------
        list of str
            The names.
        """
        return list(self.arrays_info)

    def close(self) -> None:
        """Has no effect: the file is unmapped after the last use of its arrays."""

    def __enter__(self) -> GnzReader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __reduce__(self) -> tuple[Any, ...]:
        return (GnzReader, (self.path,))

    def _repr_html_(self) -> str:
        from . import _html

        return _html.gnz(self)

    def __repr__(self) -> str:
        return f"<GnzReader {self.fpath.name}: {', '.join(self.keys())}>"


class GnzWriter:
    """Collects arrays and metadata, then writes them as one file.

    Arrays are passed complete (:meth:`add_array`) or declared (:meth:`init_streaming_array`) and filled
    after :meth:`write`. Complete arrays come first in the file, then declared ones, each at the position of
    its first use; of arrays with the same name the last one counts.

    A file without declared arrays is written completely or not at all. With declared arrays, :meth:`write`
    creates the file with its final size, filled with zeros. In a ``with`` block it gets its name when the
    block ends, and keeps its temporary name (:attr:`partial_path`) if the block fails. Without a ``with``
    block it has its name at once, as existing scripts expect.

    Parameters
    ----------
    fpath
        The file.
    overwrite
        Whether an existing file is replaced.
    metadata
        A dictionary of plain data.
    checksums
        Whether a CRC-32C of each array is stored.

    Attributes
    ----------
    fpath
        The path, a ``pathlib.Path``.
    overwrite
        Whether an existing file is replaced.
    metadata
        The metadata, which can be changed until :meth:`write`.
    arrays_info
        ``arrays`` of the header; empty before :meth:`write`.
    checksums
        Whether a CRC-32C of each array is stored.

    Raises
    ------
    FileTakenError
        The file exists and ``overwrite`` is not set. This is a ``FileExistsError``.
    """

    def __init__(
        self,
        fpath: str | os.PathLike[str],
        overwrite: bool = False,
        *,
        metadata: Mapping[str, Any] | None = None,
        checksums: bool = False,
    ) -> None:
        if isinstance(overwrite, Mapping):
            raise BadTypeError("the second argument is overwrite: give metadata by its name, metadata=")
        self.fpath = Path(os.fsdecode(fpath))
        self.overwrite = bool(overwrite)
        if not self.overwrite and os.path.lexists(self.fpath):
            raise FileTakenError(f"{self.fpath} exists: use overwrite=True", path=self.path)
        self.metadata: dict[str, Any] = dict(metadata or {})
        self.arrays_info: dict[str, dict[str, Any]] = {}
        self.checksums = checksums
        self._whole: dict[str, NDArray[Any]] = {}
        self._declared: dict[str, tuple[np.dtype[Any], tuple[int, ...]]] = {}
        self._places: dict[str, _Place] = {}
        self._streaming: _wavekeep.GnzStreaming | None = None
        # Whether the file with the name is that of this writer.
        self._published = False
        # The array that was added last and is not in a file yet.
        self._pending: str | None = None
        self._written = False
        self._in_block = False

    @property
    def path(self) -> str:
        """The path of the file, as a string."""
        return os.fspath(self.fpath)

    def add_array(self, name: str, data: ArrayLike, dtype: DTypeLike | None = None) -> None:
        """Adds a complete array. It is not copied before :meth:`write`.

        Parameters
        ----------
        name
            The name of the array.
        data
            The array, or anything that ``numpy.asarray`` accepts.
        dtype
            The type to which it is converted, by default its own.

        Raises
        ------
        BadArgumentError
            GNZ does not have the type, or values are masked. This is a ``ValueError``.
        BadTypeError
            ``name`` is not a string. This is a ``TypeError``.
        """
        _check_name(name)
        if np.ma.is_masked(data):
            raise BadArgumentError(f"{name!r} has masked values, which GNZ cannot represent: fill them first")
        values = np.asarray(data, dtype)
        _typestr(values.dtype)
        self._declared.pop(name, None)
        self._whole[name] = values
        self._pending = name

    def init_streaming_array(
        self, name: str, shape: int | tuple[int, ...], dtype: DTypeLike
    ) -> None:
        """Declares an array that is filled after :meth:`write`.

        Parameters
        ----------
        name
            The name of the array.
        shape
            Its shape.
        dtype
            Its type.

        Raises
        ------
        BadArgumentError
            GNZ does not have the type, or a length is negative. This is a ``ValueError``.
        BadTypeError
            ``name`` is not a string. This is a ``TypeError``.
        """
        _check_name(name)
        lengths = (shape,) if isinstance(shape, (int, np.integer)) else tuple(shape)
        if any(length < 0 for length in lengths):
            raise BadArgumentError(f"the shape {lengths} of {name!r} has negative lengths")
        kind = np.dtype(dtype)
        _typestr(kind)
        self._whole.pop(name, None)
        self._declared[name] = (kind, tuple(int(length) for length in lengths))
        self._pending = name

    def write(self) -> None:
        """Writes the file. A second call writes it again: declared arrays are zeros, and arrays obtained
        before still refer to the earlier file.

        Raises
        ------
        BadTypeError, BadArgumentError
            JSON cannot represent the metadata.
        BadArgumentError
            ``checksums`` is set, arrays are declared, and there is no ``with`` block.
        FileTakenError
            The file was created by another program meanwhile, and ``overwrite`` is not set.
        """
        whole = [_bytes(name, array) for name, array in self._whole.items()]
        declared = [
            (name, _typestr(dtype), list(shape)) for name, (dtype, shape) in self._declared.items()
        ]
        if self.checksums and declared and not self._in_block:
            message = "checksums of arrays that are filled later need the end of a with block"
            raise BadArgumentError(message, path=self.path)
        overwrite = self.overwrite or self._published
        text = _metadata_text(self.metadata)
        streaming = _wavekeep.gnz_write(
            self.path, text, whole, declared, self.checksums, overwrite
        )
        self.abandon()
        self._written, self._pending = True, None
        if streaming is not None and self._in_block:
            self._streaming = streaming
        else:
            if streaming is not None:
                streaming.finish()
            self._published = True
        file = _wavekeep.GnzFile(self.partial_path or self.path, False)
        self._places = _places(file)
        infos = json.loads(file.header())["arrays"]
        self.arrays_info = {name: infos[name] for name in [*self._whole, *self._declared]}

    def get_array_writable(self, name: str) -> np.memmap[Any, Any]:
        """An array of the written file, to be filled. Several threads may fill disjoint parts.

        Parameters
        ----------
        name
            The name of the array.

        Returns
        -------
        numpy.memmap
            The array with mode ``r+``: changes are written to the file.

        Raises
        ------
        NoSuchArrayError
            The file has no such array; before :meth:`write` there is no file. This is a ``KeyError``.
        """
        place = self._places.get(name)
        if place is None:
            given = name in self._whole or name in self._declared
            message = f"{name!r} is in no file yet: write() makes it"
            if not given:
                names = ", ".join([*self._whole, *self._declared]) or "none"
                message = f"there is no array {name!r}; given are {names}"
            raise NoSuchArrayError(message, path=self.path)
        path = Path(self.partial_path or self.fpath)
        with path.open("r+b") as file:
            return _map(file, path, place, "r+")

    @property
    def partial_path(self) -> str | None:
        """The temporary path until a ``with`` block ends, otherwise ``None``."""
        partial = None if self._streaming is None else self._streaming.partial_path
        return None if partial is None else os.fspath(partial)

    def flush(self) -> None:
        """Syncs the content of a file that is being filled to the disk."""
        if self._streaming is not None:
            self._streaming.flush()

    def close(self) -> None:
        """Completes a file that is being filled and gives it its name."""
        if self._streaming is not None:
            self._streaming.finish()
            self._streaming = None
            self._published = True

    def abandon(self) -> None:
        """Removes a file that is being filled."""
        if self._streaming is not None:
            self._streaming.abandon()
            self._streaming = None

    def __enter__(self) -> GnzWriter:
        self._in_block = True
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is not None:
            return
        if not self._written or (self._pending is not None and self._streaming is None):
            self.write()
        self.close()
        if self._pending is not None:
            message = f"{self._pending!r} was given after write() and is not in {self.fpath}"
            raise BadArgumentError(message, path=self.path)


def open(path: str | os.PathLike[str], *, copy: bool = False) -> GnzReader:
    """Opens a GNZ file.

    Parameters
    ----------
    path, copy
        As for :class:`GnzReader`, which also lists the errors.

    Returns
    -------
    GnzReader
        A read-only mapping of names to arrays.

    Examples
    --------
    >>> from wavekeep import gnz
    >>> gnz.open("crates/gnz/tests/data/typical.gnz")["Vert"].dtype
    dtype('float32')
    """
    return GnzReader(path, copy=copy)


def save(
    path: str | os.PathLike[str],
    arrays: Mapping[str, ArrayLike],
    metadata: Mapping[str, Any] | None = None,
    *,
    overwrite: bool = False,
    checksums: bool = False,
) -> None:
    """Writes arrays by name, and metadata, as one file, completely or not at all.

    Parameters
    ----------
    path
        The file.
    arrays
        The arrays by name.
    metadata
        A dictionary of plain data.
    overwrite
        Whether an existing file is replaced.
    checksums
        Whether a CRC-32C of each array is stored.

    Raises
    ------
    FileTakenError
        The file exists and ``overwrite`` is not set. This is a ``FileExistsError``.
    BadArgumentError
        GNZ does not have the type of an array, or values are masked. This is a ``ValueError``.
    BadTypeError
        JSON cannot represent the metadata. This is a ``TypeError``.

    Examples
    --------
    >>> import numpy, os, tempfile
    >>> from wavekeep import gnz
    >>> path = os.path.join(tempfile.mkdtemp(), "event.gnz")
    >>> gnz.save(path, {"Tran": numpy.zeros(4)})
    >>> gnz.open(path).keys()
    ['Tran']
    """
    writer = GnzWriter(path, overwrite, metadata=metadata, checksums=checksums)
    for name, array in arrays.items():
        writer.add_array(name, array)
    writer.write()


def _typestr(dtype: np.dtype[Any]) -> str:
    if dtype.hasobject or dtype.names is not None or dtype.subdtype is not None:
        raise BadArgumentError(f"GNZ has no type {dtype}: store its parts as arrays of their own")
    if dtype.kind not in "biufcSUVMm":
        raise BadArgumentError(f"GNZ has no type {dtype}: convert the array")
    return dtype.str


def _bytes(name: str, array: NDArray[Any]) -> tuple[str, str, str, list[int], NDArray[np.uint8]]:
    """The bytes of an array, row-major. Only an array with another order is copied."""
    flat = np.ascontiguousarray(array).reshape(-1)
    octets = flat.view(np.uint8) if flat.dtype.itemsize and flat.size else np.empty(0, np.uint8)
    return name, _typestr(array.dtype), "C", list(array.shape), octets


class _Place(NamedTuple):
    """The position of an array in a file, with its type and order as numpy names them."""

    name: str
    dtype: np.dtype[Any]
    order: Any
    shape: tuple[int, ...]
    offset: int

    @property
    def is_empty(self) -> bool:
        return 0 in self.shape or not self.dtype.itemsize


def _places(file: _wavekeep.GnzFile) -> dict[str, _Place]:
    return {
        name: _Place(name, np.dtype(dtype), order, tuple(shape), offset)
        for name, dtype, order, shape, offset in file.infos()
    }


def _map(file: Any, path: Path, place: _Place, mode: Any) -> np.memmap[Any, Any]:
    """One array with a map of its own, which exists as long as the array."""
    if place.is_empty:
        return _empty(path, place, mode)
    # numpy takes no scalar for a map.
    mapped = np.memmap(file, place.dtype, mode, place.offset, place.shape or (1,), place.order)
    return _named(mapped if place.shape else mapped.reshape(()), path, place, mode)


def _empty(path: Path, place: _Place, mode: str) -> np.memmap[Any, Any]:
    """An array without bytes, which cannot be mapped."""
    array = np.empty(place.shape, place.dtype, order=place.order)
    array.flags.writeable = mode != "r"
    return _named(array, path, place, mode)


def _named(array: NDArray[Any], path: Path, place: _Place, mode: str) -> np.memmap[Any, Any]:
    """The array as a ``numpy.memmap`` with its file, offset and mode."""
    mapped: Any = array if isinstance(array, np.memmap) else array.view(np.memmap)
    mapped.filename, mapped.offset, mapped.mode = path.resolve(), place.offset, mode
    named: np.memmap[Any, Any] = mapped
    return named


def _check_name(name: object) -> None:
    if not isinstance(name, str):
        raise BadTypeError(f"arrays have names, found {name!r}")


def _metadata_text(metadata: Any) -> str:
    """The metadata as Python's own writer sorts it: by keys before they are converted to text."""
    if not (metadata is None or isinstance(metadata, dict)):
        raise BadTypeError(f"metadata has to be a dictionary, found {type(metadata).__name__}")
    try:
        return json.dumps(metadata, sort_keys=True)
    except TypeError as error:
        raise BadTypeError(f"metadata has to be plain data: {error}") from error
    except (ValueError, RecursionError) as error:
        raise BadArgumentError(f"metadata has to be plain data: {error}") from error
