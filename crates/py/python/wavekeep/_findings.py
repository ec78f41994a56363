"""Findings in a run: where the number of channels changes, and where frames are missing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Section:
    """Consecutive frames of a run with the same number of channels.

    Attributes
    ----------
    frames
        The range of frames, by their numbers in the run.
    channels
        The number of valid samples in each frame.
    """

    frames: range
    channels: int


@dataclass(frozen=True)
class Gap:
    """A place where ``frame_counter`` does not increase by the usual step.

    Attributes
    ----------
    frames
        The frames that follow such a step.
    step
        The increase of ``frame_counter``.
    missing
        The number of missing frames.
    kind
        ``"missing"``: frames are missing. ``"short"``: the increase is less than a step, or zero.
        ``"irregular"``: it is more than a step, but nothing shows that frames are missing. ``"changed"``: from
        here on the step is another one. ``"out_of_order"``: the frame belongs before earlier ones.
        ``"anew"``: the counter went back, the timestamps did not. ``"back"``: both went back.
    """

    frames: range
    step: int
    missing: int
    kind: str = "missing"
