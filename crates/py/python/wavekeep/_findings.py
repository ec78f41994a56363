"""What is found in a run: where its frames change, and where some are missing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Section:
    """Frames with one number of channels."""

    #: The frames, by their numbers in the run.
    frames: range
    #: Valid samples in each frame.
    channels: int


@dataclass(frozen=True)
class Gap:
    """A place where ``frame_counter`` does not go on as usual."""

    #: The frames before each of which this happens.
    frames: range
    #: What ``frame_counter`` went on by.
    step: int
    #: Frames that are missing.
    missing: int
    #: ``"missing"``, ``"short"``, ``"irregular"``, ``"changed"``, ``"out_of_order"``, ``"anew"`` or
    #: ``"back"``.
    kind: str = "missing"
