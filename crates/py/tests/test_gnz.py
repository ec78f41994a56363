"""GNZ: the reader and the writer that its users have."""

from __future__ import annotations

import json
import os
import pickle
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import wavekeep
from conftest import GNZ, HOSTILE_GNZ
from wavekeep import gnz
from wavekeep.gnz import GnzReader, GnzWriter

CASES: dict[str, Any] = json.loads((GNZ / "cases.json").read_text())


@pytest.mark.parametrize("name", CASES)
def test_every_vector_holds_what_its_case_says(name: str) -> None:
    case, reader = CASES[name], GnzReader(GNZ / f"{name}.gnz")
    assert reader.metadata == case["metadata"]
    assert sorted(reader.keys()) == sorted(case["arrays"])
    for key, expected in case["arrays"].items():
        array = reader.get_array(key)
        assert (array.dtype.str, list(array.shape)) == (expected["dtype"], expected["shape"])
        info = reader.arrays_info[key]
        assert (info["dtype"], info["shape"]) == (expected["dtype"], expected["shape"])
        # numpy alone, by the header's offset.
        raw = (GNZ / f"{name}.gnz").read_bytes()[info["offset"] :]
        assert array.tobytes() == raw[: array.nbytes]


@pytest.mark.parametrize("name", CASES)
def test_every_vector_is_written_again_byte_for_byte(name: str, tmp_path: Path) -> None:
    reader = GnzReader(GNZ / f"{name}.gnz")
    writer = GnzWriter(tmp_path / "again.gnz", metadata=CASES[name]["metadata"])
    # The order of addition is that of the case.
    for key in CASES[name]["arrays"]:
        writer.add_array(key, reader[key])
    writer.write()
    assert (tmp_path / "again.gnz").read_bytes() == (GNZ / f"{name}.gnz").read_bytes()


@pytest.mark.parametrize("name", CASES)
def test_a_file_filled_while_recording_has_the_same_bytes(name: str, tmp_path: Path) -> None:
    reader = GnzReader(GNZ / f"{name}.gnz")
    writer = GnzWriter(tmp_path / "again.gnz")
    writer.metadata = CASES[name]["metadata"]
    for key, expected in CASES[name]["arrays"].items():
        writer.init_streaming_array(key, tuple(expected["shape"]), expected["dtype"])
    writer.write()
    assert (tmp_path / "again.gnz").stat().st_size == (GNZ / f"{name}.gnz").stat().st_size
    for key in CASES[name]["arrays"]:
        writer.get_array_writable(key)[...] = reader[key]
    assert (tmp_path / "again.gnz").read_bytes() == (GNZ / f"{name}.gnz").read_bytes()


def test_an_array_is_read_only_unless_another_mode_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "modes.gnz"
    gnz.save(path, {"a": np.arange(5), "scalar": np.float64(2.5), "none": np.empty((0, 3))})
    before = path.read_bytes()
    reader = GnzReader(path)
    with pytest.raises(ValueError):
        reader.get_array("a")[0] = 1
    private = reader.get_array("a", "c")
    private[0] = 99
    assert path.read_bytes() == before and reader["a"][0] == 0
    shared = reader.get_array("a", mode="r+")
    shared[0] = 7
    assert reader["a"][0] == 7 and GnzReader(path)["a"][0] == 7
    assert reader.get_array("scalar", "c").shape == () and reader["scalar"][()] == 2.5
    assert reader.get_array("none", "r+").shape == (0, 3)
    with pytest.raises(ValueError, match="mode"):
        reader.get_array("a", "w")


def test_errors_are_those_that_users_expect(tmp_path: Path) -> None:
    path = tmp_path / "e.gnz"
    with pytest.raises(FileNotFoundError):
        GnzReader(path)
    writer = GnzWriter(path)
    writer.add_array("a", [1.0, 2.0])
    writer.init_streaming_array("s", 4, "f4")
    for name in ("a", "s"):
        with pytest.raises(KeyError, match="write"):
            writer.get_array_writable(name)
    with pytest.raises(TypeError, match="names"):
        writer.add_array(1, [1])  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="metadata="):
        GnzWriter(path, {"unit": "in/s"})  # type: ignore[arg-type]
    writer.write()
    with pytest.raises(KeyError, match="given are a, s"):
        writer.get_array_writable("x")
    with pytest.raises(FileExistsError, match="overwrite=True"):
        GnzWriter(path)
    GnzWriter(path, overwrite=True).write()
    assert path.stat().st_size == 4096
    reader = GnzReader(path)
    for access in (reader.__getitem__, reader.get_array):
        with pytest.raises(KeyError):
            access("a")
    (tmp_path / "no.gnz").write_bytes(b"PK\3\4 not a GNZ")
    with pytest.raises(ValueError, match="GNZ1") as refused:
        GnzReader(tmp_path / "no.gnz")
    assert isinstance(refused.value, wavekeep.NotThisFormat)
    assert refused.value.path == str(tmp_path / "no.gnz")


