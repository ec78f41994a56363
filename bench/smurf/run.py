"""Measures reading SMuRF runs beside peers, in one run, and prints a table in Markdown.

    python bench/smurf/run.py [--quick] [--long]

Rates are MB of file a second, the fastest of several runs, with the file cached; `…_first` is the
fastest of those that begin with the file's name and found no memory of an earlier result: all
results are held meanwhile, and memory was touched before, since a virtual machine gets it from its
host first.

Peers are those of requirements.txt beside this file (`make bench` installs them into `.venv-bench`):
numpy, and pysmurf's readers, which PyPI has as `pysmurf-slac` (`pysmurf` there is another program).
Rogue is no package of PyPI: WAVEKEEP_ROGUE, the path of a checkout of slaclab/rogue, brings in its
reader in Python; without it that line is skipped. `--long` also opens a run of 10 GB, which it makes
first.
"""

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
import types
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

HERE = Path(__file__).parent
PROGRAM = Path(os.environ.get("CARGO_TARGET_DIR", HERE / "target")) / "release" / "bench-smurf"


def build():
    subprocess.run(
        ["cargo", "build", "--release", "--manifest-path", HERE / "Cargo.toml"], check=True
    )


def seconds(call):
    start = time.perf_counter()
    result = call()
    return time.perf_counter() - start, result


def fastest(call, path, runs=5, first=None):
    """Of several runs, and of some whose results are held: few of large ones, which have to fit.

    What is open already for `call` is opened by `first`.
    """
    subprocess.run([PROGRAM, "--touch"], check=True)
    first_runs = runs if path.stat().st_size < 1 << 28 else min(runs, 3)
    held = [seconds(first or call) for _ in range(first_runs)]
    fresh = min(time for time, _ in held)
    del held
    return min(seconds(call)[0] for _ in range(runs)), fresh


def numpy_copy(path, channels):
    """The samples of all frames, copied out frame-major: no transposition."""
    import numpy

    record = 136 + 4 * channels

    def samples():
        # Metadata stands between the frames: as many frames as there are without it are close enough.
        raw = numpy.memmap(path, numpy.uint8, "r")
        frames = len(raw) // record
        return raw[: frames * record].reshape(frames, record)[:, 136:]

    view = samples()
    return fastest(
        lambda: numpy.ascontiguousarray(view),
        path,
        first=lambda: numpy.ascontiguousarray(samples()),
    )


def pysmurf(module):
    """A module of pysmurf by itself: the rest of the package needs a system to run on."""
    try:
        package = distribution("pysmurf-slac")
    except PackageNotFoundError:
        raise ImportError("pysmurf-slac is not installed: see requirements.txt") from None
    sys.path.insert(0, str(package.locate_file("pysmurf/client/util")))
    return importlib.import_module(module)


def cython_int32(path):
    """int32, frame-major."""
    reader = pysmurf("stream_data_reader")

    def read():
        with reader.FastSmurfReader(str(path)) as file:
            return file.read_all_records()

    return fastest(read, path)


def read_stream_data(path):
    """float64, channel-major, and the biases: the two calls that read_stream_data makes."""
    reader = pysmurf("stream_data_reader")

    def read():
        t, phase, headers, _ = reader.read_stream_data_cython(str(path))
        return t, phase, reader.parse_tes_bias_from_headers(headers)

    return fastest(read, path)


def python_reader(path):
    """The records one by one, as pysmurf's reader in Python gives them."""
    reader = pysmurf("SmurfFileReader")

    def read():
        with reader.SmurfStreamReader(str(path), isRogue=True, metaEnable=True) as file:
            for _ in file.records():
                pass

    return fastest(read, path, runs=1)


def rogue_reader(path):
    """The records one by one, as rogue's FileReader gives them."""
    checkout = os.environ.get("WAVEKEEP_ROGUE")
    if not checkout:
        raise ImportError("WAVEKEEP_ROGUE is not set")
    file = Path(checkout) / "python/pyrogue/utilities/fileio/_FileReader.py"
    # It takes one function from its package, for a configuration that is not asked for here, and
    # the package needs a build.
    sys.modules.setdefault("pyrogue", types.ModuleType("pyrogue"))
    spec = importlib.util.spec_from_file_location("rogue_file_reader", file)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)

    def read():
        with module.FileReader(str(path)) as reader:
            for _ in reader.records():
                pass

    return fastest(read, path, runs=1)


def peers(folder, channels, size):
    path = folder / f"peer-{channels}.dat"
    subprocess.run([PROGRAM, "--make", path, str(channels), str(size)], check=True)
    path.read_bytes()
    found = {}
    for name, measure in [
        ("numpy_copy", lambda: numpy_copy(path, channels)),
        ("cython_int32", lambda: cython_int32(path)),
        ("read_stream_data", lambda: read_stream_data(path)),
        ("python_reader", lambda: python_reader(path)),
        ("rogue_reader", lambda: rogue_reader(path)),
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
    build()
    with tempfile.TemporaryDirectory(dir=os.environ.get("WAVEKEEP_BENCH_FOLDER")) as name:
        folder = Path(name)
        command = [PROGRAM, folder] + (["--quick"] if quick else [])
        rows = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
        for row in rows:
            row |= peers(folder, row["channels"], row["bytes"])
        record = json.loads(
            subprocess.run([PROGRAM, "--record", folder], check=True, stdout=subprocess.PIPE).stdout
        )
        if "--long" in sys.argv:
            subprocess.run([PROGRAM, "--open", folder, str(10 * 10**9)], check=True)
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
