"""Scripts of GNZ's users run unchanged: the same lines against a model of the original program and
against `wavekeep.gnz` have the same results, exceptions of the same kinds, and the same files after
every line."""

from __future__ import annotations

import builtins
import json
import tempfile
from pathlib import Path
from typing import Any

import gnz_model
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from wavekeep import gnz

# One line is one step. A line with a value shows it.
SCRIPT = r"""
w = GnzWriter(folder / "a.gnz")
w.fpath
w.metadata
w.arrays_info
w.get_array_writable("a")
w.add_array("b", np.arange(6, dtype="<i2").reshape(2, 3))
w.add_array("a", [1.5, 2.5])
w.get_array_writable("a")
w.init_streaming_array("s", (2, 4), "i4")
w.metadata["rate"] = 1024.0
w.write()
w.arrays_info
m = w.get_array_writable("a")
m
m[0] = -1
s = w.get_array_writable("s")
s[1] = 7
s
s.flush()
w.get_array_writable("none")
GnzWriter(folder / "a.gnz")
GnzWriter(str(folder / "a.gnz"), False)
GnzWriter(folder / "a.gnz", overwrite=False)
w.add_array("late", np.float32([[1, 2], [3, 4]]))
w.get_array_writable("late")
w.metadata = {"when": "later"}
w.write()
w.get_array_writable("s")
w.get_array_writable("late")[1] = 9
r = GnzReader(folder / "a.gnz")
r.fpath
r.header
r.metadata
r.arrays_info
r.keys()
r.get_array("late")
r.get_array("b", "r")
r.get_array("b")[0, 0] = 1
c = r.get_array("b", mode="c")
c[0, 0] = 99
c
r.get_array("b")
p = r.get_array("b", "r+")
p[0, 0] = 77
p
r.get_array("b")
r.get_array("b", "nonsense")
r.get_array("none")
r.get_array("none", "r+")

# The last of a name counts, at the place where the name was given first.
w = GnzWriter(str(folder / "a.gnz"), overwrite=True)
w.fpath
w.add_array("x", np.zeros(3, "u1"))
w.add_array("y", np.ones(5000, "u1"))
w.add_array("x", np.full((2, 2), 5, ">f8"))
w.init_streaming_array("t", 3, np.int16)
w.init_streaming_array("u", [2, 2], "f4")
w.init_streaming_array("t", (7,), "complex64")
w.write()
w.arrays_info
w.get_array_writable("t")
w.add_array("t", [1])
w.init_streaming_array("y", (1,), bool)
w.get_array_writable("y")
w.write()
w.arrays_info
w = GnzWriter(folder / "a.gnz", True)

# What is given is converted by numpy.
w = GnzWriter(PathLike(folder / "kinds.gnz"))
w.fpath
w.add_array("f", np.asfortranarray(np.arange(12.0).reshape(3, 4)))
w.add_array("transposed", np.arange(6).reshape(2, 3).T)
w.add_array("steps", np.arange(20)[::-3])
w.add_array("columns", np.arange(20).reshape(4, 5)[:, 1::2])
w.add_array("big", np.arange(3, dtype=">i4"))
w.add_array("half", [0.5, 1.5], dtype="f2")
w.add_array("cast", np.arange(4), np.float32)
w.add_array("by name", [1, 0], dtype="bool")
w.add_array("complex", [1j, 2])
w.add_array("list", [[1, 2], [3, 4]])
w.add_array("tuple", (1, 2.5))
w.add_array("range", range(5))
w.add_array("text", ["a", "bcd", "é🌍"])
w.add_array("bytes", [b"a", b"bc"])
w.add_array("dates", np.array(["2026-06-12", "1970-01-01"], "M8[D]"))
w.add_array("spans", np.array([1, 2], "m8[us]"))
w.add_array("long double", np.array([1, 2], "g"))
w.add_array("é🌍 \"quoted\"\n", np.int8([1]))
w.add_array("", np.int8([2]))
w.add_array("ragged", [[1], [1, 2]])
w.add_array("no number", ["x"], dtype="f4")
w.add_array("no type", [1], dtype="no such type")
w.init_streaming_array("no type", (3,), "no such type")
w.init_streaming_array("no shape", None, "f4")
w.write()
r = GnzReader(PathLike(folder / "kinds.gnz"))
r.keys()
[r.get_array(name) for name in r.keys()]
r.header
r = GnzReader(str(folder / "kinds.gnz"))
w = GnzWriter(folder / "scalars.gnz")
w.add_array("numpy name", np.int64([3]))
w.add_array(np.str_("text of numpy"), [np.float64(1.5), 2])
w.init_streaming_array("lengths of numpy", (np.int64(2), np.int32(3)), np.dtype("u2"))
w.write()
w.get_array_writable("lengths of numpy")

# An array does not have to be held by anybody else, nor its file.
w = GnzWriter(folder / "order.gnz")
d = np.arange(4)
w.add_array("d", d)
d = None
w.write()
w.get_array_writable("d")

# Metadata is what json.dumps makes of it.
w = GnzWriter(folder / "m.gnz")
w.metadata = {10: "ten", 2: "two", -1: "minus one"}
w.write()
GnzReader(folder / "m.gnz").metadata
w.metadata = {10: {3: 1, 20: 2}, 1.5: [None, True, {2: 0, 11: 0}]}
w.write()
w.metadata = {2: "number", "2": "text"}
w.write()
w.metadata = {"a": {1: 1, "b": 2}}
w.write()
w.metadata = {None: 1}
w.write()
w.metadata = {True: 1, False: 0}
w.write()
w.metadata = {"nan": float("nan"), "inf": [float("inf"), -float("inf")], "tiny": 5e-324, "big": 1e16, "-0": -0.0}
w.write()
GnzReader(folder / "m.gnz").header["metadata"]["inf"]
w.metadata = {"tuple": (1, (2, "x")), "none": None, "huge": 2**200, "deep": [[[[{}]]]]}
w.write()
GnzReader(folder / "m.gnz").metadata
w.metadata = {"numpy float": np.float64(0.1), "text": np.str_("é")}
w.write()
GnzReader(folder / "m.gnz").metadata
w.metadata = {"numpy int": np.int64(1)}
w.write()
w.metadata = {"numpy float": np.float32(1)}
w.write()
w.metadata = {"array": np.arange(3)}
w.write()
w.metadata = {"bytes": b"x"}
w.write()
w.metadata = {"set": {1}}
w.write()
w.metadata = {(1, 2): 3}
w.write()
w.metadata = {"path": folder}
w.write()
w.metadata = {"a": "\u2028 \x7f \x00 🌍", "Z": 1, "é": 2, "🌍": 3, "\uffff": 4}
w.write()
w.metadata = None
w.write()
_ = GnzReader(folder / "m.gnz")
w.metadata = {"pad": "x" * 5000}
w.add_array("a", [1])
w.write()
GnzReader(folder / "m.gnz").get_array("a")
loop = []; loop.append(loop)
w.metadata = {"loop": loop}
w.write()

# What is no file, or no GNZ.
GnzReader(folder / "none.gnz")
GnzReader(folder / "no folder" / "none.gnz")
w = GnzWriter(folder / "no folder" / "new.gnz")
w.write()
_ = (folder / "png.gnz").write_bytes(b"\x89PNG\r\n\x1a\n")
GnzReader(folder / "png.gnz")
_ = (folder / "cut.gnz").write_bytes((folder / "m.gnz").read_bytes()[:50])
GnzReader(folder / "cut.gnz")
_ = (folder / "empty.gnz").write_bytes(b"")
GnzReader(folder / "empty.gnz")
GnzWriter(folder / "empty.gnz")
GnzReader(None)
GnzWriter(None)
GnzWriter(folder)
"""


