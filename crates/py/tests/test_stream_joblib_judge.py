"""Runs in the worker processes of joblib."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from joblib import Memory, Parallel, delayed
from numpy.typing import NDArray

import wavekeep
from conftest import RUNS, counts_of

PHASE = counts_of(range(64), range(40)).astype(float) / 32768 * np.pi


def spread(run: wavekeep.Stream, channel: int) -> float:
    return float(np.std(run[channel, 5:35]))


def first_rows(run: wavekeep.Stream) -> NDArray[np.float64]:
    return run[:3, :]


@pytest.mark.parametrize("backend", ["loky", "threading", "sequential"])
def test_workers_read_the_run_that_they_are_given(
    backend: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(RUNS)
    run = wavekeep.open_stream("split.dat")
    # Workers begin elsewhere.
    monkeypatch.chdir(tmp_path)
    found = Parallel(n_jobs=2, backend=backend)(delayed(spread)(run, it) for it in range(8))
    assert np.array_equal(found, PHASE[:8, 5:35].std(axis=1))


def test_results_of_a_run_are_remembered(tmp_path: Path) -> None:
    memory = Memory(tmp_path, verbose=0)
    remembered = memory.cache(first_rows)
    run = wavekeep.open_stream(RUNS / "split.dat")
    assert np.array_equal(remembered(run), PHASE[:3])
    assert remembered.check_call_in_cache(wavekeep.open_stream(RUNS / "split.dat"))
