"""What notebooks show of a recording."""

from __future__ import annotations

import os
from datetime import datetime
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from ._archive import Archive
    from ._arrays import ArrayFile
    from ._channel import Channel
    from ._event import Event
    from ._table import Table
    from .gnz import GnzReader

#: Points of a small trace; more are drawn as their extremes.
_POINTS = 240
#: Columns of a table that are shown.
_COLUMNS = 10


def event(event: Event) -> str:
    """The facts, what is to be known of damage, and a small trace of each channel."""
    rows = {
        "Unit": _stated(event.metadata["serial"]),
        "Start": _stated(event.metadata["start"]) + " (unit-local)" if event.start else "–",
        "Channels": ", ".join(event.channels),
        "Length": f"{event.shape[1]} {'intervals' if event.kind == 'histogram' else 'samples'}",
    }
    if event.rate_hz is not None:
        rows["Rate"] = _stated(event.metadata["time"]["rate_hz"]) + " samples/s"
    traces = "".join(
        _labelled(event[place].name, event[place].unit, event[place].values, event.t)
        for place in range(len(event.channels[:8]))
    )
    return _page(event.path, event.kind, rows, event.report) + traces


def channel(channel: Channel) -> str:
    """The trace of a channel, with its scale and its time."""
    return _labelled(channel.name, channel.unit, channel.values, channel.t)


def archive(archive: Archive) -> str:
    """Where it is, how much there is of it, and the latest events."""
    latest = archive.query(limit=5)
    title = f"<div><b>Archive</b> {escape(archive.where)} · {latest.total} events</div>"
    return title + (table(latest) if latest.total else "")


def arrays(file: ArrayFile) -> str:
    """The arrays, and a small trace of each that is a row of numbers."""
    lines = []
    for name in file.channels[:24]:
        dtype, order, shape = file._handle.describe(name)
        small = ""
        if dtype[1:2] in "iuf" and dtype[2:] in "1248" and len(shape) == 1 and shape[0] > 1:
            values = file[name].astype(np.float64, copy=False)
            small = _trace(values, width=200, height=24) + escape(_scale(values))
        unit = escape(file.units.get(name, ""))
        cells = (escape(name), unit, escape(dtype), escape(str(tuple(shape))), order, small)
        lines.append("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")
    more = "" if len(file.channels) <= 24 else f"<p>{len(file.channels) - 24} more arrays</p>"
    rows = {"Metadata": ", ".join(file.metadata) or "none"}
    return (
        _page(file.path, file.format, rows, file.report) + f"<table>{''.join(lines)}</table>{more}"
    )


def gnz(file: GnzReader) -> str:
    """The arrays with their types, shapes and scales, and a small trace of each row of numbers."""
    names = file.keys()
    lines = []
    for name in list(names)[:24]:
        array = np.asarray(file.get_array(name))
        small = ""
        if array.dtype.kind in "iuf" and array.ndim == 1 and 1 < array.size:
            values = array.astype(np.float64, copy=False)
            small = _trace(values, width=200, height=24) + escape(_scale(values))
        cells = (escape(name), escape(array.dtype.str), escape(str(array.shape)), small)
        lines.append("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")
    more = "" if len(names) <= 24 else f"<p>{len(names) - 24} more arrays</p>"
    title = f"<div><b>{escape(file.fpath.name)}</b> · gnz · {len(names)} arrays</div>"
    known = escape(", ".join(map(str, file.metadata)) or "none")
    return f"{title}<div>Metadata: {known}</div><table>{''.join(lines)}</table>{more}"


def table(table: Table) -> str:
    """The first rows of an answer of an archive."""
    columns = table.columns[:_COLUMNS]
    left_out = len(table.columns) - len(columns)
    head = "".join(f"<th>{escape(name)}</th>" for name in columns)
    lines = []
    for row in table[:24]:
        cells = (_cell(row.get(name)) for name in columns)
        lines.append("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>")
    notes = []
    if table.total > len(lines):
        notes.append(f"{table.total - len(lines)} more rows")
    if left_out:
        notes.append(f"{left_out} more columns")
    more = f"<p>{', '.join(notes)}</p>" if notes else ""
    return f"<table><tr>{head}</tr>{''.join(lines)}</table>{more}"


def _cell(value: Any) -> str:
    """A value as people read it: four digits, times to the second."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, datetime):
        return value.isoformat(" ", "seconds")
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}…"


def _stated(fact: Any) -> str:
    if fact is None:
        return "–"
    value = fact["value"]
    shown = f"{value:.6g}" if isinstance(value, float) else value
    return f"{shown} ({fact['basis'].replace('_', ' ')})"


def _scale(values: Any) -> str:
    """Smallest and largest value, as text."""
    finite = values[np.isfinite(values)]
    return f"{finite.min():.3g} … {finite.max():.3g}" if len(finite) else "no values"


def _labelled(name: str, unit: str, values: Any, t: Any) -> str:
    """A small trace with its scale and the time from left to right."""
    known = t is not None and len(t) and np.isfinite(t[[0, -1]]).all()
    when = f"{t[0]:.4g} s … {t[-1]:.4g} s" if known else f"{len(values)} values"
    title = f"<b>{escape(name)}</b> {escape(_scale(values))} {escape(unit)}, {escape(when)}"
    return f"<div>{title}</div>{_trace(values, height=48)}"


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
