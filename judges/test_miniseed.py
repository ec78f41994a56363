"""pymseed (libmseed, the FDSN's reference) reads the same samples, rates, times, identifiers, gaps.

ObsPy cannot judge the files themselves: it has no reader of version 3 yet. It reads what libmseed
makes of them in version 2, which is the way that its users have until then.
"""

import io
import json
from datetime import UTC, datetime

import numpy
import obspy
import pymseed
import pytest
from numpy.testing import assert_allclose, assert_array_equal

CODES = {
    "Tran": "P_T",
    "Vert": "P_Z",
    "Long": "P_R",
    "MicL": "D_F",
    'Größe, "x"': "P_GREX",
    "地震": "P_",
}


def identifier(case, channel):
    band = "G" if case.truth["time"]["rate_hz"] >= 1000 else "S"
    station = case.truth["serial"] or "UNKNOWN"
    return f"FDSN:XX_{station}__{band}_{CODES.get(channel.name) or 'Y_' + channel.name.upper()}"


def written(waveform, units):
    path = waveform.file("miniseed", units)
    if path is None:
        assert waveform.name in ("empty", "lost")
        assert "without a single sample" in waveform.refusal("miniseed", units)
    return path


def expected_runs(waveform):
    """Each run without a gap: identifier, start in ns since 1970, channel, first and end."""
    trigger = datetime.fromisoformat(waveform.truth["start"]).replace(tzinfo=UTC)
    trigger_ns = round(trigger.timestamp()) * 10**9
    return [
        (
            identifier(waveform, channel),
            trigger_ns + round(waveform.seconds[first] * 1e9),
            channel,
            slice(first, end),
        )
        for channel in waveform.channels
        for first, end in channel.runs
    ]


def check(found, channel, part, units):
    expected = channel.values(units)[part]
    if channel.are_integers(units):
        assert found.dtype == numpy.int32
        assert_array_equal(found, expected)
    else:
        assert found.dtype == numpy.float64
        assert_allclose(found, expected, rtol=1e-14)


def test_libmseed_reads_what_was_recorded(waveform, units):
    path = written(waveform, units)
    if path is None:
        return
    rate = waveform.truth["time"]["rate_hz"]
    runs = []
    for record in pymseed.MS3Record.from_file(str(path), unpack_data=True, validate_crc=True):
        assert record.formatversion == 3
        assert record.samprate == rate
        assert record.flags & 2, "the time tag is questionable"
        samples = numpy.array(record.np_datasamples)
        assert len(samples) == record.samplecnt
        # Records of one run follow each other without a gap: they are joined by their times.
        if runs and runs[-1][0] == record.sourceid:
            _, start, pieces = runs[-1]
            if abs(start + sum(map(len, pieces)) / rate * 1e9 - record.starttime) <= 2:
                pieces.append(samples)
                continue
        runs.append((record.sourceid, record.starttime, [samples]))
    for found, expected in zip(runs, expected_runs(waveform), strict=True):
        assert found[0] == expected[0]
        assert abs(found[1] - expected[1]) <= 1
        check(numpy.concatenate(found[2]), expected[2], expected[3], units)


def test_headers_say_unit_scale_and_that_no_zone_is_known(waveform, units):
    path = written(waveform, units)
    if path is None:
        return
    for record in pymseed.MS3Record.from_file(str(path)):
        headers = json.loads(record.extra)
        own = headers["Wavekeep"]
        channel = next(c for c in waveform.channels if c.name == own["Channel"])
        assert record.sourceid == identifier(waveform, channel)
        assert own["Clock"] == "unit-local"
        assert own["PhysicalUnit"] == channel.unit
        assert own["PhysicalPerCount"] == pytest.approx(channel.per_count, rel=1e-12)
        if units == "physical":
            assert own["Unit"] == channel.unit
        if waveform.name == "blast":
            assert own["Assumed"] == ["rate_hz", "pretrigger_s", "range"]
            assert headers["FDSN"] == {"Logger": {"Serial": "BE11529"}}


def test_the_headers_of_the_fdsn_hold_its_schema(waveform, units):
    path = written(waveform, units)
    if path is None:
        return
    for record in pymseed.MS3Record.from_file(str(path)):
        assert record.valid_extra_headers()


def test_histograms_are_refused(histogram, units):
    assert histogram.file("miniseed", units) is None
    assert "a histogram" in histogram.refusal("miniseed", units)


def test_obspy_has_no_reader_of_version_3_yet(waveform, units):
    """When this fails, ObsPy has one: let it judge the files themselves."""
    path = written(waveform, units)
    if path is not None:
        with pytest.raises(TypeError, match="Unknown format"):
            obspy.read(str(path))


def test_obspy_reads_what_libmseed_makes_of_the_file_in_version_2(waveform, units):
    path = written(waveform, units)
    if path is None or waveform.name in ("wide", "named"):
        # Version 2 has no room for their identifiers.
        return
    second = io.BytesIO()
    for record in pymseed.MS3Record.from_file(str(path), unpack_data=True):
        record.formatversion = 2
        record.reclen = 4096
        # Version 2 has room for five letters of a station.
        record.sourceid = record.sourceid.replace("BE11529", "11529")
        for packed in record.generate():
            second.write(packed)
    second.seek(0)
    stream = obspy.read(second)
    found = {(trace.stats.channel, trace.stats.starttime.ns): trace for trace in stream}
    expected = expected_runs(waveform)
    assert len(found) == len(stream) == len(expected)
    for identity, start, channel, part in expected:
        code = "".join(identity.rsplit("_", 3)[1:])
        # Version 2 has room for microseconds.
        trace = next(
            trace for (name, at), trace in found.items() if name == code and abs(at - start) <= 1000
        )
        assert trace.id == f"XX.11529..{code}"
        assert trace.stats.sampling_rate == pytest.approx(waveform.truth["time"]["rate_hz"])
        check(trace.data, channel, part, units)
