"""Converted arrays are those of the file that they come from, as its own library reads it."""

import csv
import json

import gnz_file
import h5py
import numpy
import pyarrow.feather
import pyarrow.parquet
import safetensors.numpy
import zarr

TARGETS = {
    f"test_{target}": target
    for target in ["npy", "npz", "hdf5", "zarr", "parquet", "arrow", "safetensors", "csv", "gnz"]
}
BRAIN = "brain.safetensors"
SAFE = set("|b1 |u1 |i1 <u2 <i2 <f2 <u4 <i4 <f4 <u8 <i8 <f8 <c8".split())


def source(conversion):
    """The arrays of the file that was converted, by name, and its metadata."""
    path = conversion.source
    if path.suffix == ".gnz":
        arrays, metadata = gnz_file.read(path)
        return {name: array for name, array, _ in arrays}, metadata
    if path.suffix == ".npy":
        return {path.stem: numpy.load(path, allow_pickle=False)}, {}
    if path.suffix == ".npz":
        with numpy.load(path, allow_pickle=False) as archive:
            return dict(archive), {}
    if path.name == BRAIN:
        return {"weights": None, "plain": numpy.frombuffer(b"abc", "i1")}, {"format": "pt"}
    with safetensors.safe_open(path, "numpy") as file:
        return {name: file.get_tensor(name) for name in file.offset_keys()}, file.metadata() or {}


def same(found, expected):
    """The same bits in the same shape; the byte order may be another one."""
    found, expected = numpy.asarray(found), numpy.asarray(expected)
    assert found.shape == expected.shape
    if expected.dtype.names:
        # Bytes between the fields mean nothing.
        assert found.dtype.names == expected.dtype.names
        for field in expected.dtype.names:
            same(found[field], expected[field])
        return
    assert found.dtype.newbyteorder("<") == expected.dtype.newbyteorder("<")
    order = expected.dtype.newbyteorder("<")
    assert found.astype(order).tobytes() == expected.astype(order).tobytes()


def identical(found, expected):
    """As `same`, with byte order and memory order."""
    same(found, expected)
    assert found.dtype == expected.dtype
    assert found.flags["C_CONTIGUOUS"] == expected.flags["C_CONTIGUOUS"]
    assert found.flags["F_CONTIGUOUS"] == expected.flags["F_CONTIGUOUS"]


def held(conversion, can_hold):
    """The path of the file, when the target can hold the source; else the refusal is checked."""
    if can_hold:
        assert conversion.file, conversion.error
        return conversion.file
    assert conversion.file is None
    assert conversion.word == "unrepresentable"
    assert conversion.error.startswith(f"{conversion.target} cannot hold ")
    return None


def test_npy(conversion):
    arrays, _ = source(conversion)
    if path := held(conversion, len(arrays) == 1 and conversion.source.name != BRAIN):
        identical(numpy.load(path, allow_pickle=False), *arrays.values())
    elif len(arrays) != 1:
        assert conversion.error.endswith("choose one of them, or write npz")


def test_npz(conversion):
    arrays, _ = source(conversion)
    if path := held(conversion, conversion.source.name != BRAIN):
        with numpy.load(path, allow_pickle=False) as archive:
            assert set(archive) == set(arrays)
            for name, expected in arrays.items():
                identical(archive[name], expected)


def test_gnz(conversion):
    arrays, metadata = source(conversion)
    plain = not any(has_records(array) for array in arrays.values())
    if path := held(conversion, plain and conversion.source.name != BRAIN):
        listed, found = gnz_file.read(path)
        assert set(found.pop(gnz_file.CHECKSUMS)) == set(arrays)
        assert found == metadata
        assert {name for name, _, _ in listed} == set(arrays)
        for name, array, _ in listed:
            identical(array, arrays[name])


def has_records(array):
    return array is not None and array.dtype.names is not None


def same_in_hdf5(found, expected):
    """As `same`; text is UTF-8 there."""
    if expected.dtype.names:
        assert found.dtype.names == expected.dtype.names
        for field in expected.dtype.names:
            same_in_hdf5(found[field], expected[field])
    elif expected.dtype.kind == "U":
        words = [it.decode() for it in found.ravel()]
        assert words == expected.ravel().tolist()
    else:
        same(found, expected)


def is_hdf5(name, array):
    if array is None or not array.dtype.itemsize:
        return False
    return array.dtype.kind not in "fc" or array.dtype.itemsize <= (8 if array.dtype.kind == "f" else 16)


