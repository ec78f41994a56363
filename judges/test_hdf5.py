"""h5py reads numbers, units, gaps and facts, and the NXdata attributes hold h5web's rules."""

import json
import pathlib

import h5py
import numpy
import pytest
from numpy.testing import assert_allclose, assert_array_equal


def opened(case, units):
    path = case.file("hdf5", units)
    if path is None:
        # A value that single precision cannot hold is refused, not stored as infinity.
        pytest.fail(case.refusal("hdf5", units))
    return h5py.File(path, "r")


def values_of(file, channel):
    found = file[channel.name]
    return found if isinstance(found, h5py.Dataset) else found["peak"]


def test_values_and_units_are_those_of_the_recording(case, units):
    with opened(case, units) as file:
        for channel in case.channels:
            dataset = values_of(file, channel)
            assert dataset.shape == (case.length,)
            whole = not channel.missing.any()
            if units == "physical" or channel.facts["short"] and not whole:
                assert dataset.dtype == numpy.float32
            elif channel.are_integers(units) and whole:
                assert dataset.dtype == ("<i2" if channel.facts["short"] else "<i4")
            assert_allclose(dataset[:], channel.values(units), rtol=1e-7, atol=1e-40)
            assert channel.name in dataset.attrs["long_name"]
            plain = channel.facts["numerator"] == channel.facts["denominator"]
            raw = channel.facts["unit"] if plain else "count"
            assert dataset.attrs["units"] == (raw if units == "raw" else channel.unit)
            assert dataset.attrs["scale_units"] == channel.unit
            assert dataset.attrs["scale"] == pytest.approx(channel.per_count, rel=1e-12)
            if case.length:
                assert dataset.chunks and dataset.compression == "gzip"


def test_a_file_is_no_larger_than_h5py_makes_it_and_samples_no_larger_than_shuffled(case, units, tmp_path):
    with opened(case, units) as file, h5py.File(tmp_path / "again.h5", "w", libver="latest") as again:
        copied(file, again)
        for channel in case.channels:
            samples = values_of(file, channel)
            if case.length:
                shuffled = again.create_dataset(
                    f"shuffled {channel.name}", data=samples[()], chunks=samples.chunks,
                    shuffle=True, compression=samples.compression_opts,
                )
                again.flush()
                # Libraries of one level differ by a few bytes.
                most = 1.1 * shuffled.id.get_storage_size() + 64
                assert samples.id.get_storage_size() <= most, channel.name
                del again[f"shuffled {channel.name}"]
    with h5py.File(tmp_path / "plain.h5", "w") as plain, opened(case, units) as file:
        copied(file, plain)
    ours = pathlib.Path(case.file("hdf5", units)).stat().st_size
    assert ours <= (tmp_path / "plain.h5").stat().st_size


def copied(file, target):
    """All objects with their attributes, as h5py writes them."""
    for name in file:
        file.copy(name, target)
    for name, value in file.attrs.items():
        target.attrs[name] = value


def test_time_is_an_array_with_start_and_step(waveform):
    with opened(waveform, "physical") as file:
        time = file["time"]
        rate, before = waveform.truth["time"]["rate_hz"], waveform.truth["time"]["pretrigger_s"]
        assert_allclose(time[:], waveform.seconds, rtol=1e-15, atol=1e-15)
        assert time.is_scale
        for channel in waveform.channels:
            assert file[channel.name].dims[0][0] == time
        assert time.attrs["start"] == pytest.approx(-before, rel=1e-15)
        assert time.attrs["step"] == 1 / rate
        assert time.attrs["count"] == waveform.length
        assert time.attrs["units"] == "s"


def test_gaps_are_listed_and_not_a_number(case, units):
    with opened(case, units) as file:
        table = file["gaps"][:]
        found = [(row["channel"].decode(), row["first"], row["count"]) for row in table]
        assert found == [(channel.name, *gap) for channel in case.channels for gap in channel.gaps]
        for channel in case.channels:
            assert_array_equal(numpy.isnan(values_of(file, channel)[:]), channel.missing)


