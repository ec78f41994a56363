"""The files that are judged and the truth about them.

`WAVEKEEP_JUDGED` names a folder with the files and a `truth.json`, which is made from the recordings
themselves. `cargo test -p wavekeep-export --test judges` makes both and runs these judges.
"""

import json
import os
from functools import cached_property
from pathlib import Path

import numpy

PASCAL_PER_PSI = 4.4482216152605 / 0.0254**2


class Channel:
    """What was recorded on one channel; arrays are as long as the recording, NaN where missing."""

    def __init__(self, facts, length):
        self.name = facts["name"]
        self.facts = facts
        self.length = length

    @cached_property
    def counts(self):
        counts = numpy.full(self.length, numpy.nan)
        given = [numpy.nan if count is None else count for count in self.facts["counts"]]
        counts[: len(given)] = given
        return counts

    @cached_property
    def missing(self):
        return numpy.isnan(self.counts)

    @property
    def runs(self):
        """First and end of each run of values that are there."""
        there = numpy.concatenate([[False], ~self.missing, [False]])
        edges = numpy.flatnonzero(there[1:] != there[:-1])
        return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))

    @property
    def gaps(self):
        """First and count of each run of values that are missing."""
        edges = [0] + [edge for run in self.runs for edge in run] + [self.length]
        pairs = zip(edges[::2], edges[1::2], strict=True)
        return [(first, end - first) for first, end in pairs if end > first]

    @property
    def unit(self):
        """The physical unit: in/s, psi, or the channel's own."""
        return "psi" if self.facts["unit"] == "Pa" else self.facts["unit"]

    @property
    def per_count(self):
        one = self.facts["numerator"] / self.facts["denominator"]
        return one / PASCAL_PER_PSI if self.facts["unit"] == "Pa" else one

    def values(self, units):
        if units == "raw":
            return self.counts
        own = self.counts * self.facts["numerator"] / self.facts["denominator"]
        return own / PASCAL_PER_PSI if self.facts["unit"] == "Pa" else own

    def are_integers(self, units):
        return units == "raw" and self.facts["integers"]

    @property
    def levels(self):
        """Levels in dB(L) by the vendor's rounded constant."""
        with numpy.errstate(divide="ignore", invalid="ignore"):
            levels = numpy.sign(self.counts) * (81.94 + 20 * numpy.log10(numpy.abs(self.counts)))
        return numpy.where(self.counts == 0, 0.0, levels)

    def frequency(self, index):
        """Number (or NaN) and flag (or "") of the frequency of an interval."""
        if self.missing[index]:
            return numpy.nan, ""
        stated = self.facts["stated"]
        if index < len(stated) and stated[index]:
            return stated[index]["hz"], ""
        half_period = self.facts["half_periods"][index]
        if self.facts["annotations"][index] or half_period == 0:
            return numpy.nan, "not_available"
        if half_period <= 5:
            return 100.0, "above_range"
        if half_period > 512:
            return 1.0, "below_range"
        return 512 / half_period, ""

    @property
    def frequencies(self):
        pairs = [self.frequency(index) for index in range(self.length)]
        return numpy.array([pair[0] for pair in pairs]), [pair[1] for pair in pairs]


class Case:
    def __init__(self, name, truth, folder):
        self.name = name
        self.truth = truth
        self.folder = folder
        self.is_waveform = truth["kind"] == "waveform"
        self.length = truth["length"]
        self.channels = [Channel(facts, self.length) for facts in truth["channels"]]

    def file(self, target, units):
        """The path of a file; None where the target refused the recording."""
        outcome = self.truth["outcomes"][target][units]
        return self.folder / outcome["file"] if "file" in outcome else None

    def refusal(self, target, units):
        return self.truth["outcomes"][target][units]["error"]

    @property
    def seconds(self):
        time = self.truth["time"]
        first = time["pretrigger_s"] * time["rate_hz"]
        return (numpy.arange(self.length) - first) / time["rate_hz"]

    def matrix(self, units):
        return numpy.array([channel.values(units) for channel in self.channels])


class Conversion:
    """A file of arrays and what became of it in one target."""

    def __init__(self, source, target, outcome, folder):
        self.name = f"{source}-{target}"
        self.target = target
        self.source = folder / "sources" / source
        self.file = folder / outcome["file"] if "file" in outcome else None
        self.error = outcome.get("error")
        self.word = outcome.get("word")


def conversions():
    folder = Path(os.environ["WAVEKEEP_JUDGED"])
    outcomes = json.loads((folder / "conversions.json").read_text(encoding="utf-8"))
    return [
        Conversion(source, target, outcome, folder)
        for source, targets in outcomes.items()
        for target, outcome in targets.items()
    ]


def cases():
    folder = Path(os.environ["WAVEKEEP_JUDGED"])
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    return [Case(name, facts, folder) for name, facts in truth.items()]


def pytest_generate_tests(metafunc):
    """Each judge sees each recording that it can judge, in both kinds of units."""
    if "case" in metafunc.fixturenames:
        judged = cases()
    elif "waveform" in metafunc.fixturenames:
        judged = [case for case in cases() if case.is_waveform]
    elif "histogram" in metafunc.fixturenames:
        judged = [case for case in cases() if not case.is_waveform]
    elif "conversion" in metafunc.fixturenames:
        target = metafunc.module.TARGETS[metafunc.function.__name__]
        judged = [found for found in conversions() if found.target == target]
    else:
        judged = []
    for kind in {"case", "waveform", "histogram", "conversion"} & set(metafunc.fixturenames):
        metafunc.parametrize(kind, judged, ids=lambda case: case.name)
    if "units" in metafunc.fixturenames:
        metafunc.parametrize("units", ["raw", "physical"])
