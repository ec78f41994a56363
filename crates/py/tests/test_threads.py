"""Several threads at once, and the interpreter's lock."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import wavekeep
from conftest import BLAST, DAMAGED, NIGHT, RUNS, counts_of, frame, make_run
from wavekeep import gnz
from wavekeep.smurf import Chain, DataWriter


def test_one_recording_serves_many_threads() -> None:
    run = wavekeep.open(RUNS / "split.dat")
    rec = wavekeep.open(BLAST)
    expected, traces = run.read(), rec.data

    def work(number: int) -> bool:
        first = number % 30
        part = run.read([number % 64], (first, first + 10))
        return np.array_equal(part, expected[[number % 64], first : first + 10]) and np.array_equal(
            rec.read(number % 4), traces[[number % 4]]
        )

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(400)))


def test_one_writer_takes_the_frames_of_many_threads(tmp_path: Path) -> None:
    with DataWriter(DataFile=tmp_path / "many.dat") as writer, ThreadPoolExecutor(8) as pool:
        written = list(pool.map(lambda i: writer.write(b"A: %05d" % i, channel=1), range(500)))
        assert set(written) == {"written"} and writer.FrameCount == 500
    assert (tmp_path / "many.dat").stat().st_size == 500 * (8 + 8)


def test_one_chain_takes_the_frames_of_many_threads() -> None:
    chain = Chain(input="i32", filter={"enabled": False}, downsampler={"enabled": False})
    # The same counter each time is no step back, whoever comes first.
    payload = frame(np.arange(64, dtype=np.int32), 7, 0)
    with ThreadPoolExecutor(8) as pool:
        outputs = list(pool.map(lambda _: chain.process(payload), range(400)))
    assert {bytes(output or b"")[128:] for output in outputs} == {payload[128:]}
    assert chain.statistics["frames"] == 400


def test_one_archive_and_one_gnz_serve_many_threads(tmp_path: Path) -> None:
    archive = wavekeep.Archive(tmp_path / "archive", create=True)
    gnz.save(tmp_path / "a.gnz", {"x": np.arange(1000.0)})
    arrays = gnz.open(tmp_path / "a.gnz")

    def work(number: int) -> float:
        archive.import_files([(BLAST, DAMAGED, NIGHT)[number % 3]])
        assert len(archive.query()) >= 1
        return float(arrays["x"][number])

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(24))) == list(range(24))
    assert len(archive.query()) == 3


def goes_on_during(call: Callable[[], object]) -> bool:
    """Whether another Python thread gets its turn while `call` runs."""
    before, during, stop = threading.Event(), 0, threading.Event()

    def count() -> None:
        nonlocal during
        before.set()
        while not stop.is_set():
            during += 1

    thread = threading.Thread(target=count)
    thread.start()
    before.wait()
    first = during
    call()
    last = during
    stop.set()
    thread.join()
    return last > first


def test_other_threads_run_while_a_long_call_does(tmp_path: Path) -> None:
    path = make_run(tmp_path / "long.dat", counts_of(range(2000), range(2000)))
    run = wavekeep.open(path)
    assert isinstance(run, wavekeep.Stream)
    # One call into Rust, longer than the 5 ms after which Python hands the lock on; the counter
    # moves only when the lock is free.
    assert goes_on_during(lambda: run.read(threads=1))


def shape_of(path: Path) -> tuple[int, ...]:
    return wavekeep.open(path).read().shape


#: A result that a fork finds.
held: Any = None


def sum_of_what_is_held() -> int:
    return int(held.sum(dtype=np.int64))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_fork_of_a_process_that_has_read_reads_too(tmp_path: Path) -> None:
    path = make_run(tmp_path / "fork.dat", counts_of(range(1024), range(2000)))
    # Large enough for the threads that all reads of a process share, and to be mapped.
    assert shape_of(path) == (1024, 2000)
    # The fork has the results of the process, and none of the memory that is kept for the next.
    with multiprocessing.get_context("fork").Pool(1) as pool:
        assert pool.apply_async(shape_of, (path,)).get(timeout=120) == (1024, 2000)
    global held
    # In memory of an earlier one, which a fork would not have had.
    assert wavekeep.open(path).read(raw=True).shape == (1024, 2000)
    held = wavekeep.open(path).read(raw=True)
    with multiprocessing.get_context("fork").Pool(1) as pool:
        assert pool.apply_async(sum_of_what_is_held).get(timeout=120) == held.sum(dtype=np.int64)
    held = None


def test_warnings_of_damage_come_in_every_thread() -> None:
    import warnings

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda _: wavekeep.open(DAMAGED), range(20)))
    assert len(caught) == 20
