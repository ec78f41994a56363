"""numpy.memmap reads events from GNZ files, which are those of the Python writer."""

import gnz_file
import numpy
from numpy.testing import assert_allclose, assert_array_equal


def opened(case, units):
    path = case.file("gnz", units)
    assert path, case.truth["outcomes"]["gnz"][units]
    arrays, metadata = gnz_file.read(path)
    assert all(order == "C" for _, _, order in arrays)
    return {name: array for name, array, _ in arrays}, metadata


def test_channels_are_arrays_with_units(case, units):
    arrays, metadata = opened(case, units)
    for channel in case.channels:
        name = channel.name if case.is_waveform else f"{channel.name}_peak"
        found = arrays[name]
        assert found.shape == (case.length,)
        assert_allclose(found, channel.values(units), rtol=1e-7, atol=1e-40)
        whole = not channel.missing.any()
        if channel.are_integers(units) and whole:
            assert found.dtype == ("<i2" if channel.facts["short"] else "<i4")
        elif units == "physical" or channel.facts["short"]:
            assert found.dtype == "<f4"
        else:
            assert found.dtype in ("<f4", "<f8")
        if units == "physical":
            assert metadata["array_units"][name] == channel.unit


def test_a_histogram_has_frequencies_and_what_the_format_keeps(histogram, units):
    arrays, metadata = opened(histogram, units)
    for channel in histogram.channels:
        hertz, flags = channel.frequencies
        assert_allclose(arrays[f"{channel.name}_frequency"], hertz, rtol=1e-7)
        assert metadata["array_units"][f"{channel.name}_frequency"] == "Hz"
        words = [metadata["frequency_flags"][at] for at in arrays[f"{channel.name}_frequency_flag"]]
        expected = [flag or "measured" for flag in flags]
        for index in numpy.flatnonzero(channel.missing):
            expected[index] = "missing"
        assert words == expected
        whole = not channel.missing.any()
        for what, fact, dtype in (
            ("halfperiod", "half_periods", "<u2"),
            ("annotation", "annotations", "|u1"),
        ):
            stored = numpy.array(channel.facts[fact], dtype=float)
            stored[channel.missing] = numpy.nan
            found = arrays[f"{channel.name}_{what}"]
            assert found.dtype == (dtype if whole else "<f4")
            assert_array_equal(found, stored)


def test_gaps_are_listed_by_the_number_of_the_channel(case, units):
    arrays, _ = opened(case, units)
    gaps = [(at, *gap) for at, channel in enumerate(case.channels) for gap in channel.gaps]
    if gaps:
        assert arrays["gaps"].dtype == "<i8"
        assert [tuple(row) for row in arrays["gaps"].tolist()] == gaps
    else:
        assert "gaps" not in arrays


def test_metadata_is_the_facts(case, units):
    _, metadata = opened(case, units)
    assert metadata["units"] == units
    assert metadata["kind"] == case.truth["kind"]
    assert [channel["name"] for channel in metadata["channels"]] == [c.name for c in case.channels]
    if case.is_waveform:
        assert metadata["time"]["rate_hz"]["value"] == case.truth["time"]["rate_hz"]
    if case.name == "blast":
        assert metadata["assumed"] == ["rate_hz", "pretrigger_s", "range"]
        assert metadata["source"]["sha256"] == "00ff" * 16


def test_the_file_is_the_one_of_the_python_writer(case, units):
    path = case.file("gnz", units)
    arrays, metadata = gnz_file.read(path)
    assert set(metadata[gnz_file.CHECKSUMS]) == {name for name, _, _ in arrays}
    # Arrays without bytes all have one offset, which does not tell their order.
    if case.length:
        assert gnz_file.write(arrays, metadata) == path.read_bytes()
