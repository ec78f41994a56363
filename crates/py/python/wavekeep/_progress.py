"""The progress of long calls."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any, Union

from ._errors import BadArgumentError

#: ``None`` or ``False`` for none, ``True`` for a bar on standard error, or a function of the finished and of
#: the total number (0 if it is not known).
Progress = Union[None, bool, Callable[[int, int], object]]


class Reporter:
    """Reports progress to a function or a bar, which is closed at the end."""

    def __init__(self, progress: Progress, unit: str) -> None:
        self._call: Callable[[int, int], object] | None = None
        self._bar: Any = None
        self._unit = unit
        if progress is not None and not isinstance(progress, bool) and not callable(progress):
            raise BadArgumentError(f"progress is True, False or a function, found {progress!r}")
        if callable(progress):
            self._call = progress
        elif progress:
            self._call = self._tqdm if find_spec("tqdm") else self._plain

    @property
    def call(self) -> Callable[[int, int], object] | None:
        """The function that receives the progress, if there is one."""
        return self._call

    def __call__(self, done: int, total: int) -> None:
        if self._call is not None:
            self._call(done, total)

    def __enter__(self) -> Reporter:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def _tqdm(self, done: int, total: int) -> None:
        if self._bar is None:
            # In a notebook a bar of its own, on a terminal one on standard error.
            from tqdm.auto import tqdm

            scaled = self._unit == "frames"
            self._bar = tqdm(total=total or None, unit=f" {self._unit}", unit_scale=scaled)
        self._bar.update(done - self._bar.n)

    def _plain(self, done: int, total: int) -> None:
        if not total:
            print(f"\r{done} {self._unit}", end="", file=sys.stderr, flush=True)
            return
        end = "\n" if done >= total else ""
        share = 100 * done // max(total, 1)
        print(f"\r{share:3} % of {total} {self._unit}", end=end, file=sys.stderr, flush=True)
