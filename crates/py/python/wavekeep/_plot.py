"""Traces by matplotlib."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._channel import Channel
from ._errors import NoSuchArgumentError, UnsupportedError
from ._event import Event
from ._lazy import need
from ._recording import Channels, Recording, one_or_several
from ._stream import Stream
from ._units import RAW, Units
from ._words import instead


def plot(recording: Recording, channels: Channels, units: Units, **keywords: Any) -> Any:
    """One panel a channel over a common time axis; what is missing is left out of the line."""
    _check(keywords)
    if units is not None:
        if not isinstance(recording, Event):
            message = "units= is of events; of a stream, plot stream[channel].to('count')"
            raise UnsupportedError(message, path=recording.path)
        recording = recording._in(units)
    names: Any = recording.channels if channels is None else channels
    names = one_or_several(names)
    if isinstance(recording, Stream) and channels is None:
        # Thousands of panels show nothing.
        names = names[:8]
    t = recording.t
    panels = []
    for name in names:
        found = recording[name]
        if isinstance(found, Channel):
            raw = isinstance(recording, Event) and recording._is_raw
            values = np.ma.filled(found.raw.astype(np.float64), np.nan) if raw else found.values
            panels.append((found.name, RAW if raw else found.unit, values))
        else:
            values = np.asarray(found)
            if values.dtype.names is not None:
                raise UnsupportedError(f"{name!r} is of records: plot its fields", path=recording.path)
            panels.append((str(name), recording.units.get(name, ""), values))
    return _draw(panels, t, keywords)


def plot_channel(channel: Channel, **keywords: Any) -> Any:
    """One panel."""
    _check(keywords)
    return _draw([(channel.name, channel.unit, channel.values)], channel.t, keywords)[0]


def _draw(panels: list[tuple[str, str, Any]], t: Any, keywords: dict[str, Any]) -> Any:
    need("matplotlib", "plot", "plot")
    import matplotlib.pyplot as plt

    size = keywords.pop("figsize", (9, 1 + 1.6 * max(len(panels), 1)))
    # Agg, so that nothing needs a screen; notebooks show the figure by themselves.
    figure, axes = plt.subplots(max(len(panels), 1), 1, sharex=True, squeeze=False, figsize=size)
    known = t is not None and not np.isnan(t).any()
    for axis, (name, unit, values) in zip(axes[:, 0], panels):
        over = t if known and len(t) == len(values) else np.arange(len(values))
        axis.plot(over, values, **{"linewidth": 0.8, **keywords})
        axis.set_ylabel(f"{name}\n{unit}".strip())
        axis.grid(True, alpha=0.3)
        axis.set_xlabel("s" if over is t else "index")
        axis.label_outer()
    figure.align_ylabels()
    figure.tight_layout()
    return axes[:, 0]


def _check(keywords: dict[str, Any]) -> None:
    """Refuses what matplotlib's lines do not have, with the near name."""
    need("matplotlib", "plot", "plot")
    from matplotlib.artist import ArtistInspector
    from matplotlib.lines import Line2D

    inspector = ArtistInspector(Line2D)
    aliases = {name for names in inspector.aliasd.values() for name in names}
    known = {"figsize", "units", "scalex", "scaley", *inspector.get_setters(), *aliases}
    for name in keywords:
        if name not in known:
            message = f"plot() has no argument {name!r}{instead(name, sorted(known))}"
            raise NoSuchArgumentError(message, found=name)