class PathLike:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __fspath__(self) -> str:
        return str(self.path)


def shown(value: Any, folder: Path) -> str:
    """A value, without what two runs cannot have in common."""
    if isinstance(value, np.ndarray):
        facts: list[Any] = [type(value).__name__, value.dtype.str, value.shape, value.tolist()]
        if isinstance(value, np.memmap):
            facts += [value.mode, value.offset, type(value.filename).__name__, value.filename]
        facts += [value.flags.writeable, value.flags.c_contiguous, value.flags.f_contiguous]
        return repr(facts).replace(str(folder.resolve()), "FOLDER")
    if isinstance(value, list):
        return repr([shown(one, folder) for one in value])
    if isinstance(value, (gnz.GnzReader, gnz.GnzWriter, gnz_model.GnzReader, gnz_model.GnzWriter)):
        return type(value).__name__
    return f"{type(value).__name__} {value!r}".replace(str(folder), "FOLDER")


def kind(error: Exception) -> str:
    """The exception of Python's own that it is, or is derived from."""
    return next(one.__name__ for one in type(error).__mro__ if one.__module__ == "builtins")


def outcomes(module: Any, script: str, folder: Path) -> list[str]:
    """What every line gives, and the files after it."""
    folder.mkdir()
    names: dict[str, Any] = {"np": np, "folder": folder, "PathLike": PathLike}
    names |= {"GnzWriter": module.GnzWriter, "GnzReader": module.GnzReader}
    found: list[str] = []
    files: dict[str, bytes] = {}
    for line in script.strip().splitlines():
        if not line or line.startswith("#"):
            continue
        try:
            try:
                code = compile(line, "script", "eval")
            except SyntaxError:
                exec(line, names)
                outcome = ""
            else:
                outcome = shown(builtins.eval(code, names), folder)
        except Exception as error:
            outcome = kind(error)
        now = {one.name: one.read_bytes() for one in sorted(folder.iterdir())}
        changed = {name: data for name, data in now.items() if files.get(name) != data}
        gone = sorted(files.keys() - now.keys())
        found.append(f"{line}\n  {outcome}\n  wrote {changed}, removed {gone}")
        files = now
    return found


