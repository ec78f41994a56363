"""The measurements of an event, as typed dictionaries."""

from __future__ import annotations

from typing import Any, Literal, TypedDict


class Reading(TypedDict, total=False):
    """A value with its unit.

    Attributes
    ----------
    value
        The value, in ``unit``.
    unit
        The unit, such as ``"in/s"``.
    decimals
        The number of decimals with which the value was printed.
    flag
        A special condition, such as ``"saturated"``.
    """

    value: float
    unit: str
    decimals: int
    flag: str


class Frequency(TypedDict, total=False):
    """A zero-crossing frequency.

    Attributes
    ----------
    flag
        ``"measured"``, ``"above_range"``, ``"below_range"`` or ``"not_available"``.
    hz
        The frequency in Hz; missing if it is not available.
    decimals
        The number of decimals with which the value was printed.
    """

    flag: str
    hz: float
    decimals: int


class Measured(TypedDict, total=False):
    """One quantity from both of its sources, each of them a :class:`Reading`, a :class:`Frequency`, a number or
    a time.

    Attributes
    ----------
    value
        The value to show: the stated one, if there is one.
    origin
        The source of ``value``; ``None`` if there is no value.
    computed
        The value that was computed from the samples.
    stated
        The value that the vendor's report states.
    """

    value: Any
    origin: Literal["stated", "computed"] | None
    computed: Any
    stated: Any


class ChannelMeasurements(TypedDict, total=False):
    """The measurements of one channel, as in :attr:`Event.measurements`; :attr:`Event.peaks` has them as a table.

    Attributes
    ----------
    name
        The name of the channel.
    sensor
        ``"geophone"``, ``"microphone"`` or ``"other"``.
    samples
        The number of samples, missing ones included.
    missing_samples
        The number of missing samples.
    samples_at_limit
        The number of samples at the limit of the sensor.
    peak
        PPV of a geophone, PSPL of a microphone.
    peak_psi
        PSPL of a microphone in psi.
    peak_pa
        PSPL of a microphone in Pa.
    peak_index
        The index of the sample or interval with the computed peak.
    time_of_peak_s
        The time from the trigger to the peak in seconds.
    peak_at
        For a histogram, the start of the peak's interval, unit-local.
    zc_frequency
        The zero-crossing frequency of the peak.
    half_wave
        The half-wave from which the frequency was computed.
    peak_acceleration
        The largest acceleration of a geophone, in g.
    peak_displacement
        The largest displacement of a geophone, in in or mm.
    largest_levels
        The largest levels that a report lists for the intervals of a histogram.
    """

    name: str
    sensor: str
    samples: int
    missing_samples: int
    samples_at_limit: int
    peak: Measured
    peak_psi: Measured
    peak_pa: Measured
    peak_index: int | None
    time_of_peak_s: Measured
    peak_at: Measured
    zc_frequency: Measured
    half_wave: dict[str, float] | None
    peak_acceleration: Measured
    peak_displacement: Measured
    largest_levels: dict[str, Any]


class Measurements(TypedDict, total=False):
    """The measurements of an event, as in :attr:`Event.measurements`.

    Attributes
    ----------
    kind
        ``"waveform"`` or ``"histogram"``.
    channels
        The channels, in the order of the event.
    peak_vector_sum
        PVS, the largest vector sum over time.
    peak_vector_sum_time_s
        The time from the trigger to the PVS in seconds.
    peak_vector_sum_at
        For a histogram, the time of the PVS, unit-local.
    vector_sum_upper_bound
        For a histogram, the value that the vector sum cannot exceed.
    range_assumed
        Whether no source states the range of the geophones.
    rate_assumed
        Whether no source states the sample rate.
    contradictions
        Where report and samples cannot both be right.
    """

    kind: str
    channels: list[ChannelMeasurements]
    peak_vector_sum: Measured
    peak_vector_sum_time_s: Measured
    peak_vector_sum_at: str | None
    vector_sum_upper_bound: dict[str, Any]
    range_assumed: bool
    rate_assumed: bool
    contradictions: list[dict[str, Any]]


class Verdict(TypedDict):
    """The verdict of a limit curve, as from :meth:`Event.verdict`.

    Attributes
    ----------
    curve
        The identifier of the curve, such as ``"osmre"``.
    curve_name
        The full name of the curve.
    standing
        The kind of source from which the curve is known.
    subject
        The deciding channel.
    value
        Its value.
    origin
        Whether the value was stated by the report or computed from the samples.
    frequency
        The frequency of the value.
    limit
        The limit at that frequency.
    margin_percent
        The distance from the value up to the limit, in per cent of the limit; negative above the limit.
    outcome
        ``"within"``, ``"exceeds"`` or ``"no_verdict"``.
    reason
        The reason, as a sentence for people.
    """

    curve: str
    curve_name: str
    standing: str
    subject: str | None
    value: Reading | None
    origin: Literal["stated", "computed"] | None
    frequency: Frequency | None
    limit: Reading | None
    margin_percent: float | None
    outcome: Literal["within", "exceeds", "no_verdict"]
    reason: str
