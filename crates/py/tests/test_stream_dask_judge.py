"""A run as an array of dask: cut into chunks, read when it is needed, in threads and processes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import dask
import dask.array as da
import numpy as np
import pytest
from dask.base import tokenize

import wavekeep
from conftest import RUNS, counts_of, make_run

#: Dask has no types.
array_of: Any = da.from_array
PHASE = counts_of(range(64), range(40)).astype(float) / 32768 * np.pi


def test_a_run_is_an_array_of_dask() -> None:
    run = wavekeep.open_stream(RUNS / "split.dat")
    lazy = array_of(run, chunks=(16, 7))
    assert lazy.shape == (64, 40) and lazy.dtype == np.float64
    assert np.array_equal(lazy.compute(), PHASE)
    assert np.array_equal(lazy[5:60:3, ::-2].compute(), PHASE[5:60:3, ::-2])
    assert np.array_equal(lazy[[3, 1], 4].compute(), PHASE[[3, 1], 4])
    means = array_of(run).mean(axis=1).compute()
    np.testing.assert_allclose(means, PHASE.mean(axis=1))


def test_nothing_is_read_before_it_is_computed(tmp_path: Path) -> None:
    path = make_run(tmp_path / "r.dat", counts_of(range(4), range(100)))
    run = wavekeep.open_stream(path)
    lazy = array_of(run, chunks=(4, 10))[:, 90:]
    os.truncate(path, path.stat().st_size - 5000)
    with pytest.raises(wavekeep.Error):
        lazy.compute()


@pytest.mark.parametrize("scheduler", ["synchronous", "threads", "processes"])
def test_chunks_are_read_by_any_scheduler(
    scheduler: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(RUNS)
    run = wavekeep.open_stream("split.dat")
    lazy = array_of(run, chunks=(32, 20))
    monkeypatch.chdir(tmp_path)
    with dask.config.set(scheduler=scheduler):
        found = (lazy * 2).sum(axis=0).compute()
        np.testing.assert_allclose(found, (PHASE * 2).sum(axis=0))


def test_a_file_that_has_changed_has_another_token(tmp_path: Path) -> None:
    path = make_run(tmp_path / "r.dat", counts_of(range(4), range(10)))
    first = tokenize(wavekeep.open_stream(path))
    assert tokenize(wavekeep.open_stream(path)) == first
    make_run(path, counts_of(range(4), range(11)))
    assert tokenize(wavekeep.open_stream(path)) != first