def test_a_script_of_the_original_has_the_same_outcome_line_by_line(tmp_path: Path) -> None:
    model = outcomes(gnz_model, SCRIPT, tmp_path / "model")
    ours = outcomes(gnz, SCRIPT, tmp_path / "ours")
    differing = [(a, b) for a, b in zip(model, ours, strict=True) if a != b]
    assert not differing, "\n".join(f"original: {a[:900]}\nours: {b[:900]}\n" for a, b in differing)
    # The script is one that does something.
    assert sum("wrote {'" in one for one in ours) > 20
    kinds = ("KeyError", "FileExistsError", "FileNotFoundError", "ValueError", "TypeError")
    assert all(any(f"\n  {kind}\n" in one for one in ours) for kind in kinds)


plain_dtypes = st.one_of(
    hnp.boolean_dtypes(),
    hnp.integer_dtypes(endianness="?"),
    hnp.unsigned_integer_dtypes(endianness="?"),
    hnp.floating_dtypes(endianness="?"),
    hnp.complex_number_dtypes(endianness="?"),
    hnp.datetime64_dtypes(endianness="?"),
    hnp.timedelta64_dtypes(endianness="?"),
    hnp.byte_string_dtypes(endianness="?"),
    hnp.unicode_string_dtypes(endianness="?"),
)
arrays = plain_dtypes.flatmap(
    lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=1, max_dims=3, max_side=4))
)
names = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | names,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(names, inner, max_size=3)
        | st.dictionaries(st.integers() | st.floats(allow_nan=False), inner, max_size=3)
    ),
    max_leaves=8,
)
metadata = st.dictionaries(names, values, max_size=3) | st.dictionaries(
    st.integers(-50, 200), values, max_size=5
)
views = st.sampled_from(["as it is", "fortran", "reversed", "transposed"])


def seen(array: Any, view: str) -> Any:
    if view == "fortran":
        return np.asfortranarray(array)
    if view == "reversed":
        return array[::-1]
    return array.T if view == "transposed" else array


