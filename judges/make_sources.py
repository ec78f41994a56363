"""Files of arrays as other programs write them: `make_sources.py FOLDER`."""

import json
import struct
import sys
from pathlib import Path

import gnz_file
import numpy
import safetensors.numpy

NUMBERS = "|b1 |i1 |u1 <i2 >i2 <u2 <i4 >u4 <i8 >i8 <u8 <f2 >f2 <f4 >f4 <f8 >f8".split()
OTHERS = "<c8 >c8 <c16 |S1 |S10 <U1 <U5 >U3 |V7 <M8[ns] <M8[D] >M8[s] <m8[us] <m8 <f16".split()
METADATA = {"rate": 1024.0, "unit": "in/s", "n": 7, "ok": True, "é": [1, None, {"z": "🌍"}]}


def array(dtype, shape, seed=0):
    """Values of every kind that the type has, the same each time."""
    dtype, count = numpy.dtype(dtype), int(numpy.prod(shape))
    numbers = numpy.random.default_rng(seed)
    if dtype.kind == "b":
        flat = numbers.integers(0, 2, count).astype(dtype)
    elif dtype.kind in "iu":
        info = numpy.iinfo(dtype)
        flat = numbers.integers(info.min, info.max, count, endpoint=True, dtype=dtype.newbyteorder("="))
        flat[:2] = [info.min, info.max][:count]
    elif dtype.kind in "fc":
        flat = (numbers.standard_normal(count) * 10.0 ** numbers.integers(-4, 4, count)).astype(dtype)
        flat[:3] = [numpy.nan, numpy.inf, -0.0][:count]
        if dtype.kind == "c":
            flat[3:] *= 1 - 2j
    elif dtype.kind in "SU":
        texts = ["", "a", "b,\"c\"", "naïve🌍"] if dtype.kind == "U" else [b"", b"a", b'",', b"x y"]
        flat = numpy.array([texts[at % 4] for at in range(count)], dtype)
    elif dtype.kind in "Mm":
        flat = numbers.integers(0, 20_000, count).astype("i8").astype(dtype)
        flat[:1] = numpy.array("NaT", dtype)
    else:
        flat = numpy.frombuffer(numbers.bytes(count * dtype.itemsize), dtype)
    return flat.astype(dtype).reshape(shape)


def every_type(shape):
    return {
        f"{'big' if text[0] == '>' else 'a'}_{text[1:]}": array(text, shape, at)
        for at, text in enumerate(NUMBERS + OTHERS)
    }


def sources():
    """(name, arrays, metadata) of everything that is written in each format that can hold it."""
    every = every_type((3, 4))
    numbers = {
        f"{'big' if text[0] == '>' else 'a'}_{text[1:]}": array(text, (9,), at)
        for at, text in enumerate(NUMBERS)
    }
    yield "every", every, METADATA
    yield "columns_first", {name: numpy.asfortranarray(found) for name, found in every.items()}, {}
    yield "shapes", {
        "scalar": array("<i8", ()),
        "empty": numpy.empty((0, 4), "<f4"),
        "four": array("<i2", (2, 3, 4, 5)),
        "naïve 🌍": array("<f8", (3,)),
    }, {"note": "x" * 200_000}
    yield "numbers", numbers, METADATA
    yield "words", {
        "text": array("<U9", (5,)),
        "bytes": array("|S4", (5,)),
        "opaque": array("|V3", (5,)),
        "day": array("<M8[D]", (5,)),
        "second": array(">M8[s]", (5,)),
        "ns": array("<M8[ns]", (5,)),
    }, {}
    yield "odd", {
        "f4": numpy.array([0.1, numpy.nan, -numpy.inf], "<f4"),
        "f8": numpy.array([1 / 3, numpy.inf, 5e-324]),
        "u8": numpy.array([2**64 - 1, 0, 1], "<u8"),
        "i8": numpy.array([-(2**63), 1, 2]),
        "b": numpy.array([True, False, True]),
        "t": numpy.array(['a,"b"', "x\r\ny", "=1+1"]),
        "e": numpy.array(["", " ", "NA"]),
        "f2": numpy.array([65504, 6e-8, numpy.nan], "<f2"),
    }, {}
    yield "slash", {
        "params/dense/kernel": array("<f4", (2, 3)),
        "params/dense/bias": array("<f4", (3,)),
        "a.b": array("<i8", (3,)),
        "naïve 🌍": array("<i8", (2,)),
        " ": array("<i8", (1,)),
    }, {}
    yield "text", {"text": array("<U9", (5,)), "bytes": array("|S4", (5,))}, {}
    frames = array("<i4", (3, 7))
    yield "stream", {
        "data": frames,
        "timestamp": array("<u8", (7,)),
        "turned": numpy.asfortranarray(array(">f4", (7, 2))),
        "square": array("<i2", (7, 7)),
    }, {"kind": "stream"}
    yield "matrix", {"data": frames}, {}
    yield "turned", {"data": numpy.asfortranarray(array(">f8", (5, 2)))}, {}
    yield "uneven", {"Tran": array("<f4", (5,)), "gaps": array("<i8", (2, 3))}, {}
    yield "none", {}, {"alone": "yes"}
    yield "no_rows", {"a": numpy.empty(0, "<i2"), "b": numpy.empty((0, 3), "<f4")}, {}