@pytest.mark.parametrize(
    "array",
    [
        np.array([object()]),
        np.zeros(2, [("a", "i4")]),
        np.ma.MaskedArray([1, 2], mask=[True, False]),
        np.array(["a"], dtype=np.dtypes.StringDType()),
    ],
    ids=["objects", "records", "masked", "strings of any length"],
)
def test_what_the_format_cannot_say_is_refused(array: Any, tmp_path: Path) -> None:
    with pytest.raises(ValueError):
        gnz.save(tmp_path / "x.gnz", {"a": array})
    assert list(tmp_path.iterdir()) == []


def test_metadata_that_json_cannot_hold_is_refused(tmp_path: Path) -> None:
    for value in (object(), {1, 2}, b"bytes", np.int64(1)):
        with pytest.raises(TypeError, match="plain data") as refused:
            gnz.save(tmp_path / "x.gnz", {}, {"when": value})
        assert isinstance(refused.value, wavekeep.BadTypeError)
    for metadata in ({"a": 1, 2: "b"}, {(1, 2): 3}, [1, 2]):
        with pytest.raises(TypeError, match="metadata has to be"):
            writer = GnzWriter(tmp_path / "x.gnz")
            writer.metadata = metadata  # type: ignore[assignment]
            writer.write()
    assert list(tmp_path.iterdir()) == []


def test_arrays_that_do_not_lie_row_after_row_are_written_row_after_row(tmp_path: Path) -> None:
    array = np.arange(24, dtype=">i4").reshape(4, 6)
    sources = {"f": np.asfortranarray(array), "steps": array[::2, ::-1], "t": array.T}
    gnz.save(tmp_path / "o.gnz", sources)
    with gnz.open(tmp_path / "o.gnz") as file:
        for name, source in sources.items():
            assert np.array_equal(file[name], source)
            assert file.arrays_info[name]["order"] == "C" and file[name].dtype == source.dtype


def test_column_major_arrays_of_other_writers_are_read(tmp_path: Path) -> None:
    array = np.arange(6, dtype="<i2").reshape(2, 3)
    entry = {"dtype": "<i2", "offset": 4096, "order": "F", "shape": [2, 3]}
    text = json.dumps({"arrays": {"f": entry}, "metadata": {}, "version": 1}, sort_keys=True)
    head = b"GNZ1" + len(text).to_bytes(4, "little") + text.encode()
    data = array.tobytes(order="F")
    (tmp_path / "f.gnz").write_bytes(head.ljust(4096, b"\0") + data.ljust(4096, b"\0"))
    reader = GnzReader(tmp_path / "f.gnz")
    assert np.array_equal(reader["f"], array) and reader["f"].flags.f_contiguous
    assert np.array_equal(reader.get_array("f", "c"), array)


