"""Measures conversion of a stream beside h5py and zarr-python, and prints a table.

    python bench/export/run.py [--bytes N] [--folder FOLDER] [--rounds N] [--json FILE]

A SMuRF run of N bytes (default 1 GB, 512 channels) is converted to HDF5 and to Zarr by the program. The peers
write the same samples, which they have in memory already, in the same chunks with the same filters. All sides
end with their files synced. Everything is measured in one run on one machine, the sides one after the other in
each round: read the ratios. Needs h5py, numpy and zarr.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import h5py
import numpy as np
import zarr
from zarr.codecs import ZstdCodec

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
CHANNELS = 512


def cargo(folder, *more):
    """A release binary, wherever cargo puts it."""
    command = ["cargo", "build", "--release", "--message-format=json", *more]
    lines = subprocess.run(command, cwd=folder, check=True, stdout=subprocess.PIPE).stdout.splitlines()
    found = [json.loads(line).get("executable") for line in lines if line.startswith(b"{")]
    return next(path for path in reversed(found) if path)


def sync(path):
    """Syncs a file, or all files of a folder."""
    for file in [path] if path.is_file() else [it for it in path.rglob("*") if it.is_file()]:
        with open(file, "rb") as opened:
            os.fsync(opened.fileno())


def size(path):
    return sum(it.stat().st_size for it in ([path] if path.is_file() else path.rglob("*")) if it.is_file())


def remove(path):
    shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def measured(path, call):
    remove(path) if path.exists() else None
    os.sync()
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def program(binary, run, path):
    def call():
        subprocess.run([binary, "convert", run, "-o", path, "--quiet"], check=True)
    return call


def h5py_peer(data, chunks, path):
    def call():
        with h5py.File(path, "w") as file:
            file.create_dataset("data", data=data, chunks=chunks, shuffle=True, compression="gzip", compression_opts=2)
        sync(path)
    return call


def zarr_peer(data, ours, path):
    def call():
        group = zarr.open_group(path, mode="w", zarr_format=3)
        array = group.create_array(
            "data", shape=data.shape, dtype=data.dtype, chunks=ours.chunks, shards=ours.shards,
            compressors=[ZstdCodec(level=1)], fill_value=0,
        )
        # A shard at a time: all at once takes several times the memory.
        shard = ours.shards or ours.chunks
        for row in range(0, data.shape[0], shard[0]):
            for frame in range(0, data.shape[1], shard[1]):
                part = (slice(row, row + shard[0]), slice(frame, frame + shard[1]))
                array[part] = data[part]
        sync(path)
    return call


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bytes", type=int, default=1 << 30)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=HERE)
    parser.add_argument("--json", type=Path, help="also write the numbers here")
    arguments = parser.parse_args()
    binary = cargo(ROOT, "--package", "wavekeep")
    maker = cargo(ROOT / "bench" / "smurf")
    before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(dir=arguments.folder, prefix="export-bench-") as folder:
        folder = Path(folder)
        run = folder / "run.dat"
        subprocess.run([maker, "--make", run, str(CHANNELS), str(arguments.bytes)], check=True, stdout=subprocess.DEVNULL)
        hdf5, ours = folder / "ours.h5", folder / "ours.zarr"
        program(binary, run, hdf5)()
        program(binary, run, ours)()
        with h5py.File(hdf5) as file:
            data, chunks = file["data"][...], file["data"].chunks
        layout = zarr.open_group(ours, mode="r")["data"]
        assert np.array_equal(layout[:2, :1000], data[:2, :1000])
        calls = {
            ("hdf5", "wavekeep"): (hdf5, program(binary, run, hdf5)),
            ("hdf5", "h5py"): (folder / "peer.h5", h5py_peer(data, chunks, folder / "peer.h5")),
            ("zarr", "wavekeep"): (ours, program(binary, run, ours)),
            ("zarr", "zarr-python"): (folder / "peer.zarr", zarr_peer(data, layout, folder / "peer.zarr")),
        }
        times = {key: [] for key in calls}
        for _ in range(arguments.rounds):
            for key, (path, call) in calls.items():
                times[key].append(measured(path, call))
        sizes = {key: size(path) for key, (path, _) in calls.items()}
        result = {
            "bytes": data.nbytes,
            "load": [before, os.getloadavg()[0]],
            "rows": [
                {"target": target, "side": side, "seconds": statistics.median(found), "bytes": sizes[target, side]}
                for (target, side), found in times.items()
            ],
        }
    print(f"{result['bytes'] / 1e6:.0f} MB of samples, median of {arguments.rounds}; load {before:.2f}")
    print("\n| target | side | s | MB/s | size of the result | ratio |\n|---|---|---|---|---|---|")
    for row in result["rows"]:
        peer = next(it["seconds"] for it in result["rows"] if it["target"] == row["target"] and it["side"] != "wavekeep")
        share = row["bytes"] / result["bytes"]
        print(
            f"| {row['target']} | {row['side']} | {row['seconds']:.2f} | {result['bytes'] / 1e6 / row['seconds']:.0f} "
            f"| {share:.2f} | {peer / row['seconds']:.2f} |"
        )
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