@settings(deadline=None, max_examples=50)
@given(
    whole=st.lists(st.tuples(names, arrays, views), max_size=4),
    streaming=st.lists(st.tuples(names, arrays), max_size=3),
    metadata=metadata,
)
def test_any_arrays_and_metadata_make_the_file_of_the_original(
    whole: list[tuple[str, Any, str]], streaming: list[tuple[str, Any]], metadata: dict[Any, Any]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        files = []
        modules: list[Any] = [gnz_model, gnz]
        for module in modules:
            path = Path(folder) / f"{module.__name__}.gnz"
            writer = module.GnzWriter(path)
            writer.metadata = metadata
            for name, array, view in whole:
                writer.add_array(name, seen(array, view))
            for name, array in streaming:
                writer.init_streaming_array(name, array.shape, array.dtype)
            writer.write()
            for name, array in dict(streaming).items():
                if array.dtype.itemsize:
                    writer.get_array_writable(name)[...] = array
            files.append((path.read_bytes(), writer.arrays_info, gnz.GnzReader(path).keys()))
        assert files[0] == files[1]


@pytest.mark.parametrize("shape", [(), (0,), (3, 0, 2)])
def test_what_the_original_cannot_map_is_a_memmap_too(shape: tuple[int, ...], tmp_path: Path) -> None:
    writer = gnz.GnzWriter(tmp_path / "a.gnz")
    writer.add_array("whole", np.ones(shape, "f8"))
    writer.init_streaming_array("filled", shape, "i4")
    writer.write()
    filled = writer.get_array_writable("filled")
    filled[...] = 5
    reader = gnz.GnzReader(tmp_path / "a.gnz")
    for mode in ("r", "c", "r+"):
        for name, expected in (("whole", np.ones(shape, "f8")), ("filled", np.full(shape, 5, "i4"))):
            array = reader.get_array(name, mode)
            assert isinstance(array, np.memmap) and array.mode == mode
            assert array.shape == shape and np.array_equal(array, expected)
            assert array.flags.writeable == (mode != "r")
    assert isinstance(filled, np.memmap) and str(filled.filename) == str((tmp_path / "a.gnz").resolve())


def test_a_header_that_its_offsets_push_over_a_page_is_written_right(tmp_path: Path) -> None:
    # The header fits two pages with the offsets of one page, but not with those of two.
    def written(module: Any, pad: int) -> Path:
        path = tmp_path / f"{module.__name__}.gnz"
        writer = module.GnzWriter(path, True)
        writer.metadata = {"pad": "x" * pad}
        for name in "abcdefgh":
            writer.add_array(name, np.arange(9))
        writer.write()
        return path

    damaged = []
    for pad in range(7400, 8192):
        try:
            gnz_model.GnzReader(written(gnz_model, pad))
        except ValueError:
            damaged.append(pad)
    assert damaged
    for pad in damaged:
        reader = gnz_model.GnzReader(written(gnz, pad))
        assert all(reader.get_array(name).tolist() == list(range(9)) for name in "abcdefgh")
    for pad in (damaged[0] - 1, damaged[-1] + 1):
        assert written(gnz, pad).read_bytes() == written(gnz_model, pad).read_bytes()


def test_headers_that_numpy_and_json_open_are_opened(tmp_path: Path) -> None:
    spellings = ["float32", "f4", "=f4", "|f4", "int16", "<d", "?", "B", "complex64", "M8[ns]"]
    for number, spelling in enumerate(spellings):
        entry = {"dtype": spelling, "offset": 4096, "shape": [3]}
        text = json.dumps({"arrays": {"a": entry}, "metadata": None}).encode()
        path = tmp_path / f"{number}.gnz"
        head = b"GNZ1" + len(text).to_bytes(4, "little") + text
        path.write_bytes(head.ljust(4096, b"\0") + bytes(range(1, 65)).ljust(4096, b"\0"))
        model, ours = gnz_model.GnzReader(path), gnz.GnzReader(path)
        assert (model.header, model.arrays_info) == (ours.header, ours.arrays_info)
        a, b = model.get_array("a"), ours.get_array("a")
        assert a.dtype == b.dtype == ours["a"].dtype and a.tobytes() == b.tobytes()
        assert ours.metadata == {}
