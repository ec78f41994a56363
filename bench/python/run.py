"""Measures the Python package beside peers, in one run, and prints a table in Markdown.

    python bench/python/run.py [--quick]

Times are the fastest of several runs, with files cached; ratios say how many times as long the peer
takes. Peers are packages of crates/py/requirements.txt, pysmurf's fast reader (`pysmurf-slac`) among
them.
"""

import importlib
import io
import os
import subprocess
import sys
import tempfile
import time
from functools import cache, partial
from importlib.metadata import distribution
from pathlib import Path

import numpy as np
import obspy

import wavekeep
from wavekeep.smurf import read_stream_data

HERE = Path(__file__).parent
EVENT = HERE.parents[1] / "samples/M529LKVQ.6S0W"


def fastest(call, runs):
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times)


def rust(*arguments):
    target = Path(os.environ.get("CARGO_TARGET_DIR", HERE / "target"))
    program = target / "release" / "bench-python"
    done = subprocess.run([program, *map(str, arguments)], check=True, stdout=subprocess.PIPE)
    return float(done.stdout)


def beside_rust(call, runs, *arguments):
    """Ours and Rust's, in turn, so that whatever else the machine does is no side's alone."""
    ours = alone = float("inf")
    for _ in range(8):
        ours = min(ours, fastest(call, runs))
        alone = min(alone, rust(*arguments))
    return ours, alone


def make_run(path, channels, frames):
    record = np.dtype(
        [("size", "<u4"), ("rest", "<u4"), ("header", "u1", 128), ("samples", "<i4", channels)]
    )
    counter = np.random.default_rng(1)
    with open(path, "wb") as file:
        for first in range(0, frames, 1024):
            count = min(1024, frames - first)
            block = np.zeros(count, record)
            block["size"] = 4 + 128 + 4 * channels
            header = block["header"]
            header[:, 0] = 1
            header[:, 4:8] = np.array([channels], "<u4").view("u1")
            numbers = np.arange(first, first + count)
            header[:, 48:56] = (
                (1_700_000_000_000_000_000 + 5_000_000 * numbers).astype("<u8")[:, None].view("u1")
            )
            header[:, 84:88] = (20 * numbers).astype("<u4")[:, None].view("u1")
            block["samples"] = counter.integers(-(2**24), 2**24, (count, channels), np.int32)
            block.tofile(file)


def event_rows(folder):
    """One channel of an event, and the same samples as miniSEED through ObsPy."""
    rec = wavekeep.open(EVENT)
    stream = obspy.Stream(
        obspy.Trace(
            np.asarray(rec[name].raw, np.int32), {"sampling_rate": 1024, "channel": name[:3]}
        )
        for name in rec.channels
    )
    path = folder / "event.mseed"
    stream.write(str(path), format="MSEED", encoding="STEIM2", reclen=4096)
    ours = fastest(lambda: wavekeep.open(EVENT)["Vert"].values, 500)
    theirs = fastest(lambda: obspy.read(str(path), format="MSEED")[1].data, 100)
    yield f"event, open and one channel: {ours * 1e6:.0f} µs", "ObsPy, miniSEED", theirs / ours


@cache
def pysmurf():
    """pysmurf's fast reader by itself: the rest of the package needs a system to run on."""
    folder = distribution("pysmurf-slac").locate_file("pysmurf/client/util")
    sys.path.insert(0, str(folder))
    return importlib.import_module("stream_data_reader")


def standard_reader(path):
    """The two calls that pysmurf's read_stream_data makes."""
    module = pysmurf()
    t, phase, headers, _ = module.read_stream_data_cython(path)
    return t, phase, module.parse_tes_bias_from_headers(headers)


def stream_rows(folder, quick):
    for channels in (512, 4096):
        path = folder / f"run-{channels}.dat"
        make_run(path, channels, (1 << (25 if quick else 28)) // (4 * channels))
        ours, alone = beside_rust(partial(read_stream_data, path), 5, "smurf", path)
        size = path.stat().st_size / 1e6
        what = f"read_stream_data, {channels} channels, {size:.0f} MB: {size / ours:.0f} MB/s"
        yield what, "the Rust reader alone", alone / ours
        theirs = fastest(partial(standard_reader, str(path)), 3)
        yield what, "pysmurf's read_stream_data, with its Cython reader", theirs / ours
        path.unlink()


def open_one(path):
    return wavekeep.gnz.open(path)["a"]


def gnz_rows(folder):
    for length in (256, 1 << 18, 1 << 26):
        path = folder / "arrays.gnz"
        wavekeep.gnz.save(path, {"a": np.zeros(length, "f4")}, overwrite=True)
        ours, alone = beside_rust(partial(open_one, path), 1000, "gnz", path, "a")
        what = f"GNZ of {4 * length / 1e6:.3g} MB, open and an array: {ours * 1e6:.1f} µs"
        yield what, f"Rust alone ({(ours - alone) * 1e6:.1f} µs less)", alone / ours
        buffer = io.BytesIO()
        np.save(buffer, np.zeros(length, "f4"))
        (folder / "array.npy").write_bytes(buffer.getvalue())
        theirs = fastest(lambda: np.load(folder / "array.npy", mmap_mode="r"), 500)
        yield what, "numpy.load, mapped", theirs / ours


def main():
    quick = "--quick" in sys.argv
    subprocess.run(
        ["cargo", "build", "--quiet", "--release", "--manifest-path", HERE / "Cargo.toml"],
        check=True,
    )
    print("| | peer | times as long as ours |\n|---|---|---|")
    with tempfile.TemporaryDirectory(dir=os.environ.get("WAVEKEEP_BENCH_FOLDER")) as name:
        folder = Path(name)
        for rows in (event_rows(folder), gnz_rows(folder), stream_rows(folder, quick)):
            for what, peer, ratio in rows:
                print(f"| {what} | {peer} | {ratio:.2f} |", flush=True)


if __name__ == "__main__":
    main()
