"""Files of named arrays."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from numpy.typing import NDArray

import wavekeep
from conftest import BLAST, GNZ


@pytest.fixture
def arrays() -> dict[str, NDArray[Any]]:
    return {
        "a": np.arange(6, dtype="<i4").reshape(2, 3),
        "b": np.linspace(0, 1, 6, dtype="<f8").reshape(2, 3),
    }


def test_every_format_of_arrays_is_opened_as_its_own_library_reads_it(
    tmp_path: Path, arrays: dict[str, NDArray[Any]]
) -> None:
    np.savez(tmp_path / "x.npz", a=arrays["a"], b=arrays["b"])
    np.savez_compressed(tmp_path / "y.npz", a=arrays["a"], b=arrays["b"])
    safetensors.numpy.save_file(arrays, tmp_path / "x.safetensors", {"unit": "in/s"})
    wavekeep.gnz.save(tmp_path / "x.gnz", arrays, {"unit": "in/s"})
    for name in ("x.npz", "y.npz", "x.safetensors", "x.gnz"):
        file = wavekeep.open(tmp_path / name)
        assert isinstance(file, wavekeep.ArrayFile) and set(file.channels) == {"a", "b"}
        for key, expected in arrays.items():
            assert np.array_equal(file[key], expected) and file[key].dtype == expected.dtype
            assert not file[key].flags.writeable
        assert (file.t, file.gaps, file.kind) == (None, {}, "arrays")
    assert wavekeep.open(tmp_path / "x.gnz").metadata == {"unit": "in/s"}


def test_a_single_array_is_the_data_of_its_file(tmp_path: Path) -> None:
    np.save(tmp_path / "one.npy", np.asfortranarray(np.arange(12).reshape(3, 4)))
    file = wavekeep.open(tmp_path / "one.npy")
    assert np.array_equal(file.data, np.arange(12).reshape(3, 4))
    assert np.array_equal(file.read(frames=(1, 3)), file.data[:, 1:3])
    assert [block.data.shape for block in file.blocks(3)] == [(3, 3), (3, 1)]
    assert np.array_equal(file.masked("one"), file.data)


def test_arrays_of_one_shape_are_stacked_and_others_refused() -> None:
    file = wavekeep.open(GNZ / "typical.gnz")
    assert file.read(["Vert", "Tran"], frames=slice(5)).shape == (2, 5)
    with pytest.raises(ValueError, match="different shapes"):
        wavekeep.open(GNZ / "shapes.gnz").read()
    with pytest.raises(ValueError, match="time axis"):
        file.read(time=(0, 1))
    with pytest.raises(KeyError, match="Tran, Vert"):
        file["Long"]
    for wrong in (0, None):
        with pytest.raises(ValueError):
            file[wrong]


def test_arrays_are_saved_as_what_the_ending_says(tmp_path: Path) -> None:
    file = wavekeep.open(GNZ / "typical.gnz")
    assert isinstance(file, wavekeep.ArrayFile)
    file.save(tmp_path / "x.npz")
    with np.load(tmp_path / "x.npz") as saved:
        assert np.array_equal(saved["Vert"], file["Vert"])
    file.save(tmp_path / "x.bin", to="npy", channels="Tran")
    assert np.array_equal(np.load(tmp_path / "x.bin"), file["Tran"])
    with pytest.raises(ValueError, match="to="):
        file.save(tmp_path / "x.xyz")
    with pytest.raises(ValueError, match="wav"):
        file.save(tmp_path / "x.wav")


def test_an_exported_event_comes_back_as_arrays(tmp_path: Path) -> None:
    rec = wavekeep.open(BLAST)
    assert isinstance(rec, wavekeep.Event)
    file = wavekeep.open(rec.save(tmp_path / "event.gnz"))
    np.testing.assert_allclose(file["Vert"], rec["Vert"].values, rtol=1e-7)
    assert np.array_equal(pickle.loads(pickle.dumps(file))["Vert"], file["Vert"])
    assert "event.gnz" in repr(file) and "<svg" in file._repr_html_()


def test_a_type_that_numpy_lacks_is_refused_by_name(tmp_path: Path) -> None:
    header = b'{"w":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]}}'
    path = tmp_path / "bf.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header + bytes(4))
    file = wavekeep.open(path)
    assert "BF16" in repr(file)
    with pytest.raises(wavekeep.Unsupported, match=r"BF16.*as_f32"):
        file["w"]


def tensors(path: Path, dtypes: dict[str, str], data: bytes) -> wavekeep.ArrayFile:
    """A safetensors file of one array a type, each of as many bytes."""
    each = len(data) // len(dtypes)
    sizes = {"BF16": 2, "F8_E5M2": 1, "F32": 4}
    header = {
        name: {
            "dtype": dtype,
            "shape": [each // sizes[dtype]],
            "data_offsets": [place * each, (place + 1) * each],
        }
        for place, (name, dtype) in enumerate(dtypes.items())
    }
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)
    file = wavekeep.open(path)
    assert isinstance(file, wavekeep.ArrayFile)
    return file


def test_every_bf16_is_given_as_the_float32_that_it_is(tmp_path: Path) -> None:
    bits = np.arange(1 << 16, dtype="<u2")
    file = tensors(tmp_path / "x.safetensors", {"w": "BF16"}, bits.tobytes())
    found = file.as_f32("w")
    assert found.dtype == np.float32 and found.shape == (1 << 16,)
    assert np.array_equal(found.view(np.uint32), bits.astype(np.uint32) << 16)
    del file
    assert found[0x3F80] == 1


def test_as_f32_turns_only_what_numpy_lacks(tmp_path: Path) -> None:
    data = bytes([0x80, 0x3F, 0, 0xC0]) + bytes([0x3C, 0xBC, 0x7C, 0x01]) + bytes(4)
    dtypes = {"w": "BF16", "f": "F8_E5M2", "v": "F32"}
    file = tensors(tmp_path / "x.safetensors", dtypes, data)
    assert file.as_f32("w").tolist() == [1, -2]
    assert file.as_f32("f").tolist() == [1, -1, np.inf, 2**-16]
    assert np.array_equal(file.as_f32("v"), file["v"])
    with pytest.raises(KeyError):
        file.as_f32("x")
    with pytest.raises(wavekeep.Error, match="BF16"):
        file.save(tmp_path / "y.npz")
    file.save(tmp_path / "y.npz", as_f32=True)
    with np.load(tmp_path / "y.npz") as saved:
        assert {name: saved[name].dtype.str for name in saved} == dict.fromkeys(dtypes, "<f4")
        assert saved["w"].tolist() == [1, -2]


RECORDS = np.dtype(
    {
        "names": ["time", "xy", "fit"],
        "formats": ["<i8", ("<f4", (2,)), [("a", ">f8"), ("b", "S3"), ("c", "?")]],
        "offsets": [2, 12, 20],
        "titles": [None, "place", None],
        "itemsize": 40,
    }
)


@pytest.mark.parametrize("order", ["C", "F"])
def test_records_are_structured_arrays_with_all_their_fields(tmp_path: Path, order: Any) -> None:
    records = np.zeros((3, 2), RECORDS, order=order)
    records["time"] = np.arange(6).reshape(3, 2)
    records["xy"][..., 1] = 0.5
    records["fit"]["b"] = b"abc"
    np.save(tmp_path / "waves.npy", records)
    np.savez(tmp_path / "x.npz", waves=records)
    np.savez_compressed(tmp_path / "y.npz", waves=records)
    for name in ("waves.npy", "x.npz", "y.npz"):
        file = wavekeep.open(tmp_path / name)
        assert isinstance(file, wavekeep.ArrayFile)
        found = file["waves"]
        assert found.dtype == RECORDS and np.array_equal(found, records)
        assert found.flags.f_contiguous == (order == "F") and not found.flags.writeable
        assert found.base is not None
        assert "place" in repr(file) and "time" in file._repr_html_()


@pytest.mark.parametrize("shape", [(), (0, 3), (2,)])
@pytest.mark.parametrize("dtype", [[], [("", "V4")], [("a", "U0"), ("b", "V0")], [("it's \"é\"\n", "i2")]])
def test_records_of_any_shape_and_without_bytes_are_given(
    tmp_path: Path, shape: tuple[int, ...], dtype: Any
) -> None:
    records = np.zeros(shape, np.lib.format.descr_to_dtype(dtype))
    np.save(tmp_path / "x.npy", records)
    found = wavekeep.open(tmp_path / "x.npy").data
    assert found.dtype == records.dtype and found.shape == shape
    assert found.tobytes() == records.tobytes()


def test_fields_of_records_are_columns_of_a_table(tmp_path: Path) -> None:
    records = np.zeros(3, RECORDS)
    records["time"] = [1, 2, 3]
    records["xy"][:, 1] = 0.5
    records["fit"]["a"] = [7, 8, 9]
    np.savez(tmp_path / "x.npz", waves=records, n=np.arange(3))
    file = wavekeep.open(tmp_path / "x.npz")
    columns = ["waves.time", "waves.xy_0", "waves.xy_1", "waves.fit.a", "waves.fit.b", "waves.fit.c"]
    frame = file.to_pandas()
    assert list(frame.columns) == [*columns, "n"]
    assert frame["waves.xy_1"].tolist() == [0.5] * 3
    table = file.to_arrow(channels="waves")
    assert table.column_names == columns
    assert table["waves.fit.a"].to_pylist() == [7, 8, 9]
    with pytest.raises(wavekeep.Unsupported, match="records"):
        file.plot("waves")


def test_a_pickled_array_costs_itself(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", x=np.arange(3), cfg=np.array({"a": 1}))
    with pytest.warns(wavekeep.DamageWarning, match="cfg"):
        file = wavekeep.open(tmp_path / "x.npz")
    assert isinstance(file, wavekeep.ArrayFile) and file.channels == ("x",)


def test_names_of_arrays_are_taken_as_they_are(tmp_path: Path) -> None:
    arrays: dict[str, Any] = {"a,b": np.arange(2), "0": np.arange(3), "#0": np.arange(4), "0-1": np.arange(5)}
    np.savez(tmp_path / "x.npz", **arrays)
    file = wavekeep.open(tmp_path / "x.npz")
    assert isinstance(file, wavekeep.ArrayFile)
    for name, expected in arrays.items():
        assert np.array_equal(file[name], expected)
        assert np.array_equal(file.read(name), expected)
        file.save(tmp_path / "y.npy", channels=[name], overwrite=True)
        assert np.array_equal(np.load(tmp_path / "y.npy"), expected)
