"""numpy.load, scipy.io.wavfile and Python's own `wave` read the arrays."""

import json
import warnings
import wave

import numpy
from numpy.testing import assert_allclose, assert_array_equal
from scipy.io import wavfile


def test_numpy_loads_channels_by_samples(case, units):
    found = numpy.load(case.file("npy", units), allow_pickle=False)
    assert found.shape == (len(case.channels), case.length)
    assert found.flags["C_CONTIGUOUS"]
    expected = case.matrix(units)
    assert_allclose(found, expected, rtol=1e-14)
    whole = not numpy.isnan(expected).any()
    short = all(channel.facts["short"] for channel in case.channels)
    if units == "physical" or not short:
        assert found.dtype == numpy.float64
    else:
        assert found.dtype == (numpy.int16 if whole else numpy.float32)


def test_audio_is_read_or_refused_for_a_reason(case, units):
    path = case.file("wav", units)
    expected = case.matrix(units)
    if path is None:
        if case.is_waveform:
            assert numpy.isnan(expected).any() or case.truth["time"]["rate_hz"] % 1
            assert "missing samples" in case.refusal("wav", units)
        else:
            assert "a histogram" in case.refusal("wav", units)
        return
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rate, found = wavfile.read(path)
    assert rate == case.truth["time"]["rate_hz"]
    found = found.reshape(-1, len(case.channels)).T
    if units == "physical":
        assert found.dtype == numpy.float32
        assert_allclose(found, expected, rtol=1e-7)
        return
    assert found.dtype == numpy.int16
    assert_array_equal(found, expected)
    with wave.open(str(path)) as audio:
        assert (audio.getnchannels(), audio.getsampwidth()) == (len(case.channels), 2)
        assert audio.getframerate() == rate
        frames = numpy.frombuffer(audio.readframes(audio.getnframes()), dtype="<i2")
    assert_array_equal(frames.reshape(-1, len(case.channels)).T, expected)


def test_audio_carries_the_facts_in_its_comment(waveform, units):
    path = waveform.file("wav", units)
    if path is None:
        return
    content = path.read_bytes()
    assert int.from_bytes(content[4:8], "little") + 8 == len(content)
    at = content.rindex(b"ICMT")
    length = int.from_bytes(content[at + 4 : at + 8], "little")
    facts = json.loads(content[at + 8 : at + 8 + length].rstrip(b"\0"))
    assert facts["kind"] == "waveform"
    if waveform.name == "blast":
        assert facts["assumed"] == ["rate_hz", "pretrigger_s", "range"]
