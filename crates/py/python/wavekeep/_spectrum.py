"""Spectra of the channels of an event."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ._table import Kinds, Table

#: What a spectrum can be computed under.
WINDOWS = ("none", "hann", "flat_top")

THIRD_OCTAVES: Kinds = {
    "nominal_hz": "number",
    "mid_hz": "number",
    "from_hz": "number",
    "to_hz": "number",
    "rms": "number",
    "unit": "text",
    "level_db": "number",
    "flag": "text",
    "restriction": "text",
}


class Spectrum(NamedTuple):
    """An amplitude spectrum, as :meth:`Event.spectrum` returns it.

    Attributes
    ----------
    hz
        ``float64[lines]``: the frequencies, from 0 to half the sample rate.
    amplitude
        ``float64[lines]``: the amplitudes of sines, divided by the coherent gain of the window.
    unit
        The unit of the amplitudes.
    window
        ``"none"``, ``"hann"`` or ``"flat_top"``.
    dominant_hz
        The frequency of the largest line from 1 Hz on; ``None`` if nothing moves.
    samples
        The ``(start, stop)`` indices of the samples that it was computed from.
    flag
        ``"saturated"`` or ``"impossible"`` if a sample is: the amplitudes may be wrong.
    """

    hz: NDArray[np.float64]
    amplitude: NDArray[np.float64]
    unit: str
    window: str
    dominant_hz: float | None
    samples: tuple[int, int]
    flag: str | None


def spectrum_of(found: dict[str, Any]) -> Spectrum:
    """The spectrum of a document of the library."""
    amplitude = np.asarray(found["amplitudes"], dtype=np.float64)
    dominant = found["dominant"]
    samples = found["samples"]
    return Spectrum(
        np.arange(len(amplitude)) * found["resolution_hz"],
        amplitude,
        found["unit"],
        found["window"],
        None if dominant is None else dominant["hz"],
        (samples["start"], samples["end"]),
        found.get("flag"),
    )


def third_octaves_of(found: dict[str, Any]) -> Table:
    """The table of :meth:`Event.third_octaves`."""
    every = {"unit": found["unit"], "flag": found.get("flag"), "restriction": found.get("restriction")}
    rows = [{name: {**band, **every}.get(name) for name in THIRD_OCTAVES} for band in found["bands"]]
    return Table(rows, THIRD_OCTAVES)
