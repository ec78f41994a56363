"""netCDF-C and xarray open HDF5 and Zarr with dimensions, units and times; pyarrow maps Arrow."""

import netCDF4
import numpy
import pyarrow
import pyarrow.ipc
import pyarrow.parquet
import pytest
import xarray
from numpy.testing import assert_allclose, assert_array_equal


@pytest.fixture(params=["netcdf4", "h5netcdf", "zarr"])
def engine(request):
    return request.param


def dataset(case, units, engine, group=None):
    path = case.file("zarr" if engine == "zarr" else "hdf5", units)
    options = {"consolidated": False} if engine == "zarr" else {}
    if engine == "h5netcdf":
        options["phony_dims"] = "sort"
    return xarray.open_dataset(path, engine=engine, group=group, **options)


def test_a_waveform_has_channels_over_time(waveform, units, engine):
    with dataset(waveform, units, engine) as found:
        assert found.sizes["time"] == waveform.length
        assert_allclose(found["time"], waveform.seconds, rtol=1e-15, atol=1e-15)
        assert found["time"].attrs["units"] == "s"
        for channel in waveform.channels:
            variable = found[channel.name]
            assert variable.dims == ("time",)
            assert_allclose(variable, channel.values(units), rtol=1e-7, atol=1e-40)
            if units == "physical":
                assert variable.attrs["units"] == channel.unit
        assert found.attrs["Conventions"].startswith("CF-")


def test_a_histogram_has_a_group_a_channel_over_intervals(histogram, units, engine):
    known = histogram.truth["time"]["length_s"]
    for channel in histogram.channels:
        with dataset(histogram, units, engine, channel.name) as found:
            assert_allclose(found["peak"], channel.values(units), rtol=1e-7)
            assert found["peak"].dims == (("interval_start",) if known else ("interval",))
            assert found["frequency"].dims == found["peak"].dims
            meanings = found["frequency_flag"].attrs["flag_meanings"].split()
            assert len(meanings) == len(found["frequency_flag"].attrs["flag_values"])
    with dataset(histogram, units, engine) as root:
        if known:
            assert_array_equal(root["interval_start"], 60.0 * numpy.arange(histogram.length))
            assert root["interval_start"].attrs["units"] == "s"


def test_netcdf_c_reads_every_variable_and_attribute(case, units):
    with netCDF4.Dataset(case.file("hdf5", units)) as file:
        groups = [file, *file.groups.values()]
        for group in groups:
            for name in group.ncattrs():
                group.getncattr(name)
            for variable in group.variables.values():
                variable[...]
                for name in variable.ncattrs():
                    variable.getncattr(name)
        held = [name for group in groups for name in group.variables]
        assert all(channel.name in [*held, *file.groups] for channel in case.channels)


def test_an_arrow_file_is_mapped_with_units_and_nulls(case, units):
    path = case.file("arrow", units)
    before = pyarrow.total_allocated_bytes()
    with pyarrow.memory_map(str(path)) as file:
        found = pyarrow.ipc.open_file(file).read_all()
        assert pyarrow.total_allocated_bytes() - before < 65536
        same = pyarrow.parquet.read_table(case.file("parquet", units))
        assert found.schema.equals(same.schema, check_metadata=False)
        assert found.equals(same)
    for channel in case.channels if case.is_waveform and units == "physical" else []:
        assert found.schema.field(channel.name).metadata[b"unit"].decode() == channel.unit
