"""Traces by matplotlib."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._errors import Unsupported
from ._lazy import need
from ._recording import Channels, Recording, one_or_several
from ._stream import Stream


def plot(recording: Recording, channels: Channels, **keywords: Any) -> Any:
    """One panel a channel over a common time axis; what is missing is left out of the line."""
    need("matplotlib", "plot", "plot")
    import matplotlib.pyplot as plt

    names: Any = recording.channels if channels is None else channels
    names = one_or_several(names)
    if isinstance(recording, Stream) and channels is None:
        # Thousands of panels show nothing.
        names = names[:8]
    size = keywords.pop("figsize", (9, 1 + 1.6 * max(len(names), 1)))
    # Agg, so that nothing needs a screen; notebooks show the figure by themselves.
    figure, axes = plt.subplots(max(len(names), 1), 1, sharex=True, squeeze=False, figsize=size)
    t = recording.t
    for axis, name in zip(axes[:, 0], names):
        values = np.asarray(recording[name])
        if values.dtype.names is not None:
            raise Unsupported(f"{name!r} is of records: plot its fields", path=recording.path)
        known = t is not None and not np.isnan(t).any()
        axis.plot(t if known else np.arange(len(values)), values, linewidth=0.8, **keywords)
        unit = recording.units.get(name, "")
        axis.set_ylabel(f"{name}\n{unit}".strip())
        axis.grid(True, alpha=0.3)
        axis.set_xlabel("s" if known else "index")
        axis.label_outer()
    figure.align_ylabels()
    figure.tight_layout()
    return axes[:, 0]
