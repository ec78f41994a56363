"""Measures sums over a long run by engines that share the work out, in one run, and prints a table in Markdown.

    python bench/labs/run.py [--quick] [NAME …]

The run is made first: 512 channels, 1.09 GB, in a temporary folder (WAVEKEEP_BENCH_FOLDER names another
place for it). Each engine sums every channel over all frames, in a process of its own that did so once
before it is measured; the fastest of three counts. The sums are compared with those of the samples. Times
are of the wall and of the processors, of all processes together; memory is the largest private one that was
seen, of all processes together: pages of mapped files are the system's cache.

An engine is a function in `ENGINES`: a context manager of the path, which gives a function that sums and the
numbers of the processes that work. `NAME`s choose some of them.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np

CHANNELS = 512
#: Frames that are read together by a direct read: 64 MiB of float64.
BLOCK = 16384
RUNS = 3


def samples_of(first, count):
    """Counts that differ everywhere; their sums are exact."""
    frames = np.arange(first, first + count, dtype=np.int32)
    return frames % 4096 + 7 * np.arange(CHANNELS, dtype=np.int32)[:, np.newaxis]


def make_run(path, frames):
    """Writes the run; gives its sums in counts."""
    from wavekeep import smurf

    sums = np.zeros(CHANNELS, np.int64)
    with open(path, "wb") as file:
        for first in range(0, frames, BLOCK):
            samples = samples_of(first, min(BLOCK, frames - first))
            sums += samples.sum(1, dtype=np.int64)
            start = 1_700_000_000_000_000_000 + 5_000_000 * first
            payloads = smurf.frames(samples, 200, start_ns=start, counter=20 * first, counter_step=20)
            record = np.dtype([("size", "<u4"), ("rest", "<u4"), ("payload", payloads.dtype)])
            records = np.zeros(len(payloads), record)
            records["size"] = 4 + payloads.dtype.itemsize
            records["payload"] = payloads
            records.tofile(file)
    return sums


@contextmanager
def direct(path, threads=None):
    """Block by block, into one buffer."""
    import wavekeep

    with wavekeep.open_stream(path) as run:

        def sums():
            total = np.zeros(CHANNELS)
            for block in run.blocks(BLOCK, reuse=True, threads=threads):
                total += block.data.sum(1)
            return total

        yield sums, [os.getpid()]


@contextmanager
def direct_in_one_thread(path):
    with direct(path, threads=1) as engine:
        yield engine


def lazy_sum(path, **options):
    import xarray

    run = xarray.open_dataset(
        path, engine="wavekeep", chunks={}, create_default_indexes=False, drop_variables="time"
    )
    return run["data"].sum("time", **options)


@contextmanager
def dask_threads(path, **options):
    import dask

    with dask.config.set(scheduler="threads", num_workers=os.cpu_count()):
        yield lambda: lazy_sum(path, **options).values, [os.getpid()]


@contextmanager
def dask_threads_that_look_for_nan(path):
    with dask_threads(path, skipna=True) as engine:
        yield engine


@contextmanager
def dask_processes(path, workers):
    """A cluster of processes with a thread each; the scheduler is in this one."""
    from distributed import Client, LocalCluster

    options = {"n_workers": workers, "threads_per_worker": 1, "processes": True}
    with LocalCluster(**options, dashboard_address=None) as cluster, Client(cluster) as client:
        pids = [os.getpid(), *client.run(os.getpid).values()]
        yield lambda: lazy_sum(path, skipna=False).values, pids


@contextmanager
def dask_one_process(path):
    with dask_processes(path, 1) as engine:
        yield engine


@contextmanager
def dask_two_processes(path):
    with dask_processes(path, 2) as engine:
        yield engine


ENGINES = {
    "direct read": direct,
    "direct read, one thread": direct_in_one_thread,
    "Dask, threads": lambda path: dask_threads(path, skipna=False),
    "Dask, threads, skipping NaN": dask_threads_that_look_for_nan,
    "Dask, one process": dask_one_process,
    "Dask, two processes": dask_two_processes,
}
#: Pairs of which the second has twice as many workers as the first.
GROWTH = [("Dask, one process", "Dask, two processes")]


def processor_seconds(pids):
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def private_bytes(pids):
    found = 0
    for pid in pids:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        found += sum(int(line.split()[1]) for line in lines if line.startswith("RssAnon:"))
    return found * 1024


class Peak:
    """The largest private memory that some processes have while a block runs."""

    def __init__(self, pids):
        self.bytes = 0
        self._pids = pids
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def _look(self):
        while not self._done.wait(0.005):
            self.bytes = max(self.bytes, private_bytes(self._pids))

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._done.set()
        self._thread.join()


def measure(name, path):
    """What one engine takes, in this process and those that it starts."""
    with ENGINES[name](path) as (sums, pids):
        found = sums()
        times = []
        for _ in range(RUNS):
            before, start = processor_seconds(pids), time.perf_counter()
            sums()
            wall = time.perf_counter() - start
            times.append((wall, processor_seconds(pids) - before))
        with Peak(pids) as peak:
            sums()
    wall, processor = min(times)
    return {"wall": wall, "processor": processor, "peak": peak.bytes, "sums": list(found)}


def in_a_process(name, path):
    command = [sys.executable, __file__, "--measure", name, path]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def main():
    if "--measure" in sys.argv:
        print(json.dumps(measure(*sys.argv[-2:])))
        return
    chosen = [name for name in sys.argv[1:] if name != "--quick"] or list(ENGINES)
    unknown = set(chosen) - set(ENGINES)
    if unknown:
        sys.exit(f"{', '.join(sorted(unknown))}: engines are {', '.join(ENGINES)}")
    frames = 50_000 if "--quick" in sys.argv else 500_000
    found = {}
    with tempfile.TemporaryDirectory(dir=os.environ.get("WAVEKEEP_BENCH_FOLDER")) as folder:
        path = os.path.join(folder, "run.dat")
        expected = make_run(path, frames) * (np.pi / 2**15)
        size = os.path.getsize(path) / 1e9
        for name in chosen:
            found[name] = in_a_process(name, path)
            np.testing.assert_allclose(found[name].pop("sums"), expected, err_msg=name)
    print(f"Sums of {CHANNELS} channels over {size:.2f} GB.\n")
    print("| | wall s | processor s | GB/s | processor s a GB | private MB |\n|---|---|---|---|---|---|")
    for name, it in found.items():
        cells = [it["wall"], it["processor"], size / it["wall"], it["processor"] / size]
        numbers = " | ".join(f"{cell:.2f}" for cell in cells)
        print(f"| {name} | {numbers} | {it['peak'] / 1e6:.0f} |")
    for one, two in GROWTH:
        if one in found and two in found:
            print(f"\n{two}: {found[one]['wall'] / found[two]['wall']:.2f} times as fast as {one}.")
    if {"direct read", "Dask, threads"} <= set(found):
        ratio = found["Dask, threads"]["processor"] / found["direct read"]["processor"]
        print(f"\nDask takes {ratio:.2f} times the processor time of a direct read.")


if __name__ == "__main__":
    main()
