"""What is measured of an event, as typed dictionaries."""

from __future__ import annotations

from typing import Any, Literal, TypedDict


class Reading(TypedDict, total=False):
    """A value with its unit."""

    #: The value, in ``unit``.
    value: float
    #: Its unit, such as ``"in/s"``.
    unit: str
    #: Digits after the point with which it was printed.
    decimals: int
    #: What is special about it: ``"saturated"``, …
    flag: str


class Frequency(TypedDict, total=False):
    """A zero-crossing frequency."""

    #: ``"measured"``, ``"above_range"``, ``"below_range"`` or ``"not_available"``.
    flag: str
    #: In Hz; not there when it is not available.
    hz: float
    #: Digits after the point with which it was printed.
    decimals: int


class Measured(TypedDict, total=False):
    """One quantity from both of its sources: each is a :class:`Reading`, a :class:`Frequency`, a
    number or a time."""

    #: The value to show: the stated one, where there is one.
    value: Any
    #: Where it came from.
    origin: Literal["stated", "computed"] | None
    #: Computed from the samples.
    computed: Any
    #: As the vendor's report states it.
    stated: Any


class ChannelMeasurements(TypedDict, total=False):
    """What is measured of one channel. ``Event.peaks`` has the same as a table."""

    #: The channel.
    name: str
    #: ``"geophone"``, ``"microphone"`` or ``"other"``.
    sensor: str
    #: Samples, missing ones included.
    samples: int
    #: How many of them are missing.
    missing_samples: int
    #: How many are at the limit of the sensor.
    samples_at_limit: int
    #: PPV of a geophone, PSPL of a microphone.
    peak: Measured
    #: PSPL of a microphone in psi.
    peak_psi: Measured
    #: PSPL of a microphone in Pa.
    peak_pa: Measured
    #: Sample or interval of the computed peak.
    peak_index: int | None
    #: Seconds from the trigger to the peak.
    time_of_peak_s: Measured
    #: Start of the peak's interval in a histogram, by the instrument's clock.
    peak_at: Measured
    #: Zero-crossing frequency of the peak.
    zc_frequency: Measured
    #: The half-wave that gave the computed frequency.
    half_wave: dict[str, float] | None
    #: Largest acceleration of a geophone, in g.
    peak_acceleration: Measured
    #: Largest displacement of a geophone, in in or mm.
    peak_displacement: Measured
    #: The largest levels that a report lists for the intervals of a histogram.
    largest_levels: dict[str, Any]


class Measurements(TypedDict, total=False):
    """What is measured of an event, as :attr:`Event.measurements` has it."""

    #: ``"waveform"`` or ``"histogram"``.
    kind: str
    #: The channels, in the order of the event.
    channels: list[ChannelMeasurements]
    #: PVS, the largest vector sum over time.
    peak_vector_sum: Measured
    #: Seconds from the trigger to the PVS.
    peak_vector_sum_time_s: Measured
    #: Its moment in a histogram.
    peak_vector_sum_at: str | None
    #: What the vector sum of a histogram cannot exceed.
    vector_sum_upper_bound: dict[str, Any]
    #: Whether nothing states the range of the geophones.
    range_assumed: bool
    #: Whether nothing states the sample rate.
    rate_assumed: bool
    #: Where report and samples cannot both be right.
    contradictions: list[dict[str, Any]]


class Verdict(TypedDict):
    """What a limit curve says, as :meth:`Event.verdict` gives it."""

    #: The curve's name, such as ``"osmre"``.
    curve: str
    #: Its full name.
    curve_name: str
    #: What kind of source it is known from.
    standing: str
    #: The channel that decides.
    subject: str | None
    #: Its value.
    value: Reading | None
    #: Whether the value was stated by the report or computed from the samples.
    origin: Literal["stated", "computed"] | None
    #: Frequency of the value.
    frequency: Frequency | None
    #: The limit at that frequency.
    limit: Reading | None
    #: How far the value is below the limit, in per cent of it.
    margin_percent: float | None
    #: ``"within"``, ``"exceeds"`` or ``"no_verdict"``.
    outcome: Literal["within", "exceeds", "no_verdict"]
    #: A sentence for people.
    reason: str
