"""pyarrow and pandas read types, nulls, units and facts."""

import json

import numpy
import pandas
import pyarrow
import pyarrow.parquet
from numpy.testing import assert_allclose, assert_array_equal


def table(case, units):
    return pyarrow.parquet.read_table(case.file("parquet", units))


def numbers(column):
    return column.to_pandas().to_numpy(dtype=float, na_value=numpy.nan)


def nulls(column):
    return column.is_null(nan_is_null=False).to_numpy()


def test_a_waveform_has_a_column_a_channel(waveform, units):
    found = table(waveform, units)
    assert found.column_names == ["time_s"] + [channel.name for channel in waveform.channels]
    assert found.num_rows == waveform.length
    time = found.schema.field("time_s")
    assert time.type == pyarrow.float64() and not time.nullable
    assert_allclose(numbers(found["time_s"]), waveform.seconds, rtol=1e-15, atol=1e-15)
    for channel in waveform.channels:
        field = found.schema.field(channel.name)
        assert field.nullable
        if channel.are_integers(units):
            assert field.type == (pyarrow.int16() if channel.facts["short"] else pyarrow.int32())
        else:
            assert field.type == pyarrow.float64()
        assert_array_equal(nulls(found[channel.name]), channel.missing)
        assert_allclose(numbers(found[channel.name]), channel.values(units), rtol=1e-14)


def test_a_histogram_has_the_columns_of_the_csv_and_the_annotations(histogram, units):
    found = table(histogram, units)
    csv = pandas.read_csv(histogram.file("csv", units))
    # The headings of the CSV carry the units.
    csv = csv.rename(columns=lambda name: name.partition(" (")[0])
    annotations = [f"{channel.name}_annotation" for channel in histogram.channels]
    assert found.column_names == list(csv.columns) + annotations
    for name in csv.columns:
        if name.endswith("_flag"):
            assert found.schema.field(name).type == pyarrow.string()
            texts = [text if isinstance(text, str) else None for text in csv[name]]
            assert found[name].to_pylist() == texts
        elif name == "start_unit_local":
            assert found.schema.field(name).type == pyarrow.timestamp("us")
            assert found[name].to_pylist() == list(pandas.to_datetime(csv[name]))
        else:
            assert_array_equal(nulls(found[name]), csv[name].isna())
            assert_allclose(numbers(found[name]), csv[name].to_numpy(dtype=float), rtol=1e-15)
    for channel in histogram.channels:
        expected = numpy.array(channel.facts["annotations"], dtype=float)
        expected[channel.missing] = numpy.nan
        assert_array_equal(numbers(found[f"{channel.name}_annotation"]), expected)


def test_facts_and_units_travel_in_the_metadata(case, units):
    metadata = pyarrow.parquet.read_metadata(case.file("parquet", units)).metadata
    facts = json.loads(metadata[b"wavekeep.facts"])
    assert facts["kind"] == case.truth["kind"]
    found = json.loads(metadata[b"wavekeep.units"])
    if case.is_waveform and units == "physical":
        assert found == {"time_s": "s"} | {channel.name: channel.unit for channel in case.channels}


def test_pandas_shows_units_and_assumptions(case, units):
    frame = pandas.read_parquet(case.file("parquet", units))
    assert len(frame) == case.length
    first = case.channels[0].name
    assert (first if case.is_waveform else f"{first}_peak") in frame.attrs["units"]
    if case.name == "blast":
        assert frame.attrs["assumed"] == ["rate_hz", "pretrigger_s", "range"]
    for channel in case.channels if case.is_waveform else []:
        assert_array_equal(frame[channel.name].isna(), channel.missing)
