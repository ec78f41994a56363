"""What notebooks show of a recording."""

from __future__ import annotations

import os
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from ._arrays import ArrayFile
    from ._event import Event
    from ._table import Table

#: Points of a small trace; more are drawn as their extremes.
_POINTS = 240


def event(event: Event) -> str:
    """The facts, what is to be known of damage, and a small trace of each channel."""
    rows = {
        "Unit": _stated(event.metadata["serial"]),
        "Start": _stated(event.metadata["start"]) + " (unit-local)" if event.start else "–",
        "Channels": ", ".join(event.channels),
        "Length": f"{len(event)} {'intervals' if event.kind == 'histogram' else 'samples'}",
    }
    if event.rate_hz is not None:
        rows["Rate"] = _stated(event.metadata["time"]["rate_hz"]) + " samples/s"
    traces = "".join(
        f"<div>{escape(name)}, {escape(event[place].unit)}</div>{_trace(event[place].values, height=48)}"
        for place, name in enumerate(event.channels[:8])
    )
    return _page(event.path, event.kind, rows, event.report) + traces


def arrays(file: ArrayFile) -> str:
    """The arrays, and a small trace of each that is a row of numbers."""
    lines = []
    for name in file.channels[:24]:
        dtype, order, shape = file._handle.describe(name)
        small = ""
        if dtype[1:2] in "iuf" and dtype[2:] in "1248" and len(shape) == 1 and shape[0] > 1:
            small = _trace(file[name].astype(np.float64, copy=False), width=200, height=24)
        cells = (escape(name), escape(dtype), escape(str(tuple(shape))), order, small)
        lines.append("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")
    more = "" if len(file) <= 24 else f"<p>{len(file) - 24} more arrays</p>"
    rows = {"Metadata": ", ".join(file.metadata) or "none"}
    return (
        _page(file.path, file.format, rows, file.report) + f"<table>{''.join(lines)}</table>{more}"
    )


def table(table: Table) -> str:
    """The first rows of an answer of an archive."""
    head = "".join(f"<th>{escape(name)}</th>" for name in table.columns)
    lines = []
    for row in table[:24]:
        cells = ("" if row.get(name) is None else str(row[name]) for name in table.columns)
        lines.append("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>")
    more = "" if table.total <= len(lines) else f"<p>{table.total - len(lines)} more rows</p>"
    return f"<table><tr>{head}</tr>{''.join(lines)}</table>{more}"


def _stated(fact: Any) -> str:
    return "–" if fact is None else f"{fact['value']} ({fact['basis'].replace('_', ' ')})"


def _page(path: str, what: str, rows: dict[str, str], report: Any) -> str:
    lines = "".join(
        f"<tr><th style='text-align:left'>{escape(name)}</th><td style='text-align:left'>{escape(value)}</td></tr>"
        for name, value in rows.items()
    )
    notes = "".join(f"<li>{escape(str(note))}</li>" for note in report.notes[:5])
    if len(report.notes) > 5:
        notes += f"<li>and {len(report.notes) - 5} more</li>"
    state = "<b>contradicted by its report</b>" if report.contradicted else "whole"
    state = "<b>damaged</b>" if report.damaged else state
    title = f"<b>{escape(os.path.basename(path))}</b> · {escape(what)} · {state}"
    return f"<div>{title}</div><table>{lines}</table>" + (f"<ul>{notes}</ul>" if notes else "")


def _trace(values: Any, width: int = 640, height: int = 80) -> str:
    finite = np.isfinite(values)
    if not finite.any():
        return ""
    low, high = float(values[finite].min()), float(values[finite].max())
    span = (high - low) or 1.0
    edges = np.linspace(0, len(values), min(_POINTS, len(values)) + 1).astype(int)
    points = []
    for start, stop in zip(edges[:-1], edges[1:]):
        part = values[start:stop][finite[start:stop]]
        for value in {float(part.min()), float(part.max())} if len(part) else ():
            x = width * start / max(len(values) - 1, 1)
            y = 1 + (height - 2) * (1 - (value - low) / span)
            points.append(f"{x:.1f},{y:.1f}")
    return (
        f'<svg width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img">'
        f'<polyline fill="none" stroke="currentColor" stroke-width="1" points="{" ".join(points)}"/></svg>'
    )