def test_hdf5(conversion):
    arrays, metadata = source(conversion)
    path = held(conversion, all(is_hdf5(*item) for item in arrays.items()))
    if not path:
        return
    with h5py.File(path) as file:
        held_names = []
        file.visititems(lambda name, it: held_names.append(name) if hasattr(it, "shape") else None)
        assert set(held_names) == set(arrays)
        for name, expected in arrays.items():
            found = file[name]
            if expected.size and expected.ndim:
                assert found.chunks and found.shuffle and found.compression == "gzip"
            if expected.dtype.names:
                same_in_hdf5(found[()], expected)
                continue
            if expected.dtype.kind == "U":
                words = found.asstr()[...]
                assert numpy.array_equal(words, expected.astype(object))
            elif expected.dtype.kind in "Mm":
                assert found.dtype.kind == "i"
                numpy.testing.assert_equal(found.attrs["dtype"], expected.dtype.str)
                same(found[()].view(found.attrs["dtype"]), expected)
            else:
                assert found.dtype.newbyteorder("<") == expected.dtype.newbyteorder("<")
                same(found[()], expected)
        if metadata:
            assert json.loads(file.attrs["metadata"]) == metadata
            for key, value in metadata.items():
                if isinstance(value, (str, float, int)):
                    assert file.attrs[key] == value


def is_zarr(array):
    if array is None or not array.dtype.itemsize:
        return False
    kind, size = array.dtype.kind, array.dtype.itemsize
    if array.dtype.names:
        return False
    return kind in "biuSUMm" or size <= {"f": 8, "c": 16}.get(kind, 0)


def test_zarr(conversion):
    arrays, metadata = source(conversion)
    path = held(conversion, all(map(is_zarr, arrays.values())))
    if not path:
        return
    group = zarr.open_group(path, mode="r", zarr_format=3)
    assert set(group.attrs) == set(metadata)
    for name, expected in arrays.items():
        found = group[name]
        if expected.dtype.kind in "SU":
            words = [it.decode() if isinstance(it, bytes) else it for it in expected.ravel()]
            assert [str(it) for it in numpy.asarray(found[...]).ravel()] == words
            assert found.shape == expected.shape
        elif expected.dtype.kind in "Mm":
            assert found.dtype == "i8" and found.attrs["dtype"] == expected.dtype.str
            same(numpy.asarray(found[...]).view(expected.dtype.newbyteorder("=")), expected)
        else:
            assert found.dtype == expected.dtype.newbyteorder("=")
            same(found[...], expected)


def test_safetensors(conversion):
    arrays, metadata = source(conversion)
    if conversion.source.name == BRAIN:
        content = conversion.file.read_bytes()
        length = int.from_bytes(content[:8], "little")
        header = json.loads(content[8 : 8 + length])
        assert header["weights"] == {"dtype": "BF16", "shape": [2, 2], "data_offsets": [0, 8]}
        with safetensors.safe_open(conversion.file, "numpy") as file:
            same(file.get_tensor("plain"), arrays["plain"])
            assert file.metadata() == metadata
        assert content[8 + length :] == conversion.source.read_bytes()[-11:]
        return
    can_hold = all(array.dtype.newbyteorder("<").str in SAFE for array in arrays.values())
    if path := held(conversion, can_hold):
        with safetensors.safe_open(path, "numpy") as file:
            assert set(file.keys()) == set(arrays)
            for name, expected in arrays.items():
                same(file.get_tensor(name), expected)
            for key, value in metadata.items():
                found = file.metadata()[key]
                assert found == value if isinstance(value, str) else json.loads(found) == value


def fields(name, array):
    """The simple fields of an array of records, each as a column."""
    found = {}
    for field in array.dtype.names:
        inner, at = array[field], f"{name}.{field}"
        for place in numpy.ndindex(inner.shape[1:]):
            part = inner[(slice(None), *place)]
            column = at + "".join(f"_{number}" for number in place)
            found |= fields(at, part) if part.dtype.names and not place else {}
            if part.dtype.names and place:
                # Of records in an array, the places stand behind the field.
                numbers = "".join(f"_{number}" for number in place)
                found |= {f"{key}{numbers}": it for key, it in fields(at, part).items()}
            elif not part.dtype.names:
                found[column] = part
    return found


