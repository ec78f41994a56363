"""Dask computes over what the engine opens: in threads, in processes, in a cluster of two of them."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dask
import numpy as np
import pytest
import xarray as xr
from distributed import Client, LocalCluster
from numpy.testing import assert_allclose, assert_array_equal

import wavekeep
from conftest import ROOT, RUNS, counts_of, make_pieces, make_run
from test_bounds import ALLOW, needs_linux

COUNTS = counts_of(range(16), range(400))
PHASE = COUNTS * (np.pi / 2**15)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    make_pieces(tmp_path, COUNTS, 4)
    return tmp_path / "r.dat"


def opened(path: Any, **options: Any) -> xr.Dataset:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The specified chunks separate")
        return xr.open_dataset(path, engine="wavekeep", chunks={"time": 64}, **options)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Client]:
    """Two processes of two threads."""
    options: dict[str, Any] = {"n_workers": 2, "threads_per_worker": 2, "dashboard_address": None}
    with LocalCluster(**options, processes=True) as two:  # type: ignore[no-untyped-call]
        with Client(two) as client:  # type: ignore[no-untyped-call]
            yield client


def check_sums(path: Path) -> None:
    phase, counts = opened(path)["data"], opened(path, raw=True)["data"]
    assert phase.chunksizes["time"] == (64,) * 6 + (16,)
    times = phase["time"].values
    part = phase.sel(time=slice(times[100], times[299]))
    without_index = opened(path, create_default_indexes=False)["time"]
    found = dask.compute(  # type: ignore[attr-defined, no-untyped-call]
        phase.sum("time", skipna=False), counts.sum("time"), part.max("row"), without_index
    )
    assert_allclose(found[0], PHASE.sum(1))
    assert_array_equal(found[1], COUNTS.sum(1, dtype=np.int64))
    assert_allclose(found[2], PHASE[:, 100:300].max(0))
    assert_array_equal(found[3], times)


@pytest.mark.parametrize("scheduler", ["synchronous", "threads", "processes"])
def test_sums_are_those_of_the_samples(scheduler: str, run: Path) -> None:
    with dask.config.set(scheduler=scheduler):
        check_sums(run)


def test_a_cluster_of_two_processes_gives_the_same_sums(cluster: Client, run: Path) -> None:
    check_sums(run)
    on = cluster.run(os.getpid)
    assert len(set(on.values()) | {os.getpid()}) == 3
    tree = xr.open_datatree(RUNS / "split.dat", engine="wavekeep", chunks={})
    means = wavekeep.open_stream(RUNS / "split.dat").data.mean(1)
    assert_allclose(tree["section_0"]["data"].mean("time"), means)


def test_a_cluster_is_told_what_has_changed(cluster: Client, run: Path) -> None:
    phase = opened(run)["data"]
    grown = run.with_name("r.dat.4")
    make_run(grown, COUNTS, first=400, mode="ab")
    # As it was.
    assert_allclose(phase.sum("time"), PHASE.sum(1))
    piece = run.with_name("r.dat.2")
    os.truncate(piece, piece.stat().st_size - 1)
    with pytest.raises(wavekeep.ChangedError, match="r.dat.2 is not what was opened before"):
        (phase + 1).sum("time").compute()


def test_a_task_is_named_by_lengths_and_times_of_all_pieces(run: Path) -> None:
    def names() -> list[Any]:
        stream = wavekeep.open_stream(run)
        lazy = xr.open_dataset(run, engine="wavekeep")
        return [opened(stream)["data"].data.name, lazy["data"].chunk({"time": 100}).data.name]

    first = names()
    assert names() == first
    for number in (2, 4):
        piece = run.with_name(f"r.dat.{number}")
        time = piece.stat().st_mtime_ns + 1000
        os.utime(piece, ns=(time, time))
        before, first = first, names()
        assert all(one != other for one, other in zip(before, first))


#: A sum in limits that holds for one that is more than twice as large.
LIMITED = ALLOW + """
import dask, xarray

dask.config.set(scheduler="threads", num_workers=2)
def opened(path): return xarray.open_dataset(path, engine="wavekeep", chunks={"time": 8192})["data"]

opened(sys.argv[2]).sum("time", skipna=False).compute()
lazy = opened(sys.argv[1])
# Chunks of 32 MiB: two that are read, one that is kept for the next, and what dask holds.
allow(128 * MIB)
assert lazy.nbytes > 256 * MIB
assert lazy.sum("time", skipna=False).shape == (512,)
"""


@needs_linux
def test_a_sum_takes_the_memory_of_some_chunks(tmp_path: Path) -> None:
    counts = np.arange(512 * 70_000, dtype=np.int32).reshape(512, 70_000)
    long = make_run(tmp_path / "long.dat", counts)
    short = make_run(tmp_path / "short.dat", counts[:, :9000])
    command = [sys.executable, "-W", "ignore", "-c", LIMITED, str(long), str(short)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
