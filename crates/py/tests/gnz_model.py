"""A small model of the Python program that GNZ comes from: what `docs/formats/gnz.md` says of its files,
and the interface that its scripts use, by `json` and `numpy.memmap` alone."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import Any

import numpy as np

PAGE = 4096


def up(number: int) -> int:
    return -(-number // PAGE) * PAGE


class GnzWriter:
    def __init__(self, fpath: str | os.PathLike[str], overwrite: bool = False) -> None:
        self.fpath = Path(fpath)
        if self.fpath.exists() and not overwrite:
            raise FileExistsError(self.fpath)
        self.metadata: Any = {}
        self.arrays_info: dict[str, dict[str, Any]] = {}
        self._whole: dict[str, np.ndarray[Any, Any]] = {}
        self._streaming: dict[str, tuple[tuple[int, ...], np.dtype[Any]]] = {}

    def add_array(self, name: str, data: Any, dtype: Any = None) -> None:
        self._streaming.pop(name, None)
        self._whole[name] = np.ascontiguousarray(np.asarray(data, dtype))

    def init_streaming_array(self, name: str, shape: Any, dtype: Any) -> None:
        self._whole.pop(name, None)
        lengths = (shape,) if isinstance(shape, int) else tuple(shape)
        self._streaming[name] = (lengths, np.dtype(dtype))

    def _header(self, offset: int) -> tuple[dict[str, dict[str, Any]], bytes, int]:
        shapes = [(name, array.shape, array.dtype) for name, array in self._whole.items()]
        shapes += [(name, shape, dtype) for name, (shape, dtype) in self._streaming.items()]
        arrays = {}
        for name, shape, dtype in shapes:
            entry = {"dtype": dtype.str, "offset": offset, "order": "C", "shape": [int(n) for n in shape]}
            arrays[name] = entry
            offset = up(offset + math.prod(shape) * dtype.itemsize)
        header = {"arrays": arrays, "metadata": self.metadata, "version": 1}
        return arrays, json.dumps(header, sort_keys=True).encode(), offset

    def write(self) -> None:
        arrays, text, end = self._header(PAGE)
        if 8 + len(text) > PAGE:
            arrays, text, end = self._header(up(8 + len(text)))
        with open(self.fpath, "wb") as file:
            file.write(b"GNZ1" + len(text).to_bytes(4, "little") + text)
            for name, array in self._whole.items():
                file.seek(arrays[name]["offset"])
                file.write(array.tobytes())
            file.truncate(end)
        self.arrays_info = arrays

    def get_array_writable(self, name: str) -> Any:
        return _map(self.fpath, self.arrays_info[name], "r+")


class GnzReader:
    def __init__(self, fpath: str | os.PathLike[str]) -> None:
        self.fpath = Path(fpath)
        with open(self.fpath, "rb") as file:
            if file.read(4) != b"GNZ1":
                raise ValueError("not a GNZ file")
            self.header: dict[str, Any] = json.loads(
                file.read(int.from_bytes(file.read(4), "little"))
            )
        self.metadata = self.header["metadata"]
        self.arrays_info = self.header["arrays"]

    def get_array(self, name: str, mode: Any = "r") -> Any:
        return _map(self.fpath, self.arrays_info[name], mode)

    def keys(self) -> list[str]:
        return list(self.arrays_info)


def _map(path: Path, info: dict[str, Any], mode: Any) -> Any:
    shape, order = tuple(info["shape"]), info.get("order", "C")
    return np.memmap(path, np.dtype(info["dtype"]), mode, info["offset"], shape, order)
