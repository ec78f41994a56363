"""Compares spectra and one-third-octave bands of wavekeep with scipy.

Argument: a JSON file, a list of channels with `name`, `rate_hz`, `samples` (null where one is missing), `spectra` (by
window) and `third_octaves`.
"""

import json
import sys

import numpy
from scipy import signal

# The names of the bands of a decade, by IEC 61260-1, and with how many digits they are written.
NOMINAL = [1, 1.25, 1.6, 2, 2.5, 3.15, 4, 5, 6.3, 8]
WINDOWS = {"none": "boxcar", "hann": "hann", "flat_top": "flattop"}


def longest_run(samples):
    """The longest run without a missing sample, as (start, stop)."""
    missing = [-1, *(index for index, sample in enumerate(samples) if sample is None), len(samples)]
    return max(((left + 1, right) for left, right in zip(missing, missing[1:])), key=lambda run: run[1] - run[0])


def check_lines(stretch, rate, window, found):
    """Amplitudes of sines: the power spectrum of scipy is the square of their RMS."""
    hertz, power = signal.periodogram(stretch, fs=rate, window=WINDOWS[window], detrend="constant", scaling="spectrum")
    amplitude = numpy.sqrt(2 * power)
    amplitude[0] /= numpy.sqrt(2)
    if len(stretch) % 2 == 0:
        amplitude[-1] /= numpy.sqrt(2)
    lines = numpy.arange(len(found["amplitudes"])) * found["resolution_hz"]
    numpy.testing.assert_allclose(lines, hertz, rtol=1e-12)
    # scipy takes the square root of squares: what is nearly nothing has fewer digits.
    scale = amplitude.max()
    numpy.testing.assert_allclose(found["amplitudes"], amplitude, rtol=1e-7, atol=1e-9 * scale)


def check_bands(stretch, rate, found):
    """RMS of the bands, from the integral of the power density between their edges."""
    hertz, power = signal.periodogram(stretch, fs=rate, detrend="constant", scaling="spectrum")
    step = hertz[1]
    ends = numpy.minimum(hertz + step / 2, rate / 2)
    total = numpy.concatenate([[0], numpy.cumsum(power)])
    below = numpy.concatenate([[0], ends])
    scale = numpy.sqrt(total[-1])
    assert found["bands"], "there are bands"
    for band in found["bands"]:
        n = round(10 * numpy.log10(band["mid_hz"] / 1000))
        nominal = NOMINAL[n % 10] * 10.0 ** (n // 10 + 3)
        numpy.testing.assert_allclose(band["nominal_hz"], nominal, rtol=1e-12)
        numpy.testing.assert_allclose(band["mid_hz"], 1000 * 10 ** (n / 10), rtol=1e-12)
        numpy.testing.assert_allclose(band["from_hz"], band["mid_hz"] * 10 ** -0.05, rtol=1e-12)
        numpy.testing.assert_allclose(band["to_hz"], band["mid_hz"] * 10 ** 0.05, rtol=1e-12)
        within = numpy.interp(band["to_hz"], below, total) - numpy.interp(band["from_hz"], below, total)
        numpy.testing.assert_allclose(band["rms"], numpy.sqrt(max(within, 0)), rtol=1e-6, atol=1e-7 * scale)
    squares = sum(band["rms"] ** 2 for band in found["bands"]) + found["below_rms"] ** 2 + found["above_rms"] ** 2
    numpy.testing.assert_allclose(squares, numpy.var(stretch), rtol=1e-9)
    numpy.testing.assert_allclose(found["mean"], numpy.mean(stretch), rtol=1e-9, atol=1e-12)


def check_filters(stretch, rate, found):
    """Of noise, a filter of each band lets through about the same."""
    for band in found["bands"]:
        if band["from_hz"] < 8:
            continue
        edges = [band["from_hz"], min(band["to_hz"], rate / 2 * 0.999)]
        passed = signal.sosfilt(signal.butter(6, edges, "bandpass", fs=rate, output="sos"), stretch)
        decibels = 20 * numpy.log10(numpy.std(passed) / band["rms"])
        assert abs(decibels) < 0.5, f"{band['nominal_hz']} Hz: {decibels} dB from a filter"


for channel in json.load(open(sys.argv[1], encoding="utf-8")):
    start, stop = longest_run(channel["samples"])
    stretch = numpy.array(channel["samples"][start:stop], dtype=float)
    rate = channel["rate_hz"]
    assert channel["third_octaves"]["samples"] == {"start": start, "end": stop}
    for window, found in channel["spectra"].items():
        assert found["samples"] == {"start": start, "end": stop}
        check_lines(stretch, rate, window, found)
    check_bands(stretch, rate, channel["third_octaves"])
    if channel["name"] == "noise":
        check_filters(stretch, rate, channel["third_octaves"])
    print("compared", channel["name"], "of", len(stretch), "samples")
