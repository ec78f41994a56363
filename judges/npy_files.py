"""Writes npy files with every spelling of a type and of a header, and what `numpy.load` says of each.

    npy_files.py FOLDER

Each file `NNN.npy` has an entry in `cases.json`: the header, and the type as numpy writes it, the shape and
the bytes of the elements, or null where numpy refuses the file.
"""

import json
import pathlib
import struct
import sys
import warnings

import numpy
from numpy.lib import format as npy

TYPES = [
    *numpy.sctypeDict,
    *"?bBhHiIlLqQnNpPefdgFDGSUVcMm",
    *(f"{order}{kind}" for order in "<>=|" for kind in "?bBhHiIlLqQefdFDSUVcMm"),
    *(f"{order}{code}" for order in ["", "<", ">", "=", "|"]
      for code in ["b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "f16", "c8", "c16",
                   "c32", "S3", "U2", "V5", "S0", "U0", "V0", "f04", "i16", "f3", "b2", "O", "O8", "M8[ns]",
                   "m8[25s]", "M8[2D]", "M8[generic]"]),
    "datetime64[us]", "timedelta64[h]", "bool", "int", "float", "complex", "str", "bytes", "object", "unicode",
    "void", "Float64", "<float32", "f4 ", " f4", "", "i4,f4", "i4, >f4", "f4,",
]  # fmt: skip

RECORDS = [
    [("time", "<i8"), ("xy", "<f4", (2,))],
    [("a", "float32"), ("", "|V4"), ("b", "int16"), ("", "V2")],
    [(("a title", "a"), "d"), ("b", [("x", ">f4"), ("y", [("z", "|S3", (2, 3))], (2,))])],
    [("", "<f4")],
    [("", "|V4")],
    [("", "<f4", (2,)), ("b", "<i2")],
    [("a", "<f4", 2), ("b", "<f4", ()), ("c", "<f4", (0,))],
    [["a", "<f4"]],
    [("it's \"a\"\n", "U2"), ("naïve", "?"), ("t", "M8[ns]")],
    [],
    [("a", [])],
    [("a", "<f4"), ("a", "<i2")],
    [(("t", "a"), "<f4"), ("t", "<i2")],
    [("a", "O")],
    [("a", [("b", "|O8")])],
    [("a",)],
    [("a", "<f3")],
    [("a", "<f4", (-1,))],
    [("a", "<f4", (2**31,))],
    [("a", "|S2000000000"), ("b", "|S2000000000")],
]

HEADERS = [
    "{'descr': '<i2', 'fortran_order': False, 'shape': (2, 3), }",
    "{'descr': '<i2', 'fortran_order': True, 'shape': (2, 3)}",
    "{\"shape\":(2,3),\"fortran_order\":False,\"descr\":\"<i2\"}\n\n",
    "{'descr': u'<i2', 'fortran_order': False,\n 'shape': ( 2 , 3 ,), }   \n",
    "{'descr': '\\x3ci2', 'fortran_order': False, 'shape': (6,)}",
    "{'descr': '<i2', 'fortran_order': False, 'shape': ()}",
    "{'descr': '<i2', 'fortran_order': False, 'shape': (0, 5)}",
    "{'descr': '<i2', 'fortran_order': False, 'shape': (6)}",
    "{'descr': '<i2', 'fortran_order': False, 'shape': [6]}",
    "{'descr': '<i2', 'fortran_order': False, 'shape': (-1,)}",
    "{'descr': '<i2', 'fortran_order': 0, 'shape': (6,)}",
    "{'descr': '<i2', 'fortran_order': False}",
    "{'descr': '<i2', 'fortran_order': False, 'shape': (6,), 'x': 1}",
    "{'descr': b'<i2', 'fortran_order': False, 'shape': (6,)}",
    "{'descr': '<i2', 'fortran_order': False, 'shape': (6,)} + {}",
    "{'descr': [('\xe9', '<i2')], 'fortran_order': False, 'shape': (6,)}",
    "__import__('os')",
]
# What Python 2 wrote; numpy takes it in the versions that Python 2 knew.
LONG = "{'descr': '<i2', 'fortran_order': False, 'shape': (2L, 3L), }"


def file(header, data, version):
    text = header.encode("utf-8" if version == (3, 0) else "latin-1")
    length = struct.pack("<H" if version == (1, 0) else "<I", len(text))
    return npy.MAGIC_PREFIX + bytes(version) + length + text + data


def loaded(path, data):
    """What numpy says of the file, or nothing."""
    try:
        array = numpy.load(path, allow_pickle=False)
    except Exception:
        return None
    descr = npy.dtype_to_descr(array.dtype)
    return {
        "dtype": descr if isinstance(descr, str) else repr(descr),
        "shape": array.shape,
        "fortran": bool(array.ndim > 1 and array.flags.f_contiguous and not array.flags.c_contiguous),
        "elements": data.hex(),
    }


def main(folder):
    folder = pathlib.Path(folder)
    cases = {}

    def add(header, version, data):
        path = folder / f"{len(cases):04}.npy"
        path.write_bytes(file(header, data, version))
        cases[path.name] = {"header": header, "numpy": loaded(path, data)}

    for descr in [str(name) for name in TYPES] + RECORDS:
        try:
            length = 3 * npy.descr_to_dtype(descr).itemsize
        except Exception:
            length = 12
        header = f"{{'descr': {descr!r}, 'fortran_order': False, 'shape': (3,), }}"
        version = (3, 0) if length % 2 else (1, 0)
        add(header, version, bytes(i % 2 for i in range(min(length, 1 << 20))))
    for version in [(1, 0), (2, 0), (3, 0)]:
        for header in HEADERS:
            length = 0 if "(0," in header else 2 if "()" in header else 12
            add(header, version, bytes(range(length)))
    for version in [(1, 0), (2, 0)]:
        add(LONG, version, bytes(range(12)))
    (folder / "cases.json").write_text(json.dumps(cases))


warnings.simplefilter("ignore")
main(sys.argv[1])
