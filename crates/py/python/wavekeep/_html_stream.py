"""What notebooks show of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ._html import _page
from ._stream_times import moment, seconds_from

if TYPE_CHECKING:
    from ._stream import Stream

#: Frames that a small trace shows at most, and points that it is drawn of.
_FRAMES = 20_000
_POINTS = 240
_WIDTH, _HEIGHT = 560, 110
#: Space for the scale at the left, and for the time below.
_LEFT, _BELOW = 76, 18


def stream(stream: Stream) -> str:
    """The facts, and the first channel's first frames with their scale and time."""
    facts = stream.metadata
    which = stream.sections if stream._section is None else (stream.sections[stream._section],)
    sections = ", ".join(f"{len(one.frames)} × {one.channels}" for one in which)
    first_ns = facts["first_time_ns"]
    start = "–" if first_ns is None else moment(first_ns)
    rows = {
        "Frames × channels": sections or "none",
        "Start": start,
        "Rate": "–" if stream.rate_hz is None else f"{_rounded(stream.rate_hz, 6)} frames/s",
        "Time by": facts["time_basis"],
        "Missing frames": str(facts["missing_frames"]),
    }
    trace = ""
    if which and which[0].channels and len(which[0].frames):
        part = stream.section(0) if stream._section is None else stream
        frames = (0, min(_FRAMES, part.n_frames))
        seconds = _seconds(part, frames)
        values = part.read(0, frames)[0]
        caption = f"channel 0, the first {len(values)} frames"
        trace = f"{_trace(values, seconds)}<div>{caption}</div>"
    return _page(stream.path, "stream", rows, stream.report) + trace


def _seconds(part: Stream, frames: tuple[int, int]) -> tuple[float, float] | None:
    """The times of the first and the last frame that are shown, from the first one on."""
    ask = part._ask(frames=part._frames(frames))
    times = part._handle.times(ask)
    if len(times) < 2 or times[-1] <= times[0]:
        return None
    return 0.0, float(seconds_from(int(times[0]), times[-1:])[0])


def _rounded(value: float, digits: int = 4) -> str:
    return f"{value:.{digits}g}"


def _trace(values: NDArray[np.float64], seconds: tuple[float, float] | None) -> str:
    low, high = float(values.min()), float(values.max())
    span = (high - low) or 1.0
    edges = np.linspace(0, len(values), min(_POINTS, len(values)) + 1).astype(int)
    points: list[str] = []
    for start, stop in zip(edges[:-1], edges[1:]):
        part = values[start:stop]
        for value in (float(part.min()), float(part.max())):
            x = _LEFT + (_WIDTH - _LEFT - 1) * start / max(len(values) - 1, 1)
            y = 6 + (_HEIGHT - _BELOW - 12) * (1 - (value - low) / span)
            points.append(f"{x:.1f},{y:.1f}")
    bottom = _HEIGHT - _BELOW
    unit = "s" if seconds else "frames"
    first, last = seconds or (0, len(values) - 1)
    return (
        f'<svg width="{_WIDTH}" height="{_HEIGHT}" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        'font-size="11" fill="currentColor">'
        + _text(_LEFT - 4, 12, f"{_rounded(high)} rad", "end")
        + (_text(_LEFT - 4, bottom - 2, f"{_rounded(low)} rad", "end") if high > low else "")
        + f'<path d="M{_LEFT} 2V{bottom}H{_WIDTH}" fill="none" stroke="currentColor" opacity="0.4"/>'
        + _text(_LEFT, _HEIGHT - 4, _rounded(first), "start")
        + _text(_WIDTH - 1, _HEIGHT - 4, f"{_rounded(last)} {unit}", "end")
        + f'<polyline fill="none" stroke="currentColor" stroke-width="1" points="{" ".join(points)}"/>'
        "</svg>"
    )


def _text(x: int, y: int, text: Any, anchor: str) -> str:
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}">{text}</text>'
