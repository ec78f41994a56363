"""What is measured of an event, as a table: a row a channel."""

from __future__ import annotations

from typing import Any

from ._measurements import Measurements
from ._table import Kinds, Table

PEAKS: Kinds = {
    "channel": "text",
    "sensor": "text",
    "peak": "number",
    "unit": "text",
    "origin": "text",
    "peak_stated": "number",
    "peak_computed": "number",
    "zc_frequency_hz": "number",
    "zc_frequency_hz_stated": "number",
    "zc_frequency_hz_computed": "number",
    "zc_frequency_flag": "text",
    "time_s": "number",
    "time_s_stated": "number",
    "time_s_computed": "number",
    "at": "unit-local",
    "at_stated": "unit-local",
    "at_computed": "unit-local",
    "acceleration_g": "number",
    "acceleration_g_stated": "number",
    "acceleration_g_computed": "number",
    "displacement": "number",
    "displacement_unit": "text",
    "displacement_stated": "number",
    "displacement_computed": "number",
    "missing_samples": "count",
}


def peaks_of(measurements: Measurements) -> Table:
    """The table of :attr:`Event.peaks`."""
    return Table([_row(one) for one in measurements["channels"]], PEAKS)


def _row(one: Any) -> dict[str, Any]:
    """A row of :attr:`Event.peaks`."""
    row: dict[str, Any] = {"channel": one["name"], "sensor": one["sensor"]}

    def put(name: str, measured: Any, of: Any) -> None:
        for column, source in ((name, "value"), (f"{name}_stated", "stated"), (f"{name}_computed", "computed")):
            value = measured.get(source)
            row[column] = None if value is None else of(value)

    peak = one["peak"]
    put("peak", peak, lambda reading: reading["value"])
    row["unit"] = None if peak.get("value") is None else peak["value"]["unit"]
    row["origin"] = peak.get("origin")
    frequency = one["zc_frequency"]
    put("zc_frequency_hz", frequency, lambda reading: reading.get("hz"))
    shown = frequency.get("value")
    row["zc_frequency_flag"] = None if shown is None else shown["flag"]
    put("time_s", one["time_of_peak_s"], float)
    put("at", one.get("peak_at", {}), str)
    put("acceleration_g", one["peak_acceleration"], lambda reading: reading["value"])
    moved = one["peak_displacement"]
    put("displacement", moved, lambda reading: reading["value"])
    row["displacement_unit"] = None if moved.get("value") is None else moved["value"]["unit"]
    row["missing_samples"] = one["missing_samples"]
    return row
