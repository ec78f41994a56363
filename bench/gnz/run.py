"""Measures gnz beside its peers in one run, and prints a table.

    python bench/gnz/run.py [--folder FOLDER] [--quick] [--write] [--json FILE]

FOLDER (default: a fresh one beside this script) lies on the disk to be
measured, with 4 GB free. `--write` compares writing with `cp` alone. Needs numpy and zarr for
their columns.
Everything is measured in one run on one machine: read the ratios, and only
those of a machine that does nothing else.
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
import zarr

HERE = Path(__file__).resolve().parent


def build():
    """The release binary, wherever cargo puts it."""
    command = ["cargo", "build", "--release", "--message-format=json"]
    lines = subprocess.run(command, cwd=HERE, check=True, stdout=subprocess.PIPE).stdout.splitlines()
    found = [json.loads(line).get("executable") for line in lines if line.startswith(b"{")]
    return next(path for path in found if path)


def fastest(call, rounds=40, calls=50):
    """Microseconds of a call, in the fastest round."""
    best = float("inf")
    for _ in range(rounds):
        start = time.perf_counter()
        for _ in range(calls):
            call()
        best = min(best, time.perf_counter() - start)
    return best / calls * 1e6


def zarr_open(folder, size):
    """Microseconds of `zarr.open_array(mode="r")`, with the value in the array's middle or without."""
    path = folder / "open.zarr"
    chunk = min(size // 4, 1 << 18)
    made = zarr.create_array(path, shape=(size // 4,), chunks=(chunk,), dtype="<f4", compressors=None)
    # The chunk that is read is there, like the page of the others.
    made[size // 8 : size // 8 + 1] = 1.0
    plain = fastest(lambda: zarr.open_array(path, mode="r"), 10, 10)
    touched = fastest(lambda: zarr.open_array(path, mode="r")[size // 8], 10, 10)
    shutil.rmtree(path)
    return plain, touched


def numpy_open(folder, size):
    """Microseconds of `numpy.load(mmap_mode="r")`, with the value in the array's middle or without."""
    path = folder / "open.npy"
    np.lib.format.open_memmap(path, "w+", "<f4", (size // 4,)).flush()
    plain = fastest(lambda: np.load(path, mmap_mode="r"))
    touched = fastest(lambda: np.load(path, mmap_mode="r")[size // 8])
    path.unlink()
    return plain, touched


def label(size):
    for unit, factor in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if size >= factor:
            return f"{size // factor} {unit}"
    return f"{size} B"


def table(result):
    lines = [
        f"{result['machine']}; load before {result['load'][0]:.2f}, after {result['load'][1]:.2f}",
        "",
        "| open + slice (µs) | gnz | safetensors | numpy.load | zarr | gnz and a value | safetensors and a value | numpy.load and a value | zarr and a value |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in result["open"]:
        peers = [row.get(f"{name}{kind}_us") for kind in ("", "_value") for name in ("gnz", "safetensors", "numpy", "zarr")]
        cells = " | ".join("–" if value is None else f"{value:.1f}" for value in peers)
        arrays = "1 array" if row["arrays"] == 1 else f"{row['arrays']} arrays"
        lines.append(f"| {label(row['bytes'])}, {arrays} | {cells} |")
    read, write, stream = result["read"], result["write"], result["stream"]
    lines += [
        "",
        "| | measured | ratio |",
        "|---|---|---|",
        f"| sum of a mapped array / of memory (GB/s) | {read['sum_mapped_gb_s']} / {read['sum_memory_gb_s']} | {read['sum_mapped_gb_s'] / read['sum_memory_gb_s']:.2f} |",
        f"| copy of a mapped array / of memory (GB/s) | {read['copy_mapped_gb_s']} / {read['copy_memory_gb_s']} | {read['copy_mapped_gb_s'] / read['copy_memory_gb_s']:.2f} |",
        f"| open and first sum of a cached file / sum of memory (GB/s) | {read['first_pass_gb_s']} / {read['sum_memory_gb_s']} | {read['first_pass_gb_s'] / read['sum_memory_gb_s']:.2f} |",
        written(write),
        f"| stream {label(stream['bytes'])}: one thread / two (s) | {stream['fill_one_s']} / {stream['fill_two_s']} | {stream['fill_ratio']:.2f} |",
        f"| the same until synced and named (s) | {stream['synced_one_s']} / {stream['synced_two_s']} | {stream['synced_ratio']:.2f} |",
    ]
    return "\n".join(lines)


def written(write):
    """The line of the table about writing whole files."""
    return f"| write {label(write['bytes'])}, synced, median of {write['rounds']}: cp + sync / gnz (s) | {write['cp_sync_s']} / {write['gnz_s']} | {write['ratio']:.2f} |"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=HERE)
    parser.add_argument("--quick", action="store_true", help="small files and few rounds, to see that it runs")
    parser.add_argument("--write", action="store_true", help="only write whole files, beside cp")
    parser.add_argument("--json", type=Path, help="also write the numbers here")
    arguments = parser.parse_args()

    binary = build()
    with tempfile.TemporaryDirectory(dir=arguments.folder, prefix="gnz-bench-") as folder:
        before = os.getloadavg()[0]
        command = [binary, folder] + ["--quick"] * arguments.quick + ["--write"] * arguments.write
        result = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
        for row in result.get("open", []):
            if row["arrays"] == 1:
                row["numpy_us"], row["numpy_value_us"] = numpy_open(Path(folder), row["bytes"])
                row["zarr_us"], row["zarr_value_us"] = zarr_open(Path(folder), row["bytes"])
        result["load"] = [before, os.getloadavg()[0]]
    result["machine"] = f"{platform.system()} {platform.release()}, {os.cpu_count()} cores, numpy {np.__version__}"
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=1) + "\n")
    print(written(result["write"]) if arguments.write else table(result))


if __name__ == "__main__":
    main()
