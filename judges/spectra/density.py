"""Compares the densities and RMS of `GET /api/v1/streams/{id}/spectrum` with scipy.signal.welch.

Arguments: the answer as JSON, and all samples that were asked for, in rad, as npy `[channels, frames]`.
"""

import json
import sys

import numpy
from scipy import signal

answer = json.load(open(sys.argv[1], encoding="utf-8"))
samples = numpy.load(sys.argv[2])
first, end = (frame - answer["first"] for frame in answer["stretch"])
for row, channel in enumerate(answer["channels"]):
    stretch = samples[row, first:end]
    hertz, power = signal.welch(stretch, fs=answer["rate_hz"], nperseg=answer["segment"])
    lines = numpy.arange(len(channel["density"])) * answer["resolution_hz"]
    numpy.testing.assert_allclose(lines, hertz, rtol=1e-12)
    numpy.testing.assert_allclose(channel["density"], numpy.sqrt(power), rtol=1e-9)
    numpy.testing.assert_allclose(channel["rms"], numpy.std(stretch), rtol=1e-9)
    numpy.testing.assert_allclose(channel["mean"], numpy.mean(stretch), rtol=1e-9, atol=1e-15)
print("compared", len(answer["channels"]), "of", end - first, "frames")
