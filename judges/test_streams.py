"""xarray, netCDF-C, zarr-python, pyarrow, Polars and DuckDB read a stream in every target.

Sample c of frame i is 100 c + i; one count is an eighth of a radian; a frame a millisecond.
"""

import os
from pathlib import Path

import duckdb
import netCDF4
import numpy
import polars
import pyarrow.feather
import pyarrow.parquet
import pytest
import xarray
import zarr

CHANNELS, FRAMES = 5, 3000
COUNTS = 100 * numpy.arange(CHANNELS)[:, None] + numpy.arange(FRAMES)
HEADINGS = ["data_0", "data_1 2:101 5123.5 MHz", "data_2 2:102", "data_3 2:103", "data_4 2:104"]


def path(units, extension):
    return Path(os.environ["WAVEKEEP_JUDGED"]) / f"frames.{units}.{extension}"


def expected(units):
    return COUNTS if units == "raw" else COUNTS / 8


def unit_of(units):
    return "count" if units == "raw" else "rad"


@pytest.mark.parametrize("engine", ["netcdf4", "h5netcdf", "zarr"])
def test_xarray_has_samples_with_times_and_detectors(units, engine):
    file = path(units, "zarr" if engine == "zarr" else "h5")
    options = {"consolidated": False} if engine == "zarr" else {}
    with xarray.open_dataset(file, engine=engine, **options) as found:
        data = found["data"]
        assert data.dims == ("row", "time")
        assert data.dtype == ("int32" if units == "raw" else "float64")
        numpy.testing.assert_array_equal(data, expected(units))
        assert data.attrs["units"] == unit_of(units)
        start = numpy.datetime64("2026-05-01", "ns")
        times = start + numpy.arange(FRAMES) * numpy.timedelta64(1, "ms")
        numpy.testing.assert_array_equal(found["time_ns"], times)
        assert list(found["band"].values) == [-1, 2, 2, 2, 2]
        assert list(found["channel"].values) == [-1, 101, 102, 103, 104]
        assert {"time_ns", "band", "channel", "frequency_mhz", "channel_index"} <= set(found.coords)
        assert found["bias"].dims == ("bias_row", "time")
        assert found.attrs["rate"] == 4000.25


def test_netcdf_c_has_named_dimensions(units):
    with netCDF4.Dataset(path(units, "h5")) as file:
        assert {name: len(it) for name, it in file.dimensions.items()} == {
            "row": CHANNELS, "time": FRAMES, "bias_row": 2,
        }
        numpy.testing.assert_array_equal(file["data"][...], expected(units))


def test_zarr_is_compressed(units):
    group = zarr.open_group(path(units, "zarr"), mode="r")
    data = group["data"]
    numpy.testing.assert_array_equal(data[...], expected(units))
    assert data.metadata.dimension_names == ("row", "time")
    assert "zstd" in str(data.compressors).lower()


@pytest.mark.parametrize("extension", ["parquet", "arrow"])
def test_a_table_has_a_column_a_channel_with_unit_and_detector(units, extension):
    read = pyarrow.feather.read_table if extension == "arrow" else pyarrow.parquet.read_table
    found = read(path(units, extension))
    names = [f"{heading} ({unit_of(units)})" for heading in HEADINGS]
    assert found.column_names[:CHANNELS] == names
    for row, name in enumerate(names):
        numpy.testing.assert_array_equal(found[name].to_numpy(), expected(units)[row])
        known = {key.decode(): it.decode() for key, it in found.schema.field(name).metadata.items()}
        assert known.get("unit") == unit_of(units)
        assert known.get("band") == (None if row == 0 else "2")
        assert known.get("channel") == (None if row == 0 else str(100 + row))
        assert known.get("frequency_mhz") == ("5123.5" if row == 1 else None)
        assert known["channel_index"] == str(row)


def test_polars_and_duckdb_read_the_tables(units):
    name = f"data_2 2:102 ({unit_of(units)})"
    total = float(expected(units)[2].sum())
    assert float(polars.read_parquet(path(units, "parquet"))[name].sum()) == total
    assert float(polars.read_ipc(path(units, "arrow"))[name].sum()) == total
    assert float(polars.read_csv(path(units, "csv"))[name].sum()) == total
    for extension in ("parquet", "csv"):
        query = f"select sum(\"{name}\") from '{path(units, extension)}'"
        assert float(duckdb.sql(query).fetchall()[0][0]) == total
