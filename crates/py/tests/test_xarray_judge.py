"""xarray, netCDF and Zarr take what ``to_xarray`` gives, and open what ``save`` writes alike."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_allclose, assert_array_equal

import wavekeep
from conftest import BLAST, DAMAGED, GNZ, NIGHT, RUNS
from test_events import event


def opened(path: Path) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", wavekeep.DamageWarning)
        return wavekeep.open(path)


SOURCES = {
    "waveform": BLAST, "damaged": DAMAGED, "histogram": NIGHT,
    "stream": RUNS / "split.dat", "arrays": GNZ / "typical.gnz", "shapes": GNZ / "shapes.gnz",
}


@pytest.fixture(params=SOURCES)
def recording(request: pytest.FixtureRequest) -> Any:
    return opened(SOURCES[request.param])


@pytest.mark.filterwarnings("ignore:.*Zarr.*specification", "ignore:Consolidated metadata")
@pytest.mark.parametrize("engine", ["netcdf4", "h5netcdf", "zarr"])
def test_every_recording_is_written_without_edits_and_comes_back(
    recording: Any, engine: str, tmp_path: Path
) -> None:
    dataset = recording.to_xarray()
    path = tmp_path / "file"
    if engine == "zarr":
        dataset.to_zarr(path)
    else:
        dataset.to_netcdf(path, engine=engine)
    with xr.open_dataset(path, engine=engine) as found:
        for name, variable in dataset.variables.items():
            assert found[name].dims == variable.dims
            assert_array_equal(found[name].values, variable.values)
            assert found[name].attrs.get("units") == variable.attrs.get("units")
        assert set(found.coords) == set(dataset.coords)
        assert set(dataset.attrs) == set(found.attrs)


def same(name: str, saved: Any, ours: Any) -> None:
    assert saved.dims == ours.dims, name
    assert saved.attrs.get("units") == ours.attrs.get("units"), name
    assert_allclose(
        saved.values.astype(float), ours.values.astype(float), rtol=1e-6, err_msg=name
    )


@pytest.mark.parametrize("target", ["h5", "zarr"])
def test_a_saved_waveform_opens_as_to_xarray_gives_it(target: str, tmp_path: Path) -> None:
    for source in (BLAST, DAMAGED):
        rec = opened(source)
        for units in (None, ["mm/s", "dB(L)"], "SI"):
            path = rec.save(tmp_path / f"x.{target}", units=units, overwrite=True)
            ours = rec.to_xarray(units=units)
            with xr.open_dataset(path, **engine_of(target)) as saved:
                for name in ours.variables:
                    same(str(name), saved[name], ours[name])
                assert set(saved.data_vars) - {"gaps"} == set(ours.data_vars)


def engine_of(target: str) -> dict[str, Any]:
    if target == "zarr":
        return {"engine": "zarr", "consolidated": False}
    return {"engine": "h5netcdf", "phony_dims": "sort"}


@pytest.mark.parametrize("target", ["h5", "zarr"])
def test_a_saved_histogram_opens_as_to_xarray_gives_it(target: str, tmp_path: Path) -> None:
    rec = event(NIGHT)
    path, ours = rec.save(tmp_path / f"x.{target}"), rec.to_xarray()
    with xr.open_dataset(path, **engine_of(target)) as root:
        same("interval_start", root["interval_start"], ours["interval_start"])
    for name in rec.channels:
        with xr.open_dataset(path, group=name, **engine_of(target)) as saved:
            for field in ("peak", "frequency", "frequency_flag"):
                same(field, saved[field], ours[f"{name}_{field}"])
            flags = ours[f"{name}_frequency_flag"].attrs
            assert saved["frequency_flag"].attrs["flag_meanings"] == flags["flag_meanings"]


@pytest.mark.parametrize("target", ["h5", "zarr"])
@pytest.mark.parametrize("units", ["rad", "count"])
def test_a_saved_stream_opens_as_to_xarray_gives_it(
    target: str, units: str, tmp_path: Path
) -> None:
    run = opened(RUNS / "split.dat")
    path = run.save(tmp_path / f"x.{target}", channels=[5, 2], units=units)
    ours = run.to_xarray([5, 2], units=units)
    with xr.open_dataset(path, **engine_of(target)) as saved:
        for name in ("data", "channel_index", "band", "channel", "frequency_mhz", "time_ns"):
            same(name, saved[name], ours[name])
            assert name == "data" or name in saved.coords


@pytest.mark.parametrize("source", [BLAST, DAMAGED])
@pytest.mark.parametrize("ending", ["gnz", "npz", "safetensors"])
def test_a_waveform_comes_back_with_time_and_units(
    source: Path, ending: str, tmp_path: Path
) -> None:
    rec = opened(source)
    file = opened(Path(rec.save(tmp_path / f"x.{ending}", units=["mm/s", "dB(L)"])))
    found, ours = file.to_xarray(), rec.to_xarray(units=["mm/s", "dB(L)"])
    assert found.sizes["time"] == rec.shape[1]
    assert_allclose(found["time"], rec.t)
    for name in rec.channels:
        assert found[name].dims == ("time",)
        assert_allclose(found[name], ours[name], rtol=1e-6)
        if ending != "npz":
            assert found[name].attrs["units"] == ours[name].attrs["units"] == file.units[name]
    table = file.to_pandas()
    assert table.index.name == "time" and set(table.columns) == set(rec.channels)
    assert_array_equal(file.to_xarray(frames=(10, 20))["time"], found["time"][10:20])


def test_a_histogram_comes_back_with_its_intervals_and_units(tmp_path: Path) -> None:
    rec = event(NIGHT)
    ours = rec.to_xarray()
    for ending in ("gnz", "safetensors"):
        file = opened(Path(rec.save(tmp_path / f"x.{ending}")))
        found = file.to_xarray()
        assert found.sizes == {"interval_start": 600}
        for name in ours.variables:
            same(str(name), found[name], ours[name])
        assert found["start_unit_local"].dtype == ours["start_unit_local"].dtype
        assert found["Tran_frequency"].attrs["units"] == "Hz"


def test_intervals_of_no_known_length_are_counted(tmp_path: Path) -> None:
    rec = opened(BLAST.with_name("N844L6Z8.ZR0H"))
    ours = rec.to_xarray()
    assert set(ours.sizes) == {"interval"} and ours["interval"].dtype == np.int64
    found = opened(Path(rec.save(tmp_path / "x.gnz"))).to_xarray()
    assert found.sizes == ours.sizes
    for name in ours.variables:
        same(str(name), found[name], ours[name])
    assert rec.to_pandas().index.name == "interval"


def test_a_stream_comes_back_with_rows_frames_and_units(tmp_path: Path) -> None:
    run = opened(RUNS / "split.dat")
    for units, ending in [("rad", "gnz"), ("count", "gnz"), ("rad", "safetensors"), ("count", "npz")]:
        file = opened(Path(run.save(tmp_path / f"{units}.{ending}", units=units)))
        found, ours = file.to_xarray(), run.to_xarray(units=units)
        for name in ("data", "channel_index", "band", "channel", "frequency_mhz", "time_ns"):
            if ending == "npz" and name == "frequency_mhz":
                # It holds no other unit than that of the samples.
                found[name].attrs["units"] = "MHz"
            same(name, found[name], ours[name])
        assert found["frame_counter"].dims == ("time",)
        assert found["tes_bias"].dims == ("tes_bias_row", "time")
        assert {"time_ns", "channel_index"} <= set(found.coords)


def test_axes_of_one_length_have_one_name_whoever_wrote_the_arrays(tmp_path: Path) -> None:
    arrays = {
        "a": np.zeros((3, 4)), "b": np.zeros(4), "square": np.zeros((4, 4)), "c": np.zeros((3,)),
        "one": np.float64(1),
    }
    np.savez(tmp_path / "x.npz", **arrays)  # type: ignore[arg-type]
    dataset = opened(tmp_path / "x.npz").to_xarray()
    dims = {name: it.dims for name, it in dataset.data_vars.items()}
    assert dims == {
        "a": ("dim_0", "dim_1"), "b": ("dim_1",), "square": ("dim_1", "dim_2"), "c": ("dim_0",),
        "one": (),
    }
    np.savez(tmp_path / "y.npz", dim_0=np.zeros((2, 3)), x=np.zeros(2))
    assert opened(tmp_path / "y.npz").to_xarray()["x"].dims == ("dim_1",)


def test_units_of_other_programs_are_attributes_where_the_file_says_them(tmp_path: Path) -> None:
    assert opened(GNZ / "typical.gnz").to_xarray()["Tran"].attrs == {"units": "in/s"}
    arrays = {"v": np.zeros(3), "p": np.zeros(3), "names": np.array(["a", "b", "c"])}
    del arrays["names"]
    wavekeep.gnz.save(tmp_path / "x.gnz", arrays, {"units": {"v": "mm/s", "p": "furlong", "q": "s"}})
    found = opened(tmp_path / "x.gnz")
    assert found.units == {"v": "mm/s", "p": "furlong"}
    wavekeep.gnz.save(tmp_path / "y.gnz", arrays, {"unit": "volume 7", "time": {"rate_hz": 2, "first_s": -1}})
    other = opened(tmp_path / "y.gnz")
    assert other.units == {} and other.to_xarray()["time"].values.tolist() == [-1, -0.5, 0]


@pytest.mark.parametrize(
    "metadata",
    [
        {"time": 5}, {"time": {"rate_hz": "fast"}}, {"time": {"rate_hz": 0}},
        {"time": {"step_s": float("1e300"), "rate_hz": {"value": None}}, "length": -3},
        {"array_units": 5}, {"array_units": {"a": 5}}, {"units": ["in/s"]}, {"unit": ""},
        {"data_unit": 3}, {"length": 7, "time": {"length_s": 60, "start": {"value": "soon"}}},
        {"length": 3, "time": {"length_s": 60, "start": "soon"}},
    ],
    ids=str,
)
def test_metadata_that_means_nothing_changes_nothing(metadata: Any, tmp_path: Path) -> None:
    wavekeep.gnz.save(tmp_path / "x.gnz", {"a": np.zeros(3), "data": np.zeros((2, 2, 2))}, metadata)
    dataset = opened(tmp_path / "x.gnz").to_xarray()
    assert dataset["a"].shape == (3,) and dataset["data"].shape == (2, 2, 2)
    dataset.to_netcdf(tmp_path / "x.nc", engine="h5netcdf")


@pytest.mark.filterwarnings("ignore:.*Zarr.*specification", "ignore:Consolidated metadata")
def test_facts_that_no_file_holds_become_json_text(tmp_path: Path) -> None:
    facts = {
        "nested": {"a": [1, {"b": None}]}, "mixed": [1, "a"], "none": None, "flag": True,
        "empty": [], "words": ["a", "b"], "numbers": [1, 2.5], "large": 2**70, "a/b": 1, "é": "ü",
    }
    wavekeep.gnz.save(tmp_path / "x.gnz", {"a": np.zeros(3)}, facts)
    dataset = opened(tmp_path / "x.gnz").to_xarray()
    assert json.loads(dataset.attrs["nested"]) == facts["nested"]
    assert (dataset.attrs["flag"], dataset.attrs["large"], dataset.attrs["a_b"]) == (1, str(2**70), 1)
    assert "none" not in dataset.attrs
    for engine in ("netcdf4", "h5netcdf"):
        dataset.to_netcdf(tmp_path / f"{engine}.nc", engine=engine)
        with xr.open_dataset(tmp_path / f"{engine}.nc", engine=engine) as found:
            assert found.attrs["words"] == ["a", "b"] and found.attrs["mixed"] == '[1, "a"]'
    dataset.to_zarr(tmp_path / "x.zarr")


def test_dask_takes_a_dataset_and_a_file_in_pieces(tmp_path: Path) -> None:
    rec = event(BLAST)
    pieces = rec.to_xarray().chunk({"time": 500})
    assert float(abs(pieces["Vert"]).max().compute()) == np.abs(rec["Vert"]).max()
    path = rec.save(tmp_path / "x.zarr")
    with xr.open_dataset(path, engine="zarr", consolidated=False, chunks={}) as saved:
        assert_allclose(saved["Vert"].mean().compute(), rec["Vert"].mean(), rtol=1e-4)


def test_records_are_variables_by_their_fields(tmp_path: Path) -> None:
    records = np.zeros(3, [("t", "<f8"), ("xy", "<f4", (2,))])
    np.save(tmp_path / "x.npy", records)
    dataset = opened(tmp_path / "x.npy").to_xarray()
    assert dataset["x.t"].dims == ("dim_0",) and dataset["x.xy"].shape == (3, 2)
    dataset.to_netcdf(tmp_path / "x.nc", engine="netcdf4")


def test_raw_numbers_with_gaps_are_floats_with_nan() -> None:
    rec = event(DAMAGED)
    raw = rec.to_xarray(units="raw")
    assert raw["Vert"].dtype == np.float32 and raw["Tran"].dtype == np.int16
    assert int(raw["Vert"].isnull().sum()) == 510
    assert_array_equal(raw["Vert"].values[~rec["Vert"].mask], np.ma.getdata(rec["Vert"].raw)[~rec["Vert"].mask])


def test_save_knows_every_target_by_its_ending_and_its_options(tmp_path: Path) -> None:
    rec, file = event(BLAST), opened(GNZ / "typical.gnz")
    for one in (rec, event(NIGHT), file):
        folder = tmp_path / one.kind
        folder.mkdir()
        for ending in ("zarr", "arrow", "feather", "npz", "safetensors", "parquet", "h5", "hdf5", "gnz"):
            one.save(folder / f"x.{ending}")
        assert (folder / "x.zarr" / "zarr.json").is_file()
        assert (folder / "x.feather").read_bytes()[:6] == (folder / "x.arrow").read_bytes()[:6] == b"ARROW1"
        one.save(folder / "small.h5")
        one.save(folder / "large.h5", compress=False)
        with h5py.File(folder / "small.h5") as small, h5py.File(folder / "large.h5") as large:
            found: list[list[Any]] = [[], []]
            for place, held in enumerate((small, large)):
                held.visititems(
                    lambda _, it: found[place].append(it.compression)
                    if isinstance(it, h5py.Dataset) and it.size > 100 else None
                )
        assert set(found[0]) == {"gzip"} and set(found[1]) == {None}
        one.save(folder / "y.gnz", checksums=False)
        assert b"gnz.crc32c" in (folder / "x.gnz").read_bytes()
        assert b"gnz.crc32c" not in (folder / "y.gnz").read_bytes()
        with pytest.raises(FileExistsError):
            one.save(folder / "x.zarr")
        one.save(folder / "x.zarr", overwrite=True)
    rec.save(tmp_path / "x.mseed3")
    for word in ("zarr", "arrow", "npz", "safetensors"):
        rec.save(tmp_path / f"by_word_{word}", to=word)
        for save in (wavekeep.Event.save, wavekeep.ArrayFile.save):
            assert save.__doc__ is not None and word in save.__doc__
