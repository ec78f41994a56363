"""The attenuation law of a site."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy
import numpy.typing

from ._table import Kinds, Table

_EVENTS: Kinds = {
    "id": "count",
    "serial": "text",
    "filename": "text",
    "timestamp": "unit-local",
    "project": "text",
    "location": "text",
    "charge": "number",
    "distance": "number",
    "scaled_distance": "number",
    "peak": "document",
    "blast": "document",
    "left_out": "text",
}
_FORECASTS: Kinds = {
    "line": "text",
    "distance": "number",
    "charge": "number",
    "scaled_distance": "number",
    "peak": "number",
    "extrapolated": "truth",
}


@dataclass(frozen=True, eq=False)
class ScaledDistance:
    """What :meth:`Archive.scaled_distance` returns; all numbers are in ``units``.

    Attributes
    ----------
    medium
        ``"ground"`` or ``"air"``.
    units
        The units of ``distance``, ``charge``, ``scaled_distance`` and ``peak``.
    law
        ``k``, ``k95``, ``beta``, ``beta_standard_error``, ``standard_error``, ``r_squared``, ``t95``, ``points``
        and the range of the scaled distances; ``None`` where there is no law.
    no_law
        Why there is no law.
    scaled_distance, peak
        The events that count, as arrays.
    left_out
        How many events do not count, by reason.
    events
        All events, with the reason ``left_out`` of those that do not count.
    forecasts
        What the lines ``mean``, ``k95`` and ``prediction95`` say of the question.
    """

    medium: str
    units: dict[str, str]
    law: dict[str, Any] | None
    no_law: str | None
    scaled_distance: numpy.typing.NDArray[numpy.float64] = field(repr=False)
    peak: numpy.typing.NDArray[numpy.float64] = field(repr=False)
    left_out: dict[str, int]
    events: Table = field(repr=False)
    forecasts: Table = field(repr=False)


def scaled_distance_of(document: dict[str, Any]) -> ScaledDistance:
    """From the answer of an archive."""
    rows = document["events"]
    counted = [row for row in rows if row["left_out"] is None]
    return ScaledDistance(
        medium=document["medium"],
        units=document["units"],
        law=document["law"],
        no_law=document["no_law"],
        scaled_distance=numpy.array([row["scaled_distance"] for row in counted], dtype=float),
        peak=numpy.array([row["peak"]["value"] for row in counted], dtype=float),
        left_out=document["left_out"],
        events=Table(rows, _EVENTS),
        forecasts=Table(document["forecasts"], _FORECASTS),
    )