def test_a_histogram_has_frequencies_with_flags(histogram, units):
    with opened(histogram, units) as file:
        for channel in histogram.channels:
            group = file[channel.name]
            hertz, flags = channel.frequencies
            assert group["frequency"].attrs["units"] == "Hz"
            assert_allclose(group["frequency"][:], hertz, rtol=1e-7)
            meanings = group["frequency_flag"].attrs["flag_meanings"].split()
            assert list(group["frequency_flag"].attrs["flag_values"]) == list(range(5))
            words = [meanings[place] for place in group["frequency_flag"][:]]
            expected = [flag or "measured" for flag in flags]
            for index in numpy.flatnonzero(channel.missing):
                expected[index] = "missing"
            assert words == expected
            for name, fact in (("halfperiod", "half_periods"), ("annotation", "annotations")):
                stored = numpy.array(channel.facts[fact], dtype=float)
                stored[channel.missing] = numpy.nan
                assert_array_equal(group[name][:], stored)
        if histogram.truth["time"]["length_s"]:
            starts = file["interval_start"]
            assert starts.attrs["units"] == "s"
            assert starts.attrs["start"] == histogram.truth["start"]
            assert_array_equal(starts[:], 60.0 * numpy.arange(histogram.length))
        else:
            assert "interval_start" not in file


def check_nx_data(group):
    """The rules of h5web's `vis-packs/nexus/utils.ts`."""
    assert group.attrs["NX_class"] == "NXdata"
    name = group.attrs["signal"]
    assert isinstance(name, str)
    chosen = group[name]
    assert "/" not in name and isinstance(chosen, h5py.Dataset)
    assert len(chosen.shape) == 1 and numpy.issubdtype(chosen.dtype, numpy.number)
    for other in group.attrs.get("auxiliary_signals", []):
        assert isinstance(other, str) and "/" not in other
        assert group[other].shape == chosen.shape
    axes = list(group.attrs["axes"])
    assert len(axes) == len(chosen.shape)
    for axis in axes:
        if axis != ".":
            assert "/" not in axis and group[axis].shape == chosen.shape
            assert numpy.issubdtype(group[axis].dtype, numpy.number)


def test_h5web_finds_something_to_plot(case, units):
    with opened(case, units) as file:
        default = file.attrs["default"]
        assert isinstance(default, str) and default in file
        if case.is_waveform:
            check_nx_data(file)
            assert file.attrs["signal"] == case.channels[0].name
            others = [channel.name for channel in case.channels[1:]]
            assert list(file.attrs.get("auxiliary_signals", [])) == others
        else:
            assert file.attrs["NX_class"] == "NXroot"
            for channel in case.channels:
                check_nx_data(file[channel.name])
            check_nx_data(file[default])


def test_facts_are_attributes_of_their_own_types(case, units):
    with opened(case, units) as file:
        attributes = dict(file.attrs)
    assert attributes["kind"] == case.truth["kind"]
    assert attributes["clock"].startswith("unit-local")
    assert attributes.get("serial") == case.truth["serial"]
    assert attributes.get("start") == case.truth["start"]
    if case.is_waveform:
        assert isinstance(attributes["rate_hz"], numpy.float64)
        assert attributes["rate_hz"] == case.truth["time"]["rate_hz"]
    facts = json.loads(attributes["facts"])
    assert list(attributes["assumed"]) == facts["assumed"]
    assert [channel["name"] for channel in facts["channels"]] == [c.name for c in case.channels]
    if case.name == "gapped":
        assert attributes["damaged"]
        assert "a segment is gone" in list(attributes["notes"])
    if case.name == "blast":
        assert attributes["serial_basis"] == "file_name"
        assert attributes["rate_hz_basis"] == "assumed"
        assert list(attributes["assumed"]) == ["rate_hz", "pretrigger_s", "range"]
        assert (attributes["range"], attributes["range_in_per_s"]) == ("normal", 10.0)
        assert attributes["source_bytes"] == 8708
        assert isinstance(attributes["source_bytes"], numpy.int64)
        assert isinstance(attributes["damaged"], numpy.bool_) and not attributes["damaged"]
        assert attributes["example.end_key"] == 8690
        assert isinstance(attributes["example.continuous"], numpy.bool_)
        assert attributes["example.ratio"] == 0.5
        assert attributes["example.mode"] == "é"
