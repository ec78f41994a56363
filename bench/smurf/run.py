"""Measures reading SMuRF runs beside peers, in one run, and prints a table in Markdown.

    python bench/smurf/run.py [--quick] [--long]

Rates are MB of file a second, the fastest of several runs, with the file cached. The Python peers
need WAVEKEEP_PYSMURF, the path of a checkout of slaclab/pysmurf whose Cython reader was built; the
package of that name on PyPI is another program. Without it they are skipped. `--long` also opens a
run of 10 GB, which it makes first.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent


def build():
    subprocess.run(
        ["cargo", "build", "--release", "--manifest-path", HERE / "Cargo.toml"], check=True
    )
    target = os.environ.get("CARGO_TARGET_DIR", HERE / "target")
    return Path(target) / "release" / "bench-smurf"


def fastest(call, runs=5):
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times), times[0]


def numpy_copy(path, channels):
    """The samples of all frames, copied out frame-major: no transposition."""
    import numpy

    record = 136 + 4 * channels
    # Metadata stands between the frames: as many frames as there are without it are close enough.
    raw = numpy.memmap(path, numpy.uint8, "r")
    frames = len(raw) // record
    view = raw[: frames * record].reshape(frames, record)[:, 136:]
    return fastest(lambda: numpy.ascontiguousarray(view))


def pysmurf():
    """The module with pysmurf's Cython reader, from a checkout; the rest of the package needs a system."""
    checkout = os.environ.get("WAVEKEEP_PYSMURF")
    if not checkout:
        raise ImportError("WAVEKEEP_PYSMURF is not set")
    sys.path.insert(0, str(Path(checkout) / "python/pysmurf/client/util"))
    import stream_data_reader

    return stream_data_reader


def cython_int32(path):
    """int32, frame-major."""
    reader = pysmurf()

    def read():
        with reader.FastSmurfReader(str(path)) as file:
            file.read_all_records()

    return fastest(read, runs=3)


def cython_phase(path):
    """float64, channel-major: what read_stream_data returns."""
    reader = pysmurf()
    return fastest(lambda: reader.read_stream_data_cython(str(path)), runs=3)


def peers(program, folder, channels, size):
    path = folder / f"peer-{channels}.dat"
    subprocess.run([program, "--make", path, str(channels), str(size)], check=True)
    path.read_bytes()
    found = {}
    for name, measure in [
        ("numpy_copy", lambda: numpy_copy(path, channels)),
        ("cython_int32", lambda: cython_int32(path)),
        ("read_stream_data", lambda: cython_phase(path)),
    ]:
        try:
            times = measure()
        except ImportError as missing:
            print(f"SKIPPED: {name}: {missing}", file=sys.stderr)
            continue
        size_mb = path.stat().st_size / 1e6
        found[name], found[f"{name}_first"] = size_mb / times[0], size_mb / times[1]
    path.unlink()
    return found


def main():
    quick = "--quick" in sys.argv
    program = build()
    with tempfile.TemporaryDirectory(dir=os.environ.get("WAVEKEEP_BENCH_FOLDER")) as name:
        folder = Path(name)
        command = [program, folder] + (["--quick"] if quick else [])
        rows = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
        for row in rows:
            row |= peers(program, folder, row["channels"], row["bytes"])
        record = json.loads(
            subprocess.run([program, "--record", folder], check=True, stdout=subprocess.PIPE).stdout
        )
        if "--long" in sys.argv:
            subprocess.run([program, "--open", folder, str(10 * 10**9)], check=True)
    table(rows, lambda row: f"{row['channels']} ch, {row['bytes'] // 10**6} MB")
    table(record, lambda row: f"{row['channels']} ch, µs a frame")


def table(rows, head):
    names = [name for name in rows[0] if name not in ("channels", "frames", "bytes")]
    names += sorted({name for row in rows for name in row} - set(names) - {"channels", "frames", "bytes"})
    print("| | " + " | ".join(map(head, rows)) + " |")
    print("|---|" + "---|" * len(rows))
    for name in names:
        cells = (f"{row[name]:.4g}" if name in row else "" for row in rows)
        print(f"| {name} | " + " | ".join(cells) + " |")
    print()


if __name__ == "__main__":
    main()