def test_a_block_gives_the_file_its_name_when_it_ends_well(tmp_path: Path) -> None:
    path = tmp_path / "run.gnz"
    with GnzWriter(path, checksums=True) as writer:
        writer.init_streaming_array("data", (4, 100), "i4")
        writer.write()
        data = writer.get_array_writable("data")
        threads = [threading.Thread(target=data[row].fill, args=(row,)) for row in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        writer.flush()
        assert not path.exists() and writer.partial_path is not None
    assert [entry.name for entry in tmp_path.iterdir()] == ["run.gnz"]
    reader = GnzReader(path)
    assert reader.verify() and (reader["data"] == np.arange(4)[:, None]).all()
    # The array is still there, and still the file.
    data[0, 0] = 5
    assert reader["data"][0, 0] == 5
    with pytest.raises(ValueError, match="data"):
        reader.verify()


def test_checksums_of_a_recording_need_its_end(tmp_path: Path) -> None:
    writer = GnzWriter(tmp_path / "c.gnz", checksums=True)
    writer.init_streaming_array("data", 3, "i4")
    with pytest.raises(ValueError, match="with block"):
        writer.write()
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_appeared_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    writer = GnzWriter(tmp_path / "a.gnz")
    writer.add_array("a", [1])
    (tmp_path / "a.gnz").write_bytes(b"somebody else's")
    with pytest.raises(FileExistsError):
        writer.write()
    assert (tmp_path / "a.gnz").read_bytes() == b"somebody else's"


def test_a_block_can_be_written_again_and_forgets_no_array(tmp_path: Path) -> None:
    path = tmp_path / "run.gnz"
    with GnzWriter(path) as writer:
        writer.init_streaming_array("data", 3, "i4")
        writer.write()
        writer.get_array_writable("data")[:] = 9
        writer.add_array("more", [1, 2])
        writer.write()
        assert len(list(tmp_path.iterdir())) == 1
        assert writer.get_array_writable("data").tolist() == [0, 0, 0]
    assert GnzReader(path).keys() == ["data", "more"]
    with GnzWriter(path, overwrite=True) as writer:
        writer.write()
        writer.add_array("late", [1])
    assert GnzReader(path).keys() == ["late"]
    with pytest.raises(ValueError, match="'late' was given after write"):
        with GnzWriter(path, overwrite=True) as writer:
            writer.init_streaming_array("data", 3, "i4")
            writer.write()
            writer.add_array("late", [1])
    assert GnzReader(path).keys() == ["data"]


def test_a_reader_maps_the_file_that_it_opened_or_none(tmp_path: Path) -> None:
    path = tmp_path / "a.gnz"
    gnz.save(path, {"a": [1, 2]})
    reader = GnzReader(path)
    gnz.save(path, {"a": [3, 4], "b": [5]}, overwrite=True)
    assert reader.get_array("a").tolist() == reader["a"].tolist() == [1, 2]
    for mode in ("c", "r+"):
        with pytest.raises(OSError, match="no longer the file that was opened"):
            reader.get_array("a", mode)


def test_many_arrays_need_one_map(tmp_path: Path) -> None:
    count = 3000
    gnz.save(tmp_path / "a.gnz", {str(n): np.full(2, n, "i4") for n in range(count)})
    reader = GnzReader(tmp_path / "a.gnz")
    before = len(os.listdir("/proc/self/fd"))
    held = [reader.get_array(str(n)) for n in range(count)]
    assert len(os.listdir("/proc/self/fd")) == before
    assert [int(array[0]) for array in held] == list(range(count))


def test_checksums_are_in_the_header_and_not_in_the_metadata(tmp_path: Path) -> None:
    gnz.save(tmp_path / "a.gnz", {"a": [1]}, {"unit": "m"}, checksums=True)
    reader = GnzReader(tmp_path / "a.gnz")
    assert reader.metadata == {"unit": "m"} and "gnz.crc32c" in reader.header["metadata"]
    copied = GnzReader(tmp_path / "a.gnz", copy=True).get_array("a")
    assert isinstance(copied, np.memmap) and copied.tolist() == [1] and copied.mode == "r"


def test_half_a_recording_is_kept_under_a_name_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "run.gnz"
    with pytest.raises(RuntimeError), GnzWriter(path) as writer:
        writer.init_streaming_array("data", 3, "i4")
        writer.write()
        writer.get_array_writable("data")[:] = 9
        raise RuntimeError("the instrument was unplugged")
    (left,) = tmp_path.iterdir()
    assert left.name != path.name and GnzReader(left)["data"].tolist() == [9, 9, 9]


def test_a_recording_can_be_given_up(tmp_path: Path) -> None:
    with GnzWriter(tmp_path / "run.gnz") as writer:
        writer.init_streaming_array("data", 3, "i4")
        writer.write()
        writer.abandon()
    assert list(tmp_path.iterdir()) == []


def test_a_whole_file_appears_complete_or_not_at_all(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        gnz.save(tmp_path / "no" / "folder.gnz", {"a": [1]})
    with GnzWriter(tmp_path / "whole.gnz") as writer:
        writer.add_array("a", [1, 2])
    assert GnzReader(tmp_path / "whole.gnz")["a"].tolist() == [1, 2]


def test_a_reader_is_a_mapping_and_can_be_pickled() -> None:
    reader = GnzReader(GNZ / "typical.gnz")
    assert set(reader) == {"Tran", "Vert"} == set(dict(reader)) and len(reader) == 2
    assert "Tran" in reader and "Long" not in reader and None not in list[object](reader)
    assert reader.get("Long") is None
    assert pickle.loads(pickle.dumps(reader)).keys() == reader.keys()
    copied = GnzReader(GNZ / "typical.gnz", copy=True)
    assert np.array_equal(copied["Tran"], reader["Tran"])
    assert not reader.verify()


REFUSED = sorted(path for path in HOSTILE_GNZ.glob("*.gnz") if not path.stem.startswith("note_"))


@pytest.mark.parametrize("path", REFUSED, ids=lambda path: path.stem)
def test_every_hostile_file_is_refused_as_a_value_error(path: Path) -> None:
    for opening in (GnzReader, wavekeep.open):
        with pytest.raises(ValueError) as refused:
            opening(path)
        assert isinstance(refused.value, wavekeep.Error)
        assert os.path.basename(str(refused.value.path)) == path.name


@pytest.mark.parametrize("path", sorted(HOSTILE_GNZ.glob("note_*.gnz")), ids=lambda path: path.stem)
def test_an_oddity_that_can_be_read_is_reported(path: Path) -> None:
    file = wavekeep.open(path)
    assert [note.kind for note in file.report] and not file.report.damaged
    for name in file.channels:
        assert file[name].tobytes() == GnzReader(path)[name].tobytes()


def test_a_notebook_shows_arrays_with_their_scale(tmp_path: Path) -> None:
    path = tmp_path / "a<b.gnz"
    arrays = {"x<y": np.linspace(-1.25, 3, 50), "many": np.zeros((2, 3), "<i2")}
    wavekeep.gnz.save(path, arrays, {"site": "north"})
    page = wavekeep.gnz.GnzReader(path)._repr_html_()
    assert "a&lt;b.gnz" in page and "x&lt;y" in page and "<svg" in page
    assert "-1.25 … 3" in page and "(2, 3)" in page and "site" in page
