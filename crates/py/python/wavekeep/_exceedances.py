"""Events that exceed a limit curve, as a table."""

from __future__ import annotations

from typing import Any

from ._table import Kinds

EXCEEDANCES: Kinds = {
    "id": "count",
    "serial": "text",
    "filename": "text",
    "kind": "text",
    "timestamp": "unit-local",
    "channel": "text",
    "value": "number",
    "unit": "text",
    "origin": "text",
    "frequency_hz": "number",
    "limit": "number",
    "margin_percent": "number",
    "outcome": "text",
    "reason": "text",
    "false_trigger": "truth",
}


def exceedance(row: dict[str, Any], verdict: dict[str, Any]) -> dict[str, Any]:
    """A row of :meth:`Archive.exceedances`."""
    value, limit = verdict.get("value") or {}, verdict.get("limit") or {}
    taken = ("id", "serial", "filename", "kind", "timestamp", "false_trigger")
    return {
        **{name: row[name] for name in taken},
        "channel": verdict.get("subject"),
        "value": value.get("value"),
        "unit": value.get("unit"),
        "origin": verdict.get("origin"),
        "frequency_hz": (verdict.get("frequency") or {}).get("hz"),
        "limit": limit.get("value"),
        "margin_percent": verdict.get("margin_percent"),
        "outcome": verdict["outcome"],
        "reason": verdict["reason"],
    }