def columns(arrays):
    """The columns of the table that the arrays make; None when they make none."""
    if None in [a if a is None else 0 for a in arrays.values()] or not arrays:
        return None
    if any(array.ndim not in (1, 2) or not array.dtype.itemsize for array in arrays.values()):
        return None
    lengths = [len(array) for array in arrays.values() if array.ndim == 1]
    rows = lengths[0] if lengths else len(next(iter(arrays.values())))
    table = {}
    for name, array in arrays.items():
        if array.dtype.names:
            table |= fields(name, array)
        elif array.ndim == 1:
            table[name] = array
        else:
            lies = array if lengths and array.shape[1] == rows else array.T
            table |= {f"{name}_{at}": column for at, column in enumerate(lies)}
    fits = table and all(len(column) == rows for column in table.values())
    return table if fits else None


def same_names(names, table):
    """Arrays without elements lie at one offset, which tells nothing of their order."""
    # Fields of arrays of records have no order that all agree on.
    ordered = all(map(len, table.values())) and not any("." in name for name in names)
    assert names == list(table) if ordered else set(names) == set(table)


def is_csv(array):
    kind, size = array.dtype.kind, array.dtype.itemsize
    if kind == "M":
        return numpy.datetime_data(array.dtype)[1] == 1
    return kind in "biuSU" or (kind == "f" and size <= 8)


def test_csv(conversion):
    table = columns(source(conversion)[0])
    path = held(conversion, table is not None and all(map(is_csv, table.values())))
    if not path:
        return
    with open(path, newline="", encoding="utf-8") as file:
        head, *rows = csv.reader(file)
    same_names(head, table)
    table = {name: table[name] for name in head}
    for at, expected in enumerate(table.values()):
        texts = [row[at] if row else "" for row in rows]
        if expected.dtype.kind == "S":
            assert [text.encode() for text in texts] == expected.tolist()
        elif expected.dtype.kind == "U":
            assert texts == expected.tolist()
        elif expected.dtype.kind == "b":
            assert texts == [str(value).lower() for value in expected.tolist()]
        elif expected.dtype.kind == "M":
            found = numpy.array([text or "NaT" for text in texts], expected.dtype)
            numpy.testing.assert_array_equal(found, expected)
        else:
            convert = int if expected.dtype.kind in "iu" else float
            found = numpy.array([convert(text) for text in texts], expected.dtype)
            numpy.testing.assert_array_equal(found, expected)


def is_parquet(array):
    kind, size = array.dtype.kind, array.dtype.itemsize
    if kind in "Mm":
        units = ("s", "ms", "us", "ns") + (("D",) if kind == "M" else ())
        return numpy.datetime_data(array.dtype) in [(unit, 1) for unit in units]
    return kind in "biuSUV" or (kind == "f" and size <= 8)


def test_parquet(conversion):
    same_table(conversion, pyarrow.parquet.read_table)


def test_arrow(conversion):
    same_table(conversion, pyarrow.feather.read_table)


def same_table(conversion, read):
    # Parquet has no timestamps in seconds.
    seconds = "ms" if conversion.target == "parquet" else "s"
    arrays, metadata = source(conversion)
    table = columns(arrays)
    path = held(conversion, table is not None and all(map(is_parquet, table.values())))
    if not path:
        return
    found = read(path)
    same_names(found.column_names, table)
    for name, expected in table.items():
        column, kind = found[name], expected.dtype.kind
        if kind in "SUV":
            assert column.to_pylist() == expected.tolist()
        elif kind == "m":
            assert column.null_count == numpy.isnat(expected).sum()
            values = column.to_numpy().astype(expected.dtype.newbyteorder("<"))
            numpy.testing.assert_array_equal(values, expected)
        elif kind == "M":
            unit = numpy.datetime_data(expected.dtype)[0]
            assert column.null_count == numpy.isnat(expected).sum()
            values = column.to_numpy().astype(expected.dtype.newbyteorder("<"))
            numpy.testing.assert_array_equal(values, expected)
            stored = {"D": "date32[day]", "s": f"timestamp[{seconds}]"}
            assert str(column.type) == stored.get(unit, f"timestamp[{unit}]")
        else:
            values = column.to_numpy()
            assert values.dtype == expected.dtype.newbyteorder("=")
            numpy.testing.assert_array_equal(values, expected)
    if metadata:
        assert json.loads(found.schema.metadata[b"wavekeep.metadata"]) == metadata