def records():
    """Arrays of records, as numpy has them: packed, aligned, nested, with arrays and text."""
    packed = numpy.dtype([("time", "<i8"), ("x", ">f4"), ("ok", "|b1")])
    aligned = numpy.dtype([("a", "|u1"), ("b", "<f8")], align=True)
    fit = [("a", "<f8"), ("b", "<f8")]
    nested = numpy.dtype([("fit", fit), ("xy", "<i2", (2,)), ("name", "<U5"), ("many", fit, (2,))])
    made = {}
    for name, dtype in {"packed": packed, "aligned": aligned, "nested": nested}.items():
        found = numpy.zeros(4, dtype)
        for at, row in enumerate(found):
            for field in dtype.names:
                if field == "name":
                    row[field] = ["", "a", 'b,"', "ü🌍"][at]
                elif dtype[field].base.names:
                    row[field]["a"], row[field]["b"] = at + 0.5, -at
                else:
                    row[field] = at % 2 if field == "ok" else at
        made[f"records_{name}"] = found
    return made


def main(folder):
    for name, arrays, metadata in sources():
        order = {n: "C" if a.flags["C_CONTIGUOUS"] else "F" for n, a in arrays.items()}
        listed = [(n, a, order[n]) for n, a in arrays.items()]
        (folder / f"{name}.gnz").write_bytes(gnz_file.write(listed, metadata))
        numpy.savez(folder / f"{name}.npz", **arrays)
        numpy.savez_compressed(folder / f"{name}.packed.npz", **arrays)
        held = {n: a for n, a in arrays.items() if a.dtype.kind in "biuf" and a.dtype.itemsize <= 8}
        held = {n: numpy.ascontiguousarray(a.astype(a.dtype.newbyteorder("<"))) for n, a in held.items()}
        texts = {key: str(value) for key, value in metadata.items()}
        safetensors.numpy.save_file(held, folder / f"{name}.safetensors", texts or None)
    for name, found in records().items():
        numpy.save(folder / f"{name}.npy", found)
        numpy.savez(folder / f"{name}.npz", one=found, plain=array("<f8", found.shape))
    for at, text in enumerate(NUMBERS + OTHERS):
        found = array(text, (2, 3), at)
        numpy.save(folder / f"one{at}.npy", found)
        numpy.save(folder / f"turned{at}.npy", numpy.asfortranarray(found))
    for major in (1, 2, 3):
        with open(folder / f"version{major}.npy", "wb") as file:
            numpy.lib.format.write_array(file, array("<f4", (4,)), (major, 0))
    brain = struct.pack("<4H", 0x3F80, 0xBF80, 0x7FC0, 0)
    entries = {
        "__metadata__": {"format": "pt"},
        "weights": {"dtype": "BF16", "shape": [2, 2], "data_offsets": [0, 8]},
        "plain": {"dtype": "I8", "shape": [3], "data_offsets": [8, 11]},
    }
    text = json.dumps(entries).encode()
    content = struct.pack("<Q", len(text)) + text + brain + b"abc"
    (folder / "brain.safetensors").write_bytes(content)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
