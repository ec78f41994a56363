"""Python's own `csv` and `json` read the text targets, and pandas reads the CSV."""

import csv
import json

import numpy
import pandas
from numpy.testing import assert_allclose, assert_array_equal


#: When the intervals of a histogram began, behind their numbers.
START = "start_unit_local"


def bare(heading):
    """A heading without the unit that it carries: `Tran (in/s)` is `Tran`."""
    return heading.partition(" (")[0]


def headings(case, units):
    with open(case.file("csv", units), newline="", encoding="utf-8") as file:
        return next(csv.reader(file))


def columns(case, units):
    """The CSV as a dictionary of columns of text, without units and starts of intervals."""
    with open(case.file("csv", units), newline="", encoding="utf-8") as file:
        header, *rows = list(csv.reader(file))
    assert len(rows) == case.length
    assert all(len(row) == len(header) for row in rows)
    texts = zip(*rows, strict=True) if rows else [()] * len(header)
    found = dict(zip(map(bare, header), texts, strict=True))
    found.pop(START, None)
    return found


def test_headings_carry_the_units_of_physical_numbers_and_of_no_others(case):
    assert not [name for name in headings(case, "raw") if "(" in name or name == START]
    physical = headings(case, "physical")
    if case.is_waveform:
        assert physical[0] == "time_s"
        expected = [f"{channel.name} ({channel.unit})" for channel in case.channels]
        assert physical[1:] == expected
    else:
        peaks = [name for name in physical if "_peak (" in name]
        assert len(peaks) == len(case.channels)
        assert all("(in/s)" in name or "(dB(L))" in name for name in peaks)


def test_intervals_have_their_starts_by_the_units_clock(histogram):
    table = pandas.read_csv(histogram.file("csv", "physical"))
    if START in table.columns:
        starts = pandas.to_datetime(table[START])
        assert starts.is_monotonic_increasing and starts.dt.tz is None


def numbers(texts):
    return numpy.array([float(text) if text else numpy.nan for text in texts])


def test_a_waveform_has_a_row_a_sample(waveform, units):
    found = columns(waveform, units)
    assert list(found) == ["time_s"] + [channel.name for channel in waveform.channels]
    assert_allclose(numbers(found["time_s"]), waveform.seconds, rtol=1e-15, atol=1e-15)
    for channel in waveform.channels:
        assert_allclose(numbers(found[channel.name]), channel.values(units), rtol=1e-14)
        if channel.are_integers(units):
            assert all(text == "" or str(int(text)) == text for text in found[channel.name])


def test_numbers_print_as_the_vendor_prints_them(waveform):
    if waveform.name not in ("blast", "thousand"):
        return
    found = columns(waveform, "physical")
    for channel in waveform.channels[:3]:
        # Multiples of 0.005 have at most three decimals.
        assert all(len(text.partition(".")[2]) <= 3 for text in found[channel.name])
    if waveform.name == "thousand":
        assert found["time_s"][:3] == ("-0.25", "-0.249", "-0.248")


def test_a_raw_histogram_has_a_row_an_interval(histogram):
    found = columns(histogram, "raw")
    names = [channel.name for channel in histogram.channels]
    assert list(found) == ["interval"] + [
        f"{name}_{what}" for name in names for what in ("peak", "halfperiod")
    ]
    assert found["interval"] == tuple(str(index) for index in range(histogram.length))
    for channel in histogram.channels:
        assert_array_equal(numbers(found[f"{channel.name}_peak"]), channel.counts)
        halves = numpy.array(channel.facts["half_periods"], dtype=float)
        halves[channel.missing] = numpy.nan
        assert_array_equal(numbers(found[f"{channel.name}_halfperiod"]), halves)


def test_a_physical_histogram_has_numbers_first_and_words_behind(histogram):
    found = columns(histogram, "physical")
    names = [channel.name for channel in histogram.channels]
    first = [f"{name}_{what}" for name in names for what in ("peak", "frequency")]
    behind = [f"{name}_{what}" for name in names for what in ("peak_flag", "frequency_flag")]
    assert list(found) == ["interval"] + first + behind
    for channel in histogram.channels:
        peaks = channel.levels if channel.name == "MicL" else channel.values("physical")
        assert_allclose(numbers(found[f"{channel.name}_peak"]), peaks, rtol=1e-14)
        hertz, flags = channel.frequencies
        assert_allclose(numbers(found[f"{channel.name}_frequency"]), hertz, rtol=1e-15)
        assert list(found[f"{channel.name}_frequency_flag"]) == flags
        at_limit = numpy.abs(channel.counts) >= channel.facts["limit"]
        expected = ["saturated" if limit else "" for limit in at_limit]
        assert list(found[f"{channel.name}_peak_flag"]) == expected


def test_pandas_reads_numbers_where_numbers_are(case, units):
    table = pandas.read_csv(case.file("csv", units))
    assert len(table) == case.length
    for name in table.columns:
        if not name.endswith("_flag") and name != START and len(table):
            assert pandas.api.types.is_numeric_dtype(table[name]), name


def strict(path):
    """JSON without the constants that only Python knows."""

    def refuse(constant):
        raise ValueError(f"{constant} is not JSON")

    return json.loads(path.read_text(encoding="utf-8"), parse_constant=refuse)


def test_json_holds_the_table_of_the_csv(case, units):
    document = strict(case.file("json", units))
    assert document["units"] == units
    found = {column["name"]: column for column in document["columns"]}
    for name, texts in columns(case, units).items():
        values = found[name]["values"]
        if name.endswith("_flag"):
            assert [value or "" for value in values] == list(texts)
        else:
            expected = [float(text) if text else None for text in texts]
            assert values == expected, name
    for channel in case.channels if case.is_waveform else []:
        if units == "physical":
            assert found[channel.name]["unit"] == channel.unit


def test_json_says_what_is_known_and_what_was_assumed(case):
    document = strict(case.file("json", "physical"))
    assert document["kind"] == case.truth["kind"]
    assert document["clock"] == "unit-local"
    assert [channel["name"] for channel in document["channels"]] == [c.name for c in case.channels]
    if case.name in ("blast", "gapped"):
        assert document["assumed"] == ["rate_hz", "pretrigger_s", "range"]
        assert document["start"] == {"value": "2026-05-01T13:16:34", "basis": "file"}
        assert document["time"]["rate_hz"] == {"value": 1024.0, "basis": "assumed"}
    if case.name == "gapped":
        gaps = [{"first": 512, "count": 512}, {"first": 1536, "count": 1}]
        assert document["channels"][1]["gaps"] == gaps
        assert document["report"]["damaged"] is True
