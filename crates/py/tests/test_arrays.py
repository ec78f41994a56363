"""Files of named arrays."""

from __future__ import annotations

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
        assert (file.t, file.units, file.gaps, file.kind) == (None, {}, {}, "arrays")
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
    with pytest.raises(wavekeep.Unsupported, match="BF16"):
        file["w"]
