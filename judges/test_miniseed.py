"""pymseed (libmseed, the FDSN's reference) reads the same samples, rates, times, identifiers, gaps.

ObsPy judges version 2: it has no reader of version 3 yet.
"""

import json
import re
from datetime import UTC, datetime

import numpy
import obspy
import pymseed
import pytest
from numpy.testing import assert_allclose, assert_array_equal

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
CODES = {"Tran": "P_T", "Vert": "P_Z", "Long": "P_R", "MicL": "D_F"}


def base_36(number, length):
    digits = ""
    while number or len(digits) < length:
        number, digit = divmod(number, 36)
        digits = DIGITS[digit] + digits
    return digits


def station(serial):
    """The rule of `crates/export/src/seed.rs`, a second time."""
    if not serial:
        return "UNK"
    assert re.fullmatch("[A-Z]{2}[0-9]{5}", serial), serial
    pair = 26 * (ord(serial[0]) - 65) + ord(serial[1]) - 65
    return base_36(pair * 100_000 + int(serial[2:]), 5)


def identifiers(case):
    """Of each channel."""
    band = "G" if case.truth["time"]["rate_hz"] >= 1000 else "S"
    found = []
    for channel in case.channels:
        name, number = re.fullmatch(r"(.*?)\s*(\d{0,2})", channel.name).groups()
        letters = [letter for letter in channel.name if letter.isascii() and letter.isalnum()]
        source = CODES.get(name)
        if source is None:
            kind = {"geophone": "P", "microphone": "D"}.get(channel.facts["sensor"], "Y")
            source = f"{kind}_{(letters or ['X'])[0].upper()}"
        for free in range(int(number or 0), 36**2):
            location = base_36(free, 2) if free else ""
            one = f"FDSN:XX_{station(case.truth['serial'])}_{location}_{band}_{source}"
            if one not in found:
                break
        found.append(one)
    return found


def identifier(case, channel):
    return dict(zip([one.name for one in case.channels], identifiers(case), strict=True))[
        channel.name
    ]


def written(waveform, units, target="miniseed3"):
    path = waveform.file(target, units)
    if path is None:
        assert waveform.name in ("empty", "lost")
        assert "without a single sample" in waveform.refusal(target, units)
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
    for target in ("miniseed", "miniseed3"):
        assert histogram.file(target, units) is None
        assert "a histogram" in histogram.refusal(target, units)


def test_obspy_has_no_reader_of_version_3_yet(waveform, units):
    """When this fails, ObsPy has one: let it judge the files themselves."""
    path = written(waveform, units)
    if path is not None:
        with pytest.raises(TypeError, match="Unknown format"):
            obspy.read(str(path))


def test_obspy_and_libmseed_read_version_2(waveform, units):
    path = written(waveform, units, "miniseed")
    if path is None:
        return
    rate = waveform.truth["time"]["rate_hz"]
    expected = expected_runs(waveform)
    traces = obspy.read(str(path))
    by_id = {}
    for trace in traces:
        assert trace.stats._format == "MSEED" and trace.stats.mseed.record_length == 4096
        by_id.setdefault((trace.id, trace.stats.starttime.ns), trace)
    assert len(by_id) == len(traces) == len(expected)
    for identity, start, channel, part in expected:
        *head, band, source, subsource = identity.removeprefix("FDSN:").split("_")
        name = ".".join([*head, band + source + subsource])
        # Version 2 has room for microseconds.
        trace = next(one for (id, at), one in by_id.items() if id == name and abs(at - start) <= 501)
        assert trace.stats.sampling_rate == pytest.approx(rate, rel=1e-6)
        check(trace.data, channel, part, units)
    starts = set()
    for record in pymseed.MS3Record.from_file(str(path), unpack_data=True):
        assert record.formatversion == 2 and record.reclen == 4096
        assert record.samprate == pytest.approx(rate, rel=1e-6)
        assert json.loads(record.extra)["FDSN"]["Time"]["Quality"] == 0
        starts.add(record.sourceid)
    assert starts == {one[0] for one in expected}
